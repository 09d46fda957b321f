package doctor

import (
	"context"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Function is what is needed of the function itself.
type Function interface {
	GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
	GetFunctionConcurrency(context.Context, *lambda.GetFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.GetFunctionConcurrencyOutput, error)
}

// Mappings lists what queues feed a function.
type Mappings interface {
	ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
}

func lookAtFunction(ctx context.Context, client Function, s *Stack) ([]Finding, error) {
	name := s.function()
	c, err := client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if isCode(err, "ResourceNotFoundException") {
		return []Finding{{Verdict: Fault, Fact: fmt.Sprintf("The function %s is gone.", name), Fix: "Deploy a new stack and remove this one (README, Remove it): an update doesn't make it again."}}, nil
	}
	if err != nil {
		return nil, err
	}
	return []Finding{judgeState(s, c), judgeConfiguration(s, c)}, nil
}

func judgeState(s *Stack, c *lambda.GetFunctionConfigurationOutput) Finding {
	f := Finding{Verdict: OK, Fact: fmt.Sprintf("The function %s is active.", s.function())}
	switch {
	case c.State == types.StateFailed:
		f.Verdict, f.Fact = Fault, fmt.Sprintf("The function %s failed to start: %s.", s.function(), orUnknown(c.StateReason))
		f.Fix = "Deploy again; the reason says what Lambda lacks."
	case c.State == types.StateInactive, c.State == types.StatePending:
		f.Verdict, f.Fact, f.Fix = Warning, fmt.Sprintf("The function %s is %s.", s.function(), c.State), "It becomes active with the next tick: look again in some minutes."
	case c.LastUpdateStatus == types.LastUpdateStatusFailed:
		f.Verdict, f.Fact = Fault, fmt.Sprintf("The last update of the function %s failed, and the code before it runs: %s.", s.function(), orUnknown(c.LastUpdateStatusReason))
		f.Fix = "Deploy again; the reason says what Lambda lacks."
	}
	return f
}

func orUnknown(text *string) string {
	if t := sdk.ToString(text); t != "" {
		return t
	}
	return "Lambda gives no reason"
}

// judgeConfiguration looks for what was changed by hand and breaks the function's work.
func judgeConfiguration(s *Stack, c *lambda.GetFunctionConfigurationOutput) Finding {
	variables := map[string]string{}
	if c.Environment != nil {
		variables = c.Environment.Variables
	}
	f := Finding{Check: "function-configuration", Verdict: Fault}
	fault := func(format string, args ...any) {
		f.Fact = fmt.Sprintf(format, args...)
		f.Fix = "Somebody changed it by hand: set it back in the Lambda console (function, Configuration). A deployment doesn't, while the template stays."
	}
	switch {
	case variables["BUCKETWATCH_TABLE"] != s.id("StateTable"):
		fault("The function's variable BUCKETWATCH_TABLE is %q, not the stack's table %s: it remembers nothing there.", variables["BUCKETWATCH_TABLE"], s.id("StateTable"))
	case variables["BUCKETWATCH_ALERTS_TOPIC"] != s.id("AlertsTopic"):
		fault("The function's variable BUCKETWATCH_ALERTS_TOPIC is %q, not the stack's topic %s: messages go elsewhere or nowhere.", variables["BUCKETWATCH_ALERTS_TOPIC"], s.id("AlertsTopic"))
	case variables["BUCKETWATCH_CLOCK"] == "delivery":
		fault("The function's variable BUCKETWATCH_CLOCK is delivery, which is for replays and tests.")
	case c.DeadLetterConfig == nil || sdk.ToString(c.DeadLetterConfig.TargetArn) != s.queueARN("DeadLetterQueue"):
		fault("The function %s has not the stack's dead-letter queue: the event of a log file that fails three times is lost.", s.function())
		f.Fix = "Set it back."
		f.Command = aws(s.Region, "lambda", "update-function-configuration", "--function-name", s.function(), "--dead-letter-config", "TargetArn="+s.queueARN("DeadLetterQueue"))
	case c.LoggingConfig == nil || c.LoggingConfig.LogFormat != types.LogFormatJson || c.LoggingConfig.ApplicationLogLevel != types.ApplicationLogLevelInfo ||
		sdk.ToString(c.LoggingConfig.LogGroup) != s.id("ProcessorLogGroup"):
		fault("The function's logging is not as the stack set it (JSON, level INFO, log group %s): metrics are dropped, or come from elsewhere.", s.id("ProcessorLogGroup"))
		f.Fix = "Set it back."
		f.Command = aws(s.Region, "lambda", "update-function-configuration", "--function-name", s.function(), "--logging-config", "LogFormat=JSON,ApplicationLogLevel=INFO,LogGroup="+s.id("ProcessorLogGroup"))
	default:
		f.Verdict, f.Fact = OK, "The function's table, topic, dead-letter queue and logging are the stack's."
	}
	return f
}

// lookAtConcurrency: the console's button Throttle reserves no invocation at all.
func lookAtConcurrency(ctx context.Context, client Function, s *Stack) ([]Finding, error) {
	name := s.function()
	c, err := client.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &name})
	if err != nil {
		return nil, err
	}
	f := Finding{Verdict: OK, Fact: "The function may run."}
	if c.ReservedConcurrentExecutions != nil && *c.ReservedConcurrentExecutions == 0 {
		f.Verdict, f.Fact = Fault, fmt.Sprintf("The function %s is throttled to no invocation at all (reserved concurrency 0): nothing is read, and after six hours events are lost.", name)
		f.Fix, f.Command = "Take the reservation away.", aws(s.Region, "lambda", "delete-function-concurrency", "--function-name", name)
	}
	return []Finding{f}, nil
}

// lookAtRetries looks whether what RedriveCommand moves reaches the function.
func lookAtRetries(ctx context.Context, client Mappings, s *Stack) ([]Finding, error) {
	out, err := client.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{EventSourceArn: sdk.String(s.queueARN("RetryQueue"))})
	if err != nil {
		return nil, err
	}
	return []Finding{judgeRetries(s, out.EventSourceMappings)}, nil
}

func judgeRetries(s *Stack, mappings []types.EventSourceMappingConfiguration) Finding {
	queue := s.queueARN("RetryQueue")
	for _, m := range mappings {
		if sdk.ToString(m.EventSourceArn) != queue || sdk.ToString(m.FunctionArn) != s.functionARN() {
			continue
		}
		switch state := sdk.ToString(m.State); state {
		case "Enabled", "Enabling", "Creating", "Updating":
			return Finding{Verdict: OK, Fact: "The retry queue feeds the function."}
		default:
			return Finding{
				Verdict: Fault, Fact: fmt.Sprintf("The retry queue does not feed the function (%s): what RedriveCommand moves stays there, and is gone after four days.", state), Fix: "Enable it.",
				Command: aws(s.Region, "lambda", "update-event-source-mapping", "--uuid", sdk.ToString(m.UUID), "--enabled"),
			}
		}
	}
	return Finding{
		Verdict: Fault, Fact: "The retry queue does not feed the function: what RedriveCommand moves stays there, and is gone after four days.", Fix: "Connect them again.",
		Command: aws(s.Region, "lambda", "create-event-source-mapping", "--function-name", s.function(), "--event-source-arn", queue, "--batch-size", "1",
			"--function-response-types", "ReportBatchItemFailures", "--scaling-config", "MaximumConcurrency=2"),
	}
}
