package evidence

import (
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/s3event"
)

// deletion is the deletion of one object, or a refusal to delete.
type deletion struct {
	at      time.Time
	bucket  string
	account string // the bucket's owner
	key     string
	hash    uint64
	eventID string
	what    s3event.Deletion
	perKey  bool // the record is one of a DeleteObjects call
	marker  bool // it made a delete marker
	maybe   bool // see s3event.Event.MaybeMarker
}

// pending is a deletion that waits for its caller's name.
type pending struct {
	hour   *hour
	origin *s3event.Origin
	deletion
}

func (c *Collector) deletion(b *bucket, r *cloudtrail.Record, e *s3event.Event) deletion {
	d := deletion{
		at:      e.Time,
		bucket:  b.name,
		account: c.file.AccountID,
		key:     clip(string(e.Key)),
		eventID: clip(string(r.EventID)),
		what:    e.Deletion,
		perKey:  e.Kind == s3event.KeyDelete,
		marker:  e.DeleteMarker,
		maybe:   e.MaybeMarker,
	}
	if d.account != string(r.RecipientAccountID) && cloudtrail.IsAccountID(r.RecipientAccountID) {
		d.account = string(r.RecipientAccountID)
	}
	if len(e.Key) > 0 {
		d.hash = anomaly.HashKey(e.Key)
	}
	return d
}

func (c *Collector) addDelete(b *bucket, r *cloudtrail.Record, e *s3event.Event, principal []byte) {
	if e.Kind == s3event.KeyDelete {
		b.perKeyRecords = true
	}
	if e.Deletion == s3event.MarkerRemoved {
		c.addUndelete(b, e)
		return
	}
	called := e.IsDeleteObjects() && !e.Failed()
	if !called && !e.ObjectDeleted() && e.Deletion != s3event.Denied {
		return
	}
	h := c.hour(b, e)
	if h == nil {
		return
	}
	who := s3event.NewCaller(r, string(principal))
	if called {
		a := c.activity(h, &who)
		a.bodies.Add(e.BytesIn)
		a.add(anomaly.Calls, e.Time.Unix(), "", clip(string(r.EventID)), &who)
		return
	}
	d := c.deletion(b, r, e)
	c.addDeletion(h, &d, &who)
}

// addDeletion counts a deletion for who made it.
func (c *Collector) addDeletion(h *hour, d *deletion, who *s3event.Caller) {
	a := c.activity(h, who)
	if d.what == s3event.Denied {
		a.add(anomaly.Denied, d.at.Unix(), d.key, d.eventID, who) // whoever is expected to delete isn't expected to fail
		return
	}
	if d.perKey {
		a.counts[anomaly.PerKeyRecords]++ // also where it is expected: the call's objects are known
	}
	permanent := d.what == s3event.PermanentlyDeleted
	entry, isExpected := c.expected.Match(expected.Delete{
		AccountID: d.account, Bucket: d.bucket, Principal: a.principal, Key: d.key, Permanent: permanent, Time: d.at,
	})
	if isExpected {
		a.expect(&entry).addDeletion(d, who)
		c.countExpected(d)
	} else {
		a.addDeletion(d, who)
	}
	if !permanent {
		c.keepDelete(h, d, a, isExpected)
	}
}

// keepDelete keeps the key of an object that was deleted. The deletion of a version isn't kept: the object may be there
// still, or have been deleted before, so that it says nothing of its life.
func (c *Collector) keepDelete(h *hour, d *deletion, a *activity, isExpected bool) {
	switch {
	case d.key == "":
	case c.deletes == maxDeletes:
		c.notKept++
	default:
		c.deletes++
		h.keys.Deletes = append(h.keys.Deletes, anomaly.KeyDelete{
			Hash: d.hash, At: d.at.Unix(), Key: d.key, Principal: a.principal, Human: a.human, Expected: isExpected, EventID: d.eventID,
		})
	}
}

func (c *Collector) countExpected(d *deletion) {
	in := bucketMinute{d.bucket, floorDiv(d.at.Unix(), 60)}
	if len(c.expectedIn) >= maxHours && c.expectedIn[in] == 0 {
		in.bucket = "" // somewhere: the sum is right
	}
	c.expectedIn[in]++
}
