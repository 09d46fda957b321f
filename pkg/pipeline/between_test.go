package pipeline

import (
	"fmt"
	"slices"
	"testing"

	"bucketwatch/pkg/state"
)

// soonAndWhole plays the rest of the day, the ticks in turn by two processes, and returns what both told: until the next
// tick, and in all.
func (w *world) soonAndWhole(t testing.TB, other *world) (soon, whole told) {
	t.Helper()
	w.tick(t, clockOn(10, 21, 0))
	all := append(w.take(t), other.take(t)...)
	soon = toldBy(all)
	other.tick(t, clockOn(12, 0, 0))
	w.tick(t, clockOn(12, 1, 0))
	return soon, toldBy(append(append(all, w.take(t)...), other.take(t)...))
}

// between has what a process does to its store interrupted, before each of its calls: by another process, which has the
// store for itself meanwhile. In the end what both told, until the next tick and in all, must be as if one had come after
// the other, and no message sent twice.
func between(t *testing.T, before, do, interrupt func(testing.TB, *world)) {
	t.Helper()
	count := &unreliable{Store: afterCalmDays(t)}
	w := newWorld(t, count)
	before(t, w)
	count.made = nil
	do(t, w)
	calls := len(count.made)
	interrupt(t, w)
	soon, whole := w.soonAndWhole(t, w)
	messages := len(w.published)
	if calls < 10 {
		t.Fatalf("%d calls: the test shows nothing", calls)
	}
	for n := 1; n <= calls; n++ {
		t.Run(fmt.Sprint("before call ", n), func(t *testing.T) {
			t.Parallel()
			store := afterCalmDays(t)
			w, other := newInterrupted(t, store, before, n, interrupt)
			do(t, w)
			gotSoon, gotWhole := w.soonAndWhole(t, other)
			wantSame(t, soon, gotSoon)
			wantSame(t, whole, gotWhole)
			if got := append(w.subjects(), other.subjects()...); len(got) < messages || len(slices.Compact(sorted(got))) < len(got) {
				t.Errorf("messages %q, want at least %d, and none twice", got, messages)
			}
		})
	}
}

// newInterrupted returns a world whose n-th call to the store from now on another world comes before, and that one.
func newInterrupted(t *testing.T, store state.Store, before func(testing.TB, *world), n int, interrupt func(testing.TB, *world)) (w, other *world) {
	t.Helper()
	u := &unreliable{Store: store}
	w, other = newWorld(t, u), newWorld(t, store)
	before(t, w)
	u.made = nil
	u.fails = func(c call) bool {
		if c.n == n {
			interrupt(t, other)
		}
		return false
	}
	return w, other
}

func nothing(testing.TB, *world) {}

func readMorning(t testing.TB, w *world) { w.read(t, morning()) }

func tickSoon(t testing.TB, w *world) { w.tick(t, clockOn(10, 20, 0)) }

// A tick between any two calls that a log file makes to the store: what it finds of the file is judged, and the rest by
// the next tick.
func TestTickBetweenCallsOfAFile(t *testing.T) { between(t, nothing, readMorning, tickSoon) }

// A log file between any two calls that a tick makes to the store, of the same hour and delivered in the same minute as
// one before: what is due is due again, though the tick says that it is done.
func TestFileBetweenCallsOfATick(t *testing.T) {
	late := deliver(2, clockOn(10, 7, 0), of(30, request{at: clockOn(10, 3, 0), who: intern, operation: "DeleteObject", key: "l"})...)
	between(t, readMorning, tickSoon, func(t testing.TB, w *world) { w.read(t, late) })
}

// Two ticks at the same time: one of them judges, and no message is sent twice.
func TestTickBetweenCallsOfATick(t *testing.T) { between(t, readMorning, tickSoon, tickSoon) }
