package anomaly

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bucketwatch/pkg/s3event"
)

// Evidence is one thing that somebody did.
type Evidence struct {
	Time    time.Time
	Caller  s3event.Caller
	EventID string
	Key     string // of the object, if it is about one
}

// ProtectionRemoved finds the changes that take a protection away from a bucket or from the record of what is done
// to it, and deletes in the bucket of the log files. It needs no history: what was done is the anomaly. The zero value
// is ready for use.
//
// What one principal did in one hour to one bucket is one anomaly for each sort of change.
type ProtectionRemoved struct {
	deeds   map[deedKey]*deed
	notTold int64
}

// NotTold returns how much of what was added is told together with others.
func (d *ProtectionRemoved) NotTold() int64 { return d.notTold }

type deedKey struct {
	bucket, principal, what string
	hour                    int64
	sort                    deedSort
}

// deedSort tells how a deed is counted and told.
type deedSort uint8

const (
	change  deedSort = iota
	objects          // deleted from the log bucket
	calls            // DeleteObjects calls on the log bucket, whose objects have records of their own, or none
)

// maxDeeds is how many deeds of one file are told apart; further ones are told together.
const maxDeeds = 1000

// others is the principal of what several did and is told together. No principal can be called so.
const others = "_other"

type deed struct {
	deedKey
	n      int64
	human  bool
	sample Sample
}

// Change adds a change that removed a protection.
func (d *ProtectionRemoved) Change(r s3event.Removal, e Evidence) {
	bucket := r.Bucket
	if bucket == "" {
		bucket = Account
	}
	d.add(deedKey{bucket: bucket, what: r.What, sort: change}, e, 1)
}

// LogFilesDeleted adds the deletion of n objects in the bucket of the log files.
func (d *ProtectionRemoved) LogFilesDeleted(bucket string, e Evidence, n int64) {
	d.add(deedKey{bucket: bucket, sort: objects}, e, n)
}

// DeleteObjectsCalled adds a DeleteObjects call on the bucket of the log files. It is an anomaly by itself only if no
// object's deletion is known of the same principal and hour.
func (d *ProtectionRemoved) DeleteObjectsCalled(bucket string, e Evidence) {
	d.add(deedKey{bucket: bucket, sort: calls}, e, 1)
}

func (d *ProtectionRemoved) add(key deedKey, e Evidence, n int64) {
	key.principal = e.Caller.Principal
	key.hour = e.Time.Truncate(time.Hour).Unix()
	if d.deeds == nil {
		d.deeds = map[deedKey]*deed{}
	}
	if _, ok := d.deeds[key]; !ok && len(d.deeds) >= maxDeeds {
		d.notTold += n
		key = deedKey{bucket: Account, principal: key.principal, what: "removed protections in more places than can be told one by one", sort: change}
		if _, ok := d.deeds[key]; !ok && len(d.deeds) >= maxDeeds+MaxListed {
			key.principal = others
		}
	}
	it, ok := d.deeds[key]
	if !ok {
		it = &deed{deedKey: key}
		d.deeds[key] = it
	}
	it.n += n
	it.human = it.human || e.Caller.Human
	it.sample.Add(e)
}

// Anomalies returns what was found, in the order of bucket, hour, principal and change.
func (d *ProtectionRemoved) Anomalies() []Anomaly {
	deeds := make([]*deed, 0, len(d.deeds))
	for key, it := range d.deeds {
		if key.sort == calls {
			key.sort = objects
			if _, known := d.deeds[key]; known {
				continue
			}
		}
		deeds = append(deeds, it)
	}
	slices.SortFunc(deeds, func(a, b *deed) int {
		return cmp.Or(
			cmp.Compare(a.bucket, b.bucket),
			cmp.Compare(a.hour, b.hour),
			cmp.Compare(a.principal, b.principal),
			cmp.Compare(a.sort, b.sort),
			cmp.Compare(a.what, b.what),
		)
	})
	found := make([]Anomaly, len(deeds))
	for i, it := range deeds {
		found[i] = it.anomaly()
	}
	return found
}

func (it *deed) anomaly() Anomaly {
	a := Anomaly{
		Name:        NameProtectionRemoved,
		Family:      Protection,
		Severity:    High,
		Bucket:      it.bucket,
		Principal:   it.principal,
		Kind:        kindOf(it.principal, it.human),
		WindowStart: it.sample.First.UTC().Truncate(time.Hour),
		WindowEnd:   it.sample.Last.UTC().Truncate(time.Hour).Add(time.Hour),
		Count:       it.n,
		Sample:      it.sample,
	}
	who := s3event.ShortName(it.principal)
	switch it.principal {
	case s3event.Unattributed:
		who = "somebody (the records do not say who)"
	case others:
		who = "several callers"
	}
	switch it.sort {
	case change:
		a.Explanation = fmt.Sprintf("%s %s %s%s.", who, it.what, it.sample.when(), times(it.n))
	case objects:
		a.KeysInAll = it.n
		a.Deleted = []Deleted{{it.principal, a.WindowStart, it.n}}
		a.Explanation = fmt.Sprintf("%s deleted %s from the log bucket %s %s.", who, plural(it.n, "object"), it.bucket, it.sample.when())
	case calls:
		a.Explanation = fmt.Sprintf("%s deleted objects from the log bucket %s with %s %s; the records do not say which objects.",
			who, it.bucket, plural(it.n, "DeleteObjects call"), it.sample.when())
	}
	return a
}
