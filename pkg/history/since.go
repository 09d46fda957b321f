package history

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
)

// known says that a log file told of a bucket's day.
type known struct {
	Delivered time.Time
	Day       time.Time
}

// says tells whether k was known no later than o, of a day no later: then o adds nothing.
func (k known) says(o known) bool { return !k.Delivered.After(o.Delivered) && !k.Day.After(o.Day) }

func (k known) inDays() known {
	return known{Delivered: k.Delivered.UTC(), Day: k.Day.UTC().Truncate(day)}
}

// bucketItem holds no two of which one adds nothing to the other: nearly always there is one. Since when a bucket is
// known depends on when it is asked, as it does for all else that log files tell.
type bucketItem struct {
	Since []known
}

// add adds k, and tells whether that made a difference.
func (b *bucketItem) add(k known) bool {
	for _, have := range b.Since {
		if have.says(k) {
			return false
		}
	}
	b.Since = slices.DeleteFunc(b.Since, k.says)
	b.Since = append(b.Since, k)
	slices.SortFunc(b.Since, func(a, b known) int { return a.Delivered.Compare(b.Delivered) })
	return true
}

// putFirst puts since when buckets are known. A process that was just started asks the store about each of them.
func (h *History) putFirst(ctx context.Context, first map[anomaly.Bucket]known) error {
	var unknown []anomaly.Bucket
	for bucket, k := range first {
		if !h.knowsSince(bucket, k) {
			unknown = append(unknown, bucket)
		}
	}
	return atOnce(ctx, unknown, func(ctx context.Context, bucket anomaly.Bucket) error {
		if err := h.putSince(ctx, bucket, first[bucket]); err != nil {
			return fmt.Errorf("cannot put since when %s is known: %w", bucket.Name, err)
		}
		return nil
	})
}

// knowsSince tells whether this process knows that k was known of the bucket before.
func (h *History) knowsSince(bucket anomaly.Bucket, k known) bool {
	written, ok := h.since.get(bucketPartition(bucket))
	return ok && slices.ContainsFunc(written.Since, func(have known) bool { return have.says(k.inDays()) })
}

// putSince puts that k is known of the bucket: with one read of the store, and a write if it wasn't known so.
func (h *History) putSince(ctx context.Context, bucket anomaly.Bucket, k known) error {
	k = k.inDays()
	partition := bucketPartition(bucket)
	// Read first, though a conditional write that is refused answers with the item, too: nearly always it is known, each new
	// process asks of each bucket, and a table that is new to a burst has a third as many writes as reads.
	item, err := h.store.Get(ctx, partition, bucketSort)
	if err != nil {
		return err
	}
	item, err = h.change(ctx, item, time.Time{}, func(data []byte) ([]byte, error) {
		var b bucketItem
		if err := decodeOr(data, &b); err != nil {
			return nil, err
		}
		if !b.add(k) {
			return nil, nil
		}
		return encode(b)
	})
	if err != nil {
		return err
	}
	var b bucketItem
	if err := decodeOr(item.Data, &b); err != nil {
		return damaged(item, err)
	}
	h.since.put(partition, b)
	return nil
}

// settled is how long after a bucket's first day an older one isn't to be expected any more, but from old log files that
// are read again.
const settled = 3 * day

// sinceRead is the first day of a bucket, as it was read in an hour.
type sinceRead struct {
	hour  time.Time // of what was asked
	since time.Time
}

// firstDay returns the first day of which anything was known at asOf, zero if nothing was. Where the day is settled, it
// is read once for each hour that is asked for.
func (v *view) firstDay(ctx context.Context) (time.Time, error) {
	hour := v.asOf.UTC().Truncate(time.Hour)
	if have, ok := v.h.firstDays.get(v.known); ok && have.hour.Equal(hour) {
		return have.since, nil
	}
	item, err := v.h.store.Get(ctx, v.partition, bucketSort)
	if err != nil {
		return time.Time{}, err
	}
	var b bucketItem
	if err := decodeOr(item.Data, &b); err != nil {
		return time.Time{}, damaged(item, err)
	}
	var since time.Time
	for _, k := range b.Since {
		if !k.Delivered.After(v.asOf) && (since.IsZero() || k.Day.Before(since)) {
			since = k.Day
		}
	}
	if !since.IsZero() && hour.Sub(since) >= settled {
		v.h.firstDays.put(v.known, sinceRead{hour, since})
	}
	return since, nil
}
