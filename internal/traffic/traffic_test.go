package traffic

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// hour1 is made once for the tests that only look at it.
var hour1 = sync.OnceValue(func() *Traffic { return Hour(1, end) })

var end = time.Date(2026, 11, 20, 10, 37, 12, 0, time.UTC)

func TestHourIsDeterministic(t *testing.T) {
	a, b := Hour(7, end), Hour(7, end)
	if !reflect.DeepEqual(a, b) {
		t.Error("Hour(7, end) differs from itself")
	}
	if reflect.DeepEqual(a.Files, Hour(8, end).Files) {
		t.Error("Hour(8, end) = Hour(7, end), want other files")
	}
}

func TestHourTruth(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			hour := Hour(seed, end)
			got := newTruth()
			for _, f := range hour.Files {
				records := decode(t, f.Body)
				if len(records) != f.Records {
					t.Errorf("%s: %d records, want %d", f.Key, len(records), f.Records)
				}
				count(t, got, hour.LogBucket, records)
			}
			compare(t, got, hour.Truth)
		})
	}
}

// The hour must hold everything that a reader can get wrong: a class that is missing would make the demo's check a
// weaker one.
func TestHourHasEverything(t *testing.T) {
	truth := hour1().Truth
	for _, class := range []string{"Counted", "NotS3", "NotARequest", "Duplicate", "ForeignBucket", "LogBucket", "TooOld"} {
		if truth.Records["Records"+class] == 0 {
			t.Errorf("Records%s = 0, want some", class)
		}
	}
	metrics := make(map[string]bool)
	for _, c := range truth.Buckets {
		for name := range c.Metrics {
			metrics[name] = true
		}
	}
	for _, name := range []string{
		"AllRequests", "GetRequests", "PutRequests", "DeleteRequests", "HeadRequests", "PostRequests", "ListRequests",
		"DeletedObjects", "DeniedDeletes", "PermanentDeletes", "DeleteMarkersRemoved", "LifecycleActions",
		"4xxErrors", "5xxErrors", "BytesDownloaded", "BytesUploaded", "AuthenticationFailures", "AnonymousRequests",
	} {
		if !metrics[name] {
			t.Errorf("no bucket has %s", name)
		}
	}
	want := []Anomaly{
		{Bucket: "invoices", Name: "ProtectionRemoved", Principal: "arn:aws:iam::111122223333:user/mallory"},
		{Bucket: "trail-logs-111122223333", Name: "ProtectionRemoved", Principal: "arn:aws:iam::111122223333:user/mallory"},
	}
	if diff := gocmp.Diff(want, truth.Anomalies); diff != "" {
		t.Errorf("anomalies (-want +got):\n%s", diff)
	}
}

func TestHourFiles(t *testing.T) {
	layout := regexp.MustCompile(`^AWSLogs/(\d{12})/CloudTrail/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/` +
		`(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{8})T(\d{4})Z_([0-9A-Za-z]{16})\.json\.gz$`)
	hour := hour1()
	if n := len(hour.Files); n < 20 || n > 60 {
		t.Errorf("%d files, want several for each of 13 deliveries", n)
	}
	keys := make(map[string]bool)
	for _, f := range hour.Files {
		m := layout.FindStringSubmatch(f.Key)
		if m == nil || m[1] != m[6] || m[2] != m[7] || m[3]+m[4]+m[5] != m[8] {
			t.Errorf("key %s isn't one of a log file", f.Key)
			continue
		}
		if keys[f.Key] {
			t.Errorf("key %s comes twice", f.Key)
		}
		keys[f.Key] = true
		if want := f.Delivered.Format("20060102") + f.Delivered.Format("1504"); m[8]+m[9] != want {
			t.Errorf("key %s is of %s%s, delivered %s", f.Key, m[8], m[9], want)
		}
		if f.Delivered.After(end) {
			t.Errorf("%s is delivered after %s", f.Key, end)
		}
		for _, r := range decode(t, f.Body) {
			late := end.Sub(r.EventTime) > 14*24*time.Hour
			if delay := f.Delivered.Sub(r.EventTime); !late && (delay < 2*time.Minute || delay > 9*time.Minute) {
				t.Errorf("%s holds a record of %s, want a delay of 2 to 9 minutes", f.Key, r.EventTime)
			}
		}
	}
}

// CloudTrail writes a DeleteObjects call and its keys beside each other; what ties them together is the requestID.
func TestBulkDelete(t *testing.T) {
	hour := hour1()
	calls, full, minimal := 0, 0, 0
	for _, f := range hour.Files {
		records := decode(t, f.Body)
		call := make(map[string]*oracleRecord)
		size := make(map[string]int)
		for i, r := range records {
			if r.EventName == "DeleteObjects" {
				call[r.RequestID], size[r.RequestID] = &records[i], 122
				calls++
			}
		}
		for _, r := range records {
			if r.EventName != "DeleteObject" || r.EventType != "AwsServiceEvent" || r.EventSource != "s3.amazonaws.com" {
				continue
			}
			if call[r.RequestID] == nil {
				t.Errorf("the call of per-key record %s isn't in its file", r.EventID)
			}
			size[r.RequestID] += 28 + len(r.key())
			if r.UserIdentity.ARN == "" && r.UserIdentity.PrincipalID == "" {
				minimal++
			} else {
				full++
			}
		}
		for id, r := range call {
			if got := r.AdditionalEventData["bytesTransferredIn"]; got != float64(size[id]) {
				t.Errorf("DeleteObjects of %d bytes has bytesTransferredIn %v", size[id], got)
			}
			if r.RequestParameters["delete"] != "" || r.SessionCredentialFromConsole != "true" {
				t.Errorf("DeleteObjects = %+v, want delete \"\" and a console's credentials", r)
			}
		}
	}
	if calls != 2 || full < 20 || minimal < 20 {
		t.Errorf("%d calls with %d full and %d minimal per-key records, want 2 with ≥ 20 each", calls, full, minimal)
	}
}

// largeFiles are the two large files and what they should be like.
var largeFiles = []struct {
	name                      string
	write                     func(w io.Writer, records int, seed uint64, end time.Time) (*Truth, error)
	perRecord, ratio, buckets int
}{
	{"Large", Large, 1700, 76, 8},
	{"Busy", Busy, 1800, 100, 1},
}

func TestLargeSize(t *testing.T) {
	for _, tt := range largeFiles {
		var file bytes.Buffer
		const records = LargeRecords / 4 // all are alike: a quarter shows the size of the whole
		truth, err := tt.write(&file, records, 1, end)
		if err != nil {
			t.Fatal(err)
		}
		raw := unzip(t, file.Bytes())
		perRecord, ratio := float64(len(raw))/records, float64(len(raw))/float64(file.Len())
		t.Logf("%s: %d bytes, %d gzipped: %.0f a record, %.2f:1", tt.name, len(raw), file.Len(), perRecord, ratio)
		if math.Abs(perRecord-float64(tt.perRecord)) > 60 {
			t.Errorf("%s: %.0f bytes a record, want about %d", tt.name, perRecord, tt.perRecord)
		}
		if want := float64(tt.ratio) / 10; math.Abs(ratio-want) > 0.3 {
			t.Errorf("%s: compressed %.2f:1, want about %.1f", tt.name, ratio, want)
		}
		if n := truth.Records["RecordsCounted"]; n != records || truth.Records["RecordsRead"] != n {
			t.Errorf("%s: records = %v, want %d counted and none else", tt.name, truth.Records, records)
		}
		if got := len(truth.Buckets); got != tt.buckets {
			t.Errorf("%s: %d buckets, want %d", tt.name, got, tt.buckets)
		}
	}
}

func TestLargeTruth(t *testing.T) {
	for _, tt := range largeFiles {
		var file bytes.Buffer
		truth, err := tt.write(&file, 4000, 1, end)
		if err != nil {
			t.Fatal(err)
		}
		got := newTruth()
		count(t, got, "trail-logs-111122223333", decode(t, file.Bytes()))
		compare(t, got, truth)
	}
}

func TestLargeIsDeterministic(t *testing.T) {
	var a, b, c bytes.Buffer
	for file, seed := range map[*bytes.Buffer]uint64{&a: 3, &b: 3, &c: 4} {
		if _, err := Large(file, 200, seed, end); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two files of one seed differ")
	}
	if bytes.Equal(a.Bytes(), c.Bytes()) {
		t.Error("files of two seeds are the same")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestLargeError(t *testing.T) {
	_, err := Large(brokenWriter{}, 2000, 1, end)
	if err == nil || !strings.HasPrefix(err.Error(), "cannot write a log file of 2000 records: ") {
		t.Errorf("Large to a broken writer = %v", err)
	}
}

// The golden shows one record of each sort, so that a change of their shape is seen.
func TestRecordsGolden(t *testing.T) {
	var got bytes.Buffer
	seen := make(map[string]bool)
	for _, f := range hour1().Files {
		raw := unzip(t, f.Body)
		for i, r := range decode(t, f.Body) {
			account, _ := r.resource("AWS::S3::Bucket")
			sort := fmt.Sprint(r.EventSource, r.EventName, r.EventType, r.EventCategory,
				r.UserIdentity.Type, r.ErrorCode, r.Addendum, account)
			if seen[sort] || strings.HasPrefix(r.EventSource, "kms") {
				continue
			}
			seen[sort] = true
			got.Write(nth(raw, i))
			got.WriteByte('\n')
		}
	}
	path := filepath.Join("testdata", "records.golden.jsonl")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("records (-want +got), go test -update writes them:\n%s", diff)
	}
}

// nth cuts the nth record out of a log file: they all begin alike.
func nth(raw []byte, n int) []byte {
	parts := bytes.Split(bytes.TrimSuffix(bytes.TrimPrefix(raw, []byte(`{"Records":[`)), []byte(`]}`)), []byte(`,{"eventVersion"`))
	if n == 0 {
		return parts[0]
	}
	return append([]byte(`{"eventVersion"`), parts[n]...)
}

func compare(t *testing.T, got, want *Truth) {
	t.Helper()
	for _, truth := range []*Truth{got, want} {
		for _, c := range truth.Buckets {
			for name, n := range c.Metrics {
				if n == 0 {
					delete(c.Metrics, name)
				}
			}
		}
		slices.SortFunc(truth.Deletes, func(a, b Delete) int {
			return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key), cmp.Compare(a.VersionID, b.VersionID))
		})
		slices.SortFunc(truth.Anomalies, func(a, b Anomaly) int { return cmp.Compare(a.Bucket, b.Bucket) })
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("read back from the files (-truth +read):\n%s", diff)
	}
}
