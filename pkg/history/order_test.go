package history

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// story is four days of a bucket: mornings, and an attack on the third that goes on into the fourth.
func story(rnd *rand.Rand) []anomaly.Share {
	var shares []anomaly.Share
	n := 0
	add := func(hour time.Time, deletes int64, change func(*anomaly.Share)) {
		n++
		wait := time.Duration(5+rnd.IntN(20)) * time.Minute
		if rnd.IntN(10) == 0 {
			wait = time.Duration(rnd.IntN(22*60)) * time.Minute // late
		}
		s := share(hour, hour.Add(30*time.Minute+wait), n, deletes)
		if change != nil {
			change(&s)
		}
		shares = append(shares, s)
	}
	for d := range 4 {
		for _, hour := range []int{9, 10, 14} {
			add(clock(24*d+hour, 0), 1+rnd.Int64N(3), nil)
		}
	}
	for i := range 6 {
		add(clock(48+20+i, 0), 40, func(s *anomaly.Share) {
			for j := range s.Activities {
				s.Activities[j].Principal = []string{appWeb, alice, bob}[i%3]
				s.Activities[j].Human = i%3 > 0
			}
			for j := range s.Keys.Deletes {
				s.Keys.Deletes[j].Principal = s.Activities[0].Principal
				s.Keys.Deletes[j].Human = i%3 > 0
				// The same keys in each hour.
				s.Keys.Deletes[j].Hash = uint64(j)
				s.Keys.Deletes[j].Key = fmt.Sprintf("a/%d.jpg", j)
			}
		})
	}
	return shares
}

// play puts the shares in an order in which none comes more than 23 hours after its delivery, some of them twice, by
// several processes at once, with a tick each half hour after all that were delivered before it. Each tick may be in
// another process. It returns all items but what is still to be judged, and the sum of UnexpectedDeletes.
func play(t *testing.T, store state.Store, rnd *rand.Rand, shares []anomaly.Share) (items map[string]string, unexpected int64) {
	type turn struct {
		anomaly.Share
		at time.Time
	}
	var turns []turn
	for _, s := range shares {
		for range 1 + rnd.IntN(20)/19 {
			turns = append(turns, turn{s, s.Delivered.Add(-time.Duration(rnd.Int64N(int64(23 * time.Hour))))}) // before what is delivered earlier
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
	processes := []*History{New(store), New(store), New(store)}
	for now := clock(0, 0); now.Before(clock(24*8, 0)); now = now.Add(30 * time.Minute) {
		var ready []turn
		turns = slices.DeleteFunc(turns, func(it turn) bool {
			// It must be there when it was delivered before the tick, and may be there before.
			is := it.at.Before(now) || it.Delivered.Before(now)
			if is {
				ready = append(ready, it)
			}
			return is
		})
		var wg sync.WaitGroup
		for _, it := range ready {
			h := processes[rnd.IntN(len(processes))]
			wg.Go(func() {
				if err := h.PutShares(context.Background(), account, []anomaly.Share{it.Share}, now); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, out := range tick(t, processes[rnd.IntN(len(processes))], now, detect(t)) {
			for _, n := range out.News {
				unexpected += n.UnexpectedDeletes
			}
		}
	}
	items = map[string]string{}
	err := store.Query(t.Context(), bucketPartition(photos), "a", "z", func(item state.Item) bool {
		items[item.Sort] = readable(t, item)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return items, unexpected
}

// readable returns an item's data in a form that can be compared and read.
func readable(t *testing.T, item state.Item) string {
	if strings.HasPrefix(item.Sort, "k#") {
		delivered, keys, err := unpack(item.Data)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(delivered, keys)
	}
	var v any
	if err := decode(item.Data, &v); err != nil {
		t.Fatalf("%s: %v", item.Sort, err)
	}
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// anyOrder shows that the same log files and the same ticks leave the same items.
func anyOrder(t *testing.T, store state.Store) {
	rounds := 12
	if _, ok := store.(*state.Memory); !ok {
		rounds = 1
	}
	if underRace {
		rounds = min(rounds, 3)
	}
	for range rounds {
		seed := rand.Uint64()
		rnd := rand.New(rand.NewPCG(seed, 0))
		shares := story(rnd)
		var deleted int64
		for _, s := range shares {
			deleted += s.Activities[0].Counts[anomaly.Objects]
		}
		inOrder := slices.Clone(shares)
		slices.SortFunc(inOrder, func(a, b anomaly.Share) int {
			return cmp.Or(a.Delivered.Compare(b.Delivered), cmp.Compare(a.LogFile, b.LogFile))
		})
		want, unexpected := play(t, state.NewMemory(), rand.New(rand.NewPCG(0, 0)), inOrder)
		other := store
		if rounds > 1 {
			other = state.NewMemory()
		}
		got, unexpectedToo := play(t, other, rnd, shares)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: another order leaves other items (-want +got):\n%s", seed, diff[:min(len(diff), 6000)])
		}
		for _, n := range []int64{unexpected, unexpectedToo} {
			if n == 0 || n > deleted {
				t.Errorf("seed %d: %d unexpected deletes of %d", seed, n, deleted)
			}
		}
		found := 0
		for sort := range got {
			if strings.HasPrefix(sort, "a#") {
				found++
			}
		}
		if found == 0 {
			t.Errorf("seed %d: nothing was found", seed)
		}
		if t.Failed() {
			return
		}
	}
}
