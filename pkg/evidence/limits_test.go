package evidence_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/evidence"
	"bucketwatch/pkg/s3event"
)

// event is a request as it was understood, for files too large to write them down.
func event(operation, bucket, key string, at time.Time) *s3event.Event {
	e := &s3event.Event{
		Kind: s3event.Request, Operation: []byte(operation), Bucket: []byte(bucket), Ownership: s3event.Owned, Key: []byte(key), Time: at, Status: 200,
	}
	if operation == "DeleteObject" {
		e.Deletion = s3event.Deleted
	}
	return e
}

// sums are what all shares hold together.
type sums struct {
	shares, activities                    int
	objects, unattributed                 int64
	uploads, refused                      int64
	keptUploads, keptDeletes, keptRefused int
	notKept                               int64
}

func sum(c *evidence.Collector) sums {
	c.Finish(time.Time{})
	s := sums{notKept: c.KeysNotKept()}
	for _, share := range c.Shares() {
		s.shares++
		s.activities += len(share.Activities)
		for _, a := range share.Activities {
			s.objects += a.Counts[anomaly.Objects]
			if a.Principal == nobody {
				s.unattributed += a.Counts[anomaly.Objects]
			}
		}
		s.uploads += share.Uploads
		s.refused += share.Refused
		s.keptUploads += len(share.Keys.Uploads)
		s.keptDeletes += len(share.Keys.Deletes)
		s.keptRefused += len(share.Keys.Refused)
	}
	return s
}

// Whatever a file holds, what is kept of it is bounded, and what is counted is right.
func TestLimits(t *testing.T) {
	at := clock("14:00:00")
	unidentified := func(c *evidence.Collector, n int) {
		origin := &s3event.Origin{Caller: s3event.Caller{Principal: appWeb}}
		for i := range n {
			e := event("DeleteObject", "photos", fmt.Sprint(i), at)
			e.Kind = s3event.KeyDelete
			c.AddUnidentified(&cloudtrail.Record{}, e, origin)
		}
	}
	add := func(c *evidence.Collector, n int, operation string, of func(i int) (bucket, key, principal string, at time.Time)) {
		for i := range n {
			bucket, key, principal, at := of(i)
			e := event(operation, bucket, key, at)
			if operation == "GetObject" {
				e.Status = 404
			}
			c.Add(&cloudtrail.Record{}, e, []byte(principal))
		}
	}
	byKey := func(i int) (string, string, string, time.Time) { return "photos", fmt.Sprint(i), appWeb, at }
	tests := []struct {
		name   string
		gather func(c *evidence.Collector)
		want   sums
	}{
		{"deletes", func(c *evidence.Collector) { add(c, 20_005, "DeleteObject", byKey) },
			sums{shares: 1, activities: 1, objects: 20_005, keptDeletes: 20_000, notKept: 5}},
		{"uploads", func(c *evidence.Collector) { add(c, 100_005, "PutObject", byKey) },
			sums{shares: 1, uploads: 100_005, keptUploads: 100_000, notKept: 5}},
		{"refused reads", func(c *evidence.Collector) { add(c, 20_005, "GetObject", byKey) },
			sums{shares: 1, refused: 20_005, keptRefused: 20_000, notKept: 5}},
		{"refused reads of one key", func(c *evidence.Collector) {
			add(c, 20_005, "GetObject", func(int) (string, string, string, time.Time) { return "photos", "favicon.ico", cdn, at })
		}, sums{shares: 1, refused: 20_005, keptRefused: 1}},
		{"deletes whose caller another record tells", func(c *evidence.Collector) { unidentified(c, 100_005) },
			sums{shares: 1, activities: 2, objects: 100_005, unattributed: 5, keptDeletes: 20_000, notKept: 80_005}},
		{"principals", func(c *evidence.Collector) {
			add(c, 10_005, "DeleteObject", func(i int) (string, string, string, time.Time) { return "photos", "a", fmt.Sprint("AROA", i), at })
		}, sums{shares: 1, activities: 10_001, objects: 10_005, unattributed: 5, keptDeletes: 10_005}},
		{"hours", func(c *evidence.Collector) {
			add(c, 10_005, "DeleteObject", func(i int) (string, string, string, time.Time) {
				return "photos", "a", appWeb, at.Add(-time.Duration(i) * time.Hour)
			})
		}, sums{shares: 10_000, activities: 10_000, objects: 10_000, keptDeletes: 10_000, notKept: 5}},
		{"buckets", func(c *evidence.Collector) {
			add(c, 10_005, "PutObject", func(i int) (string, string, string, time.Time) { return fmt.Sprint("bucket-", i), "a", appWeb, at })
		}, sums{shares: 10_000, uploads: 10_000, keptUploads: 10_000, notKept: 5}},
		{"buckets that are only read", func(c *evidence.Collector) {
			add(c, 10_005, "ListObjects", func(i int) (string, string, string, time.Time) { return fmt.Sprint("bucket-", i), "", appWeb, at })
		}, sums{shares: 10_000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := evidence.New(usual, nil)
			test.gather(c)
			if got := sum(c); got != test.want {
				t.Errorf("too many %s = %+v, want %+v", test.name, got, test.want)
			}
		})
	}
}

// Texts that no bucket's owner would choose don't make a share that can't be stored.
func TestLongTexts(t *testing.T) {
	long := make([]byte, 1<<20)
	for i := range long {
		long[i] = 'x'
	}
	c := evidence.New(usual, nil)
	e := event("DeleteObject", "photos", string(long), clock("14:00:00"))
	c.Add(&cloudtrail.Record{EventID: long, SourceIPAddress: long, UserAgent: long}, e, long)
	e = event("GetObject", "photos", string(long), clock("14:00:00"))
	e.Status = 404
	c.Add(&cloudtrail.Record{}, e, long)
	c.Finish(time.Time{})
	for _, s := range c.Shares() {
		if got := len(fmt.Sprintf("%+v %+v", s, *s.Activities[0].Samples[anomaly.Objects])); got > 16<<10 {
			t.Errorf("Shares() of a delete with texts of a megabyte hold %d bytes", got)
		}
	}
}

// An upload costs 16 bytes, and a read that succeeds nothing.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	upload, read := event("PutObject", "photos", "2026/cat.jpg", clock("14:00:00")), event("GetObject", "photos", "2026/cat.jpg", clock("14:00:00"))
	c := evidence.New(usual, nil)
	c.Add(&cloudtrail.Record{}, upload, []byte(appWeb))
	runtime.GC()
	runtime.ReadMemStats(&before)
	const n = 90_000
	for range n {
		c.Add(&cloudtrail.Record{}, upload, []byte(appWeb))
		c.Add(&cloudtrail.Record{}, read, []byte(appWeb))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if got := float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / n; got > 16*1.3 {
		t.Errorf("an upload keeps %.1f bytes, want 16 and what a slice grows ahead", got)
	}
	if got := after.Mallocs - before.Mallocs; got > 100 {
		t.Errorf("%d uploads and reads cost %d allocations, want those of one growing slice", n, got)
	}
	runtime.KeepAlive(c)
}

func TestReadAllocatesNothing(t *testing.T) {
	c := evidence.New(usual, nil)
	e, r, principal := event("GetObject", "photos", "2026/cat.jpg", clock("14:00:00")), &cloudtrail.Record{}, []byte(appWeb)
	c.Add(r, e, principal)
	if got := testing.AllocsPerRun(1000, func() { c.Add(r, e, principal) }); got != 0 {
		t.Errorf("Add of a read: %v allocations, want 0", got)
	}
}

func BenchmarkAdd(b *testing.B) {
	r, principal := &cloudtrail.Record{SourceIPAddress: []byte("192.0.2.7"), UserAgent: []byte("[aws-sdk-go-v2/1.41.1]"), EventID: []byte("00000000-0000-4000-8000-000000000001")}, []byte(appWeb)
	for _, operation := range []string{"GetObject", "PutObject", "DeleteObject"} {
		b.Run(operation, func(b *testing.B) {
			b.ReportAllocs()
			c := evidence.New(usual, nil)
			e := event(operation, "photos", "2026/cat.jpg", clock("14:00:00"))
			for i := 0; b.Loop(); i++ {
				if i%20_000 == 0 {
					c = evidence.New(usual, nil)
				}
				c.Add(r, e, principal)
			}
		})
	}
}
