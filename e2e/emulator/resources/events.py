from . import Resource, call


class Rule(Resource):
    type = "AWS::Events::Rule"
    immutable = ("Name", "EventBusName")

    def put(self, name, properties, old):
        p = dict(properties)
        targets, rule = p.pop("Targets", []), old[0] if old else p.pop("Name", name)[:64]
        events = self.client("events")
        call(events, "put_rule", {"Name": rule, **{k: v for k, v in p.items() if k != "Name"}})
        if targets:
            call(events, "put_targets", {"Rule": rule, "Targets": targets})
        return rule

    def attributes(self, id_, properties):
        return {"Arn": f"arn:aws:events:{self.account.region}:{self.account.id}:rule/{id_}"}

    def delete(self, id_, properties):
        events = self.client("events")
        if ids := [t["Id"] for t in properties.get("Targets", [])]:
            events.remove_targets(Rule=id_, Ids=ids)
        events.delete_rule(Name=id_)
