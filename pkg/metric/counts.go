package metric

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"bucketwatch/pkg/s3event"
)

// Counts are the metrics of the buckets in one log file, by the minute of eventTime.
type Counts struct {
	buckets       Buckets
	keepLatencies bool
	rows          map[rowKey]*Row
	sources       map[string]*source
	random        *rand.Rand
	notKept       int64
}

type rowKey struct {
	bucket string // as published
	minute int64  // since the Unix epoch
}

// Row is one bucket and minute.
type Row struct {
	Bucket     string    // OtherName if it has no metrics of its own
	Minute     time.Time // its start
	Values     [bucketMetrics]int64
	Latencies  [latencyMetrics]Latencies
	Operations Tally // requests by eventName
	ErrorCodes Tally // failed requests by errorCode
}

// source is what is known of a bucket by the name that the records have.
type source struct {
	published string
	last      *Row // of the minute counted last: most records are of the same minute as the one before

	keyDeletes      int64 // per-key records
	keys, keyBytes  int64 // of requests' keys, for their mean length
	callsWithoutKey map[*Row]*calls
}

// calls are DeleteObjects calls, which do not say how many objects they were for.
type calls struct{ n, bytes int64 }

// NewCounts returns empty Counts. Latencies are kept one by one only if keepLatencies is set; their sums always.
func NewCounts(buckets Buckets, keepLatencies bool) *Counts {
	return &Counts{
		buckets:       buckets,
		keepLatencies: keepLatencies,
		rows:          map[rowKey]*Row{},
		sources:       map[string]*source{},
		random:        rand.New(rand.NewPCG(1, 2)), // the same file gives the same lines
	}
}

// Add counts e, an S3 event that isn't a copy, a duplicate or another account's.
func (c *Counts) Add(e *s3event.Event) {
	src, row := c.find(e)
	switch e.Kind {
	case s3event.Request:
		c.addRequest(src, row, e)
	case s3event.KeyDelete:
		src.keyDeletes++
	case s3event.LifecycleAction:
		row.Values[LifecycleActions]++
		return
	case s3event.AuthenticationFailure:
		row.Values[AuthenticationFailures]++
		return
	}
	switch e.Deletion {
	case s3event.Deleted:
		row.Values[DeletedObjects]++
	case s3event.PermanentlyDeleted:
		row.Values[DeletedObjects]++
		row.Values[PermanentDeletes]++
	case s3event.MarkerRemoved:
		row.Values[DeleteMarkersRemoved]++
	case s3event.Denied:
		row.Values[DeniedDeletes]++
	}
}

// groupMetrics are the metrics that count the requests of each group, besides AllRequests.
var groupMetrics = [...]int{
	s3event.Other:  AllRequests,
	s3event.Get:    GetRequests,
	s3event.List:   ListRequests,
	s3event.Head:   HeadRequests,
	s3event.Put:    PutRequests,
	s3event.Post:   PostRequests,
	s3event.Delete: DeleteRequests,
	s3event.Select: SelectRequests,
}

func (c *Counts) addRequest(src *source, row *Row, e *s3event.Event) {
	v := &row.Values
	v[AllRequests]++
	if m := groupMetrics[e.Group]; m != AllRequests {
		v[m]++
	}
	row.Operations.add(e.Operation)
	if len(e.ErrorCode) > 0 {
		row.ErrorCodes.add(e.ErrorCode)
	}
	switch e.Status / 100 {
	case 4:
		v[Errors4xx]++
	case 5:
		v[Errors5xx]++
	}
	v[BytesDownloaded] += e.BytesOut
	v[BytesUploaded] += e.BytesIn
	if e.Group == s3event.Select {
		v[SelectBytesReturned] += e.BytesOut
	}
	if e.Anonymous {
		v[AnonymousRequests]++
	}
	c.addLatency(&row.Latencies[FirstByteLatency], e.FirstByteLatency)
	c.addLatency(&row.Latencies[TotalRequestLatency], e.TotalLatency)

	if len(e.Key) > 0 {
		src.keys++
		src.keyBytes += int64(len(e.Key))
	}
	if e.IsDeleteObjects() && !e.Failed() {
		src.addCall(row, e.BytesIn)
	}
}

// find returns where e counts.
func (c *Counts) find(e *s3event.Event) (*source, *Row) {
	name := e.Bucket
	if e.Ownership != s3event.Owned {
		name = nil
	}
	src, ok := c.sources[string(name)]
	if !ok {
		src = &source{published: OtherName}
		if c.buckets.Match(string(name)) {
			src.published = string(name)
		}
		c.sources[string(name)] = src
	}
	minute := floorDiv(e.Time.Unix(), 60)
	if src.last == nil || src.last.Minute.Unix() != minute*60 {
		key := rowKey{src.published, minute}
		row, ok := c.rows[key]
		if !ok {
			row = &Row{Bucket: src.published, Minute: time.Unix(minute*60, 0).UTC()}
			c.rows[key] = row
		}
		src.last = row
	}
	return src, src.last
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		a -= b - 1
	}
	return a / b
}

// Rows returns the rows in which something was counted, in the order of bucket and minute. Call it once, when
// everything was added.
func (c *Counts) Rows() []*Row {
	for _, src := range c.sources {
		src.estimate()
	}
	rows := make([]*Row, 0, len(c.rows))
	for _, row := range c.rows {
		if row.Values != [bucketMetrics]int64{} {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), a.Minute.Compare(b.Minute))
	})
	return rows
}

// LatenciesNotKept returns how many latencies were left out of full rows.
func (c *Counts) LatenciesNotKept() int64 { return c.notKept }
