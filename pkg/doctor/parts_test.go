package doctor

import (
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3t "github.com/aws/aws-sdk-go-v2/service/s3/types"
	snst "github.com/aws/aws-sdk-go-v2/service/sns/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// young makes the stack some minutes old, and takes away what hasn't come yet.
func young(w *world) {
	w.stacks[0].CreationTime = sdk.Time(now.Add(-5 * time.Minute))
	w.keys, w.metrics = map[string]time.Time{}, map[string]float64{}
}

func elsewhere(region string) error {
	header := http.Header{"X-Amz-Bucket-Region": {region}}
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 301, Header: header}}, Err: code("MovedPermanently", "")}
}

var brokenParts = []broken{
	{"stack being changed", true, func(w *world) { w.stacks[0].StackStatus = "UPDATE_IN_PROGRESS" }, "stack", Warning, "is being changed", "look again", nil},
	{"update undone", true, func(w *world) { w.stacks[0].StackStatus = "UPDATE_ROLLBACK_COMPLETE" }, "stack", Warning, "was undone", "describe-stack-events", nil},
	{"update failed", true, func(w *world) { w.stacks[0].StackStatus = "UPDATE_ROLLBACK_FAILED" }, "stack", Fault, "UPDATE_ROLLBACK_FAILED", "describe-stack-events", nil},
	{"two stacks in one namespace", true, func(w *world) {
		w.stacks = append(w.stacks, stackOf("bucketwatch-2", map[string]string{"Namespace": "BucketWatch"}), stackOf("bucketwatch-3", map[string]string{"Namespace": "Other"}))
	}, "namespace", Fault, "bucketwatch and bucketwatch-2 in", "another Namespace", nil},

	{"no notification", true, func(w *world) { w.notified = &s3.GetBucketNotificationConfigurationOutput{} }, "notification", Fault, "does not tell the function bw-fn", "put-bucket-notification-configuration", nil},
	{"notification of another function", true, func(w *world) { w.notified.LambdaFunctionConfigurations[0].LambdaFunctionArn = sdk.String("arn:other") }, "notification", Fault, "does not tell", `"LambdaFunctionArn":"arn:aws:lambda:eu-central-1:111122223333:function:bw-fn"`, nil},
	{"notification of removals", true, func(w *world) { w.notified.LambdaFunctionConfigurations[0].Events = []s3t.Event{"s3:ObjectRemoved:*"} }, "notification", Fault, "does not tell", "s3:ObjectCreated:*", nil},
	{"notification of another folder", true, func(w *world) {
		w.notified.LambdaFunctionConfigurations[0].Filter.Key.FilterRules[0] = s3t.FilterRule{Name: "prefix", Value: sdk.String("AWSLogs/111122223333/CloudTrail/")}
	}, "notification", Fault, "does not tell", "", nil},
	{"no log bucket", true, func(w *world) { w.err["GetBucketNotificationConfiguration"] = code("NoSuchBucket", "") }, "notification", Fault, "is gone", "new stack", nil},
	{"bucket may not invoke", true, func(w *world) { w.policy = `{"Statement": []}` }, "permission", Fault, "does not let the log bucket", "aws lambda add-permission --region eu-central-1 --function-name bw-fn", nil},
	{"another bucket may invoke", true, func(w *world) { w.policy = policyFor("s3.amazonaws.com", "arn:aws:s3:::other") }, "permission", Fault, "does not let", "--source-arn arn:aws:s3:::" + ownBucket, nil},
	{"another account's bucket may invoke", true, func(w *world) { w.policy = strings.Replace(w.policy, account, "444455556666", 1) }, "permission", Fault, "does not let", "--source-account 111122223333", nil},
	{"no policy at all", true, func(w *world) { w.err["GetPolicy"] = code("ResourceNotFoundException", "") }, "permission", Fault, "does not let", "add-permission", nil},

	{"EventBridge off", false, func(w *world) { w.notified.EventBridgeConfiguration = nil }, "notification", Fault, "EventBridge is off for the log bucket trail-logs", "merge(@, {EventBridgeConfiguration: `{}`})", nil},
	{"log bucket of another Region", false, func(w *world) { w.err["HeadBucket"] = elsewhere("us-west-2") }, "notification", Fault, "is in us-west-2", "--region us-west-2", nil},
	{"rule disabled", false, func(w *world) { w.rule.State = eb.RuleStateDisabled }, "rule", Fault, "is disabled", "aws events enable-rule --region eu-central-1 --name bw-rule", nil},
	{"rule gone", false, func(w *world) { w.err["DescribeRule"] = code("ResourceNotFoundException", "") }, "rule", Fault, "is gone", `{"wildcard":"logs/AWSLogs/*/CloudTrail/*"}`, nil},
	{"rule without target", false, func(w *world) { w.targets = nil }, "rule", Fault, "does not hand anything", "put-targets", nil},
	{"rule may not invoke", false, func(w *world) { w.policy = policyFor("events.amazonaws.com", "arn:aws:events:x:y:rule/z") }, "permission", Fault, "does not let EventBridge's rule bw-rule", "events.amazonaws.com", nil},

	{"function failed", true, func(w *world) { w.function.State = "Failed"; w.function.StateReason = sdk.String("No role") }, "function", Fault, "No role", "Deploy", nil},
	{"function inactive", true, func(w *world) { w.function.State = "Inactive" }, "function", Warning, "Inactive", "look again", nil},
	{"function's update failed", true, func(w *world) { w.function.LastUpdateStatus = "Failed" }, "function", Fault, "Lambda gives no reason", "Deploy", nil},
	{"function gone", true, func(w *world) { w.err["GetFunctionConfiguration"] = code("ResourceNotFoundException", "") }, "function", Fault, "is gone", "new stack", nil},
	{"another table", true, func(w *world) { w.function.Environment.Variables["BUCKETWATCH_TABLE"] = "" }, "function-configuration", Fault, "BUCKETWATCH_TABLE", "by hand", nil},
	{"no variables", true, func(w *world) { w.function.Environment = nil }, "function-configuration", Fault, "BUCKETWATCH_TABLE", "by hand", nil},
	{"messages elsewhere", true, func(w *world) { w.function.Environment.Variables["BUCKETWATCH_ALERTS_TOPIC"] = "x" }, "function-configuration", Fault, "BUCKETWATCH_ALERTS_TOPIC", "by hand", nil},
	{"a replay's clock", true, func(w *world) { w.function.Environment.Variables["BUCKETWATCH_CLOCK"] = "delivery" }, "function-configuration", Fault, "BUCKETWATCH_CLOCK", "by hand", nil},
	{"no dead-letter queue", true, func(w *world) { w.function.DeadLetterConfig = nil }, "function-configuration", Fault, "dead-letter queue", "--dead-letter-config TargetArn=arn:aws:sqs:eu-central-1:111122223333:bw-dlq", nil},
	{"log level", true, func(w *world) { w.function.LoggingConfig.ApplicationLogLevel = "WARN" }, "function-configuration", Fault, "metrics are dropped", "ApplicationLogLevel=INFO", nil},
	{"throttled", true, func(w *world) { w.reserved = sdk.Int32(0) }, "function-concurrency", Fault, "throttled to no invocation", "aws lambda delete-function-concurrency --region eu-central-1 --function-name bw-fn", nil},
	{"retries disabled", true, func(w *world) { w.mappings[0].State = sdk.String("Disabled") }, "retries", Fault, "(Disabled)", "update-event-source-mapping --region eu-central-1 --uuid u-u-i-d --enabled", nil},
	{"retries gone", true, func(w *world) { w.mappings = nil }, "retries", Fault, "does not feed", "create-event-source-mapping", nil},
	{"table gone", true, func(w *world) { w.err["DescribeTable"] = &ddb.ResourceNotFoundException{} }, "table", Fault, "bw-table is gone", "aws dynamodb create-table --region eu-central-1 --table-name bw-table", nil},
	{"table not to be used", true, func(w *world) { w.table.TableStatus = "ARCHIVED" }, "table", Fault, "ARCHIVED", "console", nil},
	{"log group gone", true, func(w *world) { w.groups = w.groups[:1] }, "log-group", Fault, "is gone", "--retention-in-days 90", nil},
	{"log group of another class", true, func(w *world) { w.groups[1].LogGroupClass = "INFREQUENT_ACCESS" }, "log-group", Fault, "INFREQUENT_ACCESS", "--log-group-class STANDARD", nil},
	{"schedule disabled", true, func(w *world) { w.schedule.State = "DISABLED" }, "schedule", Fault, "is disabled", `{"State": "ENABLED"}`, nil},
	{"schedule gone", true, func(w *world) { w.err["GetSchedule"] = code("ResourceNotFoundException", "") }, "schedule", Fault, "is gone", "create-schedule", nil},
	{"schedule of something else", true, func(w *world) { w.schedule.Target.Arn = sdk.String("arn:other") }, "schedule", Fault, "something else", "target", nil},
	{"schedule too slow", true, func(w *world) { w.schedule.ScheduleExpression = sdk.String("rate(1 day)") }, "schedule", Warning, "rate(1 day)", "rate(1 minute)", nil},
}

var brokenWatch = []broken{
	{"no file since yesterday", true, func(w *world) { w.keys = map[string]time.Time{} }, "files-arriving", Fault, "No file came into", "trail", nil},
	{"no file for hours", true, func(w *world) {
		for key := range w.keys {
			w.keys[key] = now.Add(-5 * time.Hour)
		}
	}, "files-arriving", Fault, "for three hours; the newest came 5 hours ago", "trail", nil},
	{"files that are not processed", true, func(w *world) {
		delete(w.metrics, "BucketWatch FilesProcessed")
		delete(w.metrics, "BucketWatch DigestFiles")
	}, "files-processed", Fault, "processed none in three hours", "filter-log-events", nil},
	{"nothing to process", true, func(w *world) {
		w.keys = map[string]time.Time{}
		delete(w.metrics, "BucketWatch FilesProcessed")
		delete(w.metrics, "BucketWatch DigestFiles")
	}, "files-processed", Fault, "no log file and no digest", "should come", []string{"files-arriving"}},
	{"a young stack", true, young, "files-arriving", Warning, "the stack was made 5 minutes ago", "look again", []string{"files-processed", "ticks"}},
	{"invocations fail", true, func(w *world) { w.metrics["AWS/Lambda Errors"] = 3 }, "function-errors", Warning, "3 invocations of the function failed", "filter-log-events", nil},
	{"throttles", true, func(w *world) { w.metrics["AWS/Lambda Throttles"] = 1 }, "function-errors", Warning, "put off 1 invocation ", "get-account-settings", nil},
	{"events lost", true, func(w *world) {
		w.metrics["AWS/Lambda AsyncEventsDropped"], w.metrics["AWS/Lambda DeadLetterErrors"] = 2, 1
	}, "function-errors", Fault, "lost 3 events", "again under their keys", nil},
	{"no ticks", true, func(w *world) { delete(w.metrics, "BucketWatch Ticks") }, "ticks", Fault, "no tick", "schedule", nil},
	{"ticks fail", true, func(w *world) { w.metrics["BucketWatch Ticks"] = 0; w.metrics["BucketWatch TicksFailed"] = 4 }, "ticks", Fault, "4 ticks failed", "filter-log-events", nil},
	{"messages fail", true, func(w *world) { w.metrics["BucketWatch AlertsFailed"] = 1 }, "ticks", Fault, "1 message could not be sent", "refused", nil},
	{"lines refused", true, func(w *world) { w.metrics["AWS/Logs EMFValidationErrors"] = 2 }, "metric-lines", Fault, "refused 2 metric lines", "report it", nil},

	{"dead letters", true, func(w *world) { w.queues["https://sqs/1/bw-dlq"]["ApproximateNumberOfMessages"] = "2" }, "dead-letters", Fault, "2 events are", "\naws sqs start-message-move-task", nil},
	{"retries under way", true, func(w *world) { w.queues["https://sqs/1/bw-retry"]["ApproximateNumberOfMessagesNotVisible"] = "1" }, "dead-letters", Warning, "1 event is in the retry queue", "40 minutes", nil},
	{"dead-letter queue gone", true, func(w *world) { w.err["GetQueueAttributes"] = code("AWS.SimpleQueueService.NonExistentQueue", "") }, "dead-letters", Fault, "is gone", "new stack", nil},

	{"no subscriber", true, func(w *world) { w.topics[topic("alerts")] = nil }, "subscribers-alerts", Fault, "Nobody is told of incidents", "--notification-endpoint you@example.com", nil},
	{"nobody confirmed", true, func(w *world) { w.topics[topic("ops")][0].SubscriptionArn = sdk.String("PendingConfirmation") }, "subscribers-operations", Fault, "Nobody is told of failures of the stack: email you@example.com is not confirmed", "aws sns subscribe", nil},
	{"one not confirmed", true, func(w *world) {
		w.topics[topic("ops")] = append(w.topics[topic("ops")], snst.Subscription{Protocol: sdk.String("sms"), Endpoint: sdk.String("+1"), SubscriptionArn: sdk.String("PendingConfirmation")})
	}, "subscribers-operations", Warning, "sms +1 is not confirmed", "link", nil},
	{"topic gone", true, func(w *world) { w.err["ListSubscriptionsByTopic"] = code("NotFound", "") }, "subscribers-alerts", Fault, "is gone", "new stack", []string{"subscribers-operations"}},

	{"alarm of the stack", true, func(w *world) { w.alarm("FilesFailed").StateValue = "ALARM" }, "alarms", Fault, "FilesFailed is in ALARM: log files failed", "What to do about FilesFailed.", nil},
	{"alarm of deletes", true, func(w *world) { w.alarm("UnexpectedDeletes").StateValue = "ALARM" }, "alarms", Warning, "objects were deleted", "What to do about UnexpectedDeletes.", nil},
	{"alarm gone", true, func(w *world) { w.alarms = w.alarms[1:] }, "alarms", Fault, "UnexpectedDeletes (bw-UnexpectedDeletes) is gone", "monitoring.yaml", nil},
	{"alarm that tells nobody", true, func(w *world) { w.alarm("Silence").ActionsEnabled = sdk.Bool(false) }, "alarms", Fault, "actions are disabled", "aws cloudwatch enable-alarm-actions --region eu-central-1 --alarm-names bw-Silence", nil},
	{"alarm without its topic", true, func(w *world) { w.alarm("Silence").AlarmActions = nil }, "alarms", Fault, "does not tell the topic", "Edit", nil},
}

func (w *world) alarm(name string) *cw.MetricAlarm {
	for i := range w.alarms {
		if *w.alarms[i].AlarmName == "bw-"+name {
			return &w.alarms[i]
		}
	}
	panic(name)
}

// What is red on every new stack is no fault of it.
func TestAlarmsOfYoungStack(t *testing.T) {
	w := healthy(true)
	young(w)
	w.alarm("Silence").StateValue = "ALARM"
	w.alarm("AlertsLate").StateValue = "ALARM"
	if found := w.run(t); Worst(found) != Warning {
		t.Errorf("worst is %s, want a warning: %+v", Worst(found), found)
	}
}

// An organization's trail puts its id before the accounts, and the stack's own account need not be among them.
func TestArrivalsOfOrganization(t *testing.T) {
	w := healthy(false)
	w.keys = map[string]time.Time{
		"logs/AWSLogs/o-abc/444455556666/CloudTrail/us-east-1/2026/11/20/444455556666_CloudTrail_us-east-1_20261120T0035Z_0123456789abcdef.json.gz": now.Add(-2 * time.Minute),
		"logs/AWSLogs/o-abc/777788889999/CloudTrail/us-east-1/2026/11/19/777788889999_CloudTrail_us-east-1_20261119T1200Z_0123456789abcdef.json.gz": now.Add(-12 * time.Hour),
	}
	a, err := newest(t.Context(), w, w.stack(), now)
	if err != nil || a.accounts != 2 || a.regions != 2 || !a.logFile.Equal(now.Add(-2*time.Minute)) || !a.digest.IsZero() {
		t.Errorf("newest = %+v, %v, want two accounts, the newest two minutes ago", a, err)
	}
}
