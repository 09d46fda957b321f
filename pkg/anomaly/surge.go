package anomaly

import (
	"fmt"
	"maps"
	"math"
	"slices"
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
	timesDay        = 3    // the record day, from which on a day may be as severe
	highSurge       = 80   // objects, from which on it may be that severe
	surgeChance     = 1e-6 // of an hour like any other to have so many
	timesPeople     = 3    // the record, where they delete often
	fewHours        = 5    // in which an actor was seen: too few to say what is usual of it
	surprises       = 2    // of an actor in the baseline, whose hours of the day then say little

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
		a.Severity = b.severityOfSurge(who.Principal, Objects, who.Counts[Objects], threshold)
		a.Explanation = fmt.Sprintf("%s deleted from %s %s by %s; %s (threshold %s).", plural(a.Count, "object"), c.Bucket.Name, a.when(), a.by(),
			b.busiest(a.Principal, b.hoursLike(a.Principal, Objects, c.Hour.Hour()), busiest), group(threshold))
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
		a.Severity = Medium
		if a.Count >= max(highSurge, multiple(b.usualDay(who.Principal, Objects), timesDay)) {
			a.Severity = High
		}
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
	threshold = max(floorSurge, multiple(busiest, 2), tailThreshold(mean, variance, surgeChance), b.usualHour(name, m))
	if b.irregular(name, m) {
		busiest = b.record(name, m)
		threshold = max(threshold, multiple(busiest, 2))
	}
	return threshold, busiest
}

// irregular tells whether the hours of the day say little about an actor: on days of the baseline it has deleted many
// objects, surprises times or more, where it deletes no half as many at that time of any other day. What it does next
// is compared with all of its hours.
func (b *baseline) irregular(name string, m Measure) bool {
	var days [baselineDays + 1][24]int64 // the largest of three hours, by days before
	var first, second [24]int64          // the largest of these, and the next of another day
	var counts [baselineDays + 1][24]int64
	for ago := baselineUntil; ago <= baselineDays; ago++ {
		counts[ago], _ = b.hours(name, m, ago)
		for h := range 24 {
			n := max(counts[ago][(h+23)%24], counts[ago][h], counts[ago][(h+1)%24])
			days[ago][h] = n
			switch {
			case n > first[h]:
				first[h], second[h] = n, first[h]
			case n > second[h]:
				second[h] = n
			}
		}
	}
	found := 0
	for ago := baselineUntil; ago <= baselineDays; ago++ {
		for h, n := range counts[ago] {
			others := first[h]
			if days[ago][h] == first[h] {
				others = second[h]
			}
			if n >= max(floorSurge, multiple(others, 2)) {
				found++
			}
		}
	}
	return found >= surprises
}

// surgeOfDay returns from which value on an actor's day is a surge.
func (b *baseline) surgeOfDay(name string, m Measure) int64 {
	if b.cold() {
		return math.MaxInt64
	}
	return max(floorSurgeOfDay, multiple(b.usualDay(name, m), 2))
}

// severityOfSurge is High for far more than the actor ever did in an hour.
func (b *baseline) severityOfSurge(name string, m Measure, n, threshold int64) Severity {
	switch {
	case !b.settled(): // while hardly anything is known, twice nothing says nothing
		return raised(Medium, n, threshold)
	case name == People && b.activeHours(name, m) >= fewHours && n < multiple(b.record(name, m), timesPeople):
		return Medium // people who delete often sometimes delete much
	case n >= max(highSurge, multiple(b.usualHour(name, m), 2)):
		return High
	}
	return Medium
}

// usualHour returns the most that an actor did in any hour. Of software that was seen in few hours it is the most that any
// software did: a role of a new name does what the one before it did.
func (b *baseline) usualHour(name string, m Measure) int64 {
	return b.mostOf(name, m, b.record)
}

// usualDay is usualHour for days.
func (b *baseline) usualDay(name string, m Measure) int64 {
	return b.mostOf(name, m, b.recordDay)
}

func (b *baseline) mostOf(name string, m Measure, record func(string, Measure) int64) int64 {
	most := record(name, m)
	if name == People || b.activeHours(name, m) >= fewHours {
		return most
	}
	for _, other := range b.software() {
		most = max(most, record(other, m))
	}
	return most
}

// activeHours returns in how many hours of the baseline an actor did something.
func (b *baseline) activeHours(name string, m Measure) int {
	hours := 0
	for ago := baselineUntil; ago <= baselineDays; ago++ {
		counts, _ := b.hours(name, m, ago)
		for _, n := range counts {
			if n > 0 {
				hours++
			}
		}
	}
	return hours
}

// software returns the actors of the baseline but for people.
func (b *baseline) software() []string {
	names := map[string]struct{}{}
	for _, d := range b.days {
		if d == nil {
			continue
		}
		for name := range d.Actors {
			if name != People {
				names[name] = struct{}{}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// twice returns from which value on an actor's hour is more than usual where nothing but the record says what is usual:
// twice the record, and the floor at least.
func (b *baseline) twice(name string, m Measure, floor int64) (threshold, record int64) {
	record = b.record(name, m)
	return max(floor, multiple(record, 2)), record
}

// hoursLike names the hours that an actor's hour is compared with: "13–15 h hour", or "hour" for all.
func (b *baseline) hoursLike(name string, m Measure, hour int) string {
	if b.cold() || name == People || b.irregular(name, m) {
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
