package project

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/metric"
)

// series is one way in which a metric is published.
type series struct {
	dimensions []string
	unit       string
	level      metric.Level // the lowest that publishes it
}

// published lists what can be looked at: this project's metrics by the catalogue, by name.
func published() map[string][]series {
	all := map[string][]series{}
	add := func(d metric.Definition, dimensions ...string) {
		all[d.Name] = append(all[d.Name], series{dimensions, d.Unit, d.Level})
	}
	for _, d := range slices.Concat(metric.Bucket[:], metric.Latency[:]) {
		add(d, "BucketName")
	}
	for _, d := range []metric.Definition{metric.Anomalies, metric.HighSeverityAnomalies, metric.UnexpectedDeletes} {
		add(d)
		add(d, "BucketName")
	}
	add(metric.Anomalies, "Anomaly", "BucketName")
	for _, d := range metric.Health {
		add(d, "FunctionName")
	}
	return all
}

// metricsOfAWS are those of AWS's own metrics that the templates may use, by namespace and name.
var metricsOfAWS = map[string]series{
	// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
	"AWS/Lambda Invocations":        {[]string{"FunctionName"}, "Count", 0},
	"AWS/Lambda Errors":             {[]string{"FunctionName"}, "Count", 0},
	"AWS/Lambda Throttles":          {[]string{"FunctionName"}, "Count", 0},
	"AWS/Lambda DeadLetterErrors":   {[]string{"FunctionName"}, "Count", 0},
	"AWS/Lambda AsyncEventsDropped": {[]string{"FunctionName"}, "Count", 0},
	"AWS/Lambda Duration":           {[]string{"FunctionName"}, "Milliseconds", 0},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
	"AWS/Logs EMFParsingErrors":    {[]string{"LogGroupName"}, "Count", 0},
	"AWS/Logs EMFValidationErrors": {[]string{"LogGroupName"}, "Count", 0},
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
	"AWS/SQS ApproximateNumberOfMessagesVisible": {[]string{"QueueName"}, "a gauge", 0},
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
	"AWS/DynamoDB ConsumedReadCapacityUnits":  {[]string{"TableName"}, "Count", 0},
	"AWS/DynamoDB ConsumedWriteCapacityUnits": {[]string{"TableName"}, "Count", 0},
	"AWS/DynamoDB ReadThrottleEvents":         {[]string{"TableName"}, "Count", 0},
	"AWS/DynamoDB WriteThrottleEvents":        {[]string{"TableName"}, "Count", 0},
}

// statistics says which fit a unit: single numbers are added up, durations and gauges never.
var statistics = map[string]*regexp.Regexp{
	"Count":        regexp.MustCompile(`^Sum$`),
	"Bytes":        regexp.MustCompile(`^Sum$`),
	"Milliseconds": regexp.MustCompile(`^(Average|Minimum|Maximum|(p|tm)[0-9.]+)$`),
	"Seconds":      regexp.MustCompile(`^(Average|Minimum|Maximum|(p|tm)[0-9.]+)$`),
	"a gauge":      regexp.MustCompile(`^(Average|Minimum|Maximum)$`),
}

// use is one place that looks at a metric.
type use struct {
	namespace, name, statistic string
	dimensions                 map[string]string // by name; "" stands for any value
}

// checkUse holds a use against what is published, in the stack's namespace and by its function.
func checkUse(s *stack, u use) (faults []string) {
	say := func(format string, args ...any) { faults = append(faults, u.name+" "+fmt.Sprintf(format, args...)) }
	var ways []series
	switch ours, ok := published()[u.name]; {
	case strings.HasPrefix(u.namespace, "AWS/"):
		way, ok := metricsOfAWS[u.namespace+" "+u.name]
		if !ok {
			say("of %s isn't in metricsOfAWS: add it with its documented dimensions", u.namespace)
			return faults
		}
		ways = []series{way}
	case !ok:
		say("isn't in the catalogue")
		return faults
	case u.namespace != s.parameters["Namespace"]:
		say("has the namespace %q: refer to the parameter Namespace", u.namespace)
		return faults
	default:
		ways = ours
	}
	got := slices.Sorted(maps.Keys(u.dimensions))
	i := slices.IndexFunc(ways, func(w series) bool { return slices.Equal(w.dimensions, got) })
	if i < 0 {
		say("isn't published with the dimensions %q", got)
		return faults
	}
	for dimension, value := range u.dimensions {
		parameter := dimension
		if dimension == "QueueName" {
			parameter = "DeadLetterQueueName"
		}
		if want, ok := s.parameters[parameter]; ok && value != want && value != "" {
			say("has the %s %q: refer to the parameter", dimension, value)
		}
	}
	if !statistics[ways[i].unit].MatchString(u.statistic) {
		say("has the unit %s, which %q doesn't fit", ways[i].unit, u.statistic)
	}
	if level, err := metric.ParseLevel(s.parameters["Metrics"]); err == nil && ways[i].level > level {
		say("isn't published with Metrics=%s: put it under a condition", level)
	}
	return faults
}

var (
	quoted     = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	identifier = regexp.MustCompile(`\b[a-z][A-Za-z0-9_]*\b`)
	search     = regexp.MustCompile(`SEARCH\(\s*'([^']*)'\s*,\s*'([^']*)'`)
	schema     = regexp.MustCompile(`\{\s*("[^"]*"|[^,"}]*)((?:,[^,}]*)*)\}`)
	metricName = regexp.MustCompile(`MetricName\s*=\s*("[^"]*"|\([^)]*\)|\w+)`)
	selects    = regexp.MustCompile(`^\s*SELECT\s+(\w+)\(("[^"]*"|\w+)\)\s+FROM\s+(.*)`)
	fromSchema = regexp.MustCompile(`^SCHEMA\(("[^"]*"|[^,)]*)((?:,[^,)]*)*)\)(.*)`)
	clauses    = regexp.MustCompile(`(?:WHERE|GROUP BY|AND|OR)\s+("[^"]*"|\w+)`)
)

// expressions checks the expressions that go together, by their ids, beside the metrics with ids. It returns the
// metrics that they look at by themselves.
func checkExpressions(expressions map[string]string, ids []string) (uses []use, faults []string) {
	used := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(expressions)) {
		e := expressions[id]
		switch {
		case selects.MatchString(e):
			u, err := parseSelect(e)
			if err != nil {
				faults = append(faults, err.Error())
				continue
			}
			uses = append(uses, u)
		default:
			for _, m := range search.FindAllStringSubmatch(e, -1) {
				found, err := parseSearch(m[1], m[2])
				if err != nil {
					faults = append(faults, err.Error())
				}
				uses = append(uses, found...)
			}
			for _, name := range identifier.FindAllString(quoted.ReplaceAllString(e, ""), -1) {
				used[name] = true
				if _, ok := expressions[name]; !ok && !slices.Contains(ids, name) {
					faults = append(faults, fmt.Sprintf("the expression %q uses %s, which is no id", e, name))
				}
			}
		}
	}
	return uses, faults
}

// parseSearch reads the terms of a SEARCH: '{NAMESPACE,DIMENSION,…} MetricName="NAME"'.
func parseSearch(terms, statistic string) ([]use, error) {
	m := schema.FindStringSubmatch(terms)
	n := metricName.FindStringSubmatch(terms)
	if m == nil || n == nil {
		return nil, fmt.Errorf("cannot read the search %q: write {NAMESPACE,DIMENSION} MetricName=\"NAME\"", terms)
	}
	dimensions := map[string]string{}
	for name := range strings.SplitSeq(strings.TrimPrefix(m[2], ","), ",") {
		dimensions[strings.Trim(name, ` "`)] = ""
	}
	var uses []use
	for _, name := range regexp.MustCompile(`[A-Za-z0-9]+`).FindAllString(n[1], -1) {
		if name != "OR" {
			uses = append(uses, use{strings.Trim(m[1], ` "`), name, statistic, dimensions})
		}
	}
	return uses, nil
}

// parseSelect reads a Metrics Insights query.
func parseSelect(query string) (use, error) {
	m := selects.FindStringSubmatch(query)
	from := fromSchema.FindStringSubmatch(m[3])
	if from == nil {
		return use{}, fmt.Errorf("%q: write FROM SCHEMA(NAMESPACE, DIMENSION), or metrics of other dimensions are counted too", query)
	}
	if '0' <= m[2][0] && m[2][0] <= '9' {
		return use{}, fmt.Errorf("%q: put %s in double quotes, it begins with a digit", query, m[2])
	}
	u := use{strings.Trim(from[1], `"`), strings.Trim(m[2], `"`), m[1], map[string]string{}}
	if strings.Contains(u.namespace, "/") && from[1] == u.namespace {
		return use{}, fmt.Errorf("%q: put the namespace in double quotes, it may have special characters", query)
	}
	if u.statistic == "SUM" {
		u.statistic = "Sum"
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(from[2], ","), ",") {
		if name = strings.Trim(name, ` "`); name != "" {
			u.dimensions[name] = ""
		}
	}
	for _, clause := range clauses.FindAllStringSubmatch(from[3], -1) {
		if _, ok := u.dimensions[strings.Trim(clause[1], `"`)]; !ok {
			return use{}, fmt.Errorf("%q: %s is none of the schema's dimensions", query, clause[1])
		}
	}
	return u, nil
}

func checkAlarms(s *stack) (faults []string) {
	titles := map[string]bool{}
	for _, r := range s.byKind("AWS::CloudWatch::Dashboard") {
		d, _ := parseDashboard(r) // checkDashboards sees to the error
		for i := range d.Widgets {
			titles[d.Widgets[i].Properties.Title] = true
		}
	}
	for _, r := range s.byKind("AWS::CloudWatch::Alarm") {
		say := func(problems ...string) {
			for _, p := range problems {
				faults = append(faults, r.fault("%s", p))
			}
		}
		description := r.text("AlarmDescription")
		if description == "" {
			say("has no AlarmDescription: say what to do")
		}
		if n := len(description); n > 1024 {
			say(fmt.Sprintf("its AlarmDescription has %d bytes: 1,024 is the most", n))
		}
		for _, m := range regexp.MustCompile(`"([A-Z][^"]*)"`).FindAllStringSubmatch(description, -1) {
			if !titles[m[1]] {
				say(fmt.Sprintf("its AlarmDescription sends people to %s, which is no widget's title", m[0]))
			}
		}
		if r.text("TreatMissingData") == "" {
			say("set TreatMissingData: zeros are never published")
		}
		uses, queries, problems := alarmMetrics(r)
		say(problems...)
		// A hard limit, which no linter knows.
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
		if len(uses) > 10 {
			say(fmt.Sprintf("looks at %d metrics: 10 is the most that an alarm may", len(uses)))
		}
		for _, u := range append(uses, queries...) {
			say(checkUse(s, u)...)
		}
		if classes := missingClasses(uses); classes != "" {
			say("compares RecordsRead with its classes without " + classes)
		}
		say(checkSpan(r, len(queries) > 0)...)
	}
	return faults
}

// alarmMetrics returns the metrics that an alarm looks at by name, and those of queries.
func alarmMetrics(r resource) (uses, queries []use, faults []string) {
	dimensions := func(v any) map[string]string {
		m := map[string]string{}
		for _, d := range list(v) {
			m[text(follow(d, "Name"))] = text(follow(d, "Value"))
		}
		return m
	}
	if r.property("MetricName") != nil {
		u := use{r.text("Namespace"), r.text("MetricName"), r.text("Statistic"), dimensions(r.property("Dimensions"))}
		if u.statistic == "" {
			u.statistic = r.text("ExtendedStatistic")
		}
		return []use{u}, nil, nil
	}
	expressions, returned := map[string]string{}, 0
	var ids []string
	for _, m := range list(r.property("Metrics")) {
		id := text(follow(m, "Id"))
		if text(follow(m, "ReturnData")) != "false" {
			returned++
		}
		if e := text(follow(m, "Expression")); e != "" {
			expressions[id] = e
			continue
		}
		ids = append(ids, id)
		named := func(name string) string { return text(follow(m, "MetricStat", "Metric", name)) }
		uses = append(uses, use{named("Namespace"), named("MetricName"), text(follow(m, "MetricStat", "Stat")),
			dimensions(follow(m, "MetricStat", "Metric", "Dimensions"))})
	}
	if returned != 1 {
		faults = append(faults, fmt.Sprintf("%d of its Metrics return data, want one with ReturnData: true", returned))
	}
	all := fmt.Sprint(slices.Collect(maps.Values(expressions)))
	for _, id := range ids {
		if len(ids) > 1 && !slices.Contains(identifier.FindAllString(quoted.ReplaceAllString(all, ""), -1), id) {
			faults = append(faults, fmt.Sprintf("no expression uses its metric %s", id))
		}
	}
	queries, problems := checkExpressions(expressions, ids)
	return uses, queries, append(faults, problems...)
}

// missingClasses names the classes of records that are missing where RecordsRead stands beside RecordsCounted.
func missingClasses(uses []use) string {
	has := map[string]bool{}
	for _, u := range uses {
		has[u.name] = true
	}
	var missing []string
	for class := metric.RecordsRead + 1; class < metric.RecordsUnaccounted; class++ {
		if name := metric.Health[class].Name; !has[name] {
			missing = append(missing, name)
		}
	}
	if !has["RecordsRead"] || !has["RecordsCounted"] {
		return ""
	}
	return strings.Join(missing, ", ")
}

// checkSpan wants the alarm to look no farther back than CloudWatch does: seven days, one with periods under an hour,
// three hours for a Metrics Insights query.
func checkSpan(r resource, query bool) (faults []string) {
	longest := r.number("Period")
	for i := range list(r.property("Metrics")) {
		n := strconv.Itoa(i)
		longest = max(longest, r.number("Metrics", n, "Period"), r.number("Metrics", n, "MetricStat", "Period"))
	}
	span, limit := longest*r.number("EvaluationPeriods"), 7*86400
	switch {
	case longest == 0:
		return []string{"set Period"}
	case query:
		limit = 3 * 3600
	case longest < 3600:
		limit = 86400
	}
	if span > limit {
		faults = append(faults, fmt.Sprintf("looks back %d seconds, CloudWatch's limit here is %d: fewer EvaluationPeriods", span, limit))
	}
	if r.number("DatapointsToAlarm") > r.number("EvaluationPeriods") {
		faults = append(faults, "DatapointsToAlarm is more than EvaluationPeriods")
	}
	return faults
}

// widget is one widget of a dashboard, by the names of its source.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, Query, Stat, Region, Markdown string
		Metrics                              [][]any
		InsightRule                          struct{ RuleName string }
		Alarms                               []string
	}
}

type dashboard struct {
	Widgets   []widget
	Variables []struct{ Type, Pattern, Search, PopulateFrom string }
}

func parseDashboard(r resource) (d dashboard, err error) {
	err = json.Unmarshal([]byte(r.text("DashboardBody")), &d)
	return d, err
}

func checkDashboards(s *stack) (faults []string) {
	for _, r := range s.byKind("AWS::CloudWatch::Dashboard") {
		d, err := parseDashboard(r)
		if err != nil {
			faults = append(faults, r.fault("DashboardBody is no JSON of a dashboard: %v", err))
			continue
		}
		pattern := ""
		for _, v := range d.Variables {
			if v.Type == "pattern" {
				pattern = v.Pattern
			}
			if v.Search == "" {
				continue
			}
			uses, err := parseSearch(v.Search, "Sum")
			if err != nil {
				faults = append(faults, r.fault("variable: %v", err))
			}
			for _, u := range uses {
				for _, problem := range checkUse(s, u) {
					faults = append(faults, r.fault("variable: %s", problem))
				}
				if _, ok := u.dimensions[v.PopulateFrom]; !ok {
					faults = append(faults, r.fault("variable: populateFrom %q is no dimension of its search", v.PopulateFrom))
				}
			}
		}
		for i := range d.Widgets {
			w := &d.Widgets[i]
			for _, problem := range slices.Concat(checkPlace(d.Widgets[:i], w), checkWidget(s, w, pattern)) {
				faults = append(faults, r.fault("widget %q: %s", w.Properties.Title, problem))
			}
		}
	}
	return faults
}

// checkPlace wants the widget on the grid, 24 columns wide, and not on top of an earlier one.
func checkPlace(earlier []widget, w *widget) (faults []string) {
	if w.X < 0 || w.Width < 1 || w.X+w.Width > 24 || w.Height < 1 {
		faults = append(faults, "is not within the 24 columns")
	}
	for _, e := range earlier {
		if w.X < e.X+e.Width && e.X < w.X+w.Width && w.Y < e.Y+e.Height && e.Y < w.Y+w.Height {
			faults = append(faults, fmt.Sprintf("lies on top of %q", e.Properties.Title))
		}
	}
	return faults
}

func checkWidget(s *stack, w *widget, pattern string) (faults []string) {
	p := &w.Properties
	switch w.Type {
	case "alarm":
		for _, arn := range p.Alarms {
			if id, ok := strings.CutSuffix(arn, ".Arn"); !ok || s.byID(id).kind != "AWS::CloudWatch::Alarm" {
				faults = append(faults, fmt.Sprintf("%s is no alarm of this template", arn))
			}
		}
		for _, r := range s.byKind("AWS::CloudWatch::Alarm") {
			if !slices.Contains(p.Alarms, r.id+".Arn") {
				faults = append(faults, "doesn't show the alarm "+r.id)
			}
		}
		return faults
	case "text":
		return nil
	}
	if p.Region != pseudo["AWS::Region"] {
		faults = append(faults, "set its region: ${AWS::Region}")
	}
	if w.Type == "log" {
		faults = append(faults, checkLogQuery(s, p.Query, true)...)
	}
	if rule := p.InsightRule.RuleName; rule != "" && !slices.ContainsFunc(s.byKind("AWS::CloudWatch::InsightRule"),
		func(r resource) bool { return r.text("RuleName") == rule }) {
		faults = append(faults, fmt.Sprintf("%s is no rule of this template", rule))
	}
	uses, problems := widgetMetrics(w)
	faults = append(faults, problems...)
	for _, u := range uses {
		faults = append(faults, checkUse(s, u)...)
		if bucket := u.dimensions["BucketName"]; bucket != "" && bucket != pattern {
			faults = append(faults, fmt.Sprintf("%s is of the bucket %q, which is not what the dashboard's variable replaces", u.name, bucket))
		}
	}
	if classes := missingClasses(uses); classes != "" {
		faults = append(faults, "shows RecordsRead and its classes without "+classes)
	}
	return faults
}

// widgetMetrics returns the metrics of a widget. A row is [NAMESPACE, NAME, DIMENSION, VALUE, …, OPTIONS]; "." repeats
// what stands there in the row above, "..." all of it that is not given.
func widgetMetrics(w *widget) (uses []use, faults []string) {
	var above []string
	expressions := map[string]string{}
	var ids []string
	for i, row := range w.Properties.Metrics {
		var options map[string]any
		if n := len(row); n > 0 {
			if o, ok := row[n-1].(map[string]any); ok {
				options, row = o, row[:n-1]
			}
		}
		id := text(options["id"])
		if e := text(options["expression"]); e != "" {
			if id == "" {
				id = fmt.Sprint("row ", i)
			}
			expressions[id] = e
			continue
		}
		ids = append(ids, id)
		var cells []string
		for j, cell := range row {
			switch c := text(cell); {
			case c == "...":
				rest := len(above) - (len(row) - j - 1)
				cells = append(cells, above[min(j, len(above)):max(j, rest)]...)
			case c == "." && len(cells) < len(above):
				cells = append(cells, above[len(cells)])
			default:
				cells = append(cells, c)
			}
		}
		above = cells
		if len(cells) < 2 || len(cells)%2 != 0 {
			faults = append(faults, fmt.Sprintf("row %d is not [NAMESPACE, NAME, DIMENSION, VALUE, …]: %q", i, cells))
			continue
		}
		u := use{cells[0], cells[1], "Average", map[string]string{}} // which is CloudWatch's default
		for j := 2; j < len(cells); j += 2 {
			u.dimensions[cells[j]] = cells[j+1]
		}
		for _, statistic := range []string{w.Properties.Stat, text(options["stat"])} {
			if statistic != "" {
				u.statistic = statistic
			}
		}
		uses = append(uses, u)
	}
	found, problems := checkExpressions(expressions, ids)
	return append(uses, found...), append(faults, problems...)
}

// Who is told by which alarm. None tells people of anomalies: the function sends one message for an incident, and an
// alarm would send another.
func TestAlarmActions(t *testing.T) {
	operators := []string{"OperationsTopic"}
	want := map[string][]string{
		"UnexpectedDeletes":         nil,
		"UnexpectedDeletesByBucket": nil,
		"HighSeverityAnomalies":     nil,
		"FilesFailed":               operators,
		"AlertsLate":                operators,
		"Silence":                   operators,
		"NumbersWrong":              operators,
		"DetectorsBlind":            operators,
	}
	alarms := func(parameters map[string]string) map[string][]string {
		got := map[string][]string{}
		for _, r := range deployMonitoring(t, parameters).byKind("AWS::CloudWatch::Alarm") {
			got[r.id] = texts(r.property("AlarmActions"))
		}
		return got
	}
	if diff := cmp.Diff(want, alarms(nil)); diff != "" {
		t.Errorf("who is told (-want +got):\n%s", diff)
	}
	want["NoDataEvents"] = operators
	if diff := cmp.Diff(want, alarms(map[string]string{"ExistingLogBucketName": "org-trail"})); diff != "" {
		t.Errorf("who is told with an existing log bucket (-want +got):\n%s", diff)
	}
}

// The heartbeat: an alarm that looks at Ticks goes off when none have come for ten minutes, in which a tick comes ten
// times.
func TestHeartbeat(t *testing.T) {
	found := false
	for _, r := range deployMonitoring(t, nil).byKind("AWS::CloudWatch::Alarm") {
		uses, _, _ := alarmMetrics(r)
		if !slices.ContainsFunc(uses, func(u use) bool { return u.name == metric.Health[metric.Ticks].Name }) {
			continue
		}
		found = true
		if got := r.text("TreatMissingData"); got != "breaching" {
			t.Errorf("%s: TreatMissingData is %q, want breaching: what has stopped publishes nothing", r.id, got)
		}
		seconds := r.number("Metrics", "1", "MetricStat", "Period") * r.number("EvaluationPeriods")
		if seconds != 600 {
			t.Errorf("%s looks at %d seconds, want 600", r.id, seconds)
		}
		if got := texts(r.property("AlarmActions")); len(got) == 0 {
			t.Errorf("%s tells nobody", r.id)
		}
	}
	if !found {
		t.Error("no alarm looks at Ticks")
	}
}

// Every metric of the function's health is on the dashboard: what is measured and shown nowhere helps nobody.
func TestWidgetsOfHealth(t *testing.T) {
	shown := map[string]bool{}
	for _, r := range deployMonitoring(t, nil).byKind("AWS::CloudWatch::Dashboard") {
		d, err := parseDashboard(r)
		if err != nil {
			t.Fatal(err)
		}
		for i := range d.Widgets {
			uses, _ := widgetMetrics(&d.Widgets[i])
			for _, u := range uses {
				shown[u.name] = true
			}
		}
	}
	for _, d := range metric.Health {
		if !shown[d.Name] {
			t.Errorf("the dashboard doesn't show %s", d.Name)
		}
	}
}

// The dashboard shows every bucket metric that is published, and without Metrics=full none of that level: log widgets
// take their place.
func TestWidgetsOfFullMetrics(t *testing.T) {
	shown := func(level string) map[string]bool {
		names := map[string]bool{}
		for _, r := range deployMonitoring(t, map[string]string{"Metrics": level}).byKind("AWS::CloudWatch::Dashboard") {
			d, err := parseDashboard(r)
			if err != nil {
				t.Fatal(err)
			}
			for i := range d.Widgets {
				uses, _ := widgetMetrics(&d.Widgets[i])
				for _, u := range uses {
					names[u.name] = true
				}
			}
		}
		return names
	}
	essential, full := shown("essential"), shown("full")
	for _, d := range slices.Concat(metric.Bucket[:], metric.Latency[:]) {
		if want := d.Level == metric.Essential; essential[d.Name] != want {
			t.Errorf("the dashboard with Metrics=essential shows %s: %v, want %v", d.Name, !want, want)
		}
		if !full[d.Name] {
			t.Errorf("the dashboard with Metrics=full doesn't show %s", d.Name)
		}
	}
}

// testMonitoring runs a check on resources as part of the nested stack.
func testMonitoring(t *testing.T, c check, good, bad []example) {
	t.Helper()
	parameters := map[string]string{"Namespace": "Watch/two", "FunctionName": "Function", "LogGroupName": "Log",
		"Metrics": "essential", "DeadLetterQueueName": "Dead"}
	run := func(e example) []string {
		s := parseTemplate(t, "x.yaml", "Parameters: {Namespace: {}, FunctionName: {}, LogGroupName: {}, Metrics: {}, DeadLetterQueueName: {}}\n"+
			"Resources:\n"+e.yaml).make(parameters)
		if len(s.faults) > 0 {
			t.Fatalf("%s: %q", e.name, s.faults)
		}
		return c(s)
	}
	testExamples(t, run, good, bad)
}

func TestCheckAlarms(t *testing.T) {
	const plain = `
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: Look.
      TreatMissingData: notBreaching
      Namespace: !Ref Namespace
      MetricName: FilesProcessed
      Dimensions: [{Name: FunctionName, Value: !Ref FunctionName}]
      Statistic: Sum
      Period: 300
      EvaluationPeriods: 12
`
	const math = `
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: Look.
      TreatMissingData: notBreaching
      EvaluationPeriods: 12
      Metrics:
        - {Id: all, Expression: "FILL(anomalies, 0) + errors", ReturnData: true}
        - {Id: anomalies, ReturnData: false, MetricStat: {Stat: Sum, Period: 300, Metric: {Namespace: !Ref Namespace, MetricName: Anomalies}}}
        - Id: errors
          ReturnData: false
          MetricStat: {Stat: Sum, Period: 300, Metric: {Namespace: AWS/Logs, MetricName: EMFParsingErrors, Dimensions: [{Name: LogGroupName, Value: !Ref LogGroupName}]}}
`
	const query = `
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: Look.
      TreatMissingData: notBreaching
      EvaluationPeriods: 12
      Metrics:
        - Id: deletes
          Period: 300
          Expression: !Sub SELECT SUM(UnexpectedDeletes) FROM SCHEMA("${Namespace}", BucketName) GROUP BY BucketName ORDER BY SUM() DESC
`
	var eleven strings.Builder
	eleven.WriteString(strings.SplitAfter(math, "Metrics:\n")[0] + "        - {Id: all, Expression: \"")
	for i := range 11 {
		fmt.Fprintf(&eleven, "+ m%d", i)
	}
	eleven.WriteString("\"}\n")
	for i := range 11 {
		fmt.Fprintf(&eleven, "        - {Id: m%d, ReturnData: false, MetricStat: {Stat: Sum, Period: 300, Metric: {Namespace: !Ref Namespace, MetricName: Anomalies}}}\n", i)
	}
	health := func(id, name string) string {
		return "        - {Id: " + id + ", ReturnData: false, MetricStat: {Stat: Sum, Period: 300, Metric: " +
			"{Namespace: !Ref Namespace, MetricName: " + name + ", Dimensions: [{Name: FunctionName, Value: !Ref FunctionName}]}}}\n"
	}
	testMonitoring(t, checkAlarms, []example{{"plain", plain, ""}, {"math", math, ""}, {"query", query, ""}}, slices.Concat(
		replacing(plain,
			[4]string{"unknown metric", "FilesProcessed", "FilesRead", "FilesRead isn't in the catalogue"},
			[4]string{"namespace spelt out", "Namespace: !Ref Namespace", "Namespace: BucketWatch", `has the namespace "BucketWatch"`},
			[4]string{"unknown metric of AWS", "Namespace: !Ref Namespace", "Namespace: AWS/Lambda", "of AWS/Lambda isn't in metricsOfAWS"},
			[4]string{"no dimension", "[{Name: FunctionName, Value: !Ref FunctionName}]", "[]", "isn't published with the dimensions []"},
			[4]string{"other dimension", "Name: FunctionName", "Name: BucketName", `isn't published with the dimensions ["BucketName"]`},
			[4]string{"other function", "Value: !Ref FunctionName", "Value: bucketwatch", `has the FunctionName "bucketwatch"`},
			[4]string{"percentile of a count", "Statistic: Sum", "ExtendedStatistic: p99", `has the unit Count, which "p99" doesn't fit`},
			[4]string{"sum of durations", "FilesProcessed", "ProcessingTime", `has the unit Milliseconds, which "Sum" doesn't fit`},
			[4]string{"no description", "      AlarmDescription: Look.\n", "", "no AlarmDescription"},
			[4]string{"long description", "Look.", strings.Repeat("Look. ", 171), "1,024 is the most"},
			[4]string{"unknown widget", "Look.", `'Look at "Files".'`, `sends people to "Files"`},
			[4]string{"missing data", "      TreatMissingData: notBreaching\n", "", "set TreatMissingData"},
			[4]string{"too far back", "EvaluationPeriods: 12", "EvaluationPeriods: 289", "looks back 86700 seconds"},
			[4]string{"too many datapoints", "EvaluationPeriods: 12", "EvaluationPeriods: 2\n      DatapointsToAlarm: 3", "DatapointsToAlarm is more"},
			[4]string{"metric of another level",
				"FilesProcessed\n      Dimensions: [{Name: FunctionName, Value: !Ref FunctionName}]",
				"HeadRequests\n      Dimensions: [{Name: BucketName, Value: x}]", "isn't published with Metrics=essential"},
		),
		replacing(math,
			[4]string{"unknown id", "+ errors", "+ failures + errors", "uses failures, which is no id"},
			[4]string{"unused metric", " + errors", "", "no expression uses its metric errors"},
			[4]string{"nothing returned", "ReturnData: true", "ReturnData: false", "0 of its Metrics return data"},
			[4]string{"unknown metric in math", "MetricName: Anomalies", "MetricName: Incidents", "Incidents isn't in the catalogue"},
		),
		replacing(query,
			[4]string{"unknown metric in a query", "SUM(UnexpectedDeletes)", "SUM(LostObjects)", "LostObjects isn't in the catalogue"},
			[4]string{"average of a count", "SELECT SUM", "SELECT AVG", `which "AVG" doesn't fit`},
			[4]string{"no schema", `SCHEMA("${Namespace}", BucketName)`, `"${Namespace}"`, "write FROM SCHEMA"},
			[4]string{"other schema", `", BucketName)`, `", BucketName, FunctionName)`, "isn't published with the dimensions"},
			[4]string{"grouped by another dimension", "GROUP BY BucketName", "GROUP BY Anomaly", "Anomaly is none of the schema's dimensions"},
			[4]string{"name without quotes", "UnexpectedDeletes", "4xxErrors", "put 4xxErrors in double quotes"},
			[4]string{"namespace without quotes", `"${Namespace}"`, "${Namespace}", "put the namespace in double quotes"},
			[4]string{"query too far back", "EvaluationPeriods: 12", "EvaluationPeriods: 37", "limit here is 10800"},
		),
		[]example{
			{"eleven metrics", eleven.String(), "looks at 11 metrics"},
			{"a class left out", strings.Replace(strings.SplitAfter(math, "Metrics:\n")[0]+"        - {Id: e, Expression: read - counted}\n"+
				health("read", "RecordsRead")+health("counted", "RecordsCounted"), "EvaluationPeriods: 12", "EvaluationPeriods: 1", 1),
				"compares RecordsRead with its classes without RecordsNotS3, "},
		}))
}

func TestCheckDashboards(t *testing.T) {
	body := func(variables, widgets string) string {
		return `
  Alarm: {Type: AWS::CloudWatch::Alarm}
  Rule: {Type: AWS::CloudWatch::InsightRule, Properties: {RuleName: Top}}
  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: !Sub |
        {"variables": [` + variables + `], "widgets": [` + widgets + `]}
`
	}
	const variable = `{"type": "pattern", "pattern": "_BUCKET_", "search": "{\"${Namespace}\",BucketName} MetricName=\"AllRequests\"", "populateFrom": "BucketName"}`
	widget := func(kind, properties string) string {
		return `{"x": 0, "y": 0, "width": 12, "height": 6, "type": "` + kind + `", "properties": {"title": "T", "region": "${AWS::Region}", ` + properties + `}}`
	}
	metrics := func(rows string) string { return widget("metric", `"stat": "Sum", "metrics": [`+rows+`]`) }
	e := func(name, widgets, want string) example { return example{name, body(variable, widgets), want} }
	good := []example{
		e("nothing", "", ""),
		e("metrics", metrics(`["${Namespace}", "GetRequests", "BucketName", "_BUCKET_"], [".", "PutRequests", ".", "."], ["${Namespace}", "Anomalies"]`), ""),
		e("all of the row above", widget("metric", `"metrics": [["${Namespace}", "DeliveryDelay", "FunctionName", "${FunctionName}", {"stat": "p50"}], ["...", {"stat": "Maximum"}]]`), ""),
		e("most of the row above", metrics(`["${Namespace}", "GetRequests", "BucketName", "_BUCKET_"], ["...", "_BUCKET_"]`), ""),
		e("math", metrics(`[{"expression": "100 * bad / all"}], ["${Namespace}", "4xxErrors", "BucketName", "_BUCKET_", {"id": "bad"}], [".", "AllRequests", ".", ".", {"id": "all"}]`), ""),
		e("search", metrics(`[{"expression": "SEARCH('{\"${Namespace}\",BucketName} MetricName=(\"GetRequests\" OR \"PutRequests\")', 'Sum', 300)"}]`), ""),
		e("alarms", widget("alarm", `"alarms": ["${Alarm.Arn}"]`), ""),
		e("rule", widget("metric", `"insightRule": {"ruleName": "Top"}`), ""),
		e("log", widget("log", `"query": "SOURCE '${LogGroupName}' | filter Type = \"Delete\" | fields Key"`), ""),
		e("text", widget("text", `"markdown": "x"`), ""),
		e("side by side", metrics("")+","+strings.Replace(metrics(""), `"x": 0`, `"x": 12`, 1), ""),
	}
	bad := []example{
		e("no JSON", `{]`, "is no JSON"),
		{"variable's search", body(strings.Replace(variable, "AllRequests", "Requests", 1), ""), "variable: Requests isn't in the catalogue"},
		{"variable's source", body(strings.Replace(variable, `"populateFrom": "BucketName"`, `"populateFrom": "Bucket"`, 1), ""), `populateFrom "Bucket"`},
		{"variable's terms", body(strings.Replace(variable, "MetricName", "Metric", 1), ""), "cannot read the search"},
		e("unknown metric", metrics(`["${Namespace}", "Requests", "BucketName", "_BUCKET_"]`), `widget "T": Requests isn't in the catalogue`),
		e("namespace", metrics(`["BucketWatch", "GetRequests", "BucketName", "_BUCKET_"]`), `has the namespace "BucketWatch"`),
		e("bucket", metrics(`["${Namespace}", "GetRequests", "BucketName", "photos"]`), `is of the bucket "photos"`),
		e("dimension", metrics(`["${Namespace}", "GetRequests", "FunctionName", "${FunctionName}"]`), "isn't published with the dimensions"),
		e("no statistic", widget("metric", `"metrics": [["${Namespace}", "Anomalies"]]`), `"Average" doesn't fit`),
		e("statistic of a row", metrics(`["${Namespace}", "Anomalies", {"stat": "p90"}]`), `"p90" doesn't fit`),
		e("level", metrics(`["${Namespace}", "HeadRequests", "BucketName", "_BUCKET_"]`), "isn't published with Metrics=essential"),
		e("odd row", metrics(`["${Namespace}", "GetRequests", "BucketName"]`), "row 0 is not"),
		e("math with an unknown id", metrics(`[{"expression": "all / 2"}]`), "uses all, which is no id"),
		e("search for an unknown metric", metrics(`[{"expression": "SEARCH('{\"${Namespace}\",BucketName} MetricName=\"Hits\"', 'Sum', 300)"}]`), "Hits isn't in the catalogue"),
		e("search for the average of a count", metrics(`[{"expression": "SEARCH('{\"${Namespace}\",BucketName} MetricName=\"GetRequests\"', 'Average', 300)"}]`), `"Average" doesn't fit`),
		e("classes", metrics(`["${Namespace}", "RecordsRead", "FunctionName", "${FunctionName}"], [".", "RecordsCounted", ".", "."]`), "without RecordsNotS3, "),
		e("alarm left out", widget("alarm", `"alarms": []`), "doesn't show the alarm Alarm"),
		e("alarm of others", widget("alarm", `"alarms": ["${Alarm.Arn}", "other"]`), "other is no alarm of this template"),
		e("unknown rule", widget("metric", `"insightRule": {"ruleName": "Bottom"}`), "Bottom is no rule of this template"),
		e("log query", widget("log", `"query": "SOURCE '${LogGroupName}' | filter Type = \"Delete\" | fields Object"`), "Object"),
		e("region", `{"width": 6, "height": 6, "type": "metric", "properties": {}}`, "set its region"),
		e("too wide", strings.Replace(metrics(""), `"width": 12`, `"width": 25`, 1), "24 columns"),
		e("overlap", metrics("")+","+metrics(""), `lies on top of "T"`),
	}
	testMonitoring(t, checkDashboards, good, bad)
}
