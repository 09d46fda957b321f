import json
import re

from . import Refused, Resource, boolean, call, renamed


class Alarm(Resource):
    type = "AWS::CloudWatch::Alarm"
    immutable = ("AlarmName",)

    def put(self, name, properties, old):
        p = {"AlarmName": old[0] if old else name, **properties}
        self.check(p)
        call(self.client("cloudwatch"), "put_metric_alarm", p)
        return p["AlarmName"]

    def check(self, p):
        """AWS, of PutMetricAlarm, which moto leaves out."""
        queries = p.get("Metrics", [])
        ids = {q["Id"] for q in queries}
        period = int(p.get("Period") or 0) or max(
            [int(q["MetricStat"]["Period"]) for q in queries if "MetricStat" in q] or [0]
        )
        if period * int(p["EvaluationPeriods"]) > (86400 if period < 3600 else 604800):
            raise Refused("Metrics cannot be checked across more than a day (a week for periods from an hour)")
        if int(p.get("DatapointsToAlarm", 1)) > int(p["EvaluationPeriods"]):
            raise Refused("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
        if not queries:
            return
        if sum(boolean(q.get("ReturnData", True)) for q in queries) != 1:
            raise Refused("Exactly one element of the metrics list should return data")
        if sum("MetricStat" in q for q in queries) > 10:
            raise Refused("An alarm may look at ten metrics")
        for q in queries:
            if not re.fullmatch("[a-z][a-zA-Z0-9_]*", q["Id"]):
                raise Refused(f"Invalid metrics list: the id {q['Id']}")
            if expression := q.get("Expression", ""):
                if not expression.startswith("SELECT") and (used := set(re.findall(r"\b[a-z]\w*", expression)) - ids):
                    raise Refused(
                        f"The expression for {q['Id']} has identifiers that are not in the list: {sorted(used)}"
                    )

    def attributes(self, id_, properties):
        return {"Arn": f"arn:aws:cloudwatch:{self.account.region}:{self.account.id}:alarm:{id_}"}

    def delete(self, id_, properties):
        self.client("cloudwatch").delete_alarms(AlarmNames=[id_])


class Dashboard(Resource):
    type = "AWS::CloudWatch::Dashboard"
    immutable = ("DashboardName",)

    def put(self, name, properties, old):
        p = {"DashboardName": old[0] if old else name, **properties}
        try:
            json.loads(p["DashboardBody"])
        except ValueError as error:
            raise Refused(f"The field DashboardBody must be a valid JSON object: {error}") from None
        call(self.client("cloudwatch"), "put_dashboard", p)
        return p["DashboardName"]

    def delete(self, id_, properties):
        self.client("cloudwatch").delete_dashboards(DashboardNames=[id_])


class InsightRule(Resource):
    type = "AWS::CloudWatch::InsightRule"
    immutable = ("RuleName",)

    def put(self, name, properties, old):
        p = renamed(properties, {"RuleBody": "RuleDefinition"})
        call(self.client("cloudwatch"), "put_insight_rule", {"RuleName": name, **p})
        return properties.get("RuleName", name)

    def attributes(self, id_, properties):
        return {
            "RuleName": id_,
            "Arn": f"arn:aws:cloudwatch:{self.account.region}:{self.account.id}:insight-rule/{id_}",
        }

    def delete(self, id_, properties):
        self.client("cloudwatch").delete_insight_rules(RuleNames=[id_])
