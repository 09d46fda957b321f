package labelled

import (
	"time"

	"bucketwatch/internal/traffic"
)

// byPeople is what people delete: on weekdays, when they are at work.
func (b *bucket) byPeople(date time.Time) {
	if d := date.Weekday(); d == time.Saturday || d == time.Sunday {
		return
	}
	for range poisson(b.r, b.people/5) {
		n := min(4000, max(1, lognormal(b.r, b.theirs, b.wild)))
		b.tidy(b.office(date), b.person(), n)
	}
}

// person is whoever deletes this time. Most of it is done by one or two.
func (b *bucket) person() *traffic.Caller {
	return b.persons[min(b.r.IntN(len(b.persons)), b.r.IntN(len(b.persons)))]
}

// tidy deletes n objects that are there: at the console, which knows only batches, or with the command line's s3 rm,
// which knows none.
func (b *bucket) tidy(at time.Time, who *traffic.Caller, n int) (end time.Time, keys []string) {
	for _, i := range b.some(n) {
		keys = append(keys, key(i))
	}
	batches := who == b.persons[0] || who == b.persons[1]
	return b.work(at, who, keys, batches, 0), keys
}
