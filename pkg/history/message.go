package history

import (
	"context"
	"fmt"
	"time"

	"bucketwatch/pkg/state"
)

// Sent says that a message about the incident was sent, at its severity.
func (h *History) Sent(ctx context.Context, incident *Incident, now time.Time) error {
	item, err := h.store.Get(ctx, incident.partition, incident.sort)
	if err == nil {
		s := &storedIncident{item: item}
		err = h.changeIncident(ctx, s, now, func(i *incidentItem) { i.Sent = worse(i.Sent, incident.Severity) })
	}
	if err != nil {
		return fmt.Errorf("cannot put that a message about %s was sent: %w", incident.Bucket.Name, err)
	}
	return nil
}

// Postpone puts that messages about these incidents are to be sent, and nothing else is left to do: the next tick finds
// that due, and all that was judged now can be finished. A message of due itself that is postponed stays due, finished
// or not.
func (h *History) Postpone(ctx context.Context, incidents []Incident, due []Due, now time.Time) error {
	items := map[string]state.Item{}
	for i := range incidents {
		in := &incidents[i]
		// The same for each tick that can't send it, so that there is one item for the incident.
		p := pending{
			Kind: Message, AccountID: in.Bucket.AccountID, Bucket: in.Bucket.Name,
			Hour: in.First.UTC().Truncate(time.Hour), Due: wholeMinute(in.First), Incident: in.sort,
		}
		item, err := p.item(token(in.sort, now), now)
		if err != nil {
			return fmt.Errorf("cannot postpone a message about %s: %w", in.Bucket.Name, err)
		}
		for _, d := range due {
			if d.sort == item.Sort && d.version == item.Version {
				item.Version++ // or it would be finished
			}
		}
		items[item.Sort] = item
	}
	if err := h.put(ctx, inOrder(items)); err != nil {
		return fmt.Errorf("cannot postpone messages: %w", err)
	}
	return nil
}
