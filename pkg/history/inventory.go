package history

import (
	"context"
	"fmt"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// comparedItem is since when a trail's digests are compared with what was processed.
type comparedItem struct{ Since time.Time }

// ComparedSince returns since when the digests of a trail, one Region's, are compared: since it was first asked. Of what
// was delivered before nobody knows whether it was announced. trail is any name that tells one from another.
func (h *History) ComparedSince(ctx context.Context, bucket anomaly.Bucket, trail string, now time.Time) (time.Time, error) {
	item, err := h.store.Get(ctx, bucketPartition(bucket), comparedSort(trail))
	if err == nil {
		var is comparedItem
		_, is, err = changeContent(ctx, h, item, time.Time{}, func(i *comparedItem) {
			if i.Since.IsZero() {
				i.Since = now.UTC()
			}
		})
		if err == nil {
			return is.Since, nil
		}
	}
	return time.Time{}, fmt.Errorf("cannot read since when digests of %s are compared: %w", bucket.Name, err)
}

// PutInventory puts what is left to be looked at of a digest, to be due then. If that is more than an item takes, it is
// the first of its files, and kept says how many. The same may be put again.
func (h *History) PutInventory(ctx context.Context, i anomaly.Inventory, due, now time.Time) (kept int, err error) {
	for {
		p := pending{
			Kind: Listed, AccountID: i.Bucket.AccountID, Bucket: i.Bucket.Name, Hour: i.Start.UTC().Truncate(time.Hour), Due: wholeMinute(due), Inventory: &i,
		}
		item, err := p.item(token(i.Digest, now), now)
		if err == nil && len(item.Data) > maxData {
			i.Files = i.Files[:len(i.Files)/2]
			continue
		}
		if err == nil {
			err = h.put(ctx, []state.Item{item})
		}
		if err != nil {
			return 0, fmt.Errorf("cannot put which log files of %s are to be looked for: %w", i.Bucket.Name, err)
		}
		return len(i.Files), nil
	}
}
