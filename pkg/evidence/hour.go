package evidence

import (
	"strings"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/s3event"
)

// bucket is what the file tells of one.
type bucket struct {
	name          string
	perKeyRecords bool  // of DeleteObjects calls
	owned         bool  // any record says so
	first         int64 // when the first of those was, in seconds since the Unix epoch
	lengths       s3event.KeyLengths
	hours         map[int64]*hour // by their number since the Unix epoch
	last          *hour
}

// hour becomes a share.
type hour struct {
	number           int64
	uploads, refused int64
	activities       map[actor]*activity
	keys             anomaly.Keys
	refusals         map[refusal]int // indexes in keys.Refused
}

// refusal is what is told once: a client that asks for what isn't there may do so a thousand times a minute.
type refusal struct {
	hash      uint64
	principal string
	minute    int64
}

// bucket returns what is known of the bucket, nil if there are too many of them.
func (c *Collector) bucket(name []byte) *bucket {
	if c.last != nil && c.last.name == string(name) {
		return c.last
	}
	b, ok := c.buckets[string(name)]
	if !ok {
		if len(c.buckets) == maxBuckets {
			return nil
		}
		b = &bucket{name: string(name), hours: map[int64]*hour{}}
		c.buckets[b.name] = b
	}
	c.last = b
	return b
}

// hour returns the event's hour of the bucket, nil if there are too many of them.
func (c *Collector) hour(b *bucket, e *s3event.Event) *hour {
	number := floorDiv(e.Time.Unix(), 3600)
	if b.last != nil && b.last.number == number {
		return b.last
	}
	h, ok := b.hours[number]
	if !ok {
		if c.hours == maxHours {
			c.notKept++
			return nil
		}
		c.hours++
		h = newHour(number)
		b.hours[number] = h
	}
	b.last = h
	return h
}

func newHour(number int64) *hour { return &hour{number: number, activities: map[actor]*activity{}} }

// seen notes that a record of the bucket was seen.
func (b *bucket) seen(e *s3event.Event) {
	if e.Ownership != s3event.Owned {
		return
	}
	if at := e.Time.Unix(); !b.owned || at < b.first {
		b.owned, b.first = true, at
	}
}

func (c *Collector) addUpload(b *bucket, e *s3event.Event) {
	if h := c.hour(b, e); h != nil {
		h.uploads++
		c.keepUpload(h, e)
	}
}

// addUndelete takes in that a delete marker was removed. It is no upload, but for what becomes of the key it is as good
// as one: the object is there again, so that its next delete isn't one of what is gone, nor a read of it in vain. An
// object that is deleted within an hour of that thus counts as deleted soon after its upload, too; that it took somebody
// the trouble to bring it back makes it no less odd.
func (c *Collector) addUndelete(b *bucket, e *s3event.Event) {
	if h := c.hour(b, e); h != nil {
		c.keepUpload(h, e)
	}
}

// keepUpload keeps the key of an object that is there from now on.
func (c *Collector) keepUpload(h *hour, e *s3event.Event) {
	switch {
	case len(e.Key) == 0:
	case c.uploads == maxUploads:
		c.notKept++
	default:
		c.uploads++
		h.keys.Uploads = append(h.keys.Uploads, anomaly.Upload{Hash: anomaly.HashKey(e.Key), At: e.Time.Unix()})
	}
}

func (c *Collector) addRefusal(b *bucket, e *s3event.Event, principal []byte) {
	h := c.hour(b, e)
	if h == nil {
		return
	}
	h.refused++
	if len(e.Key) == 0 {
		return
	}
	name, ok := c.names[string(principal)]
	if !ok {
		name = clip(string(principal))
	}
	at := e.Time.Unix()
	told := refusal{anomaly.HashKey(e.Key), name, floorDiv(at, 60)}
	if i, ok := h.refusals[told]; ok {
		first := &h.keys.Refused[i]
		first.At = min(first.At, at)
		return
	}
	if c.refusals == maxRefused {
		c.notKept++
		return
	}
	c.refusals++
	c.names[string(principal)] = name
	if h.refusals == nil {
		h.refusals = map[refusal]int{}
	}
	h.refusals[told] = len(h.keys.Refused)
	h.keys.Refused = append(h.keys.Refused, anomaly.Refusal{Hash: told.hash, At: at, Principal: name})
}

func (c *Collector) addOverwrite(b *bucket, r *cloudtrail.Record, e *s3event.Event, principal []byte) {
	h := c.hour(b, e)
	if h == nil {
		return
	}
	who := s3event.NewCaller(r, string(principal))
	c.activity(h, &who).add(anomaly.Overwrites, e.Time.Unix(), clip(string(e.Key)), clip(string(r.EventID)), &who)
}

// activity returns what an actor did in the hour. Where there are too many, it is nobody's.
func (c *Collector) activity(h *hour, who *s3event.Caller) *activity {
	name := clip(who.Principal)
	by := actor{name, who.Human && name != s3event.Unattributed}
	a, ok := h.activities[by]
	if !ok && c.activities >= maxActivities {
		by = actor{principal: s3event.Unattributed}
		a, ok = h.activities[by]
	}
	if !ok {
		c.activities++
		a = &activity{actor: by}
		h.activities[by] = a
	}
	return a
}

// clip cuts what is longer than any real text.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(strings.Clone(s[:maxText]), "")
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		a -= b - 1
	}
	return a / b
}
