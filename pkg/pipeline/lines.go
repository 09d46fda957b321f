package pipeline

import (
	"fmt"
	"time"
	"unicode/utf8"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/emf"
	"bucketwatch/pkg/metric"
)

// schema is the version of the lines' root members. Users' queries and alarms are built on them.
const schema = 1

// Lengths to which values of a log file are cut, in bytes: real ones are shorter (1,024 bytes of key, by S3's limits,
// and of user agent, by CloudTrail's), and a line must stay within its limit whatever a log file holds.
const (
	maxKey  = 4096
	maxText = 1024
)

// writer writes the lines about one log file.
type writer struct {
	config  *Config
	out     *Output
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

// bucket writes the lines of one bucket and minute: a second one only if there are more latencies than a line takes.
// What is no metric at the configured level is still a member; if nothing is, the line goes beside the log.
func (w *writer) bucket(row *metric.Row) error {
	line := w.root("Bucket")
	line.Timestamp = row.Minute
	add(line, "BucketName", row.Bucket)
	add(line, "Time", row.Minute.Format(time.RFC3339))

	var published []emf.MetricDefinition
	for i, def := range metric.Bucket {
		if row.Values[i] == 0 {
			continue
		}
		add(line, def.Name, row.Values[i])
		if def.Level <= w.config.Metrics {
			published = append(published, definition(def))
		}
	}
	for i, def := range metric.Latency {
		switch l := &row.Latencies[i]; {
		case l.Count == 0:
		case def.Level <= w.config.Metrics:
			published = append(published, definition(def))
			add(line, def.Name, values(l.Kept, 0))
		default:
			add(line, def.Name, statistics{l.Count, l.Sum, l.Min, l.Max})
		}
	}
	if row.Operations.Len() > 0 {
		add(line, "Operations", row.Operations.Map())
	}
	if row.ErrorCodes.Len() > 0 {
		add(line, "ErrorCodes", row.ErrorCodes.Map())
	}
	line.Directives = w.bucketDirective(published)
	if err := w.out.write(line); err != nil {
		return err
	}
	return w.moreLatencies(row)
}

// moreLatencies writes the latencies beyond those of the row's first line.
func (w *writer) moreLatencies(row *metric.Row) error {
	for from := emf.MaxValues; ; from += emf.MaxValues {
		line := w.root("Bucket")
		line.Timestamp = row.Minute
		add(line, "BucketName", row.Bucket)
		add(line, "Time", row.Minute.Format(time.RFC3339))
		var published []emf.MetricDefinition
		for i, def := range metric.Latency {
			if kept := row.Latencies[i].Kept; from < len(kept) {
				published = append(published, definition(def))
				add(line, def.Name, values(kept, from))
			}
		}
		if len(published) == 0 {
			return nil
		}
		line.Directives = w.bucketDirective(published)
		if err := w.out.write(line); err != nil {
			return err
		}
	}
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

// anomaly writes the line of an anomaly. Its metrics carry the time of detection: alarms look at now.
func (w *writer) anomaly(a *anomaly.Anomaly) error {
	line := w.root("Anomaly")
	add(line, "BucketName", a.Bucket)
	add(line, "Anomaly", a.Name)
	add(line, "Severity", string(a.Severity))
	add(line, "Principal", clip(a.Principal, maxText))
	add(line, "WindowStart", a.WindowStart.Format(time.RFC3339))
	add(line, "WindowEnd", a.WindowEnd.Format(time.RFC3339))
	add(line, "Count", a.Count)
	add(line, "Explanation", clip(a.Explanation, maxText))
	if a.KeysInAll > 0 {
		add(line, "Keys", a.Keys)
		add(line, "KeysInAll", a.KeysInAll)
	}
	add(line, "EventIds", a.EventIDs)
	add(line, "SourceIPAddresses", a.SourceIPAddresses)
	add(line, "UserAgents", a.UserAgents)
	add(line, "LogFiles", []string{w.logFile})

	perBucket := []emf.MetricDefinition{definition(metric.Anomalies)}
	add(line, metric.Anomalies.Name, int64(1))
	if a.Severity == anomaly.High {
		add(line, metric.HighSeverityAnomalies.Name, int64(1))
		perBucket = append(perBucket, definition(metric.HighSeverityAnomalies))
	}
	if a.DeletedObjects > 0 {
		add(line, metric.UnexpectedDeletes.Name, a.DeletedObjects)
		perBucket = append(perBucket, definition(metric.UnexpectedDeletes))
	}
	line.Directives = []emf.MetricDirective{
		{
			Namespace:  w.config.Namespace,
			Dimensions: [][]string{{"BucketName", "Anomaly"}},
			Metrics:    []emf.MetricDefinition{definition(metric.Anomalies)},
		},
		{
			Namespace:  w.config.Namespace,
			Dimensions: [][]string{{"BucketName"}, {}},
			Metrics:    perBucket,
		},
	}
	return w.out.write(line)
}

// health writes the line about the function's work on one object. skipReason is why it was not read, if it wasn't.
func (w *writer) health(values *[len(metric.Health)]int64, skipReason string) error {
	line := w.root("Health")
	add(line, "FunctionName", w.config.FunctionName)
	add(line, "LogFile", w.logFile)
	if skipReason != "" {
		add(line, "SkipReason", skipReason)
	}
	directive := emf.MetricDirective{Namespace: w.config.Namespace, Dimensions: [][]string{{"FunctionName"}}}
	for i, def := range metric.Health {
		if values[i] != 0 {
			add(line, def.Name, values[i])
			directive.Metrics = append(directive.Metrics, definition(def))
		}
	}
	line.Directives = []emf.MetricDirective{directive}
	return w.out.write(line)
}

// caller writes the line about one caller's use of a bucket.
func (w *writer) caller(row *metric.CallerRow) error {
	line := w.root("Caller")
	add(line, "BucketName", clip(row.Bucket, maxText))
	add(line, "Principal", clip(row.Principal, maxText))
	add(line, "Requests", row.Requests)
	add(line, "DeletedObjects", row.DeletedObjects)
	add(line, "Errors", row.Errors)
	add(line, "LogFile", w.logFile)
	return w.out.write(line)
}

// delete writes the line about one deleted object, or one refused deletion.
func (w *writer) delete(d *deleteEntry) error {
	line := w.root("Delete")
	add(line, "Time", d.time.UTC().Format(time.RFC3339))
	add(line, "BucketName", clip(d.bucket, maxText))
	add(line, "Key", clip(d.key, maxKey))
	for _, m := range []emf.Member{
		{Name: "VersionId", Value: d.versionID},
		{Name: "Principal", Value: d.caller.Principal},
		{Name: "SourceIPAddress", Value: d.caller.SourceIPAddress},
		{Name: "UserAgent", Value: d.caller.UserAgent},
		{Name: "ErrorCode", Value: d.errorCode},
		{Name: "EventId", Value: d.eventID},
	} {
		if v := m.Value.(string); v != "" {
			add(line, m.Name, clip(v, maxText))
		}
	}
	add(line, "LogFile", w.logFile)
	return w.out.write(line)
}

func add(line *emf.Line, name string, value any) {
	line.Members = append(line.Members, emf.Member{Name: name, Value: value})
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
	return fmt.Sprint(s[:n], "…")
}
