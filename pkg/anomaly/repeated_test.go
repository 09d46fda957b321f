package anomaly_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

func TestRepeatedDelete(t *testing.T) {
	tests := []keyTest{
		{"nothing", nil, nil},
		{"three", []done{deletes("14:00:00", appWeb, 3), deletes("14:10:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"two", []done{deletes("14:00:00", appWeb, 2), deletes("14:10:00", appWeb, 2)}, nil},
		{"59 seconds apart", []done{deletes("14:00:00", appWeb, 3), deletes("14:00:59", appWeb, 3)}, nil},
		{"60 seconds apart", []done{deletes("14:00:00", appWeb, 3), deletes("14:01:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"retries, each a bit later", []done{deletes("14:00:00", appWeb, 3), deletes("14:00:40", appWeb, 3), deletes("14:01:20", appWeb, 3)}, nil},
		{"within a second", []done{deletes("14:00:00", appWeb, 3), deletes("14:00:00", appWeb, 3)}, nil},
		{"uploaded between", []done{deletes("14:00:00", appWeb, 3), uploads("14:05:00", 3), deletes("14:10:00", appWeb, 3)}, nil},
		{"one of three uploaded between", []done{deletes("14:00:00", appWeb, 3), uploads("14:05:00", 1), deletes("14:10:00", appWeb, 3)}, nil},
		{"uploaded in the second of the first", []done{deletes("14:00:00", appWeb, 3), uploads("14:00:00", 3), deletes("14:10:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"uploaded in the second of the second", []done{deletes("14:00:00", appWeb, 3), uploads("14:10:00", 3), deletes("14:10:00", appWeb, 3)}, nil},
		{"uploaded before", []done{uploads("13:59:00", 3), deletes("14:00:00", appWeb, 3), deletes("14:10:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"asked for between", []done{deletes("14:00:00", appWeb, 3), reads("14:05:00", cdn, 3), deletes("14:10:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"three times are no more objects", []done{deletes("14:00:00", appWeb, 3), deletes("14:10:00", appWeb, 3), deletes("14:20:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"one object three times", []done{deletes("14:00:00", appWeb, 1), deletes("14:10:00", appWeb, 1), deletes("14:20:00", appWeb, 1), deletes("14:30:00", appWeb, 1)}, nil},
		{"seven days apart", []done{deletes("13 14:30:00", appWeb, 3), deletes("14:30:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"seven days apart, at the hour's beginning", []done{deletes("13 14:00:00", appWeb, 3), deletes("14:00:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"seven days and a second apart", []done{deletes("13 14:30:00", appWeb, 3), deletes("14:30:01", appWeb, 3)}, nil},
		{"another's", []done{deletes("14:00:00", cleanup, 3), deletes("14:10:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"expected", []done{deletes("14:00:00", appWeb, 3), expected("14:10:00", appWeb, 3)}, nil},
		{"after an expected one", []done{expected("14:00:00", cleanup, 3), deletes("14:10:00", appWeb, 3)}, []string{"MEDIUM role/app-web 3"}},
		{"by two persons", []done{deletes("13:00:00", appWeb, 3), deletes("14:10:00", alice, 2), deletes("14:10:00", bob, 1).keys(2)}, []string{"MEDIUM PEOPLE 3"}},
		{"unattributed", []done{deletes("13:00:00", appWeb, 3), deletes("14:10:00", nobody, 3)}, []string{"MEDIUM UNATTRIBUTED 3"}},
		{"29", []done{deletes("13:00:00", appWeb, 29), deletes("14:10:00", appWeb, 29)}, []string{"MEDIUM role/app-web 29"}},
		{"30", []done{deletes("13:00:00", appWeb, 30), deletes("14:10:00", appWeb, 30)}, []string{"MEDIUM role/app-web 30"}},
	}
	for i := range tests {
		tests[i].done = append(tests[i].done, uploadsKnown)
	}
	testKeys(t, "RepeatedDelete", tests)
}

// uploadsKnown shows that the trail records uploads: that of an object of its own.
var uploadsKnown = uploads("00:00:00", 1).keys(99)

// Where no uploads are recorded, it isn't known whether there was one between.
func TestRepeatedDeleteOfATrailOfDeletes(t *testing.T) {
	again := []done{deletes("14:00:00", appWeb, 3), deletes("14:10:00", appWeb, 3)}
	uploaded := func(date string, n int64) *anomaly.Day {
		return &anomaly.Day{Date: on(t, date+" 00:00:00"), Uploads: n}
	}
	tests := []struct {
		name string
		done []done
		day  *anomaly.Day
		want int
	}{
		{"no uploads", again, nil, 0},
		{"one today", append([]done{uploads("03:00:00", 1).keys(99)}, again...), nil, 1},
		{"one later today", append([]done{uploads("23:00:00", 1).keys(99)}, again...), nil, 1},
		{"none on the 18th", again, uploaded("18", 0), 0},
		{"one on the 18th", again, uploaded("18", 1), 1},
		{"one on the 12th", again, uploaded("12", 1), 1},
		{"one on the 11th", again, uploaded("11", 1), 0},
	}
	for _, test := range tests {
		h := remembered{since: on(t, "1 00:00:00")}
		h.add(shares(t, test.done)...)
		if test.day != nil {
			h.close(*test.day)
		}
		if got := h.judge(t, on(t, "14:00:00"), "RepeatedDelete"); len(got) != test.want {
			t.Errorf("Judge with %s = %v, want %d anomalies", test.name, told(got), test.want)
		}
	}
}

// Only what exceeds the actor's record is worth more than a line.
func TestRepeatedDeleteRecord(t *testing.T) {
	tests := []struct {
		before int64 // objects in an hour of the 18th
		n      int
		want   anomaly.Severity
	}{
		{2, 3, anomaly.Medium},
		{3, 3, anomaly.Low},
		{3, 4, anomaly.Medium},
		{40, 40, anomaly.Low}, // more than ten times the floor, and nothing special
		{40, 41, anomaly.Medium},
		{3, 400, anomaly.Medium}, // what is deleted again was gone
	}
	for _, test := range tests {
		h := remembered{since: on(t, "1 00:00:00")}
		h.add(shares(t, []done{uploadsKnown, deletes("13:00:00", appWeb, test.n), deletes("14:00:00", appWeb, test.n)})...)
		h.close(dayOf(t, "18", appWeb, anomaly.Again, test.before))
		got := h.judge(t, on(t, "14:00:00"), "RepeatedDelete")
		if len(got) != 1 || got[0].Severity != test.want || got[0].Record != test.before || got[0].Threshold != 3 {
			t.Errorf("Judge of %d after %d before = %+v, want it %s, with record %d and threshold 3", test.n, test.before, got, test.want, test.before)
		}
	}
}

func TestRepeatedDeleteCarries(t *testing.T) {
	var h remembered
	h.since = on(t, "1 00:00:00").AddDate(0, -1, 0)
	h.add(shares(t, []done{uploadsKnown, deletes("19 22:00:00", cleanup, 4), deletes("14:02:31", appWeb, 4)})...)
	got := h.judge(t, on(t, "14:00:00"), "RepeatedDelete")
	if len(got) != 1 {
		t.Fatalf("Judge = %v, want one anomaly", got)
	}
	a := got[0]
	checkKeyAnomaly(t, &a)
	if diff := cmp.Diff([]string{"a/1.jpg", "a/2.jpg", "a/3.jpg", "a/4.jpg"}, a.Keys); diff != "" {
		t.Errorf("Keys (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]anomaly.Deleted{{Principal: appWeb, Hour: on(t, "14:00:00"), Objects: 4}}, a.Deleted); diff != "" {
		t.Errorf("Deleted (-want +got):\n%s", diff)
	}
	if a.Threshold != 3 || a.Record != 0 || a.Kind != anomaly.Machine || a.EventIDs[0] != "d-14:02:31-0" {
		t.Errorf("Judge = %+v, want threshold 3, record 0, a machine, and the ids of what it did again", a)
	}
	if want := "4 objects of photos were deleted again by role/app-web, though nothing had been uploaded in their place, at 14:02 UTC, the first of them a/1.jpg; the most in an hour of the last 28 days was 0."; a.Explanation != want {
		t.Errorf("Explanation = %q, want %q", a.Explanation, want)
	}
	if got := h.atOnce(t, on(t, "14:00:00"), "RepeatedDelete"); len(got) != 0 {
		t.Errorf("Judge at once = %v, want it to wait", got)
	}
}
