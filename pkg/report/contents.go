package report

import (
	"hash/maphash"
	"io"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/evidence"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/logfiles"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/replay"
	"bucketwatch/pkg/s3event"
)

// How much is kept of one log file, whatever it holds. CloudTrail's have up to about 60,000 records.
const (
	maxCompared = 1_000_000 // records whose ids are compared
	maxPending  = 100_000   // deletes whose records don't say who made them; further ones are nobody's
	maxTouches  = 200_000   // of single objects
)

// contents are what the records of one log file amount to.
type contents struct {
	file      logfiles.File
	query     *Query
	seed      maphash.Seed
	seen      map[uint64]struct{} // of the records' ids
	elsewhere map[uint64]struct{} // the same, of other log files

	accountID  string
	newest     time.Time
	records    [len(metric.Health)]int64
	leftOut    int64 // records that aren't asked for
	charged    span  // records that CloudTrail charges for, by the time of the events
	counts     *metric.Counts
	tallies    tallies
	touches    []touch
	notKept    int64 // touches
	calls      s3event.Calls
	pending    []pending
	protection anomaly.ProtectionRemoved
	evidence   *evidence.Collector

	event     s3event.Event // reused
	principal []byte        // reused
	texts     map[string]string
}

// pending is the deletion of an object that waits for its caller's name.
type pending struct {
	origin  *s3event.Origin
	event   s3event.Event // with memory of its own
	eventID string
}

// read reads a log file to its end. What stands in elsewhere too is left out as a duplicate.
func read(reader *cloudtrail.Reader, body io.Reader, c *contents) error {
	reader.Reset(body)
	c.begin()
	var record cloudtrail.Record
	for {
		switch err := reader.Read(&record); {
		case err == io.EOF:
			c.records[metric.RecordsRead] = reader.Records()
			c.finish()
			return nil
		case err != nil:
			return err
		}
		c.add(&record)
	}
}

func (c *contents) begin() {
	all, _ := metric.ParseBuckets("*") // it is a list of globs
	c.accountID = c.file.AccountID
	c.seen = map[uint64]struct{}{}
	c.counts = metric.NewCounts(all, false)
	c.texts = map[string]string{}
}

// collect has evidence gathered for the detectors.
func (c *contents) collect(list *expected.List) {
	c.evidence = evidence.New(evidence.File{
		URI: c.file.Name, Bucket: c.file.Bucket, AccountID: c.file.AccountID, Delivered: c.file.Delivered,
	}, list)
}

// add takes in one record.
func (c *contents) add(r *cloudtrail.Record) {
	e := &c.event
	s3event.Interpret(r, e)
	if e.Time.After(c.newest) {
		c.newest = e.Time
	}
	if c.accountID == "" && cloudtrail.IsAccountID(r.RecipientAccountID) {
		c.accountID = string(r.RecipientAccountID)
	}
	if e.Kind == s3event.NotS3 {
		c.records[metric.RecordsNotS3]++
		c.addManagement(r)
		return
	}
	if isCharged(e.Kind) && c.query.within(e.Time) {
		c.charged.add(e.Time.Unix(), 1)
	}
	duplicate := e.Kind != s3event.Malformed && c.has(r)
	inLogBucket := c.file.Bucket != "" && string(e.Bucket) == c.file.Bucket
	class := metric.Class(e, duplicate, inLogBucket)
	c.records[class]++
	if class != metric.RecordsCounted && class != metric.RecordsNotARequest {
		return
	}
	c.addEvent(r, e, inLogBucket)
}

// isCharged tells whether CloudTrail charges for records of the kind as data events.
func isCharged(k s3event.Kind) bool {
	switch k {
	case s3event.Request, s3event.KeyDelete, s3event.LifecycleAction, s3event.AuthenticationFailure:
		return true
	}
	return false
}

// has tells whether the record stood in the file before, or stands in another, or corrects an earlier one.
func (c *contents) has(r *cloudtrail.Record) bool {
	if string(r.Addendum.Reason) == "UPDATED_DATA" {
		return true
	}
	if len(r.EventID) == 0 {
		return false
	}
	id := maphash.Bytes(c.seed, r.EventID)
	if _, ok := c.elsewhere[id]; ok {
		return true
	}
	if len(c.seen) >= maxCompared {
		c.records[metric.RecordsNotCompared]++
		return false
	}
	before := len(c.seen)
	c.seen[id] = struct{}{}
	return len(c.seen) == before
}

// addManagement looks at a record that is no object-level event for what it changes.
func (c *contents) addManagement(r *cloudtrail.Record) {
	removal, ok := s3event.ProtectionRemoved(r)
	if !ok || c.has(r) {
		return
	}
	c.principal = s3event.AppendPrincipal(c.principal[:0], &r.UserIdentity)
	c.protection.Change(removal, evidenceOf(r, string(c.principal), nil))
}

func (c *contents) addEvent(r *cloudtrail.Record, e *s3event.Event, inLogBucket bool) {
	if e.Kind == s3event.KeyDelete && !e.Identified {
		origin := c.calls.Origin(r, e)
		c.evidence.AddUnidentified(r, e, origin)
		p := pending{origin: origin, event: c.kept(e), eventID: string(r.EventID)}
		if len(c.pending) == maxPending {
			p.origin = &s3event.Origin{Caller: s3event.Caller{Principal: s3event.Unattributed}}
			c.count(&p.event, &p.origin.Caller, p.eventID)
			return
		}
		c.pending = append(c.pending, p)
		return
	}
	if e.Kind != s3event.Request && e.Kind != s3event.KeyDelete {
		c.count(e, nil, "")
		return
	}
	c.principal = s3event.AppendPrincipal(c.principal[:0], &r.UserIdentity)
	c.evidence.Add(r, e, c.principal)
	who := s3event.NewCaller(r, c.text(c.principal))
	if e.IsDeleteObjects() {
		c.calls.Add(r, e, who.Principal)
	}
	if inLogBucket && e.ObjectDeleted() {
		c.protection.LogFilesDeleted(c.file.Bucket, evidenceOf(r, who.Principal, e.Key), 1)
	}
	c.count(e, &who, string(r.EventID))
}

// text returns the text, of which a file's records share one copy.
func (c *contents) text(b []byte) string {
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(c.texts) < maxCompared {
		c.texts[s] = s
	}
	return s
}

// kept is the event in memory of its own.
func (c *contents) kept(e *s3event.Event) s3event.Event {
	k := *e
	for _, b := range []*[]byte{&k.Operation, &k.Bucket, &k.Key, &k.VersionID, &k.ErrorCode} {
		*b = slices.Clone(*b)
	}
	return k
}

// count counts an event, if it is asked for. Nobody is its caller where no caller has sent it.
func (c *contents) count(e *s3event.Event, who *s3event.Caller, eventID string) {
	q := c.query
	bucket := bucketOf(e)
	if !q.matchesBucket(bucket) || !q.matchesKey(string(e.Key)) {
		c.leftOut++
		return
	}
	asked := q.within(e.Time) && q.matchesOperation(string(e.Operation)) &&
		(who == nil && len(q.Principals) == 0 || who != nil && q.matchesPrincipal(who.Principal))
	if who != nil && len(e.Key) > 0 {
		c.touch(bucket, e, who, asked) // an object's story has others in it, too
	}
	if !asked {
		c.leftOut++
		return
	}
	// The hour is as exact as the report is; and a bucket whose owner isn't told has its name all the same.
	counted := *e
	counted.Time = e.Time.Truncate(time.Hour)
	if counted.Ownership == s3event.UnknownOwner && len(e.Bucket) > 0 {
		counted.Ownership = s3event.Owned
	}
	c.counts.Add(&counted)
	c.tallies.add(bucket, e, who, eventID)
}

// bucketOf is the bucket as the report calls it.
func bucketOf(e *s3event.Event) string {
	if !metric.IsBucketName(string(e.Bucket)) {
		return metric.OtherName
	}
	return string(e.Bucket)
}

// finish counts what is known only when everything was read.
func (c *contents) finish() {
	c.calls.Ascribe()
	for i := range c.pending {
		p := &c.pending[i]
		if c.file.Bucket != "" && string(p.event.Bucket) == c.file.Bucket && p.event.ObjectDeleted() {
			c.protection.LogFilesDeleted(c.file.Bucket, anomaly.Evidence{
				Time: p.event.Time, Caller: p.origin.Caller, EventID: p.eventID, Key: string(p.event.Key),
			}, 1)
		}
		c.count(&p.event, &p.origin.Caller, p.eventID)
	}
	c.pending, c.texts = nil, nil
	c.counts.Finish()
	c.evidence.Finish(c.newest)
	if c.query.everything() {
		c.evidence.Expected(func(bucket string, minute time.Time, n int64) {
			if c.query.within(minute) {
				c.counts.AddExpected(bucket, minute.Truncate(time.Hour), n)
			}
		})
	}
	for _, row := range c.counts.Rows() {
		c.tallies.addRow(row)
	}
	c.counts = nil
	slices.SortStableFunc(c.touches, func(a, b touch) int { return compareTouches(&a, &b) })
}

// logFile is what the file tells the detectors.
func (c *contents) logFile() replay.LogFile {
	found := c.protection.Anomalies()
	for i := range found {
		found[i].AccountID = c.accountID
		found[i].LogFiles = []string{c.file.Name}
		found[i].Deleted = nil // counted with those of other files, when the hour is judged
	}
	return replay.LogFile{
		URI: c.file.Name, AccountID: c.accountID, Delivered: c.evidence.Delivered(), Shares: c.evidence.Shares(), Found: found,
	}
}

func evidenceOf(r *cloudtrail.Record, principal string, key []byte) anomaly.Evidence {
	return anomaly.Evidence{
		Time: r.EventTime, Caller: s3event.NewCaller(r, principal), EventID: string(r.EventID), Key: string(key),
	}
}
