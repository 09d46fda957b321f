package statetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"bucketwatch/pkg/state"
)

// No increment is lost, and none is done twice.
func increments(t *testing.T, s state.Store) {
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			item := state.Item{Partition: "p", Sort: "s"}
			for done := 0; done < each; {
				item.Data = fmt.Append(nil, item.Version+1)
				var err error
				if item, err = s.PutIf(t.Context(), item); err == nil {
					done++
				} else if !errors.Is(err, state.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	want := state.Item{Partition: "p", Sort: "s", Version: workers * each, Data: fmt.Append(nil, workers*each)}
	same(t, "Get", get(t, s, "p", "s"), want)
}

func firstWins(t *testing.T, s state.Store) {
	for round := range 10 {
		sort := fmt.Sprint("s", round)
		items := make([]state.Item, 8)
		won := make([]bool, len(items))
		var wg sync.WaitGroup
		for i := range items {
			wg.Go(func() {
				var err error
				items[i], err = s.PutIf(t.Context(), state.Item{Partition: "p", Sort: sort, Data: []byte{byte(i)}})
				if won[i] = err == nil; !won[i] && !errors.Is(err, state.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		want := get(t, s, "p", sort)
		for i, item := range items {
			same(t, "PutIf", item, want)
			if won[i] != (len(want.Data) == 1 && want.Data[0] == byte(i)) {
				t.Errorf("round %d: of %d the write succeeded is %v, and the item is that of %v", round, i, won[i], want.Data)
			}
		}
	}
}

func readsSeeWrites(t *testing.T, s state.Store) {
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			partition := fmt.Sprint("p", worker)
			var want []state.Item
			for i := range 10 {
				item := state.Item{Partition: partition, Sort: fmt.Sprint("s", i), Version: 1}
				want = append(want, item)
				put(t, s, item)
				same(t, "Get", get(t, s, partition, item.Sort), item)
				same(t, "Query", query(t, s, partition, "s", "t"), want...)
			}
		})
	}
	wg.Wait()
}
