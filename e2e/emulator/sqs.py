"""SQS: queues that feed a function, and SQS's own redrive.

AWS's behaviour: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (ReportBatchItemFailures:
only the messages named failed, an empty list is success) and SQS's API_StartMessageMoveTask.html: from a queue that is
some SQS queue's dead-letter queue; without a destination each message goes back to its source queue, which one that
Lambda sent does not have.
Ours: a message that failed is visible again at once, not when its time-out ends; a move is done when the call returns.
"""

import hashlib
import json
import threading
import time
import uuid

from moto.awslambda.models import lambda_backends
from moto.core.responses import ActionResult
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue, sqs_backends
from moto.sqs.responses import SQSResponse

from . import function


class Poller:
    """Lambda's pollers: one thread for all mappings of the account."""

    def __init__(self, lambda_, account, region):
        self.lambda_, self.account, self.region = lambda_, account, region
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._poll, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopped.set()
        self.thread.join()

    def mappings(self):
        return [m for m in lambda_backends[self.account][self.region]._event_source_mappings.values() if m.enabled]

    def is_idle(self):
        return not any(queue._messages for queue in map(self._queue, self.mappings()) if queue)

    def _queue(self, mapping):
        """None when the queue has just been deleted, as its stack is."""
        return sqs_backends[self.account][self.region].queues.get(mapping.event_source_arn.rpartition(":")[2])

    def _poll(self):
        while not self.stopped.wait(0.05):
            for mapping in self.mappings():
                try:
                    self._batch(mapping)
                except Exception as error:  # noqa: BLE001
                    self.lambda_.work.failures.append(error)

    def _batch(self, mapping):
        backend, queue = sqs_backends[self.account][self.region], self._queue(mapping)
        if queue is None:
            return
        messages = backend.receive_message(queue.name, mapping.batch_size, 0, queue.visibility_timeout)
        if not messages:
            return
        event = {"Records": [record(m, mapping, self.region) for m in messages]}
        result = self.lambda_.run(function.find(mapping.function_arn), event, str(uuid.uuid4()))
        failed = {m.id for m in messages} if result.failed else failures(result.response, mapping)
        for m in messages:
            if m.id in failed:
                backend.change_message_visibility(queue.name, m.receipt_handle, visibility_timeout=0)
            else:
                backend.delete_message(queue.name, m.receipt_handle)


def record(message, mapping, region):
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": "AROAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(message.body.encode()).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.event_source_arn,
        "awsRegion": region,
    }


def failures(response, mapping):
    """AWS: without ReportBatchItemFailures the answer is not looked at, and the batch has succeeded."""
    if "ReportBatchItemFailures" not in (mapping.function_response_types or []):
        return set()
    answer = json.loads(response or "null") or {}
    return {f["itemIdentifier"] for f in answer.get("batchItemFailures") or []}


def install():
    # Moto hands a message to the function inside SendMessage; the poller does it here.
    add = Queue.add_message

    def add_message(queue, message):
        mappings, queue.lambda_event_source_mappings = queue.lambda_event_source_mappings, {}
        try:
            add(queue, message)
        finally:
            queue.lambda_event_source_mappings = mappings

    Queue.add_message = add_message

    def start_message_move_task(response):
        backend = response.sqs_backend
        source = by_arn(backend, response._get_param("SourceArn"))
        sources = backend.list_dead_letter_source_queues(source.name)
        if not sources:
            raise SQSException("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        destination = response._get_param("DestinationArn")
        if not destination:
            raise SQSException("CouldNotDetermineMessageSource", "a message that Lambda sent has no source queue")
        target = by_arn(backend, destination)
        task = {
            "TaskHandle": str(uuid.uuid4()),
            "Status": "COMPLETED",
            "SourceArn": source.queue_arn,
            "DestinationArn": destination,
        }
        moved = len(source._messages)
        while source._messages:
            message = source._messages[0]
            backend.send_message(target.name, message.body)
            source._messages.remove(message)
        task |= {"ApproximateNumberOfMessagesMoved": moved, "ApproximateNumberOfMessagesToMove": moved}
        TASKS.setdefault(source.queue_arn, []).insert(0, {**task, "StartedTimestamp": int(time.time() * 1000)})
        return ActionResult({"TaskHandle": task["TaskHandle"]})

    def list_message_move_tasks(response):
        limit = int(response._get_param("MaxResults") or 1)
        return ActionResult({"Results": TASKS.get(response._get_param("SourceArn"), [])[:limit]})

    SQSResponse.start_message_move_task = start_message_move_task
    SQSResponse.list_message_move_tasks = list_message_move_tasks


TASKS = {}  # source queue's ARN: its move tasks, the newest first


def by_arn(backend, arn):
    for queue in backend.queues.values():
        if queue.queue_arn == arn:
            return queue
    raise SQSException("ResourceNotFoundException", f"{arn} does not exist")
