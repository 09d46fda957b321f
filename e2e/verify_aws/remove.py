"""Takes away what a run made, found by the run's name: after a crash too, with --remove NAME.

Everything is tried, and what is left is returned, never raised: one that stays must not keep the others.
"""

import time

from botocore.exceptions import ClientError

from .run import PREFIX

GONE = ("NoSuchBucket", "404", "ResourceNotFoundException", "ResourceNotFound", "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue", "NoSuchBucketPolicy", "DashboardNotFoundError", "NotFound")


def everything(aws, account, name, say):
    """Removes all of the run called name. Returns (what is left, what the stack's deletion had kept)."""
    if not name.startswith(PREFIX):
        raise ValueError(f"{name} is not the name of a run: those begin with {PREFIX}")
    left, kept, evidence = [], [], []

    def attempt(what, action):
        say.progress(f"removing {what}")
        try:
            return action()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in GONE:
                left.append(f"{what}: {error}")
        except Exception as error:  # whatever it is, the rest must be removed, and this be told
            left.append(f"{what}: {error!r}")
        return None

    # First, for it forbids deletes, and its end takes a while to be known everywhere.
    attempt("the test bucket's policy", lambda: aws("s3").delete_bucket_policy(Bucket=name))
    attempt("the subscriptions of the queue", lambda: unsubscribe(aws, name))
    attempt(f"the queue {name}", lambda: aws("sqs").delete_queue(QueueUrl=aws("sqs").get_queue_url(QueueName=name)["QueueUrl"]))
    attempt(f"the dashboard {name}", lambda: aws("cloudwatch").delete_dashboards(DashboardNames=[name]))
    attempt("the list of stacks", lambda: evidence.extend(evidence_of(aws, account, name)))
    attempt(f"the stack {name}", lambda: delete_stack(aws, name))
    for kind, thing in evidence:
        if attempt(f"the question whether {thing} is kept", lambda: exists(aws, kind, thing)):
            kept.append(thing)
        remove = empty_and_delete if kind == "AWS::S3::Bucket" else delete_log_group
        attempt(thing, lambda: remove(aws, thing))
    attempt(f"the bucket {name}", lambda: empty_and_delete(aws, name))
    return left, kept


def unsubscribe(aws, name):
    for s in list(aws.pages("sns", "list_subscriptions", "Subscriptions")):
        if s["Endpoint"].endswith(":" + name) and s["SubscriptionArn"].startswith("arn:"):
            aws("sns").unsubscribe(SubscriptionArn=s["SubscriptionArn"])


def evidence_of(aws, account, name):
    """The log buckets and log groups that the stack keeps when it goes, also if it has gone already."""
    try:
        found = aws("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        found = [s for s in aws.pages("cloudformation", "list_stacks", "StackSummaries") if s["StackName"] == name]
    for s in found:
        for r in aws.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=s["StackId"]):
            kind, thing = r["ResourceType"], r.get("PhysicalResourceId", "")
            # Of a stack with this name, and of no other shape than the template gives them.
            if kind == "AWS::S3::Bucket" and thing.startswith(f"bucketwatch-{account}-"):
                yield kind, thing
            if kind == "AWS::Logs::LogGroup" and thing.startswith(name + "-"):
                yield kind, thing


def delete_stack(aws, name):
    cloudformation = aws("cloudformation")
    try:
        cloudformation.describe_stacks(StackName=name)
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 10, "MaxAttempts": 90})


def exists(aws, kind, thing):
    if kind == "AWS::S3::Bucket":
        aws("s3").head_bucket(Bucket=thing)
        return True
    groups = aws("logs").describe_log_groups(logGroupNamePrefix=thing)["logGroups"]
    return any(g["logGroupName"] == thing for g in groups)


def empty_and_delete(aws, bucket, sleep=time.sleep):
    s3 = aws("s3")
    for _ in range(6):  # CloudTrail may deliver once more
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = page.get("Versions", []) + page.get("DeleteMarkers", [])
            if found:
                objects = [{"Key": o["Key"], "VersionId": o["VersionId"]} for o in found]
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        try:
            return s3.delete_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketNotEmpty":
                raise
            problem = error
            sleep(5)
    raise problem


def delete_log_group(aws, group):
    aws("logs").delete_log_group(logGroupName=group)
