package history

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// sequenceReach is how far apart the windows may be of two anomalies that together are one of their own.
const sequenceReach = 24 * time.Hour

// Outcome is what there is to tell after a judgement.
type Outcome struct {
	News      []News     // in the order in which it was first seen
	Incidents []Incident // of which something was found, and nothing as severe was sent
	growths   []toReport
}

// News is a line to write about an anomaly.
type News struct {
	Anomaly           anomaly.Anomaly // with all that was found of it before
	Opened            bool            // nothing was told of it before
	BecameHigh        bool            // nothing so severe was told of it before
	UnexpectedDeletes int64           // of which nothing was told before

	stored *stored
}

// Remember adds what was found in one bucket when all of due was judged, and returns what there is to tell of it. An
// anomaly that is found again only ever becomes more. due is of one bucket; of its kinds Found says that a log file has
// put what it found by itself, and Message that there is an incident to return again.
//
// Until Told and Sent have said that it was told, the same is returned again, found again or not.
func (h *History) Remember(ctx context.Context, due []Due, found []anomaly.Anomaly, now time.Time) (*Outcome, error) {
	if len(due) == 0 {
		return &Outcome{}, nil
	}
	r := &memory{h: h, bucket: due[0].Bucket, partition: bucketPartition(due[0].Bucket), now: now, touched: map[string]*stored{}}
	out, err := r.remember(ctx, due, found)
	if err != nil {
		return nil, fmt.Errorf("cannot remember what was found in %s: %w", r.bucket.Name, err)
	}
	return out, nil
}

// memory is what one call of Remember works on.
type memory struct {
	h         *History
	bucket    anomaly.Bucket
	partition string
	now       time.Time

	read    span
	stored  map[string]*stored // all anomalies of that time, by their sort keys
	touched map[string]*stored // those of them that were found, or shown by a log file, or not told yet
}

func (r *memory) remember(ctx context.Context, due []Due, found []anomaly.Anomaly) (*Outcome, error) {
	hours := map[time.Time]bool{} // in which a log file shows something by itself
	var around span
	reach := func(first, last time.Time) {
		if s := (span{first.UTC(), last.UTC()}); around.first.IsZero() {
			around = s
		} else {
			around = around.with(s)
		}
	}
	for _, d := range due {
		if d.Kind == Found {
			hours[d.Hour] = true
			reach(d.Hour, d.Hour.Add(time.Hour))
		}
	}
	for i := range found {
		reach(found[i].WindowStart, found[i].WindowEnd)
	}
	if around.first.IsZero() {
		return r.outcome(ctx, due)
	}
	r.read = span{around.first.Add(-sequenceReach), around.last.Add(sequenceReach)}
	var err error
	if r.stored, err = r.h.readFound(ctx, r.partition, r.read, r.now); err != nil {
		return nil, err
	}
	for sort, s := range r.stored {
		if s.Severity.Compare(s.Told) > 0 { // a tick that found it has died before it told
			r.touched[sort] = s
		}
		if s.LogFile != "" && hours[s.WindowStart.UTC().Truncate(time.Hour)] {
			r.touched[sort] = s
		}
	}
	if err := r.merge(ctx, found); err != nil {
		return nil, err
	}
	if err := r.merge(ctx, r.h.sequences(r.anomalies(nil))); err != nil {
		return nil, err
	}
	return r.outcome(ctx, due)
}

// merge adds anomalies to what is stored of them.
func (r *memory) merge(ctx context.Context, found []anomaly.Anomaly) error {
	for i := range found {
		a := &found[i]
		sort := anomalySort(a)
		s, ok := r.stored[sort]
		if !ok {
			s = &stored{item: state.Item{Partition: r.partition, Sort: sort}}
		}
		if err := r.h.merge(ctx, s, a, r.toldByFiles(a), r.now); err != nil {
			return err
		}
		r.stored[sort], r.touched[sort] = s, s
	}
	return nil
}

// toldByFiles returns what log files have told of an anomaly, each of what it shows by itself.
func (r *memory) toldByFiles(a *anomaly.Anomaly) anomaly.Severity {
	var told anomaly.Severity
	for _, s := range r.stored {
		if s.LogFile != "" && s.Name == a.Name && s.Principal == a.Principal &&
			!s.WindowStart.Before(a.WindowStart) && !s.WindowEnd.After(a.WindowEnd) {
			told = worse(told, s.Told)
		}
	}
	return told
}

// anomalies returns those that want chooses, all if it is nil, in the order in which they were first seen.
func (r *memory) anomalies(want func(*anomaly.Anomaly) bool) []anomaly.Anomaly {
	return chosen(r.stored, want)
}

func chosen(found map[string]*stored, want func(*anomaly.Anomaly) bool) []anomaly.Anomaly {
	var list []anomaly.Anomaly
	for _, s := range sorted(found) {
		if want == nil || want(&s.Anomaly) {
			list = append(list, s.Anomaly)
		}
	}
	return list
}

func (r *memory) outcome(ctx context.Context, due []Due) (*Outcome, error) {
	touched := sorted(r.touched)
	growths, err := r.h.tally(ctx, r.partition, touched, r.now)
	if err != nil {
		return nil, err
	}
	out := &Outcome{growths: growths}
	deletes := map[*stored]int64{}
	for i := range growths {
		deletes[growths[i].worst(touched)] += growths[i].news
	}
	for _, s := range touched {
		if s.Severity.Compare(s.Told) <= 0 && deletes[s] == 0 {
			continue
		}
		out.News = append(out.News, News{
			Anomaly:           s.Anomaly,
			Opened:            s.Told == "",
			BecameHigh:        s.Severity.Compare(anomaly.High) >= 0 && s.Told.Compare(anomaly.High) < 0,
			UnexpectedDeletes: deletes[s],
			stored:            s,
		})
	}
	out.Incidents, err = r.incidents(ctx, touched, due)
	return out, err
}

// incidents adds the anomalies to their incidents, and returns those of which a message may have to be sent: of these,
// and of those with a message that is due.
func (r *memory) incidents(ctx context.Context, touched []*stored, due []Due) ([]Incident, error) {
	byActor := map[string]*incidents{}
	var extended []*storedIncident
	for _, s := range touched {
		actor := actorOf(&s.Anomaly)
		in, ok := byActor[actor]
		if !ok {
			var err error
			if in, err = r.h.readIncidents(ctx, r.partition, actor); err != nil {
				return nil, err
			}
			byActor[actor] = in
		}
		incident, err := r.h.add(ctx, r.partition, in, &s.Anomaly, r.now)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(extended, incident) {
			extended = append(extended, incident)
		}
	}
	for _, d := range due {
		if d.Kind != Message {
			continue
		}
		incident, err := r.h.readIncident(ctx, r.partition, d.incident)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(extended, func(s *storedIncident) bool { return s.item.Sort == incident.item.Sort }) {
			extended = append(extended, incident)
		}
	}
	var unsent []Incident
	for _, s := range extended {
		if s.Into != "" || s.Severity.Compare(s.Sent) <= 0 {
			continue
		}
		anomalies, err := r.of(ctx, s)
		if err != nil {
			return nil, err
		}
		unsent = append(unsent, Incident{
			Bucket: r.bucket, Principal: s.Principal, First: s.First, Last: s.Last, Severity: s.Severity, Sent: s.Sent,
			Anomalies: anomalies, partition: r.partition, sort: s.item.Sort,
		})
	}
	return unsent, nil
}

// of returns the anomalies of an incident.
func (r *memory) of(ctx context.Context, s *storedIncident) ([]anomaly.Anomaly, error) {
	all, within := r.stored, s.span()
	if within.first.Before(r.read.first) || within.last.After(r.read.last) {
		var err error
		if all, err = r.h.readFound(ctx, r.partition, within, r.now); err != nil {
			return nil, err
		}
	}
	return chosen(onceEachDelete(all), func(a *anomaly.Anomaly) bool {
		return strings.HasPrefix(s.item.Sort, incidentPrefix(actorOf(a))) && spanOf(a).gap(within) == 0
	}), nil
}

// onceEachDelete leaves out what a log file shows of deleted objects where the judgement of the hour tells of those of all
// log files. Changes, which have no objects, stay each for itself.
func onceEachDelete(all map[string]*stored) map[string]*stored {
	rest := maps.Clone(all)
	maps.DeleteFunc(rest, func(_ string, s *stored) bool {
		judged, ok := all[anomalySort(&s.Anomaly)]
		return s.LogFile != "" && ok && (s.KeysInAll > 0 || slices.ContainsFunc(s.EventIDs, func(id string) bool {
			return slices.Contains(judged.EventIDs, id) // a call of which nobody knows the objects
		}))
	})
	return rest
}

// Told says that all News were written.
func (h *History) Told(ctx context.Context, out *Outcome, now time.Time) error {
	for i := range out.News {
		n := &out.News[i]
		err := h.changeFound(ctx, n.stored, now, func(f *foundItem) { f.Told = worse(f.Told, n.Anomaly.Severity) })
		if err != nil {
			return fmt.Errorf("cannot put that %s of %s was told: %w", n.Anomaly.Name, n.Anomaly.Bucket, err)
		}
	}
	for i := range out.growths {
		g := &out.growths[i]
		_, _, err := h.changeTally(ctx, g.item, now, func(t *tallyItem) { t.Reported = max(t.Reported, g.n) })
		if err != nil {
			return fmt.Errorf("cannot put which deletes were reported: %w", err)
		}
	}
	return nil
}
