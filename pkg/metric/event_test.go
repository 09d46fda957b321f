package metric_test

import (
	"cmp"
	"time"

	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

var minute = time.Date(2026, 11, 20, 10, 37, 0, 0, time.UTC)

// request is a request by the bucket's owner's copy, and then as the changes say.
func request(operation string, group s3event.Group, changes ...func(*s3event.Event)) *s3event.Event {
	e := &s3event.Event{
		Kind: s3event.Request, Operation: []byte(operation), Group: group, Time: minute.Add(12 * time.Second),
		Bucket: []byte("photos"), Ownership: s3event.Owned, Status: 200, FirstByteLatency: -1, TotalLatency: -1,
	}
	for _, change := range changes {
		change(e)
	}
	return e
}

// keyDelete is the record of one object that a DeleteObjects call deleted.
func keyDelete(changes ...func(*s3event.Event)) *s3event.Event {
	return request("DeleteObject", s3event.Delete, append([]func(*s3event.Event){
		func(e *s3event.Event) { e.Kind, e.Deletion = s3event.KeyDelete, s3event.Deleted },
	}, changes...)...)
}

func deleteObjects(bytesIn int64, changes ...func(*s3event.Event)) *s3event.Event {
	return request("DeleteObjects", s3event.Delete, append([]func(*s3event.Event){
		func(e *s3event.Event) { e.BytesIn = bytesIn },
	}, changes...)...)
}

func on(bucket string) func(*s3event.Event) {
	return func(e *s3event.Event) { e.Bucket = []byte(bucket) }
}

func at(t time.Time) func(*s3event.Event) {
	return func(e *s3event.Event) { e.Time = t }
}

func ofKind(k s3event.Kind) func(*s3event.Event) {
	return func(e *s3event.Event) { e.Kind = k }
}

func ofOwner(o s3event.Ownership) func(*s3event.Event) {
	return func(e *s3event.Event) { e.Ownership = o }
}

func deletion(d s3event.Deletion) func(*s3event.Event) {
	return func(e *s3event.Event) { e.Deletion = d }
}

func key(k string) func(*s3event.Event) {
	return func(e *s3event.Event) { e.Key = []byte(k) }
}

func failed(status int, code string) func(*s3event.Event) {
	return func(e *s3event.Event) { e.Status, e.ErrorCode = status, []byte(code) }
}

func latencies(firstByte, total float64) func(*s3event.Event) {
	return func(e *s3event.Event) { e.FirstByteLatency, e.TotalLatency = firstByte, total }
}

func allBuckets() metric.Buckets { return buckets("*") }

func buckets(list string) metric.Buckets {
	b, err := metric.ParseBuckets(list)
	if err != nil {
		panic(err)
	}
	return b
}

func count(events ...*s3event.Event) *metric.Counts {
	c := metric.NewCounts(allBuckets(), true)
	for _, e := range events {
		c.Add(e)
	}
	c.Finish()
	return c
}

// named are the row's counts that are not 0, by the metrics' names.
func named(row *metric.Row) map[string]int64 {
	m := map[string]int64{}
	for i, n := range row.Values {
		if n != 0 {
			m[metric.Bucket[i].Name] = n
		}
	}
	return m
}

// place is a row's bucket and minute.
type place struct {
	Bucket string
	Minute time.Time
}

func places(rows []*metric.Row) []place {
	var p []place
	for _, row := range rows {
		p = append(p, place{row.Bucket, row.Minute})
	}
	return p
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), a.Minute.Compare(b.Minute))
}
