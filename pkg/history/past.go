package history

import (
	"context"
	"math/bits"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// maxPastBytes bounds what is kept of all buckets together: half a million objects.
const maxPastBytes = 8 << 20

// pastKey says in which hours of a day something happened to an object.
type pastKey struct {
	hash  uint64
	hours uint32 // a bit for each
}

// pastDay are the objects to which something happened on a complete day. Most of the objects that are asked for were
// never seen before, so that nothing of the day need be read, or one hour of it.
type pastDay []pastKey

const pastKeyBytes = 16

func (d pastDay) bytes() int { return pastKeyBytes * len(d) }

// hours returns from the first to the last hour of the day in which something happened to wanted objects.
func (d pastDay) hours(date time.Time, want func(uint64) bool) (from, until time.Time) {
	var all uint32
	for _, k := range d {
		if want(k.hash) {
			all |= k.hours
		}
	}
	if all == 0 {
		return date, date
	}
	first, last := bits.TrailingZeros32(all), 31-bits.LeadingZeros32(all)
	return date.Add(time.Duration(first) * time.Hour), date.Add(time.Duration(last+1) * time.Hour)
}

// pastKeys adds the keys of the days that are complete, and returns from when on the rest is to be read. Of days that
// this process has read it reads only what is wanted.
func (v *view) pastKeys(ctx context.Context, g *gathered, from, until time.Time) (rest time.Time, err error) {
	for at := from; at.Before(until); {
		date := at.Truncate(day)
		next := date.Add(day)
		if next.Add(complete).After(v.asOf) {
			return at, nil
		}
		known, ok := v.h.past.get(place{v.known, daySort(date)})
		switch {
		case ok:
			first, last := known.hours(date, g.want)
			err = v.each(ctx, keysKind, later(first, at), earlier(last, until), func(item state.Item) error {
				_, err := g.add(item)
				return err
			})
		case at.Equal(date):
			err = v.readPast(ctx, g, date)
		default:
			err = v.each(ctx, keysKind, at, earlier(next, until), func(item state.Item) error {
				_, err := g.add(item)
				return err
			})
		}
		if err != nil {
			return at, err
		}
		at = next
	}
	return until, nil
}

// readPast reads a whole day, and keeps what objects it is about.
func (v *view) readPast(ctx context.Context, g *gathered, date time.Time) error {
	hours := map[uint64]uint32{}
	err := v.each(ctx, keysKind, date, date.Add(day), func(item state.Item) error {
		all, err := g.add(item)
		for hash := range hashes(&all) {
			if hours != nil {
				hours[hash] |= 1 << hourOf(item.Sort)
			}
			if len(hours) > maxPastBytes/pastKeyBytes {
				hours = nil // more than is kept
			}
		}
		return err
	})
	if err != nil || hours == nil {
		return err
	}
	known := make(pastDay, 0, len(hours))
	for hash, in := range hours {
		known = append(known, pastKey{hash, in})
	}
	v.h.past.put(place{v.known, daySort(date)}, known)
	return nil
}

func hashes(k *anomaly.Keys) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for _, u := range k.Uploads {
			if !yield(u.Hash) {
				return
			}
		}
		for _, d := range k.Deletes {
			if !yield(d.Hash) {
				return
			}
		}
		for _, r := range k.Refused {
			if !yield(r.Hash) {
				return
			}
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
