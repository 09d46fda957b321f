"""An AWS account on this machine, believable enough to deploy into.

Moto (pinned: this package reaches into its internals) answers the APIs of S3, SQS, SNS, DynamoDB, Lambda, CloudWatch,
Logs, IAM, EventBridge with its Scheduler, and CloudTrail, and keeps what they were told. What moto leaves out and this
project stands on is here, one job a file:

    server.py          starts and stops it all, on loopback, on a port of the system's choice
    cloudformation.py  the CloudFormation API: change sets, stacks, nested stacks, events, rollback, deletion policies
    template.py        a template: SAM's transform (AWS's own code), parameters and their constraints, conditions, order
    intrinsics.py      Ref, Fn::Sub, Fn::GetAtt and so on
    resources/         one class for each resource type: the API calls that make, change and remove it
    policy.py          may this principal do this: the policies' language, as far as this project uses it
    identity.py        requests of a role are held against it; a service in trouble
    function.py        the deployed zip's bootstrap, run natively; retries and the dead-letter queue
    s3.py eventbridge.py sqs.py   what moves an event from a bucket or a queue to the function
    scheduler.py       fires a schedule, when a test asks for it
    logs.py            standard output into the log group, embedded metrics into CloudWatch, saved queries
    alarms.py          kept, and never evaluated
    cbor.py            CloudWatch as the AWS SDK for Go speaks with it
    xray.py            the daemon's UDP port
    sns.py             an e-mail's subscription waits to be confirmed
    trail.py           which events a trail's selectors record; trails by their ARNs
    work.py            what is still being done, and waiting for it

A type, a property, an intrinsic or a condition operator that is not known here is an error, never skipped: what
"deployed" has been looked at. What AWS does is marked by its source in the comments; where the behaviour is this
emulator's own choice (no waiting between retries, for one), the comment says "ours". Alarms are kept and never
evaluated, a trail writes nothing by itself, no schedule fires by itself, and a table forgets nothing by itself.
"""
