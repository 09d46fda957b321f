package s3event

import (
	"cmp"
	"hash/maphash"
	"time"

	"bucketwatch/pkg/cloudtrail"
)

// Caller is who made a request, and from where.
type Caller struct {
	Principal       string // see AppendPrincipal
	Human           bool   // a person, not software
	SourceIPAddress string
	UserAgent       string
}

// NewCaller returns the caller of the request that r records, under the principal's name.
func NewCaller(r *cloudtrail.Record, principal string) Caller {
	return Caller{Principal: principal, Human: isHuman(r), SourceIPAddress: string(r.SourceIPAddress), UserAgent: string(r.UserAgent)}
}

// Calls remembers the DeleteObjects calls of one log file, since the records of the objects they deleted may not say
// who the caller was. The zero value is ready for use.
type Calls struct {
	seed      maphash.Seed
	callers   map[Caller]*Caller
	byRequest map[uint64]*Caller // by the hash of the request id
	byBucket  map[string][]call
	origins   map[originKey]*Origin
}

// Origin is the call that deleted an object, as far as the object's own record, which says nothing of who made it,
// tells. The objects of one call that were deleted in the same second have one Origin.
type Origin struct {
	Caller Caller // from Ascribe on
}

type originKey struct {
	bucket    string
	requestID string
	second    int64
}

type call struct {
	at     time.Time
	caller *Caller
}

// vicinity is how far in time a call may be from the deletion of its objects.
const vicinity = 2 * time.Second

// Add notes the call that r and e are a record of.
func (c *Calls) Add(r *cloudtrail.Record, e *Event, principal string) {
	if c.callers == nil {
		c.seed = maphash.MakeSeed()
		c.callers = map[Caller]*Caller{}
		c.byRequest = map[uint64]*Caller{}
		c.byBucket = map[string][]call{}
	}
	key := NewCaller(r, principal)
	caller, ok := c.callers[key]
	if !ok {
		caller = &key
		c.callers[key] = caller
	}
	if len(r.RequestID) > 0 {
		c.byRequest[maphash.Bytes(c.seed, r.RequestID)] = caller
	}
	if e.Status >= 400 && e.Status < 500 || e.Deletion == Denied {
		return // S3 refused the call as a whole: whatever was deleted nearby, it wasn't by this one
	}
	c.byBucket[string(e.Bucket)] = append(c.byBucket[string(e.Bucket)], call{e.Time, caller})
}

// Origin returns the origin of the deletion of an object, of which r and e are the record.
func (c *Calls) Origin(r *cloudtrail.Record, e *Event) *Origin {
	key := originKey{string(e.Bucket), string(r.RequestID), e.Time.Unix()}
	o, ok := c.origins[key]
	if !ok {
		if c.origins == nil {
			c.origins = map[originKey]*Origin{}
		}
		o = new(Origin)
		c.origins[key] = o
	}
	return o
}

// Ascribe finds the caller of each origin, as CallerOf does.
func (c *Calls) Ascribe() {
	for key, o := range c.origins {
		o.Caller = c.CallerOf(key.bucket, key.requestID, time.Unix(key.second, 0))
	}
}

// CallerOf says who deleted an object, of which a per-key record without identity tells the bucket, the request id
// and the time: the caller of the DeleteObjects call with that request id, else the only principal with such a call
// on the bucket within two seconds that S3 did not refuse. Without either it returns Unattributed: a guess would accuse
// somebody.
//
// Call it when the whole file was read, since the records are in no order.
func (c *Calls) CallerOf(bucket, requestID string, at time.Time) Caller {
	if c.callers == nil {
		return Caller{Principal: Unattributed}
	}
	if caller, ok := c.byRequest[maphash.String(c.seed, requestID)]; ok && requestID != "" {
		return *caller
	}
	if bucket == "" { // two that aren't known needn't be the same
		return Caller{Principal: Unattributed}
	}
	var nearest *call
	for i := range c.byBucket[bucket] {
		candidate := &c.byBucket[bucket][i]
		switch {
		case candidate.at.Sub(at).Abs() > vicinity:
		case nearest == nil:
			nearest = candidate
		case nearest.caller.Principal != candidate.caller.Principal:
			return Caller{Principal: Unattributed}
		case candidate.compare(nearest, at) < 0:
			nearest = candidate
		}
	}
	if nearest == nil {
		return Caller{Principal: Unattributed}
	}
	return *nearest.caller
}

// compare orders the calls of one principal by their distance from at, and those at the same distance somehow, so that
// the order of the records decides nothing.
func (c *call) compare(d *call, at time.Time) int {
	return cmp.Or(
		cmp.Compare(c.at.Sub(at).Abs(), d.at.Sub(at).Abs()),
		cmp.Compare(c.caller.SourceIPAddress, d.caller.SourceIPAddress),
		cmp.Compare(c.caller.UserAgent, d.caller.UserAgent),
		compareBool(c.caller.Human, d.caller.Human),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
