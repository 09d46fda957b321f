package project

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// template is a CloudFormation template as it is written: its nodes know their lines, tags and comments.
type template struct {
	name      string
	text      string
	root      *yaml.Node
	commented map[int]bool // lines that have a comment behind them, or right above them
}

func readTemplate(t *testing.T, name string) *template {
	t.Helper()
	text, err := os.ReadFile(inRoot(name))
	if err != nil {
		t.Fatal(err)
	}
	return parseTemplate(t, name, string(text))
}

func parseTemplate(t *testing.T, name, text string) *template {
	t.Helper()
	var document yaml.Node
	if err := yaml.Load([]byte(text), &document); err != nil {
		t.Fatalf("cannot parse %s: %v", name, err)
	}
	tmpl := &template{name: name, text: text, root: document.Content[0], commented: map[int]bool{}}
	walk(tmpl.root, func(n *yaml.Node) {
		if n.HeadComment != "" || n.LineComment != "" {
			tmpl.commented[n.Line] = true
		}
	})
	return tmpl
}

// at says where n stands.
func (t *template) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d", t.name, n.Line) }

// walk calls f with n and with every node below it.
func walk(n *yaml.Node, f func(*yaml.Node)) {
	f(n)
	for _, child := range n.Content {
		walk(child, f)
	}
}

// members yields the members of a mapping, and nothing for other nodes.
func members(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// member follows a path of names down from n. It returns nil where there is nothing.
func member(n *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		var found *yaml.Node
		for key, value := range members(n) {
			if key.Value == name {
				found = value
			}
		}
		n = found
	}
	return n
}

// names returns the names of a mapping's members, in their order.
func names(n *yaml.Node) []string {
	var all []string
	for key := range members(n) {
		all = append(all, key.Value)
	}
	return all
}

// stack is what CloudFormation makes of a template and its parameters: conditions are decided, and functions replaced
// by what they return. A value is a string (numbers and booleans too, as CloudFormation has it), a []any or a
// map[string]any. What AWS would make up is spelt by the logical id: a queue's ARN is "DeadLetterQueue.Arn".
type stack struct {
	*template
	outer      *stack // the one that nests it, or nil
	parameters map[string]string
	resources  []resource // those whose condition holds, in their order
	outputs    map[string]any
	faults     []string // what can't be made
}

// resource is one resource of a stack.
type resource struct {
	id, kind, file string
	line           int
	attributes     map[string]any // Properties, DeletionPolicy and so on
}

// pseudo are CloudFormation's own parameters.
var pseudo = map[string]string{
	"AWS::AccountId": "111122223333",
	"AWS::Partition": "aws",
	"AWS::Region":    "eu-central-1",
	"AWS::StackId":   "arn:aws:cloudformation:eu-central-1:111122223333:stack/bucketwatch/0c1d2e3f-c6a8-11f0-9e5b-0a1b2c3d4e5f",
	"AWS::StackName": "bucketwatch", "AWS::URLSuffix": "amazonaws.com",
}

// make makes the stack with the parameters given, and the template's defaults for all others.
func (t *template) make(parameters map[string]string) *stack {
	s := &stack{template: t, parameters: map[string]string{}, outputs: map[string]any{}}
	for name, definition := range members(member(t.root, "Parameters")) {
		if value, ok := parameters[name.Value]; ok {
			s.parameters[name.Value] = value
		} else if byDefault := member(definition, "Default"); byDefault != nil {
			s.parameters[name.Value] = byDefault.Value
		} else {
			s.fault(name, "parameter %s has neither a value nor a default", name.Value)
		}
	}
	for id, n := range members(member(t.root, "Resources")) {
		if !s.exists(n) {
			continue
		}
		attributes, _ := s.eval(n).(map[string]any)
		s.resources = append(s.resources, resource{id.Value, text(attributes["Type"]), t.name, id.Line, attributes})
	}
	for name, n := range members(member(t.root, "Outputs")) {
		if s.exists(n) {
			s.outputs[name.Value] = s.eval(member(n, "Value"))
		}
	}
	return s
}

func (s *stack) fault(n *yaml.Node, format string, args ...any) {
	s.faults = append(s.faults, s.at(n)+": "+fmt.Sprintf(format, args...))
}

// exists tells whether the condition of a resource or output holds.
func (s *stack) exists(n *yaml.Node) bool {
	condition := member(n, "Condition")
	return condition == nil || s.condition(condition)
}

// condition decides a condition by its name.
func (s *stack) condition(name *yaml.Node) bool {
	definition := member(s.root, "Conditions", name.Value)
	if definition == nil {
		s.fault(name, "there is no condition %q", name.Value)
		return false
	}
	return s.eval(definition) == "true"
}

// noValue is what !Ref AWS::NoValue returns: the member or element is not there.
type noValue struct{}

func (s *stack) eval(n *yaml.Node) any {
	if n == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(name, "!") {
		return s.call(n, name, n)
	}
	switch n.Kind {
	case yaml.MappingNode:
		if len(n.Content) == 2 {
			key, argument := n.Content[0].Value, n.Content[1]
			name, ok := strings.CutPrefix(key, "Fn::")
			if ok || key == "Ref" || key == "Condition" && argument.Kind == yaml.ScalarNode {
				return s.call(n, name, argument)
			}
		}
		m := map[string]any{}
		for key, value := range members(n) {
			if v := s.eval(value); v != (noValue{}) {
				m[key.Value] = v
			}
		}
		return m
	case yaml.SequenceNode:
		return s.elements(n)
	}
	return n.Value
}

// elements evaluates the elements of a sequence, whatever its tag.
func (s *stack) elements(n *yaml.Node) []any {
	list := []any{}
	for _, child := range n.Content {
		if v := s.eval(child); v != (noValue{}) {
			list = append(list, v)
		}
	}
	return list
}

// call evaluates the function with its argument, which is n itself where the function is a tag.
func (s *stack) call(n *yaml.Node, function string, argument *yaml.Node) any {
	part := func(i int) *yaml.Node {
		if argument.Kind != yaml.SequenceNode || i >= len(argument.Content) {
			s.fault(n, "%s has no argument %d", function, i)
			return &yaml.Node{Kind: yaml.ScalarNode, Line: n.Line}
		}
		return argument.Content[i]
	}
	truth := func(b bool) any { return strconv.FormatBool(b) }
	switch function {
	case "Ref":
		return s.ref(n, argument.Value)
	case "GetAtt":
		if argument.Kind == yaml.SequenceNode {
			return s.ref(n, part(0).Value+"."+part(1).Value)
		}
		return s.ref(n, argument.Value)
	case "Sub":
		if argument.Kind == yaml.SequenceNode {
			return s.sub(n, part(0).Value, part(1))
		}
		return s.sub(n, argument.Value, nil)
	case "If":
		if s.condition(part(0)) {
			return s.eval(part(1))
		}
		return s.eval(part(2))
	case "Condition":
		return truth(s.condition(argument))
	case "Equals":
		return truth(cmp.Equal(s.eval(part(0)), s.eval(part(1))))
	case "Not":
		return truth(s.eval(part(0)) != "true")
	case "And":
		return truth(!slices.Contains(s.elements(argument), any("false")))
	case "Or":
		return truth(slices.Contains(s.elements(argument), any("true")))
	case "Join":
		var texts []string
		for _, v := range list(s.eval(part(1))) {
			texts = append(texts, text(v))
		}
		return strings.Join(texts, part(0).Value)
	case "Split":
		all := []any{}
		for _, v := range strings.Split(text(s.eval(part(1))), part(0).Value) {
			all = append(all, v)
		}
		return all
	case "FindInMap":
		entry := member(s.root, "Mappings", text(s.eval(part(0))), text(s.eval(part(1))), text(s.eval(part(2))))
		if entry == nil {
			s.fault(n, "FindInMap finds nothing")
		}
		return s.eval(entry)
	case "Select":
		all := list(s.eval(part(1)))
		if i, err := strconv.Atoi(part(0).Value); err == nil && i < len(all) {
			return all[i]
		}
		s.fault(n, "Select finds no element %s", part(0).Value)
		return ""
	}
	s.fault(n, "these tests don't know the function %s", function)
	return ""
}

// reference matches a variable of Fn::Sub.
var reference = regexp.MustCompile(`\$\{([^}]*)\}`)

func (s *stack) sub(n *yaml.Node, format string, variables *yaml.Node) string {
	return reference.ReplaceAllStringFunc(format, func(v string) string {
		name := v[2 : len(v)-1]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		if value := member(variables, name); value != nil {
			return text(s.eval(value))
		}
		return text(s.ref(n, name))
	})
}

// ref returns what the name of a parameter, a resource or a resource's attribute stands for.
func (s *stack) ref(n *yaml.Node, name string) any {
	if name == "AWS::NoValue" {
		return noValue{}
	}
	if v, ok := pseudo[name]; ok {
		return v
	}
	if v, ok := s.parameters[name]; ok {
		return v
	}
	id, attribute, _ := strings.Cut(name, ".")
	node := member(s.root, "Resources", id)
	if node == nil {
		s.fault(n, "there is no parameter or resource %q", id)
		return ""
	}
	if !s.exists(node) {
		s.fault(n, "refers to %s, which is not made with these parameters: put it under a condition", id)
		return ""
	}
	if bucket := member(node, "Properties", "BucketName"); bucket != nil && member(node, "Type").Value == "AWS::S3::Bucket" {
		if attribute == "Arn" {
			return "arn:aws:s3:::" + text(s.eval(bucket))
		}
		return s.eval(bucket)
	}
	return name
}

// byID returns the resource, or an empty one if the stack doesn't have it.
func (s *stack) byID(id string) resource {
	for _, r := range s.resources {
		if r.id == id {
			return r
		}
	}
	return resource{id: id, file: s.name}
}

// byARN returns the resource of this stack, or of the one that nests it, whose ARN it is; or an empty one.
func (s *stack) byARN(arn any) resource {
	id, ok := strings.CutSuffix(text(arn), ".Arn")
	if !ok {
		return resource{}
	}
	if r := s.byID(id); r.kind != "" || s.outer == nil {
		return r
	}
	return s.outer.byID(id)
}

// byKind returns the resources of a type.
func (s *stack) byKind(kind string) []resource {
	var all []resource
	for _, r := range s.resources {
		if r.kind == kind {
			all = append(all, r)
		}
	}
	return all
}

// property follows a path down from the resource's properties; an index leads into a list.
func (r resource) property(path ...string) any { return follow(r.attributes["Properties"], path...) }

// text is property for one that is a string.
func (r resource) text(path ...string) string { return text(r.property(path...)) }

// fault says what is wrong with the resource.
func (r resource) fault(format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s: %s", r.file, r.line, r.id, fmt.Sprintf(format, args...))
}

func follow(v any, path ...string) any {
	for _, name := range path {
		switch container := v.(type) {
		case map[string]any:
			v = container[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(container) {
				return nil
			}
			v = container[i]
		default:
			return nil
		}
	}
	return v
}

// text returns a string's value, and "" for anything else.
func text(v any) string {
	t, _ := v.(string)
	return t
}

// list returns a list as it is, a single value as a list of one, and nothing as none: as IAM's policies mean it.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// texts is list for strings.
func texts(v any) []string {
	var all []string
	for _, e := range list(v) {
		all = append(all, text(e))
	}
	return all
}

// eachText calls f with every string in v, whatever its depth, in a fixed order.
func eachText(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, e := range v {
			eachText(e, f)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			eachText(v[name], f)
		}
	}
}

const modelTemplate = `
Parameters:
  Name: {Type: String, Default: ""}
  Level: {Type: String, Default: essential}
Conditions:
  IsNamed: !Not [!Equals [!Ref Name, ""]]
  IsFull: !Equals [!Ref Level, full]
  IsBoth: !And [!Condition IsNamed, {Condition: IsFull}]
  IsEither: !Or [!Condition IsNamed, !Condition IsFull]
Mappings:
  Domains: {aws: {Console: console.aws.amazon.com}}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "logs-${AWS::AccountId}"}}
  Named: {Type: AWS::SQS::Queue, Condition: IsNamed}
  Made:
    Type: AWS::Test
    Properties: `

func TestEval(t *testing.T) {
	named := map[string]string{"Name": "photos"}
	for _, tt := range []struct {
		name, expression string
		parameters       map[string]string
		want             any
	}{
		{"number", "7", nil, "7"},
		{"ref of a parameter", "!Ref Name", named, "photos"},
		{"default", "!Ref Level", nil, "essential"},
		{"ref of a resource", "!Ref Named", named, "Named"},
		{"ref of a bucket", "!Ref Bucket", nil, "logs-111122223333"},
		{"a bucket's ARN", "!GetAtt Bucket.Arn", nil, "arn:aws:s3:::logs-111122223333"},
		{"attribute", "!GetAtt [Named, Arn]", named, "Named.Arn"},
		{"long form", "{Fn::Sub: 'x-${Name}'}", named, "x-photos"},
		{"sub with a literal", "!Sub '${!x} ${Named.Arn}'", named, "${x} Named.Arn"},
		{"sub with variables", "!Sub ['${A}/${Name}', {A: !Ref Level}]", named, "essential/photos"},
		{"if", "!If [IsNamed, yes, no]", nil, "no"},
		{"the branch not taken is not looked at", "!If [IsNamed, !Ref Named, none]", nil, "none"},
		{"and", "!If [IsBoth, yes, no]", named, "no"},
		{"or", "!If [IsEither, yes, no]", named, "yes"},
		{"no value", "{A: !Ref AWS::NoValue, B: [x, !If [IsNamed, y, !Ref AWS::NoValue]]}", nil,
			map[string]any{"B": []any{"x"}}},
		{"map", "!FindInMap [Domains, !Ref AWS::Partition, Console]", nil, "console.aws.amazon.com"},
		{"join, split, select", "!Join ['-', !Split ['/', !Select [1, [a, b/c]]]]", nil, "b-c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := parseTemplate(t, "x.yaml", modelTemplate+tt.expression).make(tt.parameters)
			if len(s.faults) > 0 {
				t.Fatal(s.faults)
			}
			if diff := cmp.Diff(tt.want, s.byID("Made").property()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.expression, diff)
			}
		})
	}
}

func TestEvalFaults(t *testing.T) {
	for _, tt := range []struct{ name, expression, want string }{
		{"unknown name", "!Ref Nobody", `there is no parameter or resource "Nobody"`},
		{"unknown name in sub", "!Sub 'a ${Nobody.Arn}'", `there is no parameter or resource "Nobody"`},
		{"unknown condition", "!If [IsOdd, a, b]", `there is no condition "IsOdd"`},
		{"not made", "!GetAtt Named.Arn", "refers to Named, which is not made"},
		{"unknown function", "!Cidr [a]", "don't know the function Cidr"},
		{"too few arguments", "!If [IsNamed, a]", "If has no argument 2"},
		{"no such entry", "!FindInMap [Domains, aws-cn, Console]", "FindInMap finds nothing"},
		{"no such element", "!Select [2, [a]]", "Select finds no element 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := parseTemplate(t, "x.yaml", modelTemplate+tt.expression).make(nil)
			if len(s.faults) != 1 || !strings.Contains(s.faults[0], tt.want) || !strings.HasPrefix(s.faults[0], "x.yaml:") {
				t.Errorf("faults = %q, want one with a line and %q", s.faults, tt.want)
			}
		})
	}
}
