package pipeline

import (
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/evidence"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

// contents are what the records of one log file amount to.
type contents struct {
	logBucket  string
	accountID  string
	region     string
	now        time.Time // zero if that is the newest eventTime of the file
	newest     time.Time // eventTime that isn't in the future, which only a wrong clock makes
	health     [len(metric.Health)]int64
	duplicates duplicates
	counts     *metric.Counts
	callers    metric.Callers
	calls      s3event.Calls
	deletes    deletes
	protection anomaly.ProtectionRemoved
	evidence   *evidence.Collector // nil if nobody remembers it

	event     s3event.Event // reused
	principal []byte        // reused
}

// maxRegion is how long a Region's name may be; the longest is half of that.
const maxRegion = 32

func newContents(config *Config, logBucket string, key cloudtrail.Key, now time.Time) *contents {
	return &contents{
		logBucket:  logBucket,
		now:        now,
		accountID:  key.AccountID,
		region:     key.Region,
		duplicates: newDuplicates(),
		counts:     metric.NewCounts(config.Buckets, config.Metrics == metric.Full),
	}
}

// collect has evidence gathered, of the log file with the given address.
func (c *contents) collect(uri string, delivered time.Time, list *expected.List) {
	c.evidence = evidence.New(evidence.File{URI: uri, Bucket: c.logBucket, AccountID: c.accountID, Delivered: delivered}, list)
}

// add takes in one record.
func (c *contents) add(r *cloudtrail.Record) {
	e := &c.event
	s3event.Interpret(r, e)
	if e.Time.After(c.newest) && (c.now.IsZero() || !e.Time.After(c.now)) {
		c.newest = e.Time
	}
	if c.accountID == "" && cloudtrail.IsAccountID(r.RecipientAccountID) {
		c.accountID = string(r.RecipientAccountID)
	}
	if c.region == "" && len(r.AWSRegion) <= maxRegion {
		c.region = string(r.AWSRegion)
	}
	if e.Kind == s3event.NotS3 {
		c.health[metric.RecordsNotS3]++
		c.addManagement(r)
		return
	}
	duplicate := e.Kind != s3event.Malformed && c.duplicates.has(r)
	inLogBucket := string(e.Bucket) == c.logBucket
	class := metric.Class(e, duplicate, inLogBucket)
	c.health[class]++
	if class != metric.RecordsCounted && class != metric.RecordsNotARequest {
		return
	}
	c.counts.Add(e)
	c.addCaller(r, inLogBucket)
}

// addManagement looks at a record that is no object-level event for what it changes.
func (c *contents) addManagement(r *cloudtrail.Record) {
	removal, ok := s3event.ProtectionRemoved(r)
	if !ok || c.duplicates.has(r) {
		return
	}
	c.principal = s3event.AppendPrincipal(c.principal[:0], &r.UserIdentity)
	c.protection.Change(removal, evidenceOf(r, string(c.principal), nil))
}

// addCaller counts the event for its caller, and takes note of deletes and of what else is evidence.
func (c *contents) addCaller(r *cloudtrail.Record, inLogBucket bool) {
	e := &c.event
	if e.Kind != s3event.Request && e.Kind != s3event.KeyDelete {
		return
	}
	if e.Kind == s3event.KeyDelete && !e.Identified {
		origin := c.calls.Origin(r, e)
		c.deletes.addUnidentified(r, e, origin, inLogBucket)
		if c.evidence != nil {
			c.evidence.AddUnidentified(r, e, origin)
		}
		return
	}
	c.principal = s3event.AppendPrincipal(c.principal[:0], &r.UserIdentity)
	if c.evidence != nil {
		c.evidence.Add(r, e, c.principal)
	}
	row := c.callers.Row(bucketName(e), c.principal)
	if e.Kind == s3event.Request {
		row.Requests++
		if e.Failed() {
			row.Errors++
		}
	}
	if e.ObjectDeleted() {
		row.DeletedObjects++
	}
	if !e.IsDelete() {
		return
	}
	principal := string(c.principal)
	c.deletes.add(r, e, principal)
	if e.IsDeleteObjects() {
		c.calls.Add(r, e, principal)
	}
	if !inLogBucket {
		return
	}
	switch {
	case e.ObjectDeleted():
		c.protection.LogFilesDeleted(c.logBucket, evidenceOf(r, principal, e.Key), 1)
	case e.IsDeleteObjects() && !e.Failed():
		c.protection.DeleteObjectsCalled(c.logBucket, evidenceOf(r, principal, nil))
	}
}

// finish ascribes the deletes whose records didn't say who made them. Call it when all records were added.
func (c *contents) finish() {
	c.counts.Finish()
	c.calls.Ascribe()
	c.deletes.ascribe()
	for _, g := range c.deletes.unidentified() {
		if g.deleted == 0 {
			continue
		}
		caller := g.origin.Caller
		if caller.Principal == s3event.Unattributed {
			c.health[metric.DeletesUnattributed] += g.deleted
		}
		c.callers.Row([]byte(g.bucket), []byte(caller.Principal)).DeletedObjects += g.deleted
		for i, ev := range g.logFiles {
			ev.Caller = caller
			n := int64(1)
			if i == 0 {
				n = g.deleted - int64(len(g.logFiles)) + 1 // the first stands for those that were not kept, too
			}
			c.protection.LogFilesDeleted(c.logBucket, ev, n)
		}
	}
	if c.evidence != nil {
		c.evidence.Finish(c.newest)
		c.evidence.Expected(c.counts.AddExpected)
		c.health[metric.KeysNotKept] = c.evidence.KeysNotKept()
	}
	c.health[metric.RecordsNotCompared] = c.duplicates.notCompared
	c.health[metric.LatenciesNotKept] = c.counts.LatenciesNotKept()
	c.health[metric.BucketsNotTold] = c.counts.BucketsNotTold()
	c.health[metric.CallersNotTold] = c.callers.NotTold()
	c.health[metric.DeletesNotListed] = c.deletes.notListed
	c.health[metric.ChangesNotTold] = c.protection.NotTold()
}

// bucketName is the bucket's name in lines that are no metrics.
func bucketName(e *s3event.Event) []byte {
	if len(e.Bucket) == 0 {
		return []byte(metric.OtherName)
	}
	return e.Bucket
}

func evidenceOf(r *cloudtrail.Record, principal string, key []byte) anomaly.Evidence {
	return anomaly.Evidence{
		Time:    r.EventTime,
		Caller:  s3event.NewCaller(r, principal),
		EventID: string(r.EventID),
		Key:     string(key),
	}
}
