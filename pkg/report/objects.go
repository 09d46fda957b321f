package report

import (
	"cmp"
	"slices"

	"bucketwatch/pkg/s3event"
)

// How much is kept of single objects, of all log files together.
const (
	maxObjects = 100_000 // beyond them, those are forgotten that were neither deleted nor asked for often
	maxSteps   = 60      // of an object's story; the first and the last are kept
)

// touch is something that was done with an object.
type touch struct {
	bucket, key string
	step
	asked   bool // by the query
	deleted bool // an object
	request bool
}

// step is a Step in the making.
type step struct {
	span
	what      What
	operation string
	who       string
	address   string
	versionID string
	status    int
	code      string
}

func compareTouches(a, b *touch) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.key, b.key), a.step.compare(&b.step))
}

// compare orders steps by time. Of those of one second it isn't known which was first: an upload is taken to have come
// before a delete, and that before a refused read.
func (s *step) compare(o *step) int {
	return cmp.Or(cmp.Compare(s.first, o.first), cmp.Compare(order[s.what], order[o.what]), cmp.Compare(s.who, o.who),
		cmp.Compare(s.status, o.status), cmp.Compare(s.versionID, o.versionID), cmp.Compare(s.operation, o.operation))
}

var order = map[What]int{Uploaded: 0, AskedFor: 1, Other: 2, DeleteRefused: 3, Deleted: 4, MarkerRemoved: 5, Refused: 6}

// touch notes what was done with an object.
func (c *contents) touch(bucket string, e *s3event.Event, who *s3event.Caller, asked bool) {
	if len(c.touches) == maxTouches {
		c.notKept++
		return
	}
	t := touch{
		bucket: bucket, key: string(e.Key), asked: asked, deleted: e.ObjectDeleted(), request: e.Kind == s3event.Request,
		step: step{what: whatOf(e), operation: string(e.Operation), who: who.Principal, address: who.SourceIPAddress, versionID: string(e.VersionID),
			status: e.Status, code: string(e.ErrorCode)},
	}
	t.span.add(e.Time.Unix(), 1)
	c.touches = append(c.touches, t)
}

func whatOf(e *s3event.Event) What {
	switch {
	case e.IsUpload():
		return Uploaded
	case e.ObjectDeleted():
		return Deleted
	case e.Deletion == s3event.MarkerRemoved:
		return MarkerRemoved
	case e.Deletion == s3event.Denied:
		return DeleteRefused
	case e.ReadRefused():
		return Refused
	case e.Group == s3event.Get || e.Group == s3event.Head || e.Group == s3event.Select:
		if !e.Failed() {
			return AskedFor
		}
	}
	return Other
}

type objectName struct{ bucket, key string }

// object is what is known of one.
type object struct {
	requests, deletes int64 // that are asked for
	asked             bool
	last              int64
	steps             []step
	leftOut           int64
}

// objects are those that something happened to.
type objects struct {
	all       map[objectName]*object
	bySight   bool // all that is done with them is of interest
	forgotten bool
}

func (o *objects) add(t *touch) {
	name := objectName{t.bucket, t.key}
	one, ok := o.all[name]
	if !ok {
		if len(o.all) >= maxObjects {
			o.forget()
		}
		if o.all == nil {
			o.all = map[objectName]*object{}
		}
		one = &object{}
		o.all[name] = one
	}
	if t.asked {
		one.asked = true
		if t.request {
			one.requests++
		}
		if t.deleted {
			one.deletes++
		}
	}
	one.last = max(one.last, t.last)
	if o.bySight || len(one.steps) > 0 || t.what == Uploaded || t.what == Deleted || t.what == DeleteRefused || t.what == Refused {
		one.add(t.step)
	}
}

// add puts a step in its place. The same that is done again, with nothing else done but reading, is the same step.
func (o *object) add(s step) {
	i := len(o.steps)
	for i > 0 && s.compare(&o.steps[i-1]) < 0 {
		i--
	}
	if s.isRead() {
		for k := i - 1; k >= 0 && o.steps[k].isRead(); k-- {
			if o.steps[k].same(&s) {
				o.steps[k].merge(&s.span)
				return
			}
		}
		for k := i; k < len(o.steps) && o.steps[k].isRead(); k++ {
			if o.steps[k].same(&s) {
				o.steps[k].merge(&s.span)
				return
			}
		}
	}
	o.steps = slices.Insert(o.steps, i, s)
	if len(o.steps) > maxSteps {
		o.leftOut += o.steps[maxSteps/2].n
		o.steps = slices.Delete(o.steps, maxSteps/2, maxSteps/2+1)
	}
}

func (s *step) isRead() bool { return s.what == AskedFor || s.what == Refused || s.what == Other }

func (s *step) same(o *step) bool {
	return s.what == o.what && (s.what != Other || s.operation == o.operation) && s.who == o.who && s.status == o.status && s.versionID == o.versionID
}

// forget makes room: those stay that were deleted, then those that were asked for most, then those that were used last.
func (o *objects) forget() {
	o.forgotten = true
	names := make([]objectName, 0, len(o.all))
	for name := range o.all {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b objectName) int {
		x, y := o.all[a], o.all[b]
		return cmp.Or(cmp.Compare(y.deletes, x.deletes), cmp.Compare(y.requests, x.requests), cmp.Compare(y.last, x.last), a.compare(b))
	})
	for _, name := range names[len(names)/2:] {
		delete(o.all, name)
	}
}

func (n objectName) compare(m objectName) int {
	return cmp.Or(cmp.Compare(n.bucket, m.bucket), cmp.Compare(n.key, m.key))
}

// How many keys of a bucket a report has: those deleted most and those asked for most, or of a query by sight.
const (
	maxKeys        = 20
	maxKeysBySight = 1000
)

// byBucket returns the keys of each bucket, and how many were counted.
func (o *objects) byBucket() (keys map[string][]Key, inAll map[string]int64) {
	names := map[string][]objectName{}
	inAll = map[string]int64{}
	for name, one := range o.all {
		if one.asked {
			names[name.bucket] = append(names[name.bucket], name)
			inAll[name.bucket]++
		}
	}
	keys = map[string][]Key{}
	for bucket, list := range names {
		for _, name := range o.chosen(list) {
			one := o.all[name]
			k := Key{Key: name.key, Requests: one.requests, DeletedObjects: one.deletes, StepsLeftOut: one.leftOut}
			for i := range one.steps {
				k.History = append(k.History, one.steps[i].step())
			}
			keys[bucket] = append(keys[bucket], k)
		}
	}
	return keys, inAll
}

// missed returns how often the object was asked for in vain when it had been deleted.
func (o *object) missed() int64 {
	var n int64
	gone := false
	for i := range o.steps {
		switch s := &o.steps[i]; s.what {
		case Deleted:
			gone = gone || s.versionID == ""
		case Uploaded, MarkerRemoved:
			gone = false
		case Refused:
			if gone {
				n += s.n
			}
		}
	}
	return n
}

// chosen returns the names that a report has: first those that were asked for in vain when they had been deleted, then
// those deleted most, then those asked for most.
func (o *objects) chosen(names []objectName) []objectName {
	byRequests := func(a, b objectName) int {
		return cmp.Or(cmp.Compare(o.all[b].requests, o.all[a].requests), cmp.Compare(o.all[b].last, o.all[a].last), a.compare(b))
	}
	missed := map[objectName]int64{}
	for _, name := range names {
		missed[name] = o.all[name].missed()
	}
	byDeletes := func(a, b objectName) int {
		return cmp.Or(cmp.Compare(missed[b], missed[a]), cmp.Compare(o.all[b].deletes, o.all[a].deletes), byRequests(a, b))
	}
	n := maxKeys
	if o.bySight {
		n = maxKeysBySight
	}
	slices.SortFunc(names, byRequests)
	list := slices.Clone(names[:min(n, len(names))])
	slices.SortFunc(names, byDeletes)
	for _, name := range names[:min(n, len(names))] {
		if o.all[name].deletes > 0 && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	slices.SortFunc(list, byDeletes)
	return list
}

func (s *step) step() Step {
	out := Step{
		What: s.what, Operation: s.operation, Time: at(s.first), Count: s.n, Principal: s.who, SourceIPAddress: s.address, VersionID: s.versionID,
		Status: s.status, ErrorCode: s.code,
	}
	if s.last != s.first {
		out.LastTime = at(s.last)
	}
	return out
}
