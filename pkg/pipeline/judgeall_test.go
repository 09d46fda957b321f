package pipeline

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/statetest"
)

func TestJudgedAtOnce(t *testing.T) {
	for memory, want := range map[int64]int{0: 1, 128: 1, 256: 5, 512: state.CallsAtOnce, 10240: state.CallsAtOnce} {
		if got := (&Config{MemorySize: memory}).judgedAtOnce(); got != want {
			t.Errorf("judgedAtOnce with %d MB = %d, want %d", memory, got, want)
		}
	}
}

// uneven is a store in which each bucket takes a time of its own.
type uneven struct {
	state.Store
	fails string // a bucket that can't be read
}

func (u uneven) Query(ctx context.Context, partition, from, until string, yield func(state.Item) bool) error {
	if u.fails != "" && strings.HasSuffix(partition, "#"+u.fails) {
		return errors.New("can't be read")
	}
	h := fnv.New32()
	h.Write([]byte(partition))
	time.Sleep(time.Duration(h.Sum32()%100) * time.Millisecond)
	return u.Store.Query(ctx, partition, from, until, yield)
}

// manyBuckets is a log file of what is worth a message in so many buckets, and of others in which nothing is found.
func manyBuckets(n int) delivery {
	var requests []request
	for i := range n {
		requests = append(requests,
			request{at: clockOn(10, 1, 0), who: intern, operation: "PutBucketVersioning", bucket: fmt.Sprintf("bad-%02d", i), parameters: suspended},
			request{at: clockOn(10, 1, 0), who: appWeb, operation: "PutObject", bucket: fmt.Sprintf("good-%02d", i), key: "k"})
		for k := range 30 {
			requests = append(requests, request{at: clockOn(10, 2, k), who: intern, operation: "DeleteObject", bucket: fmt.Sprintf("bad-%02d", i), key: fmt.Sprint(k), versionID: "v"})
		}
		requests = append(requests, request{at: clockOn(10, 3, 0), who: appWeb, operation: "DeleteObject", bucket: fmt.Sprintf("good-%02d", i), key: "j"})
	}
	return deliver(1, clockOn(10, 5, 0), requests...)
}

// Buckets that are judged at once are told of in the order in which they became due, whichever is judged first, and no
// more messages are sent than may be in an hour: all as if one were judged after the other.
func TestJudgedAtOnceTellsInOrder(t *testing.T) {
	const buckets = maxMessages + 5
	t.Run("found by the tick", func(t *testing.T) { tellsInOrder(t, manyBuckets(buckets)) })
	t.Run("found by a log file", func(t *testing.T) {
		var changes []request
		for i := range buckets {
			changes = append(changes, request{at: clockOn(10, 1, 0), who: intern, operation: "PutBucketVersioning", bucket: fmt.Sprintf("bad-%02d", i), parameters: suspended})
		}
		tellsInOrder(t, deliver(1, clockOn(10, 5, 0), changes...))
	})
}

func tellsInOrder(t *testing.T, file delivery) {
	t.Helper()
	tell := func(memory string) (told, subjects []string, atOnce int) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, uneven{Store: state.NewMemory()}, atOnceIn(memory))
			w.read(t, file)
			w.take(t)
			var mu sync.Mutex
			within := 0
			w.Step = func(ctx context.Context, name string, f func(context.Context) error) error {
				mu.Lock()
				within++
				atOnce = max(atOnce, within)
				mu.Unlock()
				defer func() { mu.Lock(); within--; mu.Unlock() }()
				return f(ctx)
			}
			w.tick(t, clockOn(10, 6, 0))
			health, anomalies := w.takeHealth(t)
			for _, l := range append(anomalies, health) {
				told = append(told, fmt.Sprint(l["BucketName"], l["Anomaly"], l["Severity"], l["UnexpectedDeletes"], l["AlertsPublished"], l["AlertsHeldBack"], l["Ticks"]))
			}
			subjects = w.subjects()
		})
		return told, subjects, atOnce
	}
	told, subjects, one := tell("128")
	if len(told) == 0 || len(subjects) != maxMessages+1 || one != 1 {
		t.Fatalf("one after the other: %d at once tell of %d anomalies with %d messages: that shows nothing", one, len(told), len(subjects))
	}
	gotTold, gotSubjects, several := tell("256")
	if several != 5 {
		t.Errorf("%d were judged at once, want 5", several)
	}
	if diff := cmp.Diff(told, gotTold); diff != "" {
		t.Errorf("what was told (-one after the other +several at once):\n%s", diff)
	}
	if diff := cmp.Diff(subjects, gotSubjects); diff != "" {
		t.Errorf("messages (-one after the other +several at once):\n%s", diff)
	}
}

// One that can't be judged hides none of those that are judged with it.
func TestJudgedAtOnceFails(t *testing.T) {
	w := newWorld(t, state.NewMemory(), atOnceIn("512"))
	w.read(t, manyBuckets(12))
	w.take(t)
	w.history = newWorld(t, uneven{Store: w.claims.Store, fails: "bad-03"}).history
	w.tick(t, clockOn(10, 6, 0))
	failed := w.logged(t, "tick failed")
	if len(failed) != 1 || strings.Count(fmt.Sprint(failed[0]["error"]), "cannot judge ") != 1 || !strings.Contains(fmt.Sprint(failed[0]["error"]), "cannot judge bad-03: ") {
		t.Errorf("the log has %v, want that bad-03 alone can't be judged", failed)
	}
	health, anomalies := w.takeHealth(t)
	buckets := map[any]bool{}
	for _, l := range anomalies {
		buckets[l["BucketName"]] = true
	}
	if health["TicksFailed"] != 1.0 || len(buckets) != 11 || buckets["bad-03"] {
		t.Errorf("the tick told of %v, with %v", buckets, health)
	}
	w.history = newWorld(t, w.claims.Store).history
	w.tick(t, clockOn(10, 7, 0))
	if _, anomalies := w.takeHealth(t); len(anomalies) == 0 || slices.ContainsFunc(anomalies, func(l line) bool { return l["BucketName"] != "bad-03" }) {
		t.Errorf("the next tick told of %v, want what was left", anomalies)
	}
}

// A tick that runs out of time says which bucket comes next, and the next tick goes on there.
func TestJudgedAtOnceRunsOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, statetest.At(time.Second, state.NewMemory()), atOnceIn("256"))
		w.read(t, manyBuckets(20))
		w.take(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := w.Handle(ctx, tickAt(clockOn(10, 6, 0))); err != nil {
			t.Fatal(err)
		}
		if failed := w.logged(t, "tick failed"); len(failed) != 1 || !strings.Contains(fmt.Sprint(failed[0]["error"]), "out of time: ") {
			t.Fatalf("the log has %v, want that the tick was out of time", failed)
		}
		before := toldBy(w.take(t)).Anomalies
		for range 10 {
			w.tick(t, clockOn(10, 7, 0))
		}
		after := toldBy(w.take(t)).Anomalies
		for key := range before {
			if _, ok := after[key]; ok {
				t.Errorf("%s was told twice", key)
			}
		}
		if len(before) == 0 || len(after) == 0 || len(before)+len(after) < 20 {
			t.Errorf("%d anomalies were told before the end of time, and %d after it, want 20 or more in all", len(before), len(after))
		}
	})
}
