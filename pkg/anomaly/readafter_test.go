package anomaly_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// A refused read is one that was answered with 404 or with 403: what tells them apart isn't kept, since S3 answers 403
// for an absent object to who may not list the bucket.
func TestReadAfterDelete(t *testing.T) {
	testKeys(t, "ReadAfterDelete", []keyTest{
		{"nothing", nil, nil},
		{"three", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", cdn, 3)}, []string{"HIGH role/app-web 3"}},
		{"two", []done{deletes("14:00:00", appWeb, 2), reads("14:10:00", cdn, 2)}, nil},
		{"two keys, one twice", []done{deletes("14:00:00", appWeb, 2), reads("14:10:00", cdn, 2), reads("14:11:00", cdn, 1)}, nil},
		{"before", []done{reads("14:00:00", cdn, 3), deletes("14:10:00", appWeb, 3)}, nil},
		{"within a second", []done{reads("14:10:00", cdn, 3), deletes("14:10:00", appWeb, 3)}, []string{"HIGH role/app-web 3"}},
		{"never deleted", []done{reads("14:00:00", cdn, 3)}, nil},
		{"other objects", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", cdn, 3).keys(3)}, nil},
		{"in the hour before", []done{deletes("13:00:00", appWeb, 3), reads("13:59:59", cdn, 3)}, nil},
		{"in the hour after", []done{deletes("14:00:00", appWeb, 3), reads("15:00:00", cdn, 3)}, nil},

		{"by the deleter", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", appWeb, 3)}, nil},
		{"by the deleter and another", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", appWeb, 3), reads("14:10:00", cdn, 3)}, []string{"HIGH role/app-web 3"}},
		{"by another person", []done{deletes("14:00:00", alice, 3), reads("14:10:00", bob, 3)}, []string{"HIGH PEOPLE 3"}},
		{"by the same person", []done{deletes("14:00:00", alice, 3), reads("14:10:00", alice, 3)}, nil},
		{"anonymous", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", s3event.Anonymous, 3)}, []string{"HIGH role/app-web 3"}},
		{"the deleter unknown", []done{deletes("14:00:00", nobody, 3), reads("14:10:00", cdn, 3)}, nil},
		{"the reader unknown", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", nobody, 3)}, nil},
		{"both unknown", []done{deletes("14:00:00", nobody, 3), reads("14:10:00", nobody, 3)}, nil},
		{"two each of two deleters", []done{deletes("14:00:00", appWeb, 2), deletes("14:00:00", cleanup, 2).keys(2), reads("14:10:00", cdn, 4)}, nil},
		{"two persons", []done{deletes("14:00:00", alice, 2), deletes("14:00:00", bob, 2).keys(2), reads("14:10:00", cdn, 4)}, []string{"HIGH PEOPLE 4"}},

		{"put back before", []done{deletes("14:00:00", appWeb, 3), uploads("14:05:00", 3), reads("14:10:00", cdn, 3)}, nil},
		{"put back in the same second", []done{deletes("14:00:00", appWeb, 3), uploads("14:10:00", 3), reads("14:10:00", cdn, 3)}, nil},
		{"put back 15 minutes after", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", cdn, 3), uploads("14:25:00", 3)}, nil},
		{"put back 15 minutes and a second after", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", cdn, 3), uploads("14:25:01", 3)}, []string{"HIGH role/app-web 3"}},
		{"put back in the next hour", []done{deletes("14:00:00", appWeb, 3), reads("14:59:59", cdn, 3), uploads("15:14:59", 3)}, nil},
		{"put back too late in the next hour", []done{deletes("14:00:00", appWeb, 3), reads("14:59:59", cdn, 3), uploads("15:15:00", 3)}, []string{"HIGH role/app-web 3"}},
		{"one put back", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", cdn, 3), uploads("14:11:00", 1)}, nil},
		{"put back after the second read", []done{deletes("14:00:00", appWeb, 3), reads("14:10:00", cdn, 3), reads("14:20:00", cdn, 3), uploads("14:26:00", 3)}, []string{"HIGH role/app-web 3"}},

		{"seven days later", []done{deletes("13 14:30:00", appWeb, 3), reads("14:30:00", cdn, 3)}, []string{"HIGH role/app-web 3"}},
		{"seven days later, at the hour's beginning", []done{deletes("13 14:00:00", appWeb, 3), reads("14:00:00", cdn, 3)}, []string{"HIGH role/app-web 3"}},
		{"seven days and a second later", []done{deletes("13 14:30:00", appWeb, 3), reads("14:30:01", cdn, 3)}, nil},

		{"expected", []done{expected("14:00:00", appWeb, 3), reads("14:10:00", cdn, 3)}, nil},
		// The first delete took the objects away; who deletes what is gone takes nothing.
		{"deleted again by another", []done{deletes("14:00:00", appWeb, 3), deletes("14:05:00", cleanup, 3), reads("14:10:00", cdn, 3)}, []string{"HIGH role/app-web 3"}},
		{"deleted as expected, then again", []done{expected("14:00:00", cleanup, 3), deletes("14:05:00", appWeb, 3), reads("14:10:00", cdn, 3)}, nil},
		{"deleted, then again as expected", []done{deletes("14:00:00", appWeb, 3), expected("14:05:00", cleanup, 3), reads("14:10:00", cdn, 3)}, []string{"HIGH role/app-web 3"}},
		{"deleted by nobody known, then again", []done{deletes("14:00:00", nobody, 3), deletes("14:05:00", appWeb, 3), reads("14:10:00", cdn, 3)}, nil},
		{"who deleted it again looks whether it is gone", []done{deletes("14:00:00", appWeb, 3), deletes("14:05:00", cleanup, 3), reads("14:10:00", cleanup, 3)}, nil},
		{"who deleted it before it was put back", []done{
			deletes("14:00:00", cleanup, 3), uploads("14:01:00", 3), deletes("14:05:00", appWeb, 3), reads("14:10:00", cleanup, 3)}, []string{"HIGH role/app-web 3"}},
		{"the first more than seven days ago", []done{
			deletes("13 14:29:59", cleanup, 3), deletes("13 14:30:00", appWeb, 3), reads("14:30:00", cdn, 3)}, []string{"HIGH role/app-web 3"}},
		{"thirty", []done{deletes("14:00:00", appWeb, 30), reads("14:10:00", cdn, 30)}, []string{"HIGH role/app-web 30"}},
	})
}

func TestReadAfterDeleteCarries(t *testing.T) {
	var h remembered
	h.add(shares(t, []done{
		deletes("19 22:40:00", appWeb, 3), deletes("13:59:00", appWeb, 2).keys(3), deletes("13:59:00", appWeb, 1).keys(9),
		reads("14:02:31", cdn, 4), reads("14:31:07", s3event.Anonymous, 5),
	})...)
	got := h.judge(t, on(t, "14:00:00"), "ReadAfterDelete")
	if len(got) != 1 {
		t.Fatalf("Judge = %v, want one anomaly", got)
	}
	a := got[0]
	if diff := cmp.Diff([]anomaly.Deleted{{Principal: appWeb, Hour: on(t, "19 22:00:00"), Objects: 3}, {Principal: appWeb, Hour: on(t, "13:00:00"), Objects: 2}}, a.Deleted); diff != "" {
		t.Errorf("Deleted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a/1.jpg", "a/2.jpg", "a/3.jpg", "a/4.jpg", "a/5.jpg"}, a.Keys); diff != "" {
		t.Errorf("Keys (-want +got):\n%s", diff)
	}
	if !a.First.Equal(on(t, "14:02:31")) || !a.Last.Equal(on(t, "14:31:07")) {
		t.Errorf("from %v to %v, want the times of the reads", a.First, a.Last)
	}
	if len(a.SourceIPAddresses) != 1 || a.SourceIPAddresses[0] != addressOf(appWeb) || len(a.UserAgents) != 1 || len(a.LogFiles) != 6 {
		t.Errorf("Sample = %+v, want from where and with what the objects were deleted", a.Sample)
	}
	if want := "5 objects that role/app-web deleted from photos were asked for afterwards by anonymous callers and role/cdn between 14:02 and 14:31 UTC, " +
		"and S3 refused (404 or 403), so somebody still needed them: the first deleted is a/1.jpg, at 22:40 UTC on 19 November; the bucket is known for 1 day only."; a.Explanation != want {
		t.Errorf("Explanation = %q, want %q", a.Explanation, want)
	}
	if got := h.atOnce(t, on(t, "14:00:00"), "ReadAfterDelete"); len(got) != 0 {
		t.Errorf("Judge at once = %v, want it to wait", got)
	}
}

// Whose deletes are missed time and again is told only of more: twice the most in an hour before.
func TestReadAfterDeleteRecord(t *testing.T) {
	tests := []struct {
		before int64 // objects in an hour of the 18th
		n      int
		want   int64 // the threshold; 0: no anomaly
	}{{0, 3, 3}, {1, 3, 3}, {2, 3, 0}, {2, 4, 4}, {20, 39, 0}, {20, 40, 40}}
	for _, test := range tests {
		h := remembered{since: on(t, "1 00:00:00")}
		h.add(shares(t, []done{deletes("14:00:00", appWeb, test.n), reads("14:10:00", cdn, test.n)})...)
		h.close(dayOf(t, "18", appWeb, anomaly.Missed, test.before))
		got := h.judge(t, on(t, "14:00:00"), "ReadAfterDelete")
		if (len(got) == 1) != (test.want > 0) {
			t.Errorf("Judge of %d after %d before = %v, want threshold %d", test.n, test.before, told(got), test.want)
		} else if len(got) == 1 && (got[0].Threshold != test.want || got[0].Record != test.before) {
			t.Errorf("Judge of %d after %d before = threshold %d, record %d, want %d, %d", test.n, test.before, got[0].Threshold, got[0].Record, test.want, test.before)
		}
	}
}

// A day remembers what was missed by the hour of the reads, in which the deleter may have done nothing.
func TestCloseDayCountsMissed(t *testing.T) {
	h := remembered{since: on(t, "1 00:00:00").AddDate(0, -1, 0)}
	h.add(shares(t, []done{
		deletes("18 02:00:00", appWeb, 9), reads("09:00:00", cdn, 9), reads("10:00:00", appWeb, 9), reads("23:59:00", alice, 4),
		uploads("21 00:05:00", 2), // explains two of the last
		deletes("11:00:00", bob, 3).keys(20), reads("11:10:00", alice, 3).keys(20),
	})...)
	d := closeDay(t, &h, 0)
	for actor, want := range map[string]*[24]int64{appWeb: {9: 3, 23: 2}, anomaly.People: {11: 3}} {
		a := d.Actors[actor]
		if a == nil {
			t.Errorf("CloseDay remembers nothing of %s", actor)
			continue
		}
		if diff := cmp.Diff(want, a.Hours[anomaly.Missed]); diff != "" {
			t.Errorf("CloseDay, missed of %s (-want +got):\n%s", actor, diff)
		}
	}
	if got := d.Actors[appWeb].Flagged[anomaly.Missed]; got != 1<<9 {
		t.Errorf("CloseDay, flagged = %b, want the hour that was clipped", got)
	}
}

// It is read, too, on a day on which nothing was deleted.
func TestCloseDayCountsMissedWithoutDeletes(t *testing.T) {
	h := remembered{since: on(t, "1 00:00:00").AddDate(0, -1, 0)}
	h.add(shares(t, []done{deletes("18 02:00:00", appWeb, 3), reads("09:00:00", cdn, 3)})...)
	if a := closeDay(t, &h, 0).Actors[appWeb]; a == nil || a.Hours[anomaly.Missed] == nil || a.Hours[anomaly.Missed][9] != 3 {
		t.Errorf("CloseDay = %+v, want 3 missed at 9 h", a)
	}
}

// That the objects left delete markers is told only if all did that the principal deleted in those hours.
func TestKeysTellMarkersThatAreCertain(t *testing.T) {
	var manyHours []done
	for i := range 11 {
		manyHours = append(manyHours, deletes(fmt.Sprintf("%02d:00:00", 3+i), appWeb, 1).keys(i))
	}
	tests := []struct {
		name    string
		deletes []done
		markers map[string]int64 // by the hour
		want    int64
	}{
		{"all, of more hours than are read", manyHours, map[string]int64{"03": 1, "04": 1, "05": 1, "06": 1, "07": 1, "08": 1, "09": 1, "10": 1, "11": 1, "12": 1, "13": 1}, 0},
		{"none told", []done{deletes("14:00:00", appWeb, 3)}, nil, 0},
		{"all", []done{deletes("14:00:00", appWeb, 3)}, map[string]int64{"14": 3}, 3},
		{"all, of two hours", []done{deletes("13:00:00", appWeb, 1), deletes("14:00:00", appWeb, 2).keys(1)}, map[string]int64{"13": 1, "14": 2}, 3},
		{"all of one hour", []done{deletes("13:00:00", appWeb, 1), deletes("14:00:00", appWeb, 2).keys(1)}, map[string]int64{"14": 2}, 0},
		{"as many as these, and others without", []done{deletes("14:00:00", appWeb, 3), deletes("14:00:00", appWeb, 2).keys(50)}, map[string]int64{"14": 3}, 0},
		{"an hour whose evidence is gone", []done{deletes("14:00:00", appWeb, 3)}, map[string]int64{"gone": 0}, 0},
	}
	for _, test := range tests {
		h := remembered{since: on(t, "1 00:00:00")}
		h.add(shares(t, append(test.deletes, reads("14:30:00", cdn, 11)))...)
		for hour, n := range test.markers {
			for i := range h.shares {
				if s := &h.shares[i]; hour == "gone" {
					s.Activities = nil
				} else if s.Hour.Format("15") == hour && len(s.Activities) > 0 && n > 0 {
					s.Activities[0].Counts[anomaly.DeleteMarkers] = 1
					n--
				}
			}
		}
		got := h.judge(t, on(t, "14:00:00"), "ReadAfterDelete")
		if len(got) != 1 || got[0].DeleteMarkers != test.want {
			t.Errorf("Judge with markers told of %s = %+v, want one with %d", test.name, got, test.want)
		}
	}
}
