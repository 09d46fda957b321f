package anomaly

import "time"

// SurgeThresholds returns, for each UTC hour of a bucket's days, from how many deleted objects on the hour is a surge by
// the days before, as DeleteSurge has it of a single actor; 0 where the bucket is too new to say. deleted are the objects
// of each hour, of consecutive days; the first is the first day of which anything is known of the bucket.
//
// It is for showing what is usual of the bucket as a whole. Judged are its actors, each by itself.
func SurgeThresholds(first time.Time, deleted [][24]int64) [][24]int64 {
	const everybody = "everybody" // no actor's name, and not PEOPLE
	first = first.UTC().Truncate(24 * time.Hour)
	thresholds := make([][24]int64, len(deleted))
	var closed []Day
	for i := range deleted {
		date := first.AddDate(0, 0, i)
		b := newBaseline(date, first, closed[max(0, len(closed)-baselineDays):])
		today := &actorToday{actor: actor{Activity: Activity{Principal: everybody}}}
		for hour, n := range deleted[i] {
			if !b.cold() {
				thresholds[i][hour], _ = b.surge(everybody, Objects, hour)
			}
			if n > 0 {
				today.at(date.Add(time.Duration(hour) * time.Hour)).Counts[Objects] = n
			}
		}
		day := Day{Date: date, Actors: map[string]*ActorDay{}}
		if it := b.close(today); it != nil {
			day.Actors[everybody] = it
		}
		closed = append(closed, day)
	}
	return thresholds
}
