package history

import (
	"maps"
	"time"
)

// maxDayBytes bounds what is kept of all buckets together.
const maxDayBytes = 8 << 20

// dayOverhead is about what a day takes beside its data.
const dayOverhead = 100

// knownDays are a bucket's days from <= date <= to, as data of items: an hour is judged with the same days over and
// over, and complete days never change. A day without data has no item, and will have none.
type knownDays struct {
	from, to time.Time
	data     map[time.Time][]byte
}

func (d knownDays) bytes() int {
	n := 0
	for _, data := range d.data {
		n += len(data) + dayOverhead
	}
	return n
}

// part returns those of the days that are from <= date <= to, and the first day in that range of which nothing is
// known: the one after it, if there is none.
func (d knownDays) part(from, to time.Time) (known knownDays, unknown time.Time) {
	known = knownDays{from: from, to: to, data: map[time.Time][]byte{}}
	if d.data == nil || from.Before(d.from) || from.After(d.to) {
		return known, from
	}
	for date, data := range d.data {
		if !date.Before(from) && !date.After(to) {
			known.data[date] = data
		}
	}
	return known, earlier(d.to, to).Add(day)
}

// with returns the days of d and of more, if together they have no gap, else those of more. It leaves out what nobody
// asks for any more. It tells whether the days of d were all, and writes to neither.
func (d knownDays) with(more knownDays) (all knownDays, same bool) {
	if d.data == nil || d.to.Before(more.from.Add(-day)) || more.to.Before(d.from.Add(-day)) {
		return more, false
	}
	same = !more.from.Before(d.from) && !more.to.After(d.to)
	for date := range more.data {
		_, ok := d.data[date]
		same = same && ok
	}
	if same {
		return d, true
	}
	all = knownDays{from: earlier(d.from, more.from), to: later(d.to, more.to), data: maps.Clone(d.data)}
	maps.Copy(all.data, more.data)
	if oldest := all.to.Add(-baselineReach); all.from.Before(oldest) {
		all.from = oldest
		maps.DeleteFunc(all.data, func(date time.Time, _ []byte) bool { return date.Before(oldest) })
	}
	return all, false
}
