package history

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bucketwatch/pkg/state"
)

const (
	// maxRemembered is how many hours are read one by one, each from where it was read before. More are read in one go.
	maxRemembered = 3 * time.Hour
	// lateness is how long after its delivery a log file's evidence is looked for again and again. Evidence that is put
	// later still says so, see markPrefix.
	lateness = 5 * time.Minute
	// maxRecentBytes bounds what is kept of all buckets together.
	maxRecentBytes = 8 << 20
)

// place is where a bucket's items begin that go together.
type place struct{ partition, prefix string }

// recentHour is what was read of a bucket's hour. What was delivered until read is in it.
type recentHour struct {
	read  time.Time
	items []state.Item // in the order of their sort keys
}

func (r recentHour) bytes() int {
	n := 0
	for _, item := range r.items {
		n += itemBytes(item)
	}
	return n
}

func itemBytes(item state.Item) int { return len(item.Sort) + len(item.Data) + 100 }

// index returns which item is the first with that sort key or a later one.
func (r recentHour) index(sort string) int {
	i, _ := slices.BinarySearchFunc(r.items, sort, func(item state.Item, sort string) int { return cmp.Compare(item.Sort, sort) })
	return i
}

// hour calls yield with the items of an hour, in the order of their sort keys, until it returns an error. It reads those
// that may be new since this process read the hour last, and keeps what it read if there isn't too much of it.
func (v *view) hour(ctx context.Context, prefix string, yield func(state.Item) error) error {
	at := place{v.known, prefix}
	have, _ := v.h.recent.get(at)
	from := prefix
	if !have.read.IsZero() {
		unread := have.read.Add(-lateness)
		if v.unread.Before(unread) {
			unread = v.unread
		}
		from += format(unread, minuteFormat)
	}
	until := prefix + format(v.asOf.Add(time.Minute), minuteFormat)
	read := recentHour{read: later(have.read, v.asOf)}
	bytes, tooMuch := 0, false
	add := func(item state.Item) error {
		if bytes += itemBytes(item); bytes > maxRecentBytes {
			read.items, tooMuch = nil, true
		}
		if !tooMuch {
			read.items = append(read.items, item)
		}
		return yield(item)
	}
	for _, item := range have.items[:have.index(from)] {
		if err := add(item); err != nil {
			return err
		}
	}
	var failed error
	err := v.h.store.Query(ctx, v.partition, from, until, func(item state.Item) bool {
		failed = add(item)
		return failed == nil
	})
	if err := cmp.Or(failed, err); err != nil {
		return err
	}
	for _, item := range have.items[max(have.index(from), have.index(until)):] {
		if err := add(item); err != nil {
			return err
		}
	}
	if tooMuch {
		v.h.recent.remove(at)
		return nil
	}
	v.h.recent.put(at, read)
	return nil
}
