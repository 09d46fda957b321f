package state_test

import (
	"testing"
	"time"

	"bucketwatch/pkg/state"
)

func TestForget(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	m := state.NewMemory()
	for sort, expires := range map[string]time.Time{
		"past": now.Add(-time.Second), "now": now, "future": now.Add(time.Second), "never": {},
	} {
		for _, partition := range []string{"a", "b"} {
			if err := m.Put(t.Context(), state.Item{Partition: partition, Sort: sort, Expires: expires}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := m.Put(t.Context(), state.Item{Partition: "c", Sort: "past", Version: 3, Expires: now.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	m.Forget(now)
	for partition, want := range map[string]string{"a": "future never ", "b": "future never ", "c": ""} {
		var got string
		err := m.Query(t.Context(), partition, "", "~", func(i state.Item) bool {
			got += i.Sort + " "
			return true
		})
		if err != nil || got != want {
			t.Errorf("items of %s after Forget = %q, %v, want %q", partition, got, err, want)
		}
	}
	if i, err := m.Get(t.Context(), "c", "past"); i.Version != 0 || err != nil {
		t.Errorf("a forgotten item = %+v, %v, want one that isn't there", i, err)
	}
}
