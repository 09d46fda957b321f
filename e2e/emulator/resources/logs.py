from . import Resource, call, renamed, take


class LogGroup(Resource):
    type = "AWS::Logs::LogGroup"
    immutable = ("LogGroupName", "LogGroupClass")

    def put(self, name, properties, old):
        group, class_, days, tags = take(properties, "LogGroupName", "LogGroupClass", "RetentionInDays", "Tags")
        logs = self.client("logs")
        group = old[0] if old else group or name
        if not old:
            p = {"logGroupName": group, "tags": {t["Key"]: t["Value"] for t in tags or []}}
            call(logs, "create_log_group", {**p, "logGroupClass": class_} if class_ else p)
        if days:
            call(logs, "put_retention_policy", {"logGroupName": group, "retentionInDays": days})
        return group

    def attributes(self, id_, properties):
        return {"Arn": f"arn:aws:logs:{self.account.region}:{self.account.id}:log-group:{id_}:*"}

    def delete(self, id_, properties):
        self.client("logs").delete_log_group(logGroupName=id_)


class QueryDefinition(Resource):
    type = "AWS::Logs::QueryDefinition"

    def put(self, name, properties, old):
        p = renamed(properties, {"Name": "name", "QueryString": "queryString", "LogGroupNames": "logGroupNames"})
        if old:
            p["queryDefinitionId"] = old[0]
        return call(self.client("logs"), "put_query_definition", p)["queryDefinitionId"]

    def attributes(self, id_, properties):
        return {"QueryDefinitionId": id_}

    def delete(self, id_, properties):
        self.client("logs").delete_query_definition(queryDefinitionId=id_)
