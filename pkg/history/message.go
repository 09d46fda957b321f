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

// Messages is how many messages about incidents were sent in an hour, and whether people were told that others wait.
type Messages struct {
	Sent   int64
	Notice bool `json:",omitempty"`
}

// MessagesOf returns the messages of now's hour.
func (h *History) MessagesOf(ctx context.Context, now time.Time) (Messages, error) {
	_, m, err := h.readMessages(ctx, now)
	return m, err
}

// CountMessage says that one more message was sent; notice, that it was the one that says that others wait.
func (h *History) CountMessage(ctx context.Context, notice bool, now time.Time) error {
	item, _, err := h.readMessages(ctx, now)
	if err == nil {
		_, _, err = changeContent(ctx, h, item, expiry(now, keepTally), func(m *Messages) {
			if notice {
				m.Notice = true
			} else {
				m.Sent++
			}
		})
	}
	if err != nil {
		return fmt.Errorf("cannot count a message: %w", err)
	}
	return nil
}

func (h *History) readMessages(ctx context.Context, now time.Time) (item state.Item, m Messages, err error) {
	if item, err = h.store.Get(ctx, alertsPartition, format(now, hourFormat)); err == nil {
		if err = decodeOr(item.Data, &m); err != nil {
			err = damaged(item, err)
		}
	}
	if err != nil {
		err = fmt.Errorf("cannot read how many messages were sent: %w", err)
	}
	return item, m, err
}
