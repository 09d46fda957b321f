package state_test

import (
	"errors"
	"testing"

	"bucketwatch/pkg/state"
)

func TestReadOnly(t *testing.T) {
	m := state.NewMemory()
	stored, err := m.PutIf(t.Context(), state.Item{Partition: "p", Sort: "s", Data: []byte("one")})
	if err != nil {
		t.Fatal(err)
	}
	r := state.ReadOnly{Store: m}
	if err := r.Put(t.Context(), state.Item{Partition: "p", Sort: "s", Data: []byte("two")}); err != nil {
		t.Error(err)
	}
	if err := r.Put(t.Context(), state.Item{Partition: "p"}); err == nil {
		t.Error("Put of what no store takes succeeded")
	}
	if found, err := r.PutIf(t.Context(), state.Item{Partition: "p", Sort: "s"}); !errors.Is(err, state.ErrConflict) || string(found.Data) != "one" {
		t.Errorf("PutIf of another version = %v, %v, want what there is and a conflict", found, err)
	}
	if written, err := r.PutIf(t.Context(), state.Item{Partition: "p", Sort: "s", Version: stored.Version, Data: []byte("two")}); err != nil || written.Version != stored.Version+1 {
		t.Errorf("PutIf = %v, %v, want the next version", written, err)
	}
	if err := r.Delete(t.Context(), "p", "s", stored.Version); err != nil {
		t.Error(err)
	}
	if left, err := r.Get(t.Context(), "p", "s"); err != nil || string(left.Data) != "one" {
		t.Errorf("Get = %q, %v, want what was there", left.Data, err)
	}
}
