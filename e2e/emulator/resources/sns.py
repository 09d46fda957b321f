from . import Resource, call, take, text

ATTRIBUTES = ("DisplayName", "KmsMasterKeyId", "TracingConfig")  # moto would take any


class Topic(Resource):
    type = "AWS::SNS::Topic"
    immutable = ("TopicName",)

    def put(self, name, properties, old):
        topic, tags, *_ = take(properties, "TopicName", "Tags", *ATTRIBUTES)
        p = {k: text(v) for k, v in properties.items() if k in ATTRIBUTES}
        sns = self.client("sns")
        if not old:
            return call(sns, "create_topic", {"Name": topic or name, "Attributes": p, "Tags": tags or []})["TopicArn"]
        for key, value in p.items():
            call(sns, "set_topic_attributes", {"TopicArn": old[0], "AttributeName": key, "AttributeValue": value})
        return old[0]

    def attributes(self, id_, properties):
        return {"TopicArn": id_, "TopicName": id_.rpartition(":")[2]}

    def delete(self, id_, properties):
        self.client("sns").delete_topic(TopicArn=id_)


class TopicPolicy(Resource):
    type = "AWS::SNS::TopicPolicy"
    immutable = ("Topics",)

    def put(self, name, properties, old):
        for arn in properties["Topics"]:
            p = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": properties["PolicyDocument"]}
            call(self.client("sns"), "set_topic_attributes", p)
        return name

    def delete(self, id_, properties):
        pass  # it goes with its topic


class Subscription(Resource):
    type = "AWS::SNS::Subscription"
    immutable = ("Endpoint", "Protocol", "TopicArn")

    def put(self, name, properties, old):
        protocol, topic, endpoint = take(properties, "Protocol", "TopicArn", "Endpoint")
        p = {"Protocol": protocol, "TopicArn": topic, "Endpoint": endpoint, "ReturnSubscriptionArn": True}
        return call(self.client("sns"), "subscribe", p)["SubscriptionArn"]

    def delete(self, id_, properties):
        self.client("sns").unsubscribe(SubscriptionArn=id_)
