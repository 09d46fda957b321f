package history

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// foundItem is an anomaly in its item.
type foundItem struct {
	anomaly.Anomaly
	Told      anomaly.Severity // the highest of which a line was written; "": none was
	LogFile   string           `json:",omitempty"` // that shows it by itself
	Delivered time.Time        `json:",omitzero"`  // when that was delivered
}

// PutFound adds anomalies that a log file shows by itself. The log file's own invocation tells them, so they count as
// told. Each is an item of its own, which another log file's doesn't change. A tick will see to their incidents.
func (h *History) PutFound(ctx context.Context, found []anomaly.Anomaly, logFile string, delivered, now time.Time) error {
	items := make([]state.Item, 0, len(found))
	pendings := map[string]state.Item{}
	for n := range found {
		a := &found[n]
		bucket := anomaly.Bucket{AccountID: a.AccountID, Name: a.Bucket}
		data, err := encode(foundItem{Anomaly: *a, Told: a.Severity, LogFile: logFile, Delivered: delivered})
		if err != nil {
			return fmt.Errorf("cannot put %s of %s: %w", a.Name, a.Bucket, err)
		}
		items = append(items, state.Item{
			Partition: bucketPartition(bucket), Sort: ownAnomalySort(a, logFile, n), Version: 1, Data: data, Expires: expiry(now, keepFound),
		})
		p := pending{Kind: Found, AccountID: a.AccountID, Bucket: a.Bucket, Hour: a.WindowStart.UTC().Truncate(time.Hour), Due: wholeMinute(delivered)}
		item, err := p.item(token(logFile, now), now)
		if err != nil {
			return fmt.Errorf("cannot put %s of %s: %w", a.Name, a.Bucket, err)
		}
		pendings[item.Sort] = item
	}
	if err := h.put(ctx, items); err != nil {
		return fmt.Errorf("cannot put what was found: %w", err)
	}
	if err := h.put(ctx, inOrder(pendings)); err != nil {
		return fmt.Errorf("cannot put what is to be remembered: %w", err)
	}
	return nil
}

// stored is an anomaly as it is in the store, or will be.
type stored struct {
	foundItem
	item state.Item
}

func (s *stored) decode(item state.Item) error {
	*s = stored{item: item}
	if err := decode(item.Data, &s.foundItem); err != nil {
		return damaged(item, err)
	}
	return nil
}

// span is a time with its ends.
type span struct{ first, last time.Time }

// spanOf returns when the anomaly was first and last seen.
func spanOf(a *anomaly.Anomaly) span {
	if a.First.IsZero() {
		return span{a.WindowStart.UTC(), a.WindowEnd.UTC()}
	}
	return span{a.First.UTC(), a.Last.UTC()}
}

// gap returns how much time lies between the two, 0 if they overlap.
func (s span) gap(o span) time.Duration {
	return max(s.first.Sub(o.last), o.first.Sub(s.last), 0)
}

func (s span) with(o span) span {
	if o.first.Before(s.first) {
		s.first = o.first
	}
	if o.last.After(s.last) {
		s.last = o.last
	}
	return s
}

// readFound returns the bucket's anomalies whose windows touch the span, by their sort keys. What a log file that was
// delivered after asOf shows by itself isn't among them.
func (h *History) readFound(ctx context.Context, partition string, within span, asOf time.Time) (map[string]*stored, error) {
	found := map[string]*stored{}
	var failed error
	// No window is longer than a day.
	from, until := "a#"+format(within.first.Add(-day), dayFormat), after("a#"+format(within.last, dayFormat))
	err := h.store.Query(ctx, partition, from, until, func(item state.Item) bool {
		var s stored
		if failed = s.decode(item); failed != nil {
			return false
		}
		if !s.Delivered.After(asOf) && !s.WindowStart.After(within.last) && !s.WindowEnd.Before(within.first) {
			found[item.Sort] = &s
		}
		return true
	})
	return found, cmp.Or(failed, err)
}

// merge adds a to the anomaly that is stored as s, or makes it one, of which told was told.
func (h *History) merge(ctx context.Context, s *stored, a *anomaly.Anomaly, told anomaly.Severity, now time.Time) error {
	return h.changeFound(ctx, s, now, func(f *foundItem) {
		if f.Name == "" {
			f.Anomaly, f.Told = *a, told
			return
		}
		f.Merge(a)
	})
}

// changeFound changes the anomaly that is stored as s, if alter does, and s with it.
func (h *History) changeFound(ctx context.Context, s *stored, now time.Time, alter func(*foundItem)) error {
	var last foundItem
	item, err := h.change(ctx, s.item, expiry(now, keepFound), func(data []byte) ([]byte, error) {
		last = foundItem{}
		if err := decodeOr(data, &last); err != nil {
			return nil, err
		}
		alter(&last)
		altered, err := encode(last)
		if err != nil || bytes.Equal(altered, data) {
			return nil, err
		}
		return altered, nil
	})
	if err == nil {
		*s = stored{foundItem: last, item: item}
	}
	return err
}

// sorted returns the anomalies in the order in which they were first seen, and those of one moment in the order of
// their keys.
func sorted(found map[string]*stored) []*stored {
	list := make([]*stored, 0, len(found))
	for _, s := range found {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *stored) int {
		return cmp.Or(spanOf(&a.Anomaly).first.Compare(spanOf(&b.Anomaly).first), cmp.Compare(a.item.Sort, b.item.Sort))
	})
	return list
}
