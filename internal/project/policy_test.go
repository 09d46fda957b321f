package project

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// statements returns the statements of a policy resource.
func statements(r resource) []any {
	return list(r.property("PolicyDocument", "Statement"))
}

// Every wildcard in what is allowed has its reason beside it.
func TestWildcards(t *testing.T) {
	main, nested := readTemplates(t)
	nested[main.name] = main
	for _, tmpl := range nested {
		report(t, "wildcards", checkWildcards(tmpl))
	}
}

// checkWildcards wants a comment behind or right above a wildcard that an Allow statement has in Action, Resource or
// Principal: on its line, its member's, or its statement's.
func checkWildcards(t *template) (faults []string) {
	walk(t.root, func(statement *yaml.Node) {
		if effect := member(statement, "Effect"); effect == nil || effect.Value != "Allow" {
			return
		}
		for key, value := range members(statement) {
			switch key.Value {
			case "NotAction", "NotResource", "NotPrincipal":
				faults = append(faults, fmt.Sprintf("%s: %s allows all else: name what is allowed", t.at(key), key.Value))
			case "Action", "Resource", "Principal":
				walk(value, func(n *yaml.Node) {
					explained := t.commented[n.Line] || t.commented[key.Line] || t.commented[statement.Line]
					if n.Kind == yaml.ScalarNode && strings.ContainsAny(n.Value, "*?") && !explained {
						faults = append(faults, fmt.Sprintf("%s: %s %s: say in a comment why it can't be narrower", t.at(n), key.Value, n.Value))
					}
				})
			}
		}
	})
	return faults
}

// checkPermissions wants each permission to invoke a function to name who may: else anybody's bucket or rule could.
func checkPermissions(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::Lambda::Permission") {
		if r.text("SourceArn") == "" {
			faults = append(faults, r.fault("set SourceArn"))
		}
		if r.text("Principal") == "s3.amazonaws.com" && r.text("SourceAccount") != pseudo["AWS::AccountId"] {
			faults = append(faults, r.fault("set SourceAccount: !Ref AWS::AccountId, a bucket's ARN names no account"))
		}
	}
	return faults
}

// checkServices wants each policy that lets a service in to say on whose behalf: a service serves everybody.
func checkServices(s *stack) (faults []string) {
	for _, kind := range []string{"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"} {
		for _, r := range s.byKind(kind) {
			for _, statement := range statements(r) {
				service := follow(statement, "Principal", "Service")
				if service == nil || text(follow(statement, "Effect")) != "Allow" {
					continue
				}
				limited := false
				for _, keys := range asMap(follow(statement, "Condition")) {
					for key := range asMap(keys) {
						limited = limited || key == "aws:SourceArn" || key == "aws:SourceAccount"
					}
				}
				if !limited {
					faults = append(faults, r.fault("limit %v to this account's: a Condition on aws:SourceArn or aws:SourceAccount", service))
				}
			}
		}
	}
	return faults
}

var ownBucket = regexp.MustCompile(`bucketwatch-[0-9]{12}-[a-z0-9-]*`)

// checkLogBucketName wants the log bucket's name, which stands in several places since a reference would be circular,
// to be the same everywhere, and to be a name that S3 takes.
func checkLogBucketName(s *stack) (faults []string) {
	bucket := s.byID("LogBucket").text("BucketName")
	if bucket == "" {
		bucket = s.parameters["LogBucketName"] // in the nested stack
	}
	if bucket != "" && !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`).MatchString(bucket) {
		faults = append(faults, s.byID("LogBucket").fault("%q is no legal name of a bucket", bucket))
	}
	for _, r := range s.resources {
		eachText(r.attributes, func(v string) {
			for _, name := range ownBucket.FindAllString(v, -1) {
				if name != bucket {
					faults = append(faults, r.fault("names the log bucket %s, but it is %q", name, bucket))
				}
			}
		})
	}
	return faults
}

// grants are what the function is allowed beside the calls of its code: what Lambda does in its name.
var grants = map[string]struct{ resource, why string }{
	"logs:CreateLogStream":     {"ProcessorLogGroup.Arn", "Lambda writes the log"},
	"logs:PutLogEvents":        {"ProcessorLogGroup.Arn", "Lambda writes the log"},
	"sqs:SendMessage":          {"DeadLetterQueue.Arn", "Lambda puts failed events there"},
	"sqs:ReceiveMessage":       {"RetryQueue.Arn", "Lambda polls it"},
	"sqs:DeleteMessage":        {"RetryQueue.Arn", "Lambda deletes what succeeded"},
	"sqs:GetQueueAttributes":   {"RetryQueue.Arn", "Lambda polls it"},
	"xray:PutTraceSegments":    {"*", "the X-Ray daemon sends segments; the action knows no resource"},
	"xray:PutTelemetryRecords": {"*", "the X-Ray daemon sends its own numbers; the action knows no resource"},
	"kms:Decrypt":              {"ExistingLogBucketKmsKeyArn", "S3 decrypts log files with the caller's permission; only where there is a key"},
}

// callResources says what each call of the code may be about.
var callResources = map[string]string{
	"s3:GetObject":            "log files", // and digests
	"sns:Publish":             "AlertsTopic",
	"dynamodb:GetItem":        "StateTable.Arn",
	"dynamodb:Query":          "StateTable.Arn",
	"dynamodb:PutItem":        "StateTable.Arn",
	"dynamodb:BatchWriteItem": "StateTable.Arn",
	"dynamodb:DeleteItem":     "StateTable.Arn",
}

// checkPolicy wants the function's role to allow the calls that the code makes, what Lambda does for the function,
// and nothing else; each on its one resource.
func checkPolicy(s *stack, calls []string) (faults []string) {
	role := s.byID("ProcessorRole")
	if role.property("ManagedPolicyArns") != nil {
		faults = append(faults, role.fault("write the statements out: managed policies allow more than is needed"))
	}
	folders := "arn:aws:s3:::" + s.byID("LogBucket").text("BucketName") + "/AWSLogs/111122223333/"
	if existing := s.parameters["ExistingLogBucketName"]; existing != "" {
		prefix := s.parameters["LogFilePrefix"]
		if prefix != "" {
			prefix += "/"
		}
		folders = "arn:aws:s3:::" + existing + "/" + prefix + "AWSLogs/*/"
	}
	logFiles := folders + "CloudTrail/* and " + folders + "CloudTrail-Digest/*"
	got := map[string]string{}
	for _, policy := range list(role.property("Policies")) {
		for _, statement := range list(follow(policy, "PolicyDocument", "Statement")) {
			for _, action := range texts(follow(statement, "Action")) {
				resources := texts(follow(statement, "Resource"))
				if earlier := got[action]; earlier != "" {
					resources = append(resources, earlier)
				}
				got[action] = strings.Join(resources, " and ")
			}
		}
	}
	want := map[string]string{}
	for action, grant := range grants {
		want[action] = grant.resource
	}
	delete(want, "kms:Decrypt")
	if key := s.parameters["ExistingLogBucketKmsKeyArn"]; key != "" {
		want["kms:Decrypt"] = key
	}
	for _, call := range calls {
		want[call] = callResources[call]
		switch want[call] {
		case "":
			faults = append(faults, role.fault("the code calls %s: say in callResources on what", call))
			want[call] = got[call]
		case "log files":
			want[call] = logFiles
		}
	}
	for _, action := range slices.Sorted(maps.Keys(want)) {
		switch resource, ok := got[action]; {
		case !ok && slices.Contains(calls, action):
			faults = append(faults, role.fault("allow %s on %s: the code calls it", action, want[action]))
		case !ok:
			faults = append(faults, role.fault("allow %s on %s: %s", action, want[action], grants[action].why))
		case resource != want[action]:
			faults = append(faults, role.fault("%s is allowed on %s, want %s", action, resource, want[action]))
		}
	}
	for _, action := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[action]; !ok {
			faults = append(faults, role.fault("%s is allowed, but neither the code nor Lambda calls it", action))
		}
	}
	return faults
}

// callsOfTheCode returns the AWS calls of the function's code as IAM names them: each takes an Input of the SDK, named
// for the operation.
func callsOfTheCode(t *testing.T) []string {
	t.Helper()
	// What the function is made of, and not what only the operator's command is.
	command := exec.Command("go", "list", "-deps", "-f", `{{if .Module}}{{if .Module.Main}}{{$p := .}}{{range .GoFiles}}{{$p.Dir}}/{{.}}
{{end}}{{end}}{{end}}`, "./functions/processor")
	command.Dir = inRoot("")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("cannot list the function's files: %v", err)
	}
	var calls []string
	for name := range strings.FieldsFuncSeq(string(out), func(r rune) bool { return r == '\n' }) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, sdkCalls(file)...)
	}
	slices.Sort(calls)
	return slices.Compact(calls)
}

const sdkServices = "github.com/aws/aws-sdk-go-v2/service/"

func sdkCalls(file *ast.File) (calls []string) {
	services := map[string]string{} // by the name in the file
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if service, ok := strings.CutPrefix(imported, sdkServices); ok && !strings.Contains(service, "/") {
			name := path.Base(imported)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			services[name] = service
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := selector.X.(*ast.Ident); ok && services[pkg.Name] != "" {
				if operation, ok := strings.CutSuffix(selector.Sel.Name, "Input"); ok {
					calls = append(calls, services[pkg.Name]+":"+operation)
				}
			}
		}
		return true
	})
	return calls
}

func TestSDKCalls(t *testing.T) {
	const source = `package x
import (
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	queue "github.com/aws/aws-sdk-go-v2/service/sqs"
)
type S3 interface { GetObject(*s3.GetObjectInput) *s3.GetObjectOutput }
func f(c *queue.Client) { c.SendMessage(&queue.SendMessageInput{}); _ = types.ObjectInput{}; _ = other.PutInput{} }
`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s3:GetObject", "sqs:SendMessage"}, sdkCalls(file)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestCheckWildcards(t *testing.T) {
	run := func(e example) []string { return checkWildcards(parseTemplate(t, "x.yaml", "Statement:\n"+e.yaml)) }
	testExamples(t, run, []example{
		{"no wildcard", "- {Effect: Allow, Action: s3:GetObject, Resource: x}", ""},
		{"behind it", "- Effect: Allow\n  Action: s3:GetObject\n  Resource: x/* # because", ""},
		{"above it", "- Effect: Allow\n  # because\n  Resource: x/*", ""},
		{"above the member", "- Effect: Allow\n  # because\n  Resource:\n    - x\n    - y/*", ""},
		{"above the statement", "# because\n- {Effect: Allow, Action: 'x:*', Resource: '*'}", ""},
		{"behind the statement", "- {Effect: Allow, Action: 'x:Put', Resource: '*'} # because", ""},
		{"denied", "- {Effect: Deny, Action: '*', Resource: '*', Principal: '*'}", ""},
		{"in a condition", "- {Effect: Allow, Action: x, Resource: y, Condition: {StringLike: {a: 'b*'}}}", ""},
	}, []example{
		{"resource", "- {Effect: Allow, Action: s3:GetObject, Resource: '*'}", "x.yaml:2: Resource *: say in a comment why"},
		{"action", "- {Effect: Allow, Action: [s3:Get*], Resource: x}", "Action s3:Get*"},
		{"principal", "- {Effect: Allow, Principal: {AWS: '*'}, Action: x, Resource: y}", "Principal *"},
		{"in a function", "- Effect: Allow\n  Resource: !If [A, !Sub ['${B}/*', {B: x}], y]", "Resource ${B}/*"},
		{"comment of another member", "- Effect: Allow\n  # because\n  Action: x\n  Resource: y*", "Resource y*"},
		{"comment of another statement", "# because\n- {Effect: Allow, Resource: 'x*'}\n- {Effect: Allow, Resource: 'y*'}", "Resource y*"},
		{"hash in a string", "- {Effect: Allow, Resource: 'x # y*'}", "Resource x # y*"},
		{"all but", "- {Effect: Allow, NotAction: x, Resource: y}", "NotAction allows all else"},
	})
}

func TestCheckPermissions(t *testing.T) {
	const good = `
  S3: {Type: AWS::Lambda::Permission, Properties: {Principal: s3.amazonaws.com, SourceArn: x, SourceAccount: !Ref AWS::AccountId}}
  Events: {Type: AWS::Lambda::Permission, Properties: {Principal: events.amazonaws.com, SourceArn: y}}
`
	testCheck(t, checkPermissions, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"no source", ", SourceArn: y", "", "Events: set SourceArn"},
		[4]string{"no account", ", SourceAccount: !Ref AWS::AccountId", "", "S3: set SourceAccount"},
	))
}

func TestCheckServices(t *testing.T) {
	const good = `
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      PolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: events.amazonaws.com}, Condition: {ArnEquals: {aws:SourceArn: x}}}
          - {Effect: Deny, Principal: "*"}
`
	testCheck(t, checkServices, []example{
		{"in order", good, ""},
		{"account", strings.Replace(good, "ArnEquals: {aws:SourceArn", "StringEquals: {aws:SourceAccount", 1), ""},
	}, replacing(good,
		[4]string{"unlimited", ", Condition: {ArnEquals: {aws:SourceArn: x}}", "", "limit events.amazonaws.com to this account's"},
		[4]string{"limited by something else", "aws:SourceArn", "aws:PrincipalTag/x", "limit events.amazonaws.com"},
		[4]string{"topic", "AWS::SQS::QueuePolicy\n    Properties:\n      PolicyDocument:\n        Statement:\n",
			"AWS::SNS::TopicPolicy\n    Properties:\n      PolicyDocument:\n        Statement:\n          - {Effect: Allow, Principal: {Service: s3.amazonaws.com}}\n",
			"limit s3.amazonaws.com"},
	))
}

func TestCheckLogBucketName(t *testing.T) {
	const good = `
  LogBucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "bucketwatch-${AWS::AccountId}-a"}}
  Role: {Type: AWS::IAM::Role, Properties: {Resource: !Sub "arn:aws:s3:::bucketwatch-${AWS::AccountId}-a/AWSLogs/*"}}
`
	testCheck(t, checkLogBucketName, []example{{"in order", good, ""}}, append(replacing(good,
		[4]string{"another", "-a/AWSLogs", "-b/AWSLogs", "Role: names the log bucket bucketwatch-111122223333-b"},
	), example{"capitals", "  LogBucket: {Type: AWS::S3::Bucket, Properties: {BucketName: Logs}}", "is no legal name"}))
}

func TestCheckPolicy(t *testing.T) {
	const good = `
  LogBucket: {Type: AWS::S3::Bucket, Properties: {BucketName: logs}}
  Log: {Type: AWS::Logs::LogGroup}
  ProcessorRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - {Effect: Allow, Action: s3:GetObject, Resource: [!Sub "${LogBucket.Arn}/AWSLogs/111122223333/CloudTrail/*", !Sub "${LogBucket.Arn}/AWSLogs/111122223333/CloudTrail-Digest/*"]}
              - {Effect: Allow, Action: [logs:CreateLogStream, logs:PutLogEvents], Resource: ProcessorLogGroup.Arn}
              - {Effect: Allow, Action: sqs:SendMessage, Resource: DeadLetterQueue.Arn}
              - {Effect: Allow, Action: [sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes], Resource: RetryQueue.Arn}
              - {Effect: Allow, Action: [xray:PutTraceSegments, xray:PutTelemetryRecords], Resource: "*"}
`
	c := func(s *stack) []string { return checkPolicy(s, []string{"s3:GetObject"}) }
	testCheck(t, c, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"call not allowed", "Action: s3:GetObject", "Action: []", "allow s3:GetObject on arn:aws:s3:::logs/AWSLogs/111122223333/CloudTrail/* and arn:aws:s3:::logs/AWSLogs/111122223333/CloudTrail-Digest/*: the code calls it"},
		[4]string{"Lambda not allowed", "logs:PutLogEvents", "", "allow logs:PutLogEvents on ProcessorLogGroup.Arn: Lambda writes the log"},
		[4]string{"more than called", "s3:GetObject", "[s3:GetObject, s3:PutObject]", "s3:PutObject is allowed, but neither"},
		[4]string{"key where there is none", "s3:GetObject", "[s3:GetObject, kms:Decrypt]", "kms:Decrypt is allowed, but neither"},
		[4]string{"wider", "/AWSLogs/111122223333/CloudTrail/*", "/*", "s3:GetObject is allowed on arn:aws:s3:::logs/* and"},
		[4]string{"elsewhere too", "Action: sqs:SendMessage", "Action: [sqs:SendMessage, sqs:ReceiveMessage]", "sqs:ReceiveMessage is allowed on"},
		[4]string{"managed policy", "      Policies:", "      ManagedPolicyArns: [x]\n      Policies:", "write the statements out"},
	))
	unknown := func(s *stack) []string { return checkPolicy(s, []string{"s3:GetObject", "s3:PutObject"}) }
	testCheck(t, unknown, nil, []example{{"new call",
		strings.Replace(good, "s3:GetObject", "[s3:GetObject, s3:PutObject]", 1), "the code calls s3:PutObject: say in callResources"}})
}
