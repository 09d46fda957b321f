package main

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func fixture(t *testing.T) *results {
	t.Helper()
	r, err := readResults(output{metrics: "testdata/metrics.jsonl", log: "testdata/log.jsonl"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadResults(t *testing.T) {
	r := fixture(t)
	want := map[string]int64{
		"AllRequests": 1203, "GetRequests": 1202, "DeleteRequests": 1, "DeletedObjects": 2, "4xxErrors": 3,
		"BytesDownloaded": 1450000000,
	}
	if diff := gocmp.Diff(want, r.buckets["photos"].sums); diff != "" { // not HeadRequests: a property, no metric
		t.Errorf("photos (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff([]float64{10, 30, 20, 40}, r.buckets["photos"].values["FirstByteLatency"]); diff != "" {
		t.Errorf("FirstByteLatency (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(map[string]int64{"GetObject": 1202, "DeleteObjects": 1}, r.buckets["photos"].operations); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	app := callerKey{"photos", "arn:aws:iam::111122223333:role/service/app-web"}
	if got, want := *r.callers[app], (callerResult{1202, 0, 3}); got != want {
		t.Errorf("caller = %v, want %v", got, want)
	}
	if got := r.health["RecordsRead"]; got != 1210 {
		t.Errorf("RecordsRead = %d, want 1210", got)
	}
	if !r.reconcile() {
		t.Error("reconcile() = false, want true")
	}
	if len(r.anomalies) != 3 || len(r.deletes) != 3 {
		t.Errorf("%d anomalies and %d deletes, want 3 of each", len(r.anomalies), len(r.deletes))
	}
	// Told twice, it is one anomaly: the last that was said, and all its deletes.
	if a := r.anomalies[1]; a.Anomaly != "DeletedSoonAfterUpload" || a.KeysInAll != 12 || len(a.Keys) != 10 || a.UnexpectedDeletes != 12 {
		t.Errorf("anomaly = %+v, want 12 objects", a)
	}
	if a := r.anomalies[2]; a.Anomaly != "RepeatedDelete" || a.Severity != "MEDIUM" {
		t.Errorf("anomaly = %+v, want the severity that the log told of later", a)
	}
	if len(r.problems) != 2 {
		t.Errorf("problems = %q, want the warning and the stack trace", r.problems)
	}
}

func TestReadMetricsErrors(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"a log line": {`{"level":"INFO","message":"hello"}`, "line 1 is no metric line"},
		"text":       {"hello", "line 1 is no JSON object"},
		"a metric in words": {
			`{"_aws":{"CloudWatchMetrics":[{"Metrics":[{"Name":"AllRequests"}]}]},"Type":"Bucket","AllRequests":"many"}`,
			"line 1: metric AllRequests",
		},
		"a metric missing": {
			`{"_aws":{"CloudWatchMetrics":[{"Metrics":[{"Name":"RecordsRead"}]}]},"Type":"Health"}`,
			"line 1: metric RecordsRead",
		},
		"an unknown type": {`{"_aws":{"CloudWatchMetrics":[{"Metrics":[]}]},"Type":"Surprise"}`, `line 1 is of type "Surprise"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := newResults().readMetrics(strings.NewReader(test.in + "\n"))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("readMetrics(%s) = %v, want %s", test.in, err, test.want)
			}
		})
	}
}

func TestReadResultsError(t *testing.T) {
	_, err := readResults(output{metrics: "testdata/nothing.jsonl"})
	if err == nil || !strings.Contains(err.Error(), "cannot read testdata/nothing.jsonl") {
		t.Errorf("readResults of no file = %v", err)
	}
}
