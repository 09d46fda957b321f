package project

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bucketwatch/pkg/trigger"
)

// checkTables wants a table that costs nothing while nothing happens, holds what the code puts there, and goes with the
// stack: the log files stay, and can give it all again.
func checkTables(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::DynamoDB::Table") {
		say := func(format string, args ...any) { faults = append(faults, r.fault(format, args...)) }
		if r.text("BillingMode") != "PAY_PER_REQUEST" {
			say("set BillingMode: PAY_PER_REQUEST, provisioned capacity is paid for day and night")
		}
		keys := map[string]string{}
		for _, k := range list(r.property("KeySchema")) {
			keys[text(follow(k, "KeyType"))] = text(follow(k, "AttributeName"))
		}
		if !maps.Equal(keys, map[string]string{"HASH": "pk", "RANGE": "sk"}) {
			say("its keys are %v, want pk (HASH) and sk (RANGE)", keys)
		}
		for _, a := range list(r.property("AttributeDefinitions")) {
			if text(follow(a, "AttributeType")) != "S" {
				say("its key %s is no string", text(follow(a, "AttributeName")))
			}
		}
		if r.text("TimeToLiveSpecification", "AttributeName") != "expires" || r.text("TimeToLiveSpecification", "Enabled") != "true" {
			say("set TimeToLiveSpecification: {AttributeName: expires, Enabled: true}, or items are kept and paid for ever")
		}
		if r.text("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") == "true" {
			say("leave point-in-time recovery off: the log files are the backup")
		}
		if r.property("SSESpecification") != nil {
			say("leave SSESpecification out: each other key than DynamoDB's own is paid for by the request")
		}
		for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			if text(r.attributes[policy]) != "Delete" {
				say("set %s: Delete, the log files are the backup", policy)
			}
		}
		if r.text("TableName") != "" {
			say("leave the name to CloudFormation, or a table with other keys could not replace it")
		}
	}
	return faults
}

// scheduledTime is what EventBridge Scheduler replaces in a schedule's input.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
const scheduledTime = "<aws.scheduler.scheduled-time>"

// checkSchedules wants a tick every minute that the code understands, by a role that may do that one thing.
func checkSchedules(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::Scheduler::Schedule") {
		say := func(format string, args ...any) { faults = append(faults, r.fault(format, args...)) }
		want := func(value string, path ...string) {
			if got := r.text(path...); got != value {
				say("%s is %q, want %s", strings.Join(path, "."), got, value)
			}
		}
		want("rate(1 minute)", "ScheduleExpression")
		want("OFF", "FlexibleTimeWindow", "Mode")
		want("0", "Target", "RetryPolicy", "MaximumRetryAttempts") // the next tick does what one left
		if r.text("State") == "DISABLED" {
			say("enable it")
		}
		if s.byARN(r.property("Target", "Arn")).kind != "AWS::Serverless::Function" {
			say("set Target.Arn to a function of this template")
		}
		at := time.Date(2026, 11, 20, 10, 35, 0, 0, time.UTC)
		input := strings.ReplaceAll(r.text("Target", "Input"), scheduledTime, at.Format(time.RFC3339))
		asked, err := trigger.Parse([]byte(input))
		if err != nil {
			say("the code doesn't understand its Input: %v", err)
		} else if m := asked.Messages[0]; m.Tick == nil || !m.Tick.Time.Equal(at) {
			say("its Input is no tick with the time %s in it", scheduledTime)
		}
		role := s.byARN(r.property("Target", "RoleArn"))
		if role.kind != "AWS::IAM::Role" {
			say("set Target.RoleArn to a role of this template")
			continue
		}
		group := s.byID(r.text("GroupName"))
		if group.kind != "AWS::Scheduler::ScheduleGroup" {
			say("set GroupName to a group of this template, which its role can be narrowed to")
			continue
		}
		faults = append(faults, checkTickRole(role, r.text("Target", "Arn"), group.id+".Arn")...)
	}
	return faults
}

// checkTickRole wants the role to be assumed by Scheduler for the one group of this account alone, and to invoke the one
// function. AWS takes a group's ARN there, and no schedule's.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
func checkTickRole(role resource, function, group string) (faults []string) {
	trust := list(role.property("AssumeRolePolicyDocument", "Statement"))
	if len(trust) != 1 || text(follow(trust[0], "Principal", "Service")) != "scheduler.amazonaws.com" || text(follow(trust[0], "Action")) != "sts:AssumeRole" {
		faults = append(faults, role.fault("let scheduler.amazonaws.com assume it, and nobody else"))
	} else if text(follow(trust[0], "Condition", "StringEquals", "aws:SourceAccount")) != pseudo["AWS::AccountId"] {
		faults = append(faults, role.fault("let Scheduler assume it for this account alone: a Condition StringEquals on aws:SourceAccount"))
	} else if text(follow(trust[0], "Condition", "StringEquals", "aws:SourceArn")) != group {
		faults = append(faults, role.fault("let Scheduler assume it for %s alone: a Condition StringEquals on aws:SourceArn", group))
	}
	var granted []string
	for _, policy := range list(role.property("Policies")) {
		for _, statement := range list(follow(policy, "PolicyDocument", "Statement")) {
			for _, action := range texts(follow(statement, "Action")) {
				for _, resource := range texts(follow(statement, "Resource")) {
					granted = append(granted, action+" on "+resource)
				}
			}
		}
	}
	if want := []string{"lambda:InvokeFunction on " + function}; !slices.Equal(granted, want) || role.property("ManagedPolicyArns") != nil {
		faults = append(faults, role.fault("allows %q, want %q and no managed policy", granted, want))
	}
	return faults
}

// There is one table and one schedule, however the template is deployed: without them nothing is judged.
func TestStateAndTick(t *testing.T) {
	main, nested := readTemplates(t)
	for _, d := range deployments {
		stacks := deploy(main, nested, d.parameters)
		for _, kind := range []string{"AWS::DynamoDB::Table", "AWS::Scheduler::Schedule"} {
			n := 0
			for _, s := range stacks {
				n += len(s.byKind(kind))
			}
			if n != 1 {
				t.Errorf("%s: %d resources %s, want 1", d.name, n, kind)
			}
		}
		outer := stacks[0]
		function := outer.byID("ProcessorFunction")
		for variable, want := range map[string]string{"BUCKETWATCH_TABLE": "StateTable", "BUCKETWATCH_ALERT_SEVERITY": outer.parameters["AlertSeverity"]} {
			if got := function.text("Environment", "Variables", variable); got != want {
				t.Errorf("%s: %s = %q, want %q", d.name, variable, got, want)
			}
		}
	}
}

func TestCheckTables(t *testing.T) {
	const good = `
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      TimeToLiveSpecification: {AttributeName: expires, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: false}
`
	testCheck(t, checkTables, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"provisioned", "PAY_PER_REQUEST", "PROVISIONED", "set BillingMode"},
		[4]string{"another key", "{AttributeName: pk, KeyType: HASH}", "{AttributeName: id, KeyType: HASH}", "want pk (HASH) and sk (RANGE)"},
		[4]string{"no sort key", ", {AttributeName: sk, KeyType: RANGE}", "", "want pk (HASH) and sk (RANGE)"},
		[4]string{"number as key", "{AttributeName: sk, AttributeType: S}", "{AttributeName: sk, AttributeType: N}", "sk is no string"},
		[4]string{"for ever", "Enabled: true", "Enabled: false", "set TimeToLiveSpecification"},
		[4]string{"another attribute", "AttributeName: expires", "AttributeName: ttl", "set TimeToLiveSpecification"},
		[4]string{"backups", "PointInTimeRecoveryEnabled: false", "PointInTimeRecoveryEnabled: true", "leave point-in-time recovery off"},
		[4]string{"key of KMS", "      BillingMode", "      SSESpecification: {SSEEnabled: true}\n      BillingMode", "leave SSESpecification out"},
		[4]string{"kept", "DeletionPolicy: Delete", "DeletionPolicy: Retain", "set DeletionPolicy: Delete"},
		[4]string{"kept when replaced", "UpdateReplacePolicy: Delete", "UpdateReplacePolicy: Retain", "set UpdateReplacePolicy: Delete"},
		[4]string{"name", "      BillingMode", "      TableName: x\n      BillingMode", "leave the name"},
	))
}

func TestCheckSchedules(t *testing.T) {
	const good = `
  Function: {Type: AWS::Serverless::Function}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: scheduler.amazonaws.com}
            Action: sts:AssumeRole
            Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId, aws:SourceArn: !GetAtt Group.Arn}}
      Policies:
        - PolicyDocument: {Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Function.Arn}]}
  Group: {Type: AWS::Scheduler::ScheduleGroup}
  Tick:
    Type: AWS::Scheduler::Schedule
    Properties:
      GroupName: !Ref Group
      ScheduleExpression: rate(1 minute)
      FlexibleTimeWindow: {Mode: "OFF"}
      Target:
        Arn: !GetAtt Function.Arn
        RoleArn: !GetAtt Role.Arn
        Input: '{"bucketwatch":"tick","time":"<aws.scheduler.scheduled-time>"}'
        RetryPolicy: {MaximumRetryAttempts: 0}
`
	testCheck(t, checkSchedules, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"rarely", "rate(1 minute)", "rate(5 minutes)", `ScheduleExpression is "rate(5 minutes)"`},
		[4]string{"some time", `"OFF"`, "FLEXIBLE", `FlexibleTimeWindow.Mode is "FLEXIBLE"`},
		[4]string{"retries", "MaximumRetryAttempts: 0", "MaximumRetryAttempts: 3", "MaximumRetryAttempts"},
		[4]string{"off", "      ScheduleExpression", "      State: DISABLED\n      ScheduleExpression", "Tick: enable it"},
		[4]string{"not understood", `"tick"`, `"tock"`, "doesn't understand its Input"},
		[4]string{"no tick", `"tick"`, `"test-alert"`, "is no tick with the time"},
		[4]string{"no time", `,"time":"<aws.scheduler.scheduled-time>"`, "", "is no tick with the time"},
		[4]string{"misspelt time", "<aws.scheduler.scheduled-time>", "<aws.scheduler.time>", "doesn't understand its Input"},
		[4]string{"no role", "RoleArn: !GetAtt Role.Arn", "RoleArn: arn:aws:iam::111122223333:role/x", "set Target.RoleArn"},
		[4]string{"role of another service", "Service: scheduler.amazonaws.com", "Service: events.amazonaws.com", "Role: let scheduler.amazonaws.com assume it"},
		[4]string{"for any account", "aws:SourceAccount: !Ref AWS::AccountId", "aws:SourceAccount: x", "for this account alone"},
		[4]string{"the default group", "      GroupName: !Ref Group\n", "", "Tick: set GroupName"},
		[4]string{"for any schedule", ", aws:SourceArn: !GetAtt Group.Arn", "", "assume it for Group.Arn alone"},
		[4]string{"for a schedule, which AWS does not take", "!GetAtt Group.Arn", "!GetAtt Tick.Arn", "assume it for Group.Arn alone"},
		[4]string{"all functions", "Resource: !GetAtt Function.Arn", `Resource: "*"`, `want ["lambda:InvokeFunction on Function.Arn"]`},
		[4]string{"more", "Action: lambda:InvokeFunction", "Action: [lambda:InvokeFunction, lambda:GetFunction]", "lambda:GetFunction"},
		[4]string{"managed policy", "      Policies:", "      ManagedPolicyArns: [x]\n      Policies:", "no managed policy"},
	))
}
