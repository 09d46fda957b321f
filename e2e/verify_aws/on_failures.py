"""A log file that cannot be read: attempts, dead-letter queue, the way back."""

import json
import time

from botocore.exceptions import ClientError

from .actions import repair
from .verdict import check, failed, passed, waiting, wrong_so_far


@check
def dead_letter(run):
    """After three attempts the queue holds the event as S3 sent it."""
    key = run.notes.get("broken key")
    if not key:
        return waiting(run.troubles.get("broken file", "no broken file"))
    message = letter(run)
    if not message:
        return wrong_so_far(f"not in the queue {time.time() - run.at['broken file']:.0f} s after the upload")
    record = json.loads(message["Body"])["Records"][0]
    attributes = {n: v.get("StringValue", "") for n, v in message.get("MessageAttributes", {}).items()}
    if record["s3"]["object"]["key"] != key:  # this key has nothing to encode
        return failed(f"the event names {record['s3']['object']['key']}")
    tries = attempts(run, attributes.get("RequestID", ""))
    if tries < 3:
        return waiting(f"the event is in the queue; {tries} attempts of request {attributes.get('RequestID')} found in the log")
    return passed(f"the S3 event itself, {run.notes['dead letter after']:.0f} s after the upload, {tries} attempts under one "
                  f"request id; ErrorMessage: {attributes.get('ErrorMessage', '')[:200]}")


def letter(run):
    """The broken file's message in the dead-letter queue. It stays there; here it is remembered."""
    if "dead letter" not in run.notes and "broken key" in run.notes:
        message = peek(run, run.notes["broken key"])
        if message:
            run.notes["dead letter"], run.notes["dead letter after"] = message, time.time() - run.at["broken file"]
    return run.notes.get("dead letter")


def peek(run, key):
    sqs = run.aws("sqs")
    url = run.outputs["DeadLetterQueueUrl"]
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=1,
                              MessageAttributeNames=["All"]).get("Messages", [])
    return next((m for m in got if key in m["Body"]), None)


def attempts(run, request_id):
    """How often Lambda began the request: its own lines, at the system log level's default."""
    found = run.aws.pages("logs", "filter_log_events", "events", logGroupName=run.outputs["LogGroupName"],
                          startTime=int(run.started * 1000),
                          filterPattern=f'{{ $.type = "platform.start" && $.record.requestId = "{request_id}" }}')
    return sum(request_id in e["message"] and "platform.start" in e["message"] for e in found)


@check
def redrive(run):
    """After the repair, SQS's own redrive brings the event back through the RetryQueue; the file counts once."""
    if not letter(run):
        return waiting("nothing in the dead-letter queue to bring back")
    sqs, url = run.aws("sqs"), run.outputs["DeadLetterQueueUrl"]
    arn = arn_of(sqs, url)
    if "repaired" not in run.at:
        repair(run)
        run.at["repaired"] = time.time()
    read = [l for l in run.lines_of("Health") if l.get("LogFile", "").endswith(run.notes["broken key"])]
    if "redriven" not in run.at:
        if not read:
            return waiting("the repaired file is not read yet")  # by S3's notification of the repair
        try:
            sqs.start_message_move_task(SourceArn=arn, DestinationArn=arn_of(sqs, run.physical("RetryQueue")))
        except ClientError as error:
            return failed(f"start-message-move-task is refused: {error}")
        run.at["redriven"] = time.time()
    task = newest_task(sqs, arn)
    moved = f"{task.get('Status', 'no task')}, {task.get('ApproximateNumberOfMessagesMoved', 0)} moved"
    if task.get("Status") == "FAILED":
        return failed(f"the move task failed: {task.get('FailureReason')}")
    left = int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
               ["ApproximateNumberOfMessages"])
    counted = sum(l.get("FilesProcessed", 0) for l in read)
    if counted > 1:
        return failed(f"{moved}; the repaired file was counted {counted} times: by S3's notification and by the redrive")
    if len(read) >= 2 and left == 0:
        later = read[-1]["_at"] - run.at["redriven"]
        return passed(f"{moved}; the event came {later:.0f} s later, the file counted once, and the queue is empty")
    return wrong_so_far(f"{moved}; {len(read)} of 2 events of the repaired file, {left} messages left in the queue")


def newest_task(sqs, arn):
    tasks = sqs.list_message_move_tasks(SourceArn=arn).get("Results", [])
    return tasks[0] if tasks else {}


def arn_of(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
