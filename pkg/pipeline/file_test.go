package pipeline

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// A damaged file must leave no line that counts anything, whatever stood before the damage.
func TestDamagedFilesGiveNothing(t *testing.T) {
	plain := logFile(line{}, line{"eventName": "DeleteObject"}, in(logBucket, line{"eventName": "DeleteObject"}))
	whole := zipped(t, plain)
	between := bytes.LastIndex(plain, []byte(`,{"additional`))
	if between < 0 {
		between = bytes.LastIndex(plain, []byte(`},{"`)) + 1
	}
	flip := func(b []byte, fromEnd int) []byte {
		b = bytes.Clone(b)
		b[len(b)-fromEnd] ^= 1
		return b
	}
	tests := map[string][]byte{
		"gzip cut in half":               whole[:len(whole)/2],
		"gzip without its trailer":       whole[:len(whole)-8],
		"document cut between records":   zipped(t, plain[:between]),
		"document cut inside a record":   zipped(t, plain[:len(plain)*2/3]),
		"document cut before its end":    zipped(t, plain[:len(plain)-1]),
		"wrong checksum":                 flip(whole, 8),
		"wrong length":                   flip(whole, 1),
		"two documents":                  zipped(t, append(bytes.Clone(plain), plain...)),
		"two documents, two members":     append(bytes.Clone(whole), whole...),
		"bytes after the gzip":           append(bytes.Clone(whole), "garbage"...),
		"plain document cut in a record": plain[:len(plain)/2],
		"plain document and more":        append(bytes.Clone(plain), '{'),
		"not JSON":                       []byte("<Error><Code>NoSuchKey</Code></Error>"),
		"gzip of nothing":                zipped(t, nil),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRun(t, same(body))
			var log bytes.Buffer
			r.Log = newLogger(&log)
			_, err := r.Handle(t.Context(), notification(logKey))
			if err == nil {
				t.Fatal("Handle = nil, want an error")
			}
			if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), `"msg":"log file failed","bucket":"`+logBucket) {
				t.Errorf("the log should have the failure once:\n%s", &log)
			}
			for _, part := range []string{"s3://" + logBucket + "/" + logKey, "at byte "} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("Handle = %q, which does not hold %q", err, part)
				}
			}
			if r.metrics.Len() > 0 || r.log.Len() > 0 {
				t.Errorf("Handle wrote %q and %q, want nothing", r.metrics.String(), r.log.String())
			}
		})
	}
}

func TestSkipped(t *testing.T) {
	const folder = "AWSLogs/111122223333/"
	tests := []struct {
		key, body, reason string
		digest            bool
		logged            string // if not the reason
	}{
		{key: folder + "CloudTrail-Digest/us-east-1/2026/11/20/x.json.gz", reason: "Digest", digest: true, logged: "nothing is remembered: BUCKETWATCH_TABLE is empty"},
		{key: folder + "CloudTrail-Insight/us-east-1/2026/11/20/x.json.gz", reason: "Insight"},
		{key: folder + "CloudTrail-NetworkActivity/us-east-1/2026/11/20/x.json.gz", reason: "NetworkActivity"},
		{key: folder + "CloudTrail-Aggregated/us-east-1/2026/11/20/x.json.gz", reason: "Aggregated"},
		{key: folder + "CloudTrail/us-east-1/", reason: "Folder"},
		{key: folder + "elasticloadbalancing/us-east-1/x.log.gz", reason: "Foreign"},
		{key: logKey, body: "", reason: "Empty"},
		{key: logKey, body: `{"digestStartTime":"2026-11-20T10:00:00Z","logFiles":[]}`, reason: "NoRecords"},
		{key: logKey, body: `[{"eventCategory":"Aggregated"}]`, reason: "NoRecords"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			r := newRun(t, same([]byte(test.body)))
			if _, err := r.Handle(t.Context(), notification(test.key)); err != nil {
				t.Fatalf("Handle(%s) = %v, want it skipped", test.key, err)
			}
			all := lines(t, r.metrics.Bytes())
			if len(all) != 1 {
				t.Fatalf("Handle(%s) wrote %d lines, want one", test.key, len(all))
			}
			want := line{"Type": "Health", "SkipReason": test.reason, "FilesSkipped": 1.0, "DigestFiles": nil, "FilesProcessed": nil}
			if test.digest {
				want["DigestFiles"], want["DigestsNotCompared"] = 1.0, 1.0
			}
			for name, value := range want {
				if all[0][name] != value {
					t.Errorf("Handle(%s): %s = %v, want %v", test.key, name, all[0][name], value)
				}
			}
			if test.logged == "" {
				test.logged = test.reason
			}
			if !strings.Contains(r.log.String(), `"reason":"`+test.logged+`"`) {
				t.Errorf("the log does not say why: %s", r.log.String())
			}
		})
	}
}

// Each file of records in testdata has all that is written about it beside it.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.records.json")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no input: %v", err)
	}
	for _, input := range inputs {
		for _, level := range []string{"none", "essential", "full"} {
			name := strings.TrimSuffix(input, ".records.json") + "." + level
			t.Run(filepath.Base(name), func(t *testing.T) {
				body, err := os.ReadFile(input)
				if err != nil {
					t.Fatal(err)
				}
				r := newRun(t, same(body), "BUCKETWATCH_METRICS="+level)
				var log bytes.Buffer // the log has times of its own
				r.Log = newLogger(&log)
				if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
					t.Fatal(err)
				}
				got := fmt.Sprintf("# standard output\n%s# standard error, without the log\n%s", r.metrics.String(), r.log.String())
				golden := name + ".golden"
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
					t.Errorf("lines (-want +got; -update rewrites %s):\n%s", golden, diff)
				}
			})
		}
	}
}

// What CloudWatch would not take is counted, not emitted.
func TestTooOld(t *testing.T) {
	at := func(d time.Duration) line { return line{"eventTime": detection.Add(d).Format(time.RFC3339)} }
	tests := map[string]struct {
		event   line
		counted bool
	}{
		"now":                       {at(0), true},
		"almost two weeks ago":      {at(-14*24*time.Hour + 15*time.Minute), true},
		"two weeks ago":             {at(-14*24*time.Hour - time.Minute), false},
		"years ago":                 {line{"eventTime": "2019-01-01T00:00:00Z"}, false},
		"almost two hours ahead":    {at(119 * time.Minute), true},
		"more than two hours ahead": {at(122 * time.Minute), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRun(t, same(logFile(test.event)))
			if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
				t.Fatal(err)
			}
			all := lines(t, r.metrics.Bytes())
			if got := len(ofType(all, "Bucket")) == 1; got != test.counted {
				t.Errorf("a bucket line was written: %v, want %v", got, test.counted)
			}
			want := "RecordsTooOld"
			if test.counted {
				want = "RecordsCounted"
			}
			if health := ofType(all, "Health")[0]; health[want] != 1.0 {
				t.Errorf("%s = %v, want 1: %v", want, health[want], health)
			}
		})
	}
}

func TestDeliveryClock(t *testing.T) {
	old := logFile(line{"eventTime": "2020-07-31T23:58:03Z"})
	tests := map[string]struct{ key, now string }{
		"by the key":          {strings.ReplaceAll(logKey, "20261120T1040Z", "20200801T0005Z"), "2020-08-01T00:05:00Z"},
		"by the newest event": {"copied/CloudTrail/somewhere.json", "2020-07-31T23:58:03Z"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRun(t, same(old), "BUCKETWATCH_CLOCK=delivery")
			if _, err := r.Handle(t.Context(), notification(test.key)); err != nil {
				t.Fatal(err)
			}
			all := lines(t, r.metrics.Bytes())
			if got := len(ofType(all, "Bucket")); got != 1 {
				t.Errorf("%d bucket lines, want 1", got)
			}
			aws := ofType(all, "Health")[0]["_aws"].(map[string]any)
			want, _ := time.Parse(time.RFC3339, test.now)
			if got := int64(aws["Timestamp"].(float64)); got != want.UnixMilli() {
				t.Errorf("now = %d, want %d", got, want.UnixMilli())
			}
		})
	}
}

// A record from the future says nothing of how long the others took to come.
func TestDeliveryDelay(t *testing.T) {
	r := newRun(t, same(logFile(
		line{"eventTime": detection.Add(-10 * time.Minute).Format(time.RFC3339)},
		line{"eventTime": detection.Add(-5 * time.Minute).Format(time.RFC3339)},
		line{"eventTime": detection.Add(5 * time.Hour).Format(time.RFC3339)},
	)))
	if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
		t.Fatal(err)
	}
	if got := ofType(lines(t, r.metrics.Bytes()), "Health")[0]["DeliveryDelay"]; got != 300.0 {
		t.Errorf("DeliveryDelay = %v, want 300", got)
	}
}

// Beyond a hundred latencies there are several lines, and no value is lost or told twice.
func TestManyLatencies(t *testing.T) {
	var records []line
	for i := range 250 {
		records = append(records, line{"eventID": fmt.Sprint(i), "additionalEventData": line{
			"startTime": 1000, "endTime": 1000 + i, "turnAroundTime": i % 7}})
	}
	r := newRun(t, same(logFile(records...)), "BUCKETWATCH_METRICS=full")
	if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
		t.Fatal(err)
	}
	buckets := ofType(lines(t, r.metrics.Bytes()), "Bucket")
	if len(buckets) != 3 {
		t.Fatalf("%d bucket lines for 250 latencies, want 3", len(buckets))
	}
	seen := map[float64]bool{}
	var requests float64
	for _, l := range buckets {
		if n, ok := l["AllRequests"]; ok {
			requests += n.(float64)
		}
		for _, v := range l["TotalRequestLatency"].([]any) {
			seen[v.(float64)] = true
		}
	}
	if requests != 250 || len(seen) != 250 {
		t.Errorf("%v requests and %d different latencies, want 250 of each", requests, len(seen))
	}
}

func TestDeleteLinesAreLimited(t *testing.T) {
	var records []line
	for i := range maxDeletesListed + 5 {
		records = append(records, line{"eventID": fmt.Sprint(i), "eventName": "DeleteObject"})
	}
	r := newRun(t, same(logFile(records...)))
	if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
		t.Fatal(err)
	}
	if got := len(ofType(lines(t, r.log.Bytes()), "Delete")); got != maxDeletesListed {
		t.Errorf("%d delete lines, want %d", got, maxDeletesListed)
	}
	if got := ofType(lines(t, r.metrics.Bytes()), "Health")[0]["DeletesNotListed"]; got != 5.0 {
		t.Errorf("DeletesNotListed = %v, want 5", got)
	}
}

// What a log file holds can be of any length; a line can't.
func TestHostileLengths(t *testing.T) {
	long := strings.Repeat("\x01", 1<<15)
	var records []line
	for i := range 12 {
		name := fmt.Sprint(i, long)
		records = append(records, in(logBucket, line{
			"eventID": name, "awsRegion": name, "eventName": "DeleteObject", "userAgent": name, "sourceIPAddress": name,
			"requestParameters": line{"bucketName": logBucket, "key": name},
			"userIdentity":      line{"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/" + long},
		}), line{"eventID": "e" + name, "recipientAccountId": name, "eventName": name, "errorCode": name}, in("b"+long, nil))
	}
	r := newRun(t, same(logFile(records...)), "BUCKETWATCH_METRICS=full")
	if _, err := r.Handle(t.Context(), notification("CloudTrail/a.json.gz")); err != nil {
		t.Fatalf("Handle = %v, want the lines cut", err)
	}
	all := lines(t, r.metrics.Bytes())
	if got := len(ofType(all, "Anomaly")); got != 1 {
		t.Errorf("%d anomaly lines, want 1", got)
	}
	for _, l := range ofType(all, "Bucket") {
		if name := l["BucketName"]; name != "photos" && name != logBucket && name != "_other" {
			t.Errorf("a bucket line of %.40q", name)
		}
	}
}

// A bucket's name becomes a dimension; whatever else stands in its place must not, and must not cost the file.
func TestImpossibleBucketNames(t *testing.T) {
	for _, name := range []string{"사진", "", "a\nb", "_other", "x", strings.Repeat("n", 300)} {
		r := newRun(t, same(logFile(line{
			"eventName": "DeleteBucketPolicy", "eventCategory": "Management", "requestParameters": line{"bucketName": name}, "resources": nil})))
		if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
			t.Errorf("Handle(%.20q) = %v", name, err)
			continue
		}
		want := "_other"
		if name == "" {
			want = "_account"
		}
		if got := ofType(lines(t, r.metrics.Bytes()), "Anomaly")[0]["BucketName"]; got != want {
			t.Errorf("the anomaly's BucketName of %.20q is %v, want %v", name, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"aéb", 2, "a…"}, {"삭제", 3, "삭…"}, {"삭제", 5, "삭…"}}
	for _, test := range tests {
		if got := clip(test.in, test.n); got != test.want {
			t.Errorf("clip(%q, %d) = %q, want %q", test.in, test.n, got, test.want)
		}
	}
}
