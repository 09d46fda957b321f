package project

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"bucketwatch/pkg/pipeline"
)

// number returns a property that is a number, and 0 where there is none.
func (r resource) number(path ...string) int {
	n, _ := strconv.Atoi(r.text(path...))
	return n
}

// checkKept wants evidence to outlive the stack, but not to stay in the way of a creation that failed.
func checkKept(r resource) (faults []string) {
	if text(r.attributes["DeletionPolicy"]) != "RetainExceptOnCreate" {
		faults = append(faults, r.fault("set DeletionPolicy: RetainExceptOnCreate, it is evidence"))
	}
	if text(r.attributes["UpdateReplacePolicy"]) != "Retain" {
		faults = append(faults, r.fault("set UpdateReplacePolicy: Retain, it is evidence"))
	}
	return faults
}

func checkBuckets(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::S3::Bucket") {
		faults = append(faults, checkKept(r)...)
		for _, block := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			if r.text("PublicAccessBlockConfiguration", block) != "true" {
				faults = append(faults, r.fault("block public access: %s: true", block))
			}
		}
		if r.text("BucketEncryption", "ServerSideEncryptionConfiguration", "0", "ServerSideEncryptionByDefault", "SSEAlgorithm") == "" {
			faults = append(faults, r.fault("set BucketEncryption"))
		}
		if r.text("VersioningConfiguration", "Status") != "Enabled" {
			faults = append(faults, r.fault("enable versioning, or a deleted log file is gone"))
		}
		if r.number("LifecycleConfiguration", "Rules", "0", "ExpirationInDays") == 0 {
			faults = append(faults, r.fault("let log files expire: ExpirationInDays"))
		}
		if r.number("LifecycleConfiguration", "Rules", "0", "NoncurrentVersionExpiration", "NoncurrentDays") == 0 {
			faults = append(faults, r.fault("let old versions expire too: NoncurrentVersionExpiration, or nothing ever does"))
		}
		faults = append(faults, checkTLSOnly(s, r)...)
	}
	return faults
}

// checkTLSOnly wants a policy of the bucket to deny what doesn't come by TLS, and to be kept with the bucket.
func checkTLSOnly(s *stack, bucket resource) []string {
	arn := "arn:aws:s3:::" + bucket.text("BucketName")
	for _, policy := range s.byKind("AWS::S3::BucketPolicy") {
		if policy.text("Bucket") != bucket.text("BucketName") {
			continue
		}
		for _, statement := range statements(policy) {
			if text(follow(statement, "Effect")) != "Deny" || text(follow(statement, "Condition", "Bool", "aws:SecureTransport")) != "false" {
				continue
			}
			resources := texts(follow(statement, "Resource"))
			if slices.Contains(resources, arn) && slices.Contains(resources, arn+"/*") &&
				text(follow(statement, "Principal")) == "*" && text(follow(statement, "Action")) == "s3:*" {
				return checkKept(policy)
			}
		}
	}
	return []string{bucket.fault("has no policy that denies everybody s3:* on it and its objects where aws:SecureTransport is false")}
}

// checkLogGroups wants the one class whose lines become metrics, and an end to what is kept.
func checkLogGroups(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::Logs::LogGroup") {
		faults = append(faults, checkKept(r)...)
		if r.text("LogGroupClass") != "STANDARD" {
			faults = append(faults, r.fault("set LogGroupClass: STANDARD, no other class extracts metrics"))
		}
		if r.number("RetentionInDays") == 0 {
			faults = append(faults, r.fault("set RetentionInDays, or lines are kept and paid for ever"))
		}
		if r.text("LogGroupName") != "" {
			faults = append(faults, r.fault("leave the name to CloudFormation: the group is kept, and would be in the next stack's way"))
		}
	}
	return faults
}

func checkQueues(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::SQS::Queue") {
		if r.text("SqsManagedSseEnabled") != "true" && r.text("KmsMasterKeyId") == "" {
			faults = append(faults, r.fault("encrypt it: SqsManagedSseEnabled: true"))
		}
		if r.number("MessageRetentionPeriod") == 0 {
			faults = append(faults, r.fault("set MessageRetentionPeriod"))
		}
	}
	return faults
}

func checkFunctions(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::Serverless::Function") {
		want := func(value string, path ...string) {
			if got := r.text(path...); got != value {
				faults = append(faults, r.fault("%s is %q, want %s", strings.Join(path, "."), got, value))
			}
		}
		want("arm64", "Architectures", "0")
		want("provided.al2023", "Runtime")
		want("Active", "Tracing")
		want("JSON", "LoggingConfig", "LogFormat")
		want("INFO", "LoggingConfig", "ApplicationLogLevel") // metric lines have no level, which counts as INFO
		want("2", "EventInvokeConfig", "MaximumRetryAttempts")
		if group := s.byID(r.text("LoggingConfig", "LogGroup")); group.kind != "AWS::Logs::LogGroup" {
			faults = append(faults, r.fault("set LoggingConfig.LogGroup to a log group of this template, for its retention and class"))
		}
		if s.byARN(r.property("DeadLetterQueue", "TargetArn")).kind != "AWS::SQS::Queue" {
			faults = append(faults, r.fault("set DeadLetterQueue to a queue of this template, or failed events are lost"))
		}
		if r.property("Policies") != nil || r.property("Events") != nil {
			faults = append(faults, r.fault("write role and triggers out: SAM's Policies and Events allow more than is needed"))
		}
		if text(follow(r.attributes, "Metadata", "BuildMethod")) != "makefile" {
			faults = append(faults, r.fault("set BuildMethod: makefile, SAM's builder for Go passes no build tags"))
		}
	}
	return faults
}

// checkRetries wants nothing that failed to get lost on its way: what EventBridge can't hand over, and what a queue
// gives to the function in vain, go to a dead-letter queue.
func checkRetries(s *stack) (faults []string) {
	isQueue := func(arn any) bool { return s.byARN(arn).kind == "AWS::SQS::Queue" }
	for _, r := range s.byKind("AWS::Events::Rule") {
		for _, target := range list(r.property("Targets")) {
			if !isQueue(follow(target, "DeadLetterConfig", "Arn")) {
				faults = append(faults, r.fault("give each target a DeadLetterConfig with a queue of this template"))
			}
		}
	}
	for _, r := range s.byKind("AWS::Lambda::EventSourceMapping") {
		queue := s.byID(strings.TrimSuffix(r.text("EventSourceArn"), ".Arn"))
		if !isQueue(queue.property("RedrivePolicy", "deadLetterTargetArn")) {
			faults = append(faults, r.fault("give its queue %s a RedrivePolicy with a queue of this template", queue.id))
		}
		if r.text("FunctionResponseTypes", "0") != "ReportBatchItemFailures" {
			faults = append(faults, r.fault("set FunctionResponseTypes: [ReportBatchItemFailures], which is what the code answers"))
		}
		if r.text("BatchSize") != "1" {
			faults = append(faults, r.fault("set BatchSize: 1, so that one file's failure is its own"))
		}
		for _, f := range s.byKind("AWS::Serverless::Function") {
			if want := 6 * f.number("Timeout"); queue.number("VisibilityTimeout") < want {
				faults = append(faults, r.fault("the VisibilityTimeout of %s is %d, set at least %d, six times the function's Timeout",
					queue.id, queue.number("VisibilityTimeout"), want))
			}
		}
	}
	return faults
}

// checkTrails wants log files that can be verified, and no trail that records the writing of its own log files.
func checkTrails(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::CloudTrail::Trail") {
		for _, name := range []string{"IsLogging", "EnableLogFileValidation"} {
			if r.text(name) != "true" {
				faults = append(faults, r.fault("set %s: true", name))
			}
		}
		objects := "arn:aws:s3:::" + r.text("S3BucketName") + "/"
		for _, selector := range list(r.property("AdvancedEventSelectors")) {
			selected := map[string]any{}
			for _, field := range list(follow(selector, "FieldSelectors")) {
				selected[text(follow(field, "Field"))] = field
			}
			if text(follow(selected["eventCategory"], "Equals", "0")) != "Data" {
				continue
			}
			without := slices.Contains(texts(follow(selected["resources.ARN"], "NotStartsWith")), objects)
			deletes := cmpTexts(follow(selected["eventName"], "Equals"), "DeleteObject", "DeleteObjects")
			if !without && !deletes {
				faults = append(faults, r.fault("selector %q records the writing of log files, which makes log files: select resources.ARN NotStartsWith %s",
					text(follow(selector, "Name")), objects))
			}
			for _, prefix := range append(texts(follow(selected["resources.ARN"], "StartsWith")), texts(follow(selected["resources.ARN"], "NotStartsWith"))...) {
				if !strings.HasPrefix(prefix, "arn:aws:s3:::") || !strings.HasSuffix(prefix, "/") {
					faults = append(faults, r.fault("selector %q: %s must be the ARN of a bucket and end with a slash, or it is also another bucket's beginning",
						text(follow(selector, "Name")), prefix))
				}
			}
		}
	}
	return faults
}

func cmpTexts(v any, want ...string) bool { return slices.Equal(texts(v), want) }

// forTests are variables that the code reads and no deployment needs.
var forTests = []string{"BUCKETWATCH_CLOCK"}

// checkVariables wants the function to get each variable that the code reads, and no other; and the parameter that a
// variable takes its value from to have the variable's name.
func checkVariables(s *stack) (faults []string) {
	var read []string
	_, _ = pipeline.ConfigFromEnv(func(name string) string {
		if strings.HasPrefix(name, "BUCKETWATCH_") && !slices.Contains(forTests, name) && !slices.Contains(read, name) {
			read = append(read, name)
		}
		return ""
	})
	for _, r := range s.byKind("AWS::Serverless::Function") {
		variables := member(s.root, "Resources", r.id, "Properties", "Environment", "Variables")
		given := names(variables)
		for _, name := range read {
			if !slices.Contains(given, name) {
				faults = append(faults, r.fault("set the variable %s, which the code reads", name))
			}
		}
		for _, name := range given {
			if strings.HasPrefix(name, "BUCKETWATCH_") && !slices.Contains(read, name) {
				faults = append(faults, r.fault("remove the variable %s, which the code doesn't read", name))
			}
			parameter := member(variables, name).Value
			if _, ok := s.parameters[parameter]; ok && parameter != camelCase(strings.TrimPrefix(name, "BUCKETWATCH_")) {
				faults = append(faults, r.fault("%s takes the parameter %s: name it %s", name, parameter, camelCase(strings.TrimPrefix(name, "BUCKETWATCH_"))))
			}
		}
	}
	return faults
}

func camelCase(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		b.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return b.String()
}

// replacing returns an example for each pair of a text and what takes its place in the good example.
func replacing(good string, changes ...[4]string) []example {
	var all []example
	for _, c := range changes {
		if !strings.Contains(good, c[1]) {
			panic("the example in order has no " + c[1])
		}
		all = append(all, example{c[0], strings.Replace(good, c[1], c[2], 1), c[3]})
	}
	return all
}

func TestCheckBuckets(t *testing.T) {
	const good = `
  Logs:
    Type: AWS::S3::Bucket
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      BucketName: logs
      PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
      BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}}]}
      VersioningConfiguration: {Status: Enabled}
      LifecycleConfiguration: {Rules: [{ExpirationInDays: 7, NoncurrentVersionExpiration: {NoncurrentDays: 30}}]}
  Policy:
    Type: AWS::S3::BucketPolicy
    DeletionPolicy: RetainExceptOnCreate # the policy's
    UpdateReplacePolicy: Retain
    Properties:
      Bucket: !Ref Logs
      PolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: cloudtrail.amazonaws.com}, Action: s3:GetBucketAcl, Resource: !GetAtt Logs.Arn}
          - Effect: Deny
            Principal: "*"
            Action: s3:*
            Resource: [!GetAtt Logs.Arn, !Sub "${Logs.Arn}/*"]
            Condition: {Bool: {aws:SecureTransport: "false"}}
`
	testCheck(t, checkBuckets, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"deleted with the stack", "    DeletionPolicy: RetainExceptOnCreate\n", "", "Logs: set DeletionPolicy"},
		[4]string{"replaced", "    UpdateReplacePolicy: Retain\n", "", "Logs: set UpdateReplacePolicy"},
		[4]string{"policy deleted", "RetainExceptOnCreate # the", "Delete # the", "Policy: set DeletionPolicy"},
		[4]string{"public", "IgnorePublicAcls: true", "IgnorePublicAcls: false", "IgnorePublicAcls: true"},
		[4]string{"plain", "{SSEAlgorithm: AES256}", "{}", "set BucketEncryption"},
		[4]string{"unversioned", "Status: Enabled", "Status: Suspended", "enable versioning"},
		[4]string{"for ever", "ExpirationInDays: 7, ", "", "let log files expire"},
		[4]string{"old versions for ever", "{NoncurrentDays: 30}", "{}", "let old versions expire"},
		[4]string{"no TLS", `"false"`, `"true"`, "aws:SecureTransport is false"},
		[4]string{"TLS for the bucket alone", `, !Sub "${Logs.Arn}/*"]`, `]`, "aws:SecureTransport is false"},
		[4]string{"TLS for reads alone", "s3:*", "s3:GetObject", "aws:SecureTransport is false"},
		[4]string{"policy of another bucket", "!Ref Logs", "other", "aws:SecureTransport is false"},
	))
}

func TestCheckLogGroups(t *testing.T) {
	const good = `
  Log:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties: {LogGroupClass: STANDARD, RetentionInDays: 30}
`
	testCheck(t, checkLogGroups, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"deleted with the stack", "RetainExceptOnCreate", "Delete", "set DeletionPolicy"},
		[4]string{"class", "STANDARD", "INFREQUENT_ACCESS", "set LogGroupClass: STANDARD"},
		[4]string{"for ever", ", RetentionInDays: 30", "", "set RetentionInDays"},
		[4]string{"name", "RetentionInDays", "LogGroupName: /aws/lambda/x, RetentionInDays", "leave the name"},
	))
}

func TestCheckQueues(t *testing.T) {
	const good = "  Queue: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true, MessageRetentionPeriod: 60}}"
	testCheck(t, checkQueues, []example{
		{"in order", good, ""},
		{"own key", strings.Replace(good, "SqsManagedSseEnabled: true", "KmsMasterKeyId: alias/x", 1), ""},
	}, replacing(good,
		[4]string{"plain", "SqsManagedSseEnabled: true, ", "", "encrypt it"},
		[4]string{"retention", ", MessageRetentionPeriod: 60", "", "set MessageRetentionPeriod"},
	))
}

func TestCheckFunctions(t *testing.T) {
	const good = `
  Log: {Type: AWS::Logs::LogGroup}
  Queue: {Type: AWS::SQS::Queue}
  Function:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile}
    Properties:
      Runtime: provided.al2023
      Architectures: [arm64]
      Tracing: Active
      LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: INFO, LogGroup: !Ref Log}
      EventInvokeConfig: {MaximumRetryAttempts: 2}
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}
`
	testCheck(t, checkFunctions, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"architecture", "arm64", "x86_64", `Architectures.0 is "x86_64", want arm64`},
		[4]string{"runtime", "al2023", "al2", "Runtime"},
		[4]string{"tracing", "Active", "PassThrough", "Tracing"},
		[4]string{"log format", "JSON", "Text", "LogFormat"},
		[4]string{"log level", "INFO", "WARN", "ApplicationLogLevel"},
		[4]string{"log group", "!Ref Log}", "/aws/lambda/x}", "LogGroup"},
		[4]string{"retries", "MaximumRetryAttempts: 2", "MaximumRetryAttempts: 0", "MaximumRetryAttempts"},
		[4]string{"no dead-letter queue", "      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}\n", "", "set DeadLetterQueue"},
		[4]string{"log group as dead-letter queue", "Queue.Arn", "Log.Arn", "set DeadLetterQueue"},
		[4]string{"managed policy", "      Tracing", "      Policies: [AWSLambdaExecute]\n      Tracing", "write role and triggers out"},
		[4]string{"build", "makefile", "go1.x", "BuildMethod"},
	))
}

func TestCheckRetries(t *testing.T) {
	const good = `
  Function: {Type: AWS::Serverless::Function, Properties: {Timeout: 10}}
  Dead: {Type: AWS::SQS::Queue}
  Retry: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 60, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn}}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Retry.Arn, BatchSize: 1, FunctionResponseTypes: [ReportBatchItemFailures]}
  Rule: {Type: AWS::Events::Rule, Properties: {Targets: [{Arn: !GetAtt Function.Arn, DeadLetterConfig: {Arn: !GetAtt Dead.Arn}}]}}
`
	testCheck(t, checkRetries, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"rule", ", DeadLetterConfig: {Arn: !GetAtt Dead.Arn}", "", "give each target a DeadLetterConfig"},
		[4]string{"redrive", "deadLetterTargetArn: !GetAtt Dead.Arn", "", "give its queue Retry a RedrivePolicy"},
		[4]string{"answers", "[ReportBatchItemFailures]", "[]", "set FunctionResponseTypes"},
		[4]string{"batch", "BatchSize: 1", "BatchSize: 10", "set BatchSize: 1"},
		[4]string{"visibility", "VisibilityTimeout: 60", "VisibilityTimeout: 59", "is 59, set at least 60"},
	))
}

func TestCheckTrails(t *testing.T) {
	const good = `
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      S3BucketName: logs
      IsLogging: true
      EnableLogFileValidation: true
      AdvancedEventSelectors:
        - Name: data
          FieldSelectors: [{Field: eventCategory, Equals: [Data]}, {Field: resources.ARN, NotStartsWith: ["arn:aws:s3:::logs/"], StartsWith: ["arn:aws:s3:::photos/"]}]
        - Name: deletes
          FieldSelectors: [{Field: eventCategory, Equals: [Data]}, {Field: eventName, Equals: [DeleteObject, DeleteObjects]}]
        - Name: management
          FieldSelectors: [{Field: eventCategory, Equals: [Management]}]
`
	testCheck(t, checkTrails, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"off", "IsLogging: true", "IsLogging: false", "set IsLogging: true"},
		[4]string{"not validated", "      EnableLogFileValidation: true\n", "", "set EnableLogFileValidation: true"},
		[4]string{"feeds itself", `NotStartsWith: ["arn:aws:s3:::logs/"], `, "", "selector \"data\" records the writing of log files"},
		[4]string{"too many deletes", "DeleteObject, ", "PutObject, DeleteObject, ", "selector \"deletes\" records the writing of log files"},
		[4]string{"no slash", "photos/", "photos", "end with a slash"},
		[4]string{"no ARN", "arn:aws:s3:::photos/", "photos/", "must be the ARN of a bucket"},
	))
}

func TestCheckVariables(t *testing.T) {
	const good = `
  Topic: {Type: AWS::SNS::Topic}
  Table: {Type: AWS::DynamoDB::Table}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          BUCKETWATCH_METRICS: !Ref Metrics
          BUCKETWATCH_BUCKETS: "*"
          BUCKETWATCH_NAMESPACE: x
          BUCKETWATCH_TABLE: !Ref Table
          BUCKETWATCH_ALERTS_TOPIC: !Ref Topic
          BUCKETWATCH_ALERT_SEVERITY: !Ref AlertSeverity
          AWS_XRAY_CONTEXT_MISSING: IGNORE_ERROR
Parameters:
  Metrics: {Default: full}
  Buckets: {Default: "*"}
  AlertSeverity: {Default: HIGH}
`
	testCheck(t, checkVariables, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"missing", "          BUCKETWATCH_METRICS: !Ref Metrics\n", "", "set the variable BUCKETWATCH_METRICS"},
		[4]string{"unread", "BUCKETWATCH_BUCKETS", "BUCKETWATCH_COLOUR: x\n          BUCKETWATCH_BUCKETS", "remove the variable BUCKETWATCH_COLOUR"},
		[4]string{"for tests", "BUCKETWATCH_BUCKETS", "BUCKETWATCH_CLOCK: x\n          BUCKETWATCH_BUCKETS", "remove the variable BUCKETWATCH_CLOCK"},
		[4]string{"another name", "!Ref Metrics", "!Ref Buckets", "BUCKETWATCH_METRICS takes the parameter Buckets: name it Metrics"},
	))
}
