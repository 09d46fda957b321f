// Package evidence gathers what the records of one log file tell the detectors: what each principal deleted of each bucket
// in each hour, and what happened to which key.
//
// It remembers nothing (package history) and judges nothing (package anomaly). Who made a delete whose record doesn't
// say so is found out by s3event.Calls, for all who ask.
package evidence

import (
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/s3event"
)

// How much is kept of one log file, whatever it holds. CloudTrail's files have up to about 60,000 records. What is more
// is counted as long as its hour is kept, and its key isn't kept.
const (
	maxBuckets    = 10_000
	maxHours      = 10_000 // of all buckets; what is in others is not counted, either
	maxActivities = 10_000 // of actors in hours; the deletes of further ones are nobody's
	maxDeletes    = 20_000
	maxUploads    = 100_000 // 16 bytes each
	maxRefused    = 20_000
	maxPending    = 100_000 // deletes whose records don't say who made them; further ones are nobody's
)

// Longer texts than S3 and IAM allow don't get into what is remembered. In bytes.
const (
	maxBucketName = 255
	maxText       = 1024
)

// File is the log file that is gathered from.
type File struct {
	URI       string // s3://BUCKET/KEY
	Bucket    string // that it is in
	AccountID string // whose records it has, if its key says so
	Delivered time.Time
}

// Collector gathers the evidence of one log file: Add all its records, in any order, then Finish.
type Collector struct {
	file     File
	expected *expected.List

	buckets map[string]*bucket
	last    *bucket // most records are about the same bucket as the one before
	pending []pending
	names   map[string]string // of who was refused a read, so that each is kept once

	expectedIn map[bucketMinute]int64

	hours, activities          int
	deletes, uploads, refusals int // keys kept
	notKept                    int64
}

type bucketMinute struct {
	bucket string
	minute int64 // since the Unix epoch
}

// New returns a Collector. What matches the list is no evidence of anything unexpected; a nil list matches nothing.
func New(file File, list *expected.List) *Collector {
	return &Collector{
		file:       file,
		expected:   list,
		buckets:    map[string]*bucket{},
		names:      map[string]string{},
		expectedIn: map[bucketMinute]int64{},
	}
}

// Add takes in a record that says who made the request, under the principal's name. Duplicates are for the caller to
// leave out. What is not about an object in a bucket of the account is ignored, and so is all but deletes in the bucket
// of the log files.
func (c *Collector) Add(r *cloudtrail.Record, e *s3event.Event, principal []byte) {
	if !c.concerns(e) {
		return
	}
	b := c.bucket(e.Bucket)
	if b == nil {
		if e.IsDelete() || e.IsUpload() || e.ReadRefused() {
			c.notKept++
		}
		return
	}
	b.seen(e)
	if e.Kind == s3event.Request {
		b.lengths.Add(e.Key)
	}
	switch {
	case e.IsDelete():
		c.addDelete(b, r, e, principal)
		return
	case e.IsUpload():
		c.addUpload(b, e)
	case e.ReadRefused():
		c.addRefusal(b, e, principal)
	}
	if s3event.EncryptedOverwrite(r, e) {
		c.addOverwrite(b, r, e, principal)
	}
}

// AddUnidentified takes in the record of the deletion of one object that doesn't say who made the request. Its origin
// must be ascribed before Finish.
func (c *Collector) AddUnidentified(r *cloudtrail.Record, e *s3event.Event, origin *s3event.Origin) {
	if !c.concerns(e) {
		return
	}
	b := c.bucket(e.Bucket)
	if b == nil {
		c.notKept++
		return
	}
	b.seen(e)
	b.perKeyRecords = true
	if e.Deletion == s3event.MarkerRemoved {
		c.addUndelete(b, e)
		return
	}
	if !e.ObjectDeleted() && e.Deletion != s3event.Denied {
		return
	}
	h := c.hour(b, e)
	if h == nil {
		return
	}
	d := c.deletion(b, r, e)
	if len(c.pending) == maxPending {
		c.addDeletion(h, &d, &s3event.Caller{Principal: s3event.Unattributed})
		return
	}
	c.pending = append(c.pending, pending{h, origin, d})
}

// concerns tells whether e is about a bucket of the account. The owner of a per-key record's bucket may not be told:
// what fields such records have is not documented.
func (c *Collector) concerns(e *s3event.Event) bool {
	switch {
	case e.Kind != s3event.Request && e.Kind != s3event.KeyDelete:
		return false
	case e.Ownership != s3event.Owned && (e.Kind != s3event.KeyDelete || e.Ownership != s3event.UnknownOwner):
		return false
	case len(e.Bucket) == 0 || len(e.Bucket) > maxBucketName:
		return false
	}
	return e.IsDelete() || string(e.Bucket) != c.file.Bucket
}

// Finish ends the gathering, when all records were added. A file whose key doesn't say when it was delivered counts as
// delivered at the time of its newest record.
func (c *Collector) Finish(newest time.Time) {
	if c.file.Delivered.IsZero() {
		c.file.Delivered = newest
	}
	for i := range c.pending {
		p := &c.pending[i]
		c.addDeletion(p.hour, &p.deletion, &p.origin.Caller)
	}
	c.pending = nil
	for _, b := range c.buckets {
		if b.perKeyRecords {
			continue
		}
		for _, h := range b.hours {
			for _, a := range h.activities {
				if a.counts[anomaly.Calls] > 0 {
					a.counts[anomaly.Estimated] = a.bodies.EstimateKeys(&b.lengths)
				}
			}
		}
	}
}

// Delivered returns when the file was delivered.
func (c *Collector) Delivered() time.Time { return c.file.Delivered }

// Width returns of how much evidence is being gathered: buckets, their hours, and who deleted in each. It is what the
// evidence's memory grows with.
func (c *Collector) Width() int { return len(c.buckets) + c.hours + c.activities }

// KeysNotKept returns how many uploads, deletes and refused reads are in no share's Keys, since the file had too many.
func (c *Collector) KeysNotKept() int64 { return c.notKept }

// Expected calls yield, in no order, with how many objects of a bucket were deleted as expected in a minute.
func (c *Collector) Expected(yield func(bucket string, minute time.Time, objects int64)) {
	for in, n := range c.expectedIn {
		yield(in.bucket, time.Unix(in.minute*60, 0).UTC(), n)
	}
}
