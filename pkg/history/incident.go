package history

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// quiet is how much time without anomalies ends an incident.
const quiet = 6 * time.Hour

// Incident is the anomalies of one bucket and actor without six quiet hours between them. All persons of a bucket are
// one actor.
type Incident struct {
	Bucket    anomaly.Bucket
	Principal string // the person, if it is one; several are anomaly.People
	First     time.Time
	Last      time.Time
	Severity  anomaly.Severity
	Sent      anomaly.Severity  // the highest of which a message was sent; "": none was
	Anomalies []anomaly.Anomaly // oldest first

	partition, sort string
}

// incidentItem is an incident in its item.
type incidentItem struct {
	Principal string
	First     time.Time
	Last      time.Time
	Severity  anomaly.Severity
	Sent      anomaly.Severity `json:",omitempty"`
	Into      string           `json:",omitempty"` // the sort key of the incident that this one has become a part of
}

func (i *incidentItem) span() span { return span{i.First, i.Last} }

// add makes an anomaly, or an incident, part of i.
func (i *incidentItem) add(principal string, s span, severity, sent anomaly.Severity) {
	switch {
	case i.First.IsZero():
		i.Principal, i.First, i.Last = principal, s.first, s.last
	case i.Principal != principal:
		i.Principal = anomaly.People
	}
	all := i.span().with(s)
	i.First, i.Last = all.first, all.last
	i.Severity = worse(i.Severity, severity)
	i.Sent = worse(i.Sent, sent)
}

func worse(a, b anomaly.Severity) anomaly.Severity {
	if b.Compare(a) > 0 {
		return b
	}
	return a
}

// actorOf returns whose incident an anomaly belongs to.
func actorOf(a *anomaly.Anomaly) string {
	if a.Kind == anomaly.Human || a.Kind == anomaly.Persons {
		return anomaly.People
	}
	return a.Principal
}

// principalOf returns the one that an anomaly is about, People if there are several.
func principalOf(a *anomaly.Anomaly) string {
	if individuals := a.Individuals(); len(individuals) == 1 {
		return individuals[0]
	}
	return a.Principal
}

// storedIncident is an incident as it is in the store.
type storedIncident struct {
	incidentItem
	item state.Item
}

// incidents are those of one bucket and actor.
type incidents struct {
	actor string
	list  []*storedIncident // oldest first
}

func (h *History) readIncidents(ctx context.Context, partition, actor string) (*incidents, error) {
	all := &incidents{actor: actor}
	var failed error
	prefix := incidentPrefix(actor)
	err := h.store.Query(ctx, partition, prefix, after(prefix), func(item state.Item) bool {
		s := &storedIncident{item: item}
		if err := decode(item.Data, &s.incidentItem); err != nil {
			failed = damaged(item, err)
			return false
		}
		if s.Into == "" {
			all.list = append(all.list, s)
		}
		return true
	})
	if failed != nil {
		return nil, failed
	}
	return all, err
}

// readIncident returns the incident of that sort key, or the one that it has become a part of.
func (h *History) readIncident(ctx context.Context, partition, sort string) (*storedIncident, error) {
	for range maxAttempts {
		item, err := h.store.Get(ctx, partition, sort)
		if err != nil {
			return nil, err
		}
		s := &storedIncident{item: item}
		if err := decodeOr(item.Data, &s.incidentItem); err != nil {
			return nil, damaged(item, err)
		}
		if s.Into == "" {
			return s, nil
		}
		sort = s.Into
	}
	return nil, fmt.Errorf("incident %s is a part of too many", state.Keys(partition, sort))
}

// add makes the anomaly part of its incident, which it may begin. Where it closes the gap between several, they become
// the oldest of them: what was sent of one was sent of all.
func (h *History) add(ctx context.Context, partition string, in *incidents, a *anomaly.Anomaly, now time.Time) (*storedIncident, error) {
	when := spanOf(a)
	var same []*storedIncident
	for _, s := range in.list {
		if s.span().gap(when) < quiet {
			same = append(same, s)
		}
	}
	if len(same) == 0 {
		same = append(same, &storedIncident{item: state.Item{Partition: partition, Sort: incidentSort(in.actor, when.first)}})
		in.list = append(in.list, same[0])
	}
	target, others := same[0], same[1:]
	err := h.changeIncident(ctx, target, now, func(i *incidentItem) {
		for _, o := range others {
			i.add(o.Principal, o.span(), o.Severity, o.Sent)
		}
		i.add(principalOf(a), when, a.Severity, "")
	})
	if err != nil {
		return nil, err
	}
	for _, o := range others {
		if err := h.changeIncident(ctx, o, now, func(i *incidentItem) { i.Into = target.item.Sort }); err != nil {
			return nil, err
		}
	}
	in.list = slices.DeleteFunc(in.list, func(s *storedIncident) bool { return s.Into != "" })
	return target, nil
}

// changeIncident changes the incident that is stored as s, if alter does, and s with it.
func (h *History) changeIncident(ctx context.Context, s *storedIncident, now time.Time, alter func(*incidentItem)) error {
	item, last, err := changeContent(ctx, h, s.item, expiry(now, keepFound), alter)
	if err == nil {
		s.item, s.incidentItem = item, last
	}
	return err
}
