package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// LogBucket says what a bucket tells of its new objects, and where it is.
type LogBucket interface {
	GetBucketNotificationConfiguration(context.Context, *s3.GetBucketNotificationConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketNotificationConfigurationOutput, error)
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
}

// FunctionPolicy says who may invoke a function.
type FunctionPolicy interface {
	GetPolicy(context.Context, *lambda.GetPolicyInput, ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error)
}

// Rule is what is needed of EventBridge.
type Rule interface {
	DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error)
	ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error)
}

// lookAtBucket looks at what the log bucket tells, and whom.
func lookAtBucket(ctx context.Context, client LogBucket, s *Stack) ([]Finding, error) {
	name := s.logBucket()
	if !s.hasOwnTrail() {
		_, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
		if region := regionOf(err); region != "" && region != s.Region {
			return []Finding{{
				Verdict: Fault, Fact: fmt.Sprintf("The log bucket %s is in %s, and the stack in %s: EventBridge's rule sees none of its events.", name, region, s.Region),
				Fix: "Deploy a stack in the bucket's Region, and remove this one.", Command: "sam build && sam deploy --region " + quote(region) + " --parameter-overrides ExistingLogBucketName=" + quote(name),
			}}, nil
		}
	}
	out, err := client.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &name})
	if isCode(err, "NoSuchBucket", "NotFound") {
		return []Finding{{Verdict: Fault, Fact: fmt.Sprintf("The log bucket %s is gone.", name), Fix: "Deploy a new stack and remove this one (README, Remove it)."}}, nil
	}
	if err != nil {
		return nil, err
	}
	if s.hasOwnTrail() {
		return []Finding{judgeNotification(s, out)}, nil
	}
	return []Finding{judgeEventBridge(s, out)}, nil
}

// regionOf is the Region that S3 names when it is asked in another.
func regionOf(err error) string {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		return response.Response.Header.Get("x-amz-bucket-region")
	}
	return ""
}

// judgeNotification: the stack's own bucket tells the function itself.
func judgeNotification(s *Stack, out *s3.GetBucketNotificationConfigurationOutput) Finding {
	for _, c := range out.LambdaFunctionConfigurations {
		if sdk.ToString(c.LambdaFunctionArn) == s.functionARN() && tells(s, c) {
			return Finding{Verdict: OK, Fact: fmt.Sprintf("The log bucket %s tells the function of each new file.", s.logBucket())}
		}
	}
	return Finding{
		Verdict: Fault, Fact: fmt.Sprintf("The log bucket %s does not tell the function %s of new files: none is read.", s.logBucket(), s.function()),
		Fix: "Add the notification; the bucket's others stay. What came in the meantime must be announced again (docs/RELIABILITY.md).",
		Command: notify(s.Region, s.logBucket(), fmt.Sprintf("{LambdaFunctionConfigurations: [not_null(LambdaFunctionConfigurations, `[]`), `%s`][]}", compact([]any{map[string]any{
			"LambdaFunctionArn": s.functionARN(), "Events": []string{"s3:ObjectCreated:*"},
			"Filter": map[string]any{"Key": map[string]any{"FilterRules": []any{map[string]string{"Name": "suffix", "Value": ".json.gz"}}}},
		}}))),
	}
}

// notify is a command that reads a bucket's notification configuration, merges something into it, and writes it back: S3
// replaces the whole.
func notify(region, bucket, merged string) string {
	get := aws(region, "s3api", "get-bucket-notification-configuration", "--bucket", bucket, "--output", "json", "--query", "merge(@, "+merged+")")
	return "c=$(" + get + ") && " + aws(region, "s3api", "put-bucket-notification-configuration", "--bucket", bucket) + ` --notification-configuration "$c"`
}

// tells whether a notification is sent of log files and digests.
func tells(s *Stack, c types.LambdaFunctionConfiguration) bool {
	created := slices.ContainsFunc(c.Events, func(e types.Event) bool { return e == "s3:ObjectCreated:*" || e == "s3:ObjectCreated:Put" })
	for _, folder := range []string{"CloudTrail", "CloudTrail-Digest"} {
		key := "AWSLogs/" + s.Account + "/" + folder + "/" + s.Region + "/2026/11/20/x.json.gz"
		if c.Filter == nil || c.Filter.Key == nil {
			continue
		}
		for _, r := range c.Filter.Key.FilterRules {
			value := sdk.ToString(r.Value)
			switch strings.ToLower(string(r.Name)) {
			case "prefix":
				created = created && strings.HasPrefix(key, value)
			case "suffix":
				created = created && strings.HasSuffix(key, value)
			}
		}
	}
	return created
}

// judgeEventBridge: an existing bucket tells EventBridge.
func judgeEventBridge(s *Stack, out *s3.GetBucketNotificationConfigurationOutput) Finding {
	if out.EventBridgeConfiguration != nil {
		return Finding{Verdict: OK, Fact: fmt.Sprintf("The log bucket %s tells EventBridge of new files.", s.logBucket())}
	}
	return Finding{
		Verdict: Fault, Fact: fmt.Sprintf("EventBridge is off for the log bucket %s: no file reaches the function.", s.logBucket()),
		Fix:     "Switch it on; the bucket's other notifications stay. Where CloudFormation or Terraform keeps the bucket: there.",
		Command: notify(s.Region, s.logBucket(), "{EventBridgeConfiguration: `{}`}"),
	}
}

// lookAtRule looks at the way of an event to the function.
func lookAtRule(ctx context.Context, client Rule, s *Stack) ([]Finding, error) {
	name := s.id("ExistingLogBucket/LogFilesRule")
	rule, err := client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name})
	if isCode(err, "ResourceNotFoundException") {
		return []Finding{{
			Verdict: Fault, Fact: fmt.Sprintf("EventBridge's rule %s is gone: no file reaches the function.", name), Fix: "Make it again.",
			Command: aws(s.Region, "events", "put-rule", "--name", name, "--event-pattern", pattern(s)) + " && " + putTarget(s),
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	if rule.State != "ENABLED" && rule.State != "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" {
		return []Finding{{
			Verdict: Fault, Fact: fmt.Sprintf("EventBridge's rule %s is %s: no file reaches the function.", name, strings.ToLower(string(rule.State))),
			Fix: "Enable it. What came in the meantime must be announced again (docs/RELIABILITY.md).", Command: aws(s.Region, "events", "enable-rule", "--name", name),
		}}, nil
	}
	targets, err := client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &name})
	if err != nil {
		return nil, err
	}
	for _, t := range targets.Targets {
		if sdk.ToString(t.Arn) == s.functionARN() {
			return []Finding{{Verdict: OK, Fact: fmt.Sprintf("EventBridge's rule %s is enabled, and hands log files to the function.", name)}}, nil
		}
	}
	return []Finding{{
		Verdict: Fault, Fact: fmt.Sprintf("EventBridge's rule %s does not hand anything to the function %s.", name, s.function()),
		Fix: "Add the function as its target.", Command: putTarget(s),
	}}, nil
}

// pattern is the rule's, as in existing-log-bucket.yaml.
func pattern(s *Stack) string {
	type wildcard struct {
		Wildcard string `json:"wildcard"`
	}
	return compact(map[string]any{
		"source": []string{"aws.s3"}, "detail-type": []string{"Object Created"},
		"detail": map[string]any{
			"bucket": map[string]any{"name": []string{s.logBucket()}},
			"object": map[string]any{"key": []wildcard{{s.prefix() + "AWSLogs/*/CloudTrail/*"}, {s.prefix() + "AWSLogs/*/CloudTrail-Digest/*"}}},
		},
	})
}

func putTarget(s *Stack) string {
	return aws(s.Region, "events", "put-targets", "--rule", s.id("ExistingLogBucket/LogFilesRule"), "--targets", compact([]any{map[string]any{
		"Id": "Processor", "Arn": s.functionARN(), "RetryPolicy": map[string]int{"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400},
		"DeadLetterConfig": map[string]string{"Arn": s.queueARN("DeadLetterQueue")},
	}}))
}

// lookAtPermission looks whether the bucket, or the rule, may invoke the function.
func lookAtPermission(ctx context.Context, client FunctionPolicy, s *Stack) ([]Finding, error) {
	name := s.function()
	out, err := client.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &name})
	if err != nil && !isCode(err, "ResourceNotFoundException") {
		return nil, err
	}
	text := "{}"
	if err == nil {
		text = sdk.ToString(out.Policy)
	}
	f, err := judgePermission(s, text)
	return []Finding{f}, err
}

func judgePermission(s *Stack, text string) (Finding, error) {
	var policy struct{ Statement []statement }
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return Finding{}, fmt.Errorf("cannot read the policy of the function %s: %w", s.function(), err)
	}
	service, who := "s3.amazonaws.com", "the log bucket "+s.logBucket()
	source := strings.TrimSuffix(s.bucketARN(s.logBucket()), "/")
	if !s.hasOwnTrail() {
		who = "EventBridge's rule " + s.id("ExistingLogBucket/LogFilesRule")
		service, source = "events.amazonaws.com", s.arn("events", "rule/"+s.id("ExistingLogBucket/LogFilesRule"))
	}
	if slices.ContainsFunc(policy.Statement, func(st statement) bool { return st.lets(service, source, s.Account) }) {
		return Finding{Verdict: OK, Fact: fmt.Sprintf("The function lets %s invoke it.", who)}, nil
	}
	return Finding{
		Verdict: Fault, Fact: fmt.Sprintf("The function %s does not let %s invoke it: no file is read.", s.function(), who), Fix: "Add the permission.",
		Command: aws(s.Region, "lambda", "add-permission", "--function-name", s.function(), "--statement-id", "log-files", "--action", "lambda:InvokeFunction",
			"--principal", service, "--source-arn", source, "--source-account", s.Account),
	}, nil
}

// statement is one of a function's policy, as Lambda's AddPermission makes them.
type statement struct {
	Effect    string
	Principal json.RawMessage
	Action    json.RawMessage
	Condition map[string]map[string]json.RawMessage
}

// lets tells whether the statement lets a service in, on behalf of that source. A condition on anything else isn't known
// to hold.
func (st *statement) lets(service, source, account string) bool {
	if st.Effect != "Allow" || !contains(st.Action, func(a string) bool { return a == "lambda:InvokeFunction" || a == "lambda:*" }) {
		return false
	}
	var principal struct{ Service json.RawMessage }
	if json.Unmarshal(st.Principal, &principal) != nil || !contains(principal.Service, func(p string) bool { return p == service }) {
		return false
	}
	for _, keys := range st.Condition {
		for key, values := range keys {
			holds := false
			switch strings.ToLower(key) {
			case "aws:sourcearn":
				holds = contains(values, func(v string) bool {
					ok, _ := path.Match(strings.ReplaceAll(v, "/", "|"), strings.ReplaceAll(source, "/", "|"))
					return ok
				})
			case "aws:sourceaccount":
				holds = contains(values, func(v string) bool { return v == account })
			}
			if !holds {
				return false
			}
		}
	}
	return true
}

// contains: a policy has a text, or a list of them.
func contains(raw json.RawMessage, is func(string) bool) bool {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return is(one)
	}
	var many []string
	return json.Unmarshal(raw, &many) == nil && slices.ContainsFunc(many, is)
}
