package pipeline

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"bucketwatch/pkg/state"
)

// sweep is the deletion of n objects in so many log files, from 14:00 on and evenly over the time, by the callers in turn.
func sweep(rnd *rand.Rand, n, files int, over time.Duration, who ...string) []delivery {
	requests := make([][]request, files)
	for i := range n {
		at := clockOn(14, 0, 0).Add(over * time.Duration(i) / time.Duration(n))
		file := i * files / n
		requests[file] = append(requests[file], request{at: at, who: who[i%len(who)], operation: "DeleteObject", bucket: "photos", key: fmt.Sprintf("s/%d.jpg", i)})
	}
	var all []delivery
	for i, r := range requests {
		delivered := clockOn(14, 5, 0).Add(over * time.Duration(i+1) / time.Duration(files)).Add(time.Duration(rnd.IntN(10)) * time.Minute)
		all = append(all, deliver(i, delivered, r...))
	}
	return all
}

// However many anomalies tell of them, and whenever they are judged: each deleted object is unexpected once.
func TestUnexpectedDeletes(t *testing.T) {
	rnd := seeded(t)
	for _, test := range []struct {
		name  string
		files []delivery
		want  int64
	}{
		{"10,000 by somebody new", sweep(rnd, 10_000, 20, 35*time.Minute, intern), 10_000},
		{"across an hour's end, by the app", sweep(rnd, 600, 20, 90*time.Minute, appWeb), 600},
		{"by three persons together", sweep(rnd, 900, 20, 90*time.Minute, alice, bob, "arn:aws:iam::111122223333:user/root"), 900},
		{"by persons and software", sweep(rnd, 400, 10, 35*time.Minute, alice, intern, bob, cleaner), 400},
		{"few each hour, and many in the day", sweep(rnd, 90, 20, 9*time.Hour, appWeb), 90},
		{"too few", sweep(rnd, 15, 5, 35*time.Minute, appWeb), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rnd := seeded(t)
			w := newWorld(t, afterCalmDays(t))
			var all []line
			tellSoFar := func(what string) {
				all = append(all, w.take(t)...)
				got := toldBy(all)
				if n, deleted := got.unexpected["photos"], got.Deleted["photos"]; n > deleted {
					t.Fatalf("%s: UnexpectedDeletes = %d, and DeletedObjects %d", what, n, deleted)
				}
			}
			// In some order, with a tick now and then.
			for _, i := range rnd.Perm(len(test.files)) {
				w.read(t, test.files[i])
				if rnd.IntN(2) == 0 {
					w.tick(t, clockOn(14, 0, 0).Add(time.Duration(rnd.IntN(8*60))*time.Minute))
				}
				tellSoFar("in between")
			}
			w.tick(t, clockOn(23, 50, 0), clockOn(24, 50, 0), clockOn(24, 51, 0), clockOn(26, 0, 0))
			tellSoFar("in the end")
			got := toldBy(all)
			if n := got.unexpected["photos"]; n != test.want {
				t.Errorf("UnexpectedDeletes = %d, want %d of %d", n, test.want, got.Deleted["photos"])
			}
		})
	}
}

// A bucket that is new, where windows are days.
func TestUnexpectedDeletesOfNewBucket(t *testing.T) {
	rnd := seeded(t)
	w := newWorld(t, state.NewMemory())
	for _, d := range sweep(rnd, 3000, 10, 100*time.Minute, intern) {
		w.read(t, d)
		w.tick(t, d.at.Add(time.Minute))
	}
	w.tick(t, clockOn(23, 0, 0), clockOn(23, 1, 0))
	got := toldBy(w.take(t))
	if n := got.unexpected["photos"]; n != 3000 || len(got.Anomalies) != 1 {
		t.Errorf("UnexpectedDeletes = %d of %v, want 3000 of one anomaly", n, got.Anomalies)
	}
}
