package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/spf13/cobra"

	"bucketwatch/pkg/doctor"
)

// What doctor's exit code is about.
var (
	errFault     = errors.New("something is wrong")
	errNotLooked = errors.New("something could not be looked at")
)

// doctorFlags are doctor's flags as they were given.
type doctorFlags struct {
	stack, region, profile, format string
	timeout                        time.Duration
	policy                         bool
}

func newDoctorCommand(getenv func(string) string) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether a deployed stack works, and say how to mend it",
		Long: `doctor looks in your account whether a deployed stack works: is the trail logging, does it record the buckets' requests and
leave out its own log bucket, do the log files come and are they processed, does the function run, are there two trails
that count twice or feed each other, and is anybody told. Each answer has what is and, if it isn't right, what to do about it.

It reads only, and any other request is refused before it is sent. Credentials, profile and Region are as the AWS CLI has
them. --policy prints the IAM policy that allows what doctor asks for; put an existing log bucket's name in the place of
bucketwatch-*. What you may not look at is said, with the permission that is missing, and stops nothing else.

Exit codes: 0 no fault, though there may be warnings; 1 the stack could not be read; 2 wrong command line; 3 no fault, but
something could not be looked at; 4 a fault.`,
		Example: `  bucketwatch doctor                                             the stack bucketwatch
  bucketwatch doctor --stack-name bucketwatch-prod --profile prod --region eu-west-1
  bucketwatch doctor --format json | jq '.findings[] | select(.verdict == "fault")'
  bucketwatch doctor --policy > policy.json                      what its credentials must be allowed`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDoctor(cmd.Context(), &f, newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), getenv))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.stack, "stack-name", "bucketwatch", "`NAME` of the stack")
	flags.StringVar(&f.region, "region", "", "`REGION` of the stack (default as the AWS CLI has it)")
	flags.StringVar(&f.profile, "profile", "", "`PROFILE` of the AWS CLI (default as the AWS CLI has it)")
	flags.StringVarP(&f.format, "format", "f", "text", "`FORMAT` of the answers: text, json")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long `TIME` a check may take: 30s, 2m")
	flags.BoolVar(&f.policy, "policy", false, "print the IAM policy that doctor needs, and do nothing else")
	return cmd
}

// diagnosis is what doctor prints as JSON.
type diagnosis struct {
	Schema   int              `json:"schema"`
	Time     time.Time        `json:"time"`
	Stack    string           `json:"stack"`
	Region   string           `json:"region"`
	Account  string           `json:"account"`
	Verdict  doctor.Verdict   `json:"verdict"` // the worst of the findings'
	Findings []doctor.Finding `json:"findings"`
	Unseen   []string         `json:"unseen"` // what can't be told from the account
}

func runDoctor(ctx context.Context, f *doctorFlags, t *terminal) error {
	formats := []string{"text", "json"}
	switch {
	case !slices.Contains(formats, strings.ToLower(f.format)):
		return usageError{fmt.Errorf("--format: %q is not one of %s", f.format, strings.Join(formats, ", "))}
	case f.timeout <= 0:
		return usageError{fmt.Errorf("--timeout: %v is no time that a check could take", f.timeout)}
	case f.policy:
		_, err := fmt.Fprintln(t.stdout, doctor.Policy("aws", "bucketwatch-*"))
		return err
	}
	clients, err := f.connect(ctx)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	t.say("Looking into the account …")
	defer t.unsay()
	within, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	stack, err := doctor.ReadStack(within, clients.CloudFormation, f.stack)
	if err != nil {
		return f.hint(err)
	}
	runner := doctor.Runner{Timeout: f.timeout}
	found := runner.Run(ctx, doctor.Checks(clients, stack, now))
	if err := ctx.Err(); err != nil {
		return err
	}
	d := diagnosis{1, now, stack.Name, stack.Region, stack.Account, doctor.Worst(found), found, doctor.Unseen}
	t.unsay()
	if err := d.deliver(f, t); err != nil {
		return fmt.Errorf("cannot write the answers: %w", err)
	}
	switch d.Verdict {
	case doctor.Fault:
		return fmt.Errorf("%w: %s", errFault, d.summary())
	case doctor.Unknown:
		return fmt.Errorf("%w: %s", errNotLooked, d.summary())
	}
	return nil
}

func (d *diagnosis) deliver(f *doctorFlags, t *terminal) error {
	out := bufio.NewWriter(t.stdout)
	if strings.EqualFold(f.format, "json") {
		if err := d.writeJSON(out); err != nil {
			return err
		}
		return out.Flush()
	}
	d.writeText(out, t, f.profile)
	return out.Flush()
}

func (d *diagnosis) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(d)
}

// connect returns clients that refuse whatever doctor isn't documented to ask for.
func (f *doctorFlags) connect(ctx context.Context) (*doctor.Clients, error) {
	var options []func(*config.LoadOptions) error
	if f.region != "" {
		options = append(options, config.WithRegion(f.region))
	}
	if f.profile != "" {
		options = append(options, config.WithSharedConfigProfile(f.profile))
	}
	c, err := loadAWS(ctx, options...)
	if err != nil {
		return nil, err
	}
	if c.Region == "" {
		return nil, usageError{errors.New("in which Region is the stack? Give --region, or set AWS_REGION")}
	}
	c.APIOptions = append(c.APIOptions, doctor.OnlyCalls)
	return newClients(c), nil
}

func newClients(c aws.Config) *doctor.Clients {
	return &doctor.Clients{
		CloudFormation: cloudformation.NewFromConfig(c),
		CloudTrail:     cloudtrail.NewFromConfig(c),
		S3:             s3.NewFromConfig(c),
		Lambda:         lambda.NewFromConfig(c),
		EventBridge:    eventbridge.NewFromConfig(c),
		CloudWatch:     cloudwatch.NewFromConfig(c),
		Logs:           cloudwatchlogs.NewFromConfig(c),
		DynamoDB:       dynamodb.NewFromConfig(c),
		Scheduler:      scheduler.NewFromConfig(c),
		SQS:            sqs.NewFromConfig(c),
		SNS:            sns.NewFromConfig(c),
	}
}

// hint says what to do about a stack that could not be read.
func (f *doctorFlags) hint(err error) error {
	var answer smithy.APIError
	switch {
	case errors.Is(err, doctor.ErrNoStack):
		return fmt.Errorf("%w\nIs it in another Region or account, or called otherwise? --region, --profile and --stack-name choose; aws cloudformation list-stacks lists", err)
	case errors.As(err, &answer) && strings.Contains(answer.ErrorCode(), "AccessDenied"):
		return fmt.Errorf("%w\nYour credentials need cloudformation:DescribeStacks and cloudformation:ListStackResources; bucketwatch doctor --policy prints all that doctor needs", err)
	case !errors.As(err, &answer) && errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w\nAWS did not answer within %v: does this machine reach it, and is there a Region of that name?", err, f.timeout)
	}
	return hint(err)
}
