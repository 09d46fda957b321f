package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	ct "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lm "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3t "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	sch "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snst "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

const (
	region, account = "eu-central-1", "111122223333"
	ownBucket       = "bucketwatch-111122223333-eu-central-1-0a1b2c3d"
	existing        = "trail-logs"
)

// now is on a day's first hour, so that yesterday's folder counts too.
var now = time.Date(2026, 11, 20, 0, 40, 0, 0, time.UTC)

// world is an account: what AWS would answer. A test breaks something of it.
type world struct {
	mu  sync.Mutex
	err map[string]error // of an operation

	stacks    []cfn.Stack
	resources map[string]map[string]string // of a stack: logical id: physical id
	trails    []ct.Trail
	elsewhere []ct.Trail // of one other Region alone
	status    map[string]*cloudtrail.GetTrailStatusOutput
	selectors map[string]*cloudtrail.GetEventSelectorsOutput
	buckets   []s3t.Bucket
	notified  *s3.GetBucketNotificationConfigurationOutput
	keys      map[string]time.Time
	policy    string
	function  *lambda.GetFunctionConfigurationOutput
	reserved  *int32
	mappings  []lm.EventSourceMappingConfiguration
	rule      *eventbridge.DescribeRuleOutput
	targets   []eb.Target
	metrics   map[string]float64 // of five minutes ago
	alarms    []cw.MetricAlarm
	groups    []logs.LogGroup
	table     *ddb.TableDescription
	schedule  *scheduler.GetScheduleOutput
	queues    map[string]map[string]string
	topics    map[string][]snst.Subscription
}

// healthy is an account where all is well.
func healthy(own bool) *world {
	w := &world{
		err: map[string]error{}, status: map[string]*cloudtrail.GetTrailStatusOutput{}, selectors: map[string]*cloudtrail.GetEventSelectorsOutput{},
		keys: map[string]time.Time{}, policy: `{"Statement": []}`,
	}
	parameters := map[string]string{
		"ExistingLogBucketName": "", "LogFilePrefix": "", "ExistingLogBucketKmsKeyArn": "", "AlertEmail": "you@example.com", "TrailBuckets": "*", "TrailEvents": "all",
		"ManagementEvents": "write-only", "MultiRegionTrail": "true", "Namespace": "BucketWatch", "LogRetentionDays": "90",
	}
	main := map[string]string{
		"ProcessorFunction": "bw-fn", "StateTable": "bw-table", "ProcessorLogGroup": "bw-log", "DeadLetterQueue": "https://sqs/1/bw-dlq", "RetryQueue": "https://sqs/1/bw-retry",
		"AlertsTopic": topic("alerts"), "OperationsTopic": topic("ops"), "Monitoring": "id-monitoring", "Schedule": "id-schedule",
	}
	bucket, prefix := ownBucket, ""
	if own {
		main["Trail"], main["LogBucket"] = ownBucket, ownBucket
	} else {
		bucket, prefix = existing, "logs/"
		parameters["ExistingLogBucketName"], parameters["LogFilePrefix"] = existing, "logs"
		main["ExistingLogBucket"] = "id-existing"
	}
	monitoring := map[string]string{}
	for _, a := range alarms {
		if own && a.name == "NoDataEvents" {
			continue
		}
		monitoring[a.name] = "bw-" + a.name
		w.alarms = append(w.alarms, cw.MetricAlarm{AlarmName: sdk.String("bw-" + a.name), StateValue: cw.StateValueOk, ActionsEnabled: sdk.Bool(true),
			AlarmActions: []string{topic("ops")}, AlarmDescription: sdk.String("What to do about " + a.name + ".")})
	}
	w.resources = map[string]map[string]string{
		stackID("bucketwatch"): main, "id-monitoring": monitoring, "id-schedule": {"Tick": "bw-tick", "TickGroup": "bw-ticks", "TickRole": "bw-role"}, "id-existing": {"LogFilesRule": "bw-rule"},
	}
	w.stacks = []cfn.Stack{stackOf("bucketwatch", parameters)}
	name := "team-trail"
	if own {
		name = ownBucket
	}
	w.addTrail(name, bucket, prefix, ownSelectors(w.stack())...)
	w.buckets = []s3t.Bucket{{Name: sdk.String(bucket), BucketRegion: sdk.String(region)}, {Name: sdk.String("photos"), BucketRegion: sdk.String(region)}, {Name: sdk.String("backups"), BucketRegion: sdk.String("us-east-1")}}
	if own {
		w.notified = &s3.GetBucketNotificationConfigurationOutput{LambdaFunctionConfigurations: []s3t.LambdaFunctionConfiguration{{
			LambdaFunctionArn: sdk.String(w.stack().functionARN()), Events: []s3t.Event{"s3:ObjectCreated:*"},
			Filter: &s3t.NotificationConfigurationFilter{Key: &s3t.S3KeyFilter{FilterRules: []s3t.FilterRule{{Name: "Suffix", Value: sdk.String(".json.gz")}}}},
		}}}
		w.policy = policyFor("s3.amazonaws.com", "arn:aws:s3:::"+ownBucket)
	} else {
		w.notified = &s3.GetBucketNotificationConfigurationOutput{EventBridgeConfiguration: &s3t.EventBridgeConfiguration{}}
		w.rule = &eventbridge.DescribeRuleOutput{State: eb.RuleStateEnabled}
		w.targets = []eb.Target{{Arn: sdk.String(w.stack().functionARN())}}
		w.policy = policyFor("events.amazonaws.com", "arn:aws:events:eu-central-1:111122223333:rule/bw-rule")
	}
	w.keys = map[string]time.Time{
		prefix + "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20/111122223333_CloudTrail_eu-central-1_20261120T0035Z_0123456789abcdef.json.gz":                        now.Add(-4 * time.Minute),
		prefix + "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/19/111122223333_CloudTrail_us-east-1_20261119T2355Z_0123456789abcdef.json.gz":                              now.Add(-44 * time.Minute),
		prefix + "AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/2026/11/20/111122223333_CloudTrail-Digest_eu-central-1_t_eu-central-1_20261120T000000Z.json.gz":          now.Add(-30 * time.Minute),
		prefix + "AWSLogs/111122223333/CloudTrail/eu-central-1/2025/11/20/111122223333_CloudTrail_eu-central-1_20251120T0035Z_0123456789abcdef.json.gz":                        now.AddDate(-1, 0, 0),
		prefix + "AWSLogs/111122223333/elasticloadbalancing/eu-central-1/2026/11/20/111122223333_elasticloadbalancing_eu-central-1_app_20261120T0035Z_192.0.2.1_x.log.json.gz": now,
	}
	w.function = &lambda.GetFunctionConfigurationOutput{
		State: lm.StateActive, LastUpdateStatus: lm.LastUpdateStatusSuccessful, DeadLetterConfig: &lm.DeadLetterConfig{TargetArn: sdk.String(w.stack().queueARN("DeadLetterQueue"))},
		LoggingConfig: &lm.LoggingConfig{LogFormat: lm.LogFormatJson, ApplicationLogLevel: lm.ApplicationLogLevelInfo, LogGroup: sdk.String("bw-log")},
		Environment:   &lm.EnvironmentResponse{Variables: map[string]string{"BUCKETWATCH_TABLE": "bw-table", "BUCKETWATCH_ALERTS_TOPIC": topic("alerts")}},
	}
	w.mappings = []lm.EventSourceMappingConfiguration{{UUID: sdk.String("u-u-i-d"), EventSourceArn: sdk.String(w.stack().queueARN("RetryQueue")), FunctionArn: sdk.String(w.stack().functionARN()), State: sdk.String("Enabled")}}
	w.metrics = map[string]float64{"BucketWatch FilesProcessed": 12, "BucketWatch DigestFiles": 3, "BucketWatch Ticks": 5}
	w.groups = []logs.LogGroup{{LogGroupName: sdk.String("bw-log-of-others"), LogGroupClass: "INFREQUENT_ACCESS"}, {LogGroupName: sdk.String("bw-log"), LogGroupClass: "STANDARD"}}
	w.table = &ddb.TableDescription{TableStatus: "ACTIVE"}
	w.schedule = &scheduler.GetScheduleOutput{State: "ENABLED", ScheduleExpression: sdk.String("rate(1 minute)"), Target: &sch.Target{Arn: sdk.String(w.stack().functionARN())}}
	w.queues = map[string]map[string]string{}
	for _, url := range []string{"https://sqs/1/bw-dlq", "https://sqs/1/bw-retry"} {
		w.queues[url] = map[string]string{"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}
	}
	w.topics = map[string][]snst.Subscription{}
	for _, t := range []string{topic("alerts"), topic("ops")} {
		w.topics[t] = []snst.Subscription{{Protocol: sdk.String("email"), Endpoint: sdk.String("you@example.com"), SubscriptionArn: sdk.String(t + ":1234")}}
	}
	return w
}

func topic(name string) string { return "arn:aws:sns:eu-central-1:111122223333:" + name }
func stackID(name string) string {
	return "arn:aws:cloudformation:eu-central-1:111122223333:stack/" + name + "/0a1b2c3d"
}

func stackOf(name string, parameters map[string]string) cfn.Stack {
	s := cfn.Stack{StackName: sdk.String(name), StackId: sdk.String(stackID(name)), StackStatus: "UPDATE_COMPLETE", CreationTime: sdk.Time(now.AddDate(0, -1, 0))}
	for k, v := range parameters {
		s.Parameters = append(s.Parameters, cfn.Parameter{ParameterKey: sdk.String(k), ParameterValue: sdk.String(v)})
	}
	for k, v := range map[string]string{"AlertsTopicArn": topic("alerts"), "OperationsTopicArn": topic("ops"), "RedriveCommand": "aws sqs start-message-move-task"} {
		s.Outputs = append(s.Outputs, cfn.Output{OutputKey: sdk.String(k), OutputValue: sdk.String(v)})
	}
	return s
}

func policyFor(service, source string) string {
	return fmt.Sprintf(`{"Statement": [{"Effect": "Allow", "Principal": {"Service": %q}, "Action": "lambda:InvokeFunction", "Resource": "x",
		"Condition": {"StringEquals": {"AWS:SourceAccount": "111122223333"}, "ArnLike": {"AWS:SourceArn": %q}}}]}`, service, source)
}

func (w *world) set(parameter, value string) {
	for i := range w.stacks[0].Parameters {
		if p := &w.stacks[0].Parameters[i]; *p.ParameterKey == parameter {
			p.ParameterValue = &value
		}
	}
}

// stack is the stack, read as the command does.
func (w *world) stack() *Stack {
	s, err := ReadStack(context.Background(), w, "bucketwatch")
	if err != nil {
		panic(err)
	}
	return s
}

func arnOf(name string) string { return "arn:aws:cloudtrail:eu-central-1:111122223333:trail/" + name }

func (w *world) addTrail(name, bucket, prefix string, selectors ...ct.AdvancedEventSelector) *ct.Trail {
	arn := arnOf(name)
	w.trails = append(w.trails, ct.Trail{
		Name: sdk.String(name), TrailARN: &arn, HomeRegion: sdk.String(region), S3BucketName: &bucket, S3KeyPrefix: sdk.String(strings.TrimSuffix(prefix, "/")),
		IsMultiRegionTrail: sdk.Bool(true), LogFileValidationEnabled: sdk.Bool(true),
	})
	w.status[arn] = &cloudtrail.GetTrailStatusOutput{IsLogging: sdk.Bool(true), LatestDeliveryTime: sdk.Time(now.Add(-3 * time.Minute))}
	w.selectors[arn] = &cloudtrail.GetEventSelectorsOutput{AdvancedEventSelectors: selectors}
	return &w.trails[len(w.trails)-1]
}

func (w *world) ours() string { return *w.trails[0].TrailARN }

// run runs all checks.
func (w *world) run(t *testing.T) []Finding {
	t.Helper()
	clients := &Clients{w, w, w, w, w, w, w, w, w, w, w}
	var r Runner
	return r.Run(t.Context(), Checks(clients, w.stack(), now))
}

func code(c, message string) error { return &smithy.GenericAPIError{Code: c, Message: message} }

// answer is what the account answers: an error, if the test has one for it.
func answer[T any](w *world, service, operation string, out T) (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if find(service, operation) == nil {
		panic(service + " " + operation + " isn't among Calls")
	}
	if err := w.err[operation]; err != nil {
		var none T
		return none, &smithy.OperationError{ServiceID: service, OperationName: operation, Err: err}
	}
	return out, nil
}

func (w *world) DescribeStacks(_ context.Context, in *cloudformation.DescribeStacksInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	if in.StackName != nil {
		for _, s := range w.stacks {
			if *s.StackName == *in.StackName {
				return answer(w, "CloudFormation", "DescribeStacks", &cloudformation.DescribeStacksOutput{Stacks: []cfn.Stack{s}})
			}
		}
		return nil, code("ValidationError", "Stack with id x does not exist")
	}
	return answer(w, "CloudFormation", "DescribeStacks", &cloudformation.DescribeStacksOutput{Stacks: w.stacks})
}

func (w *world) ListStackResources(_ context.Context, in *cloudformation.ListStackResourcesInput, _ ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	out := &cloudformation.ListStackResourcesOutput{}
	for logical, id := range w.resources[*in.StackName] {
		kind := "AWS::Other"
		if strings.HasPrefix(id, "id-") {
			kind = "AWS::CloudFormation::Stack"
		}
		out.StackResourceSummaries = append(out.StackResourceSummaries, cfn.StackResourceSummary{LogicalResourceId: &logical, PhysicalResourceId: &id, ResourceType: &kind})
	}
	return answer(w, "CloudFormation", "ListStackResources", out)
}

func (w *world) DescribeTrails(_ context.Context, in *cloudtrail.DescribeTrailsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.DescribeTrailsOutput, error) {
	list := w.trails
	if len(in.TrailNameList) > 0 {
		list = w.elsewhere
	}
	return answer(w, "CloudTrail", "DescribeTrails", &cloudtrail.DescribeTrailsOutput{TrailList: list})
}

func (w *world) ListTrails(context.Context, *cloudtrail.ListTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListTrailsOutput, error) {
	out := &cloudtrail.ListTrailsOutput{}
	for _, t := range slices.Concat(w.trails, w.elsewhere) {
		out.Trails = append(out.Trails, ct.TrailInfo{TrailARN: t.TrailARN, HomeRegion: t.HomeRegion})
	}
	return answer(w, "CloudTrail", "ListTrails", out)
}

func (w *world) GetTrailStatus(_ context.Context, in *cloudtrail.GetTrailStatusInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error) {
	return answer(w, "CloudTrail", "GetTrailStatus", w.status[*in.Name])
}

func (w *world) GetEventSelectors(_ context.Context, in *cloudtrail.GetEventSelectorsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.GetEventSelectorsOutput, error) {
	return answer(w, "CloudTrail", "GetEventSelectors", w.selectors[*in.TrailName])
}

func (w *world) ListBuckets(context.Context, *s3.ListBucketsInput, ...func(*s3.Options)) (*s3.ListBucketsOutput, error) {
	return answer(w, "S3", "ListBuckets", &s3.ListBucketsOutput{Buckets: w.buckets})
}

func (w *world) HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	return answer(w, "S3", "HeadBucket", &s3.HeadBucketOutput{})
}

func (w *world) GetBucketNotificationConfiguration(context.Context, *s3.GetBucketNotificationConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketNotificationConfigurationOutput, error) {
	return answer(w, "S3", "GetBucketNotificationConfiguration", w.notified)
}

// ListObjectsV2 lists two at a time. A year's list is what nobody may ask for.
func (w *world) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	prefix, delimiter := sdk.ToString(in.Prefix), sdk.ToString(in.Delimiter)
	if strings.Contains(prefix, "/2025/") || delimiter == "" && !strings.Contains(prefix, "/2026/11/") {
		return nil, fmt.Errorf("all of %q is listed", prefix)
	}
	seen := map[string]bool{}
	var names []string
	for key := range w.keys {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok || key <= sdk.ToString(in.StartAfter) {
			continue
		}
		if first, _, folder := strings.Cut(rest, "/"); folder && delimiter != "" {
			key = prefix + first + "/"
		}
		if !seen[key] && key > sdk.ToString(in.ContinuationToken) {
			seen[key] = true
			names = append(names, key)
		}
	}
	slices.Sort(names)
	out := &s3.ListObjectsV2Output{}
	if len(names) > 2 {
		names = names[:2]
		out.IsTruncated, out.NextContinuationToken = sdk.Bool(true), &names[1]
	}
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			out.CommonPrefixes = append(out.CommonPrefixes, s3t.CommonPrefix{Prefix: &name})
		} else {
			out.Contents = append(out.Contents, s3t.Object{Key: &name, LastModified: sdk.Time(w.keys[name])})
		}
	}
	return answer(w, "S3", "ListObjectsV2", out)
}

func (w *world) GetPolicy(context.Context, *lambda.GetPolicyInput, ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error) {
	return answer(w, "Lambda", "GetPolicy", &lambda.GetPolicyOutput{Policy: &w.policy})
}

func (w *world) GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error) {
	return answer(w, "Lambda", "GetFunctionConfiguration", w.function)
}

func (w *world) GetFunctionConcurrency(context.Context, *lambda.GetFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.GetFunctionConcurrencyOutput, error) {
	return answer(w, "Lambda", "GetFunctionConcurrency", &lambda.GetFunctionConcurrencyOutput{ReservedConcurrentExecutions: w.reserved})
}

func (w *world) ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error) {
	return answer(w, "Lambda", "ListEventSourceMappings", &lambda.ListEventSourceMappingsOutput{EventSourceMappings: w.mappings})
}

func (w *world) DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error) {
	return answer(w, "EventBridge", "DescribeRule", w.rule)
}

func (w *world) ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error) {
	return answer(w, "EventBridge", "ListTargetsByRule", &eventbridge.ListTargetsByRuleOutput{Targets: w.targets})
}

func (w *world) GetMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	out := &cloudwatch.GetMetricDataOutput{}
	for _, q := range in.MetricDataQueries {
		r := cw.MetricDataResult{Id: q.Id}
		if v, ok := w.metrics[*q.MetricStat.Metric.Namespace+" "+*q.MetricStat.Metric.MetricName]; ok {
			// What is older than a check's span doesn't count.
			r.Timestamps, r.Values = []time.Time{now.Add(-23 * time.Hour), now.Add(-5 * time.Minute)}, []float64{0, v}
			if strings.HasPrefix(*q.MetricStat.Metric.Namespace, "BucketWatch") {
				r.Values[0] = 1000
			}
		}
		out.MetricDataResults = append(out.MetricDataResults, r)
	}
	return answer(w, "CloudWatch", "GetMetricData", out)
}

func (w *world) DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	return answer(w, "CloudWatch", "DescribeAlarms", &cloudwatch.DescribeAlarmsOutput{MetricAlarms: w.alarms})
}

func (w *world) DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	return answer(w, "CloudWatch Logs", "DescribeLogGroups", &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: w.groups})
}

func (w *world) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return answer(w, "DynamoDB", "DescribeTable", &dynamodb.DescribeTableOutput{Table: w.table})
}

func (w *world) GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error) {
	return answer(w, "Scheduler", "GetSchedule", w.schedule)
}

func (w *world) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return answer(w, "SQS", "GetQueueAttributes", &sqs.GetQueueAttributesOutput{Attributes: w.queues[*in.QueueUrl]})
}

func (w *world) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	return answer(w, "SNS", "ListSubscriptionsByTopic", &sns.ListSubscriptionsByTopicOutput{Subscriptions: w.topics[*in.TopicArn]})
}
