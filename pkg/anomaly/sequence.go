package anomaly

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/s3event"
)

const (
	sequenceApart = 24 * time.Hour // between the windows of its two anomalies, at most
	sequenceFloor = 20             // objects of each alone, unless one of them is enough whatever the number
)

// Sequences returns what looks like one attack in two steps among a bucket's anomalies: two of different families, by
// one principal, their windows at most a day apart, where either one took a protection away or each is about many
// objects that the other isn't about: one deed that two detectors find is no two steps. There is at most one for each
// principal and day, which is that of the later step.
//
// The principals are individuals: each person of People on their own. Who isn't known may be several, and is left out.
func Sequences(stored []Anomaly) []Anomaly {
	type place struct{ account, bucket, principal string }
	byPlace := map[place][]step{}
	for i := range stored {
		a := &stored[i]
		if a.Name == NameAttackSequence || a.Severity.Compare(Medium) < 0 {
			continue
		}
		for _, principal := range a.Individuals() {
			if principal != s3event.Unattributed && principal != others {
				at := place{a.AccountID, a.Bucket, principal}
				byPlace[at] = append(byPlace[at], newStep(a, principal))
			}
		}
	}
	var found []Anomaly
	for at, steps := range byPlace {
		for _, p := range worstOfDays(steps) {
			found = append(found, p.anomaly(at.principal))
		}
	}
	slices.SortFunc(found, func(a, b Anomaly) int {
		return cmp.Or(
			cmp.Compare(a.AccountID, b.AccountID),
			cmp.Compare(a.Bucket, b.Bucket),
			a.WindowStart.Compare(b.WindowStart),
			cmp.Compare(a.Principal, b.Principal),
		)
	})
	return found
}

// step is an anomaly as one principal's.
type step struct {
	*Anomaly
	// How many objects it is about. Where nothing was deleted as far as is known, as with denied deletes, it is how often.
	objects int64
	hours   map[int64]int64 // the objects deleted, by the beginning of the hour
}

func newStep(a *Anomaly, principal string) step {
	s := step{Anomaly: a, hours: map[int64]int64{}}
	if len(a.Deleted) == 0 {
		s.objects = a.Count
	}
	for _, d := range a.Deleted {
		if d.Principal == principal {
			s.objects += d.Objects
			s.hours[d.Hour.Unix()] += d.Objects
		}
	}
	return s
}

// shared returns of how many objects the steps may both be: all that one of them is about, in each hour.
func (p *pair) shared() int64 {
	var n int64
	for hour, objects := range p[0].hours {
		n += min(objects, p[1].hours[hour])
	}
	return n
}

// removesProtection tells whether the step is enough to make whatever else was found an attack.
func (s *step) removesProtection() bool {
	return s.Name == NameProtectionRemoved || s.Name == NameEncryptedOverwrite
}

// compare orders steps by their windows, and those of one window somehow.
func (s *step) compare(o *step) int {
	return cmp.Or(
		s.WindowStart.Compare(o.WindowStart),
		s.WindowEnd.Compare(o.WindowEnd),
		s.First.Compare(o.First),
		cmp.Compare(s.Name, o.Name),
		cmp.Compare(s.Principal, o.Principal),
		cmp.Compare(s.Count, o.Count),
		cmp.Compare(s.Explanation, o.Explanation),
	)
}

// pair is two steps in the order of their windows.
type pair [2]*step

// worstOfDays returns one pair of the steps that makes a sequence for each day that has any. The steps are sorted.
func worstOfDays(steps []step) map[time.Time]pair {
	slices.SortFunc(steps, func(a, b step) int { return a.compare(&b) })
	worst := map[time.Time]pair{}
	for i := range steps {
		for j := i + 1; j < len(steps); j++ {
			if steps[j].WindowStart.Sub(steps[i].WindowEnd) > sequenceApart {
				break // and so are all that begin later
			}
			p := pair{&steps[i], &steps[j]}
			if !p.isSequence() {
				continue
			}
			if known, ok := worst[p.day()]; !ok || p.compare(&known) > 0 {
				worst[p.day()] = p
			}
		}
	}
	return worst
}

func (p *pair) isSequence() bool {
	return p[0].Family != p[1].Family &&
		(p[0].removesProtection() || p[1].removesProtection() || p.isLarge())
}

// isLarge tells whether each step is about many objects that the other isn't about. In a bucket that is too new to say what is usual they say
// nothing: there a nightly clean-up of old versions is as many.
func (p *pair) isLarge() bool {
	return min(p[0].objects, p[1].objects)-p.shared() >= sequenceFloor && !p[0].Cold && !p[1].Cold
}

// day is the UTC day of the later step.
func (p *pair) day() time.Time { return p[1].WindowStart.UTC().Truncate(24 * time.Hour) }

// compare is positive if p says more of an attack than o, and never 0 but for the same.
func (p *pair) compare(o *pair) int {
	removes := func(p *pair) bool { return p[0].removesProtection() || p[1].removesProtection() }
	return cmp.Or(
		compareBool(removes(p), removes(o)),
		cmp.Compare(p.objects(), o.objects()),
		p[0].Severity.Compare(o[0].Severity),
		p[1].Severity.Compare(o[1].Severity),
		o[0].compare(p[0]), // the earlier
		o[1].compare(p[1]),
	)
}

func (p *pair) objects() int64 { return max(p[0].objects, p[1].objects) }

// anomaly returns the sequence that the steps are. The objects deleted are in the steps' own anomalies. It is when the later
// step is: if it were both, it would make one incident of two that are a day apart.
func (p *pair) anomaly(principal string) Anomaly {
	first, second := p[0], p[1]
	if second.begun().Before(first.begun()) { // a day's anomaly may be about its evening
		first, second = second, first
	}
	a := Anomaly{
		Name:        NameAttackSequence,
		Severity:    Critical,
		AccountID:   first.AccountID,
		Bucket:      first.Bucket,
		Principal:   principal,
		Kind:        kindOf(principal, first.isHuman() || second.isHuman()),
		WindowStart: p.day(),
		WindowEnd:   p.day().Add(24 * time.Hour),
		Count:       p.objects(),
		KeysInAll:   max(first.KeysInAll, second.KeysInAll),
	}
	a.Sample.Merge(&first.Sample)
	a.Sample.Merge(&second.Sample)
	if !second.First.IsZero() {
		a.First, a.Last = second.First, second.Last
	}
	var on [2]string
	if one, two := first.begun().Format("2 January"), second.begun().Format("2 January"); one != two {
		on = [2]string{"on " + one + ", ", "on " + two + ", "}
	}
	a.Explanation = fmt.Sprintf("Two steps of %s that together look like an attack: (1) %s%s; (2) %s%s.", names([]string{principal}),
		on[0], strings.TrimSuffix(first.Explanation, "."), on[1], strings.TrimSuffix(second.Explanation, "."))
	return a
}

// begun is when the step was first seen.
func (s *step) begun() time.Time {
	if s.First.IsZero() {
		return s.WindowStart.UTC()
	}
	return s.First.UTC()
}

func (s *step) isHuman() bool { return s.Kind == Human || s.Kind == Persons }
