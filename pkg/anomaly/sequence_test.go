package anomaly_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// found returns an anomaly in photos, in the hour of that time; "20" is a day's.
func found(t testing.TB, name string, severity anomaly.Severity, principal, at string, count int64) anomaly.Anomaly {
	t.Helper()
	families := map[string]anomaly.Family{
		"ProtectionRemoved": anomaly.Protection, "EncryptedOverwrite": anomaly.Protection, "PermanentDelete": anomaly.Protection,
		"DeleteSurge": anomaly.Volume, "NewDeleter": anomaly.Volume, "DeniedDelete": anomaly.Volume,
		"DeletedSoonAfterUpload": anomaly.Key, "ReadAfterDelete": anomaly.Key,
	}
	length := time.Hour
	if len(at) == 2 {
		at, length = at+" 00:00:00", day
	}
	a := anomaly.Anomaly{Name: name, Family: families[name], Severity: severity, AccountID: photos.AccountID, Bucket: photos.Name, Principal: principal, Count: count}
	a.First = on(t, at)
	a.Last = a.First
	a.WindowStart = a.First.Truncate(length)
	a.WindowEnd = a.WindowStart.Add(length)
	a.Explanation = fmt.Sprintf("%s did %s at %s UTC.", s3event.ShortName(principal), name, a.First.Format("15:04"))
	switch name {
	case "ProtectionRemoved", "EncryptedOverwrite", "DeniedDelete":
	default:
		a.Keys, a.KeysInAll = []string{"a/1.jpg"}, count
		a.Deleted = []anomaly.Deleted{{Principal: principal, Hour: a.WindowStart, Objects: count}}
	}
	return a
}

// of returns the anomaly as one of persons, who each deleted so many.
func of(a anomaly.Anomaly, objects map[string]int64, persons ...string) anomaly.Anomaly {
	a.Principal, a.Kind, a.Persons = anomaly.People, anomaly.Persons, persons
	hour := a.WindowStart
	a.Deleted = nil
	for _, p := range persons {
		if objects[p] > 0 {
			a.Deleted = append(a.Deleted, anomaly.Deleted{Principal: p, Hour: hour, Objects: objects[p]})
		}
	}
	return a
}

// cold returns the anomaly as one of a bucket that is too new to say what is usual of it.
func cold(a anomaly.Anomaly) anomaly.Anomaly {
	a.Cold = true
	return a
}

// within returns the anomaly as one of objects deleted in several hours, all but 20 of them in the first.
func within(a anomaly.Anomaly, hours ...string) anomaly.Anomaly {
	principal, left := a.Principal, a.Count
	a.Deleted = nil
	for i := len(hours) - 1; i >= 0; i-- {
		n := left
		if i > 0 {
			n = 20
		}
		left -= n
		at, _ := time.Parse(time.DateTime, "2026-11-20 "+hours[i])
		a.Deleted = append(a.Deleted, anomaly.Deleted{Principal: principal, Hour: at, Objects: n})
	}
	return a
}

func in(a anomaly.Anomaly, bucket string) anomaly.Anomaly {
	a.Bucket = bucket
	return a
}

func TestSequences(t *testing.T) {
	const (
		low, medium, high = anomaly.Low, anomaly.Medium, anomaly.High
		day20             = "2026-11-20"
	)
	removed := func(at string) anomaly.Anomaly { return found(t, "ProtectionRemoved", high, appWeb, at, 1) }
	surge := func(at string, n int64) anomaly.Anomaly { return found(t, "DeleteSurge", medium, appWeb, at, n) }
	soon := func(at string, n int64) anomaly.Anomaly {
		return found(t, "DeletedSoonAfterUpload", high, appWeb, at, n)
	}
	tests := []struct {
		name   string
		stored []anomaly.Anomaly
		want   []string // day, principal, kind, count
	}{
		{"nothing", nil, nil},
		{"one", []anomaly.Anomaly{surge("14:00:00", 1000)}, nil},
		{"protection, then a surge", []anomaly.Anomaly{removed("13:00:00"), surge("14:00:00", 5)}, []string{day20 + " role/app-web machine 5"}},
		{"a surge, then protection", []anomaly.Anomaly{surge("13:00:00", 5), removed("14:00:00")}, []string{day20 + " role/app-web machine 5"}},
		{"in one hour", []anomaly.Anomaly{surge("14:10:00", 5), removed("14:00:00")}, []string{day20 + " role/app-web machine 5"}},
		{"an encrypted overwrite", []anomaly.Anomaly{found(t, "EncryptedOverwrite", high, appWeb, "13:00:00", 30), surge("14:00:00", 5)}, []string{day20 + " role/app-web machine 30"}},
		{"denied deletes", []anomaly.Anomaly{removed("13:00:00"), found(t, "DeniedDelete", medium, appWeb, "14:00:00", 7)}, []string{day20 + " role/app-web machine 7"}},
		{"one family", []anomaly.Anomaly{removed("13:00:00"), found(t, "PermanentDelete", high, appWeb, "14:00:00", 100)}, nil},
		{"one family, in volume", []anomaly.Anomaly{surge("13:00:00", 100), found(t, "NewDeleter", high, appWeb, "14:00:00", 100)}, nil},
		{"only low", []anomaly.Anomaly{removed("13:00:00"), found(t, "NewDeleter", low, appWeb, "14:00:00", 5)}, nil},
		{"two of 20 objects", []anomaly.Anomaly{surge("13:00:00", 20), soon("14:00:00", 20)}, []string{day20 + " role/app-web machine 20"}},
		{"two of 20 objects, in a new bucket", []anomaly.Anomaly{surge("13:00:00", 20), cold(soon("14:00:00", 20))}, nil},
		{"the first of 19", []anomaly.Anomaly{surge("13:00:00", 19), soon("14:00:00", 20)}, nil},
		{"the second of 19", []anomaly.Anomaly{surge("13:00:00", 20), soon("14:00:00", 19)}, nil},
		{"permanent deletes and a surge", []anomaly.Anomaly{found(t, "PermanentDelete", high, appWeb, "14:00:00", 20), surge("13:00:00", 300)}, []string{day20 + " role/app-web machine 300"}},

		// One deed, found by two.
		{"a new deleter and the same objects for good", []anomaly.Anomaly{found(t, "PermanentDelete", high, appWeb, "14:00:00", 500), within(found(t, "NewDeleter", high, appWeb, "20", 500), "14:00:00")}, nil},
		{"a surge and the same objects soon", []anomaly.Anomaly{surge("14:00:00", 500), soon("14:00:00", 480)}, nil},
		{"a surge and 20 others", []anomaly.Anomaly{surge("14:00:00", 500), within(found(t, "PermanentDelete", high, appWeb, "20", 40), "14:00:00", "15:00:00")},
			[]string{day20 + " role/app-web machine 500"}},
		{"a surge and 19 others", []anomaly.Anomaly{surge("15:00:00", 500), within(found(t, "PermanentDelete", high, appWeb, "20", 39), "14:00:00", "15:00:00")}, nil},
		{"the same objects, and protection", []anomaly.Anomaly{surge("14:00:00", 500), soon("14:00:00", 480), removed("15:00:00")}, []string{day20 + " role/app-web machine 500"}},
		{"another person's objects of the same hour", []anomaly.Anomaly{
			of(found(t, "DeletedSoonAfterUpload", high, "", "14:00:00", 60), map[string]int64{alice: 30, bob: 30}, alice, bob),
			of(found(t, "DeleteSurge", high, "", "14:00:00", 60), map[string]int64{alice: 30, bob: 30}, alice, bob)}, nil},

		{"another bucket", []anomaly.Anomaly{removed("13:00:00"), in(surge("14:00:00", 100), "invoices")}, nil},
		{"two buckets, each both", []anomaly.Anomaly{
			removed("13:00:00"), surge("14:00:00", 100), in(removed("13:00:00"), "invoices"), in(surge("14:00:00", 50), "invoices")},
			[]string{day20 + " role/app-web machine 50", day20 + " role/app-web machine 100"}},
		{"another principal", []anomaly.Anomaly{found(t, "ProtectionRemoved", high, cleanup, "13:00:00", 1), surge("14:00:00", 100)}, nil},
		{"nobody known", []anomaly.Anomaly{found(t, "ProtectionRemoved", high, nobody, "13:00:00", 1), found(t, "DeleteSurge", high, nobody, "14:00:00", 100)}, nil},
		{"one of the persons", []anomaly.Anomaly{
			found(t, "ProtectionRemoved", high, alice, "13:00:00", 1), of(found(t, "DeleteSurge", high, "", "14:00:00", 9), map[string]int64{alice: 4, bob: 5}, alice, bob)},
			[]string{day20 + " user/alice human 4"}},
		{"none of the persons", []anomaly.Anomaly{
			found(t, "ProtectionRemoved", high, root, "13:00:00", 1), of(found(t, "DeleteSurge", high, "", "14:00:00", 9), map[string]int64{alice: 4, bob: 5}, alice, bob)}, nil},
		{"both persons", []anomaly.Anomaly{
			of(found(t, "DeletedSoonAfterUpload", high, "", "13:00:00", 45), map[string]int64{alice: 20, bob: 25}, alice, bob),
			of(found(t, "DeleteSurge", high, "", "14:00:00", 45), map[string]int64{alice: 25, bob: 20}, alice, bob)},
			[]string{day20 + " user/alice human 25", day20 + " user/bob human 25"}},
		{"too few of each person", []anomaly.Anomaly{
			of(found(t, "DeletedSoonAfterUpload", high, "", "13:00:00", 25), map[string]int64{alice: 20, bob: 5}, alice, bob),
			of(found(t, "DeleteSurge", high, "", "14:00:00", 25), map[string]int64{alice: 5, bob: 20}, alice, bob)}, nil},

		{"24 hours between the windows", []anomaly.Anomaly{removed("19 13:59:59"), surge("14:00:00", 5)}, []string{day20 + " role/app-web machine 5"}},
		{"25 hours between the windows", []anomaly.Anomaly{removed("19 12:59:59"), surge("14:00:00", 5)}, nil},
		{"24 hours, the surge first", []anomaly.Anomaly{surge("19 13:59:59", 5), removed("14:00:00")}, []string{day20 + " role/app-web machine 5"}},
		{"a day's window, the hour before it", []anomaly.Anomaly{removed("18 23:00:00"), surge("20", 50)}, []string{day20 + " role/app-web machine 50"}},
		{"a day's window, more than a day before it", []anomaly.Anomaly{removed("18 22:59:59"), surge("20", 50)}, nil},
		{"within a day's window", []anomaly.Anomaly{surge("20", 50), removed("23:00:00")}, []string{day20 + " role/app-web machine 50"}},
		{"a day after a day's window", []anomaly.Anomaly{surge("19", 50), removed("23:00:00")}, []string{day20 + " role/app-web machine 50"}},
		{"more than a day after a day's window", []anomaly.Anomaly{surge("18", 50), removed("00:00:00")}, []string{day20 + " role/app-web machine 50"}},
		{"an hour more", []anomaly.Anomaly{surge("18", 50), removed("01:00:00")}, nil},

		{"one a day", []anomaly.Anomaly{removed("13:00:00"), surge("14:00:00", 5), surge("15:00:00", 700), soon("16:00:00", 40), removed("17:00:00")}, []string{day20 + " role/app-web machine 700"}},
		{"each day", []anomaly.Anomaly{removed("19 23:00:00"), surge("19 23:30:00", 5), surge("00:00:00", 6)},
			[]string{"2026-11-19 role/app-web machine 5", day20 + " role/app-web machine 6"}},
		{"of a sequence", []anomaly.Anomaly{removed("13:00:00"), {Name: "AttackSequence", Severity: anomaly.Critical, AccountID: photos.AccountID, Bucket: photos.Name,
			Principal: appWeb, Count: 700, WindowStart: on(t, "00:00:00"), WindowEnd: on(t, "21 00:00:00")}}, nil},
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 5 {
				var got []string
				for _, a := range anomaly.Sequences(test.stored) {
					got = append(got, fmt.Sprintf("%s %s %s %d", a.WindowStart.Format(time.DateOnly), s3event.ShortName(a.Principal), a.Kind, a.Count))
					if a.Name != "AttackSequence" || a.Severity != anomaly.Critical || len(a.Deleted) > 0 || a.WindowEnd.Sub(a.WindowStart) != day || a.AccountID != photos.AccountID {
						t.Errorf("Sequences found %+v, want a CRITICAL AttackSequence of a day, whose objects its steps tell", a)
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("Sequences with seed %d (-want +got):\n%s", seed, diff)
				}
				random.Shuffle(len(test.stored), func(i, j int) { test.stored[i], test.stored[j] = test.stored[j], test.stored[i] })
			}
		})
	}
}

func TestSequenceCarries(t *testing.T) {
	removed := found(t, "ProtectionRemoved", anomaly.High, appWeb, "13:02:31", 1)
	removed.EventIDs, removed.SourceIPAddresses = []string{"e1"}, []string{"192.0.2.7"}
	surge := found(t, "DeleteSurge", anomaly.High, appWeb, "14:00:00", 1240)
	surge.EventIDs, surge.Last, surge.Kind = []string{"e2"}, on(t, "14:35:00"), anomaly.Machine
	got := anomaly.Sequences([]anomaly.Anomaly{surge, removed})
	want := []anomaly.Anomaly{{
		Name: "AttackSequence", Severity: anomaly.Critical, AccountID: "111122223333", Bucket: "photos", Principal: appWeb, Kind: anomaly.Machine,
		WindowStart: on(t, "00:00:00"), WindowEnd: on(t, "21 00:00:00"), Count: 1240, KeysInAll: 1240,
		Sample: anomaly.Sample{First: on(t, "14:00:00"), Last: on(t, "14:35:00"), Keys: []string{"a/1.jpg"}, EventIDs: []string{"e1", "e2"}, SourceIPAddresses: []string{"192.0.2.7"}},
		Explanation: "Two steps of role/app-web that together look like an attack: (1) role/app-web did ProtectionRemoved at 13:02 UTC; " +
			"(2) role/app-web did DeleteSurge at 14:00 UTC.",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Sequences (-want +got):\n%s", diff)
	}
}

// What a sequence is part of is when its later step was: it does not join what was a day before to what was found today.
func TestSequenceIsWhenItsLaterStepWas(t *testing.T) {
	removed := found(t, "ProtectionRemoved", anomaly.High, appWeb, "19 14:00:00", 1)
	surge := found(t, "DeleteSurge", anomaly.High, appWeb, "14:05:00", 1240)
	surge.Last = on(t, "14:35:00")
	got := anomaly.Sequences([]anomaly.Anomaly{removed, surge})
	if len(got) != 1 || !got[0].First.Equal(surge.First) || !got[0].Last.Equal(surge.Last) {
		t.Errorf("Sequences = %+v, want one from %v to %v", got, surge.First, surge.Last)
	}
}

// The steps are told in the order in which they were done, with their dates if these differ.
func TestSequenceExplanation(t *testing.T) {
	surge := found(t, "DeleteSurge", anomaly.High, appWeb, "20", 50)
	surge.First, surge.Last = on(t, "22:00:00"), on(t, "23:00:00")
	late := surge
	late.First, late.Last, late.WindowStart, late.WindowEnd = on(t, "21 01:00:00"), on(t, "21 02:00:00"), on(t, "21 00:00:00"), on(t, "22 00:00:00")
	removed := found(t, "ProtectionRemoved", anomaly.High, appWeb, "21:00:00", 1)
	untimed := surge
	untimed.Sample = anomaly.Sample{}
	const who = "Two steps of role/app-web that together look like an attack: "
	tests := []struct {
		name   string
		stored []anomaly.Anomaly
		want   string
	}{
		{"the later window's step first", []anomaly.Anomaly{surge, removed},
			who + "(1) role/app-web did ProtectionRemoved at 21:00 UTC; (2) role/app-web did DeleteSurge at 00:00 UTC."},
		{"a step without times", []anomaly.Anomaly{untimed, removed},
			who + "(1) role/app-web did DeleteSurge at 00:00 UTC; (2) role/app-web did ProtectionRemoved at 21:00 UTC."},
		{"on two days", []anomaly.Anomaly{late, removed},
			who + "(1) on 20 November, role/app-web did ProtectionRemoved at 21:00 UTC; (2) on 21 November, role/app-web did DeleteSurge at 00:00 UTC."},
	}
	for _, test := range tests {
		got := anomaly.Sequences(test.stored)
		if len(got) != 1 || got[0].Explanation != test.want {
			t.Errorf("Sequences of %s = %+v, want it explained as %q", test.name, got, test.want)
		}
	}
}

// Anomalies in whatever order give the same sequences, and those add none when they are looked at again.
func TestSequencesOrder(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	names := []string{"ProtectionRemoved", "EncryptedOverwrite", "PermanentDelete", "DeleteSurge", "NewDeleter", "DeletedSoonAfterUpload", "ReadAfterDelete"}
	for round := range 200 {
		var stored []anomaly.Anomaly
		for range random.IntN(30) {
			who := []string{appWeb, cleanup, s3event.Unattributed}[random.IntN(3)]
			at := fmt.Sprintf("%d %02d:00:00", 18+random.IntN(3), random.IntN(24))
			severity := []anomaly.Severity{anomaly.Low, anomaly.Medium, anomaly.High}[random.IntN(3)]
			stored = append(stored, found(t, names[random.IntN(len(names))], severity, who, at, 15+random.Int64N(10)))
		}
		want := anomaly.Sequences(stored)
		random.Shuffle(len(stored), func(i, j int) { stored[i], stored[j] = stored[j], stored[i] })
		if diff := cmp.Diff(want, anomaly.Sequences(stored)); diff != "" {
			t.Fatalf("seed %d, round %d: Sequences in another order (-want +got):\n%s", seed, round, diff)
		}
		if diff := cmp.Diff(want, anomaly.Sequences(append(stored, want...))); diff != "" {
			t.Fatalf("seed %d, round %d: Sequences of anomalies and their sequences (-want +got):\n%s", seed, round, diff)
		}
	}
}
