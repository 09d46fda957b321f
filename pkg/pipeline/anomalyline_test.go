package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/state"
)

// metricsOf returns the metrics of a line as CloudWatch extracts them, sorted: name, dimensions and value.
func metricsOf(l line) []string {
	var all []string
	aws, _ := l["_aws"].(map[string]any)
	for _, d := range listOf(aws["CloudWatchMetrics"]) {
		d := d.(map[string]any)
		for _, m := range listOf(d["Metrics"]) {
			name := m.(map[string]any)["Name"].(string)
			for _, set := range listOf(d["Dimensions"]) {
				all = append(all, fmt.Sprintf("%s %v = %v", name, set, l[name]))
			}
		}
	}
	return sorted(all)
}

// detectedAt returns when CloudWatch takes a line's metrics to be of.
func detectedAt(l line) time.Time {
	aws, _ := l["_aws"].(map[string]any)
	ms, _ := aws["Timestamp"].(float64)
	return time.UnixMilli(int64(ms)).UTC()
}

// opaque is a log file with a DeleteObjects call of which nobody knows the objects.
func opaque(file, minute, objects int, delivered time.Time) delivery {
	return deliver(file, delivered, aCall(clockOn(10, minute, 0), appWeb, objects, fmt.Sprint("r", file)))
}

// Each line carries the metrics of what has just happened, and no others: of all of an anomaly's lines together each is
// counted once.
func TestAnomalyMetrics(t *testing.T) {
	type want struct {
		severity string
		count    float64
		metrics  []string // nil: the line is on standard error
	}
	everywhere := func(name string, n int) []string {
		return []string{fmt.Sprintf("%s [] = %d", name, n), fmt.Sprintf("%s [BucketName] = %d", name, n)}
	}
	opened := func(more []string) []string {
		return slices.Concat(everywhere("Anomalies", 1), []string{"Anomalies [BucketName Anomaly] = 1"}, more)
	}
	for _, test := range []struct {
		name, anomaly string
		files         []delivery
		ticks         []time.Time // each after one of the files
		want          []want
	}{
		{"deletes: LOW, more, MEDIUM, more, HIGH, more", "NewDeleter",
			[]delivery{deleting(1, 1, 1, intern), deleting(2, 1, 4, intern), deleting(3, 10, 7, intern), deleting(4, 2, 10, intern), deleting(5, 70, 13, intern), deleting(6, 10, 16, intern)},
			[]time.Time{clockOn(10, 5, 0), clockOn(10, 8, 0), clockOn(10, 11, 0), clockOn(10, 14, 0), clockOn(10, 17, 0), clockOn(10, 20, 0)},
			[]want{
				{"LOW", 1, opened(nil)}, // what is LOW isn't unexpected enough to count
				{"MEDIUM", 12, everywhere("UnexpectedDeletes", 12)},
				{"MEDIUM", 14, everywhere("UnexpectedDeletes", 2)},
				{"HIGH", 84, append(everywhere("HighSeverityAnomalies", 1), everywhere("UnexpectedDeletes", 70)...)},
				{"HIGH", 94, everywhere("UnexpectedDeletes", 10)},
			}},
		{"HIGH from the beginning", "ProtectionRemoved", []delivery{suspension(1, 1, intern)}, []time.Time{clockOn(10, 5, 0)},
			[]want{{"HIGH", 1, opened(everywhere("HighSeverityAnomalies", 1))}}},
		{"more severe", "OpaqueBulkDelete",
			[]delivery{opaque(1, 1, 60, clockOn(10, 5, 0)), opaque(2, 2, 250, clockOn(12, 0, 0))}, []time.Time{clockOn(11, 50, 0), clockOn(12, 1, 0)},
			[]want{{"LOW", 0, opened(nil)}, {"HIGH", 0, everywhere("HighSeverityAnomalies", 1)}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, afterCalmDays(t))
			var got []line
			for i, file := range test.files {
				w.read(t, file)
				w.tick(t, test.ticks[i], test.ticks[i].Add(time.Minute))
				onLog := named(lines(t, w.log.Bytes()), test.anomaly)
				all := named(w.take(t), test.anomaly)
				for _, l := range all {
					if at := detectedAt(l); l["_aws"] != nil && at.Before(file.at) || at.After(test.ticks[i].Add(time.Minute)) {
						t.Errorf("the line of %s is of %v, want the time of detection", test.ticks[i].Format("15:04"), at)
					}
				}
				for _, l := range onLog {
					if l["_aws"] != nil {
						t.Errorf("a line with metrics is on standard error: %v", l)
					}
				}
				got = append(got, all...)
			}
			if len(got) != len(test.want) {
				t.Fatalf("%d lines, want %d: %v", len(got), len(test.want), got)
			}
			for i, want := range test.want {
				l := got[i]
				if l["Severity"] != want.severity || want.count > 0 && l["Count"] != want.count {
					t.Errorf("line %d: %v, Count %v, want %s, %v", i, l["Severity"], l["Count"], want.severity, want.count)
				}
				if diff := cmp.Diff(sorted(want.metrics), metricsOf(l)); diff != "" {
					t.Errorf("line %d: metrics (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// The members of a line in full, of an anomaly that all log files of an hour tell of.
func TestAnomalyLine(t *testing.T) {
	w := newWorld(t, afterCalmDays(t))
	var all []request
	for i := range 84 {
		all = append(all, request{at: clockOn(10, i/4, i%4), who: []string{alice, bob}[i%2], operation: "DeleteObject", bucket: "photos", key: fmt.Sprintf("c/%02d.jpg", i)})
	}
	first, second := deliver(1, clockOn(10, 15, 0), all[:40]...), deliver(2, clockOn(10, 29, 0), all[40:]...)
	w.read(t, first, second)
	w.take(t)
	w.tick(t, clockOn(10, 30, 0))
	found := named(w.take(t), "DeleteSurge")
	if len(found) != 1 {
		t.Fatalf("%d lines of DeleteSurge, want 1", len(found))
	}
	var want line
	if err := json.Unmarshal(fmt.Appendf(nil, `{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[
			{"Namespace":"BucketWatch","Dimensions":[["BucketName"],[]],"Metrics":[{"Name":"Anomalies","Unit":"Count"},{"Name":"HighSeverityAnomalies","Unit":"Count"},{"Name":"UnexpectedDeletes","Unit":"Count"}]},
			{"Namespace":"BucketWatch","Dimensions":[["BucketName","Anomaly"]],"Metrics":[{"Name":"Anomalies","Unit":"Count"}]}]},
		"Schema":1,"Type":"Anomaly","AccountId":"111122223333","Region":"us-east-1","BucketName":"photos","Anomaly":"DeleteSurge","Severity":"HIGH",
		"Principal":"PEOPLE","PrincipalKind":"people","Persons":[%q,%q],
		"WindowStart":"2026-11-20T10:00:00Z","WindowEnd":"2026-11-20T11:00:00Z","FirstTime":"2026-11-20T10:00:00Z","LastTime":"2026-11-20T10:20:03Z",
		"Count":84,"Threshold":20,"Explanation":"84 objects deleted from photos between 10:00 and 10:20 UTC by user/alice and user/bob; people's busiest hour of the last 16 days had none (threshold 20).",
		"KeysInAll":84,"Anomalies":1,"HighSeverityAnomalies":1,"UnexpectedDeletes":84,
		"SourceIPAddresses":["192.0.2.7"],"UserAgents":["[aws-sdk-go-v2/1.47.7]"],"LogFiles":["s3://%s/%s","s3://%s/%s"]}`,
		clockOn(10, 30, 0).UnixMilli(), alice, bob, logBucket, first.key, logBucket, second.key), &want); err != nil {
		t.Fatal(err)
	}
	got := found[0]
	for _, name := range []string{"Keys", "EventIds"} { // which of them, is package anomaly's
		if n := len(listOf(got[name])); n != 10 {
			t.Errorf("%d %s, want 10", n, name)
		}
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the line (-want +got):\n%s", diff)
	}
}

// The lines of ticks stay within their limit, whatever the log files held.
func TestHostileTick(t *testing.T) {
	w := newWorld(t, state.NewMemory(), "AWS_REGION=us-east-1")
	long := strings.Repeat("\x01", 1<<12)
	var all []request
	for i := range 12 {
		name := fmt.Sprint(i, long)
		for n := range 3 {
			all = append(all, request{at: clockOn(10, n, i), who: "arn:aws:iam::111122223333:user/" + name, operation: "DeleteObject",
				bucket: logBucket, key: fmt.Sprint(n, name), requestID: name, parameters: map[string]any{"versionId": name}})
			all = append(all, request{at: clockOn(10, n, i), who: alice, operation: "DeleteObject", bucket: "photos", key: fmt.Sprint(n, name), versionID: name})
		}
		all = append(all, request{at: clockOn(10, 0, i), who: alice, operation: "DeleteBucketPolicy", bucket: "b" + name})
	}
	w.read(t, deliver(1, clockOn(10, 5, 0), all...))
	w.tick(t, clockOn(10, 10, 0), clockOn(12, 0, 0), clockOn(12, 1, 0))
	if failed := w.logged(t, "tick failed"); len(failed) > 0 {
		t.Errorf("the log has %.300v", failed)
	}
	for text := range strings.Lines(w.metrics.String() + w.log.String()) {
		if len(text) > 64<<10 {
			t.Errorf("a line of %d bytes: %.100s", len(text), text)
		}
	}
	if found := ofType(w.take(t), "Anomaly"); len(found) < 20 {
		t.Errorf("%d anomaly lines, want more: the test shows nothing", len(found))
	}
	for _, m := range w.published {
		if len(*m.Subject) > 100 || len(*m.Message) > 256<<10 {
			t.Errorf("a message of %d and %d bytes: %q", len(*m.Subject), len(*m.Message), *m.Subject)
		}
	}
}
