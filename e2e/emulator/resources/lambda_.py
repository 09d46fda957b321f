from moto.sqs.models import sqs_backends

from .. import identity
from . import Refused, Resource, boolean, call


class Function(Resource):
    type = "AWS::Lambda::Function"
    immutable = ("FunctionName",)

    def put(self, name, properties, old):
        p = dict(properties)
        p["FunctionName"] = old[0] if old else p.get("FunctionName", name)[:64]
        p["Tags"] = {t["Key"]: t["Value"] for t in p.get("Tags", [])}
        self.check(p)
        client = self.client("lambda")
        if not old:
            call(client, "create_function", p)
            return p["FunctionName"]
        code = {**p.pop("Code"), "Architectures": p.pop("Architectures", ["x86_64"])}
        call(client, "update_function_code", {"FunctionName": p["FunctionName"], **code})
        del p["Tags"]
        call(client, "update_function_configuration", p)
        return p["FunctionName"]

    def check(self, p):
        """AWS, of CreateFunction: the role must let Lambda send to the dead-letter queue."""
        if target := p.get("DeadLetterConfig", {}).get("TargetArn"):
            if not identity.role_allows(self.account.id, p["Role"], "sqs:SendMessage", target):  # no call is made
                raise Refused("The provided execution role does not have permissions to call SendMessage on SQS")
        reserved = {"AWS_REGION", "AWS_XRAY_DAEMON_ADDRESS", "AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "_X_AMZN_TRACE_ID"}
        if used := reserved & set(p.get("Environment", {}).get("Variables", {})):
            raise Refused(f"Reserved keys used in this request: {used}")

    def attributes(self, id_, properties):
        return {"Arn": f"arn:aws:lambda:{self.account.region}:{self.account.id}:function:{id_}"}

    def delete(self, id_, properties):
        self.client("lambda").delete_function(FunctionName=id_)


class Permission(Resource):
    type = "AWS::Lambda::Permission"
    immutable = ("FunctionName", "Action", "Principal", "SourceArn", "SourceAccount")

    def put(self, name, properties, old):
        call(self.client("lambda"), "add_permission", {"StatementId": name, **properties})
        return name

    def delete(self, id_, properties):
        self.client("lambda").remove_permission(FunctionName=properties["FunctionName"], StatementId=id_)


class EventInvokeConfig(Resource):
    type = "AWS::Lambda::EventInvokeConfig"
    immutable = ("FunctionName", "Qualifier")

    def put(self, name, properties, old):
        p = dict(properties)
        if p.pop("Qualifier") != "$LATEST":
            raise Refused("the emulator knows no versions or aliases")
        if old:  # moto would keep both
            self.client("lambda").delete_function_event_invoke_config(FunctionName=p["FunctionName"])
        call(self.client("lambda"), "put_function_event_invoke_config", p)
        return name

    def delete(self, id_, properties):
        self.client("lambda").delete_function_event_invoke_config(FunctionName=properties["FunctionName"])


class EventSourceMapping(Resource):
    type = "AWS::Lambda::EventSourceMapping"
    immutable = ("EventSourceArn",)

    def put(self, name, properties, old):
        client = self.client("lambda")
        self.check(client, properties)
        p = {k: v for k, v in properties.items()}
        p["Enabled"] = boolean(p.get("Enabled", True))
        if not old:
            return call(client, "create_event_source_mapping", p)["UUID"]
        del p["EventSourceArn"]
        call(client, "update_event_source_mapping", {"UUID": old[0], **p})
        return old[0]

    def check(self, client, p):
        """AWS, of CreateEventSourceMapping: the role may read the queue, and a message stays hidden while the function
        works on it."""
        function = client.get_function_configuration(FunctionName=p["FunctionName"])
        arn = p["EventSourceArn"]
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            if not identity.ask(self.account.id, function["Role"], f"sqs:{action}", arn):
                raise Refused(f"The provided execution role does not have permissions to call {action} on SQS")
        queue = sqs_backends[self.account.id][self.account.region].get_queue(arn.rpartition(":")[2])
        hidden, timeout = queue.visibility_timeout, function["Timeout"]
        if hidden < timeout:
            raise Refused(
                f"Queue visibility timeout: {hidden} seconds is less than Function timeout: {timeout} seconds"
            )

    def attributes(self, id_, properties):
        return {"Id": id_}

    def delete(self, id_, properties):
        self.client("lambda").delete_event_source_mapping(UUID=id_)
