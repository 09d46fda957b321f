package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
)

// results are what the function's lines add up to, as CloudWatch would add them.
type results struct {
	buckets   map[string]*bucketResult
	health    map[string]int64
	anomalies []line // each once, as its last line has it, with the unexpected deletes of all
	callers   map[callerKey]*callerResult
	deletes   []line
	problems  []string // lines of the log of level WARN or ERROR, or that are no JSON
}

type bucketResult struct {
	sums       map[string]int64     // by metric
	values     map[string][]float64 // by metric that comes as single values
	operations map[string]int64
	errorCodes map[string]int64
}

type callerKey struct{ bucket, principal string }

type callerResult struct{ requests, deleted, errors int64 }

// line is one line of the function's, of any type. Most members are those of one type only.
type line struct {
	AWS        embedded `json:"_aws"`
	Type       string
	BucketName string
	Principal  string

	Anomaly, Severity, Explanation string // Anomaly
	WindowStart                    string
	Keys                           []string
	KeysInAll, UnexpectedDeletes   int64

	Time, Key, VersionID       string // Delete
	SourceIPAddress, ErrorCode string
	EventID                    string `json:"EventId"`

	Operations, ErrorCodes map[string]int64 // Bucket

	Requests, DeletedObjects, Errors int64 // Caller

	Level string // the log
}

// embedded is the part of a line that makes CloudWatch take metrics from it.
type embedded struct {
	CloudWatchMetrics []struct {
		Metrics []struct{ Name string }
	}
}

func newResults() *results {
	return &results{
		buckets: make(map[string]*bucketResult),
		health:  make(map[string]int64),
		callers: make(map[callerKey]*callerResult),
	}
}

// readResults reads what the function wrote.
func readResults(out output) (*results, error) {
	r := newResults()
	for _, source := range []struct {
		path string
		read func(io.Reader) error
	}{{out.metrics, r.readMetrics}, {out.log, r.readLog}} {
		if err := readFile(source.path, source.read); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", source.path, err)
		}
	}
	return r, nil
}

func readFile(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(f)
}

// readMetrics reads standard output. It may hold nothing but metric lines.
func (r *results) readMetrics(in io.Reader) error {
	return eachLine(in, func(n int, text []byte) error {
		var l line
		var values map[string]json.RawMessage
		if err := unmarshalBoth(text, &l, &values); err != nil {
			return fmt.Errorf("line %d is no JSON object: %w", n, err)
		}
		if len(l.AWS.CloudWatchMetrics) == 0 {
			return fmt.Errorf("line %d is no metric line", n)
		}
		switch l.Type {
		case "Bucket":
			return r.addBucket(n, &l, values)
		case "Anomaly":
			r.addAnomaly(l)
		case "Health":
			for _, name := range l.metrics() {
				var v int64
				if err := json.Unmarshal(values[name], &v); err != nil {
					return fmt.Errorf("line %d: metric %s: %w", n, name, err)
				}
				r.health[name] += v
			}
		default:
			return fmt.Errorf("line %d is of type %q", n, l.Type)
		}
		return nil
	})
}

// addAnomaly adds an anomaly that is told for the first time, or that has become more severe, or about more.
func (r *results) addAnomaly(l line) {
	for i := range r.anomalies {
		a := &r.anomalies[i]
		if a.BucketName == l.BucketName && a.Anomaly == l.Anomaly && a.Principal == l.Principal && a.WindowStart == l.WindowStart {
			l.UnexpectedDeletes += a.UnexpectedDeletes
			*a = l
			return
		}
	}
	r.anomalies = append(r.anomalies, l)
}

// metrics are the names of the line's metrics, each once.
func (l *line) metrics() []string {
	var names []string
	for _, directive := range l.AWS.CloudWatchMetrics {
		for _, m := range directive.Metrics {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	return names
}

func (r *results) addBucket(n int, l *line, values map[string]json.RawMessage) error {
	b := r.bucket(l.BucketName)
	for _, name := range l.metrics() {
		raw := values[name]
		if len(raw) > 0 && raw[0] == '[' {
			var list []float64
			if err := json.Unmarshal(raw, &list); err != nil {
				return fmt.Errorf("line %d: metric %s: %w", n, name, err)
			}
			b.values[name] = append(b.values[name], list...)
			continue
		}
		var v int64
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("line %d: metric %s: %w", n, name, err)
		}
		b.sums[name] += v
	}
	for name, v := range l.Operations {
		b.operations[name] += v
	}
	for name, v := range l.ErrorCodes {
		b.errorCodes[name] += v
	}
	return nil
}

func (r *results) bucket(name string) *bucketResult {
	b := r.buckets[name]
	if b == nil {
		b = &bucketResult{
			sums:       make(map[string]int64),
			values:     make(map[string][]float64),
			operations: make(map[string]int64),
			errorCodes: make(map[string]int64),
		}
		r.buckets[name] = b
	}
	return b
}

// readLog reads standard error: the log, and the Caller and Delete lines between.
func (r *results) readLog(in io.Reader) error {
	return eachLine(in, func(_ int, text []byte) error {
		var l line
		if json.Unmarshal(text, &l) != nil {
			r.problems = append(r.problems, string(text)) // a stack trace, for one
			return nil
		}
		switch {
		case l.Type == "Caller":
			key := callerKey{l.BucketName, l.Principal}
			c := r.callers[key]
			if c == nil {
				c = new(callerResult)
				r.callers[key] = c
			}
			c.requests, c.deleted, c.errors = c.requests+l.Requests, c.deleted+l.DeletedObjects, c.errors+l.Errors
		case l.Type == "Anomaly": // one without news for a metric
			r.addAnomaly(l)
		case l.Type == "Delete":
			r.deletes = append(r.deletes, l)
		case l.Level == "WARN" || l.Level == "ERROR":
			r.problems = append(r.problems, string(text))
		}
		return nil
	})
}

func eachLine(in io.Reader, do func(n int, text []byte) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20) // the longest line that CloudWatch takes
	for n := 1; lines.Scan(); n++ {
		if err := do(n, lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}

func unmarshalBoth(text []byte, a, b any) error {
	if err := json.Unmarshal(text, a); err != nil {
		return err
	}
	return json.Unmarshal(text, b)
}
