package anomaly

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"bucketwatch/pkg/s3event"
)

// actorHour is what one actor did in the hour that begins at start.
type actorHour struct {
	start time.Time
	actor
}

// actorToday is what one actor did on a day: all of it together, and hour by hour.
type actorToday struct {
	actor
	hours []actorHour // in the order of time
}

// actors returns the actors of the case's hour.
func (c *caseFile) actors() []actor {
	if c.acting == nil {
		c.acting = c.hour(c.Hour).actors()
	}
	return c.acting
}

// today returns what an actor did on the case's day, so far as it is known.
func (c *caseFile) today(name string) *actorToday {
	if a, ok := c.allToday()[name]; ok {
		return a
	}
	return &actorToday{actor: actor{Activity: Activity{Principal: name}}}
}

func (c *caseFile) allToday() map[string]*actorToday {
	if c.actedToday == nil {
		c.actedToday = map[string]*actorToday{}
		for _, h := range c.evidence(c.day(), c.day().AddDate(0, 0, 1)) {
			for _, a := range h.actors() {
				it, ok := c.actedToday[a.Principal]
				if !ok {
					it = &actorToday{actor: actor{Activity: Activity{Principal: a.Principal}}}
					c.actedToday[a.Principal] = it
				}
				it.add(h.Start, a)
			}
		}
	}
	return c.actedToday
}

func (t *actorToday) add(start time.Time, a actor) {
	t.hours = append(t.hours, actorHour{start, a})
	for i := range a.principals {
		t.actor.add(&a.principals[i])
	}
}

// principalToday returns what one principal did on the case's day, so far as it is known: as a person and by software.
func (c *caseFile) principalToday(principal string) *actorToday {
	today := &actorToday{actor: actor{Activity: Activity{Principal: principal}}}
	for _, h := range c.evidence(c.day(), c.day().AddDate(0, 0, 1)) {
		hour := actor{Activity: Activity{Principal: principal}}
		for i := range h.Activities {
			if p := &h.Activities[i]; p.Principal == principal {
				hour.add(p)
			}
		}
		if len(hour.principals) > 0 {
			today.add(h.Start, hour)
		}
	}
	return today
}

// only returns what those of the actor's principals did that are chosen.
func (a *actor) only(chosen func(p *Activity) bool) *actor {
	part := &actor{Activity: Activity{Principal: a.Principal}}
	for i := range a.principals {
		if p := &a.principals[i]; chosen(p) {
			part.add(p)
		}
	}
	return part
}

// ofHour returns what the detectors of counts have in common: an anomaly about the measure m in what an actor did in
// the case's hour. As long as windows are days it is about what the actor did on the case's day, so that no hour of it is
// lost; what makes an anomaly, and how severe it is, is the hour's.
func (c *caseFile) ofHour(a *actor, m Measure) Anomaly {
	if !c.baseline().settled() {
		return c.ofDay(c.today(a.Principal), m)
	}
	return about(a, m, c.Hour, c.Hour.Add(time.Hour), []actorHour{{c.Hour, *a}})
}

// inWindow returns what ofHour's anomaly is about.
func (c *caseFile) inWindow(a *actor) *actor {
	if !c.baseline().settled() {
		return &c.today(a.Principal).actor
	}
	return a
}

// ofDay is ofHour for the case's day.
func (c *caseFile) ofDay(a *actorToday, m Measure) Anomaly {
	return about(&a.actor, m, c.day(), c.day().AddDate(0, 0, 1), a.hours)
}

func about(a *actor, m Measure, start, end time.Time, hours []actorHour) Anomaly {
	found := Anomaly{
		Principal:   a.Principal,
		Kind:        kindOf(a.Principal, a.Human),
		WindowStart: start,
		WindowEnd:   end,
		Count:       a.Counts[m],
		KeysInAll:   a.Counts[m],
	}
	if m == Objects {
		found.DeleteMarkers = a.Counts[DeleteMarkers]
	}
	if a.Principal == People {
		found.Persons = a.persons(m)
	}
	found.Sample.Merge(a.Samples[m])
	if found.First.IsZero() { // the records don't say when
		found.First, found.Last = start, end.Add(-time.Second)
	}
	for i := range hours {
		found.Deleted = append(found.Deleted, hours[i].deleted(m)...)
	}
	return found
}

// persons returns who of the actor did what m measures.
func (a *actor) persons(m Measure) []string {
	persons := map[string]struct{}{}
	for i := range a.principals {
		if a.principals[i].Counts[m] > 0 {
			persons[a.principals[i].Principal] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(persons))
}

// deleted returns the objects that m counts of each principal. They are never more than the principal deleted.
func (h *actorHour) deleted(m Measure) []Deleted {
	var deleted []Deleted
	for i := range h.principals {
		p := &h.principals[i]
		if n := min(p.Counts[m], p.Counts[Objects]); n > 0 {
			deleted = append(deleted, Deleted{p.Principal, h.start, n})
		}
	}
	slices.SortFunc(deleted, func(a, b Deleted) int { return cmp.Compare(a.Principal, b.Principal) })
	return deleted
}

// by says who it was, as people do.
func (a *Anomaly) by() string {
	switch a.Principal {
	case s3event.Unattributed:
		return "callers whom the records do not name"
	case People:
		return names(a.Persons)
	}
	return names([]string{a.Principal})
}
