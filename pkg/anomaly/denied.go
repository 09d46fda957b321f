package anomaly

import (
	"fmt"

	"bucketwatch/pkg/s3event"
)

// deniedDelete finds who tries to delete and may not: more often than usual, or at all where somebody new does it.
var deniedDelete = detector{name: NameDeniedDelete, family: Volume, judge: judgeDenied}

const floorDenied = 5 // deletes an hour

func judgeDenied(c *caseFile) []Anomaly {
	var found []Anomaly
	for _, who := range c.actors() {
		if who.Counts[Denied] == 0 {
			continue
		}
		b := c.baseline()
		threshold, record := b.twice(who.Principal, Denied, floorDenied)
		var a Anomaly
		var why string
		if who.Counts[Denied] >= threshold {
			a = c.ofHour(&who, Denied)
			a.Threshold, a.Record = threshold, record
			why = fmt.Sprintf("%s (threshold %s)", b.busiest(a.Principal, "hour", record), group(threshold))
		} else {
			strangers := who.only(b.stranger(record))
			if strangers.Counts[Denied] == 0 {
				continue
			}
			a = c.ofHour(strangers, Denied)
			why = fmt.Sprintf("there were no such deletes in the last %s, nor any that succeeded in the last %s", b.span(baselineDays), b.span(principalsDays))
		}
		// Whoever may not delete may try as often as they like: an outsider must not decide when somebody is woken up.
		a.Severity = Low
		if inside := who.only(c.isInsider).Counts[Denied]; inside > 0 {
			a.Severity = raised(Medium, inside, a.Threshold)
		}
		if len(a.Keys) == 0 { // a refused DeleteObjects call tells none
			a.KeysInAll = 0
		}
		a.Deleted = nil // they were not
		a.Explanation = fmt.Sprintf("%s in %s by %s denied %s; %s.", plural(a.Count, "delete"), c.Bucket.Name, a.by(), a.when(), why)
		found = append(found, a)
	}
	return found
}

// isInsider tells whether the principal isn't known to be of another account, or nobody at all.
func (c *caseFile) isInsider(p *Activity) bool {
	account := s3event.AccountOf(p.Principal)
	return p.Principal != s3event.Anonymous && (account == "" || account == c.Bucket.AccountID)
}

// stranger tells of a principal whether it is an anomaly that it was denied a delete at all: it never deleted there, and
// its actor wasn't denied any on the baseline's days. Without the latter, software that lacks the permission and tries
// again each day would be told each day for ever.
func (b *baseline) stranger(record int64) func(p *Activity) bool {
	return func(p *Activity) bool { return record == 0 && b.isNew(p.Principal) }
}

// deniedLimit returns from which value on an actor's hour of denied deletes is an anomaly.
func deniedLimit(b *baseline, who *actor) int64 {
	threshold, record := b.twice(who.Principal, Denied, floorDenied)
	if who.only(b.stranger(record)).Counts[Denied] > 0 {
		return 1
	}
	return threshold
}
