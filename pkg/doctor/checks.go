package doctor

import (
	"context"
	"time"
)

// Clients are what the checks ask. The SDK's clients are such.
type Clients struct {
	CloudFormation CloudFormation
	CloudTrail     CloudTrail
	S3             interface {
		BucketLister
		LogBucket
		Objects
	}
	Lambda interface {
		Function
		FunctionPolicy
		Mappings
	}
	EventBridge Rule
	CloudWatch  interface {
		Metrics
		Alarms
	}
	Logs      LogGroups
	DynamoDB  Table
	Scheduler Schedule
	SQS       Queue
	SNS       Subscriptions
}

// Checks are all checks of a stack, in the order in which a log file goes its way.
func Checks(c *Clients, s *Stack, now time.Time) []Check {
	checks := []Check{
		{"Stack", "stack", func(context.Context) ([]Finding, error) { return []Finding{judgeStack(s)}, nil }},
		{"Stack", "namespace", func(ctx context.Context) ([]Finding, error) { return lookAtNamespace(ctx, c.CloudFormation, s) }},
		{"Trail", "trails", func(ctx context.Context) ([]Finding, error) { return lookAtTrails(ctx, c.CloudTrail, c.S3, s, now) }},
		{"Log bucket", "notification", func(ctx context.Context) ([]Finding, error) { return lookAtBucket(ctx, c.S3, s) }},
	}
	if !s.hasOwnTrail() {
		checks = append(checks, Check{"Log bucket", "rule", func(ctx context.Context) ([]Finding, error) { return lookAtRule(ctx, c.EventBridge, s) }})
	}
	checks = append(checks,
		Check{"Log bucket", "permission", func(ctx context.Context) ([]Finding, error) { return lookAtPermission(ctx, c.Lambda, s) }},
		Check{"Log files", "files", func(ctx context.Context) ([]Finding, error) { return lookAtFlow(ctx, c.S3, c.CloudWatch, s, now) }},
		Check{"Log files", "dead-letters", func(ctx context.Context) ([]Finding, error) { return lookAtDeadLetters(ctx, c.SQS, s) }},
		Check{"Function", "function", func(ctx context.Context) ([]Finding, error) { return lookAtFunction(ctx, c.Lambda, s) }},
		Check{"Function", "function-concurrency", func(ctx context.Context) ([]Finding, error) { return lookAtConcurrency(ctx, c.Lambda, s) }},
		Check{"Function", "retries", func(ctx context.Context) ([]Finding, error) { return lookAtRetries(ctx, c.Lambda, s) }},
		Check{"Function", "table", func(ctx context.Context) ([]Finding, error) { return lookAtTable(ctx, c.DynamoDB, s) }},
		Check{"Function", "log-group", func(ctx context.Context) ([]Finding, error) { return lookAtLogGroup(ctx, c.Logs, s) }},
		Check{"Function", "schedule", func(ctx context.Context) ([]Finding, error) { return lookAtSchedule(ctx, c.Scheduler, s) }},
	)
	for _, a := range audiences {
		checks = append(checks, Check{"Messages", "subscribers-" + a.name, func(ctx context.Context) ([]Finding, error) {
			return lookAtTopic(ctx, c.SNS, s, a.output, a.of)
		}})
	}
	return append(checks, Check{"Messages", "alarms", func(ctx context.Context) ([]Finding, error) { return lookAtAlarms(ctx, c.CloudWatch, s, now) }})
}
