package pipeline

import (
	"time"
	"unicode/utf8"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/emf"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/metric"
)

// schema is the version of the lines' root members. Users' queries and alarms are built on them.
const schema = 1

// Lengths to which values of a log file are cut, in bytes: S3's limit for keys, and CloudTrail's for user agents. A line
// must stay within its limit whatever a log file holds, and a byte may be written as six.
const (
	maxKey  = 1024
	maxText = 1024
)

// writer makes the lines about one log file.
type writer struct {
	batch
	config  *Config
	account string
	region  string
	logFile string // s3://BUCKET/KEY
	now     time.Time
}

// root begins a line of the given type.
func (w *writer) root(lineType string) *emf.Line {
	return &emf.Line{
		Timestamp: w.now,
		Members: []emf.Member{
			{Name: "Schema", Value: schema},
			{Name: "Type", Value: lineType},
			{Name: "AccountId", Value: w.account},
			{Name: "Region", Value: w.region},
		},
	}
}

// bucket makes the lines of one bucket and minute: a second one only if there are more latencies than a line takes.
// What is no metric at the configured level is still a member; if nothing is, the line goes beside the log.
func (w *writer) bucket(row *metric.Row) error {
	line := w.bucketLine(row)
	var published []emf.MetricDefinition
	for i, def := range metric.Bucket {
		if row.Values[i] == 0 {
			continue
		}
		member(line, def.Name, row.Values[i])
		if def.Level <= w.config.Metrics {
			published = append(published, definition(def))
		}
	}
	for i, def := range metric.Latency {
		switch l := &row.Latencies[i]; {
		case l.Count == 0:
		case def.Level <= w.config.Metrics:
			published = append(published, definition(def))
			member(line, def.Name, values(l.Kept, 0))
		default:
			member(line, def.Name, statistics{l.Count, l.Sum, l.Min, l.Max})
		}
	}
	if row.Operations.Len() > 0 {
		member(line, "Operations", row.Operations.Map())
	}
	if row.ErrorCodes.Len() > 0 {
		member(line, "ErrorCodes", row.ErrorCodes.Map())
	}
	line.Directives = w.bucketDirective(published)
	if err := w.add(line); err != nil {
		return err
	}
	return w.moreLatencies(row)
}

// moreLatencies makes the latencies beyond those of the row's first line.
func (w *writer) moreLatencies(row *metric.Row) error {
	for from := emf.MaxValues; ; from += emf.MaxValues {
		line := w.bucketLine(row)
		var published []emf.MetricDefinition
		for i, def := range metric.Latency {
			if kept := row.Latencies[i].Kept; from < len(kept) {
				published = append(published, definition(def))
				member(line, def.Name, values(kept, from))
			}
		}
		if len(published) == 0 {
			return nil
		}
		line.Directives = w.bucketDirective(published)
		if err := w.add(line); err != nil {
			return err
		}
	}
}

// bucketLine begins a line about a bucket and minute. Its metrics carry the minute.
func (w *writer) bucketLine(row *metric.Row) *emf.Line {
	line := w.root("Bucket")
	line.Timestamp = row.Minute
	member(line, "BucketName", row.Bucket)
	member(line, "Time", row.Minute.Format(time.RFC3339))
	return line
}

func (w *writer) bucketDirective(metrics []emf.MetricDefinition) []emf.MetricDirective {
	if len(metrics) == 0 {
		return nil
	}
	return []emf.MetricDirective{{
		Namespace:  w.config.Namespace,
		Dimensions: [][]string{{"BucketName"}},
		Metrics:    metrics,
	}}
}

// statistics sum up latencies that are not published one by one.
type statistics struct {
	Count         int64
	Sum, Min, Max float64
}

// values returns the values from an index on that go into one line.
func values(kept []float32, from int) []float64 {
	kept = kept[from:min(from+emf.MaxValues, len(kept))]
	v := make([]float64, len(kept))
	for i, ms := range kept {
		v[i] = float64(ms)
	}
	return v
}

// anomaly makes the line of an anomaly. Its metrics carry the time of detection: alarms look at now. What only became
// more severe, without becoming HIGH, has no metric, and its line goes beside the log.
func (w *writer) anomaly(news *history.News) error {
	a := &news.Anomaly
	line := w.root("Anomaly")
	member(line, "BucketName", dimension(a.Bucket))
	member(line, "Anomaly", a.Name)
	member(line, "Severity", string(a.Severity))
	member(line, "Principal", clip(a.Principal, maxText))
	member(line, "PrincipalKind", string(a.Kind))
	member(line, "WindowStart", a.WindowStart.Format(time.RFC3339))
	member(line, "WindowEnd", a.WindowEnd.Format(time.RFC3339))
	member(line, "FirstTime", a.First.UTC().Format(time.RFC3339))
	member(line, "LastTime", a.Last.UTC().Format(time.RFC3339))
	member(line, "Count", a.Count)
	number(line, "Threshold", a.Threshold)
	number(line, "Record", a.Record)
	member(line, "Explanation", clip(a.Explanation, maxText))
	number(line, "KeysInAll", a.KeysInAll)
	list(line, "Keys", a.Keys)
	list(line, "Persons", clipAll(a.Persons))
	list(line, "EventIds", a.EventIDs)
	list(line, "SourceIPAddresses", a.SourceIPAddresses)
	list(line, "UserAgents", a.UserAgents)
	list(line, "LogFiles", a.LogFiles)

	var perBucket []emf.MetricDefinition
	for _, m := range []struct {
		metric.Definition
		value int64
	}{
		{metric.Anomalies, one(news.Opened)},
		{metric.HighSeverityAnomalies, one(news.BecameHigh)},
		{metric.UnexpectedDeletes, news.UnexpectedDeletes},
	} {
		if m.value > 0 {
			member(line, m.Name, m.value)
			perBucket = append(perBucket, definition(m.Definition))
		}
	}
	if len(perBucket) > 0 {
		line.Directives = append(line.Directives, emf.MetricDirective{
			Namespace: w.config.Namespace, Dimensions: [][]string{{"BucketName"}, {}}, Metrics: perBucket,
		})
	}
	if news.Opened {
		line.Directives = append(line.Directives, emf.MetricDirective{
			Namespace: w.config.Namespace, Dimensions: [][]string{{"BucketName", "Anomaly"}}, Metrics: []emf.MetricDefinition{definition(metric.Anomalies)},
		})
	}
	return w.add(line)
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// health makes the line about the function's work on one object. skipReason is why it was not read, if it wasn't.
func (w *writer) health(values *[len(metric.Health)]int64, skipReason string) error {
	line := w.root("Health")
	member(line, "FunctionName", w.config.FunctionName)
	if w.logFile != "" {
		member(line, "LogFile", w.logFile)
	}
	if skipReason != "" {
		member(line, "SkipReason", skipReason)
	}
	directive := emf.MetricDirective{Namespace: w.config.Namespace, Dimensions: [][]string{{"FunctionName"}}}
	for i, def := range metric.Health {
		if values[i] != 0 {
			member(line, def.Name, values[i])
			directive.Metrics = append(directive.Metrics, definition(def))
		}
	}
	line.Directives = []emf.MetricDirective{directive}
	return w.add(line)
}

// caller makes the line about one caller's use of a bucket.
func (w *writer) caller(row *metric.CallerRow) error {
	line := w.root("Caller")
	member(line, "BucketName", clip(row.Bucket, maxText))
	member(line, "Principal", clip(row.Principal, maxText))
	member(line, "Requests", row.Requests)
	member(line, "DeletedObjects", row.DeletedObjects)
	member(line, "Errors", row.Errors)
	member(line, "LogFile", w.logFile)
	return w.add(line)
}

// delete makes the line about one deleted object, or one refused deletion.
func (w *writer) delete(d *deleteEntry) error {
	line := w.root("Delete")
	member(line, "Time", d.time.UTC().Format(time.RFC3339))
	member(line, "BucketName", clip(d.bucket, maxText))
	member(line, "Key", clip(d.key, maxKey))
	for _, m := range []emf.Member{
		{Name: "VersionId", Value: d.versionID},
		{Name: "Principal", Value: d.caller.Principal},
		{Name: "SourceIPAddress", Value: d.caller.SourceIPAddress},
		{Name: "UserAgent", Value: d.caller.UserAgent},
		{Name: "ErrorCode", Value: d.errorCode},
		{Name: "EventId", Value: d.eventID},
	} {
		if v := m.Value.(string); v != "" {
			member(line, m.Name, clip(v, maxText))
		}
	}
	member(line, "LogFile", w.logFile)
	return w.add(line)
}

func member(line *emf.Line, name string, value any) {
	line.Members = append(line.Members, emf.Member{Name: name, Value: value})
}

// number adds a member unless it is 0.
func number(line *emf.Line, name string, value int64) {
	if value != 0 {
		member(line, name, value)
	}
}

// list adds a member unless it is empty.
func list(line *emf.Line, name string, values []string) {
	if len(values) > 0 {
		member(line, name, values)
	}
}

// maxPersons is how many persons a line names.
const maxPersons = 10

func clipAll(values []string) []string {
	clipped := make([]string, 0, min(len(values), maxPersons))
	for _, v := range values[:min(len(values), maxPersons)] {
		clipped = append(clipped, clip(v, maxText))
	}
	return clipped
}

// dimension is a bucket's name as a dimension's value: no other text of a log file may become one.
func dimension(bucket string) string {
	if bucket == anomaly.Account || metric.IsBucketName(bucket) {
		return bucket
	}
	return metric.OtherName
}

func definition(d metric.Definition) emf.MetricDefinition {
	return emf.MetricDefinition{Name: d.Name, Unit: emf.Unit(d.Unit)}
}

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
