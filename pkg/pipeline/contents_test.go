package pipeline

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/metric"
)

// readContents reads a log file into c.
func readContents(t testing.TB, c *contents, reader *cloudtrail.Reader, object []byte) *contents {
	t.Helper()
	reader.Reset(bytes.NewReader(object))
	var record cloudtrail.Record
	for {
		err := reader.Read(&record)
		if err == io.EOF {
			c.finish()
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		c.add(&record)
	}
}

func newTestContents(t testing.TB, bucket string) *contents {
	t.Helper()
	config, err := ConfigFromEnv(func(name string) string { return map[string]string{"BUCKETWATCH_METRICS": "full"}[name] })
	if err != nil {
		t.Fatal(err)
	}
	return newContents(&config, bucket, cloudtrail.Key{AccountID: "111122223333"}, time.Time{})
}

// Lines, metrics and evidence tell the same of a per-key record that doesn't say who deleted the object.
func TestUnidentifiedDeletes(t *testing.T) {
	const file = `{"Records":[
		{"eventSource":"s3.amazonaws.com","eventCategory":"Data","eventType":"AwsServiceEvent","eventName":"DeleteObject","eventTime":"2026-11-20T14:00:00Z","eventID":"e1","requestID":"R1",
		 "recipientAccountId":"111122223333","requestParameters":{"bucketName":"photos","key":"tmp/a"}},
		{"eventSource":"s3.amazonaws.com","eventCategory":"Data","eventType":"AwsServiceEvent","eventName":"DeleteObject","eventTime":"2026-11-20T14:00:00Z","eventID":"e2","requestID":"R2",
		 "recipientAccountId":"111122223333","requestParameters":{"bucketName":"photos","key":"tmp/b"}},
		{"eventSource":"s3.amazonaws.com","eventCategory":"Data","eventType":"AwsServiceEvent","eventName":"DeleteObject","eventTime":"2026-11-20T15:00:00Z","eventID":"e3","requestID":"R3",
		 "recipientAccountId":"111122223333","requestParameters":{"bucketName":"photos","key":"tmp/c"}},
		{"eventSource":"s3.amazonaws.com","eventCategory":"Data","eventType":"AwsApiCall","eventName":"DeleteObjects","eventTime":"2026-11-20T14:00:01Z","eventID":"e0","requestID":"R1",
		 "recipientAccountId":"111122223333","userIdentity":{"type":"AssumedRole","principalId":"AROA:x","arn":"arn:aws:sts::111122223333:assumed-role/cleaner/x"},
		 "requestParameters":{"bucketName":"photos"},"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::photos","accountId":"111122223333"}]}]}`
	const principal = "arn:aws:sts::111122223333:assumed-role/cleaner"
	list, err := expected.Parse(strings.NewReader(`[{bucket: photos, principal: role/cleaner, prefix: tmp/a, max_objects_per_hour: 9, until: 2027-01-31, reason: test}]`))
	if err != nil {
		t.Fatal(err)
	}
	c := newTestContents(t, "logs")
	c.collect("s3://logs/a.json.gz", time.Date(2026, 11, 20, 14, 5, 0, 0, time.UTC), list)
	readContents(t, c, new(cloudtrail.Reader), []byte(file))

	wantCaller := map[string]string{"tmp/a": principal, "tmp/b": principal, "tmp/c": "UNATTRIBUTED"}
	for _, d := range c.deletes.list {
		if d.caller.Principal != wantCaller[d.key] {
			t.Errorf("the Delete line of %s names %s, want %s", d.key, d.caller.Principal, wantCaller[d.key])
		}
	}
	shares := c.evidence.Shares()
	for _, s := range shares {
		for _, d := range s.Keys.Deletes {
			if d.Principal != wantCaller[d.Key] || d.Expected != (d.Key == "tmp/a") {
				t.Errorf("the evidence of %s names %s, expected %t, want %s", d.Key, d.Principal, d.Expected, wantCaller[d.Key])
			}
		}
	}
	if len(shares) != 2 || shares[0].LogFile != "s3://logs/a.json.gz" || len(shares[0].Activities) != 1 || shares[0].Activities[0].Counts[anomaly.Objects] != 1 {
		t.Errorf("Shares() = %+v", shares)
	}
	for _, row := range c.callers.Top() {
		if want := map[string]int64{principal: 2, "UNATTRIBUTED": 1}[row.Principal]; row.DeletedObjects != want {
			t.Errorf("the Caller line of %s has DeletedObjects = %d, want %d", row.Principal, row.DeletedObjects, want)
		}
	}
	if got := c.health[metric.DeletesUnattributed]; got != 1 {
		t.Errorf("DeletesUnattributed = %d, want 1", got)
	}
	var deleted, expectedDeletes int64
	for _, row := range c.counts.Rows() {
		deleted += row.Values[metric.DeletedObjects]
		expectedDeletes += row.Values[metric.ExpectedDeletes]
		if n := row.Values[metric.ExpectedDeletes]; n > 0 && (row.Bucket != "photos" || row.Minute.Format("15:04") != "14:00") {
			t.Errorf("ExpectedDeletes = %d of %s at %v", n, row.Bucket, row.Minute)
		}
	}
	if deleted != 3 || expectedDeletes != 1 {
		t.Errorf("DeletedObjects, ExpectedDeletes = %d, %d, want 3, 1", deleted, expectedDeletes)
	}
}

// The evidence of an hour of many buckets' traffic has what the metrics have.
func TestEvidenceAgreesWithMetrics(t *testing.T) {
	const seed = 20261120
	t.Logf("seed %d", seed)
	hour := traffic.Hour(seed, detection.Truncate(time.Minute))
	reader := new(cloudtrail.Reader)
	var deleted int64
	for _, f := range hour.Files {
		c := newTestContents(t, hour.LogBucket)
		c.collect("s3://"+hour.LogBucket+"/"+f.Key, cloudtrail.ParseKey(f.Key).Delivered, nil)
		if cloudtrail.ParseKey(f.Key).Kind != cloudtrail.LogFile || !bytes.HasPrefix(f.Body, []byte{0x1f, 0x8b}) {
			continue
		}
		reader.Reset(bytes.NewReader(f.Body))
		var record cloudtrail.Record
		var err error
		for {
			if err = reader.Read(&record); err != nil {
				break
			}
			c.add(&record)
		}
		if err != io.EOF {
			continue // no log file
		}
		c.finish()
		type sums struct{ deleted, permanent, denied int64 }
		want, got := map[string]sums{}, map[string]sums{}
		for _, row := range c.counts.Rows() {
			s := want[row.Bucket]
			s.deleted += row.Values[metric.DeletedObjects]
			s.permanent += row.Values[metric.PermanentDeletes]
			s.denied += row.Values[metric.DeniedDeletes]
			want[row.Bucket] = s
		}
		for _, share := range c.evidence.Shares() {
			s := got[share.Bucket]
			for _, a := range share.Activities {
				s.deleted += a.Counts[anomaly.Objects]
				s.permanent += a.Counts[anomaly.ByVersion] + a.Counts[anomaly.MaybeByVersion]
				s.denied += a.Counts[anomaly.Denied]
			}
			got[share.Bucket] = s
		}
		for bucket, w := range want {
			g := got[bucket]
			deleted += g.deleted
			if bucket != metric.OtherName && g != w {
				t.Errorf("%s of %s: evidence of %+v, the metrics have %+v", bucket, f.Key, g, w)
			}
		}
	}
	if deleted == 0 {
		t.Error("evidence of no deleted object, want some")
	}
}

// BenchmarkEvidence reads the largest log file with and without gathering its evidence, and tells the ratio of the times.
func BenchmarkEvidence(b *testing.B) {
	var object bytes.Buffer
	if _, err := traffic.Large(&object, traffic.LargeRecords, 1, detection); err != nil {
		b.Fatal(err)
	}
	reader := new(cloudtrail.Reader)
	var with, without time.Duration
	for b.Loop() {
		for _, collect := range []bool{false, true} {
			c := newTestContents(b, "logs")
			if collect {
				c.collect("s3://logs/a.json.gz", detection, nil)
			}
			start := time.Now()
			readContents(b, c, reader, object.Bytes())
			if collect {
				if len(c.evidence.Shares()) == 0 {
					b.Fatal("no evidence was gathered")
				}
				with += time.Since(start)
			} else {
				without += time.Since(start)
			}
		}
	}
	b.ReportMetric(float64(with)/float64(without), "with/without")
}
