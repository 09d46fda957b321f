package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	scheduletypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	queuetypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// The parts that the function works with, each asked for by one request.
type (
	// Table is what is needed of DynamoDB.
	Table interface {
		DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	}
	// LogGroups is what is needed of CloudWatch Logs.
	LogGroups interface {
		DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
	}
	// Schedule is what is needed of EventBridge Scheduler.
	Schedule interface {
		GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error)
	}
	// Queue is what is needed of SQS.
	Queue interface {
		GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	}
)

func lookAtTable(ctx context.Context, client Table, s *Stack) ([]Finding, error) {
	name := s.id("StateTable")
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	var gone *tabletypes.ResourceNotFoundException
	switch {
	case errors.As(err, &gone):
		return []Finding{{
			Verdict: Fault, Fact: fmt.Sprintf("The table %s is gone: the function fails, and nothing is read.", name),
			Fix: "Make it again (a deployment doesn't). Each bucket is then in its first two weeks.",
			Command: aws(s.Region, "dynamodb", "create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST", "--attribute-definitions", "AttributeName=pk,AttributeType=S", "AttributeName=sk,AttributeType=S",
				"--key-schema", "AttributeName=pk,KeyType=HASH", "AttributeName=sk,KeyType=RANGE") +
				" && " + aws(s.Region, "dynamodb", "wait", "table-exists", "--table-name", name) +
				" && " + aws(s.Region, "dynamodb", "update-time-to-live", "--table-name", name, "--time-to-live-specification", "Enabled=true,AttributeName=expires"),
		}}, nil
	case err != nil:
		return nil, err
	}
	return []Finding{judgeTable(name, out.Table)}, nil
}

func judgeTable(name string, table *tabletypes.TableDescription) Finding {
	if table.TableStatus == tabletypes.TableStatusActive || table.TableStatus == tabletypes.TableStatusUpdating {
		return Finding{Verdict: OK, Fact: fmt.Sprintf("The table %s is active.", name)}
	}
	return Finding{
		Verdict: Fault, Fact: fmt.Sprintf("The table %s is %s, and can't be used.", name, table.TableStatus),
		Fix: "Look at it in the DynamoDB console; log files are tried again three times, and are then in the dead-letter queue.",
	}
}

func lookAtLogGroup(ctx context.Context, client LogGroups, s *Stack) ([]Finding, error) {
	name := s.id("ProcessorLogGroup")
	out, err := client.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		return nil, err
	}
	return []Finding{judgeLogGroup(s, name, out.LogGroups)}, nil
}

func judgeLogGroup(s *Stack, name string, groups []logstypes.LogGroup) Finding {
	create := aws(s.Region, "logs", "create-log-group", "--log-group-name", name, "--log-group-class", "STANDARD") +
		" && " + aws(s.Region, "logs", "put-retention-policy", "--log-group-name", name, "--retention-in-days", s.Parameters["LogRetentionDays"])
	for _, g := range groups {
		if sdk.ToString(g.LogGroupName) != name {
			continue
		}
		if g.LogGroupClass == "" || g.LogGroupClass == logstypes.LogGroupClassStandard {
			return Finding{Verdict: OK, Fact: fmt.Sprintf("The log group %s is there, of the class STANDARD.", name)}
		}
		return Finding{
			Verdict: Fault, Fact: fmt.Sprintf("The log group %s is of the class %s, and CloudWatch extracts metrics from the class STANDARD alone: there are none.", name, g.LogGroupClass),
			Fix: "A log group's class can't be changed: keep what you need of it, delete it, and make it again.", Command: aws(s.Region, "logs", "delete-log-group", "--log-group-name", name) + " && " + create,
		}
	}
	return Finding{
		Verdict: Fault, Fact: fmt.Sprintf("The log group %s is gone: what the function writes is lost, metrics and all.", name), Fix: "Make it again.",
		Command: create,
	}
}

func lookAtSchedule(ctx context.Context, client Schedule, s *Stack) ([]Finding, error) {
	name, group := s.id("Schedule/Tick"), s.id("Schedule/TickGroup")
	out, err := client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &name, GroupName: &group})
	if isCode(err, "ResourceNotFoundException") {
		return []Finding{{
			Verdict: Fault, Fact: fmt.Sprintf("The schedule %s is gone: nothing is judged, and nobody is told of anything.", name), Fix: "Make it again.",
			Command: aws(s.Region, "scheduler", "create-schedule", "--name", name, "--group-name", group, "--schedule-expression", "rate(1 minute)", "--flexible-time-window", "Mode=OFF",
				"--target", compact(map[string]any{"Arn": s.functionARN(), "RoleArn": "arn:" + s.Partition + ":iam::" + s.Account + ":role/" + s.id("Schedule/TickRole"),
					"Input": `{"bucketwatch":"tick","time":"<aws.scheduler.scheduled-time>"}`, "RetryPolicy": map[string]int{"MaximumRetryAttempts": 0}})),
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	return []Finding{judgeSchedule(s, out)}, nil
}

func judgeSchedule(s *Stack, out *scheduler.GetScheduleOutput) Finding {
	name, group := s.id("Schedule/Tick"), s.id("Schedule/TickGroup")
	// update-schedule sets what isn't given back to its default.
	update := func(change string) string {
		get := aws(s.Region, "scheduler", "get-schedule", "--name", name, "--group-name", group, "--output", "json", "--query",
			"merge({Name: Name, GroupName: GroupName, ScheduleExpression: ScheduleExpression, FlexibleTimeWindow: FlexibleTimeWindow, Target: Target}, "+change+")")
		return "c=$(" + get + ") && " + aws(s.Region, "scheduler", "update-schedule") + ` --cli-input-json "$c"`
	}
	switch {
	case out.State != scheduletypes.ScheduleStateEnabled:
		return Finding{Verdict: Fault, Fact: fmt.Sprintf("The schedule %s is disabled: nothing is judged, and nobody is told of anything.", name),
			Fix: "Enable it; it then judges what was left.", Command: update("`{\"State\": \"ENABLED\"}`")}
	case out.Target == nil || sdk.ToString(out.Target.Arn) != s.functionARN():
		return Finding{Verdict: Fault, Fact: fmt.Sprintf("The schedule %s invokes something else than the function %s: nothing is judged.", name, s.function()),
			Fix: "Set its target back in the EventBridge Scheduler console; its input is " + `{"bucketwatch":"tick","time":"<aws.scheduler.scheduled-time>"}.`}
	case sdk.ToString(out.ScheduleExpression) != "rate(1 minute)":
		return Finding{Verdict: Warning, Fact: fmt.Sprintf("The schedule %s fires by %s, not every minute: messages come late.", name, sdk.ToString(out.ScheduleExpression)),
			Fix: "Set it back.", Command: update("`{\"ScheduleExpression\": \"rate(1 minute)\"}`")}
	}
	return Finding{Verdict: OK, Fact: fmt.Sprintf("The schedule %s is enabled, and has the function judge every minute.", name)}
}

func lookAtDeadLetters(ctx context.Context, client Queue, s *Stack) ([]Finding, error) {
	failed, err := queueLength(ctx, client, s.id("DeadLetterQueue"))
	if isCode(err, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist") {
		return []Finding{{Verdict: Fault, Fact: "The dead-letter queue is gone: the events of log files that fail are lost.", Fix: "Deploy a new stack and remove this one (README, Remove it): an update doesn't make it again."}}, nil
	}
	if err != nil {
		return nil, err
	}
	retried, err := queueLength(ctx, client, s.id("RetryQueue"))
	if err != nil {
		return []Finding{judgeDeadLetters(s, failed, 0)}, err
	}
	return []Finding{judgeDeadLetters(s, failed, retried)}, nil
}

func queueLength(ctx context.Context, client Queue, url string) (int, error) {
	names := []queuetypes.QueueAttributeName{queuetypes.QueueAttributeNameApproximateNumberOfMessages, queuetypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible}
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, name := range names {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			return 0, fmt.Errorf("SQS says that %s of %s is %q", name, url, out.Attributes[string(name)])
		}
		sum += n
	}
	return sum, nil
}

func judgeDeadLetters(s *Stack, failed, retried int) Finding {
	switch {
	case failed > 0:
		return Finding{
			Verdict: Fault, Fact: fmt.Sprintf("%s in the dead-letter queue: log files failed three times, and their metrics are missing.", count(failed, "event is", "events are")),
			Fix:     "See in the log why (first command), repair the cause, then give them to the function again (second). After 14 days they are gone.",
			Command: errorsInLog(s) + "\n" + strings.TrimSpace(s.Outputs["RedriveCommand"]),
		}
	case retried > 0:
		return Finding{Verdict: Warning, Fact: fmt.Sprintf("The dead-letter queue is empty; %s in the retry queue being tried again.", count(retried, "event is", "events are")), Fix: "Look again in 40 minutes."}
	}
	return Finding{Verdict: OK, Fact: "The dead-letter queue is empty."}
}

// errorsInLog is a command that shows what failed within a day.
func errorsInLog(s *Stack) string {
	return aws(s.Region, "logs", "filter-log-events", "--log-group-name", s.id("ProcessorLogGroup"), "--filter-pattern", `{ $.level = "ERROR" }`, "--query", "events[].message", "--output", "text") +
		` --start-time "$(($(date +%s) - 86400))000"`
}
