package statetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"bucketwatch/pkg/state"
)

func queryRange(t *testing.T, s state.Store) {
	// In the order of their bytes, which is neither that of a dictionary nor that of UTF-16.
	sorts := []string{" ", "A", "B", "a", "aa", "b", "a#é", "é", "～", "😀"}
	slices.Sort(sorts)
	for _, sort := range sorts {
		put(t, s, state.Item{Partition: "p", Sort: sort})
	}
	bounds := append([]string{"", "a#", "c", "😁"}, sorts...)
	for _, from := range bounds {
		for _, until := range bounds {
			var want []string
			for _, sort := range sorts {
				if from <= sort && sort < until {
					want = append(want, sort)
				}
			}
			var got []string
			for _, item := range query(t, s, "p", from, until) {
				got = append(got, item.Sort)
			}
			if !slices.Equal(got, want) {
				t.Errorf("Query(%q, %q) = %q, want %q", from, until, got, want)
			}
		}
	}
}

func queryStops(t *testing.T, s state.Store) {
	put(t, s, state.Item{Partition: "p", Sort: "a"}, state.Item{Partition: "p", Sort: "b"}, state.Item{Partition: "p", Sort: "c"})
	var got []string
	err := s.Query(t.Context(), "p", "a", "d", func(item state.Item) bool {
		got = append(got, item.Sort)
		return len(got) < 2
	})
	if want := []string{"a", "b"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Query that is stopped = %q, %v, want %q", got, err, want)
	}
}

func queryPartition(t *testing.T, s state.Store) {
	want := state.Item{Partition: "p#", Sort: "s", Version: 1}
	put(t, s, want, state.Item{Partition: "p", Sort: "s"}, state.Item{Partition: "p#q", Sort: "s"}, state.Item{Partition: "P#", Sort: "s"})
	same(t, "Query", query(t, s, "p#", "", "~"), want)
}

func queryPages(t *testing.T, s state.Store) {
	var want []state.Item
	for i := range 12 { // 3.6 MB, and a page of DynamoDB has 1 MB
		data := bytes.Repeat([]byte{byte(i)}, 300_000)
		want = append(want, state.Item{Partition: "p", Sort: fmt.Sprintf("k#%02d", i), Data: data})
	}
	put(t, s, want...)
	same(t, "Query", query(t, s, "p", "k#", "k#~"), want...)
	same(t, "Query", query(t, s, "p", "k#02", "k#10"), want[2:10]...)
}

func queryNested(t *testing.T, s state.Store) {
	want := []state.Item{{Partition: "p", Sort: "a", Version: 1}, {Partition: "p", Sort: "b", Version: 2}}
	put(t, s, want...)
	calls := 0
	err := s.Query(t.Context(), "p", "a", "c", func(item state.Item) bool {
		same(t, "Get", get(t, s, item.Partition, item.Sort), item)
		same(t, "Query", query(t, s, "p", "a", "c"), want...)
		calls++
		return true
	})
	if err != nil || calls != 2 {
		t.Errorf("Query = %d items, %v, want 2", calls, err)
	}
}
