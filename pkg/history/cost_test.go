package history

import (
	"fmt"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/statetest"
)

// What a log file costs, per bucket with deletes in each file, a tick each minute, without the claims. The bucket is
// known for a month, and its app uploads, deletes, and is refused a read in each file, of other objects each time. What a
// tick costs that finds nothing due is left out: one call and one read unit, whatever the number of files and buckets.
// Under the race detector there is less of it, which costs no more.
func TestCost(t *testing.T) {
	for _, test := range []struct {
		files                int // an hour
		hours                int // that are measured
		calls, writes, reads float64
	}{
		{1, 8, 15, 6.2, 13},
		{12, 4, 8, 4.4, 9},
		{144, 1, 4.3, 3.7, 8.2},
		{1000, 1, 3, 3.4, 3},
	} {
		t.Run(fmt.Sprint(test.files), func(t *testing.T) {
			store := statetest.Counting(state.NewMemory())
			h := New(store)
			start := clock(9, 0)
			until := start.Add(time.Duration(test.hours) * time.Hour)
			if underRace && test.files == 1000 {
				until = start.Add(until.Sub(start) / 4)
			}
			month(t, h, test.files, start)

			var put, reads, writes statetest.Usage
			every := time.Hour / time.Duration(test.files)
			events, n := start, 0
			for now := start; now.Before(until.Add(2 * time.Hour)); now = now.Add(time.Minute) {
				for ; !events.Add(every+5*time.Minute).After(now) && events.Before(until); events = events.Add(every) {
					n++
					s := share(events.Truncate(time.Hour), now, n, 3)
					s.Refused = 1
					s.Keys.Refused = []anomaly.Refusal{{Hash: uint64(n), At: events.Unix(), Principal: appWeb}}
					for i := range s.Keys.Deletes {
						s.Keys.Deletes[i].At = events.Unix() + int64(i)
					}
					store.Reset()
					putShares(t, h, s)
					put = plus(put, store.Writes())
					reads, writes = plus(reads, store.Reads()), plus(writes, store.Writes())
				}
				store.Reset()
				due(t, h, now)
				idle := store.Reads()
				store.Reset()
				tick(t, h, now, detect(t))
				reads, writes = plus(reads, store.Reads()), plus(writes, store.Writes())
				reads.Calls -= idle.Calls
				reads.Units -= idle.Units
			}
			per := func(what int) float64 { return float64(what) / float64(n) }
			calls, w, r := per(reads.Calls+writes.Calls), per(writes.Units), per(reads.Units)
			t.Logf("%d files an hour: per file and bucket %.1f calls, %.1f write units, %.1f read units; of these by the file itself %.1f calls, %.1f write units",
				test.files, calls, w, r, per(put.Calls), per(put.Units))
			if calls > test.calls || w > test.writes || r > test.reads {
				t.Errorf("got %.2f calls, %.2f write units, %.2f read units; want at most %.1f, %.1f, %.1f", calls, w, r, test.calls, test.writes, test.reads)
			}
		})
	}
}

func plus(a, b statetest.Usage) statetest.Usage {
	return statetest.Usage{Calls: a.Calls + b.Calls, Items: a.Items + b.Items, Bytes: a.Bytes + b.Bytes, Units: a.Units + b.Units}
}

// month makes a bucket known for a month, and lets this process know what it has read of that. In the last eight days,
// of which keys are remembered, there are as many log files an hour as in the hours that follow: at 144 in the last,
// and at 1,000 in none, since of a bucket with so many deletes every day nobody looks at keys: so there it is a surge.
func month(t testing.TB, h *History, files int, until time.Time) {
	full := map[int]time.Duration{144: day, 1000: 0}
	if underRace {
		full[144], full[12] = 4*time.Hour, 2*day
	}
	since, ok := full[files]
	if !ok {
		since = keysAge
	}
	none := func(anomaly.History, Due) []anomaly.Anomaly { return nil }
	n := 1_000_000
	for hour := until.Truncate(day).AddDate(0, 0, -30); hour.Before(until); hour = hour.Add(time.Hour) {
		rate, deletes := files, int64(3)
		if until.Sub(hour) > since {
			rate = 1
			if since > 0 && since < keysAge {
				deletes *= int64(files) // or what follows is a surge
			}
			if hour.Hour()%3 > 0 {
				continue
			}
		}
		for i := range rate {
			n++
			s := share(hour, hour.Add(time.Duration(i)*time.Hour/time.Duration(rate)+10*time.Minute), n, deletes)
			if err := h.PutShares(t.Context(), account, []anomaly.Share{s}, s.Delivered); err != nil {
				t.Fatal(err)
			}
		}
		judge := none
		if until.Sub(hour) <= 2*time.Hour {
			judge = detect(t)
		}
		tick(t, h, hour.Add(2*time.Hour), judge)
	}
}
