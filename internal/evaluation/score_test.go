package evaluation

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/anomaly"
)

// at is a time on the day on which all of this happens.
func at(hour, minute int) time.Time {
	return from.AddDate(0, 0, 20).Add(time.Duration(60*hour+minute) * time.Minute)
}

// finding is one of app's in photos, told seven minutes after its last delete.
func finding(name string, s anomaly.Severity, first, last time.Time) Finding {
	told := last.Add(7 * time.Minute)
	return Finding{
		At: told, Tick: told, Name: name, Severity: s, Bucket: "photos", Principal: "app", Kind: anomaly.Machine,
		WindowStart: first.Truncate(time.Hour), WindowEnd: first.Truncate(time.Hour).Add(time.Hour), First: first, Last: last,
	}
}

func by(f Finding, principal string, kind anomaly.Kind) Finding {
	f.Principal, f.Kind = principal, kind
	return f
}

func told(t time.Time, s anomaly.Severity) Message { return Message{t, s} }

func TestIncidents(t *testing.T) {
	surge := func(s anomaly.Severity, hour int) Finding {
		return finding("DeleteSurge", s, at(hour, 0), at(hour, 10))
	}
	for _, tt := range []struct {
		name     string
		findings []Finding
		want     [][]Message
	}{
		{"none", nil, nil},
		{"LOW sends nothing", []Finding{surge("LOW", 1)}, [][]Message{nil}},
		{"one", []Finding{surge("HIGH", 1)}, [][]Message{{told(at(1, 17), "HIGH")}}},
		{"it rises", []Finding{surge("MEDIUM", 1), surge("HIGH", 2), surge("HIGH", 3)}, [][]Message{{told(at(1, 17), "MEDIUM"), told(at(2, 17), "HIGH")}}},
		{"five hours and more are one", []Finding{surge("HIGH", 1), surge("HIGH", 7)}, [][]Message{{told(at(1, 17), "HIGH")}}},
		{"six quiet hours are two", []Finding{surge("HIGH", 1), finding("DeleteSurge", "HIGH", at(7, 10), at(7, 20))},
			[][]Message{{told(at(1, 17), "HIGH")}, {told(at(7, 27), "HIGH")}}},
		{"two actors are two", []Finding{surge("HIGH", 1), by(surge("HIGH", 1), "job", anomaly.Machine)},
			[][]Message{{told(at(1, 17), "HIGH")}, {told(at(1, 17), "HIGH")}}},
		{"persons are one", []Finding{by(surge("MEDIUM", 1), "alice", anomaly.Human), by(surge("MEDIUM", 2), "bob", anomaly.Human)},
			[][]Message{{told(at(1, 17), "MEDIUM")}}},
		{"one tick sends one", []Finding{surge("MEDIUM", 1), func() Finding { f := surge("HIGH", 1); f.Name = "NewDeleter"; return f }()},
			[][]Message{{told(at(1, 17), "HIGH")}}},
		{"what closes the gap makes one of two", []Finding{surge("MEDIUM", 1), surge("HIGH", 9), surge("MEDIUM", 5)},
			[][]Message{{told(at(1, 17), "MEDIUM"), told(at(9, 17), "HIGH")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got [][]Message
			for _, in := range incidents(tt.findings) {
				got = append(got, in.Messages)
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScore(t *testing.T) {
	labels := &labelled.Labels{
		From: from, ScoredFrom: from.AddDate(0, 0, 14), Until: from.AddDate(0, 0, 28),
		Buckets: []*labelled.Bucket{{Name: "photos", Kind: labelled.App}},
		Attacks: []labelled.Attack{{
			Bucket: "photos", Kind: labelled.App, By: labelled.UsualPrincipal, Principal: "app", Objects: 1000, Minutes: 5,
			Start: at(10, 30), End: at(10, 35), Until: at(12, 0),
		}},
		Noise: []labelled.Noise{{Bucket: "photos", What: "queue worked off", Principal: "app", Start: at(1, 0), End: at(2, 0)}},
	}
	usual := Class{labelled.UsualPrincipal, 1000, 5}
	early := finding("DeleteSurge", "HIGH", from, from.Add(time.Hour))
	for _, tt := range []struct {
		name     string
		findings []Finding
		level    anomaly.Severity
		found    int
		cause    string // of what is false
	}{
		{"missed", nil, anomaly.High, 0, ""},
		{"found", []Finding{finding("DeleteSurge", "HIGH", at(10, 30), at(10, 35))}, anomaly.High, 1, ""},
		{"found too low", []Finding{finding("DeleteSurge", "MEDIUM", at(10, 30), at(10, 35))}, anomaly.High, 0, ""},
		{"found low enough", []Finding{finding("DeleteSurge", "MEDIUM", at(10, 30), at(10, 35))}, anomaly.Medium, 1, ""},
		{"found by what follows", []Finding{finding("ReadAfterDelete", "HIGH", at(11, 30), at(11, 50))}, anomaly.High, 1, ""},
		{"somebody else", []Finding{by(finding("DeleteSurge", "HIGH", at(10, 30), at(10, 35)), "job", anomaly.Machine)}, anomaly.High, 0, "nothing but DeleteSurge"},
		{"before", []Finding{finding("DeleteSurge", "HIGH", at(9, 30), at(9, 35))}, anomaly.High, 0, "nothing but DeleteSurge"},
		{"long after", []Finding{finding("DeleteSurge", "HIGH", at(13, 30), at(13, 35))}, anomaly.High, 0, "nothing but DeleteSurge"},
		{"noise", []Finding{finding("DeleteSurge", "HIGH", at(1, 30), at(1, 35))}, anomaly.High, 0, "queue worked off"},
		{"while learning", []Finding{early}, anomaly.High, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScore()
			s.add(labels, incidents(tt.findings), tt.level)
			if got, want := s.Attacks[usual], (Found{tt.found, 1}); got != want {
				t.Errorf("attacks found = %v, want %v", got, want)
			}
			want := map[string]int{}
			perWeek := 0.0
			if tt.cause != "" {
				want[tt.cause], perWeek = 1, 0.5
			}
			if diff := gocmp.Diff(want, s.Causes); diff != "" {
				t.Errorf("false incidents (-want +got):\n%s", diff)
			}
			if all, worst := s.FalsePerWeek(); all != perWeek || worst != perWeek {
				t.Errorf("FalsePerWeek() = %g, %g, want %g of two weeks", all, worst, perWeek)
			}
		})
	}
}

func TestRules(t *testing.T) {
	hours := func(n int, value func(i int) int) []int {
		list := make([]int, n)
		for i := range list {
			list[i] = value(i)
		}
		return list
	}
	const week = 7 * 24
	steady := func(last int) []int {
		return append(hours(6*week, func(i int) int { return 9 + i/week%3 }), last)
	}
	for _, tt := range []struct {
		rule  string
		hours []int
		want  bool
	}{
		{"more than 50 an hour", steady(50), false},
		{"more than 50 an hour", steady(51), true},
		{"mean ± 3 sd by hour of the week", steady(12), false},
		{"mean ± 3 sd by hour of the week", steady(13), true},
		{"EWMA, z > 6, at least 20", steady(16), false},
		{"EWMA, z > 6, at least 20", steady(40), true},
		{"EWMA, z > 6, at least 20", append(hours(week, func(int) int { return 0 }), 19), false},
	} {
		for _, r := range Rules {
			if r.Name != tt.rule {
				continue
			}
			if got := r.fires(tt.hours); got != tt.want {
				t.Errorf("%s fires at %d = %t, want %t", r.Name, tt.hours[len(tt.hours)-1], got, tt.want)
			}
		}
	}
}
