package pipeline

import (
	"math/rand/v2"
	"testing"
)

func TestHashes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var set hashes
	want := map[uint64]bool{}
	for i := range 50_000 {
		h := rnd.Uint64() >> rnd.IntN(64) // small ones too: the same slots, and the same hashes
		if i%3 == 0 {
			h <<= 40 // and some that differ in no low bit
		}
		if h == 0 {
			h = 1
		}
		if got := set.add(h); got == want[h] {
			t.Fatalf("add(%d) = %t, the %dth", h, got, i)
		}
		want[h] = true
	}
	if set.n != len(want) {
		t.Errorf("a set of %d hashes, want %d", set.n, len(want))
	}
	if set.add(0) { // counts as 1
		t.Error("add(0) = true after add(1)")
	}
}
