package state_test

import (
	"slices"
	"testing"

	"bucketwatch/pkg/state"
)

func TestAll(t *testing.T) {
	m := state.NewMemory()
	for _, keys := range []string{"b2", "a1", "b1", "a2"} {
		if err := m.Put(t.Context(), state.Item{Partition: keys[:1], Sort: keys[1:], Data: []byte(keys)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for item := range m.All() {
		got = append(got, item.Partition+item.Sort)
		item.Data[0] = '!' // is the caller's
	}
	if want := []string{"a1", "a2", "b1", "b2"}; !slices.Equal(got, want) {
		t.Errorf("All() = %v, want %v", got, want)
	}
	for item := range m.All() {
		if want := "a1"; string(item.Data) != want {
			t.Errorf("the first item's data = %q, want %q", item.Data, want)
		}
		break
	}
	if n := len(slices.Collect(state.NewMemory().All())); n != 0 {
		t.Errorf("All() of an empty store has %d items", n)
	}
}
