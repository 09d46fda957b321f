package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/state"
)

// morning is a log file with something of all that is remembered: of three buckets and two hours, an anomaly that it
// shows by itself, keys, and a delete in the log bucket.
func morning() delivery {
	var all []request
	for i := range 22 {
		all = append(all, request{at: clockOn(10, 1, i), who: intern, operation: "DeleteObject", bucket: "photos", key: fmt.Sprintf("b/%d.jpg", i)})
	}
	for i := range 6 {
		key := fmt.Sprintf("a/%d.jpg", i)
		all = append(all,
			request{at: clockOn(9, 58, i), who: appWeb, operation: "PutObject", bucket: "photos", key: key},
			request{at: clockOn(10, 2, i), who: appWeb, operation: "DeleteObject", bucket: "photos", key: key})
	}
	return deliver(1, clockOn(10, 7, 0), append(all,
		request{at: clockOn(9, 50, 0), who: intern, operation: "PutBucketVersioning", bucket: "photos", parameters: suspended},
		request{at: clockOn(9, 51, 0), who: intern, operation: "DeleteObject", bucket: "music", key: "x"},
		request{at: clockOn(10, 3, 0), who: alice, operation: "DeleteObject", bucket: logBucket, key: "AWSLogs/a.json.gz"})...)
}

// whole plays the rest of the day, and returns all that was told since the beginning.
func (w *world) whole(t testing.TB) told {
	t.Helper()
	w.tick(t, clockOn(10, 20, 0), clockOn(12, 0, 0), clockOn(12, 1, 0))
	return toldBy(w.take(t))
}

// wantSame wants what was told to be what it would have been if nothing had failed.
func wantSame(t *testing.T, want, got told) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("what was told (-without failures +with):\n%s", diff)
	}
}

// eachFailure has each of the calls to a store fail by itself, in each way in which one can, and all from each one on.
func eachFailure(t *testing.T, calls []call, do func(t *testing.T, u *unreliable, outage bool)) {
	t.Helper()
	if len(calls) < 10 {
		t.Fatalf("%d calls: the test shows nothing", len(calls))
	}
	ways := map[string][]failure{
		"Get": {nothingDone}, "Query": {nothingDone, halfDone}, "Put": {nothingDone, halfDone, allDone}, "PutIf": {nothingDone, allDone}, "Delete": {nothingDone, allDone},
	}
	for i, c := range calls {
		for _, how := range ways[c.method] {
			t.Run(fmt.Sprintf("call %d, %v", i+1, how), func(t *testing.T) {
				t.Parallel()
				tryFailure(t, &unreliable{fails: failsAt(i + 1), how: how}, func(u *unreliable) { do(t, u, false) })
			})
		}
		t.Run(fmt.Sprintf("call %d, and all after it", i+1), func(t *testing.T) {
			t.Parallel()
			tryFailure(t, &unreliable{fails: failsFrom(i + 1), how: allDone}, func(u *unreliable) { do(t, u, true) })
		})
	}
}

func tryFailure(t *testing.T, u *unreliable, do func(*unreliable)) {
	t.Helper()
	do(u)
	if len(u.failed) == 0 {
		t.Error("no call failed, want one")
	}
	if t.Failed() {
		t.Logf("failed calls: %v", u.failed)
	}
}

// A throttled or unreachable table loses no log file: the invocation fails without a line, and the retry gives what the
// first would have given.
func TestStoreFailsForAFile(t *testing.T) {
	count := &unreliable{Store: afterCalmDays(t)}
	clear := newWorld(t, count)
	clear.read(t, morning())
	calls := count.made
	want := clear.whole(t)
	eachFailure(t, calls, func(t *testing.T, u *unreliable, outage bool) {
		u.Store = afterCalmDays(t)
		w := newWorld(t, u)
		d := morning()
		err := w.announce(t, d)
		u.fails = nil // it is over
		written := w.metrics.Len() > 0
		switch {
		case err == nil && !(written && u.failed[0].isClaim()):
			t.Fatal("Handle = nil, want an error")
		case err != nil && !errors.Is(err, errThrottled):
			t.Fatalf("Handle = %v, want %v", err, errThrottled)
		case err != nil:
			if written || strings.Contains(w.log.String(), `"Type"`) {
				t.Errorf("the failed invocation wrote\n%s%s", w.metrics.String(), w.log.String())
			}
			// Before the retry comes a tick.
			w.tick(t, clockOn(10, 15, 0))
			// Where the claim itself is what failed, or what was to give it back, its lease must end first.
			if outage || u.failed[0].isClaim() {
				endLeases(t, u.Store, d)
			}
			w.read(t, d)
		}
		// It is announced once more, while the lease lasts: whatever has become of the claim, it counts once.
		if err := w.announce(t, d); err != nil && !errors.Is(err, state.ErrClaimed) {
			t.Errorf("Handle of the same file again = %v", err)
		}
		wantSame(t, want, w.whole(t))
	})
}

// A tick that fails writes no heartbeat, and is no failure of the invocation. The next one does what is left, and when
// one has finished nothing is done again. No anomaly is lost, no message either.
//
// A line comes twice only if the store failed to take down that it was written, and a message only if it failed to take
// down that it was sent.
func TestStoreFailsForATick(t *testing.T) {
	count := &unreliable{Store: afterCalmDays(t)}
	clear := newWorld(t, count)
	clear.read(t, morning())
	count.made = nil
	clear.tick(t, clockOn(10, 20, 0))
	calls := count.made
	want := clear.whole(t)
	wantSubjects := clear.subjects()
	if len(wantSubjects) < 3 {
		t.Fatalf("messages %q, want several for the test to show something", wantSubjects)
	}
	eachFailure(t, calls, func(t *testing.T, u *unreliable, outage bool) {
		fails := u.fails
		u.fails, u.Store = nil, afterCalmDays(t)
		w := newWorld(t, u)
		w.read(t, morning())
		before := w.take(t)

		u.made, u.fails = nil, fails
		w.tick(t, clockOn(10, 20, 0))
		u.fails = nil
		health, anomalies := w.takeHealth(t)
		subjects := w.subjects()
		all := append(before, anomalies...)
		failed := !isRelease(u)
		if wantFailed := map[bool]any{true: 1.0}[failed]; health["TicksFailed"] != wantFailed {
			t.Errorf("TicksFailed = %v, want %v", health["TicksFailed"], wantFailed)
		}
		if wantTicks := map[bool]any{false: 1.0}[failed]; health["Ticks"] != wantTicks {
			t.Errorf("Ticks = %v, want %v", health["Ticks"], wantTicks)
		}

		endLeases(t, u.Store)
		w.tick(t, clockOn(10, 21, 0))
		health, anomalies = w.takeHealth(t)
		if !failed && (len(anomalies) > 0 || len(w.published) > 0) {
			t.Errorf("a tick that finished was repeated: %q, %q", shorts(anomalies), w.subjects())
		}
		if health["Ticks"] != 1.0 || health["TicksFailed"] != nil {
			t.Errorf("the tick after it gave %v, want the heartbeat", health)
		}
		all = append(all, anomalies...)
		subjects = append(subjects, w.subjects()...)
		w.tick(t, clockOn(10, 22, 0))
		if _, anomalies = w.takeHealth(t); len(anomalies) > 0 || len(w.published) > 0 {
			t.Errorf("a tick that finished was repeated: %q, %q", shorts(anomalies), w.subjects())
		}
		w.tick(t, clockOn(12, 0, 0), clockOn(12, 1, 0))
		got := toldBy(append(all, w.take(t)...))
		subjects = append(subjects, w.subjects()...)

		for key, n := range got.opened {
			if n > want.opened[key] && !failedAt(u, "PutIf", "a#", "u#") {
				t.Errorf("%s was told %d times", key, n)
			}
		}
		if !failedAt(u, "PutIf", "a#", "u#") {
			wantSame(t, want, got)
		}
		got.opened, got.unexpected = want.opened, want.unexpected
		wantSame(t, want, got)

		twice := len(subjects) > len(wantSubjects)
		if twice && !failedAt(u, "", "i#") {
			t.Errorf("messages %q, want %q", subjects, wantSubjects)
		}
		slices.Sort(subjects)
		if subjects = slices.Compact(subjects); !cmp.Equal(subjects, sorted(wantSubjects)) {
			t.Errorf("messages %q, want %q", subjects, wantSubjects)
		}
	})
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// isRelease tells whether all that failed is to give the claim of ticks back, at the end.
func isRelease(u *unreliable) bool {
	return len(u.failed) == 1 && u.failed[0].method == "PutIf" && u.failed[0].isClaim() && u.failed[0].n > 10
}

// failedAt tells whether one of the failed calls is of the method, if one is named, and about an item whose sort key
// begins with one of the prefixes.
func failedAt(u *unreliable, method string, prefixes ...string) bool {
	return slices.ContainsFunc(u.failed, func(c call) bool {
		return (method == "" || c.method == method) && slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(c.sort, p) })
	})
}

// Whichever message can't be sent, and whether or not SNS has taken it all the same: the next tick sends it, and no
// anomaly waits for that.
func TestTopicFailsForATick(t *testing.T) {
	clear := newWorld(t, afterCalmDays(t))
	clear.read(t, morning())
	want := clear.whole(t)
	wantSubjects := clear.subjects()
	for n := range wantSubjects {
		for _, answerLost := range []bool{false, true} {
			t.Run(fmt.Sprintf("message %d, answer lost %v", n+1, answerLost), func(t *testing.T) {
				w := newWorld(t, afterCalmDays(t))
				sent := w.sns.(publish)
				calls := 0
				w.sns = publish(func(in *sns.PublishInput) error {
					calls++
					if calls-1 != n {
						return sent(in)
					}
					if answerLost {
						_ = sent(in)
					}
					return errors.New("InternalError")
				})
				w.read(t, morning())
				before := w.take(t)
				w.tick(t, clockOn(10, 20, 0))
				health, anomalies := w.takeHealth(t)
				before = append(before, anomalies...)
				if health["TicksFailed"] != 1.0 || health["Ticks"] != nil || health["AlertsFailed"] != 1.0 || health["AlertsPublished"] != float64(len(wantSubjects)-1) {
					t.Errorf("the tick gave %v, want TicksFailed, AlertsFailed and all other messages published", health)
				}
				w.tick(t, clockOn(10, 21, 0))
				health, anomalies = w.takeHealth(t)
				if len(anomalies) > 0 {
					t.Errorf("lines were written again: %q", shorts(anomalies))
				}
				if health["Ticks"] != 1.0 || health["AlertsPublished"] != 1.0 || health["AlertsFailed"] != nil {
					t.Errorf("the next tick gave %v, want one message published", health)
				}
				got := w.whole(t)
				all := toldBy(before)
				got.Counted, got.Deleted = all.Counted, all.Deleted
				for key, severity := range all.Anomalies {
					got.Anomalies[key] = severity
				}
				for key, n := range all.opened {
					got.opened[key] += n
				}
				for key, n := range all.unexpected {
					got.unexpected[key] += n
				}
				wantSame(t, want, got)
				subjects := w.subjects()
				if answerLost {
					if len(subjects) != len(wantSubjects)+1 {
						t.Errorf("messages %q, want one of them twice", subjects)
					}
					slices.Sort(subjects)
					subjects = slices.Compact(subjects)
				}
				if !cmp.Equal(sorted(subjects), sorted(wantSubjects)) {
					t.Errorf("messages %q, want %q", subjects, wantSubjects)
				}
			})
		}
	}
}

// A tick dies, and so doesn't give its claim back. As long as its lease lasts the next ones leave what is due to it; then
// one does it.
func TestTickDies(t *testing.T) {
	store := afterCalmDays(t)
	w := newWorld(t, store)
	w.read(t, morning())
	w.take(t)
	if _, err := (state.Claims{Store: store}).Claim(t.Context(), "tick", state.Claim{Owner: "dead", Now: time.Now(), Lease: time.Minute}); err != nil {
		t.Fatal(err)
	}
	w.tick(t, clockOn(10, 20, 0))
	if len(w.logged(t, "tick left to another that is at work")) != 1 {
		t.Errorf("the log does not say that another is at work: %s", w.log.String())
	}
	if health, anomalies := w.takeHealth(t); health["Ticks"] != 1.0 || len(anomalies) > 0 || len(w.published) > 0 {
		t.Errorf("a tick, while another is at work, gave %v, %q, %d messages", health, shorts(anomalies), len(w.published))
	}
	endLeases(t, store)
	w.tick(t, clockOn(10, 21, 0))
	if health, anomalies := w.takeHealth(t); health["Ticks"] != 1.0 || health["FilesTakenOver"] != 1.0 || len(anomalies) == 0 || len(w.published) == 0 {
		t.Errorf("the tick after its lease gave %v, %q, %d messages, want all that was due", health, shorts(anomalies), len(w.published))
	}
}

// A tick that has no time left for a bucket says so, and the next one goes on.
func TestTickOutOfTime(t *testing.T) {
	w := newWorld(t, afterCalmDays(t))
	w.read(t, morning())
	w.take(t)
	ctx, cancel := context.WithTimeout(t.Context(), tickReserve-time.Second)
	defer cancel()
	if _, err := w.Handle(ctx, tickAt(clockOn(10, 20, 0))); err != nil {
		t.Errorf("a tick without time = %v, want no failure of the invocation", err)
	}
	if failed := w.logged(t, "tick failed"); len(failed) != 1 || !strings.Contains(fmt.Sprint(failed[0]["error"]), "out of time") {
		t.Errorf("the log has %v, want that it is out of time", failed)
	}
	if health, anomalies := w.takeHealth(t); health["TicksFailed"] != 1.0 || health["Ticks"] != nil || len(anomalies) > 0 {
		t.Errorf("a tick without time gave %v, %q", health, shorts(anomalies))
	}
	w.tick(t, clockOn(10, 21, 0))
	if health, anomalies := w.takeHealth(t); health["Ticks"] != 1.0 || len(anomalies) == 0 {
		t.Errorf("the tick after it gave %v, %q, want all that was due", health, shorts(anomalies))
	}
}

// What is wrong with one bucket, for however long, keeps nobody from judging the others.
func TestDamagedBucket(t *testing.T) {
	w := newWorld(t, afterCalmDays(t))
	var requests []request
	for i := range 100 { // of a bucket before the others
		requests = append(requests, request{at: clockOn(0, i, 0), who: alice, operation: "DeleteObject", bucket: "damaged", key: fmt.Sprint(i)})
	}
	for i := range requests {
		w.read(t, deliver(100+i, clockOn(2, i, 0), requests[i]))
	}
	store := w.claims.Store
	put(t, store, []state.Item{{Partition: "v1#111122223333#damaged", Sort: "e#2026-11-20T00#2026-11-20T02:00#x#0", Data: []byte("?")}})
	w.read(t, morning())
	w.take(t)
	w.tick(t, clockOn(10, 20, 0))
	health, anomalies := w.takeHealth(t)
	if health["TicksFailed"] != 1.0 || health["Ticks"] != nil {
		t.Errorf("a tick that couldn't read an item gave %v, want TicksFailed", health)
	}
	if got := toldBy(anomalies).Anomalies; len(got) < 3 {
		t.Errorf("the other buckets' anomalies are %v, want all of them", got)
	}
	for n := range 3 {
		w.tick(t, clockOn(10, 21+n, 0))
		if health, anomalies := w.takeHealth(t); health["TicksFailed"] != 1.0 || len(anomalies) > 0 {
			t.Errorf("the tick after it gave %v, %q, want TicksFailed and nothing twice", health, shorts(anomalies))
		}
	}
}
