package anomaly

import (
	"fmt"
	"time"
)

// opaqueBulkDelete finds DeleteObjects calls whose objects have no records: a trail that leaves them out, or that was
// told to. It waits, since call and objects may be in different log files.
var opaqueBulkDelete = detector{name: NameOpaqueBulkDelete, family: Volume, waits: true, judge: judgeOpaque}

const (
	objectsOfCall = 1000 // at most
	mediumOpaque  = 100  // objects, from which on it is that severe
)

func judgeOpaque(c *caseFile) []Anomaly {
	var found []Anomaly
	for _, who := range c.actors() {
		calls := who.Counts[Calls]
		if calls == 0 {
			continue
		}
		if c.objectsTold() {
			break
		}
		b := c.baseline()
		threshold, busiest := b.surge(who.Principal, Estimated, c.Hour.Hour())
		unusual := b.perKeyRecords() // that there are none
		if !unusual && who.Counts[Estimated] < threshold {
			continue
		}
		a := c.ofHour(&who, Calls)
		objects := objectsOfCalls(calls, who.Counts[Estimated])
		a.Severity = Low
		if objects >= mediumOpaque {
			a.Severity = Medium
		}
		told := c.inWindow(&who)
		calls = told.Counts[Calls]
		a.Count = objectsOfCalls(calls, told.Counts[Estimated])
		a.KeysInAll = 0
		a.Deleted = nil // how many isn't known
		about := ""
		if told.Counts[Estimated] > 0 {
			about = ", by the size of the calls about " + group(a.Count)
		}
		why := "the bucket's trail usually records each object"
		if !unusual {
			a.Threshold, a.Record = threshold, busiest
			switch {
			case b.isNew(who.Principal) && objects >= highNewDeleter:
				a.Severity = High
			case objects >= mediumOpaque:
				a.Severity = b.severityOfSurge(who.Principal, Estimated, objects, threshold)
			}
			why = fmt.Sprintf("%s (threshold %s)", b.busiest(a.Principal, b.hoursLike(a.Principal, Estimated, c.Hour.Hour()), busiest), group(threshold))
		}
		a.Explanation = fmt.Sprintf("%s on %s %s by %s left no record of the objects: between %s and %s were deleted%s; %s.",
			plural(calls, "DeleteObjects call"), c.Bucket.Name, a.when(), a.by(), group(calls), group(multiple(calls, objectsOfCall)), about, why)
		found = append(found, a)
	}
	return found
}

// objectsOfCalls returns how many objects the calls deleted, by their sizes if these are known.
func objectsOfCalls(calls, estimated int64) int64 {
	return min(max(estimated, calls), multiple(calls, objectsOfCall))
}

// objectsTold tells whether any record in the bucket around the hour is of an object that a call deleted, be it as
// expected.
func (c *caseFile) objectsTold() bool {
	for _, h := range c.evidence(c.Hour.Add(-time.Hour), c.Hour.Add(2*time.Hour)) {
		for i := range h.Activities {
			if h.Activities[i].Counts[PerKeyRecords] > 0 {
				return true
			}
		}
	}
	return false
}
