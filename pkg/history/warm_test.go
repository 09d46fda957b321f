package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// warmAndCold shows that a process which has read a bucket before sees what one sees that was just started, whoever puts
// log files, and however long after their delivery.
func warmAndCold(t *testing.T, store state.Store) {
	rounds, days := 4, 4
	_, inMemory := store.(*state.Memory)
	if underRace || !inMemory {
		rounds, days = 1, 3
	}
	for range rounds {
		seed := rand.Uint64()
		rnd := rand.New(rand.NewPCG(seed, 0))
		if rounds > 1 {
			store = state.NewMemory()
		}
		writer, warm := New(store), New(store)
		files := filesOf(rnd, days)
		until := clock(24*days, 0)
		for now := clock(1, 0); now.Before(until); now = now.Add(time.Duration(1+rnd.IntN(60)) * time.Minute) {
			for len(files) > 0 && files[0].put.Before(now) {
				must(t, writer.PutShares(t.Context(), account, []anomaly.Share{files[0].Share}, files[0].put))
				files = files[1:]
			}
			cold := New(store)
			all, colds := due(t, warm, now), due(t, cold, now)
			if diff := cmp.Diff(summary(colds), summary(all)); diff != "" {
				t.Fatalf("seed %d, %v: due (-cold +warm):\n%s", seed, now, diff)
			}
			for i, d := range all {
				processes := []*History{warm, cold}
				seen := make([][]any, 2)
				for _, p := range rnd.Perm(2) { // who is first closes days
					seen[p] = seenOf(t, processes[p].For([][]Due{all, colds}[p][i]), d.Hour)
				}
				if diff := cmp.Diff(seen[1], seen[0]); diff != "" {
					t.Fatalf("seed %d, %v, %q (-cold +warm):\n%s", seed, now, summary([]Due{d}), diff[:min(len(diff), 3000)])
				}
			}
			must(t, warm.Finish(t.Context(), all, now))
		}
	}
}

type file struct {
	anomaly.Share
	put time.Time
}

// filesOf returns log files in the order in which they are put: most of them soon, and some up to three days late. Of the
// half nobody is asked to judge anything.
func filesOf(rnd *rand.Rand, days int) []file {
	var files []file
	for n := range days * 60 {
		hour := clock(rnd.IntN(24*days), 0)
		delivered := hour.Add(time.Duration(5+rnd.IntN(70)) * time.Minute)
		put := delivered.Add(time.Duration(rnd.IntN(120)) * time.Second)
		switch rnd.IntN(6) {
		case 0:
			put = delivered.Add(time.Duration(rnd.IntN(20)) * time.Minute)
		case 1:
			put = delivered.Add(time.Duration(rnd.IntN(72*60)) * time.Minute)
		}
		s := share(hour, delivered, n, int64(rnd.IntN(2)*3))
		for i := range s.Keys.Uploads {
			s.Keys.Uploads[i].Hash = rnd.Uint64N(50)
		}
		for i := range s.Keys.Deletes {
			s.Keys.Deletes[i].Hash = rnd.Uint64N(50)
		}
		files = append(files, file{s, put})
	}
	slices.SortFunc(files, func(a, b file) int { return a.put.Compare(b.put) })
	return files
}

// seenOf returns what detectors look at in an hour.
func seenOf(t *testing.T, history anomaly.History, hour time.Time) []any {
	t.Helper()
	date := hour.Truncate(day)
	since, err := history.Since(t.Context())
	must(t, err)
	days, err := history.Days(t.Context(), date.AddDate(0, 0, -28), date.AddDate(0, 0, -2))
	must(t, err)
	recent := keysOf(t, history, hour.Add(-time.Hour), hour.Add(time.Hour), nil)
	wanted := map[uint64]bool{}
	for _, d := range recent.Deletes {
		wanted[d.Hash] = true
	}
	past := keysOf(t, history, hour.Add(-7*day), hour.Add(time.Hour), func(hash uint64) bool { return wanted[hash] })
	return []any{
		since, days, hoursOf(t, history, date, hour.Add(time.Hour)), hoursOf(t, history, hour.Add(-time.Hour), hour.Add(time.Hour)),
		fmt.Sprint(recent), fmt.Sprint(past),
	}
}
