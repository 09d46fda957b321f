package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/internal/traffic"
)

// schemas reads the tables of docs/REFERENCE.md: by line type the members, and of each its type and whether every line
// has it.
func schemas(t *testing.T) map[string]map[string]documented {
	t.Helper()
	text, err := os.ReadFile("../../docs/REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("^\\| `(\\w+)` \\| ([a-z ]+) \\| ([^|]+) \\|")
	all := map[string]map[string]documented{}
	var common, current map[string]documented
	for text := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(text, "Members of every line:"):
			common = map[string]documented{}
			current = common
		case strings.HasPrefix(text, "### ") && common != nil:
			current = map[string]documented{}
			for name, d := range common {
				current[name] = d
			}
			all[strings.TrimSpace(text[4:])] = current
		case current != nil:
			if m := row.FindStringSubmatch(text); m != nil {
				current[m[1]] = documented{m[2], m[3] == "always"}
			}
		}
	}
	return all
}

type documented struct {
	jsonType string
	always   bool
}

// Users' queries are built on the documented members: every line must have those that it always has, and none that the
// documentation doesn't know.
func TestLinesAreAsDocumented(t *testing.T) {
	all := schemas(t)
	seen := map[string]map[string]bool{}
	for _, l := range linesOfAllSorts(t) {
		name := l["Type"].(string)
		schema, ok := all[name]
		if !ok {
			t.Errorf("docs/REFERENCE.md has no lines of type %s", name)
			continue
		}
		if seen[name] == nil {
			seen[name] = map[string]bool{}
		}
		for member, value := range l {
			seen[name][member] = true
			if d, ok := schema[member]; !ok {
				t.Errorf("docs/REFERENCE.md does not have %s of %s lines", member, name)
			} else if got := jsonType(value); !strings.Contains(d.jsonType, got) {
				t.Errorf("%s of %s lines is of type %s, docs/REFERENCE.md says %s", member, name, got, d.jsonType)
			}
		}
		for member, d := range schema {
			if _, ok := l[member]; d.always && !ok {
				t.Errorf("a %s line has no %s, docs/REFERENCE.md says always: %v", name, member, l)
			}
		}
	}
	for _, name := range []string{"Bucket", "Anomaly", "Health", "Caller", "Delete"} {
		if seen[name] == nil {
			t.Errorf("no line of type %s was written: the test shows nothing about it", name)
		}
	}
	for member := range all["Anomaly"] {
		if !seen["Anomaly"][member] {
			t.Errorf("docs/REFERENCE.md has %s of Anomaly lines, and no line has it", member)
		}
	}
}

func jsonType(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", v)
}

// linesOfAllSorts are the lines about an hour of traffic, and about a record that tells as little as one can, at every
// level of metrics; and what ticks tell of a day on which each detector finds something, at first without a topic that
// takes their messages.
func linesOfAllSorts(t *testing.T) []line {
	t.Helper()
	hour := traffic.Hour(3, detection.Truncate(time.Minute))
	files := map[string][]byte{logKey: []byte(`{"Records":[
		{"eventSource":"s3.amazonaws.com","eventName":"DeleteObject","eventCategory":"Data","eventTime":"2026-11-20T10:31:07Z"},
		{"eventSource":"s3.amazonaws.com","eventName":"DeleteBucket","eventTime":"2026-11-20T10:31:07Z","requestParameters":{"bucketName":"photos"}}]}`)}
	for _, f := range hour.Files {
		files[f.Key] = f.Body
	}
	var all []line
	for _, level := range []string{"none", "essential", "full"} {
		r := newRun(t, getObject(func(_, key string) ([]byte, error) { return files[key], nil }), "BUCKETWATCH_METRICS="+level)
		var log bytes.Buffer
		r.Log = newLogger(&log)
		for key := range files {
			payload := []byte(strings.ReplaceAll(string(notification(key, "AWSLogs/111122223333/CloudTrail-Digest/x.json.gz")), logBucket, hour.LogBucket))
			if _, err := r.Handle(t.Context(), payload); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, lines(t, r.metrics.Bytes())...)
		all = append(all, lines(t, r.log.Bytes())...)
	}
	w := newWorld(t, afterCalmDays(t))
	works := w.sns
	w.sns = publish(func(*sns.PublishInput) error { return errors.New("AuthorizationError") })
	for _, s := range inTurn(badDay(seeded(t)), badTicks()) {
		if s.tick.After(clockOn(12, 0, 0)) {
			w.sns = works
		}
		w.read(t, s.files...)
		w.tick(t, s.tick)
	}
	w.read(t, opaque(1, 1, 200, clockOn(23, 30, 0)), deleting(2, 25, 30, appWeb)) // late
	w.tick(t, clockOn(23, 40, 0), clockOn(23, 41, 0))
	byTicks := w.take(t)
	wantAllDetectors(t, toldBy(byTicks))
	return append(all, byTicks...)
}
