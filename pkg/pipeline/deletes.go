package pipeline

import (
	"cmp"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/s3event"
)

const maxDeletesListed = 1000 // Delete lines of one file: a line has about 400 bytes, and a call may delete as many objects

// deletes are the deletes in one log file: the first of them each for its own Delete line, and how many objects were
// deleted by calls that aren't known before the whole file was read.
type deletes struct {
	list      []deleteEntry
	notListed int64
	groups    map[*s3event.Origin]*group
}

// deleteEntry is what a Delete line says.
type deleteEntry struct {
	time      time.Time
	bucket    string
	key       string
	versionID string
	errorCode string
	eventID   string
	caller    s3event.Caller
	origin    *s3event.Origin // non-nil until the caller is known
}

// group is what one call deleted, by per-key records without identity.
type group struct {
	bucket    string
	requestID string
	second    int64
	origin    *s3event.Origin
	deleted   int64
	logFiles  []anomaly.Evidence // if the bucket is that of the log files
}

// add lists a delete whose caller is known.
func (d *deletes) add(r *cloudtrail.Record, e *s3event.Event, principal string) {
	if entry := d.entry(r, e); entry != nil {
		entry.caller = s3event.NewCaller(r, principal)
	}
}

// addUnidentified lists the deletion of one object by a call that another record tells of.
func (d *deletes) addUnidentified(r *cloudtrail.Record, e *s3event.Event, origin *s3event.Origin, inLogBucket bool) {
	g, ok := d.groups[origin]
	if !ok {
		if d.groups == nil {
			d.groups = map[*s3event.Origin]*group{}
		}
		g = &group{bucket: string(bucketName(e)), requestID: string(r.RequestID), second: e.Time.Unix(), origin: origin}
		d.groups[origin] = g
	}
	if entry := d.entry(r, e); entry != nil {
		entry.origin = origin
	}
	if !e.ObjectDeleted() {
		return
	}
	g.deleted++
	if inLogBucket && len(g.logFiles) < anomaly.MaxListed {
		g.logFiles = append(g.logFiles, evidenceOf(r, "", e.Key))
	}
}

// entry appends an entry to the list if e is to be listed and there is room.
func (d *deletes) entry(r *cloudtrail.Record, e *s3event.Event) *deleteEntry {
	if !e.ObjectDeleted() && e.Deletion != s3event.Denied {
		return nil
	}
	if len(d.list) == maxDeletesListed {
		d.notListed++
		return nil
	}
	d.list = append(d.list, deleteEntry{
		time:      e.Time,
		bucket:    string(bucketName(e)),
		key:       string(e.Key),
		versionID: string(e.VersionID),
		errorCode: string(e.ErrorCode),
		eventID:   string(r.EventID),
	})
	return &d.list[len(d.list)-1]
}

// ascribe enters the callers of the unidentified deletes, whose origins are ascribed.
func (d *deletes) ascribe() {
	for i := range d.list {
		if o := d.list[i].origin; o != nil {
			d.list[i].caller, d.list[i].origin = o.Caller, nil
		}
	}
}

// unidentified returns the groups in an order of their own, so that the same file gives the same lines.
func (d *deletes) unidentified() []*group {
	groups := make([]*group, 0, len(d.groups))
	for _, g := range d.groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.second, b.second), cmp.Compare(a.requestID, b.requestID))
	})
	return groups
}
