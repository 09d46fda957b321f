package anomaly_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

// closeDay closes the day so many before the one that is judged.
func closeDay(t testing.TB, h *remembered, ago int) anomaly.Day {
	t.Helper()
	d, err := anomaly.CloseDay(context.Background(), photos, h, judgedDay.AddDate(0, 0, -ago))
	if err != nil {
		t.Fatalf("CloseDay = %v", err)
	}
	return d
}

// hourly are the values at the judged hour.
func hourly(n int64) *[24]int64 {
	var values [24]int64
	values[14] = n
	return &values
}

const epochJudged = 20777 // judgedDay in days since the Unix epoch

func TestCloseDay(t *testing.T) {
	h := did(100,
		doing{appWeb, objects, 1, 40, 9}, doing{cleaner, objects, 1, 120, 9}, // known, and forgotten
		doing{bob, calls, 2, 10, 9},
		now(appWeb, objects, 12), now(appWeb, perKey, 10), doing{appWeb, objects, 3, 0, 23},
		now(alice, denied, 2), now(bob, denied, 1))
	h.since = judgedDay.AddDate(0, 0, -150)
	for i := range h.shares {
		if h.shares[i].Hour.Equal(judgedHour) {
			h.shares[i].Uploads = 5
		}
	}
	h.add(anomaly.Share{Hour: judgedHour, Activities: []anomaly.Activity{{Principal: carol, Human: true,
		Expected: []anomaly.Expected{{Entry: "e1", Cap: 50, Counts: anomaly.Counts{anomaly.Objects: 40}}}}}})
	want := anomaly.Day{
		Date: judgedDay,
		Actors: map[string]*anomaly.ActorDay{
			appWeb: {
				Hours: map[anomaly.Measure]*[24]int64{
					objects: func() *[24]int64 { v := hourly(12); v[23] = 3; return v }(),
					perKey:  hourly(10),
				},
				Flagged: map[anomaly.Measure]uint32{},
			},
			anomaly.People: {
				Hours:   map[anomaly.Measure]*[24]int64{denied: hourly(1)},
				Flagged: map[anomaly.Measure]uint32{denied: 1 << 14}, // alice never deleted there
			},
		},
		Principals:    map[string]int64{appWeb: epochJudged, bob: epochJudged - 10, carol: epochJudged},
		Deletes:       55,
		Uploads:       20,
		PerKeyRecords: true,
	}
	if diff := cmp.Diff(want, closeDay(t, h, 0)); diff != "" {
		t.Errorf("CloseDay (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, closeDay(t, h, 0)); diff != "" {
		t.Errorf("CloseDay, again (-want +got):\n%s", diff)
	}
}

func TestCloseDayOfNothing(t *testing.T) {
	want := anomaly.Day{Date: judgedDay, Actors: map[string]*anomaly.ActorDay{}, Principals: map[string]int64{}}
	if diff := cmp.Diff(want, closeDay(t, &remembered{}, 0)); diff != "" {
		t.Errorf("CloseDay of nothing (-want +got):\n%s", diff)
	}
}

// Principals are carried from day to day for 90 days, though nothing happens on any of them.
func TestCloseDayCarriesPrincipals(t *testing.T) {
	h := did(200, doing{appWeb, objects, 1, 100, 9})
	for _, test := range []struct {
		ago  int
		want map[string]int64
	}{
		{101, map[string]int64{}},
		{100, map[string]int64{appWeb: epochJudged - 100}},
		{50, map[string]int64{appWeb: epochJudged - 100}},
		{10, map[string]int64{appWeb: epochJudged - 100}},
		{9, map[string]int64{}},
	} {
		if diff := cmp.Diff(test.want, closeDay(t, h, test.ago).Principals); diff != "" {
			t.Errorf("CloseDay %d days before, Principals (-want +got):\n%s", test.ago, diff)
		}
	}
}

func TestCloseDayClips(t *testing.T) {
	all := uint32(1<<24 - 1)
	tests := []struct {
		name    string
		known   int
		before  []doing
		what    anomaly.Measure
		n       int64
		want    int64
		flagged uint32
	}{
		{"below the floor", 40, nil, objects, 19, 19, 0},
		{"the floor", 40, nil, objects, 20, 20, 1 << 14},
		{"a surge", 40, nil, objects, 49, 20, 1 << 14},
		{"a surge of the day, too", 40, nil, objects, 5000, 20, all},
		{"what the calls' sizes tell", 40, nil, estimated, 5000, 20, 1 << 14},
		{"in a new bucket", 13, nil, objects, 999, 999, 0},
		{"a surge in a new bucket", 13, nil, objects, 5000, 5000, 0}, // all that is known of it
		{"denied", 40, []doing{{appWeb, objects, 1, 30, 9}}, denied, 9, 5, 1 << 14},
		{"denied, below the floor", 40, []doing{{appWeb, objects, 1, 30, 9}}, denied, 4, 4, 0},
		{"denied to somebody new", 40, nil, denied, 4, 1, 1 << 14},
		{"a version", 40, nil, byVersion, 700, 1, 1 << 14},
		{"versions where it is usual", 60, daily(appWeb, byVersion, 100, 50, 2), byVersion, 700, 200, 1 << 14},
		{"perhaps a version", 40, nil, maybe, 7, 1, 1 << 14},
		{"overwritten", 40, nil, anomaly.Overwrites, 7, 1, 1 << 14},
		{"what isn't judged by its number", 40, nil, calls, 7000, 7000, 0},
		{"flagged on two days before", 40, daily(appWeb, denied, 9, 3, 2), denied, 90, 1, 1 << 14},
		{"flagged on three days before", 40, daily(appWeb, denied, 9, 4, 2), denied, 90, 90, 0},
		{"flagged on three days up to two weeks before", 40, []doing{{appWeb, denied, 9, 15, -1}, {appWeb, denied, 9, 9, -1}, {appWeb, denied, 9, 2, -1}}, denied, 90, 90, 0},
		{"flagged on three days, one of them longer ago", 40, []doing{{appWeb, denied, 9, 16, -1}, {appWeb, denied, 19, 15, -1}, {appWeb, denied, 29, 2, -1}}, denied, 90, 5, 1 << 14},
		{"flagged on three days, one of them yesterday", 40, []doing{{appWeb, denied, 9, 9, -1}, {appWeb, denied, 90, 2, -1}, {appWeb, denied, 90, 1, -1}}, denied, 90, 5, 1 << 14},
		{"flagged for something else", 40, daily(appWeb, byVersion, 1, 4, 2), denied, 90, 5, 1 << 14},
		{"another flagged", 40, daily(cleaner, denied, 9, 4, 2), denied, 90, 1, 1 << 14},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := closeDay(t, did(test.known, append(test.before, now(appWeb, test.what, test.n))...), 0).Actors[appWeb]
			if diff := cmp.Diff(hourly(test.want), a.Hours[test.what]); diff != "" {
				t.Errorf("CloseDay, hours (-want +got):\n%s", diff)
			}
			if a.Flagged[test.what] != test.flagged {
				t.Errorf("CloseDay, flagged = %b, want %b", a.Flagged[test.what], test.flagged)
			}
		})
	}
}

// A day that is a surge as a whole is cut in proportion, also where none of its hours is one.
func TestCloseDayClipsTheDay(t *testing.T) {
	var doings []doing
	for hour := range 24 {
		doings = append(doings, doing{appWeb, objects, int64(hour % 20), 0, hour})
	}
	a := closeDay(t, did(40, doings...), 0).Actors[appWeb]
	var sum int64
	for hour, n := range a.Hours[objects] {
		sum += n
		if n > int64(hour%20) {
			t.Errorf("CloseDay: %d objects at %d h, want at most %d", n, hour, hour%20)
		}
	}
	if sum > 50 || sum < 30 || a.Flagged[objects] != 1<<24-1 {
		t.Errorf("CloseDay: %d objects, flagged %b, want about 50 and all hours", sum, a.Flagged[objects])
	}
}

// What one of its hours exceeds makes no more of a day usual.
func TestCloseDayClipsTheDayAfterItsHours(t *testing.T) {
	for name, counts := range map[string][24]int64{
		"one hour flagged":   {5: 20},
		"four hours flagged": {5: 20, 6: 40, 7: 1000, 23: 20},
	} {
		var doings []doing
		for hour, n := range counts {
			doings = append(doings, doing{appWeb, objects, max(n, 19), 0, hour})
		}
		a := closeDay(t, did(40, doings...), 0).Actors[appWeb]
		var sum int64
		for _, n := range a.Hours[objects] {
			sum += n
		}
		if sum > 50 || sum < 24 || a.Flagged[objects] != 1<<24-1 {
			t.Errorf("CloseDay with %s: %d objects, flagged %b, want about 50 and all hours", name, sum, a.Flagged[objects])
		}
	}
}

// Who calls DeleteObjects is known to delete only where calls leave no records of objects: where they do, nothing was
// deleted.
func TestCloseDayKnowsCallers(t *testing.T) {
	for _, test := range []struct {
		name   string
		doings []doing
		want   bool
	}{
		{"no records of objects", []doing{now(bob, calls, 1)}, true},
		{"records in the hour", []doing{now(bob, calls, 1), now(appWeb, perKey, 3)}, false},
		{"records on a day before", []doing{now(bob, calls, 1), {appWeb, perKey, 3, 9, 9}}, false},
		{"objects deleted, too", []doing{now(bob, calls, 1), now(bob, objects, 1), now(bob, perKey, 1)}, true},
	} {
		if _, known := closeDay(t, did(40, test.doings...), 0).Principals[bob]; known != test.want {
			t.Errorf("CloseDay of a call, %s: known to delete %t, want %t", test.name, known, test.want)
		}
	}
}

// A job that begins with the bucket is usual as soon as a day of it is complete.
func TestANewBucketLearnsAtOnce(t *testing.T) {
	var h remembered
	move := func(at string) []done {
		return []done{uploads(at+" 14:00:00", 60), deletes(at+" 14:10:00", cleaner, 60)}
	}
	var days []string
	for date := 1; date <= 20; date++ {
		h.add(shares(t, move(fmt.Sprint(date)))...)
		if got := h.judge(t, on(t, fmt.Sprint(date, " 14:00:00")), anomaly.NameDeletedSoonAfterUpload); len(got) > 0 {
			days = append(days, fmt.Sprint(date, " ", got[0].Severity))
		}
	}
	if diff := cmp.Diff([]string{"1 HIGH", "2 HIGH"}, days); diff != "" {
		t.Errorf("Judge, days of the job (-want +got):\n%s", diff)
	}
}

// An hour with too many keys to look at each says so, and nobody looks.
func TestCloseDayTellsOfTooManyKeys(t *testing.T) {
	tests := []struct {
		name                      string
		deletes, uploads, refused int64
		want                      bool
	}{
		{"none", 0, 0, 0, false},
		{"as many as possible", 20_000, 100_000, 20_000, false},
		{"too many deletes", 20_001, 0, 0, true},
		{"too many uploads", 1, 100_001, 0, true},
		{"too many refused reads", 1, 0, 20_001, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := did(40, now(appWeb, objects, test.deletes))
			h.shares[0].Uploads, h.shares[0].Refused = test.uploads, test.refused
			d := closeDay(t, h, 0)
			if d.KeysNotJudged != test.want || d.Deletes != test.deletes || d.Uploads != test.uploads {
				t.Errorf("CloseDay = %d deletes, %d uploads, KeysNotJudged %t, want %d, %d, %t", d.Deletes, d.Uploads, d.KeysNotJudged, test.deletes, test.uploads, test.want)
			}
			if test.want && slices.Contains(h.calls, "Keys") {
				t.Error("CloseDay read the keys")
			}
		})
	}
}

// A day's keys aren't held against those of days that had too many.
func TestCloseDayAfterTooManyKeys(t *testing.T) {
	for ago, want := range map[int]bool{1: false, 3: false, 4: true} {
		h := did(40, now(appWeb, objects, 12))
		h.close(anomaly.Day{Date: judgedDay.AddDate(0, 0, -ago), KeysNotJudged: true})
		h.calls = nil
		if d := closeDay(t, h, 0); slices.Contains(h.calls, "Keys") != want || d.KeysNotJudged {
			t.Errorf("CloseDay %d days after one with too many keys called %v, KeysNotJudged %t, want Keys called: %t, and false", ago, h.calls, d.KeysNotJudged, want)
		}
	}
}

// Objects deleted soon after their upload, and again, are counted of the hour of the delete.
func TestCloseDayCountsKeys(t *testing.T) {
	h := did(40, now(appWeb, objects, 12))
	var keys anomaly.Keys
	for i := range 6 {
		hash := anomaly.HashKey([]byte(fmt.Sprint(i)))
		keys.Uploads = append(keys.Uploads, anomaly.Upload{Hash: hash, At: judgedHour.Unix()})
		for _, minute := range []int64{10, 20} {
			keys.Deletes = append(keys.Deletes, anomaly.KeyDelete{Hash: hash, At: judgedHour.Unix() + 60*minute, Key: fmt.Sprint(i), Principal: appWeb})
		}
	}
	h.shares[0].Keys = keys
	a := closeDay(t, h, 0).Actors[appWeb]
	for measure, want := range map[anomaly.Measure]int64{anomaly.Soon: 5, anomaly.Again: 3} { // six each, clipped
		if diff := cmp.Diff(hourly(want), a.Hours[measure]); diff != "" {
			t.Errorf("CloseDay, hours of measure %d (-want +got):\n%s", measure, diff)
		}
		if a.Flagged[measure] != 1<<14 {
			t.Errorf("CloseDay, flagged of measure %d = %b, want %b", measure, a.Flagged[measure], 1<<14)
		}
	}
}

func TestErrorsOfTheHistory(t *testing.T) {
	want := errors.New("throttled")
	h := did(40, now(appWeb, objects, 40))
	h.fails = want
	if _, err := anomaly.CloseDay(context.Background(), photos, h, judgedDay); !errors.Is(err, want) {
		t.Errorf("CloseDay = %v, want %v", err, want)
	}
	if _, err := anomaly.Judge(context.Background(), photos, h, judgedHour, true); !errors.Is(err, want) {
		t.Errorf("Judge = %v, want %v", err, want)
	}
}

// The same attack, some days later, is found again as it was the first time: nothing of it is usual by then.
func TestAnAttackIsNotItsOwnBaseline(t *testing.T) {
	background := func(n int64) (doings []doing) {
		for ago := 45; ago >= -7; ago-- {
			for hour := range 24 {
				if n > 0 {
					doings = append(doings, doing{appWeb, objects, n + int64((ago*7+hour*5+700)%4), ago, hour})
				}
			}
		}
		return doings
	}
	type attack struct {
		name, detector string
		background     int64
		doings         func(ago int) []doing
	}
	one := func(who string, what anomaly.Measure, n int64) func(ago int) []doing {
		return func(ago int) []doing { return []doing{{who, what, n, ago, -1}} }
	}
	attacks := []attack{
		{"by a quiet role", "DeleteSurge", 0, one(appWeb, objects, 20)},
		{"by a quiet role, larger", "DeleteSurge", 0, one(appWeb, objects, 100)},
		{"by a quiet role, huge", "DeleteSurge", 0, one(appWeb, objects, 10_000)},
		{"by a busy role", "DeleteSurge", 30, one(appWeb, objects, 90)},
		{"by a busy role, huge", "DeleteSurge", 30, one(appWeb, objects, 10_000)},
		{"by a person", "DeleteSurge", 0, one(alice, objects, 20)},
		{"by persons unknown", "DeleteSurge", 0, one(nobody, objects, 100)},
		{"drop by drop", "DeleteSurge", 0, func(ago int) (doings []doing) {
			for hour := range 24 {
				doings = append(doings, doing{appWeb, objects, 5, ago, hour})
			}
			return doings
		}},
		{"denied", "DeniedDelete", 30, one(appWeb, denied, 5)},
		{"denied to somebody new", "DeniedDelete", 0, one(cleaner, denied, 1)},
		{"for good", "PermanentDelete", 30, one(appWeb, byVersion, 1)},
		{"perhaps for good", "PermanentDelete", 30, one(appWeb, maybe, 1)},
		{"by encryption", "EncryptedOverwrite", 30, one(appWeb, anomaly.Overwrites, 1)},
		{"by calls without objects", "OpaqueBulkDelete", 0, func(ago int) []doing {
			return []doing{{appWeb, calls, 1, ago, -1}, {appWeb, estimated, 60, ago, -1}}
		}},
	}
	for _, it := range attacks {
		t.Run(it.name, func(t *testing.T) {
			first := did(100, slices.Concat(background(it.background), it.doings(0))...)
			want := first.judge(t, judgedHour, it.detector)
			if len(want) == 0 {
				t.Fatal("the attack isn't found at all")
			}
			for later := 1; later <= 5; later++ {
				h := did(100, slices.Concat(background(it.background), it.doings(0), it.doings(-later))...)
				got := h.judge(t, judgedHour.AddDate(0, 0, later), it.detector)
				if len(got) != len(want) {
					t.Errorf("%d days later: %v, want as on the first day: %v", later, told(got), told(want))
					continue
				}
				for i := range got {
					if got[i].Severity != want[i].Severity {
						t.Errorf("%d days later: %v, want as on the first day: %v", later, told(got), told(want))
					}
				}
			}
		})
	}
}

// What is done again and again becomes usual: each day, after it was told on three days that are complete; each week,
// after it was told some times.
func TestAHabitBecomesUsual(t *testing.T) {
	tests := []struct {
		name  string
		every int // days
		what  doing
		most  int // on so many days it is told
	}{
		{"each night", 1, doing{cleaner, objects, 1000, 0, 3}, 6},
		{"each night, by persons", 1, doing{alice, objects, 1000, 0, 3}, 6},
		{"each second night", 2, doing{cleaner, objects, 1000, 0, 3}, 4},
		{"each week", 7, doing{cleaner, objects, 1000, 0, 3}, 4},
		{"versions each night", 1, doing{cleaner, byVersion, 1000, 0, 3}, 6},
		{"one version each week", 7, doing{cleaner, byVersion, 1, 0, 3}, 1},
		{"denied each night", 1, doing{cleaner, denied, 100, 0, 3}, 6},
		{"denied once a week", 7, doing{cleaner, denied, 1, 0, 3}, 1},
		{"overwritten each week", 7, doing{cleaner, anomaly.Overwrites, 1000, 0, 3}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			const days = 70
			var doings []doing
			for ago := 0; ago > -days; ago -= test.every {
				d := test.what
				d.ago = ago
				doings = append(doings, d)
			}
			h := did(100, doings...)
			count, last := 0, 0
			for _, d := range doings {
				if len(slices.DeleteFunc(h.judge(t, d.start(), ""), func(a anomaly.Anomaly) bool { return a.Name == "NewDeleter" })) > 0 {
					count++
					last = -d.ago
				}
			}
			if count == 0 || count > test.most {
				t.Errorf("told on %d days, the last of them day %d, want 1 to %d", count, last, test.most)
			}
		})
	}
}
