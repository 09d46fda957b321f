package report

import (
	"time"

	"gonum.org/v1/plot"
)

// steps divide a span of time for a chart: by hours, or days, of which a chart has no more than it has room for.
type steps struct {
	first time.Time // the beginning of the first
	width time.Duration
	count int
}

const (
	day        = 24 * time.Hour
	chartSteps = 100
)

// stepWidths are how long a step may be. All but the last divide a day, or are days.
var stepWidths = []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, day, 7 * day}

// newSteps divides the time from the first to the last, both included, which begin with a whole step, UTC.
func newSteps(first, last time.Time) *steps {
	s := &steps{}
	for _, s.width = range stepWidths {
		if s.begin(first, last); s.count <= chartSteps {
			return s
		}
	}
	for s.count > chartSteps { // decades: a single record may have any time
		s.width *= 2
		s.begin(first, last)
	}
	return s
}

func (s *steps) begin(first, last time.Time) {
	s.first = first.UTC().Truncate(s.width)
	s.count = int(last.Sub(s.first)/s.width) + 1
}

func (s *steps) n() int { return s.count }

// of returns the step that a time is in, -1 if it is in none.
func (s *steps) of(t time.Time) int {
	if t.Before(s.first) {
		return -1
	}
	if i := int(t.Sub(s.first) / s.width); i < s.count {
		return i
	}
	return -1
}

func (s *steps) start(i int) time.Time { return s.first.Add(time.Duration(i) * s.width) }

// each names a step: "hour", "6 hours", "day".
func (s *steps) each() string {
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

// label names a step in a table.
func (s *steps) label(i int) string {
	if s.width >= day {
		return s.start(i).Format("2006-01-02")
	}
	return s.start(i).Format("2006-01-02 15:04")
}

// Ticks implements plot.Ticker, for an axis on which the steps are 0, 1, 2 and so on.
func (s *steps) Ticks(_, _ float64) []plot.Tick {
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

// moments returns round times between two, those included, so many at the most.
func moments(from, until time.Time, most int) []time.Time {
	for _, every := range []time.Duration{
		5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		day, 2 * day, 3 * day, 7 * day, 14 * day, 30 * day, 91 * day, 182 * day,
	} {
		if until.Sub(from)/every < time.Duration(most) {
			return roundTimes(from, until, every)
		}
	}
	return roundTimes(from, until, until.Sub(from)/time.Duration(most))
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
