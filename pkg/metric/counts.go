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
	sources       map[string]*owners
	nSources      int
	names         names
	spare         []Row           // to take new rows from
	ownerless     map[rowKey]*Row // per-key deletes by the name of a bucket whose owner they don't tell
	random        *rand.Rand
	notKept       int64
	notTold       int64
}

// maxRows is how many bucket-minutes of one file are kept apart, and how many bucket names: a thousand buckets' ten
// minutes.
const maxRows = 10_000

type rowKey struct {
	bucket string // as published
	minute int64  // since the Unix epoch
}

// Row is one bucket and minute.
type Row struct {
	Bucket     string    // OtherName if it has no metrics of its own
	Minute     time.Time // its start
	minute     int64     // the same, since the Unix epoch
	Values     [bucketMetrics]int64
	Latencies  [latencyMetrics]Latencies
	Operations Tally // requests by eventName
	ErrorCodes Tally // failed requests by errorCode
}

// owners are what is known of the bucket of a name, as the records have it: of one whose owner a record doesn't tell,
// apart from the one whose owner is known.
type owners struct {
	unknown, known *source
}

func (o *owners) of(owned bool) **source {
	if owned {
		return &o.known
	}
	return &o.unknown
}

// either returns the one whose owner is known, if there is one; nil if there is none at all.
func (o *owners) either() *source {
	if o == nil {
		return nil
	}
	return cmp.Or(o.known, o.unknown)
}

// source is what is known of such a bucket.
type source struct {
	published string
	last      *Row           // of the minute counted last: most records are of the same minute as the one before
	rows      map[int64]*Row // by minute

	hasKeyDeletes bool // there are per-key records
	keys          s3event.KeyLengths
	calls         map[*Row]*s3event.Bodies // DeleteObjects calls, which do not say how many objects they were for
}

// NewCounts returns empty Counts. Latencies are kept one by one only if keepLatencies is set; their sums always.
func NewCounts(buckets Buckets, keepLatencies bool) *Counts {
	return &Counts{
		buckets:       buckets,
		keepLatencies: keepLatencies,
		rows:          map[rowKey]*Row{},
		sources:       map[string]*owners{},
		names:         names{},
		ownerless:     map[rowKey]*Row{},
		random:        rand.New(rand.NewPCG(1, 2)), // the same file gives the same lines
	}
}

// Add counts e, an S3 event that isn't a copy, a duplicate or another account's.
func (c *Counts) Add(e *s3event.Event) {
	if e.Kind == s3event.KeyDelete && e.Ownership == s3event.UnknownOwner {
		key := rowKey{string(e.Bucket), floorDiv(e.Time.Unix(), 60)}
		if len(c.ownerless) >= maxRows && c.ownerless[key] == nil {
			c.notTold++
			key.bucket = ""
		}
		c.rowOf(c.ownerless, key).addDeletion(e.Deletion)
		return
	}
	src, row := c.find(e)
	switch e.Kind {
	case s3event.Request:
		c.addRequest(src, row, e)
	case s3event.KeyDelete:
		src.hasKeyDeletes = true
	case s3event.LifecycleAction:
		row.Values[LifecycleActions]++
		return
	case s3event.AuthenticationFailure:
		row.Values[AuthenticationFailures]++
		return
	}
	row.addDeletion(e.Deletion)
}

func (r *Row) addDeletion(d s3event.Deletion) {
	switch d {
	case s3event.Deleted:
		r.Values[DeletedObjects]++
	case s3event.PermanentlyDeleted:
		r.Values[DeletedObjects]++
		r.Values[PermanentDeletes]++
	case s3event.MarkerRemoved:
		r.Values[DeleteMarkersRemoved]++
	case s3event.Denied:
		r.Values[DeniedDeletes]++
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
	row.Operations.add(e.Operation, c.names)
	if len(e.ErrorCode) > 0 {
		row.ErrorCodes.add(e.ErrorCode, c.names)
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

	src.keys.Add(e.Key)
	if e.IsDeleteObjects() && !e.Failed() {
		src.addCall(row, e.BytesIn)
	}
}

// find returns where e counts.
func (c *Counts) find(e *s3event.Event) (*source, *Row) {
	src := c.source(e)
	minute := floorDiv(e.Time.Unix(), 60)
	if src.last != nil && src.last.minute == minute {
		return src, src.last
	}
	if row := src.rows[minute]; row != nil {
		src.last = row
		return src, row
	}
	key := rowKey{src.published, minute}
	if len(c.rows) >= maxRows && c.rows[key] == nil && key.bucket != OtherName {
		c.notTold++
		key.bucket = OtherName
		src.last = c.rowOf(c.rows, key)
		return src, src.last
	}
	src.last = c.rowOf(c.rows, key)
	src.rows[minute] = src.last
	return src, src.last
}

// source returns what is known of the event's bucket, which begins with this event if there was none before.
func (c *Counts) source(e *s3event.Event) *source {
	owned := e.Ownership == s3event.Owned
	o := c.sources[string(e.Bucket)]
	if o != nil && *o.of(owned) != nil {
		return *o.of(owned)
	}
	name, published := string(e.Bucket), OtherName
	if c.nSources >= maxRows {
		c.notTold++
		name, owned = "", false // the buckets that are too many share this one
		if o = c.sources[""]; o != nil && o.unknown != nil {
			return o.unknown
		}
	} else if owned && c.buckets.Match(name) {
		published = name
	}
	if o == nil {
		o = new(owners)
		c.sources[name] = o
	}
	src := &source{published: published, rows: map[int64]*Row{}}
	*o.of(owned) = src
	c.nSources++
	return src
}

// rowOf returns the row with that key, a new one if there is none.
func (c *Counts) rowOf(rows map[rowKey]*Row, key rowKey) *Row {
	row, ok := rows[key]
	if !ok {
		if len(c.spare) == 0 {
			c.spare = make([]Row, 16)
		}
		row, c.spare = &c.spare[0], c.spare[1:]
		row.Bucket, row.Minute, row.minute = key.bucket, time.Unix(key.minute*60, 0).UTC(), key.minute
		rows[key] = row
	}
	return row
}

// adopt gives the per-key deletes that don't tell the bucket's owner to the bucket of that name, if its owner is known
// from other records of the file: their DeleteObjects call is one. What fields a per-key record has is not documented.
func (c *Counts) adopt() {
	for key, ownerless := range c.ownerless {
		published := OtherName
		if src := c.sources[key.bucket].either(); src != nil {
			src.hasKeyDeletes = true
			published = src.published
		}
		row := c.rowOf(c.rows, rowKey{published, key.minute})
		for i, n := range ownerless.Values {
			row.Values[i] += n
		}
	}
	clear(c.ownerless)
}

// AddExpected counts n objects of the bucket that were deleted as expected-deletes.yaml declares. They are among those of
// DeletedObjects. Call it after Finish, which finds out whose the bucket is.
func (c *Counts) AddExpected(bucket string, minute time.Time, n int64) {
	key := rowKey{OtherName, floorDiv(minute.Unix(), 60)}
	if src := c.sources[bucket].either(); src != nil {
		key.bucket = src.published
	}
	if len(c.rows) >= maxRows && c.rows[key] == nil {
		key.bucket = OtherName
	}
	c.rowOf(c.rows, key).Values[ExpectedDeletes] += n
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		a -= b - 1
	}
	return a / b
}

// Finish counts what is known only when everything was added. Call it once, before Rows.
func (c *Counts) Finish() {
	c.adopt()
	for _, o := range c.sources {
		for _, src := range []*source{o.unknown, o.known} {
			if src != nil {
				src.estimate()
			}
		}
	}
}

// Rows returns the rows in which something was counted, in the order of bucket and minute.
func (c *Counts) Rows() []*Row {
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

// BucketsNotTold returns how often an event was counted under OtherName because there were too many buckets and
// minutes.
func (c *Counts) BucketsNotTold() int64 { return c.notTold }

// LatenciesNotKept returns how many latencies were left out of full rows.
func (c *Counts) LatenciesNotKept() int64 { return c.notKept }
