package anomaly

import (
	"context"
	"math/bits"
	"slices"
	"time"
)

// limits tell from which value on an actor's hour of a measure is an anomaly. The other measures are never judged by
// their number.
var limits = map[Measure]func(b *baseline, who *actor, hour int) int64{
	Objects:        limitOfSurge(Objects),
	Estimated:      limitOfSurge(Estimated),
	Denied:         func(b *baseline, who *actor, _ int) int64 { return deniedLimit(b, who) },
	ByVersion:      limitOfPermanent(ByVersion),
	MaybeByVersion: limitOfPermanent(MaybeByVersion),
	Overwrites:     func(b *baseline, who *actor, _ int) int64 { return b.overwrites(who.Principal) },
	Soon:           limitOfTwice(Soon, floorSoon),
	Again:          limitOfTwice(Again, floorRepeated),
	Missed:         limitOfTwice(Missed, floorReadAfter),
}

func limitOfSurge(m Measure) func(*baseline, *actor, int) int64 {
	return func(b *baseline, who *actor, hour int) int64 {
		if who.Counts[m] < floorSurge {
			return floorSurge // spares the arithmetic
		}
		threshold, _ := b.surge(who.Principal, m, hour)
		return threshold
	}
}

func limitOfPermanent(m Measure) func(*baseline, *actor, int) int64 {
	return func(b *baseline, who *actor, _ int) int64 {
		threshold, _ := b.permanent(who.Principal, m)
		return threshold
	}
}

func limitOfTwice(m Measure, floor int64) func(*baseline, *actor, int) int64 {
	return func(b *baseline, who *actor, _ int) int64 {
		threshold, _ := b.twice(who.Principal, m, floor)
		return threshold
	}
}

// CloseDay returns what is remembered of a bucket's day that is complete. It follows from the evidence of that day and
// from the days before, so that whoever closes it gets the same.
func CloseDay(ctx context.Context, bucket Bucket, history History, date time.Time) (Day, error) {
	date = date.UTC().Truncate(24 * time.Hour)
	c := newCase(ctx, bucket, history, date)
	since := c.since()
	if c.err != nil {
		return Day{}, c.err
	}
	older, err := history.Days(ctx, date.AddDate(0, 0, -principalsDays), date.AddDate(0, 0, -1))
	if err != nil {
		return Day{}, err
	}
	c.usual = newBaseline(date, since, older)

	d := Day{Date: date, Actors: map[string]*ActorDay{}, Principals: lately(older, date)}
	hours := c.evidence(date, date.AddDate(0, 0, 1))
	all := happeningsOf(hours)
	d.Deletes, d.Uploads, d.KeysNotJudged = all.deletes, all.uploads, all.tooMany()
	for _, h := range hours {
		d.add(h, c.usual.perKeyRecords())
	}
	today := c.allToday()
	if !d.KeysNotJudged && !tooManyBefore(older, date) {
		for name, counts := range keyCounts(c, date) {
			if today[name] == nil {
				today[name] = c.today(name)
			}
			today[name].addKeys(date, counts)
		}
	}
	for name, a := range today {
		if day := c.usual.close(a); day != nil {
			d.Actors[name] = day
		}
	}
	return d, c.err
}

// tooManyBefore tells whether one of the days that keyCounts looks back at had too many keys.
func tooManyBefore(older []Day, date time.Time) bool {
	return slices.ContainsFunc(older, func(d Day) bool { return d.KeysNotJudged && !d.Date.Before(date.Add(-lookBackOfDay)) })
}

// lately returns who deleted when, of the last principalsDays before the date.
func lately(older []Day, date time.Time) map[string]int64 {
	principals := map[string]int64{}
	for i := range older {
		for principal, last := range older[i].Principals {
			if last >= epochDay(date)-principalsDays {
				principals[principal] = max(principals[principal], last)
			}
		}
	}
	return principals
}

// add adds what an hour tells of its day as a whole. Who deletes as expected is known to delete, too. Whose calls left no
// record of any object is taken to have deleted some, but not where objects have records: there it was none.
func (d *Day) add(h *Hour, recorded bool) {
	excess := h.excess()
	for i := range h.Activities {
		recorded = recorded || h.Activities[i].Counts[PerKeyRecords] > 0
	}
	for i := range h.Activities {
		a := &h.Activities[i]
		d.PerKeyRecords = d.PerKeyRecords || a.Counts[PerKeyRecords] > 0
		if a.deleted(excess) > 0 || a.Counts[Calls] > 0 && !recorded {
			d.Principals[a.Principal] = epochDay(d.Date)
		}
	}
}

// addKeys adds what follows from single keys. What is missed may be that in hours in which the actor did nothing.
func (t *actorToday) addKeys(date time.Time, counts map[Measure]*[24]int64) {
	for m, values := range counts {
		for hour, n := range values {
			if n > 0 {
				t.at(date.Add(time.Duration(hour) * time.Hour)).Counts[m] = n
			}
		}
	}
}

// at returns the actor's hour that begins at that time.
func (t *actorToday) at(start time.Time) *actorHour {
	i := slices.IndexFunc(t.hours, func(h actorHour) bool { return !h.start.Before(start) })
	if i < 0 {
		i = len(t.hours)
	}
	if i == len(t.hours) || !t.hours[i].start.Equal(start) {
		t.hours = slices.Insert(t.hours, i, actorHour{start, actor{Activity: Activity{Principal: t.Principal}}})
	}
	return &t.hours[i]
}

// close returns what is remembered of an actor's day, nil if nothing is.
func (b *baseline) close(t *actorToday) *ActorDay {
	day := &ActorDay{Hours: map[Measure]*[24]int64{}, Flagged: map[Measure]uint32{}}
	for m := range Measures {
		values := new([24]int64)
		for i := range t.hours {
			values[t.hours[i].start.Hour()] = t.hours[i].Counts[m]
		}
		if total(values) == 0 {
			continue
		}
		if limit, ok := limits[m]; ok && !b.cold() && !b.habit(t.Principal, m) {
			if flagged := b.clip(t, m, limit, values); flagged != 0 {
				day.Flagged[m] = flagged
			}
		}
		day.Hours[m] = values
	}
	if len(day.Hours) == 0 {
		return nil
	}
	return day
}

// clip cuts what is an anomaly to where it becomes one, and tells which hours it cut. On a day that is one as a whole all
// hours count as cut; what is left of them is cut in proportion to where a day becomes one, or to the largest hour if that
// is more by itself.
func (b *baseline) clip(t *actorToday, m Measure, limit func(*baseline, *actor, int) int64, values *[24]int64) (flagged uint32) {
	const allHours = 1<<24 - 1
	all := total(values)
	for i := range t.hours {
		hour := t.hours[i].start.Hour()
		if most := limit(b, &t.hours[i].actor, hour); values[hour] >= most {
			values[hour] = most
			flagged |= 1 << hour
		}
	}
	if m != Objects {
		return flagged
	}
	if most := b.surgeOfDay(t.Principal, m); all >= most {
		most = max(most, slices.Max(values[:]))
		if left := total(values); left > most {
			for hour, n := range values {
				values[hour] = share(n, most, left)
			}
		}
		return allHours
	}
	return flagged
}

// share returns n × most / left, where n <= left.
func share(n, most, left int64) int64 {
	high, low := bits.Mul64(uint64(n), uint64(most))
	quotient, _ := bits.Div64(high, low, uint64(left))
	return int64(quotient)
}
