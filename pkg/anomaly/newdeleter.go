package anomaly

import (
	"fmt"

	"bucketwatch/pkg/s3event"
)

// newDeleter finds who deletes where they never did, or not for long.
//
// Callers whom the records don't name are never new: it may be anybody, also those who always do.
var newDeleter = detector{name: NameNewDeleter, family: Volume, judge: judgeNewDeleter}

// From so many objects a day on it is that severe.
const (
	mediumNewDeleter = 10
	highNewDeleter   = 80
)

func judgeNewDeleter(c *caseFile) []Anomaly {
	var found []Anomaly
	for _, p := range c.hour(c.Hour).principals() {
		b := c.baseline()
		if p.Counts[Objects] == 0 || !b.isNew(p.Principal) {
			continue
		}
		a := c.ofDay(c.principalToday(p.Principal), Objects)
		a.Severity = b.severityNewDeleter(a.Count, a.Kind)
		yesterday, told := c.newYesterday(p.Principal)
		if told.Compare(a.Severity) >= 0 {
			continue
		}
		before := fmt.Sprintf("which deleted none there in the %s before", b.span(principalsDays))
		if yesterday > 0 {
			before = fmt.Sprintf("which had deleted none there in %s until the day before (%s)", b.span(principalsDays), group(yesterday))
		}
		a.Explanation = fmt.Sprintf("%s deleted from %s on %s %s by %s, %s.", plural(a.Count, "object"), c.Bucket.Name,
			c.day().Format("2 January"), a.when(), a.by(), before)
		found = append(found, a)
	}
	return found
}

// severityNewDeleter is Low for a person in a bucket where people delete as much: that it is another one this time says
// little.
func (b *baseline) severityNewDeleter(objects int64, kind Kind) Severity {
	usual := int64(0)
	if kind == Human {
		usual = b.record(People, Objects) + 1
	}
	switch {
	case objects >= max(highNewDeleter, usual):
		return High
	case objects >= max(mediumNewDeleter, usual):
		return Medium
	}
	return Low
}

// isNew tells whether the principal is known not to have deleted in the bucket for long.
func (b *baseline) isNew(principal string) bool {
	return !b.cold() && principal != s3event.Unattributed && !b.deleted(principal)
}

// newYesterday returns how many objects a principal that is new today deleted the day before, and how severe that was
// then: the same principal isn't told again on the second day unless it is worse. From the third day on it isn't new.
func (c *caseFile) newYesterday(principal string) (objects int64, told Severity) {
	human := false
	for _, h := range c.evidence(c.day().AddDate(0, 0, -1), c.day()) {
		for i := range h.Activities {
			if a := &h.Activities[i]; a.Principal == principal {
				objects += a.Counts[Objects]
				human = human || a.Human
			}
		}
	}
	if objects == 0 || c.baseline().age == coldDays {
		return objects, "" // yesterday the bucket was too new
	}
	return objects, c.baseline().severityNewDeleter(objects, kindOf(principal, human))
}
