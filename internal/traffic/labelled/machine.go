package labelled

import (
	"fmt"
	"math"
	"time"

	"bucketwatch/internal/traffic"
)

const perCall = 1000 // objects that one DeleteObjects call may have

// hour is what the software deletes in an hour: temporary files soon after their upload, and what users are done with.
func (b *bucket) hour(day int, at time.Time) {
	if b.hourly == 0 {
		return
	}
	mean := b.hourly * b.level * b.weight(at) * math.Pow(1+b.growth, float64(day)/7)
	if b.stalled > 0 { // what should be deleted now waits
		b.backlog += mean
		b.stalled--
		return
	}
	mean, b.backlog = mean+b.backlog, 0
	callers := b.app[:1]
	if b.kind == Busy {
		callers = b.app
	}
	for i, who := range callers {
		share := mean
		if i > 0 {
			share = mean / 3
		}
		for range scattered(b.r, share, b.shape) {
			b.one(at.Add(within(b.r, time.Hour)), who)
		}
	}
}

// one is one object that the software deletes in the course of things. One in 500 of its requests is sent again by its
// client within seconds, one in 2,000 comes a second time from its queue minutes later.
func (b *bucket) one(at time.Time, who *traffic.Caller) {
	name := ""
	if b.r.Float64() < b.temp {
		name = fmt.Sprintf("tmp/%08x%08x", b.r.Uint32(), b.r.Uint32())
		age := 20*time.Second + within(b.r, 25*time.Minute)
		b.do(traffic.Deed{At: at.Add(-age), Who: b.app[0], Operation: "PutObject", Key: name, Size: 100_000})
	} else {
		b.oldest++
		name = fmt.Sprintf("user/%d/%d", b.oldest%997, b.oldest)
		b.linger(at, name)
	}
	b.delete(at, who, name)
	switch p := b.r.IntN(2000); {
	case p < 4:
		b.delete(at.Add(time.Second+within(b.r, 4*time.Second)), who, name)
	case p < 5:
		b.delete(at.Add(2*time.Minute+within(b.r, 10*time.Minute)), who, name)
	}
}

// linger has somebody ask for an object that was deleted as it should, at times: an old page, a bookmark.
func (b *bucket) linger(at time.Time, key string) {
	if b.r.Float64() < b.stale {
		b.refused(at.Add(time.Minute+time.Duration(b.r.ExpFloat64()*float64(8*time.Hour))), key)
	}
}

// clean is a clean-up: nightly, or weekly. One night in fifty it fails, and the next one has twice as much to do; as often
// somebody starts it again in the morning. What it failed to delete it may have deleted already: one run in sixty deletes
// again what the one before did. The first of a month has two and a half times as much.
func (b *bucket) clean(date time.Time) {
	if b.newJob != nil {
		b.sweep(date.Add(time.Duration(b.newJob.at)*time.Hour+within(b.r, 20*time.Minute)), b.newJob.who, lognormal(b.r, b.newJob.size, 0.3), 0)
	}
	if b.kind != Nightly && b.kind != Weekly || b.kind == Weekly && date.Weekday() != b.weekday {
		return
	}
	n := float64(lognormal(b.r, b.median*b.level, b.sigma))
	if d := date.Weekday(); b.kind == Nightly && (d == time.Sunday || d == time.Monday) {
		n *= b.weekend
	}
	if date.Day() == 1 && b.kind == Nightly {
		n *= 2.5
	}
	if b.missed {
		n, b.missed = 2*n, false
	}
	at := date.Add(time.Duration(b.at)*time.Hour + within(b.r, 10*time.Minute))
	again := 0
	switch p := b.r.IntN(300); {
	case p < 6:
		b.missed = true
		return
	case p < 12:
		at = b.office(date)
	case p < 17:
		again = int(n / 4)
	case p < 30 && b.kind == Weekly: // a holiday
		at = at.AddDate(0, 0, 1)
	}
	b.sweep(at, b.app[0], int(n), again)
}

// burst is what a job deletes at no certain time, or a few users' objects at once.
func (b *bucket) burst(date time.Time) {
	switch b.kind {
	case Bursty, Quiet, AdHoc:
	default:
		return
	}
	for range poisson(b.r, b.jobs) {
		who := b.app[0]
		if b.kind == AdHoc {
			who = b.scripts[b.r.IntN(len(b.scripts))]
		}
		b.sweep(b.moment(date), who, max(1, lognormal(b.r, b.median*b.level, b.sigma)), 0)
	}
}

// sweep deletes the n oldest objects, and the last so many of those that were deleted before again.
func (b *bucket) sweep(at time.Time, who *traffic.Caller, n, again int) {
	n = min(n, 60_000)
	var keys []string
	for i := b.oldest - again; i < b.oldest+n; i++ {
		keys = append(keys, fmt.Sprintf("archive/%d/%d", i/1000, i))
		if i >= b.oldest {
			b.linger(at, keys[len(keys)-1])
		}
	}
	b.oldest += n
	b.work(at, who, keys, b.batches, 0)
}

// work deletes the keys: in batches, or one after the other, as fast as it goes or over some time.
func (b *bucket) work(at time.Time, who *traffic.Caller, keys []string, batches bool, over time.Duration) (end time.Time) {
	end = at
	if !batches {
		pause := time.Duration(30+b.r.IntN(200)) * time.Millisecond
		if over > 0 && len(keys) > 0 {
			pause = over / time.Duration(len(keys))
		}
		for _, name := range keys {
			end = at
			b.delete(at, who, name)
			at = at.Add(pause)
		}
		return end
	}
	calls := (len(keys) + perCall - 1) / perCall
	if over > 10*time.Minute {
		calls = max(calls, min(len(keys), int(over/(10*time.Minute))))
	}
	pause := time.Duration(1+b.r.IntN(4)) * time.Second
	if over > 0 && calls > 0 {
		pause = over / time.Duration(calls)
	}
	for i := range calls {
		end = at
		b.batch(at, who, keys[i*len(keys)/calls:(i+1)*len(keys)/calls])
		at = at.Add(pause)
	}
	return end
}
