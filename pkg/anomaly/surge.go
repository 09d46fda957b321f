package anomaly

import (
	"fmt"
	"math"
)

// deleteSurge finds an hour in which an actor deletes more than it does at that time of the day, by far more than chance
// explains.
var deleteSurge = detector{name: NameDeleteSurge, family: Volume, judge: judgeSurge}

// deleteSurgeOfDay finds a day on which an actor deletes more than it does on any, though perhaps in no single hour. It
// waits, since a day is judged by what is known of it at each of its hours.
var deleteSurgeOfDay = detector{name: NameDeleteSurge, family: Volume, waits: true, judge: judgeSurgeOfDay}

const (
	floorSurge      = 20   // objects an hour
	floorSurgeOfDay = 50   // objects a day
	surgeChance     = 1e-6 // of an hour like any other to have so many

	// A bucket that is too new to say what is usual of it.
	floorSurgeCold = 1000 // objects an hour
	timesCold      = 5    // the record
)

func judgeSurge(c *caseFile) []Anomaly {
	var found []Anomaly
	for _, who := range c.actors() {
		if who.Counts[Objects] < floorSurge {
			continue
		}
		b := c.baseline()
		threshold, busiest := b.surge(who.Principal, Objects, c.Hour.Hour())
		if who.Counts[Objects] < threshold {
			continue
		}
		a := c.ofHour(&who, Objects)
		a.Threshold, a.Record = threshold, b.record(who.Principal, Objects)
		a.Severity = Medium
		// While hardly anything is known, twice nothing says nothing.
		if b.settled() && a.Count >= multiple(a.Record, 2) {
			a.Severity = High
		}
		a.Severity = raised(a.Severity, who.Counts[Objects], a.Threshold)
		a.Explanation = fmt.Sprintf("%s deleted from %s %s by %s; %s (threshold %s).", plural(a.Count, "object"), c.Bucket.Name, a.when(), a.by(),
			b.busiest(a.Principal, b.hoursLike(a.Principal, c.Hour.Hour()), busiest), group(threshold))
		found = append(found, a)
	}
	return found
}

// A bucket's first two weeks hold no day to compare a day with: there the hours alone are judged.
func judgeSurgeOfDay(c *caseFile) []Anomaly {
	var found []Anomaly
	for _, who := range c.actors() {
		if who.Counts[Objects] == 0 {
			continue // an hour in which it did something judges the same day
		}
		b, today := c.baseline(), c.today(who.Principal)
		threshold := b.surgeOfDay(who.Principal, Objects)
		if today.Counts[Objects] < threshold {
			continue
		}
		a := c.ofDay(today, Objects)
		a.Threshold, a.Record = threshold, b.recordDay(who.Principal, Objects)
		a.Severity = High
		a.Explanation = fmt.Sprintf("%s deleted from %s on %s %s by %s; %s (threshold %s).", plural(a.Count, "object"), c.Bucket.Name,
			c.day().Format("2 January"), a.when(), a.by(), b.busiest(a.Principal, "day", a.Record), group(threshold))
		found = append(found, a)
	}
	return found
}

// surge returns from which value on an actor's hour is a surge, and the largest of those that it is compared with: what
// the actor did around that hour on other days. People have no hours; of them, and of a bucket that is new, it is the
// largest of all.
func (b *baseline) surge(name string, m Measure, hour int) (threshold, busiest int64) {
	switch {
	case b.cold():
		busiest = b.record(name, m)
		return max(floorSurgeCold, multiple(busiest, timesCold)), busiest
	case name == People:
		return b.twice(name, m, floorSurge)
	}
	values := b.comparable(name, m, hour)
	for _, n := range values {
		busiest = max(busiest, n)
	}
	mean, variance := moments(values)
	return max(floorSurge, multiple(busiest, 2), tailThreshold(mean, variance, surgeChance)), busiest
}

// surgeOfDay returns from which value on an actor's day is a surge.
func (b *baseline) surgeOfDay(name string, m Measure) int64 {
	if b.cold() {
		return math.MaxInt64
	}
	return max(floorSurgeOfDay, multiple(b.recordDay(name, m), 2))
}

// twice returns from which value on an actor's hour is more than usual where nothing but the record says what is usual:
// twice the record, and the floor at least.
func (b *baseline) twice(name string, m Measure, floor int64) (threshold, record int64) {
	record = b.record(name, m)
	return max(floor, multiple(record, 2)), record
}

// hoursLike names the hours that an actor's hour is compared with: "13–15 h hour", or "hour" for all.
func (b *baseline) hoursLike(name string, hour int) string {
	if b.cold() || name == People {
		return "hour"
	}
	return fmt.Sprintf("%d–%d h hour", (hour+23)%24, (hour+1)%24)
}

// moments returns the mean and the variance of the values and one of 0.5, which stands for what was not seen yet: with
// zeros alone nothing would ever be expected. Deletes are never scattered less than by chance alone, so that the
// variance is a little more than the mean.
func moments(values []int64) (mean, variance float64) {
	const unseen, leastDispersion = 0.5, 1.05
	n := float64(len(values) + 1)
	mean = unseen
	for _, v := range values {
		mean += float64(v)
	}
	mean /= n
	variance = (unseen - mean) * (unseen - mean)
	for _, v := range values {
		variance += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, max(variance/n, leastDispersion*mean)
}
