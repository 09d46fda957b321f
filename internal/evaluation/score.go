package evaluation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/internal/traffic"
	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// Levels are the severities that somebody may subscribe to, and that are scored.
var Levels = []anomaly.Severity{anomaly.High, anomaly.Medium}

// Class is a sort of attack, as it is scored.
type Class struct {
	By      labelled.By
	Objects int
	Minutes int
}

// Score is what incidents are worth at one severity.
type Score struct {
	Weeks    map[labelled.Kind]float64 // bucket-weeks that were scored
	False    map[labelled.Kind]int     // incidents that no attack explains
	Causes   map[string]int            // of the false ones, by the noise that they are about, or the anomaly
	Messages int                       // about false ones
	List     []string                  // the false ones, and the attacks that were missed: a line each
	Attacks  map[Class]Found
	ByKind   map[labelled.Kind]map[Class]Found
}

// Found is how many attacks of how many were told.
type Found struct{ Found, Of int }

// Rate is the part that was found; 0 of none.
func (f Found) Rate() float64 {
	if f.Of == 0 {
		return 0
	}
	return float64(f.Found) / float64(f.Of)
}

func (f *Found) add(found bool) {
	f.Of++
	if found {
		f.Found++
	}
}

func newScore() *Score {
	return &Score{
		Weeks: map[labelled.Kind]float64{}, False: map[labelled.Kind]int{}, Causes: map[string]int{},
		Attacks: map[Class]Found{}, ByKind: map[labelled.Kind]map[Class]Found{},
	}
}

// add scores one account's incidents for who subscribes to a severity.
func (s *Score) add(labels *labelled.Labels, all []*Incident, level anomaly.Severity) {
	weeks := labels.Until.Sub(labels.ScoredFrom).Hours() / (7 * 24)
	kinds := map[string]labelled.Kind{}
	for _, b := range labels.Buckets {
		s.Weeks[b.Kind] += weeks
		kinds[b.Name] = b.Kind
	}
	told := make([]bool, len(labels.Attacks))
	for _, in := range all {
		at, ok := in.at(level)
		if !ok || at.Before(labels.ScoredFrom) {
			continue
		}
		explained := false
		for i := range labels.Attacks {
			if in.isAbout(&labels.Attacks[i]) {
				told[i], explained = true, true
			}
		}
		if explained {
			continue
		}
		s.False[kinds[in.Bucket]]++
		s.Causes[in.cause(labels)]++
		s.List = append(s.List, fmt.Sprintf("false\t%s\t%s\t%s\t%s\t%s", kinds[in.Bucket], in.cause(labels), in.Severity, strings.Join(in.Names, "+"), in.Explanation))
		for _, m := range in.Messages {
			if m.Severity.Compare(level) >= 0 {
				s.Messages++
			}
		}
	}
	for i := range labels.Attacks {
		a := &labels.Attacks[i]
		if a.Case != "" {
			continue
		}
		c := Class{a.By, nominal(a.Objects), a.Minutes}
		if !told[i] {
			s.List = append(s.List, fmt.Sprintf("missed\t%s\t%s\t%d in %d min\t%s\t%s", a.Kind, a.By, a.Objects, a.Minutes, a.Form, a.Bucket))
		}
		addFound(s.Attacks, c, told[i])
		if s.ByKind[a.Kind] == nil {
			s.ByKind[a.Kind] = map[Class]Found{}
		}
		addFound(s.ByKind[a.Kind], c, told[i])
	}
}

func addFound[K comparable](to map[K]Found, key K, found bool) {
	f := to[key]
	f.add(found)
	to[key] = f
}

// nominal is how many objects an attack was to have: a bucket may have had fewer to delete.
func nominal(objects int) int {
	size := 1
	for _, n := range []int{1, 3, 10, 30, 100, 300, 1000, 3000, 10_000} {
		if objects*10 >= n*9 {
			size = n
		}
	}
	return size
}

// after is how long after the last of an attack an anomaly may be about it: one of an hour ends with the hour.
const after = time.Hour

// isAbout tells whether the incident is the attack's: of its bucket and whoever attacked, while it went on or what
// followed from it.
func (i *Incident) isAbout(a *labelled.Attack) bool {
	if i.Bucket != a.Bucket || i.First.After(a.Until.Add(after)) || i.Last.Before(a.Start) {
		return false
	}
	switch i.Actor {
	case everybody, actorOf(a.Principal, a.Human):
		return true
	case s3event.Unattributed:
		return a.Form == string(traffic.Absent) || a.Form == string(traffic.Minimal)
	}
	return false
}

func actorOf(principal string, human bool) string {
	if human {
		return anomaly.People
	}
	return principal
}

// cause says what a false incident is about: the noise of its time and actor, else the anomalies by themselves.
func (i *Incident) cause(labels *labelled.Labels) string {
	for _, n := range labels.Noise {
		if n.Bucket == i.Bucket && (i.Actor == everybody || i.Actor == actorOf(n.Principal, n.Human)) &&
			!i.First.After(n.End.Add(after)) && !i.Last.Before(n.Start) {
			return n.What
		}
	}
	names := slices.Clone(i.Names)
	slices.Sort(names)
	return "nothing but " + names[0]
}

// FalsePerWeek is how many false incidents a bucket has a week: all together, and of the worst kind.
func (s *Score) FalsePerWeek() (all, worst float64) {
	var weeks, n float64
	for kind, w := range s.Weeks {
		weeks += w
		n += float64(s.False[kind])
		worst = max(worst, float64(s.False[kind])/w)
	}
	if weeks == 0 {
		return 0, 0
	}
	return n / weeks, worst
}
