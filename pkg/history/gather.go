package history

import (
	"context"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// packAll returns the keys as the data of as many items as they need; none, if there are none.
func packAll(delivered time.Time, k anomaly.Keys) [][]byte {
	n := len(k.Uploads) + len(k.Deletes) + len(k.Refused)
	if n == 0 {
		return nil
	}
	if data := pack(delivered, &k); len(data) <= maxData || n == 1 {
		return [][]byte{data}
	}
	var one, other anomaly.Keys
	one.Uploads, other.Uploads = halves(k.Uploads)
	one.Deletes, other.Deletes = halves(k.Deletes)
	one.Refused, other.Refused = halves(k.Refused)
	return append(packAll(delivered, one), packAll(delivered, other)...)
}

// halves are as good as equal, and the first is never empty unless the list is.
func halves[T any](list []T) (one, other []T) {
	half := (len(list) + 1) / 2
	return list[:half], list[half:]
}

// gathered are keys out of items: what happened from <= At < until to the objects that want chooses, all if it is nil.
type gathered struct {
	keys        anomaly.Keys
	asOf        time.Time // what was delivered later is left out
	from, until int64
	want        func(hash uint64) bool
	max         int
	first       map[place]time.Time // when each log file was delivered, and its hour: see onceEach
	remembers   bool                // that is, the few hours that are judged at once
	packed      decoded[unpacked]
}

// unpacked are the keys in an item.
type unpacked struct {
	delivered time.Time
	keys      anomaly.Keys
}

func unpackItem(data []byte) (u unpacked, err error) {
	u.delivered, u.keys, err = unpack(data)
	return u, err
}

func (v *view) gather(from, until time.Time, want func(uint64) bool) *gathered {
	return &gathered{asOf: v.asOf, from: from.Unix(), until: until.Unix(), want: want, max: v.h.maxKeys, first: map[place]time.Time{}, remembers: v.remembers && want == nil, packed: v.h.packedKeys}
}

// add adds the keys in an item, and returns all of them, chosen or not.
func (g *gathered) add(item state.Item) (all anomaly.Keys, err error) {
	var u unpacked
	if g.remembers {
		u, err = g.packed.value(place{item.Partition, item.Sort}, item.Data, unpackItem)
	} else {
		u, err = unpackItem(item.Data) // of a week there would be no room for more
	}
	if err != nil {
		return all, damaged(item, err)
	}
	delivered, k := u.delivered, u.keys
	if delivered.After(g.asOf) {
		return all, nil
	}
	hour, file := shareOf(item.Sort)
	if earlier, ok := g.first[place{hour, file}]; !ok {
		g.first[place{hour, file}] = delivered
	} else if !earlier.Equal(delivered) {
		return all, nil
	}
	for _, u := range k.Uploads {
		if g.chooses(u.Hash, u.At) {
			g.keys.Uploads = append(g.keys.Uploads, u)
		}
	}
	for _, d := range k.Deletes {
		if g.chooses(d.Hash, d.At) {
			g.keys.Deletes = append(g.keys.Deletes, d)
		}
	}
	for _, r := range k.Refused {
		if g.chooses(r.Hash, r.At) {
			g.keys.Refused = append(g.keys.Refused, r)
		}
	}
	if g.n() > g.max {
		g.cut()
	}
	return k, nil
}

// maxKeys bounds how many keys are returned, for the memory that they take: deletes have 300 bytes, and some more while
// they are read. It is above what is judged of a day, so that what is cut is still too much of it.
const maxKeys = 200_000

func (g *gathered) n() int { return len(g.keys.Uploads) + len(g.keys.Deletes) + len(g.keys.Refused) }

// cut leaves out the first quarter of what there is, and makes what follows the beginning: as if the judgement didn't
// look back any farther. Between what is left nothing is missing, so that nothing is found that isn't so.
func (g *gathered) cut() {
	times := make([]int64, 0, g.n())
	for _, u := range g.keys.Uploads {
		times = append(times, u.At)
	}
	for _, d := range g.keys.Deletes {
		times = append(times, d.At)
	}
	for _, r := range g.keys.Refused {
		times = append(times, r.At)
	}
	slices.Sort(times)
	g.from = times[len(times)/4] + 1
	g.keys.Uploads = since(g.keys.Uploads, func(u anomaly.Upload) bool { return u.At >= g.from })
	g.keys.Deletes = since(g.keys.Deletes, func(d anomaly.KeyDelete) bool { return d.At >= g.from })
	g.keys.Refused = since(g.keys.Refused, func(r anomaly.Refusal) bool { return r.At >= g.from })
}

// since returns what is left of a list, in memory of its own.
func since[T any](list []T, is func(T) bool) []T {
	var left []T
	for _, it := range list {
		if is(it) {
			left = append(left, it)
		}
	}
	return left
}

func (g *gathered) chooses(hash uint64, at int64) bool {
	return at >= g.from && at < g.until && (g.want == nil || g.want(hash))
}

// Keys implements anomaly.History.
func (v *view) Keys(ctx context.Context, from, until time.Time, want func(hash uint64) bool) (anomaly.Keys, error) {
	g := v.gather(from, until, want)
	from, until = v.within(from, until, keysAge)
	var err error
	if want != nil {
		from, err = v.pastKeys(ctx, g, from, until)
	}
	if err == nil {
		err = v.each(ctx, keysKind, from, until, func(item state.Item) error {
			_, err := g.add(item)
			return err
		})
	}
	if err != nil {
		return anomaly.Keys{}, v.failed("keys", err)
	}
	g.keys.Sort()
	return g.keys, nil
}
