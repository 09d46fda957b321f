package anomaly

import "time"

// protectionRemovedInLogBucket finds deletes in the bucket of the log files, each of them an anomaly. The log file's own
// invocation finds them too, sooner, but only those that it tells of: this is the hour as all log files tell it, so that
// each object counts once among the unexpected deletes. Deletes that were expected are no exception.
var protectionRemovedInLogBucket = detector{name: NameProtectionRemoved, family: Protection, byContent: true, judge: judgeLogBucket}

func judgeLogBucket(c *caseFile) []Anomaly {
	h := c.hour(c.Hour)
	if !h.IsLogBucket {
		return nil
	}
	excess := h.excess()
	var found []Anomaly
	for _, p := range h.principals() {
		it := deed{
			deedKey: deedKey{bucket: c.Bucket.Name, principal: p.Principal, sort: objects},
			n:       p.deleted(excess),
			human:   p.Human,
		}
		it.sample.Merge(p.Samples[Objects])
		for j := range p.Expected {
			it.sample.Merge(p.Expected[j].Samples[Objects])
		}
		if it.n == 0 && p.Counts[Calls] > 0 {
			it.sort, it.n = calls, p.Counts[Calls]
			it.sample.Merge(p.Samples[Calls])
		}
		if it.n == 0 {
			continue
		}
		if it.sample.First.IsZero() { // the records don't say when
			it.sample.First, it.sample.Last = c.Hour, c.Hour.Add(time.Hour-time.Second)
		}
		found = append(found, it.anomaly())
	}
	return found
}
