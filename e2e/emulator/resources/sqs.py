from . import Resource, call, take, text

# Moto would take any.
ATTRIBUTES = (
    "DelaySeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


class Queue(Resource):
    type = "AWS::SQS::Queue"
    immutable = ("QueueName",)

    def put(self, name, properties, old):
        take(properties, "QueueName", "Tags", *ATTRIBUTES)
        queue, tags = properties.get("QueueName", name)[:80], {t["Key"]: t["Value"] for t in properties.get("Tags", [])}
        attributes = {k: text(v) for k, v in properties.items() if k in ATTRIBUTES}
        sqs = self.client("sqs")
        if old:
            call(sqs, "set_queue_attributes", {"QueueUrl": old[0], "Attributes": attributes})
            return old[0]
        return call(sqs, "create_queue", {"QueueName": queue, "Attributes": attributes, "tags": tags})["QueueUrl"]

    def attributes(self, id_, properties):
        name = id_.rpartition("/")[2]
        return {
            "Arn": f"arn:aws:sqs:{self.account.region}:{self.account.id}:{name}",
            "QueueName": name,
            "QueueUrl": id_,
        }

    def delete(self, id_, properties):
        self.client("sqs").delete_queue(QueueUrl=id_)


class QueuePolicy(Resource):
    type = "AWS::SQS::QueuePolicy"
    immutable = ("Queues",)

    def put(self, name, properties, old):
        for url in properties["Queues"]:
            attributes = {"Policy": text(properties["PolicyDocument"])}
            call(self.client("sqs"), "set_queue_attributes", {"QueueUrl": url, "Attributes": attributes})
        return name

    def delete(self, id_, properties):
        pass  # it goes with its queue: moto refuses an empty policy
