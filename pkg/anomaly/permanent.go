package anomaly

import "fmt"

// permanentDelete finds versions deleted by their ids: what versioning cannot bring back. Where nobody does that, one is
// an anomaly, told once a day; where it is done, more than usual is.
//
// A per-key record may leave open whether it was a version or a delete marker, whose removal brings an object back. Those
// are judged by themselves, and only if there is nothing to say about versions.
var permanentDelete = detector{name: NamePermanentDelete, family: Protection, judge: judgePermanent}

const floorPermanent = 5 // versions an hour, where it is done

func judgePermanent(c *caseFile) []Anomaly {
	var found []Anomaly
	for _, who := range c.actors() {
		a, ok := c.permanent(&who, ByVersion, High)
		if !ok {
			a, ok = c.permanent(&who, MaybeByVersion, Medium)
		}
		if ok {
			found = append(found, a)
		}
	}
	return found
}

func (c *caseFile) permanent(who *actor, m Measure, s Severity) (Anomaly, bool) {
	if who.Counts[m] == 0 {
		return Anomaly{}, false
	}
	b, name := c.baseline(), who.Principal
	threshold, record := b.permanent(name, m)
	if who.Counts[m] < threshold {
		return Anomaly{}, false
	}
	if !b.settled() && s == High {
		s = Medium // where hardly a day is known, that none is known says little
	}
	var a Anomaly
	if record == 0 {
		a = c.ofDay(c.today(name), m)
	} else {
		a = c.ofHour(who, m)
		a.Threshold, a.Record = threshold, record
	}
	a.Severity = raised(s, who.Counts[m], a.Threshold)
	what := plural(a.Count, "version") + " deleted for good"
	if m == MaybeByVersion {
		what = plural(a.Count, "object") + " deleted by version id, each a version for good or a delete marker,"
	}
	limit := ""
	if a.Threshold > 0 {
		limit = fmt.Sprintf(" (threshold %s)", group(a.Threshold))
	}
	a.Explanation = fmt.Sprintf("%s from %s %s by %s; %s%s.", what, c.Bucket.Name, a.when(), a.by(), b.busiest(name, "hour", record), limit)
	return a, true
}

// permanent returns from which value on an actor's hour is an anomaly: 1 where its record is 0.
func (b *baseline) permanent(name string, m Measure) (threshold, record int64) {
	threshold, record = b.twice(name, m, floorPermanent)
	if record == 0 {
		return 1, 0
	}
	return threshold, record
}
