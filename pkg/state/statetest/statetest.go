// Package statetest tests implementations of state.Store, one like the other, and counts what is done to a store.
package statetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"bucketwatch/pkg/state"
)

// now is a fixed time: a store must not look at the clock.
var now = time.Date(2026, 11, 20, 14, 5, 0, 0, time.UTC)

// Run tests everything that a state.Store promises, and Claims and CheckSchema over it. Each call of newStore returns an
// empty one.
func Run(t *testing.T, newStore func(t *testing.T) state.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, state.Store)
	}{
		{"an item comes back as it was put", roundTrip},
		{"an item that isn't there", absent},
		{"put replaces", putReplaces},
		{"many items", putMany},
		{"query is ordered by bytes and ends before until", queryRange},
		{"query stops when told to", queryStops},
		{"query sees one partition", queryPartition},
		{"query reads more than a page", queryPages},
		{"query may be nested", queryNested},
		{"put if", putIf},
		{"put if of an item of version 0", putIfZero},
		{"delete", deletes},
		{"data is the caller's", dataIsCopied},
		{"expired items work like others", expired},
		{"refused", refused},
		{"as large as allowed", largest},
		{"an ended context", endedContext},
		{"increments by several goroutines", increments},
		{"the first of several goroutines", firstWins},
		{"reads see ended writes", readsSeeWrites},
		{"claims", claims},
		{"looks", looks},
		{"a claim is one owner's", claimsCompete},
		{"schema", schema},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newStore(t)) })
	}
}

func get(t *testing.T, s state.Store, partition, sort string) state.Item {
	t.Helper()
	item, err := s.Get(t.Context(), partition, sort)
	if err != nil {
		t.Error(err)
	}
	return item
}

func query(t *testing.T, s state.Store, partition, from, until string) []state.Item {
	t.Helper()
	var items []state.Item
	if err := s.Query(t.Context(), partition, from, until, func(item state.Item) bool {
		items = append(items, item)
		return true
	}); err != nil {
		t.Error(err)
	}
	return items
}

func put(t *testing.T, s state.Store, items ...state.Item) {
	t.Helper()
	if err := s.Put(t.Context(), items...); err != nil {
		t.Error(err)
	}
}

func succeeds(t *testing.T, s state.Store, item state.Item) state.Item {
	t.Helper()
	stored, err := s.PutIf(t.Context(), item)
	if err != nil {
		t.Errorf("PutIf of version %d = %v", item.Version, err)
	}
	return stored
}

func conflicts(t *testing.T, s state.Store, item state.Item) state.Item {
	t.Helper()
	stored, err := s.PutIf(t.Context(), item)
	if !errors.Is(err, state.ErrConflict) {
		t.Errorf("PutIf of version %d = %v, want %v", item.Version, err, state.ErrConflict)
	}
	return stored
}

// same compares one item or many; where one differs, it shows it without its whole Data.
func same[T state.Item | []state.Item](t *testing.T, call string, got T, want ...state.Item) {
	t.Helper()
	var items []state.Item
	switch got := any(got).(type) {
	case state.Item:
		items = []state.Item{got}
	case []state.Item:
		items = got
	}
	if len(items) != len(want) {
		t.Errorf("%s = %d items, want %d", call, len(items), len(want))
		return
	}
	for i, g := range items {
		w := want[i]
		if g.Partition != w.Partition || g.Sort != w.Sort || g.Version != w.Version || g.Expires != w.Expires || !bytes.Equal(g.Data, w.Data) {
			t.Errorf("%s = item %d %s, want %s", call, i, shown(g), shown(w))
		}
	}
}

func shown(i state.Item) string {
	return fmt.Sprintf("{%s version %d, %d bytes %.20q, expires %v}", state.Keys(i.Partition, i.Sort), i.Version, len(i.Data), i.Data, i.Expires)
}
