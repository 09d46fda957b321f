package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic"
)

// An hour of many buckets' traffic must give what is known to be in it, and each file's records must add up.
func TestHourOfTraffic(t *testing.T) {
	const seed = 20261120
	t.Logf("seed %d", seed)
	hour := traffic.Hour(seed, detection.Truncate(time.Minute))
	files := map[string][]byte{}
	for _, f := range hour.Files {
		files[f.Key] = f.Body
	}
	r := newRun(t, getObject(func(_, key string) ([]byte, error) { return files[key], nil }), "BUCKETWATCH_METRICS=full")
	for _, f := range hour.Files {
		payload := []byte(strings.ReplaceAll(string(notification(f.Key)), logBucket, hour.LogBucket))
		if _, err := r.Handle(t.Context(), payload); err != nil {
			t.Fatalf("Handle(%s) = %v", f.Key, err)
		}
	}

	records := map[string]int64{}
	type counts struct {
		Metrics, Operations, ErrorCodes, Callers map[string]int64
		Timed                                    int64
	}
	buckets := map[string]*counts{}
	bucket := func(name any) *counts {
		b := buckets[name.(string)]
		if b == nil {
			b = &counts{map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}, 0}
			buckets[name.(string)] = b
		}
		return b
	}
	addAll := func(to map[string]int64, from any) {
		m, _ := from.(map[string]any)
		for name, n := range m {
			to[name] += int64(n.(float64))
		}
	}
	var anomalies []traffic.Anomaly
	all := append(lines(t, r.metrics.Bytes()), lines(t, r.log.Bytes())...)
	for _, l := range all {
		switch l["Type"] {
		case "Health":
			var sum float64
			for name, v := range l {
				if n, ok := v.(float64); ok && strings.HasPrefix(name, "Records") {
					records[name] += int64(n)
					if name != "RecordsRead" {
						sum += n
					}
				}
			}
			if l["RecordsRead"] != sum {
				t.Errorf("%v: RecordsRead = %v, its classes add up to %v", l["LogFile"], l["RecordsRead"], sum)
			}
		case "Bucket":
			b := bucket(l["BucketName"])
			addAll(b.Operations, l["Operations"])
			addAll(b.ErrorCodes, l["ErrorCodes"])
			for _, name := range published(l) {
				switch v := l[name].(type) {
				case float64:
					b.Metrics[name] += int64(v)
				case []any:
					if name == "TotalRequestLatency" {
						b.Timed += int64(len(v))
					}
				}
			}
		case "Caller":
			bucket(l["BucketName"]).Callers[l["Principal"].(string)] += int64(l["Requests"].(float64))
		case "Anomaly":
			anomalies = append(anomalies, traffic.Anomaly{
				Bucket: l["BucketName"].(string), Name: l["Anomaly"].(string), Principal: l["Principal"].(string)})
		}
	}
	if diff := cmp.Diff(hour.Truth.Records, records); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(hour.Truth.Anomalies, anomalies); diff != "" {
		t.Errorf("anomalies (-want +got):\n%s", diff)
	}
	for name, want := range hour.Truth.Buckets {
		got := bucket(name)
		diff := cmp.Diff(&counts{want.Metrics, want.Operations, want.ErrorCodes, want.Callers, want.Timed}, got)
		if diff != "" {
			t.Errorf("bucket %s (-want +got):\n%s", name, diff)
		}
		delete(buckets, name)
	}
	for name := range buckets {
		t.Errorf("bucket %s was counted, and nothing happened to it", name)
	}
}

// published returns the names of the metrics that CloudWatch would extract from the line.
func published(l line) []string {
	var names []string
	for _, d := range l["_aws"].(map[string]any)["CloudWatchMetrics"].([]any) {
		for _, m := range d.(map[string]any)["Metrics"].([]any) {
			names = append(names, m.(map[string]any)["Name"].(string))
		}
	}
	return names
}
