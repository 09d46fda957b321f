package doctor

import (
	"context"
	"encoding/json"
	"fmt"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// Call is a request that doctor makes.
type Call struct {
	Service   string // as the SDK has it
	Operation string
	Action    string // what IAM calls the permission
	LogBucket bool   // asked of the log bucket alone
}

// Calls are all of them. All only read.
var Calls = []Call{
	{"CloudFormation", "DescribeStacks", "cloudformation:DescribeStacks", false},
	{"CloudFormation", "ListStackResources", "cloudformation:ListStackResources", false},
	{"CloudTrail", "DescribeTrails", "cloudtrail:DescribeTrails", false},
	{"CloudTrail", "GetEventSelectors", "cloudtrail:GetEventSelectors", false},
	{"CloudTrail", "GetTrailStatus", "cloudtrail:GetTrailStatus", false},
	{"CloudTrail", "ListTrails", "cloudtrail:ListTrails", false},
	{"CloudWatch", "DescribeAlarms", "cloudwatch:DescribeAlarms", false},
	{"CloudWatch", "GetMetricData", "cloudwatch:GetMetricData", false},
	{"CloudWatch Logs", "DescribeLogGroups", "logs:DescribeLogGroups", false},
	{"DynamoDB", "DescribeTable", "dynamodb:DescribeTable", false},
	{"EventBridge", "DescribeRule", "events:DescribeRule", false},
	{"EventBridge", "ListTargetsByRule", "events:ListTargetsByRule", false},
	{"Lambda", "GetFunctionConcurrency", "lambda:GetFunctionConcurrency", false},
	{"Lambda", "GetFunctionConfiguration", "lambda:GetFunctionConfiguration", false},
	{"Lambda", "GetPolicy", "lambda:GetPolicy", false},
	{"Lambda", "ListEventSourceMappings", "lambda:ListEventSourceMappings", false},
	{"S3", "GetBucketNotificationConfiguration", "s3:GetBucketNotification", true},
	{"S3", "HeadBucket", "s3:ListBucket", true},
	{"S3", "ListBuckets", "s3:ListAllMyBuckets", false},
	{"S3", "ListObjectsV2", "s3:ListBucket", true},
	{"SNS", "ListSubscriptionsByTopic", "sns:ListSubscriptionsByTopic", false},
	{"SQS", "GetQueueAttributes", "sqs:GetQueueAttributes", false},
	{"Scheduler", "GetSchedule", "scheduler:GetSchedule", false},
}

// find returns the call, nil if doctor makes no such.
func find(service, operation string) *Call {
	for i := range Calls {
		if Calls[i].Service == service && Calls[i].Operation == operation {
			return &Calls[i]
		}
	}
	return nil
}

// Action returns IAM's name of the permission for a request.
func Action(service, operation string) string {
	if c := find(service, operation); c != nil {
		return c.Action
	}
	return service + " " + operation
}

// OnlyCalls makes a client of the SDK refuse every request that isn't one of Calls: it goes into aws.Config.APIOptions.
func OnlyCalls(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("OnlyCalls", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error) {
		service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
		if find(service, operation) == nil {
			return middleware.InitializeOutput{}, middleware.Metadata{}, fmt.Errorf("doctor must not ask %s for %s", service, operation)
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}

// Policy is the IAM policy that allows what doctor does, and nothing else. logBucket may have wildcards.
func Policy(partition, logBucket string) string {
	type statement struct {
		Sid, Effect string
		Action      []string
		Resource    string
	}
	account := statement{Sid: "Look", Effect: "Allow", Resource: "*"}
	bucket := statement{Sid: "LookIntoTheLogBucket", Effect: "Allow", Resource: "arn:" + partition + ":s3:::" + logBucket}
	seen := map[string]bool{}
	for _, c := range Calls {
		if seen[c.Action] {
			continue
		}
		seen[c.Action] = true
		if c.LogBucket {
			bucket.Action = append(bucket.Action, c.Action)
		} else {
			account.Action = append(account.Action, c.Action)
		}
	}
	text, err := json.MarshalIndent(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{account, bucket}}, "", "  ")
	if err != nil {
		panic(err) // it has strings alone
	}
	return string(text)
}
