"""EventBridge Scheduler: what a schedule hands to its function.

AWS's behaviour: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
(keywords in the input), setting-up.html (the schedule's role is assumed, and must allow the invocation) and
cross-service-confused-deputy-prevention.html (it is assumed for the schedule's group, never for the schedule). The
invocation is asynchronous: what the function makes of it is not Scheduler's business.
Ours: no schedule fires by itself; a test fires it, for a time of the test's choice.
"""

import json

from . import function, identity

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


def group_arn(account, group):
    return f"arn:aws:scheduler:{account.region}:{account.id}:schedule-group/{group}"


def fire(account, name, at):
    """Fires the schedule, whatever its group, as at a time (UTC)."""
    client = account.client("scheduler")
    (found,) = [s for s in client.list_schedules(NamePrefix=name)["Schedules"] if s["Name"] == name]
    schedule = client.get_schedule(Name=name, GroupName=found["GroupName"])
    if schedule["State"] != "ENABLED":
        raise PermissionError(f"the schedule {name} is {schedule['State']}")
    target = schedule["Target"]
    if unknown := set(target) - {"Arn", "RoleArn", "Input", "RetryPolicy"}:
        raise NotImplementedError(f"the emulator does not know {unknown} of a target")
    text = target["Input"].replace(SCHEDULED_TIME, f"{at:%Y-%m-%dT%H:%M:%SZ}")
    if "<aws." in text:
        raise NotImplementedError(f"the emulator does not know all keywords of {target['Input']}")
    role = target["RoleArn"]
    if not identity.may_assume(account.id, role, "scheduler.amazonaws.com", group_arn(account, schedule["GroupName"])):
        raise PermissionError(f"Scheduler may not assume {role}")
    if not identity.ask(account.id, role, "lambda:InvokeFunction", target["Arn"]):
        raise PermissionError(f"{role} may not invoke {target['Arn']}")
    account.work.submit(account.lambda_.asynchronously, function.find(target["Arn"]), json.loads(text))
