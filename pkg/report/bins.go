package report

import (
	"slices"
	"time"

	"gonum.org/v1/plot"
)

// bins divide a span of time for a chart: by hours, or days, of which a chart has no more than it has room for.
type bins struct {
	first time.Time // the beginning of the first
	width time.Duration
	count int
}

const (
	day     = 24 * time.Hour
	maxBins = 100
)

// binWidths are how long a bin may be. All but the last divide a day, or are days.
var binWidths = []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, day, 7 * day}

// newBins divides the time from the first to the last, both included, which begin with a whole bin, UTC.
func newBins(first, last time.Time) *bins {
	s := &bins{}
	for _, s.width = range binWidths {
		if s.begin(first, last); s.count <= maxBins {
			return s
		}
	}
	for s.count > maxBins { // decades: a single record may have any time
		s.width *= 2
		s.begin(first, last)
	}
	return s
}

func (s *bins) begin(first, last time.Time) {
	s.first = first.UTC().Truncate(s.width)
	s.count = int(last.Sub(s.first)/s.width) + 1
}

// chartSpan returns from when to when the charts are, and how many requests are in none: a single record that was
// delivered weeks late, or has a wrong time, must not press all others into one bar.
func chartSpan(buckets []Bucket) (from, until time.Time, left int64) {
	requests := map[time.Time]int64{}
	deletes := map[time.Time]bool{}
	all := int64(0)
	for i := range buckets {
		for _, h := range buckets[i].Hours {
			n := h.Metrics["AllRequests"]
			requests[h.Start] += n
			all += n
			if h.Metrics["DeletedObjects"] > 0 {
				deletes[h.Start] = true
			}
		}
	}
	if len(requests) == 0 { // the hours were too many
		for i := range buckets {
			if b := &buckets[i]; i == 0 {
				from, until = b.First, b.Last
			} else {
				from, until = earlier(from, b.First), later(until, b.Last)
			}
		}
		return from, until, 0
	}
	var hours []time.Time
	for h := range requests {
		hours = append(hours, h)
	}
	slices.SortFunc(hours, time.Time.Compare)
	// An end is cut off that holds next to nothing, no delete, and makes the span at least three times as long.
	for len(hours) > 1 {
		last := len(hours) - 1
		whole := hours[last].Add(time.Hour).Sub(hours[0])
		cut := func(h time.Time, rest time.Duration) bool {
			n := left + requests[h]
			return !deletes[h] && n*200 <= all && whole >= 3*rest
		}
		if cut(hours[0], hours[last].Add(time.Hour).Sub(hours[1])) {
			left += requests[hours[0]]
			hours = hours[1:]
		} else if cut(hours[last], hours[last-1].Add(time.Hour).Sub(hours[0])) {
			left += requests[hours[last]]
			hours = hours[:last]
		} else {
			break
		}
	}
	return hours[0], hours[len(hours)-1].Add(time.Hour - time.Second), left
}

func (s *bins) n() int { return s.count }

// of returns the bin that a time is in, -1 if it is in none.
func (s *bins) of(t time.Time) int {
	if t.Before(s.first) {
		return -1
	}
	if i := int(t.Sub(s.first) / s.width); i < s.count {
		return i
	}
	return -1
}

func (s *bins) start(i int) time.Time { return s.first.Add(time.Duration(i) * s.width) }

// each names a bin: "hour", "6 hours", "day".
func (s *bins) each() string {
	switch {
	case s.width == time.Hour:
		return "hour"
	case s.width < day:
		return plural(int64(s.width/time.Hour), "hour")
	case s.width == day:
		return "day"
	}
	return plural(int64(s.width/day), "day")
}

// label names a bin in a table.
func (s *bins) label(i int) string {
	if s.width >= day {
		return s.start(i).Format("2006-01-02")
	}
	return s.start(i).Format("2006-01-02 15:04")
}

// Ticks implements plot.Ticker, for an axis on which the bins are 0, 1, 2 and so on.
func (s *bins) Ticks(_, _ float64) []plot.Tick {
	var ticks []plot.Tick
	for _, t := range moments(s.first, s.start(s.count), 7) {
		ticks = append(ticks, plot.Tick{Value: float64(t.Sub(s.first))/float64(s.width) - 0.5, Label: t.Format(layoutOf(t, s.start(s.count).Sub(s.first)))})
	}
	return ticks
}

// momentTicks are an axis's times, in seconds since the Unix epoch, so many at the most.
type momentTicks int

// Ticks implements plot.Ticker.
func (most momentTicks) Ticks(low, high float64) []plot.Tick {
	from, until := at(int64(low)), at(int64(high))
	var ticks []plot.Tick
	for _, t := range moments(from, until, int(most)) {
		ticks = append(ticks, plot.Tick{Value: float64(t.Unix()), Label: t.Format(layoutOf(t, until.Sub(from)))})
	}
	return ticks
}

// layoutOf is how a time is written on an axis.
func layoutOf(t time.Time, span time.Duration) string {
	switch {
	case span > 300*day:
		return "Jan 2006"
	case t.Equal(t.Truncate(day)):
		return "2 Jan"
	}
	return "15:04"
}

// moments returns round times between two, those included, so many at the most: of hours, days, weeks, or months.
func moments(from, until time.Time, most int) []time.Time {
	for _, every := range []time.Duration{
		5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		day, 2 * day, 3 * day, 7 * day, 14 * day,
	} {
		if until.Sub(from)/every < time.Duration(most) {
			return roundTimes(from, until, every)
		}
	}
	for every := 1; ; every *= 2 {
		var list []time.Time
		for t := time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, time.UTC); !t.After(until); t = t.AddDate(0, every, 0) {
			list = append(list, t)
		}
		if len(list) <= most {
			return list
		}
	}
}

func roundTimes(from, until time.Time, every time.Duration) []time.Time {
	var list []time.Time
	t := from.Truncate(every)
	if t.Before(from) {
		t = t.Add(every)
	}
	for ; !t.After(until); t = t.Add(every) {
		list = append(list, t)
	}
	return list
}
