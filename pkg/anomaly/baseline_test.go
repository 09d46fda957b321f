package anomaly

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

var someDay = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// dayWith is a day so long before someDay on which role r deleted n objects in an hour, which was flagged or not.
func dayWith(ago, hour int, n int64, flagged bool) Day {
	a := &ActorDay{Hours: map[Measure]*[24]int64{Objects: {}}, Flagged: map[Measure]uint32{}}
	a.Hours[Objects][hour] = n
	a.Hours[Objects][12] = 1
	if flagged {
		a.Flagged[Objects] = 1 << hour
	}
	return Day{Date: someDay.AddDate(0, 0, -ago), Actors: map[string]*ActorDay{"r": a}}
}

func TestBaseline(t *testing.T) {
	tests := []struct {
		name           string
		age            int
		days           []Day
		record, ofADay int64
		busiest        int64 // around 3 h
		compared       int   // hours
	}{
		{"nothing known", 0, nil, 0, 0, 0, 0},
		{"yesterday alone", 1, []Day{dayWith(1, 3, 9, false)}, 0, 0, 0, 0},
		{"one day", 2, []Day{dayWith(2, 3, 9, false)}, 9, 10, 9, 3},
		{"28 days", 60, []Day{dayWith(28, 2, 9, false), dayWith(2, 4, 8, false)}, 9, 10, 9, 81},
		{"too early and too late", 60, []Day{dayWith(29, 3, 9, false), dayWith(1, 3, 8, false)}, 0, 0, 0, 81},
		{"before the bucket's first", 5, []Day{dayWith(6, 3, 9, false)}, 0, 0, 0, 12},
		{"another hour", 60, []Day{dayWith(9, 5, 9, false)}, 9, 10, 0, 81},
		{"flagged", 60, []Day{dayWith(6, 3, 9, true)}, 1, 1, 0, 80},
		{"flagged a week ago", 60, []Day{dayWith(7, 3, 9, true)}, 9, 10, 9, 81},
		{"flagged in a new bucket", 13, []Day{dayWith(6, 3, 9, true)}, 9, 10, 9, 36},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBaseline(someDay, someDay.AddDate(0, 0, -test.age), test.days)
			values := b.comparable("r", Objects, 3)
			var busiest int64
			if len(values) > 0 {
				busiest = slices.Max(values)
			}
			got := fmt.Sprint(b.record("r", Objects), b.recordDay("r", Objects), busiest, len(values))
			if want := fmt.Sprint(test.record, test.ofADay, test.busiest, test.compared); got != want {
				t.Errorf("record, record day, busiest, hours compared = %s, want %s", got, want)
			}
			if b.record("another", Objects) != 0 || b.record("r", Denied) != 0 {
				t.Error("another actor or measure has a record")
			}
		})
	}
}

func TestBaselineAges(t *testing.T) {
	tests := []struct {
		age           int
		known         int
		settled, cold bool
	}{{-3, 0, false, true}, {0, 0, false, true}, {1, 0, false, true}, {2, 1, false, true}, {3, 2, false, true}, {4, 3, true, true},
		{13, 12, true, true}, {14, 13, true, false}, {27, 26, true, false}, {28, 27, true, false}, {500, 27, true, false}}
	for _, test := range tests {
		b := newBaseline(someDay, someDay.AddDate(0, 0, -test.age), nil)
		if b.known != test.known || b.settled() != test.settled || b.cold() != test.cold {
			t.Errorf("newBaseline of a bucket %d days old = %d days known, settled %t, cold %t, want %d, %t, %t", test.age, b.known, b.settled(), b.cold(), test.known, test.settled, test.cold)
		}
	}
	if b := newBaseline(someDay, time.Time{}, nil); b.age != 0 {
		t.Errorf("newBaseline of a bucket never seen = %d days old, want 0", b.age)
	}
}

func TestEpochDay(t *testing.T) {
	for _, test := range []struct {
		at   time.Time
		want int64
	}{
		{time.Unix(0, 0), 0},
		{time.Unix(86399, 0), 0},
		{time.Unix(86400, 0), 1},
		{time.Unix(-1, 0), -1},
		{time.Unix(-86400, 0), -1},
		{time.Unix(-86401, 0), -2},
		{someDay, 20777},
		{someDay.Add(24*time.Hour - time.Nanosecond), 20777},
	} {
		if got := epochDay(test.at); got != test.want {
			t.Errorf("epochDay(%s) = %d, want %d", test.at.UTC(), got, test.want)
		}
	}
}
