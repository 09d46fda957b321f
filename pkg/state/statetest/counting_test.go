package statetest

import (
	"errors"
	"fmt"
	"testing"

	"bucketwatch/pkg/state"
)

func TestCounterIsAStore(t *testing.T) {
	Run(t, func(*testing.T) state.Store { return Counting(state.NewMemory()) })
}

func TestCounting(t *testing.T) {
	// item returns one that counts for size bytes.
	item := func(sort string, version int64, size int) state.Item {
		i := state.Item{Partition: "p", Sort: sort, Version: version}
		i.Data = []byte{0}
		i.Data = make([]byte, 1+size-i.Size())
		return i
	}
	stored := []state.Item{item("a", 1, 100), item("b", 1, 1024), item("c", 1, 5000)}
	many := make([]state.Item, 60)
	for i := range many {
		many[i] = item(fmt.Sprintf("m%02d", i), 0, 1025)
	}
	for _, test := range []struct {
		name          string
		do            func(state.Store) error
		reads, writes Usage
	}{
		{"get", func(s state.Store) error { _, err := s.Get(t.Context(), "p", "c"); return err }, Usage{1, 1, 5000, 2}, Usage{}},
		{"get of nothing", func(s state.Store) error { _, err := s.Get(t.Context(), "p", "d"); return err }, Usage{1, 0, 0, 1}, Usage{}},
		{"query", func(s state.Store) error {
			return s.Query(t.Context(), "p", "a", "d", func(state.Item) bool { return true })
		}, Usage{1, 3, 6124, 2}, Usage{}},
		{"query of nothing", func(s state.Store) error {
			return s.Query(t.Context(), "p", "x", "y", func(state.Item) bool { return true })
		}, Usage{1, 0, 0, 1}, Usage{}},
		{"query of an empty range", func(s state.Store) error {
			return s.Query(t.Context(), "p", "x", "x", func(state.Item) bool { return true })
		}, Usage{}, Usage{}},
		{"query of more than a page", func(s state.Store) error {
			for i := range 4 {
				if err := s.(*Counter).store.Put(t.Context(), item(fmt.Sprint("q", i), 0, 300<<10)); err != nil {
					return err
				}
			}
			return s.Query(t.Context(), "p", "q", "r", func(state.Item) bool { return true })
		}, Usage{2, 4, 1200 << 10, 301}, Usage{}},
		{"put", func(s state.Store) error { return s.Put(t.Context(), item("d", 1, 100), item("e", 1, 1025)) }, Usage{}, Usage{1, 2, 1125, 3}},
		{"put of nothing", func(s state.Store) error { return s.Put(t.Context()) }, Usage{}, Usage{}},
		{"put of more than a batch", func(s state.Store) error { return s.Put(t.Context(), many...) }, Usage{}, Usage{3, 60, 61500, 120}},
		{"put over a larger one", func(s state.Store) error { return s.Put(t.Context(), item("c", 1, 100)) }, Usage{}, Usage{1, 1, 5000, 5}},
		{"put if", func(s state.Store) error { _, err := s.PutIf(t.Context(), item("d", 0, 2000)); return err }, Usage{}, Usage{1, 1, 2021, 2}},
		{"put if over a larger one", func(s state.Store) error { _, err := s.PutIf(t.Context(), item("c", 1, 100)); return err }, Usage{}, Usage{1, 1, 5000, 5}},
		{"put if with a conflict", func(s state.Store) error {
			if _, err := s.PutIf(t.Context(), item("b", 0, 9000)); !errors.Is(err, state.ErrConflict) {
				return fmt.Errorf("want a conflict, got %w", err)
			}
			return nil
		}, Usage{}, Usage{1, 1, 1024, 1}},
		{"delete", func(s state.Store) error { return s.Delete(t.Context(), "p", "c", 1) }, Usage{}, Usage{1, 1, 5000, 5}},
		{"delete of nothing", func(s state.Store) error { return s.Delete(t.Context(), "p", "d", 1) }, Usage{}, Usage{1, 1, 0, 1}},
		{"a file's claim", func(s state.Store) error { return claimAndDone(t, s) }, Usage{}, Usage{2, 2, 198, 2}},
		{"a claim of what is done", func(s state.Store) error {
			if err := claimAndDone(t, s); err != nil {
				return err
			}
			s.(*Counter).Reset()
			_, err := (state.Claims{Store: s}).Claim(t.Context(), "file", state.Claim{Owner: "b", Now: now, Lease: lease})
			return err
		}, Usage{}, Usage{1, 1, 98, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := state.NewMemory()
			put(t, s, stored...)
			counter := Counting(s)
			if err := test.do(counter); err != nil {
				t.Fatal(err)
			}
			if got := counter.Reads(); got != test.reads {
				t.Errorf("Reads() = %+v, want %+v", got, test.reads)
			}
			if got := counter.Writes(); got != test.writes {
				t.Errorf("Writes() = %+v, want %+v", got, test.writes)
			}
			counter.Reset()
			if got := counter.Reads(); got != (Usage{}) {
				t.Errorf("Reads() after Reset = %+v", got)
			}
		})
	}
}

func claimAndDone(t *testing.T, s state.Store) error {
	c := state.Claims{Store: s}
	held, err := c.Claim(t.Context(), "file", state.Claim{Owner: "a", Now: now, Lease: lease})
	if err != nil {
		return err
	}
	return c.Done(t.Context(), held, now)
}
