package anomaly

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// caseFile is the hour that is judged, with what is known around it. It reads as much of the history as the detectors ask
// for, and all of it once. After an error of the history what it returns is empty, and err says why.
type caseFile struct {
	Bucket Bucket
	Hour   time.Time // UTC, its beginning

	ctx     context.Context
	history History
	err     error

	hours    map[int64]*Hour           // by their beginning; nil where there is no evidence
	exceeded map[int64]map[string]bool // who deleted more in the hour than was expected
	first    time.Time                 // of the bucket
	usual    *baseline                 // see baseline

	acting     []actor                // see actors
	actedToday map[string]*actorToday // see today

	keys keyring
}

// Bucket is whose hour is judged.
type Bucket struct {
	AccountID string
	Name      string
}

func newCase(ctx context.Context, bucket Bucket, history History, hour time.Time) *caseFile {
	return &caseFile{
		Bucket: bucket, Hour: hour.UTC().Truncate(time.Hour), ctx: ctx, history: history,
		hours: map[int64]*Hour{}, exceeded: map[int64]map[string]bool{},
	}
}

// day returns the beginning of the case's day.
func (c *caseFile) day() time.Time { return c.Hour.Truncate(24 * time.Hour) }

// since returns the first day of which anything is known of the bucket.
func (c *caseFile) since() time.Time {
	if c.first.IsZero() && c.err == nil {
		c.first, c.err = c.history.Since(c.ctx)
	}
	return c.first
}

// hour returns the evidence of the hour that begins at the given time, empty if there is none.
func (c *caseFile) hour(at time.Time) *Hour {
	c.load(at, at.Add(time.Hour))
	if h := c.hours[at.Unix()]; h != nil {
		return h
	}
	return &Hour{Start: at}
}

// evidence returns the hours from <= Start < until of which there is evidence, oldest first.
func (c *caseFile) evidence(from, until time.Time) []*Hour {
	c.load(from, until)
	var hours []*Hour
	for at := from; at.Before(until); at = at.Add(time.Hour) {
		if h := c.hours[at.Unix()]; h != nil {
			hours = append(hours, h)
		}
	}
	return hours
}

// load reads the hours from <= Start < until that were not read before.
func (c *caseFile) load(from, until time.Time) {
	known := func(at time.Time) bool { _, ok := c.hours[at.Unix()]; return ok }
	for from.Before(until) && known(from) {
		from = from.Add(time.Hour)
	}
	for from.Before(until) && known(until.Add(-time.Hour)) {
		until = until.Add(-time.Hour)
	}
	if c.err != nil || !from.Before(until) {
		return
	}
	hours, err := c.history.Hours(c.ctx, from, until)
	if err != nil {
		c.err = err
		return
	}
	for at := from; at.Before(until); at = at.Add(time.Hour) {
		c.hours[at.Unix()] = nil
	}
	for i := range hours {
		at := hours[i].Start.Unix()
		c.exceeded[at] = hours[i].addExcess()
		c.hours[at] = &hours[i]
	}
}

// addExcess counts what was expected as if it weren't, for each entry of expected-deletes.yaml that allows less an hour
// than was deleted: which of the objects were too many can't be told. It returns whose deletes these are.
func (h *Hour) addExcess() map[string]bool {
	excess := h.excess()
	principals := map[string]bool{}
	for i := range h.Activities {
		a := &h.Activities[i]
		for j := range a.Expected {
			if e := &a.Expected[j]; excess[e.Entry] {
				a.count(&e.Counts, e.Samples)
				principals[a.Principal] = true
			}
		}
	}
	return principals
}

// excess returns the entries of expected-deletes.yaml that allow less an hour than was deleted.
func (h *Hour) excess() map[string]bool {
	objects := map[string]int64{}
	allowed := map[string]int64{}
	for i := range h.Activities {
		for j := range h.Activities[i].Expected {
			e := &h.Activities[i].Expected[j]
			if most, ok := allowed[e.Entry]; !ok || e.Cap < most {
				allowed[e.Entry] = e.Cap
			}
			objects[e.Entry] += e.Counts[Objects]
		}
	}
	excess := map[string]bool{}
	for entry, n := range objects {
		excess[entry] = n > allowed[entry]
	}
	return excess
}

// deleted returns how many objects were deleted, also as expected: those are in the Counts only if their entries are
// exceeded.
func (a *Activity) deleted(excess map[string]bool) int64 {
	n := a.Counts[Objects]
	for i := range a.Expected {
		if e := &a.Expected[i]; !excess[e.Entry] {
			n += e.Counts[Objects]
		}
	}
	return n
}

// principals returns what each principal did in the hour, as a person and by software.
func (h *Hour) principals() []Activity {
	var principals []Activity
	for i := range h.Activities {
		a := &h.Activities[i]
		if n := len(principals); n == 0 || principals[n-1].Principal != a.Principal {
			principals = append(principals, Activity{Principal: a.Principal})
		}
		principals[len(principals)-1].Merge(a)
	}
	return principals
}

// actor is what one actor did in an hour.
type actor struct {
	Activity              // of all its principals together
	principals []Activity // several only of People, in their order
}

// add adds what one of the actor's principals did. It keeps none of p's memory.
func (a *actor) add(p *Activity) {
	a.Merge(p)
	k := slices.IndexFunc(a.principals, func(have Activity) bool { return have.Principal == p.Principal })
	if k < 0 {
		k = len(a.principals)
		a.principals = append(a.principals, Activity{Principal: p.Principal})
	}
	a.principals[k].Merge(p)
}

// actors returns the actors of an hour by their names. PEOPLE are its persons together.
func (h *Hour) actors() []actor {
	index := map[string]int{}
	var actors []actor
	for i := range h.Activities {
		a := &h.Activities[i]
		name := a.Actor()
		k, ok := index[name]
		if !ok {
			k = len(actors)
			index[name] = k
			actors = append(actors, actor{Activity: Activity{Principal: name, Human: a.Human}})
		}
		actors[k].add(a)
	}
	slices.SortFunc(actors, func(a, b actor) int { return cmp.Compare(a.Principal, b.Principal) })
	return actors
}

// MergeShares returns the hours that the shares of one bucket tell of, oldest first. Which share comes first makes no
// difference but to the order within samples.
func MergeShares(shares []Share) []Hour {
	var hours []Hour
	byStart := map[int64]int{}
	for i := range shares {
		s := &shares[i]
		k, ok := byStart[s.Hour.Unix()]
		if !ok {
			k = len(hours)
			byStart[s.Hour.Unix()] = k
			hours = append(hours, Hour{Start: s.Hour})
		}
		hours[k].merge(s)
	}
	for i := range hours {
		slices.SortFunc(hours[i].Activities, func(a, b Activity) int {
			return cmp.Or(cmp.Compare(a.Principal, b.Principal), compareBool(a.Human, b.Human))
		})
	}
	slices.SortFunc(hours, func(a, b Hour) int { return a.Start.Compare(b.Start) })
	return hours
}

func (h *Hour) merge(s *Share) {
	h.IsLogBucket = h.IsLogBucket || s.IsLogBucket
	h.Uploads += s.Uploads
	h.Refused += s.Refused
	for i := range s.Activities {
		from := &s.Activities[i]
		k := slices.IndexFunc(h.Activities, func(a Activity) bool { return a.Principal == from.Principal && a.Human == from.Human })
		if k < 0 {
			k = len(h.Activities)
			h.Activities = append(h.Activities, Activity{Principal: from.Principal, Human: from.Human})
		}
		h.Activities[k].Merge(from)
		h.Activities[k].foundIn(s.LogFile, from)
	}
}

// foundIn adds the log file that tells of from to the samples of what it tells.
func (a *Activity) foundIn(logFile string, from *Activity) {
	add := func(into, samples map[Measure]*Sample) {
		for m := range samples {
			if s := into[m]; s != nil {
				s.LogFiles = appendFirst(s.LogFiles, logFile)
			}
		}
	}
	add(a.Samples, from.Samples)
	for i := range a.Expected {
		for j := range from.Expected {
			if a.Expected[i].Entry == from.Expected[j].Entry {
				add(a.Expected[i].Samples, from.Expected[j].Samples)
			}
		}
	}
}
