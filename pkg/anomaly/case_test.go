package anomaly_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

// A log file is told with what it tells of, and with nothing else.
func TestMergeSharesLogFiles(t *testing.T) {
	deleted := now(appWeb, objects, 3).activity()
	refused := now(appWeb, denied, 2).activity()
	expected := anomaly.Activity{Principal: appWeb, Expected: []anomaly.Expected{{Entry: "e1", Cap: 5, Counts: anomaly.Counts{objects: 3}, Samples: deleted.Samples}}}
	hours := anomaly.MergeShares([]anomaly.Share{
		{Hour: judgedHour, LogFile: "1", Activities: []anomaly.Activity{deleted}},
		{Hour: judgedHour, LogFile: "2", Activities: []anomaly.Activity{refused}},
		{Hour: judgedHour, LogFile: "3", Activities: []anomaly.Activity{expected}},
		{Hour: judgedHour, LogFile: "4", Activities: []anomaly.Activity{deleted}},
	})
	a := hours[0].Activities[0]
	got := map[string][]string{
		"deleted": a.Samples[objects].LogFiles, "denied": a.Samples[denied].LogFiles, "expected": a.Expected[0].Samples[objects].LogFiles,
	}
	want := map[string][]string{"deleted": {"1", "4"}, "denied": {"2"}, "expected": {"3"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("MergeShares, LogFiles (-want +got):\n%s", diff)
	}
	if len(deleted.Samples[objects].LogFiles) > 0 {
		t.Error("MergeShares wrote to the shares")
	}
}

// byConsole is what was done as a person, by the console.
func byConsole(d doing) anomaly.Share {
	a := d.activity()
	a.Human = true
	return anomaly.Share{Hour: d.start(), Activities: []anomaly.Activity{a}}
}

// What a role does by the console is a person's, and what it does by software its own.
func TestARoleByConsoleAndBySoftware(t *testing.T) {
	before := slices.Concat(daily(cleaner, objects, 1000, 40, 2))
	h := did(100, append(before, now(cleaner, objects, 1000))...)
	h.add(byConsole(now(cleaner, objects, 30)))
	if hours := anomaly.MergeShares(h.shares); len(hours[len(hours)-1].Activities) != 2 {
		t.Fatalf("MergeShares = %+v, want two activities", hours[len(hours)-1])
	}
	got := told(h.judge(t, judgedHour, anomaly.NameDeleteSurge))
	want := []string{"MEDIUM hour: 30 objects deleted from photos between 14:05 and 14:35 UTC by role/cleaner; people's busiest hour of the last 28 days had none (threshold 20)."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("DeleteSurge (-want +got):\n%s", diff)
	}

	day := closeDay(t, h, 0)
	if n := day.Actors[cleaner].Hours[objects][14]; n != 1000 {
		t.Errorf("CloseDay of the role = %d, want 1000", n)
	}
	if n := day.Actors[anomaly.People].Hours[objects][14]; n != 20 {
		t.Errorf("CloseDay of people = %d, want 20, where it was clipped", n)
	}
}

// Whether somebody is new goes by the principal, whatever it deletes with: it is told once, of all that it deleted.
func TestNewByConsoleAndBySoftware(t *testing.T) {
	h := did(100, now(cleaner, objects, 4), doing{cleaner, objects, 2, 0, 3})
	h.add(byConsole(now(cleaner, objects, 3)))
	got := h.judge(t, judgedHour, anomaly.NameNewDeleter)
	if len(got) != 1 || got[0].Count != 9 || got[0].Kind != anomaly.Human {
		t.Fatalf("NewDeleter = %+v, want one of 9 objects, by a person", got)
	}
	want := []anomaly.Deleted{{Principal: cleaner, Hour: judgedDay.Add(3 * time.Hour), Objects: 2}, {Principal: cleaner, Hour: judgedHour, Objects: 7}}
	if diff := cmp.Diff(want, got[0].Deleted); diff != "" {
		t.Errorf("Deleted (-want +got):\n%s", diff)
	}
}

func TestLogBucketByConsoleAndBySoftware(t *testing.T) {
	h := did(100, now(cleaner, objects, 4))
	h.add(byConsole(now(cleaner, objects, 3)))
	for i := range h.shares {
		h.shares[i].IsLogBucket = true
	}
	if got := h.judge(t, judgedHour, anomaly.NameProtectionRemoved); len(got) != 1 || got[0].Count != 7 || got[0].Objects() != 7 {
		t.Errorf("ProtectionRemoved = %+v, want one of 7 objects", got)
	}
}

// A delete says by itself whether a person did it: one request by the console makes no person of a role's software.
func TestKeysByConsoleAndBySoftware(t *testing.T) {
	all := shares(t, []done{
		uploads("14:00:00", 11), deletes("14:10:00", cleaner, 5), deletes("14:20:00", cleaner, 6).keys(5), reads("14:30:00", cdn, 5), reads("14:40:00", cdn, 6).keys(5),
	})
	for i := range all {
		for j := range all[i].Keys.Deletes {
			if d := &all[i].Keys.Deletes[j]; d.At == on(t, "14:20:00").Unix() {
				d.Human, all[i].Activities[0].Human = true, true
				all[i].Activities[0].Samples[objects].SourceIPAddresses = []string{"203.0.113.9"}
			}
		}
	}
	h := remembered{since: on(t, "1 00:00:00")}
	h.add(all...)
	for _, name := range []string{anomaly.NameDeletedSoonAfterUpload, anomaly.NameReadAfterDelete} {
		var got []string
		for _, a := range h.judge(t, on(t, "14:00:00"), name) {
			got = append(got, fmt.Sprint(a.Principal, a.Persons, a.Count, a.SourceIPAddresses))
			if !a.First.Equal(a.Last) {
				t.Errorf("%s from %v to %v, want the time of its own", name, a.First, a.Last)
			}
		}
		want := []string{
			fmt.Sprint(anomaly.People, []string{cleaner}, 6, []string{"203.0.113.9"}),
			fmt.Sprint(cleaner, []string{}, 5, []string{addressOf(cleaner)}),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// An hour that has more expected deletes than their entry allows is judged as if there were no entry.
func TestMoreThanExpected(t *testing.T) {
	const allowed = 30
	counts := anomaly.Counts{objects: allowed, byVersion: 12, anomaly.DeleteMarkers: 18}
	share := func(n int64) anomaly.Share {
		e := anomaly.Expected{Entry: "e1", Cap: allowed, Counts: counts}
		e.Counts[objects] = n
		s := now(cleaner, objects, n).activity().Samples[objects]
		v := now(cleaner, byVersion, 12).activity().Samples[byVersion]
		v.Keys = []string{"old.jpg"}
		e.Samples = map[anomaly.Measure]*anomaly.Sample{objects: s, byVersion: v}
		return anomaly.Share{Hour: judgedHour, Activities: []anomaly.Activity{{Principal: cleaner, Expected: []anomaly.Expected{e}}}}
	}
	h := did(100, doing{cleaner, objects, 1, 20, 9})
	h.add(share(allowed))
	if got := h.judge(t, judgedHour, ""); len(got) != 0 {
		t.Errorf("Judge of what is allowed = %v, want nothing", told(got))
	}
	h = did(100, doing{cleaner, objects, 1, 20, 9})
	h.add(share(allowed + 1))
	surge, permanent := h.judge(t, judgedHour, anomaly.NameDeleteSurge), h.judge(t, judgedHour, anomaly.NamePermanentDelete)
	if len(surge) != 1 || surge[0].Count != 31 || surge[0].DeleteMarkers != 18 {
		t.Errorf("DeleteSurge of one more = %+v, want one of 31, of which 18 left markers", surge)
	}
	if len(permanent) != 1 || permanent[0].Count != 12 || !slices.Equal(permanent[0].Keys, []string{"old.jpg"}) || len(permanent[0].LogFiles) != 1 {
		t.Errorf("PermanentDelete of one more = %+v, want one of 12, with its sample", permanent)
	}
}

// Of an hour with more than expected the keys are judged, too; by whom it wasn't more, they aren't.
func TestKeysOfMoreThanExpected(t *testing.T) {
	expect := func(principal, entry string, at string, most, n int64) anomaly.Share {
		return anomaly.Share{Hour: on(t, at), Activities: []anomaly.Activity{{Principal: principal,
			Expected: []anomaly.Expected{{Entry: entry, Cap: most, Counts: anomaly.Counts{objects: n}}}}}}
	}
	soon := []done{uploads("14:00:00", 12), expected("14:10:00", cleaner, 6), expected("14:10:00", appWeb, 6).keys(6)}
	missed := func(at string) []done {
		return []done{expected(at, cleaner, 6), reads("14:10:00", cdn, 6), deletes("14:50:00", appWeb, 3).keys(50)}
	}
	tests := []struct {
		name     string
		detector string
		done     []done
		expected []anomaly.Share
		want     []string
	}{
		{"soon, as expected", anomaly.NameDeletedSoonAfterUpload, soon, []anomaly.Share{expect(cleaner, "e1", "14:00:00", 6, 6), expect(appWeb, "e2", "14:00:00", 6, 6)}, nil},
		{"soon, more", anomaly.NameDeletedSoonAfterUpload, soon, []anomaly.Share{expect(cleaner, "e1", "14:00:00", 5, 6), expect(appWeb, "e2", "14:00:00", 6, 6)}, []string{cleaner + " 6"}},
		{"soon, more in another hour", anomaly.NameDeletedSoonAfterUpload, soon, []anomaly.Share{expect(cleaner, "e1", "13:00:00", 5, 6)}, nil},
		{"missed, as expected", anomaly.NameReadAfterDelete, missed("14:00:00"), []anomaly.Share{expect(cleaner, "e1", "14:00:00", 6, 6)}, nil},
		{"missed, more", anomaly.NameReadAfterDelete, missed("14:00:00"), []anomaly.Share{expect(cleaner, "e1", "14:00:00", 5, 6)}, []string{cleaner + " 6"}},
		{"missed, more the day before", anomaly.NameReadAfterDelete, missed("19 14:00:00"), []anomaly.Share{expect(cleaner, "e1", "19 14:00:00", 5, 6)}, []string{cleaner + " 6"}},
		{"missed, more long before", anomaly.NameReadAfterDelete, missed("19 13:59:59"), []anomaly.Share{expect(cleaner, "e1", "19 13:00:00", 5, 6)}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := remembered{since: on(t, "1 00:00:00")}
			h.add(shares(t, test.done)...)
			h.add(test.expected...)
			var got []string
			for _, a := range h.judge(t, on(t, "14:00:00"), test.detector) {
				got = append(got, fmt.Sprint(a.Principal, " ", a.Count))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.detector, diff)
			}
		})
	}

	// A day remembers what it judged.
	h := remembered{since: on(t, "1 00:00:00")}
	h.add(shares(t, append(soon, deletes("14:40:00", bob, 3).keys(50)))...)
	h.add(expect(cleaner, "e1", "14:00:00", 5, 6))
	d := closeDay(t, &h, 0)
	if a := d.Actors[cleaner]; a == nil || a.Hours[anomaly.Soon] == nil || a.Hours[anomaly.Soon][14] != 5 {
		t.Errorf("CloseDay = %+v, want the threshold's 5 objects at 14 h", a)
	}
}
