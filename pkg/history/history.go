// Package history remembers what log files told of buckets, and what was found: as items of a state.Store. It gives a
// bucket's evidence and complete days back as an anomaly.History, as they were known at a moment, and says what is to be
// judged.
//
// It doesn't judge: that is package anomaly's. When to ask what is due, and telling what was found, is the pipeline's.
//
// A log file's share of the evidence depends on no other log file, so it is put as it is, and put again by a second
// delivery. Whatever changes later is changed by state.Store.PutIf, and only ever becomes more. So the same log files
// and the same ticks leave the same items, in whatever order and by however many at once they were read.
package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// How far back a judgement looks. It goes by the times in the items: a store may return what has expired, or not.
const (
	evidenceAge = 5 * 24 * time.Hour
	keysAge     = 8 * 24 * time.Hour
)

// How long a store must keep items. Evidence stays three days longer than hours are judged, since days are closed with it
// up to evidenceAge after their beginning, and a tick may come late.
const (
	keepEvidence = 8 * 24 * time.Hour
	keepKeys     = 10 * 24 * time.Hour
	keepPending  = 14 * 24 * time.Hour
	keepDay      = 120 * 24 * time.Hour
	keepFound    = 100 * 24 * time.Hour // anomalies and incidents
	keepTally    = 14 * 24 * time.Hour
)

const day = 24 * time.Hour

// maxSmallBytes bounds what is kept where there is little of each bucket: 10,000 of them.
const maxSmallBytes = 10000 * cacheOverhead

// History is what is remembered. It may be used by several goroutines at once.
type History struct {
	store state.Store

	// What this process knows of the store and need not read, or write, again. What it was read for is by known, since is by
	// partition.
	since     *cache[string, bucketItem] // as it was written
	firstDays *cache[string, sinceRead]
	days      *cache[string, knownDays]
	recent    *cache[place, recentHour]
	past      *cache[place, pastDay]
	queued    *cache[string, struct{}] // by sort key

	shares     decoded[anomaly.Share]
	packedKeys decoded[unpacked]
	closedDays decoded[anomaly.Day]

	marksMu sync.Mutex
	marks   map[string]int64 // by partition, as Due read them last; see markPrefix

	maxKeys   int
	closeDay  func(context.Context, anomaly.Bucket, anomaly.History, time.Time) (anomaly.Day, error)
	sequences func([]anomaly.Anomaly) []anomaly.Anomaly
}

// New returns what the store remembers.
func New(store state.Store) *History {
	return &History{
		store:     store,
		since:     newCache[string](maxSmallBytes, func(bucketItem) int { return 0 }),
		firstDays: newCache[string](maxSmallBytes, func(sinceRead) int { return 0 }),
		days:      newCache[string](maxDayBytes, knownDays.bytes),
		recent:    newCache[place](maxRecentBytes, recentHour.bytes),
		past:      newCache[place](maxPastBytes, pastDay.bytes),
		queued:    newCache[string](maxSmallBytes, func(struct{}) int { return 0 }),

		shares:     newDecoded[anomaly.Share](),
		packedKeys: newDecoded[unpacked](),
		closedDays: newDecoded[anomaly.Day](),

		marks:     map[string]int64{},
		maxKeys:   maxKeys,
		closeDay:  anomaly.CloseDay,
		sequences: anomaly.Sequences,
	}
}

// maxAttempts is how often a change is tried. Each attempt that fails means that somebody else's succeeded.
const maxAttempts = 20

// change changes an item, of which what was last read is given. alter returns its new data, or nil to leave it as it is;
// it is called again with what others wrote meanwhile. change returns the item as it is then.
func (h *History) change(ctx context.Context, item state.Item, expires time.Time, alter func(data []byte) ([]byte, error)) (state.Item, error) {
	for range maxAttempts {
		data, err := alter(item.Data)
		if err != nil || data == nil {
			return item, err
		}
		item.Data, item.Expires = data, expires
		stored, err := h.store.PutIf(ctx, item)
		if !errors.Is(err, state.ErrConflict) {
			return stored, err
		}
		item = stored
	}
	return item, fmt.Errorf("after %d attempts: %w", maxAttempts, state.ErrConflict)
}

// atOnce calls do with all of list, as many at once as a store takes. The first error ends the others' context, and is
// returned.
func atOnce[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	working, together := errgroup.WithContext(ctx)
	working.SetLimit(state.CallsAtOnce)
	for _, it := range list {
		if together.Err() != nil {
			break
		}
		working.Go(func() error { return do(together, it) })
	}
	return cmp.Or(working.Wait(), ctx.Err())
}

// expiry is when an item that is written now may be forgotten.
func expiry(now time.Time, keep time.Duration) time.Time { return now.Add(keep).Truncate(time.Second) }

// changeContent is change for an item whose content is one T, the zero one where there is no item. An alter that leaves
// it as it is writes nothing. It returns the content as it is then, too.
func changeContent[T comparable](ctx context.Context, h *History, item state.Item, expires time.Time, alter func(*T)) (state.Item, T, error) {
	var last T
	item, err := h.change(ctx, item, expires, func(data []byte) ([]byte, error) {
		var content T
		if err := decodeOr(data, &content); err != nil {
			return nil, err
		}
		last = content
		alter(&last)
		if last == content {
			return nil, nil
		}
		return encode(last)
	})
	return item, last, err
}
