package anomaly

import (
	"slices"
	"strings"
	"time"
)

// affected are the objects of one actor that a detector of the key family found.
type affected struct {
	actor      string
	human      bool
	principals []string     // of the actor, sorted: several only of People
	deletes    []*KeyDelete // the first of each key, in the order of time: a lock that comes and goes all day is one object
	last       time.Time    // when the last of all deletes was
}

func (g *affected) count() int64 { return int64(len(g.deletes)) }

// affectedIn returns whose deletes are in the hour, by actor.
func affectedIn(deletes []*KeyDelete, h *Hour) []affected {
	var within []*KeyDelete
	for _, d := range deletes {
		if d.At >= h.Start.Unix() && d.At < h.Start.Add(time.Hour).Unix() {
			within = append(within, d)
		}
	}
	return affectedBy(within)
}

// affectedBy returns whose the deletes are, by actor.
func affectedBy(deletes []*KeyDelete) []affected {
	deletes = slices.Clone(deletes)
	slices.SortFunc(deletes, func(a, b *KeyDelete) int { return a.compare(b) })
	byActor := map[string]*affected{}
	type object struct {
		actor string
		hash  uint64
	}
	seen := map[object]bool{}
	for _, d := range deletes {
		a := Activity{Principal: d.Principal, Human: d.Human}
		g, ok := byActor[a.Actor()]
		if !ok {
			g = &affected{actor: a.Actor(), human: a.Human}
			byActor[g.actor] = g
		}
		if !slices.Contains(g.principals, d.Principal) {
			g.principals = append(g.principals, d.Principal)
		}
		g.last = time.Unix(d.At, 0).UTC()
		if o := (object{g.actor, d.Hash}); !seen[o] {
			seen[o] = true
			g.deletes = append(g.deletes, d)
		}
	}
	var groups []affected
	for _, g := range byActor {
		slices.Sort(g.principals)
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b affected) int { return strings.Compare(a.actor, b.actor) })
	return groups
}

// anomaly returns what the detectors of the key family have in common: about g's objects, in the case's hour.
func (g *affected) anomaly(c *caseFile) Anomaly {
	a := Anomaly{
		Principal:   g.actor,
		Kind:        kindOf(g.actor, g.human),
		WindowStart: c.Hour,
		WindowEnd:   c.Hour.Add(time.Hour),
		Count:       g.count(),
		KeysInAll:   g.count(),
		Sample:      Sample{First: time.Unix(g.deletes[0].At, 0).UTC(), Last: g.last},
	}
	if g.actor == People {
		a.Persons = g.principals
	}
	index := map[Deleted]int{}
	for _, d := range g.deletes {
		a.Keys = appendFirst(a.Keys, d.Key)
		a.EventIDs = appendFirst(a.EventIDs, d.EventID)
		by := Deleted{Principal: d.Principal, Hour: time.Unix(d.At, 0).UTC().Truncate(time.Hour)}
		i, ok := index[by]
		if !ok {
			i = len(a.Deleted)
			index[by] = i
			a.Deleted = append(a.Deleted, by)
		}
		a.Deleted[i].Objects++
	}
	slices.SortFunc(a.Deleted, func(x, y Deleted) int {
		if order := x.Hour.Compare(y.Hour); order != 0 {
			return order
		}
		return strings.Compare(x.Principal, y.Principal)
	})
	return a
}

// addOrigins adds from where and with what g's principals deleted in those hours, and which log files tell of it. That the
// objects left delete markers is added if all did that these principals deleted then: which of them did isn't known.
func (a *Anomaly) addOrigins(g *affected, hours ...*Hour) {
	markers := len(hours) > 0
	for _, h := range hours {
		known := map[string]bool{}
		for i := range h.Activities {
			did := &h.Activities[i]
			if did.Actor() != g.actor || !slices.Contains(g.principals, did.Principal) {
				continue
			}
			known[did.Principal] = true
			markers = markers && did.Counts[DeleteMarkers] == did.Counts[Objects]
			if from := did.Samples[Objects]; from != nil {
				a.SourceIPAddresses = appendFirst(a.SourceIPAddresses, from.SourceIPAddresses...)
				a.UserAgents = appendFirst(a.UserAgents, from.UserAgents...)
				a.LogFiles = appendFirst(a.LogFiles, from.LogFiles...)
			}
		}
		for _, d := range a.Deleted {
			if d.Hour.Equal(h.Start) {
				markers = markers && known[d.Principal]
			}
		}
	}
	if markers {
		a.DeleteMarkers = a.Count
	}
}

// most says what the record of hours is, and how much it is worth.
func (b *baseline) most(record int64) string {
	switch {
	case b.known == 0:
		return b.newness()
	case b.cold():
		return "the most in an hour before was " + group(record) + ", but " + b.newness()
	}
	return "the most in an hour of the last " + b.span(baselineDays) + " was " + group(record)
}
