package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// CloudFormation is what is needed of CloudFormation.
type CloudFormation interface {
	DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
	ListStackResources(context.Context, *cloudformation.ListStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error)
}

// ErrNoStack says that there is no such stack.
var ErrNoStack = errors.New("there is no such stack")

// Stack is a deployed stack, as CloudFormation has it.
type Stack struct {
	Name, ID, Region, Account, Partition string
	Status, Reason                       string
	Created                              time.Time
	Parameters, Outputs                  map[string]string

	resources map[string]string // logical id: physical id; of a nested stack's: NESTED/LOGICAL
}

// ReadStack reads a stack, those that are nested in it included.
func ReadStack(ctx context.Context, client CloudFormation, name string) (*Stack, error) {
	out, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if isCode(err, "ValidationError") || err == nil && len(out.Stacks) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoStack, name)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the stack %s: %w", name, err)
	}
	s := newStack(&out.Stacks[0])
	if err := s.read(ctx, client, s.ID, ""); err != nil {
		return nil, err
	}
	if s.resources["ProcessorFunction"] == "" || s.resources["StateTable"] == "" {
		return nil, fmt.Errorf("%w of BucketWatch: %s has no ProcessorFunction and StateTable (status %s)", ErrNoStack, name, s.Status)
	}
	return s, nil
}

func newStack(of *types.Stack) *Stack {
	s := &Stack{
		Name: sdk.ToString(of.StackName), ID: sdk.ToString(of.StackId), Status: string(of.StackStatus), Reason: sdk.ToString(of.StackStatusReason),
		Created: sdk.ToTime(of.CreationTime), Parameters: map[string]string{}, Outputs: map[string]string{}, resources: map[string]string{},
	}
	if arn := strings.SplitN(s.ID, ":", 6); len(arn) == 6 { // arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/NAME/ID
		s.Partition, s.Region, s.Account = arn[1], arn[3], arn[4]
	}
	for _, p := range of.Parameters {
		s.Parameters[sdk.ToString(p.ParameterKey)] = sdk.ToString(p.ParameterValue)
	}
	for _, o := range of.Outputs {
		s.Outputs[sdk.ToString(o.OutputKey)] = sdk.ToString(o.OutputValue)
	}
	return s
}

func (s *Stack) read(ctx context.Context, client CloudFormation, name, nested string) error {
	pages := cloudformation.NewListStackResourcesPaginator(client, &cloudformation.ListStackResourcesInput{StackName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("cannot read the resources of the stack %s: %w", name, err)
		}
		for _, r := range page.StackResourceSummaries {
			logical, id := sdk.ToString(r.LogicalResourceId), sdk.ToString(r.PhysicalResourceId)
			s.resources[nested+logical] = id
			if sdk.ToString(r.ResourceType) == "AWS::CloudFormation::Stack" && nested == "" && id != "" {
				if err := s.read(ctx, client, id, logical+"/"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// id is a resource's name: Trail, or Monitoring/FilesFailed of a nested stack's.
func (s *Stack) id(logical string) string { return s.resources[logical] }

// hasOwnTrail tells whether the stack made log bucket and trail itself.
func (s *Stack) hasOwnTrail() bool { return s.Parameters["ExistingLogBucketName"] == "" }

func (s *Stack) logBucket() string {
	if s.hasOwnTrail() {
		return s.id("LogBucket")
	}
	return s.Parameters["ExistingLogBucketName"]
}

// prefix stands before AWSLogs/ in the log files' keys: empty, or with a slash at its end.
func (s *Stack) prefix() string {
	if p := s.Parameters["LogFilePrefix"]; p != "" {
		return p + "/"
	}
	return ""
}

func (s *Stack) function() string { return s.id("ProcessorFunction") }

func (s *Stack) functionARN() string { return s.arn("lambda", "function:"+s.function()) }

// queueARN is that of a queue by its URL, which is the physical id.
func (s *Stack) queueARN(logical string) string {
	url := s.id(logical)
	return s.arn("sqs", url[strings.LastIndexByte(url, '/')+1:])
}

func (s *Stack) arn(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", s.Partition, service, s.Region, s.Account, resource)
}

// bucketARN ends with the slash that ends the bucket's name.
func (s *Stack) bucketARN(bucket string) string {
	return "arn:" + s.Partition + ":s3:::" + bucket + "/"
}

// isNew tells whether the stack was made so short a time ago that something isn't to be expected yet.
func (s *Stack) isNew(now time.Time, within time.Duration) bool { return now.Sub(s.Created) < within }

// judgeStack judges the last operation.
func judgeStack(s *Stack) Finding {
	f := Finding{Verdict: OK, Fact: fmt.Sprintf("The stack %s in %s is complete (%s).", s.Name, s.Region, s.Status)}
	events := aws(s.Region, "cloudformation", "describe-stack-events", "--stack-name", s.Name, "--query", "StackEvents[?contains(ResourceStatus, `FAILED`)].[LogicalResourceId,ResourceStatusReason]", "--output", "table")
	switch {
	case strings.HasSuffix(s.Status, "_IN_PROGRESS"):
		f.Verdict, f.Fact = Warning, fmt.Sprintf("The stack %s is being changed (%s): what follows may pass.", s.Name, s.Status)
		f.Fix = "Wait for its end, and look again."
	case s.Status == "UPDATE_ROLLBACK_COMPLETE":
		f.Verdict, f.Fact = Warning, fmt.Sprintf("The last update of the stack %s failed and was undone: what was there before runs.", s.Name)
		f.Fix, f.Command = "See why, and deploy again.", events
	case s.Status != "CREATE_COMPLETE" && s.Status != "UPDATE_COMPLETE" && s.Status != "IMPORT_COMPLETE":
		f.Verdict, f.Fact = Fault, fmt.Sprintf("The stack %s is not complete: %s.", s.Name, strings.TrimSuffix(s.Status+" "+s.Reason, " "))
		f.Fix, f.Command = "See why, and deploy again.", events
	}
	return f
}

// judgeNamespace looks for another stack that adds to the same metrics.
func judgeNamespace(s *Stack, stacks []types.Stack) Finding {
	namespace := s.Parameters["Namespace"]
	var others []string
	for i := range stacks {
		other := newStack(&stacks[i])
		if other.ID != s.ID && other.Parameters["Namespace"] == namespace && other.Outputs["RedriveCommand"] != "" {
			others = append(others, other.Name)
		}
	}
	if len(others) == 0 {
		return Finding{Verdict: OK, Fact: fmt.Sprintf("No other stack in %s adds to the metrics of the namespace %s.", s.Region, namespace)}
	}
	return Finding{
		Verdict: Fault, Fact: fmt.Sprintf("%s in %s: both publish in the namespace %s, so that every count is too high.", listed(append([]string{s.Name}, others...)), s.Region, namespace),
		Fix: "Deploy one of them with another Namespace, or remove it (sam delete).",
	}
}

func lookAtNamespace(ctx context.Context, client CloudFormation, s *Stack) ([]Finding, error) {
	var stacks []types.Stack
	pages := cloudformation.NewDescribeStacksPaginator(client, &cloudformation.DescribeStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		stacks = append(stacks, page.Stacks...)
	}
	return []Finding{judgeNamespace(s, stacks)}, nil
}
