package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

const (
	// complete is how long after its end a day is complete: log files may be delivered 24 hours late. A day is closed with
	// what was delivered until then, whenever it is closed.
	complete = 24 * time.Hour
	// closedOnDemand is how many days are closed when a later one is judged. Of older ones the evidence may be gone.
	closedOnDemand = 4
	// baselineReach is how many days a process keeps of those that it has read: judging asks for less.
	baselineReach = 40 * day
)

// CloseDay puts what is remembered of a day that is complete, and of those shortly before it, unless that was done.
func (h *History) CloseDay(ctx context.Context, b anomaly.Bucket, date, now time.Time) error {
	date = date.UTC().Truncate(day)
	if now.After(date.Add(keepEvidence)) {
		return nil // too late: what there is may be a part of it
	}
	v := h.view(b, now, now)
	if _, err := h.daysOf(ctx, v, date, date); err != nil {
		return fmt.Errorf("cannot close %s of %s: %w", format(date, dayFormat), b.Name, err)
	}
	return nil
}

// daysOf returns the complete days from <= Date <= to. It closes those of the last days that are not closed yet.
func (h *History) daysOf(ctx context.Context, v *view, from, to time.Time) ([]anomaly.Day, error) {
	first := from
	if demanded := to.Add(-(closedOnDemand - 1) * day); !v.closing && demanded.Before(from) {
		first = demanded
	}
	known, err := h.readDays(ctx, v, first, to)
	if err != nil {
		return nil, err
	}
	if !v.closing {
		if err := h.closeMissing(ctx, v, known); err != nil {
			return nil, err
		}
		h.keepDays(v, known)
	}
	var days []anomaly.Day
	for date := from; !date.After(to); date = date.Add(day) {
		data := known.data[date]
		if data == nil {
			continue
		}
		d, err := h.closedDays.value(place{v.partition, daySort(date)}, data, decodeDay)
		if err != nil {
			return nil, damaged(state.Item{Partition: v.partition, Sort: daySort(date)}, err)
		}
		days = append(days, d)
	}
	return days, nil
}

// readDays returns what is stored of the days from <= Date <= to. It reads what this process doesn't know already.
func (h *History) readDays(ctx context.Context, v *view, from, to time.Time) (knownDays, error) {
	have, _ := h.days.get(v.known)
	known, unknown := have.part(from, to)
	if unknown.After(to) {
		return known, nil
	}
	err := h.store.Query(ctx, v.partition, daySort(unknown), daySort(to.Add(day)), func(item state.Item) bool {
		if date, err := time.Parse("d#"+dayFormat, item.Sort); err == nil {
			known.data[date] = slices.Clone(item.Data)
		}
		return true
	})
	return known, err
}

// keepDays keeps those of the days that are complete.
func (h *History) keepDays(v *view, days knownDays) {
	days, _ = days.part(days.from, earlier(days.to, v.asOf.UTC().Add(-day-complete).Truncate(day)))
	if days.to.Before(days.from) {
		return
	}
	have, _ := h.days.get(v.known)
	if all, same := have.with(days); !same {
		h.days.put(v.known, all)
	}
}

// closeMissing closes those of the last days that are complete and have no item, oldest first, and adds them.
func (h *History) closeMissing(ctx context.Context, v *view, known knownDays) error {
	var since time.Time
	for date := known.to.Add(-(closedOnDemand - 1) * day); !date.After(known.to); date = date.Add(day) {
		asOf := date.Add(day + complete)
		if _, ok := known.data[date]; ok || asOf.After(v.asOf) {
			continue
		}
		if since.IsZero() {
			var err error
			if since, err = v.firstDay(ctx); err != nil {
				return err
			}
		}
		if since.IsZero() || date.Before(since) {
			known.data[date] = nil
			continue
		}
		data, err := h.closeOne(ctx, v, date, asOf)
		if err != nil {
			return err
		}
		known.data[date] = data
	}
	return nil
}

// closeOne returns the day's data as it is stored then, by whomever: they all write the same.
func (h *History) closeOne(ctx context.Context, v *view, date, asOf time.Time) ([]byte, error) {
	past := &view{h: h, bucket: v.bucket, partition: v.partition, known: v.known, asOf: asOf, from: asOf, closing: true}
	closed, err := h.closeDay(ctx, v.bucket, past, date)
	if err != nil {
		return nil, err
	}
	data, err := encode(closed)
	if err != nil {
		return nil, err
	}
	item := state.Item{Partition: v.partition, Sort: daySort(date), Data: data, Expires: expiry(asOf, keepDay)}
	stored, err := h.store.PutIf(ctx, item)
	if err != nil && !errors.Is(err, state.ErrConflict) {
		return nil, err
	}
	return stored.Data, nil
}

func decodeDay(data []byte) (d anomaly.Day, err error) {
	err = decode(data, &d)
	return d, err
}
