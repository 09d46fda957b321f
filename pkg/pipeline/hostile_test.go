package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"bucketwatch/internal/emftest"
	"bucketwatch/internal/hostile"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/printable"
	"bucketwatch/pkg/state"
)

// chosen are texts that whoever makes requests may choose, and a few that only AWS does.
type chosen struct{ bucket, key, principal, agent, code, account, id string }

// file is a log file in which they stand wherever it has such values: uploads, deletes of all sorts, what was refused, and
// changes of buckets and of a trail. photos is an honest bucket beside.
func (v *chosen) file() delivery {
	var records []any
	add := func(r request, change func(line)) {
		record := r.record(fmt.Sprint(v.id, len(records)))
		record["userAgent"], record["sourceIPAddress"] = v.agent, v.agent
		if change != nil {
			change(record)
		}
		records = append(records, record)
	}
	theirs := func(record line) { // all of it is the account's
		record["recipientAccountId"], record["awsRegion"] = v.account, v.agent
		for _, r := range record["resources"].([]any) {
			r.(map[string]any)["accountId"] = v.account
		}
	}
	for i, who := range []string{v.principal, alice} {
		for j, bucket := range []string{v.bucket, "photos"}[i:] { // a person in photos alone: each record takes its time
			at := clockOn(10, j, 0)
			key := v.key + strings.Repeat("/x", j)
			add(request{at: at, who: who, operation: "PutObject", bucket: bucket, key: key, sseC: true}, nil)
			add(request{at: at, who: who, operation: "DeleteObject", bucket: bucket, key: key}, nil)
			add(request{at: at, who: who, operation: "DeleteObject", bucket: bucket, key: key, versionID: v.id}, nil)
			add(request{at: at, who: who, operation: "DeleteObject", bucket: bucket, key: key, errorCode: "AccessDenied"}, theirs)
			add(request{at: at, who: who, operation: "GetObject", bucket: bucket, key: key, errorCode: v.code}, func(record line) {
				record["errorMessage"] = v.code
			})
			add(request{at: at, who: who, operation: "DeleteObjects", bucket: bucket, bytesIn: 1000, requestID: v.id}, nil)
			add(request{at: at, operation: "DeleteObject", bucket: bucket, key: key, perKey: true, requestID: v.id}, nil)
			add(request{at: at, who: who, operation: v.code, bucket: v.bucket, key: key}, theirs)
			add(request{at: at, who: who, operation: "DeleteObject", bucket: logBucket, key: key}, nil)
			add(request{at: at, who: who, operation: "DeleteBucketPolicy", bucket: v.bucket}, nil)
			add(request{at: at, who: who, operation: "PutBucketVersioning", bucket: v.bucket, parameters: suspended}, nil)
			add(request{at: at, who: who, operation: "DeleteTrail", bucket: v.bucket, parameters: map[string]any{"name": v.id}}, func(record line) {
				record["eventSource"] = "cloudtrail.amazonaws.com"
			})
		}
	}
	d := deliver(1, clockOn(10, 5, 0))
	d.body, _ = json.Marshal(line{"Records": records})
	return d
}

var honest = chosen{"reports", "a/7.jpg", appWeb, "aws-cli/2", "NoSuchKey", "111122223333", "id"}

// Unless something is found in such a file, and told, the fuzz targets show nothing.
func TestChosenValuesAreTold(t *testing.T) {
	w := newWorld(t, state.NewMemory(), "BUCKETWATCH_METRICS=full")
	w.read(t, honest.file())
	w.tick(t, clockOn(12, 0, 0))
	if buckets := checkOutput(t, w); !buckets["reports"] || len(w.published) < 5 {
		t.Errorf("metrics of %v and %d messages, want those of reports, and five", buckets, len(w.published))
	}
	all := w.take(t)
	for _, name := range []string{anomaly.NameEncryptedOverwrite, anomaly.NamePermanentDelete, anomaly.NameProtectionRemoved} {
		if len(named(all, name)) == 0 {
			t.Errorf("no %s was found", name)
		}
	}
}

// FuzzValues puts hostile values into a log file: what comes of it is lines and messages in order, about the bucket that
// the file names if it can be one's name, and no other.
func FuzzValues(f *testing.F) {
	f.Add(honest.bucket, honest.key, honest.principal, honest.agent, honest.code, honest.account, honest.id)
	for _, s := range hostile.Values() {
		f.Add(s, s, s, s, s, s, s)
	}
	f.Fuzz(func(t *testing.T, bucket, key, principal, agent, code, account, id string) {
		v := chosen{bucket, key, principal, agent, code, account, id}
		w := newWorld(t, state.NewMemory(), "BUCKETWATCH_METRICS=full")
		w.read(t, v.file())
		w.tick(t, clockOn(12, 0, 0))
		if failed := w.logged(t, "tick failed"); len(failed) > 0 {
			t.Errorf("the log has %.300v", failed)
		}
		named := checkOutput(t, w)
		delete(named, segmentAsBucket(bucket))
		for _, known := range []string{"photos", logBucket, metric.OtherName, anomaly.Account} {
			delete(named, known)
		}
		if len(named) > 0 {
			t.Errorf("metrics of %q, which no record names as a bucket", slices.Sorted(maps.Keys(named)))
		}
	})
}

// segmentAsBucket is the bucket's name, of which an ARN takes what follows the last colon or slash. It is read as JSON is.
func segmentAsBucket(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return s[strings.LastIndexAny(s, ":/")+1:]
}

// FuzzLogFile takes whatever bytes stand under the key of a log file through the pipeline.
func FuzzLogFile(f *testing.F) {
	f.Add(honest.file().body, "")
	for _, s := range hostile.Values() {
		f.Add(logFile(line{"userAgent": s, "eventName": "DeleteObject"}, in("reports", line{"errorCode": s})), s)
		f.Add([]byte(strings.ReplaceAll(string(logFile(line{"userAgent": "VALUE", "eventID": "VALUE"})), "VALUE", s)), "") // not escaped
	}
	f.Add(bytes.ReplaceAll(logFile(line{}), []byte(`"photos"`), []byte(`"ph\u006ftos"`)), "")
	f.Fuzz(func(t *testing.T, body []byte, folder string) {
		w := newWorld(t, state.NewMemory(), "BUCKETWATCH_METRICS=full")
		d := deliver(1, clockOn(10, 5, 0))
		d.key, d.body = folder+d.key, body
		_ = w.announce(t, d) // a damaged file is an error, and that in the log
		w.tick(t, clockOn(12, 0, 0))
		checkOutput(t, w)
	})
}

// checkOutput holds all that was written and sent against what it may be, and returns the buckets that have metrics.
func checkOutput(t *testing.T, w *world) map[string]bool {
	t.Helper()
	metrics, err := emftest.ParseAll(w.metrics.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	buckets := map[string]bool{}
	for i := range metrics {
		for _, s := range metrics[i].Samples {
			checkSample(t, &s)
			if bucket, ok := s.Dimensions["BucketName"]; ok {
				buckets[bucket] = true
			}
		}
	}
	for stream, text := range map[string]string{"standard output": w.metrics.String(), "standard error": w.log.String()} {
		for text := range strings.Lines(text) {
			if shown := strings.TrimSuffix(text, "\n"); shown == text || len(text) > 64<<10 || !printable.Is(shown) {
				t.Errorf("%s has a line that can't be shown: %q", stream, text)
			}
		}
	}
	for _, l := range append(lines(t, w.metrics.Bytes()), lines(t, w.log.Bytes())...) {
		checkMembers(t, l)
	}
	for text := range strings.Lines(w.log.String()) {
		if strings.HasPrefix(text, `{"_aws"`) || emftest.Check([]byte(text)) == nil {
			t.Errorf("standard error has a metric line: %s", text)
		}
	}
	for _, m := range w.published {
		if subject := *m.Subject; subject == "" || len(subject) > 100 || strings.ContainsFunc(subject, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("Subject = %q, which SNS refuses", subject)
		}
		if !printable.Is(strings.ReplaceAll(*m.Message, "\n", "")) || len(*m.Message) > 256<<10 {
			t.Errorf("a message of %d bytes that can't be shown or sent: %.1000q", len(*m.Message), *m.Message)
		}
	}
	return buckets
}

// knownMetrics are the units of all metrics, by their name behind the dimensions.
var knownMetrics = sync.OnceValue(func() map[string]string {
	units := map[string]string{}
	add := func(dimensions string, definitions ...metric.Definition) {
		for _, d := range definitions {
			units[dimensions+" "+d.Name] = d.Unit
		}
	}
	add("BucketName", metric.Bucket[:]...)
	add("BucketName", metric.Latency[:]...)
	add("FunctionName", metric.Health[:]...)
	add("BucketName", metric.Anomalies, metric.HighSeverityAnomalies, metric.UnexpectedDeletes)
	add("", metric.Anomalies, metric.HighSeverityAnomalies, metric.UnexpectedDeletes)
	add("Anomaly,BucketName", metric.Anomalies)
	return units
})

// checkSample wants a metric of the catalogue, with dimensions that are its own and have values that no caller chooses
// but for a bucket's name.
func checkSample(t *testing.T, s *emftest.Sample) {
	t.Helper()
	dimensions := strings.Join(slices.Sorted(maps.Keys(s.Dimensions)), ",")
	if unit, ok := knownMetrics()[dimensions+" "+s.Name]; !ok || s.Unit != unit || s.Namespace != "BucketWatch" {
		t.Errorf("metric %+v is not in the catalogue", s)
	}
	bucket, ok := s.Dimensions["BucketName"]
	if ok && bucket != metric.OtherName && bucket != anomaly.Account && !metric.IsBucketName(bucket) {
		t.Errorf("metric %s of %q, which is no bucket's name", s.Name, bucket)
	}
	if name, ok := s.Dimensions["FunctionName"]; ok && name != "bucketwatch" {
		t.Errorf("metric %s of the function %q", s.Name, name)
	}
	names := []string{anomaly.NameDeleteSurge, anomaly.NameNewDeleter, anomaly.NameDeniedDelete, anomaly.NameOpaqueBulkDelete, anomaly.NameDeletedSoonAfterUpload,
		anomaly.NameRepeatedDelete, anomaly.NameReadAfterDelete, anomaly.NamePermanentDelete, anomaly.NameProtectionRemoved, anomaly.NameEncryptedOverwrite,
		anomaly.NameAttackSequence}
	if name, ok := s.Dimensions["Anomaly"]; ok && !slices.Contains(names, name) {
		t.Errorf("metric %s of the anomaly %q", s.Name, name)
	}
}

// documentedMembers are the members of each type of line.
var documentedMembers struct {
	sync.Once
	all map[string]map[string]documented
}

// checkMembers wants a line to have no member that isn't documented.
func checkMembers(t *testing.T, l line) {
	t.Helper()
	documentedMembers.Do(func() { documentedMembers.all = schemas(t) })
	kind, isLine := l["Type"].(string)
	known := documentedMembers.all[kind]
	if isLine && known == nil {
		t.Errorf("a line of type %q", kind)
	}
	if !isLine && (l["msg"] == nil || l["level"] == nil) {
		t.Errorf("a line that is neither of a type nor the log's: %v", l)
	}
	for member := range l {
		if _, ok := known[member]; isLine && !ok && member != "_aws" {
			t.Errorf("a %s line has the member %q", kind, member)
		}
	}
}

// Who asks for buckets that there aren't, or that are another account's, makes no metrics of their names.
func TestInventedBuckets(t *testing.T) {
	var records []line
	for i := range 1000 {
		name := fmt.Sprintf("invented-%d", i)
		another := in(name, line{"resources": resources(name, "444455556666")})
		nobodys := in(name, line{"resources": []line{{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::" + name}}, "errorCode": "NoSuchBucket"})
		missing := in(name, line{"errorCode": "NoSuchBucket", "eventName": "DeleteObject"})
		head := in(name, line{"errorCode": "NotFound", "eventName": "HeadBucket"})
		without := in(name, line{"resources": nil})
		records = append(records, another, nobodys, missing, head, without)
	}
	r := newRun(t, same(logFile(append(records, in("photos", nil))...)), "BUCKETWATCH_METRICS=full")
	if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
		t.Fatal(err)
	}
	w := &world{run: r}
	if got, want := slices.Sorted(maps.Keys(checkOutput(t, w))), []string{metric.OtherName, "photos"}; !slices.Equal(got, want) {
		t.Errorf("%d buckets have metrics: %.20q, want %q", len(got), got, want)
	}
}

// However many buckets one forged log file names, no more than 10,000 get metrics of it, and 1,000 anomalies; it is told.
func TestForgedBuckets(t *testing.T) {
	var records []line
	for i := range 12_000 {
		records = append(records, in(fmt.Sprintf("forged-%d", i), nil))
		if i < 2000 {
			records = append(records, in(fmt.Sprintf("forged-%d", i), line{
				"eventName": "DeleteBucketPolicy", "eventCategory": "Management", "managementEvent": true, "eventID": fmt.Sprint(i)}))
		}
	}
	r := newRun(t, same(logFile(records...)))
	if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
		t.Fatal(err)
	}
	counted, anomalies := map[string]bool{}, map[string]bool{}
	metrics, err := emftest.ParseAll(r.metrics.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i := range metrics {
		for _, s := range metrics[i].Samples {
			switch bucket := s.Dimensions["BucketName"]; {
			case bucket == "":
			case s.Name == metric.Anomalies.Name:
				anomalies[bucket] = true
			case s.Name == "AllRequests":
				counted[bucket] = true
			}
		}
	}
	if n := len(counted); n != 10_001 || !counted[metric.OtherName] {
		t.Errorf("%d buckets have metrics, want 10,000 and %s", n, metric.OtherName)
	}
	if n := len(anomalies); n != 1001 || !anomalies[anomaly.Account] {
		t.Errorf("%d buckets have anomalies, want 1,000 and %s", n, anomaly.Account)
	}
	if told := emftest.Sums(metrics, "BucketsNotTold", "FunctionName")["bucketwatch"]; told == 0 {
		t.Error("BucketsNotTold says nothing of it")
	}
}
