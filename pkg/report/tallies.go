package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

// How much is kept of all log files together. What is more is counted under _other, and noted.
const (
	maxCallers = 10_000  // of all buckets
	maxGroups  = 10_000  // of what one caller deleted from one address
	maxHours   = 500_000 // of all buckets; what is in others is in the totals only
)

// span is how many of something there were, and when.
type span struct {
	n           int64
	first, last int64 // seconds since the Unix epoch
}

func (s *span) add(at, n int64) { s.merge(&span{n, at, at}) }

func (s *span) merge(o *span) {
	if o.n == 0 {
		return
	}
	if s.n == 0 || o.first < s.first {
		s.first = o.first
	}
	if s.n == 0 || o.last > s.last {
		s.last = o.last
	}
	s.n += o.n
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// tallies are what events amount to: of one log file, or of all. The zero value is ready for use.
type tallies struct {
	buckets map[string]*bucketTally
	groups  map[deleter]*group
	deletes deletes

	callers, hours                              int
	callersNotTold, hoursNotTold, groupsNotTold int64
}

type bucketTally struct {
	span
	total      values
	hours      map[int64]*values // by their beginning
	operations tally
	errorCodes tally
	callers    map[string]*callerTally
}

type callerTally struct {
	span
	human                                    bool
	requests, deletedObjects, denied, errors int64
	operations, addresses, agents            tally
}

type deleter struct {
	bucket, principal, address, agent string
	human                             bool
}

type group struct {
	span
	objects, denied int64
}

func (t *tallies) bucket(name string) *bucketTally {
	b, ok := t.buckets[name]
	if !ok {
		if t.buckets == nil {
			t.buckets = map[string]*bucketTally{}
		}
		b = &bucketTally{hours: map[int64]*values{}, callers: map[string]*callerTally{}}
		t.buckets[name] = b
	}
	return b
}

// caller returns the caller's tally, that of the rest if there are too many.
func (t *tallies) caller(b *bucketTally, principal string) *callerTally {
	c, ok := b.callers[principal]
	if !ok && t.callers >= maxCallers {
		t.callersNotTold++
		principal = metric.OtherName
		c, ok = b.callers[principal]
	}
	if !ok {
		c = &callerTally{}
		b.callers[principal] = c
		t.callers++
	}
	return c
}

// add takes in an event and its caller, if it has one.
func (t *tallies) add(bucket string, e *s3event.Event, who *s3event.Caller, eventID string) {
	b := t.bucket(bucket)
	when := e.Time.Unix()
	b.span.add(when, 1)
	if who == nil {
		return
	}
	c := t.caller(b, who.Principal)
	c.span.add(when, 1)
	c.human = c.human || who.Human
	c.addresses.add(who.SourceIPAddress, 1)
	c.agents.add(who.UserAgent, 1)
	if e.Kind == s3event.Request {
		c.requests++
		c.operations.add(string(e.Operation), 1)
		if e.Failed() {
			c.errors++
		}
	}
	if e.ObjectDeleted() {
		c.deletedObjects++
	}
	if e.Deletion == s3event.Denied {
		c.denied++
	}
	if e.ObjectDeleted() || e.Deletion == s3event.Denied {
		t.addDelete(bucket, e, who, eventID)
	}
}

func (t *tallies) addDelete(bucket string, e *s3event.Event, who *s3event.Caller, eventID string) {
	g := t.group(deleter{bucket, who.Principal, who.SourceIPAddress, who.UserAgent, who.Human})
	g.span.add(e.Time.Unix(), 1)
	if e.ObjectDeleted() {
		g.objects++
	} else {
		g.denied++
	}
	t.deletes.add(Delete{
		Time: e.Time, Bucket: bucket, Key: string(e.Key), VersionID: string(e.VersionID), Principal: who.Principal,
		Kind: kindOf(who.Principal, who.Human), SourceIPAddress: who.SourceIPAddress, UserAgent: who.UserAgent,
		ErrorCode: string(e.ErrorCode), EventID: eventID,
	})
}

func (t *tallies) group(key deleter) *group {
	g, ok := t.groups[key]
	if !ok && len(t.groups) >= maxGroups {
		t.groupsNotTold++
		key = deleter{bucket: metric.OtherName, principal: metric.OtherName}
		g, ok = t.groups[key]
	}
	if !ok {
		if t.groups == nil {
			t.groups = map[deleter]*group{}
		}
		g = &group{}
		t.groups[key] = g
	}
	return g
}

// addRow takes in what the catalogue's metrics count of a bucket's hour.
func (t *tallies) addRow(row *metric.Row) {
	b := t.bucket(row.Bucket)
	v := values(row.Values)
	t.addHour(b, row.Minute.Unix(), &v)
	b.operations.merge(row.Operations.Map())
	b.errorCodes.merge(row.ErrorCodes.Map())
}

func (t *tallies) addHour(b *bucketTally, start int64, v *values) {
	b.total.add(v)
	h, ok := b.hours[start]
	if !ok {
		if t.hours >= maxHours {
			t.hoursNotTold++
			return
		}
		t.hours++
		h = new(values)
		b.hours[start] = h
	}
	h.add(v)
}

// merge adds what o holds. Names come in an order of their own, so that the same log files give the same report.
func (t *tallies) merge(o *tallies) {
	for _, name := range slices.Sorted(maps.Keys(o.buckets)) {
		from, to := o.buckets[name], t.bucket(name)
		to.span.merge(&from.span)
		for _, start := range slices.Sorted(maps.Keys(from.hours)) {
			t.addHour(to, start, from.hours[start])
		}
		to.operations.merge(from.operations)
		to.errorCodes.merge(from.errorCodes)
		for _, principal := range slices.Sorted(maps.Keys(from.callers)) {
			t.caller(to, principal).merge(from.callers[principal])
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(o.groups), deleter.compare) {
		from, to := o.groups[key], t.group(key)
		to.span.merge(&from.span)
		to.objects += from.objects
		to.denied += from.denied
	}
	t.deletes.merge(&o.deletes)
	t.callersNotTold += o.callersNotTold
	t.hoursNotTold += o.hoursNotTold
	t.groupsNotTold += o.groupsNotTold
}

func (c *callerTally) merge(o *callerTally) {
	c.span.merge(&o.span)
	c.human = c.human || o.human
	c.requests += o.requests
	c.deletedObjects += o.deletedObjects
	c.denied += o.denied
	c.errors += o.errors
	c.operations.merge(o.operations)
	c.addresses.merge(o.addresses)
	c.agents.merge(o.agents)
}

func (d deleter) compare(o deleter) int {
	return cmp.Or(cmp.Compare(d.bucket, o.bucket), cmp.Compare(d.principal, o.principal), cmp.Compare(d.address, o.address),
		cmp.Compare(d.agent, o.agent), compareBool(d.human, o.human))
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

// kindOf says what sort of caller it is.
func kindOf(principal string, human bool) anomaly.Kind {
	switch {
	case principal == s3event.Unattributed:
		return anomaly.Unattributed
	case human:
		return anomaly.Human
	}
	return anomaly.Machine
}

// maxDeletes is how many deletes are listed: the newest.
const maxDeletes = 10_000

// deletes are the newest deletes, and how many there were.
type deletes struct {
	list []Delete
	n    int64
}

func (d *deletes) add(one Delete) {
	d.list = append(d.list, one)
	d.n++
	if len(d.list) >= 2*maxDeletes {
		d.trim()
	}
}

func (d *deletes) merge(o *deletes) {
	for _, one := range o.list {
		d.add(one)
	}
	d.n += o.n - int64(len(o.list))
}

// trim orders the list by time, and forgets what is too much.
func (d *deletes) trim() {
	slices.SortFunc(d.list, func(a, b Delete) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key),
			cmp.Compare(a.VersionID, b.VersionID), cmp.Compare(a.EventID, b.EventID))
	})
	if n := len(d.list) - maxDeletes; n > 0 {
		d.list = slices.Delete(d.list, 0, n)
	}
}
