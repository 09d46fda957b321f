package pipeline

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/statetest"
)

// How many round trips to the table follow one another when a process that was just started reads a log file with deletes
// in so many buckets, all of which are known, when it reads the next one, and when a tick judges them. With one call
// after the other they were 6, 4 and 15; 7, 4 and 114; 28, 14 and 1,104; 52, 26 and 2,204.
func TestRoundTrips(t *testing.T) {
	for _, test := range []struct{ buckets, cold, warm, tick int }{
		{1, 5, 4, 13},
		{10, 6, 4, 24},
		{100, 15, 4, 186},
		{200, 26, 5, 366},
	} {
		t.Run(fmt.Sprint(test.buckets), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const trip = time.Millisecond
				store := statetest.At(trip, state.NewMemory())
				before, w := newWorld(t, store, atOnceIn("256")), newWorld(t, store, atOnceIn("256"))
				var requests []request
				for i := range test.buckets {
					for n := range 3 {
						requests = append(requests, request{at: clockOn(10, 1, n), who: appWeb, operation: "DeleteObject", bucket: fmt.Sprint("bucket-", i), key: fmt.Sprint(n)})
					}
				}
				trips := func(do func()) int {
					began := time.Now()
					do()
					return int(time.Since(began) / trip)
				}
				before.read(t, deliver(0, clockOn(10, 4, 0), requests...)) // since then the buckets are known
				cold := trips(func() { w.read(t, deliver(1, clockOn(10, 5, 0), requests...)) })
				warm := trips(func() { w.read(t, deliver(2, clockOn(10, 6, 0), requests...)) })
				tick := trips(func() { w.tick(t, clockOn(10, 7, 0)) })
				// Who comes first of those that run at once makes a trip or two of difference.
				more := func(got, want int) bool { return got > want+1+want/50 }
				if more(cold, test.cold) || more(warm, test.warm) || more(tick, test.tick) {
					t.Errorf("a log file takes %d round trips, the next one %d, the tick %d; want about %d, %d, %d at most", cold, warm, tick, test.cold, test.warm, test.tick)
				}
			})
		})
	}
}
