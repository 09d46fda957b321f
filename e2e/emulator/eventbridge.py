"""EventBridge: a rule's pattern, and its way to a function.

AWS's behaviour: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html (moto's matcher, which
knows wildcards) and eb-rule-dlq.html: an event that cannot be handed to the target goes to the target's dead-letter
queue, if its policy lets the rule. Handed over is handed over: what the function makes of it is the asynchronous
invocation's business.
Ours: a target that may not be invoked is given up at once, not after 24 hours of tries.
"""

import json

from moto.events.models import events_backends
from moto.sqs.models import sqs_backends

from . import function, policy


class Bus:
    def __init__(self, lambda_):
        self.lambda_ = lambda_

    def send(self, account, region, event):
        for rule in list(events_backends[account][region].event_buses["default"].rules.values()):
            if rule.state == "ENABLED" and rule.event_pattern.matches_event(event):
                for target in rule.targets:
                    self._hand_over(account, rule, target, event)

    def _hand_over(self, account, rule, target, event):
        if unknown := {k for k, v in target.items() if v} - {"Id", "Arn", "DeadLetterConfig", "RetryPolicy"}:
            raise NotImplementedError(f"the emulator does not know {unknown} of a target")
        if ":lambda:" not in target["Arn"]:
            raise NotImplementedError(f"the emulator does not know the target {target['Arn']}")
        fn = function.find(target["Arn"])
        if function.permits(fn, "events.amazonaws.com", {"AWS:SourceArn": rule.arn, "AWS:SourceAccount": account}):
            # Already counted as work: this runs on the pool.
            self.lambda_.work.submit(self.lambda_.asynchronously, fn, event)
            return
        queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue_arn:
            raise PermissionError(f"{rule.arn} may not invoke {fn.function_arn}, and has no dead-letter queue")
        queue = sqs_backends[account][queue_arn.split(":")[3]].get_queue(queue_arn.split(":")[5])
        document = json.loads(queue.policy) if isinstance(queue.policy, str) else queue.policy
        context = {"aws:SourceArn": rule.arn, "aws:SourceAccount": account}
        if not policy.allows([document], "sqs:SendMessage", queue_arn, context, "events.amazonaws.com"):
            raise PermissionError(f"{rule.arn} may not send to {queue_arn}: the event is lost")
        sqs_backends[account][queue_arn.split(":")[3]].send_message(queue.name, json.dumps(event))
