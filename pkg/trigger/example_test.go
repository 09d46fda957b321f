package trigger_test

import (
	"fmt"

	"bucketwatch/pkg/trigger"
)

// A queue delivered three messages: a trail's notification by way of SNS, the message that the trail sent when it was
// given its topic, and one that somebody put there by hand.
func ExampleParse() {
	payload := `{"Records": [
		{"messageId": "1", "eventSource": "aws:sqs",
		 "body": "{\"Type\":\"Notification\",\"Message\":\"{\\\"s3Bucket\\\":\\\"logs\\\",\\\"s3ObjectKey\\\":[\\\"a.json.gz\\\",\\\"b.json.gz\\\"]}\"}"},
		{"messageId": "2", "eventSource": "aws:sqs", "body": "CloudTrail validation message."},
		{"messageId": "3", "eventSource": "aws:sqs", "body": "{\"hello\":\"world\"}"}
	]}`
	invocation, err := trigger.Parse([]byte(payload))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("batch:", invocation.Batch)
	for _, m := range invocation.Messages {
		for _, o := range m.Objects {
			fmt.Printf("%s: read s3://%s/%s\n", m.ID, o.Bucket, o.Key)
		}
		for _, i := range m.Ignored {
			fmt.Printf("%s: nothing to read: %s\n", m.ID, i.Reason)
		}
		if m.Err != nil {
			fmt.Printf("%s: %v\n", m.ID, m.Err)
		}
	}
	// Output:
	// batch: true
	// 1: read s3://logs/a.json.gz
	// 1: read s3://logs/b.json.gz
	// 2: nothing to read: CloudTrail validation message
	// 3: cannot read SQS message: found a JSON object of "hello"; expected an S3 notification, an EventBridge "Object ..." event from aws.s3, CloudTrail's own {"s3Bucket","s3ObjectKey"} message, an SNS or SQS event or an OnFailure record that carries one of these, {"bucketwatch":"tick"} or {"bucketwatch":"test-alert"}
}
