package history

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// PutShares adds what one log file tells of the buckets of an account: of one of which it tells nothing, only that there
// is such a bucket. now is for the items' expiry, and to tell what is put late. The same shares may be put again: after
// an error, or when the log file is delivered twice.
//
// What is to be judged is put last, so that whoever is asked to judge finds the evidence. What was put late is marked
// after it was put and before it is asked for: whoever sees the mark reads all of it anew.
func (h *History) PutShares(ctx context.Context, accountID string, shares []anomaly.Share, now time.Time) error {
	var evidence []state.Item
	pending := map[string]state.Item{}
	marks := map[string]state.Item{}
	first := map[anomaly.Bucket]known{}
	for i := range shares {
		s := &shares[i]
		bucket := anomaly.Bucket{AccountID: accountID, Name: s.Bucket}
		items, err := shareItems(bucketPartition(bucket), s, now)
		if err != nil {
			return fmt.Errorf("cannot put evidence of %s: %w", s.Bucket, err)
		}
		evidence = append(evidence, items...)
		if item, late := mark(bucketPartition(bucket), s, now); late {
			marks[item.Sort] = item
		}
		if k, ok := first[bucket]; !ok || s.Hour.Before(k.Day) {
			first[bucket] = known{Delivered: s.Delivered, Day: s.Hour}
		}
		if p, ok := pendingOf(bucket, s); ok {
			item, err := p.item(token(s.LogFile, now), now)
			if err != nil {
				return fmt.Errorf("cannot put evidence of %s: %w", s.Bucket, err)
			}
			pending[item.Sort] = item
		}
	}
	working, both := errgroup.WithContext(ctx)
	working.Go(func() error {
		if err := h.put(both, evidence); err != nil {
			return fmt.Errorf("cannot put evidence: %w", err)
		}
		return nil
	})
	working.Go(func() error { return h.putFirst(both, first) })
	if err := working.Wait(); err != nil {
		return err
	}
	if err := h.put(ctx, inOrder(marks)); err != nil {
		return fmt.Errorf("cannot put what was put late: %w", err)
	}
	if err := h.put(ctx, inOrder(pending)); err != nil {
		return fmt.Errorf("cannot put what is to be judged: %w", err)
	}
	return nil
}

// put puts the items, if there are any.
func (h *History) put(ctx context.Context, items []state.Item) error {
	if len(items) == 0 {
		return nil
	}
	return h.store.Put(ctx, items...)
}

// maxData is how large an item's data may be. A store takes 400 KB, keys and names included.
const maxData = 300 << 10

// isEmpty tells whether the share says no more than that there is such a bucket.
func isEmpty(s *anomaly.Share) bool {
	return len(s.Activities) == 0 && s.Uploads == 0 && s.Refused == 0
}

// shareItems returns the items of a share, of which there may be several where it is large.
func shareItems(partition string, s *anomaly.Share, now time.Time) ([]state.Item, error) {
	if isEmpty(s) {
		return nil, nil
	}
	evidence, err := encodeShare(s)
	if err != nil {
		return nil, err
	}
	var items []state.Item
	for n, data := range evidence {
		items = append(items, state.Item{Partition: partition, Sort: shareSort(evidenceKind, s, n), Data: data, Expires: expiry(now, keepEvidence)})
	}
	for n, data := range packAll(s.Delivered, s.Keys) {
		items = append(items, state.Item{Partition: partition, Sort: shareSort(keysKind, s, n), Data: data, Expires: expiry(now, keepKeys)})
	}
	return items, nil
}
