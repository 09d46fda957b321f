package project

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// The template is deployed in each of these ways. The namespace is not the default, so that one that is spelt out
// instead of referred to is found.
var deployments = []struct {
	name       string
	parameters map[string]string
}{
	{"defaults", nil},
	{"metrics none", map[string]string{"Metrics": "none", "Namespace": "Watch/two"}},
	{"metrics full", map[string]string{"Metrics": "full", "Namespace": "Watch/two", "AlertEmail": "you@example.com"}},
	{"some buckets", map[string]string{"TrailBuckets": "photos,invoices", "TrailEvents": "writes", "ManagementEvents": "none"}},
	{"deletes", map[string]string{"TrailEvents": "deletes", "MultiRegionTrail": "false"}},
	{"existing log bucket", map[string]string{"ExistingLogBucketName": "org-trail"}},
	{"existing log bucket of an organization", map[string]string{
		"ExistingLogBucketName": "org-trail", "LogFilePrefix": "o-exampleorg", "AlertEmail": "you@example.com",
		"ExistingLogBucketKmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/0c1d2e3f"}},
}

// A check looks at a stack and says what is wrong, and what to do.
type check func(*stack) []string

// checks of a stack as it is made. Those of the template as it is written have tests of their own.
var checks = map[string]check{
	"buckets":             checkBuckets,
	"log groups":          checkLogGroups,
	"queues":              checkQueues,
	"functions":           checkFunctions,
	"retries":             checkRetries,
	"trails":              checkTrails,
	"permissions":         checkPermissions,
	"service principals":  checkServices,
	"names of log bucket": checkLogBucketName,
	"variables":           checkVariables,
	"alarms":              checkAlarms,
	"dashboards":          checkDashboards,
	"saved queries":       checkSavedQueries,
	"contributor rules":   checkRules,
	"tables":              checkTables,
	"schedules":           checkSchedules,
}

func TestTemplates(t *testing.T) {
	main, nested := readTemplates(t)
	calls := callsOfTheCode(t)
	found := map[string][]string{} // the deployments with each fault
	for _, d := range deployments {
		stacks := deploy(main, nested, d.parameters)
		add := func(check string, faults []string) {
			for _, fault := range faults {
				fault = check + ": " + fault
				found[fault] = append(found[fault], d.name)
			}
		}
		for _, s := range stacks {
			add("references", s.faults)
			for name, c := range checks {
				add(name, c(s))
			}
		}
		add("policy", checkPolicy(stacks[0], calls))
	}
	for _, fault := range slices.Sorted(maps.Keys(found)) {
		t.Errorf("%s (deployed with: %s)", fault, strings.Join(found[fault], "; "))
	}
}

func report(t *testing.T, name string, faults []string) {
	t.Helper()
	for _, fault := range faults {
		t.Errorf("%s: %s", name, fault)
	}
}

// readTemplates reads template.yaml, and those that it nests by the names of their files.
func readTemplates(t *testing.T) (main *template, nested map[string]*template) {
	t.Helper()
	main, nested = readTemplate(t, "template.yaml"), map[string]*template{}
	for _, n := range members(member(main.root, "Resources")) {
		if url := member(n, "Properties", "TemplateURL"); url != nil {
			nested[url.Value] = readTemplate(t, url.Value)
		}
	}
	return main, nested
}

// deploy makes the stack of main, which comes first, and those nested in it.
func deploy(main *template, nested map[string]*template, parameters map[string]string) []*stack {
	outer := main.make(parameters)
	stacks := []*stack{outer}
	for _, r := range outer.byKind("AWS::CloudFormation::Stack") {
		given := map[string]string{}
		for name, value := range asMap(r.property("Parameters")) {
			given[name] = text(value)
		}
		inner := nested[r.text("TemplateURL")].make(given)
		inner.outer = outer
		stacks = append(stacks, inner)
	}
	return stacks
}

// deployMonitoring makes the stack of monitoring.yaml.
func deployMonitoring(t *testing.T, parameters map[string]string) *stack {
	t.Helper()
	main, nested := readTemplates(t)
	for _, s := range deploy(main, nested, parameters) {
		if s.name == "monitoring.yaml" {
			return s
		}
	}
	t.Fatal("template.yaml nests no monitoring.yaml")
	return nil
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// Each template stays readable in one go.
func TestTemplateSizes(t *testing.T) {
	main, nested := readTemplates(t)
	nested[main.name] = main
	for name, tmpl := range nested {
		if n := strings.Count(tmpl.text, "\n"); n >= 600 {
			t.Errorf("%s has %d lines: keep it under 600", name, n)
		}
	}
}

// What would lose something if CloudFormation made it anew stays where it is, under its name: to move a resource to a
// nested stack, or to rename it, is to make it anew. What a new queue policy replaces is deleted after it, and takes the
// new one along.
func TestMakesNothingAnew(t *testing.T) {
	main, nested := readTemplates(t)
	for name, kind := range map[string]string{
		"LogBucket": "AWS::S3::Bucket", "LogBucketPolicy": "AWS::S3::BucketPolicy", "Trail": "AWS::CloudTrail::Trail", // the log files
		"ProcessorLogGroup": "AWS::Logs::LogGroup",                              // what was found
		"StateTable":        "AWS::DynamoDB::Table",                             // what is usual
		"DeadLetterQueue":   "AWS::SQS::Queue", "RetryQueue": "AWS::SQS::Queue", // what failed
		"AlertsTopic": "AWS::SNS::Topic", "OperationsTopic": "AWS::SNS::Topic", // who subscribed
		"AlertsEmail": "AWS::SNS::Subscription", "OperationsEmail": "AWS::SNS::Subscription", // who confirmed
		"DeadLetterQueuePolicy": "AWS::SQS::QueuePolicy", "AlertsTopicPolicy": "AWS::SNS::TopicPolicy", "OperationsTopicPolicy": "AWS::SNS::TopicPolicy",
	} {
		if n := member(main.root, "Resources", name, "Type"); n == nil || n.Value != kind {
			t.Errorf("%s has no %s %s", main.name, kind, name)
		}
		for _, tmpl := range nested {
			if member(tmpl.root, "Resources", name) != nil {
				t.Errorf("%s has %s too", tmpl.name, name)
			}
		}
	}
}

func TestParameters(t *testing.T) {
	readme, err := os.ReadFile(inRoot("README.md"))
	if err != nil {
		t.Fatal(err)
	}
	main, nested := readTemplates(t)
	report(t, "parameters", checkParameters(main))
	for _, tmpl := range nested {
		report(t, "parameters", checkParameters(tmpl))
	}
	report(t, "constraints", checkConstraints(main)) // the nested stacks' are for no person
	report(t, "groups", checkGroups(main))
	report(t, "README.md", checkParameterTable(main, string(readme)))
	report(t, "nested stacks", checkNested(main, nested))
}

// checkParameters wants each parameter described, and used.
func checkParameters(t *template) (faults []string) {
	used := map[string]bool{}
	walk(t.root, func(n *yaml.Node) {
		if n.Tag == "!Ref" {
			used[n.Value] = true
		}
		for _, m := range reference.FindAllStringSubmatch(n.Value, -1) {
			used[m[1]] = true
		}
		if argument := member(n, "Ref"); argument != nil {
			used[argument.Value] = true
		}
	})
	for name, definition := range members(member(t.root, "Parameters")) {
		say := func(format string, args ...any) {
			faults = append(faults, fmt.Sprintf("%s: parameter %s ", t.at(name), name.Value)+fmt.Sprintf(format, args...))
		}
		if member(definition, "Description") == nil {
			say("has no Description: say what it is for")
		}
		if !used[name.Value] {
			say("is used nowhere: remove it")
		}
	}
	return faults
}

// checkConstraints wants whoever gives a parameter a wrong value to be told which are right.
func checkConstraints(t *template) (faults []string) {
	for name, definition := range members(member(t.root, "Parameters")) {
		for _, key := range []string{"AllowedValues", "AllowedPattern", "MinValue", "MaxValue", "MinLength", "MaxLength"} {
			if member(definition, key) != nil && member(definition, "ConstraintDescription") == nil {
				faults = append(faults, fmt.Sprintf("%s: parameter %s has %s and no ConstraintDescription: say which values it takes", t.at(name), name.Value, key))
			}
		}
	}
	return faults
}

// checkGroups wants the console to show each parameter once, in a group.
func checkGroups(t *template) (faults []string) {
	place := map[string]int{}
	groups := member(t.root, "Metadata", "AWS::CloudFormation::Interface", "ParameterGroups")
	if groups == nil {
		return []string{t.name + ": has no ParameterGroups"}
	}
	for _, group := range groups.Content {
		if member(group, "Label", "default") == nil {
			faults = append(faults, t.at(group)+": the group has no label")
		}
		if list := member(group, "Parameters"); list != nil {
			for _, n := range list.Content {
				place[n.Value]++
			}
		}
	}
	for name := range members(member(t.root, "Parameters")) {
		if n := place[name.Value]; n != 1 {
			faults = append(faults, fmt.Sprintf("%s: parameter %s is in %d groups of AWS::CloudFormation::Interface, want 1", t.at(name), name.Value, n))
		}
		delete(place, name.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(place)) {
		faults = append(faults, fmt.Sprintf("%s: the groups name %s, which is no parameter", t.name, name))
	}
	return faults
}

// checkParameterTable wants a row of the README's table for each parameter, with its default.
func checkParameterTable(t *template, readme string) (faults []string) {
	_, table, found := strings.Cut(readme, "\n| Parameter | Default |")
	if !found {
		return []string{"README.md has no table that begins with | Parameter | Default |"}
	}
	defaults := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if name := strings.TrimSpace(strings.ReplaceAll(cells[min(1, len(cells)-1)], "`", "")); len(cells) >= 4 && name != "" && !strings.HasPrefix(name, "-") {
			defaults[name] = strings.TrimSpace(cells[2])
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	for name, definition := range members(member(t.root, "Parameters")) {
		got, ok := defaults[name.Value]
		delete(defaults, name.Value)
		want := ""
		if n := member(definition, "Default"); n != nil && n.Value != "" {
			want = "`" + n.Value + "`"
		}
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("README.md has no row for the parameter %s", name.Value))
		case want != "" && got != want, want == "" && strings.Contains(got, "`"):
			faults = append(faults, fmt.Sprintf("README.md: the default of %s is %s, in %s it is %q", name.Value, got, t.name, strings.Trim(want, "`")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		faults = append(faults, fmt.Sprintf("README.md has a row for %s, which is no parameter of %s", name, t.name))
	}
	return faults
}

// checkNested wants each nested stack to be given each of its parameters, and no other; and its outputs that are used to
// exist.
func checkNested(main *template, nested map[string]*template) (faults []string) {
	files := map[string]*template{} // by the resource's name
	for id, r := range members(member(main.root, "Resources")) {
		url := member(r, "Properties", "TemplateURL")
		if url == nil {
			continue
		}
		inner := nested[url.Value]
		files[id.Value] = inner
		given := names(member(r, "Properties", "Parameters"))
		declared := names(member(inner.root, "Parameters"))
		for _, name := range declared {
			if !slices.Contains(given, name) {
				faults = append(faults, fmt.Sprintf("%s: %s is not given the parameter %s of %s", main.at(r), id.Value, name, inner.name))
			}
		}
		for _, name := range given {
			if !slices.Contains(declared, name) {
				faults = append(faults, fmt.Sprintf("%s: %s is given %s, which %s doesn't declare", main.at(r), id.Value, name, inner.name))
			}
		}
	}
	walk(main.root, func(n *yaml.Node) {
		used := []string{n.Value} // of !GetAtt
		if n.Tag != "!GetAtt" {
			used = nil
			for _, m := range reference.FindAllStringSubmatch(n.Value, -1) { // of !Sub
				used = append(used, m[1])
			}
		}
		for _, name := range used {
			id, output, ok := strings.Cut(name, ".Outputs.")
			if inner := files[id]; ok && (inner == nil || member(inner.root, "Outputs", output) == nil) {
				faults = append(faults, fmt.Sprintf("%s: %s has no output %s", main.at(n), id, output))
			}
		}
	})
	return faults
}

// example is a piece of a template for a check. What it lacks is what the check finds; want is a part of that, and ""
// is for a piece in order.
type example struct{ name, yaml, want string }

// testCheck runs a check on resources: those in order first, then the faulty ones.
func testCheck(t *testing.T, c check, good, bad []example) {
	t.Helper()
	run := func(e example) []string {
		s := parseTemplate(t, "x.yaml", "Resources:\n"+e.yaml).make(nil)
		if len(s.faults) > 0 {
			t.Fatalf("%s: %q", e.name, s.faults)
		}
		return c(s)
	}
	testExamples(t, run, good, bad)
}

func testExamples(t *testing.T, run func(example) []string, good, bad []example) {
	t.Helper()
	for _, e := range good {
		t.Run(e.name, func(t *testing.T) {
			if got := run(e); len(got) > 0 {
				t.Errorf("faults = %q, want none", got)
			}
		})
	}
	for _, e := range bad {
		t.Run(e.name, func(t *testing.T) {
			if got := run(e); len(got) != 1 || !strings.Contains(got[0], e.want) {
				t.Errorf("faults = %q, want one with %q", got, e.want)
			}
		})
	}
}

func TestCheckParameters(t *testing.T) {
	const use = "\nOutputs: {A: {Value: !Ref Days}, B: {Value: !Sub '${Name}'}}"
	run := func(e example) []string {
		return checkParameters(parseTemplate(t, "x.yaml", "Parameters:\n"+e.yaml+use))
	}
	testExamples(t, run, []example{
		{"free", "  Days: {Type: Number, Description: How long.}", ""},
		{"used in a text", "  Name: {Type: String, Description: Whose.}", ""},
	}, []example{
		{"no description", "  Days: {Type: Number}", "parameter Days has no Description"},
		{"unused", "  Hours: {Type: Number, Description: How long.}", "parameter Hours is used nowhere"},
	})
}

func TestCheckConstraints(t *testing.T) {
	run := func(e example) []string {
		return checkConstraints(parseTemplate(t, "x.yaml", "Parameters:\n  Days: "+e.yaml))
	}
	testExamples(t, run, []example{
		{"any value", "{Type: Number}", ""},
		{"explained", "{Type: Number, MinValue: 1, MaxValue: 9, ConstraintDescription: must be 1 to 9.}", ""},
	}, []example{
		{"least value", "{Type: Number, MinValue: 1}", "parameter Days has MinValue and no ConstraintDescription"},
		{"some values", "{Type: Number, AllowedValues: [1, 2]}", "has AllowedValues and no ConstraintDescription"},
		{"pattern", "{Type: String, AllowedPattern: a*}", "has AllowedPattern and no ConstraintDescription"},
	})
}

func TestCheckGroups(t *testing.T) {
	run := func(e example) []string {
		return checkGroups(parseTemplate(t, "x.yaml", "Parameters: {A: {}, B: {}}\n"+
			"Metadata: {AWS::CloudFormation::Interface: {ParameterGroups: ["+e.yaml+"]}}"))
	}
	testExamples(t, run, []example{
		{"one", "{Label: {default: x}, Parameters: [A, B]}", ""},
		{"two", "{Label: {default: x}, Parameters: [A]}, {Label: {default: y}, Parameters: [B]}", ""},
	}, []example{
		{"missing", "{Label: {default: x}, Parameters: [A]}", "parameter B is in 0 groups"},
		{"twice", "{Label: {default: x}, Parameters: [A, B, A]}", "parameter A is in 2 groups"},
		{"unknown", "{Label: {default: x}, Parameters: [A, B, C]}", "name C, which is no parameter"},
		{"no label", "{Parameters: [A, B]}", "no label"},
	})
}

func TestCheckParameterTable(t *testing.T) {
	tmpl := parseTemplate(t, "x.yaml", "Parameters: {Days: {Default: 7}, Name: {Default: ''}}")
	run := func(e example) []string {
		return checkParameterTable(tmpl, "text\n| Parameter | Default | |\n|---|---|---|\n"+e.yaml+"\n\n| `Other` | table |\n")
	}
	testExamples(t, run, []example{
		{"agrees", "| `Days` | `7` | how long |\n| `Name` | none | whose |", ""},
		{"empty default", "| `Days` | `7` | how long |\n| `Name` | | whose |", ""},
	}, []example{
		{"missing", "| `Days` | `7` | how long |", "no row for the parameter Name"},
		{"other default", "| `Days` | `8` | how long |\n| `Name` | none | whose |", "the default of Days is `8`, in x.yaml it is \"7\""},
		{"default where there is none", "| `Days` | `7` | how long |\n| `Name` | `x` | whose |", "the default of Name is `x`"},
		{"unknown", "| `Days` | `7` | |\n| `Name` | none | |\n| `Age` | none | |", "a row for Age, which is no parameter"},
	})
	if got := checkParameterTable(tmpl, "no table"); len(got) != 1 {
		t.Errorf("without a table: faults = %q, want one", got)
	}
}

func TestCheckNested(t *testing.T) {
	nested := map[string]*template{"m.yaml": parseTemplate(t, "m.yaml", "Parameters: {A: {}, B: {}}\nOutputs: {Url: {}}")}
	run := func(e example) []string {
		return checkNested(parseTemplate(t, "x.yaml", "Resources: {Monitoring: {Properties: {TemplateURL: m.yaml, Parameters: {"+e.yaml+"}}}}"), nested)
	}
	testExamples(t, run, []example{
		{"all", "A: 1, B: !GetAtt Monitoring.Outputs.Url", ""},
		{"in a text", "A: 1, B: !Sub '${A} ${Monitoring.Outputs.Url}'", ""},
	}, []example{
		{"missing", "A: 1", "Monitoring is not given the parameter B"},
		{"undeclared", "A: 1, B: 1, C: 1", "is given C, which m.yaml doesn't declare"},
		{"output", "A: 1, B: !GetAtt Monitoring.Outputs.Link", "Monitoring has no output Link"},
		{"output in a text", "A: 1, B: !Sub '${Monitoring.Outputs.Link}'", "Monitoring has no output Link"},
		{"output of nothing", "A: 1, B: !GetAtt Watching.Outputs.Url", "Watching has no output Url"},
	})
}
