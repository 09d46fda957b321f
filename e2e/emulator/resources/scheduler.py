import json
import re

from .. import identity, scheduler
from . import Refused, Resource, call, take

# A unit of one is singular: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
EXPRESSION = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)|(cron|at)\(.+\)")


class ScheduleGroup(Resource):
    type = "AWS::Scheduler::ScheduleGroup"
    immutable = ("Name",)

    def put(self, name, properties, old):
        take(properties, "Name")
        if old:
            return old[0]
        found = properties.get("Name", name)[:64]
        call(self.client("scheduler"), "create_schedule_group", {"Name": found})
        return found

    def attributes(self, id_, properties):
        return {"Arn": scheduler.group_arn(self.account, id_)}

    def delete(self, id_, properties):
        self.client("scheduler").delete_schedule_group(Name=id_)


class Schedule(Resource):
    type = "AWS::Scheduler::Schedule"
    immutable = ("Name", "GroupName")

    def put(self, name, properties, old):
        take(
            properties,
            "Name",
            "GroupName",
            "Description",
            "ScheduleExpression",
            "ScheduleExpressionTimezone",
            "FlexibleTimeWindow",
            "State",
            "Target",
        )
        p = {"Name": old[0] if old else properties.get("Name", name)[:64], **properties}
        self.check(p)
        call(self.client("scheduler"), "update_schedule" if old else "create_schedule", p)
        return p["Name"]

    def check(self, p):
        """AWS, of CreateSchedule, which moto leaves out."""
        if not EXPRESSION.fullmatch(p["ScheduleExpression"]):
            raise Refused(f"Invalid Schedule Expression {p['ScheduleExpression']}.")
        target = p["Target"]
        group = scheduler.group_arn(self.account, self.group(p))
        if not identity.may_assume(self.account.id, target["RoleArn"], "scheduler.amazonaws.com", group):
            raise Refused("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise Refused(f"The Input of a Lambda target must be JSON: {error}") from None

    def attributes(self, id_, properties):
        group = self.group(properties)
        return {"Arn": f"arn:aws:scheduler:{self.account.region}:{self.account.id}:schedule/{group}/{id_}"}

    def delete(self, id_, properties):
        self.client("scheduler").delete_schedule(Name=id_, GroupName=self.group(properties))

    @staticmethod
    def group(properties):
        return properties.get("GroupName", "default")
