package anomaly_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

const (
	carol   = "arn:aws:iam::111122223333:user/carol"
	dave    = "arn:aws:iam::111122223333:user/dave"
	cleaner = "arn:aws:iam::111122223333:role/batch/cleaner"
)

// human tells which of the principals of these tests are persons.
func human(principal string) bool {
	return slices.Contains([]string{alice, bob, carol, dave}, principal)
}

// judgedDay is the day that is judged, and judgedHour an hour of it.
var (
	judgedDay  = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	judgedHour = judgedDay.Add(14 * time.Hour)
)

// doing is what somebody did n times in an hour: from five minutes after its beginning on, half an hour long.
type doing struct {
	who  string
	what anomaly.Measure
	n    int64
	ago  int // days before the day that is judged
	hour int // -1: the hour that is judged
}

// now is a doing in the hour that is judged.
func now(who string, what anomaly.Measure, n int64) doing { return doing{who, what, n, 0, -1} }

// daily is a doing in the hour that is judged, on each of the days so long before.
func daily(who string, what anomaly.Measure, n int64, from, to int) []doing {
	var doings []doing
	for ago := from; ago >= to; ago-- {
		doings = append(doings, doing{who, what, n, ago, -1})
	}
	return doings
}

func (d doing) start() time.Time {
	if d.hour < 0 {
		return judgedHour.AddDate(0, 0, -d.ago)
	}
	return judgedDay.AddDate(0, 0, -d.ago).Add(time.Duration(d.hour) * time.Hour)
}

func (d doing) activity() anomaly.Activity {
	a := anomaly.Activity{Principal: d.who, Human: human(d.who)}
	a.Counts[d.what] = d.n
	s := a.Sample(d.what)
	s.First, s.Last = d.start().Add(5*time.Minute), d.start().Add(5*time.Minute)
	if d.n > 1 {
		s.Last = d.start().Add(35 * time.Minute)
	}
	s.SourceIPAddresses, s.UserAgents = []string{"192.0.2.7"}, []string{"[aws-cli/2.31.0]"}
	for i := range min(d.n, 2) {
		s.Keys = append(s.Keys, fmt.Sprintf("%s/%d.jpg", s3event.ShortName(d.who), i))
		s.EventIDs = append(s.EventIDs, fmt.Sprintf("%s-%d", s3event.ShortName(d.who), i))
	}
	if d.what == anomaly.ByVersion || d.what == anomaly.MaybeByVersion {
		a.Counts[anomaly.Objects] = d.n
		*a.Sample(anomaly.Objects) = *s
	}
	return a
}

// did returns the history of a bucket that is known for so many days.
func did(known int, doings ...doing) *remembered {
	h := &remembered{since: judgedDay.AddDate(0, 0, -known)}
	var shares []anomaly.Share
	for _, d := range doings {
		shares = append(shares, anomaly.Share{Hour: d.start(), Activities: []anomaly.Activity{d.activity()}})
	}
	h.add(shares...)
	return h
}

// told are the anomalies as a person reads them, each with its severity and the length of its window.
func told(found []anomaly.Anomaly) []string {
	list := []string{}
	for _, a := range found {
		window := "hour"
		if a.WindowEnd.Sub(a.WindowStart) == day {
			window = "day"
		}
		list = append(list, fmt.Sprintf("%s %s: %s", a.Severity, window, a.Explanation))
	}
	return list
}

// verdict is what is told of an hour.
type verdict struct {
	name   string
	known  int // days
	before []doing
	now    []doing
	want   []string
}

func judgeAll(t *testing.T, detector string, verdicts []verdict) {
	t.Helper()
	for _, v := range verdicts {
		t.Run(v.name, func(t *testing.T) {
			found := did(v.known, slices.Concat(v.before, v.now)...).judge(t, judgedHour, detector)
			if diff := cmp.Diff(append([]string{}, v.want...), told(found)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", detector, diff)
			}
		})
	}
}
