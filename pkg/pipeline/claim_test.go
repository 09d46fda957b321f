package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/state"
)

// oneDelete is a log file with one record.
func oneDelete(n int) delivery {
	return deliver(n, clockOn(10, 7, 0), request{at: clockOn(10, 1, 0), who: appWeb, operation: "DeleteObject", bucket: "photos", key: "a/7.jpg"})
}

func TestAnnouncedTwice(t *testing.T) {
	w := newWorld(t, state.NewMemory())
	d := oneDelete(1)
	w.read(t, d)
	if all := w.take(t); sum(all, "FilesProcessed") != 1 || sum(ofType(all, "Bucket"), "DeletedObjects") != 1 || len(ofType(all, "Delete")) != 1 {
		t.Fatalf("the first announcement gave %v", all)
	}
	delete(w.files, d.key)
	if _, err := w.Handle(t.Context(), notification(d.key)); err != nil { // without a look at the file
		t.Fatalf("Handle(the same again) = %v, want it skipped", err)
	}
	if all := w.take(t); len(all) != 1 || all[0]["SkipReason"] != "AlreadyProcessed" || all[0]["FilesSkipped"] != 1.0 {
		t.Errorf("the second announcement gave %v, want it skipped as AlreadyProcessed", all)
	}
}

// Of eight at the same time one reads the file. The others fail, so that Lambda tries again, or find it done.
func TestAnnouncedAtTheSameTime(t *testing.T) {
	w := newWorld(t, state.NewMemory())
	d := oneDelete(1)
	w.files[d.key] = d.body
	for range 20 {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := w.Handle(t.Context(), notification(d.key))
				var file *FileError
				if err != nil && (!errors.Is(err, state.ErrClaimed) || !errors.As(err, &file) || file.Object.Key != d.key) {
					t.Errorf("Handle = %v, want %v of the file", err, state.ErrClaimed)
				}
			})
		}
		wg.Wait()
	}
	w.read(t, d) // the last try
	all := w.take(t)
	if got := sum(all, "FilesProcessed"); got != 1 {
		t.Errorf("FilesProcessed = %d, want 1", got)
	}
	if got := sum(ofType(all, "Bucket"), "DeletedObjects"); got != 1 {
		t.Errorf("DeletedObjects = %d, want 1", got)
	}
	if got := sum(all, "FilesTakenOver"); got != 0 {
		t.Errorf("FilesTakenOver = %d, want 0: nobody died", got)
	}
}

// While a file is being read, it comes again by SQS: that message alone comes again.
func TestAnnouncedBySQSWhileItIsRead(t *testing.T) {
	var w *world
	d, other := oneDelete(1), oneDelete(2)
	message := func(id string, d delivery) map[string]any {
		return map[string]any{"eventSource": "aws:sqs", "messageId": id, "body": string(notification(d.key))}
	}
	payload, _ := json.Marshal(map[string]any{"Records": []any{message("claimed", d), message("other", other)}})
	nested := false
	w = newWorld(t, state.NewMemory())
	w.s3 = getObject(func(_, key string) ([]byte, error) {
		if !nested {
			nested = true
			response, err := w.Handle(t.Context(), payload)
			got, _ := json.Marshal(response)
			if want := `{"batchItemFailures":[{"itemIdentifier":"claimed"}]}`; err != nil || string(got) != want {
				t.Errorf("Handle(SQS) = %s, %v, want %s", got, err, want)
			}
		}
		return w.files[key], nil
	})
	w.files[other.key] = other.body
	w.read(t, d)
	if got := sum(w.take(t), "FilesProcessed"); got != 2 {
		t.Errorf("FilesProcessed = %d, want 2", got)
	}
}

// An invocation that fails gives its claim back, so that the next one needn't wait for the lease's end: also if it fails
// because its time is over.
func TestFailureReleasesTheClaim(t *testing.T) {
	d := oneDelete(1)
	tests := map[string]func(ctx context.Context, w *world) (context.Context, func()){
		"S3 refuses": func(ctx context.Context, w *world) (context.Context, func()) {
			return ctx, func() { w.s3 = getObject(func(_, _ string) ([]byte, error) { return nil, errors.New("AccessDenied") }) }
		},
		"the file is damaged": func(ctx context.Context, w *world) (context.Context, func()) {
			return ctx, func() { w.s3 = same(d.body[:len(d.body)/2]) }
		},
		"nothing can be written": func(ctx context.Context, w *world) (context.Context, func()) {
			return ctx, func() { w.out = NewOutput(&failing{}, &failing{}) }
		},
		"the time is over": func(ctx context.Context, w *world) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			return ctx, func() {
				w.s3 = getObject(func(_, _ string) ([]byte, error) {
					cancel()
					return nil, ctx.Err()
				})
			}
		},
		"the time is over before what was read is remembered": func(ctx context.Context, w *world) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			return ctx, func() {
				w.s3 = getObject(func(_, _ string) ([]byte, error) {
					cancel()
					return d.body, nil
				})
			}
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, state.NewMemory())
			s3, out := w.s3, w.out
			ctx, spoil := test(t.Context(), w)
			spoil()
			w.files[d.key] = d.body
			if _, err := w.Handle(ctx, notification(d.key)); err == nil {
				t.Fatal("Handle = nil, want an error")
			}
			if n := w.metrics.Len(); n > 0 {
				t.Errorf("the failed invocation wrote %s", w.metrics.String())
			}
			w.s3, w.out = s3, out
			w.take(t)
			w.read(t, d)
			if all := w.take(t); sum(all, "FilesProcessed") != 1 || sum(all, "FilesTakenOver") != 0 {
				t.Errorf("the next invocation gave %v, want the file processed, and not taken over", all)
			}
		})
	}
}

// An invocation dies after it claimed the file. While its lease lasts nobody else reads it; then somebody takes over,
// and says so, since the lines may be there already.
func TestTakenOver(t *testing.T) {
	store := state.NewMemory()
	w := newWorld(t, store)
	d := oneDelete(1)
	if _, err := (state.Claims{Store: store}).Claim(t.Context(), "s3://"+logBucket+"/"+d.key,
		state.Claim{Owner: "dead", Now: time.Now(), Lease: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := w.announce(t, d); !errors.Is(err, state.ErrClaimed) {
		t.Fatalf("Handle, while another has the file = %v, want %v", err, state.ErrClaimed)
	}
	if w.metrics.Len() > 0 {
		t.Errorf("Handle, while another has the file, wrote %s", w.metrics.String())
	}
	endLeases(t, store, d)
	// That it was taken over is not forgotten by an attempt that fails.
	s3 := w.s3
	w.s3 = getObject(func(_, _ string) ([]byte, error) { return nil, errors.New("SlowDown") })
	if err := w.announce(t, d); err == nil || errors.Is(err, state.ErrClaimed) {
		t.Fatalf("Handle, when S3 fails = %v, want its error", err)
	}
	w.s3 = s3
	w.take(t)
	w.read(t, d)
	if all := w.take(t); sum(all, "FilesProcessed") != 1 || sum(all, "FilesTakenOver") != 1 {
		t.Errorf("Handle, after the lease's end, gave %v, want FilesProcessed and FilesTakenOver of 1", all)
	}
	w.read(t, d)
	if health, _ := w.takeHealth(t); health["SkipReason"] != "AlreadyProcessed" {
		t.Errorf("Handle, when it is done, gave %v, want AlreadyProcessed", health)
	}
}

// A claim lasts longer than the invocation, and not much.
func TestLease(t *testing.T) {
	for name, test := range map[string]struct {
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		want time.Duration
	}{
		"as long as the invocation may": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 2*time.Minute)
		}, 2*time.Minute + leaseMargin},
		"where it may last for ever": {context.WithCancel, usualLease},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := test.ctx(t.Context())
			defer cancel()
			store := state.NewMemory()
			w := newWorld(t, store)
			d := oneDelete(1)
			before := time.Now()
			var until time.Time
			w.s3 = getObject(func(_, key string) ([]byte, error) {
				item, err := store.Get(t.Context(), "v1#file#s3://"+logBucket+"/"+key, "f")
				var claim struct{ Until time.Time }
				if err := errors.Join(err, json.Unmarshal(item.Data, &claim)); err != nil {
					t.Error(err)
				}
				until = claim.Until
				return d.body, nil
			})
			if _, err := w.Handle(ctx, notification(d.key)); err != nil {
				t.Fatal(err)
			}
			if lease := until.Sub(before); lease < test.want-time.Second || lease > test.want+time.Minute {
				t.Errorf("the lease lasts %v, want %v", lease, test.want)
			}
		})
	}
}

// Another process's clock is fast. Up to the lease's margin, and what is left of the time when the work must end, it takes
// nothing from an invocation that lives; beyond it, it does in the last moments of the work, and says so.
func TestClocksDiffer(t *testing.T) {
	for _, test := range []struct {
		fast    time.Duration
		claimed bool // the other one is refused
	}{{15 * time.Second, true}, {-time.Hour, true}, {16 * time.Second, false}} {
		t.Run(test.fast.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				store := state.NewMemory()
				w := newWorld(t, store)
				d := oneDelete(1)
				claims := state.Claims{Store: store}
				var other state.Held
				var refused error
				w.s3 = getObject(func(_, key string) ([]byte, error) {
					time.Sleep(2*time.Minute - 5*time.Second - time.Millisecond) // almost the work's time
					other, refused = claims.Claim(t.Context(), "s3://"+logBucket+"/"+key,
						state.Claim{Owner: "other", Now: time.Now().Add(test.fast), Lease: time.Minute})
					return d.body, nil
				})
				if _, err := w.Handle(ctx, notification(d.key)); err != nil {
					t.Fatal(err)
				}
				if errors.Is(refused, state.ErrClaimed) != test.claimed {
					t.Errorf("Claim by a clock that is %v fast = %v, want ErrClaimed: %v", test.fast, refused, test.claimed)
				}
				if !test.claimed && other.Outcome != state.TakenOver {
					t.Errorf("Claim = %v, want %v", other.Outcome, state.TakenOver)
				}
				if warned := w.logged(t, "log file not marked as processed"); (len(warned) == 0) != test.claimed {
					t.Errorf("the log has %v, want a warning where it was taken over", warned)
				}
			})
		})
	}
}

// Whether the mark is refused, or only the answer to it lost, it is tried again: the file is marked, and without a word.
func TestDoneIsTriedAgain(t *testing.T) {
	for _, how := range []failure{nothingDone, allDone} {
		t.Run(how.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &unreliable{Store: state.NewMemory(), how: how}
				w := newWorld(t, store)
				d := oneDelete(1)
				store.fails = func(c call) bool { return c.isClaim() && w.metrics.Len() > 0 && len(store.failed) < 3 }
				w.read(t, d)
				if len(store.failed) == 0 || len(w.logged(t, "log file not marked as processed")) > 0 {
					t.Errorf("%d calls failed; the log is %s", len(store.failed), w.log.String())
				}
				w.take(t)
				w.read(t, d)
				if health, _ := w.takeHealth(t); health["SkipReason"] != "AlreadyProcessed" {
					t.Errorf("Handle of the same file again gave %v, want AlreadyProcessed", health)
				}
			})
		})
	}
}

// What was written before standard output was full is written again with the retry, which says so.
func TestPartlyWrittenIsTakenOver(t *testing.T) {
	w := newWorld(t, state.NewMemory())
	d := oneDelete(1)
	out := w.out
	w.out = NewOutput(&failing{left: 1}, &w.log)
	if err := w.announce(t, d); err == nil {
		t.Fatal("Handle = nil, want an error")
	}
	w.out = out
	w.take(t)
	w.read(t, d)
	if all := w.take(t); sum(all, "FilesProcessed") != 1 || sum(all, "FilesTakenOver") != 1 {
		t.Errorf("the next invocation gave %v, want the file processed, and taken over", all)
	}
}

// The lines are written: to fail now would have them written again for certain.
func TestDoneFails(t *testing.T) { synctest.Test(t, testDoneFails) } // for its pauses

func testDoneFails(t *testing.T) {
	store := &unreliable{Store: state.NewMemory()}
	w := newWorld(t, store)
	d := oneDelete(1)
	store.fails = func(c call) bool { return c.isClaim() && w.metrics.Len() > 0 }
	w.read(t, d)
	if warned := w.logged(t, "log file not marked as processed"); len(warned) != 1 || warned[0]["level"] != "WARN" || warned[0]["key"] != d.key ||
		!strings.Contains(warned[0]["error"].(string), errThrottled.Error()) {
		t.Errorf("the log has %v, want one warning that names the file and the reason", warned)
	}
	if all := w.take(t); sum(all, "FilesProcessed") != 1 {
		t.Errorf("Handle gave %v, want the file processed", all)
	}
	store.fails = nil
	if err := w.announce(t, d); !errors.Is(err, state.ErrClaimed) {
		t.Errorf("Handle of the same file again = %v, want %v as long as the lease lasts", err, state.ErrClaimed)
	}
}

// Where there is nothing in an object nothing is done: it may be that its content is still to come under the same key.
func TestEmptyIsNotDone(t *testing.T) {
	w := newWorld(t, state.NewMemory())
	d := oneDelete(1)
	for _, test := range []struct{ body, reason string }{{"", "Empty"}, {`{"logFiles":[]}`, "NoRecords"}} {
		w.read(t, delivery{key: d.key, body: []byte(test.body)})
		if health, _ := w.takeHealth(t); health["SkipReason"] != test.reason {
			t.Errorf("Handle(%q) gave %v, want it skipped as %s", test.body, health, test.reason)
		}
	}
	w.read(t, d)
	if all := w.take(t); sum(all, "FilesProcessed") != 1 || sum(all, "FilesTakenOver") != 0 {
		t.Errorf("Handle(the same key with its content) gave %v, want it processed", all)
	}
}

// One of three log files in an invocation fails. The retry reads that one alone.
func TestOthersAreNotReadAgain(t *testing.T) {
	w := newWorld(t, state.NewMemory())
	payload := notification(oneDelete(1).key, oneDelete(2).key, oneDelete(3).key)
	for i := range 3 {
		w.files[oneDelete(i+1).key] = oneDelete(i + 1).body
	}
	w.files[oneDelete(2).key] = oneDelete(2).body[:40]
	if _, err := w.Handle(t.Context(), payload); err == nil {
		t.Error("Handle of a damaged file and others = nil, want an error")
	}
	if got := sum(w.take(t), "FilesProcessed"); got != 2 {
		t.Errorf("FilesProcessed = %d, want 2", got)
	}
	w.files[oneDelete(2).key] = oneDelete(2).body
	if _, err := w.Handle(t.Context(), payload); err != nil {
		t.Errorf("Handle when it is repaired = %v", err)
	}
	if all := w.take(t); sum(all, "FilesProcessed") != 1 || sum(all, "FilesSkipped") != 2 {
		t.Errorf("the retry gave %v, want one file processed and two skipped", all)
	}
}

// An object is taken for what it says, whatever its key says: the same under two keys counts twice.
func TestAnotherFileUnderTheKey(t *testing.T) {
	w := newWorld(t, state.NewMemory())
	other := deliver(1, clockOn(10, 7, 0), request{at: clockOn(9, 1, 0), who: intern, operation: "DeleteObject", bucket: "music", key: "x"})
	w.read(t, other, delivery{key: oneDelete(2).key, body: other.body})
	var deleted []any
	for _, l := range ofType(w.take(t), "Delete") {
		deleted = append(deleted, l["BucketName"], l["LogFile"])
	}
	want := []any{"music", "s3://" + logBucket + "/" + other.key, "music", "s3://" + logBucket + "/" + oneDelete(2).key}
	if diff := cmp.Diff(want, deleted); diff != "" {
		t.Errorf("Delete lines (-want +got):\n%s", diff)
	}
}

// What is no log file and no digest isn't claimed.
func TestWhatIsNotClaimed(t *testing.T) {
	store := &unreliable{Store: state.NewMemory()}
	w := newWorld(t, store)
	const folder = "AWSLogs/111122223333/"
	keys := []string{folder + "CloudTrail-Insight/us-east-1/x.json.gz", folder, "x.txt"}
	for range 2 {
		if _, err := w.Handle(t.Context(), notification(keys...)); err != nil {
			t.Fatal(err)
		}
	}
	if got := sum(w.take(t), "FilesSkipped"); got != 6 {
		t.Errorf("FilesSkipped = %d, want 6", got)
	}
	if len(store.made) > 0 {
		t.Errorf("calls to the store: %v, want none", store.made)
	}
}

// Without a table nothing is claimed, and ProtectionRemoved is all that is judged: with its deletes, as nobody else
// counts them.
func TestWithoutTable(t *testing.T) {
	w := newWorld(t, nil)
	d := deliver(1, clockOn(10, 7, 0),
		request{at: clockOn(10, 1, 0), who: intern, operation: "DeleteObject", bucket: logBucket, key: "AWSLogs/a.json.gz"},
		request{at: clockOn(10, 1, 0), who: intern, operation: "DeleteBucketPolicy", bucket: "photos"})
	for range 2 {
		w.read(t, d)
		w.tick(t, clockOn(10, 10, 0))
		all := w.take(t)
		if got := sum(all, "FilesProcessed"); got != 1 {
			t.Errorf("FilesProcessed = %d, want 1: without a table nobody knows that it was read", got)
		}
		if got, want := shorts(ofType(all, "Anomaly")), []string{
			"HIGH ProtectionRemoved of " + intern + " in " + logBucket, "HIGH ProtectionRemoved of " + intern + " in photos",
		}; !cmp.Equal(got, want) {
			t.Errorf("anomalies %q, want %q", got, want)
		}
		if got := sum(ofType(all, "Anomaly"), "UnexpectedDeletes"); got != 1 {
			t.Errorf("UnexpectedDeletes = %d, want 1", got)
		}
		if got := sum(all, "Ticks"); got != 1 {
			t.Errorf("Ticks = %d, want 1", got)
		}
	}
	if got := w.subjects(); len(got) > 0 {
		t.Errorf("messages %q, want none", got)
	}
}

// The steps with a table, as the documentation names them.
func TestStepsWithTable(t *testing.T) {
	w := newWorld(t, state.NewMemory())
	var steps []string
	w.Step = func(ctx context.Context, name string, f func(context.Context) error) error {
		steps = append(steps, name)
		return f(ctx)
	}
	w.read(t, oneDelete(1), oneDelete(1))
	w.tick(t, clockOn(10, 10, 0), clockOn(10, 11, 0))
	if got, want := strings.Join(steps, " "), "claim fetch read remember emit claim judge"; got != want {
		t.Errorf("steps = %q, want %q", got, want)
	}
}

// Newer code has written to the table: this one leaves it alone, and every file waits for the right version.
func TestNewerSchema(t *testing.T) {
	store := state.NewMemory()
	put(t, store, []state.Item{{Partition: "meta", Sort: "schema", Version: 1, Data: []byte(`{"schema":2}`)}})
	w := newWorld(t, store)
	if err := w.announce(t, oneDelete(1)); err == nil || !strings.Contains(err.Error(), "schema 2") {
		t.Errorf("Handle, where the schema is newer = %v, want an error that says so", err)
	}
	if w.metrics.Len() > 0 {
		t.Errorf("it wrote %s", w.metrics.String())
	}
}

// busy is a table that throttles the second write of a claim until it has recovered, through a client that waits.
type busy struct {
	state.Store
	recovered time.Time
}

func (s busy) PutIf(ctx context.Context, item state.Item) (state.Item, error) {
	if item.Version > 0 {
		select {
		case <-time.After(time.Until(s.recovered)):
		case <-ctx.Done():
			return state.Item{}, ctx.Err()
		}
	}
	return s.Store.PutIf(ctx, item)
}

// A claim is given back as long as the invocation has the time, so that Lambda's retry finds it free.
func TestReleaseWaitsForTheTable(t *testing.T) {
	for _, test := range []struct {
		left     time.Duration // of the invocation's time
		recovers time.Duration
		released bool
	}{{2 * time.Minute, 14 * time.Second, true}, {2 * time.Minute, 16 * time.Second, false}, {15 * time.Second, 9 * time.Second, true},
		{15 * time.Second, 11 * time.Second, false}, {time.Millisecond, 2 * time.Second, true}} {
		t.Run(test.left.String()+" "+test.recovers.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.left)
				defer cancel()
				memory := state.NewMemory()
				w := newWorld(t, busy{memory, time.Now().Add(test.recovers)})
				w.s3 = getObject(func(string, string) ([]byte, error) { return nil, errors.New("SlowDown") })
				d := oneDelete(1)
				if _, err := w.Handle(ctx, notification(d.key)); err == nil {
					t.Fatal("Handle = nil, want an error")
				}
				_, err := (state.Claims{Store: memory}).Claim(t.Context(), "s3://"+logBucket+"/"+d.key,
					state.Claim{Owner: "the retry", Now: time.Now(), Lease: time.Minute})
				if released := err == nil; released != test.released {
					t.Errorf("the retry's Claim = %v, want it free: %v", err, test.released)
				}
			})
		})
	}
}
