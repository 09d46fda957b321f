package project

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/state"
)

// lines is what the code writes: the members of each kind of line, and what each is: "string", "number", "array" or
// "object". A kind is a line's Type; of the log, which has none, "level LEVEL".
type lines map[string]map[string]string

// written is what the pipeline wrote about an hour of log files, line by line, and emitted what these lines have in
// them: by the value of the parameter Metrics.
var (
	written = map[string]func() ([]string, error){
		"none":      sync.OnceValues(func() ([]string, error) { return run("none") }),
		"essential": sync.OnceValues(func() ([]string, error) { return run("essential") }),
		"full":      sync.OnceValues(func() ([]string, error) { return run("full") }),
	}
	emitted = map[string]func() (lines, error){
		"none":      sync.OnceValues(func() (lines, error) { return membersOf(written["none"]) }),
		"essential": sync.OnceValues(func() (lines, error) { return membersOf(written["essential"]) }),
		"full":      sync.OnceValues(func() (lines, error) { return membersOf(written["full"]) }),
	}
)

type objects map[string][]byte

func (o objects) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	body, ok := o[*in.Key]
	if !ok {
		return nil, errors.New("NoSuchKey")
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(body))}, nil
}

type topic struct{}

func (topic) Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error) {
	return nil, nil
}

// hour is always the same.
var hour = sync.OnceValue(func() *traffic.Traffic {
	return traffic.Hour(20261120, time.Date(2026, 11, 20, 10, 45, 0, 0, time.UTC))
})

func run(level string) ([]string, error) {
	hour := hour()
	store := objects{}
	for _, f := range hour.Files {
		store[f.Key] = f.Body
	}
	config, err := pipeline.ConfigFromEnv(func(name string) string {
		return map[string]string{"BUCKETWATCH_METRICS": level, "BUCKETWATCH_ALERTS_TOPIC": "arn:aws:sns:eu-central-1:111122223333:alerts"}[name]
	})
	if err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	out := pipeline.NewOutput(&stdout, &stderr)
	p := pipeline.New(config, store, topic{}, state.NewMemory(), out)
	p.Now = func() time.Time { return hour.To.Add(15 * time.Minute) }
	handler := slog.NewJSONHandler(out.Log(), &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr}) // as functions/processor has it
	p.Log = slog.New(handler)

	// The first digest says where the comparison begins, the next one names what is to be read yet.
	digests := []traffic.File{hour.Digest(hour.Region, hour.From.Add(-time.Hour), hour.From), hour.Digest(hour.Region, hour.From, hour.To)}
	for _, f := range digests {
		store[f.Key] = f.Body
	}
	payloads := [][]byte{
		fmt.Appendf(nil, `{"s3Bucket":%q,"s3ObjectKey":[%q]}`, hour.LogBucket, digests[0].Key),
		fmt.Appendf(nil, `{"s3Bucket":%q,"s3ObjectKey":[%q]}`, hour.LogBucket, digests[1].Key),
		[]byte(`{"bucketwatch":"test-alert"}`),
		// A file that isn't there, of a batch: its error is in the log.
		[]byte(`{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"AWSLogs/1/CloudTrail/x.json.gz\"]}"}]}`),
	}
	for _, f := range hour.Files {
		payloads = append(payloads, fmt.Appendf(nil, `{"s3Bucket":%q,"s3ObjectKey":[%q]}`, hour.LogBucket, f.Key))
	}
	payloads = append(payloads, []byte(`{"bucketwatch":"tick"}`))
	for _, payload := range payloads {
		if _, err := p.Handle(context.Background(), payload); err != nil {
			return nil, err
		}
	}
	slog.NewLogLogger(handler, slog.LevelError).Print("what the Lambda library says of a failed invocation")
	return slices.Collect(strings.Lines(stdout.String() + stderr.String())), nil
}

func membersOf(written func() ([]string, error)) (lines, error) {
	texts, err := written()
	if err != nil {
		return nil, err
	}
	all := lines{}
	for _, text := range texts {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			return nil, err
		}
		kind, ok := line["Type"].(string)
		if !ok {
			kind = fmt.Sprint("level ", line["level"])
		}
		for name, value := range line {
			all.add(kind, name, kindOf(value))
		}
	}
	// An hour has not all that there may be: of the metrics, whose names only the catalogue spells, all count as seen;
	// and the processor adds the request's id to each line of the log.
	for kind, definitions := range map[string][]metric.Definition{
		"Bucket": metric.Bucket[:], "Health": metric.Health[:],
		"Anomaly": {metric.Anomalies, metric.HighSeverityAnomalies, metric.UnexpectedDeletes},
	} {
		for _, d := range definitions {
			all.add(kind, d.Name, "number")
		}
	}
	for kind := range all {
		if strings.HasPrefix(kind, "level ") {
			all.add(kind, "requestId", "string")
		}
	}
	return all, nil
}

func (l lines) add(kind, name, is string) {
	if l[kind] == nil {
		l[kind] = map[string]string{}
	}
	l[kind][name] = is
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// The check of queries is worth what it knows of the lines: each kind must have been seen.
func TestEmitted(t *testing.T) {
	for level, get := range emitted {
		all, err := get()
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"Bucket", "Anomaly", "Health", "Caller", "Delete", "level INFO", "level ERROR"} {
			if len(all[kind]) == 0 {
				t.Errorf("Metrics=%s: no line %s was written, only %q", level, kind, slices.Sorted(maps.Keys(all)))
			}
		}
	}
}

// lexeme is a piece of a Logs Insights query: of kind 'w', a word (name, keyword or function); 'q', a name in
// backticks; 's', a string or regular expression; 'n', a number, maybe with a unit of time; or 'o', anything else.
type lexeme struct {
	kind byte
	text string
}

var queryToken = regexp.MustCompile("^(?:" +
	`(\s+|#[^\n]*)` + // 1: nothing
	`|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')` + // 2: string
	"|`([^`]*)`" + // 3: quoted name
	`|([0-9.]+(?:ms|mo|[smhdwqy])?\b)` + // 4: number
	`|([@A-Za-z0-9_][A-Za-z0-9_@]*(?:\.[A-Za-z0-9_@]+)*)` + // 5: word
	`|([<>=!~]+|.))`) // 6: the rest

var queryRegexp = regexp.MustCompile(`^/(?:\\.|[^/\\])*/`)

func lexemes(query string) (all []lexeme) {
	for query != "" {
		if n := len(all); n > 0 && (strings.EqualFold(all[n-1].text, "like") || all[n-1].text == "=~") {
			if m := queryRegexp.FindString(strings.TrimSpace(query)); m != "" {
				all = append(all, lexeme{'s', m})
				query = strings.TrimSpace(query)[len(m):]
				continue
			}
		}
		m := queryToken.FindStringSubmatch(query)
		for i, kind := range []byte{0, 0, 's', 'q', 'n', 'w', 'o'} {
			if kind != 0 && m[i] != "" {
				all = append(all, lexeme{kind, m[i]})
			}
		}
		query = query[len(m[0]):]
	}
	return all
}

var keywords = []string{"and", "or", "not", "in", "like", "as", "by", "asc", "desc", "true", "false", "null"}

// checkLogQuery wants a query to ask only for members of the lines that it filters for, by Type (or level, for the
// log's own lines). It knows the commands fields, display, filter, stats, sort, limit and dedup, and in a dashboard
// SOURCE; names after "as"; and that after stats nothing is left but what stats names.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
func checkLogQuery(s *stack, query string, inDashboard bool) (faults []string) {
	get, ok := emitted[s.parameters["Metrics"]]
	if !ok {
		return []string{"the stack has no parameter Metrics to tell the lines by"}
	}
	all, err := get()
	if err != nil {
		return []string{err.Error()}
	}
	var commands [][]lexeme
	for i, tok := range lexemes(query) {
		if tok == (lexeme{'o', "|"}) || i == 0 {
			commands = append(commands, nil)
		}
		if tok != (lexeme{'o', "|"}) {
			commands[len(commands)-1] = append(commands[len(commands)-1], tok)
		}
	}
	if inDashboard {
		want := []lexeme{{'w', "SOURCE"}, {'s', "'" + s.parameters["LogGroupName"] + "'"}}
		if len(commands) == 0 || !slices.Equal(commands[0], want) {
			return []string{"begin the query with SOURCE '${LogGroupName}'"}
		}
		commands = commands[1:]
	}
	kinds := filtered(commands)
	for _, kind := range kinds {
		if all[kind] == nil && kind != "level WARN" { // which nothing has yet
			faults = append(faults, fmt.Sprintf("the query filters for lines %q, which the code doesn't write", kind))
		}
	}
	if len(kinds) == 0 {
		return []string{"filter the query by Type, or by level for the log"}
	}
	if len(faults) > 0 {
		return faults
	}
	scope := map[string]string{"@timestamp": "string", "@message": "string", "@log": "string", "@logStream": "string", "@ptr": "string"}
	for _, kind := range kinds {
		maps.Copy(scope, all[kind])
	}
	for _, command := range commands {
		next := map[string]string{}
		grouping := false
		for i := 1; i < len(command); i++ {
			tok, isLast := command[i], i+1 == len(command)
			word := strings.ToLower(tok.text)
			if tok.kind == 'o' && tok.text != "," && strings.EqualFold(command[0].text, "sort") {
				faults = append(faults, fmt.Sprintf("the query sorts by an expression with %s: compute it in stats, and sort by its name", tok.text))
			}
			switch {
			case tok.kind != 'w' && tok.kind != 'q':
				continue
			case tok.kind == 'w' && !isLast && command[i+1].text == "(":
				continue // a function
			case tok.kind == 'w' && slices.Contains(keywords, word):
				grouping = grouping || word == "by"
				if word == "as" && !isLast {
					i++
					next[command[i].text] = "any"
				}
				continue
			}
			root, rest, _ := strings.Cut(tok.text, ".")
			is, known := scope[root]
			if next[root] != "" { // named earlier in this command
				is, known = next[root], true
			}
			switch {
			case !known:
				faults = append(faults, fmt.Sprintf("the query asks for %s, which no line of %q has", tok.text, kinds))
			case rest != "" && is != "object" && is != "array":
				faults = append(faults, fmt.Sprintf("the query asks for %s, but %s is a %s", tok.text, root, is))
			case rest == "" && is == "object":
				faults = append(faults, fmt.Sprintf("the query asks for %s, which is an object: ask for a member of it", tok.text))
			case tok.kind == 'w' && '0' <= tok.text[0] && tok.text[0] <= '9':
				faults = append(faults, fmt.Sprintf("put %s in backticks in the query, it begins with a digit", tok.text))
			}
			if grouping {
				next[tok.text] = "any"
			}
		}
		switch name := strings.ToLower(command[0].text); name {
		case "stats":
			scope = next
		case "fields":
			maps.Copy(scope, next)
		case "filter", "display", "sort", "limit", "dedup":
		default:
			faults = append(faults, fmt.Sprintf("these tests don't know the query's command %s", name))
		}
	}
	return faults
}

// filtered returns the kinds of lines that a query filters for: Type = "A", Type in ["A", "B"], and the same with
// level.
func filtered(commands [][]lexeme) (kinds []string) {
	for _, command := range commands {
		if len(command) == 0 || !strings.EqualFold(command[0].text, "filter") {
			continue
		}
		for i, tok := range command {
			if tok.kind != 'w' || tok.text != "Type" && tok.text != "level" || i+2 >= len(command) {
				continue
			}
			values := command[i+2 : i+3]
			if strings.EqualFold(command[i+1].text, "in") {
				end := slices.Index(command[i:], lexeme{'o', "]"})
				values = command[i+2 : i+max(end, 2)]
			} else if command[i+1].text != "=" {
				continue
			}
			for _, v := range values {
				if v.kind == 's' {
					kinds = append(kinds, strings.TrimPrefix(tok.text+" ", "Type ")+strings.Trim(v.text, `"'`))
				}
			}
		}
	}
	return kinds
}

func checkSavedQueries(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::Logs::QueryDefinition") {
		if !cmpTexts(r.property("LogGroupNames"), s.parameters["LogGroupName"]) {
			faults = append(faults, r.fault("set LogGroupNames: [!Ref LogGroupName]"))
		}
		for _, problem := range checkLogQuery(s, r.text("QueryString"), false) {
			faults = append(faults, r.fault("%s", problem))
		}
	}
	return faults
}

// contribution is the body of a Contributor Insights rule.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html
type contribution struct {
	Schema        struct{ Name string }
	LogGroupNames []string
	LogFormat     string
	Contribution  struct {
		Keys    []string
		ValueOf string
		Filters []struct {
			Match                 string
			In                    []string
			GreaterThan, LessThan *float64
		}
	}
	AggregateOn string
}

// checkRules wants contributor rules to read members that the lines have, as plain values at the root, and to sum up
// numbers.
func checkRules(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::CloudWatch::InsightRule") {
		say := func(format string, args ...any) { faults = append(faults, r.fault(format, args...)) }
		var rule contribution
		decoder := json.NewDecoder(strings.NewReader(r.text("RuleBody")))
		if err := decoder.Decode(&rule); err != nil {
			say("RuleBody is no JSON of a rule: %v", err)
			continue
		}
		all, err := emitted[s.parameters["Metrics"]]()
		if err != nil {
			say("%v", err)
			continue
		}
		if rule.Schema.Name != "CloudWatchLogRule" || rule.LogFormat != "JSON" || !slices.Equal(rule.LogGroupNames, []string{s.parameters["LogGroupName"]}) {
			say("want the schema CloudWatchLogRule, the format JSON, and the log group ${LogGroupName}")
		}
		members := map[string]string{}
		for _, f := range rule.Contribution.Filters {
			if f.Match != "$.Type" {
				continue
			}
			for _, kind := range f.In {
				if all[kind] == nil {
					say("filters for lines %q, which the code doesn't write", kind)
				}
				maps.Copy(members, all[kind])
			}
		}
		if len(members) == 0 {
			say("filter by $.Type, In lines that the code writes")
			continue
		}
		want := func(path string, kinds ...string) {
			name, ok := strings.CutPrefix(path, "$.")
			if is := members[name]; !ok || !slices.Contains(kinds, is) {
				say("%s is no %s at the root of the lines that it filters for", path, strings.Join(kinds, " or "))
			}
		}
		if n := len(rule.Contribution.Keys); n == 0 || n > 4 {
			say("has %d keys, want 1 to 4", n)
		}
		for _, key := range rule.Contribution.Keys {
			want(key, "string", "number")
		}
		for _, f := range rule.Contribution.Filters {
			if f.GreaterThan != nil || f.LessThan != nil {
				want(f.Match, "number")
			} else {
				want(f.Match, "string", "number")
			}
		}
		if rule.AggregateOn != "Sum" {
			say("set AggregateOn: Sum, a line stands for many requests")
		}
		want(rule.Contribution.ValueOf, "number")
	}
	return faults
}

func TestCheckSavedQueries(t *testing.T) {
	query := func(name, text, want string) example {
		var b strings.Builder
		for line := range strings.Lines(text + "\n") {
			b.WriteString("        " + line)
		}
		return example{name, "  Query:\n    Type: AWS::Logs::QueryDefinition\n    Properties:\n      LogGroupNames: [!Ref LogGroupName]\n" +
			"      QueryString: |\n" + b.String(), want}
	}
	testMonitoring(t, checkSavedQueries, []example{
		query("fields", `filter Type = "Delete" | fields @timestamp, Time, Key, Principal as Who | sort Who desc | limit 20`, ""),
		query("comment", "# Keys below a folder | all of them\nfilter Type = \"Delete\" and Key like /^a\\/b|c/", ""),
		query("several types", `filter Type in ["Delete", 'Anomaly'] | fields Key, Explanation`, ""),
		query("stats", `filter Type = "Caller" | stats sum(Requests) as N, count(*) as Files by Principal, bin(5m) | sort N desc, Files`, ""),
		query("quoted name", "filter Type = \"Bucket\" and `4xxErrors` > 0 | stats 100 * sum(`4xxErrors`) / sum(AllRequests) as Rate by BucketName", ""),
		query("result of results", `filter Type = "Caller" | stats sum(Requests) as N, sum(Errors) as Bad, 100 * Bad / N as Rate by Principal | sort Rate desc`, ""),
		query("member of an object", `filter Type = "Bucket" | stats sum(ErrorCodes.AccessDenied) by BucketName`, ""),
		query("log", `filter level in ["ERROR", "WARN"] | fields message, requestId`, ""),
	}, []example{
		query("unknown name", `filter Type = "Delete" | fields Object`, `asks for Object, which no line of ["Delete"] has`),
		query("name of another line", `filter Type = "Delete" | fields Requests`, "asks for Requests"),
		query("unknown name in a filter", `filter Type = "Delete" and Bucket = "x"`, "asks for Bucket"),
		query("unknown name in a function", `filter Type = "Caller" | stats sum(Hits)`, "asks for Hits"),
		query("gone after stats", `filter Type = "Caller" | stats sum(Requests) as N by Principal | sort Requests`, "asks for Requests"),
		query("sorted by an expression", `filter Type = "Caller" | stats sum(Requests) as N, sum(Errors) as Bad by Principal | sort Bad / N`, "sorts by an expression with /"),
		query("digit", `filter Type = "Bucket" | fields 4xxErrors`, "put 4xxErrors in backticks"),
		query("whole object", `filter Type = "Bucket" | fields ErrorCodes`, "asks for ErrorCodes, which is an object"),
		query("member of a string", `filter Type = "Delete" | fields Key.0`, "but Key is a string"),
		query("unknown type", `filter Type = "Deletes" | fields Key`, `lines "Deletes", which the code doesn't write`),
		query("name of another level", `filter level = "ERROR" | fields durationMilliseconds`, "asks for durationMilliseconds"),
		query("unknown level", `filter level = "FATAL" | fields message`, `lines "level FATAL"`),
		query("no filter", `fields Key`, "filter the query by Type"),
		query("all but one type", `filter Type != "Delete" | fields Key`, "filter the query by Type"),
		query("unknown command", `filter Type = "Delete" | unmask Key`, "don't know the query's command unmask"),
		{"log group", strings.Replace(query("", `filter Type = "Delete"`, "").yaml, "!Ref LogGroupName", "/aws/lambda/x", 1), "set LogGroupNames"},
	})
}

func TestCheckRules(t *testing.T) {
	const good = `
  Rule:
    Type: AWS::CloudWatch::InsightRule
    Properties:
      RuleBody: !Sub |
        {"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["${LogGroupName}"], "LogFormat": "JSON", "AggregateOn": "Sum",
         "Contribution": {"Keys": ["$.BucketName", "$.Principal"], "ValueOf": "$.Requests",
           "Filters": [{"Match": "$.Type", "In": ["Caller"]}, {"Match": "$.DeletedObjects", "GreaterThan": 0}]}}
`
	testMonitoring(t, checkRules, []example{{"in order", good, ""}}, replacing(good,
		[4]string{"no JSON", `"Sum",`, `"Sum"`, "RuleBody is no JSON"},
		[4]string{"log group", `"${LogGroupName}"`, `"x"`, "the log group ${LogGroupName}"},
		[4]string{"unknown key", "$.Principal", "$.Caller", "$.Caller is no string or number"},
		[4]string{"not at the root", "$.Principal", "$.User.Principal", "$.User.Principal is no string or number"},
		[4]string{"no path", "$.Principal", "Principal", "Principal is no string or number"},
		[4]string{"too many keys", `"$.Principal"`, `"$.Principal", "$.LogFile", "$.Region", "$.AccountId"`, "has 5 keys"},
		[4]string{"sum of texts", "$.Requests", "$.Principal", "$.Principal is no number"},
		[4]string{"filter", "$.DeletedObjects", "$.Deleted", "$.Deleted is no number"},
		[4]string{"unknown type", `{"Match": "$.Type", "In": ["Caller"]}`, `{"Match": "$.Type", "In": ["Caller", "Callers"]}`, `lines "Callers"`},
		[4]string{"no type", `{"Match": "$.Type", "In": ["Caller"]}, `, "", "filter by $.Type"},
		[4]string{"count of lines", `"AggregateOn": "Sum"`, `"AggregateOn": "Count"`, "set AggregateOn: Sum"},
	))
}
