from . import Refused, Resource, call, take


class Table(Resource):
    type = "AWS::DynamoDB::Table"
    immutable = ("TableName", "KeySchema")

    def put(self, name, properties, old):
        table, attributes, keys, billing, ttl, recovery, tags = take(
            properties,
            "TableName",
            "AttributeDefinitions",
            "KeySchema",
            "BillingMode",
            "TimeToLiveSpecification",
            "PointInTimeRecoverySpecification",
            "Tags",
        )
        dynamodb = self.client("dynamodb")
        table, before = (old[0], old[1]) if old else (table or name, {})
        p = {"TableName": table, "AttributeDefinitions": attributes, "KeySchema": keys, "BillingMode": billing}
        if not old:
            call(dynamodb, "create_table", {**p, "Tags": tags or []})
        elif billing != before.get("BillingMode") or tags != before.get("Tags"):
            raise Refused("the emulator changes nothing of a table but its time to live and its backups")
        if ttl and ttl != before.get("TimeToLiveSpecification"):
            call(dynamodb, "update_time_to_live", {"TableName": table, "TimeToLiveSpecification": ttl})
        if recovery and recovery != before.get("PointInTimeRecoverySpecification"):
            p = {"TableName": table, "PointInTimeRecoverySpecification": recovery}
            call(dynamodb, "update_continuous_backups", p)
        return table

    def attributes(self, id_, properties):
        return {"Arn": f"arn:aws:dynamodb:{self.account.region}:{self.account.id}:table/{id_}"}

    def delete(self, id_, properties):
        self.client("dynamodb").delete_table(TableName=id_)
