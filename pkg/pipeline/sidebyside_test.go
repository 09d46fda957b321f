package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/state"
)

// sqsEvent is an SQS event with a message for each of the bodies, named m0, m1 and so on.
func sqsEvent(bodies ...[]byte) []byte {
	var records []any
	for i, body := range bodies {
		records = append(records, map[string]any{"eventSource": "aws:sqs", "messageId": fmt.Sprint("m", i), "body": string(body)})
	}
	payload, _ := json.Marshal(map[string]any{"Records": records})
	return payload
}

// keysOf returns the keys of n log files.
func keysOf(n int) []string {
	var keys []string
	for i := range n {
		keys = append(keys, strings.Replace(logKey, "AbCdEfGh", fmt.Sprintf("%08d", i), 1))
	}
	return keys
}

func atOnceIn(memory string) string { return "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + memory }

func TestFilesAtOnce(t *testing.T) {
	for memory, want := range map[int64]int{0: 1, 26: 1, 64: 1, 128: 4, 192: 8, 256: 10, 1769: 10, 10240: 10} {
		if got := (&Config{MemorySize: memory}).filesAtOnce(); got != want {
			t.Errorf("filesAtOnce with %d MB = %d, want %d", memory, got, want)
		}
	}
}

// Log files of an invocation run side by side, whatever messages they are in: each waits here until as many as may be
// have begun, and in a bubble of synctest to wait for ever is to fail.
func TestSideBySide(t *testing.T) {
	keys := keysOf(10)
	for name, payload := range map[string][]byte{
		"one message":      notification(keys...),
		"several messages": sqsEvent(notification(keys[:3]...), notification(keys[3]), notification(keys[4:]...)),
	} {
		for memory, want := range map[string]int{"128": 4, "256": 10} {
			t.Run(name+", "+memory, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					all := make(chan struct{})
					begun := sync.OnceFunc(func() { close(all) })
					objects := &crowd{S3: same(logFile(line{}))}
					objects.begin = func(context.Context, string) error {
						if objects.now() == want {
							begun()
						}
						<-all
						time.Sleep(time.Second) // so that each has company for a while
						return nil
					}
					r := newRunWith(t, state.NewMemory(), objects, atOnceIn(memory))
					if _, err := r.Handle(t.Context(), payload); err != nil {
						t.Fatal(err)
					}
					if objects.most != want {
						t.Errorf("%d files at once, want %d", objects.most, want)
					}
					if got := sum(lines(t, r.metrics.Bytes()), "FilesProcessed"); got != int64(len(keys)) {
						t.Errorf("FilesProcessed = %d, want %d", got, len(keys))
					}
				})
			})
		}
	}
}

// Where the function's memory isn't known, files come one after the other, in their order.
func TestOneAfterTheOther(t *testing.T) {
	keys := keysOf(5)
	objects := &crowd{S3: same(logFile(line{}))}
	r := newRun(t, objects)
	if _, err := r.Handle(t.Context(), notification(keys...)); err != nil {
		t.Fatal(err)
	}
	if objects.most != 1 || !slices.Equal(objects.order, keys) {
		t.Errorf("%d files at once, in the order %q", objects.most, objects.order)
	}
}

// Ten files take as long as the slowest of them, and a large one delays none of the others.
func TestSlowFileDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := keysOf(30)
		objects := &crowd{S3: same(logFile(line{}))}
		objects.begin = func(_ context.Context, key string) error {
			if key == keys[0] {
				time.Sleep(time.Minute)
			}
			time.Sleep(time.Second)
			return nil
		}
		r := newRun(t, objects, atOnceIn("256"))
		began := time.Now()
		if _, err := r.Handle(t.Context(), notification(keys...)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 61*time.Second {
			t.Errorf("30 files, of which one takes a minute, took %v", took)
		}
	})
}

// A file that fails leaves the others alone; failures, and what the log says of them, come in the order of the payload,
// whichever ended first.
func TestFailuresSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := keysOf(8)
		fails := map[string]time.Duration{keys[1]: 3 * time.Second, keys[4]: 2 * time.Second, keys[6]: 0}
		objects := &crowd{S3: same(logFile(line{}))}
		objects.begin = func(ctx context.Context, key string) error {
			after, ok := fails[key]
			if !ok {
				after = 10 * time.Second // when those that fail have failed
			}
			time.Sleep(after)
			if ok {
				return errors.New("AccessDenied")
			}
			return ctx.Err()
		}
		r := newRun(t, objects, atOnceIn("256"))
		var messages [][]byte
		for _, key := range keys {
			messages = append(messages, notification(key))
		}
		messages = slices.Insert(messages, 5, []byte("?"))
		response, err := r.Handle(t.Context(), sqsEvent(messages...))
		got, _ := json.Marshal(response)
		if want := `{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m4"},{"itemIdentifier":"m5"},{"itemIdentifier":"m7"}]}`; err != nil || string(got) != want {
			t.Errorf("Handle(SQS) = %s, %v, want %s", got, err, want)
		}
		var told []string
		for _, l := range lines(t, r.log.Bytes()) {
			if l["level"] == "ERROR" {
				told = append(told, fmt.Sprint(l["msg"], " ", l["key"], l["messageId"]))
			}
		}
		nothing := fmt.Sprint(nil)
		want := []string{"log file failed " + keys[1] + nothing, "log file failed " + keys[4] + nothing, "message not understood " + nothing + "m5", "log file failed " + keys[6] + nothing}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("the log's errors (-want +got):\n%s", diff)
		}
		if got := sum(lines(t, r.metrics.Bytes()), "FilesProcessed"); got != 5 {
			t.Errorf("FilesProcessed = %d, want the 5 that nothing was wrong with", got)
		}

		_, err = r.Handle(t.Context(), notification(keys...))
		if err == nil {
			t.Fatal("Handle(S3 notification) = nil, want the failures")
		}
		at := -1
		for _, i := range []int{1, 4, 6} {
			next := strings.Index(err.Error(), keys[i])
			if next <= at {
				t.Errorf("Handle = %v, want the failures in the payload's order", err)
			}
			at = next
		}
	})
}

// An object that an invocation names several times is counted once, and that is no failure: not even of the message that
// named it last.
func TestSameObjectInSeveralMessages(t *testing.T) {
	w := newWorld(t, state.NewMemory(), atOnceIn("256"))
	one, other := oneDelete(1), oneDelete(2)
	w.files[one.key], w.files[other.key] = one.body, other.body
	for range 20 {
		w.run.Pipeline.claims.Store = state.NewMemory()
		response, err := w.Handle(t.Context(), sqsEvent(notification(one.key), notification(other.key, one.key), notification(one.key)))
		got, _ := json.Marshal(response)
		if err != nil || string(got) != `{"batchItemFailures":[]}` {
			t.Fatalf("Handle = %s, %v, want no failure\n%s", got, err, &w.log)
		}
		all := w.take(t)
		if sum(all, "FilesProcessed") != 2 || sum(all, "FilesSkipped") != 2 || sum(ofType(all, "Bucket"), "DeletedObjects") != 2 {
			t.Fatalf("Handle gave %v, want two files processed and two found done", all)
		}
	}
}

// A panic is told, with the place that it came from, when the other files have ended: the library then ends the process.
func TestPanicBesideOthers(t *testing.T) {
	keys := keysOf(4)
	objects := &crowd{S3: same(logFile(line{}))}
	objects.begin = func(_ context.Context, key string) error {
		if key == keys[1] {
			placeOfThePanic()
		}
		return nil
	}
	r := newRun(t, objects, atOnceIn("256"))
	defer func() {
		told := fmt.Sprint(recover())
		if !strings.Contains(told, "boom") || !strings.Contains(told, "placeOfThePanic") {
			t.Errorf("Handle panics with %s, want boom and where it was", told)
		}
		if got := sum(lines(t, r.metrics.Bytes()), "FilesProcessed"); got != 3 {
			t.Errorf("FilesProcessed = %d, want the 3 others", got)
		}
	}()
	r.Handle(t.Context(), notification(keys...))
	t.Error("Handle returned")
}

func placeOfThePanic() { panic("boom") }

// Ticks, test alerts and digests come in their turn: after what is before them, and before what is after them.
func TestInTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := keysOf(6)
		objects := &crowd{S3: same(logFile(line{}))}
		objects.begin = func(context.Context, string) error { time.Sleep(time.Second); return nil }
		r := newRunWith(t, state.NewMemory(), objects, atOnceIn("256"), "BUCKETWATCH_ALERTS_TOPIC="+topic)
		digest := strings.NewReplacer("/CloudTrail/", "/CloudTrail-Digest/", "_CloudTrail_us-east-1_20261120T1040Z_AbCdEfGhIjKlMnOp", "_CloudTrail-Digest_us-east-1_trail_us-east-1_20261120T103000Z").Replace(logKey)
		if _, err := r.Handle(t.Context(), sqsEvent(
			notification(keys[0], keys[1]),
			[]byte(`{"bucketwatch":"tick"}`),
			notification(keys[2], keys[3], digest, keys[4]),
			[]byte(`{"bucketwatch":"test-alert"}`),
			notification(keys[5]),
		)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range append(lines(t, r.metrics.Bytes()), lines(t, r.log.Bytes())...) {
			switch file, _ := l["LogFile"].(string); {
			case l["Ticks"] == 1.0:
				got = append(got, "tick")
			case l["msg"] == "test alert published":
				got = append(got, "alert")
			case l["Type"] == "Health" && strings.Contains(file, "Digest"):
				got = append(got, "digest")
			case l["Type"] == "Health":
				got = append(got, "file")
			}
		}
		if want := "file file tick file file digest file file alert"; strings.Join(got, " ") != want {
			t.Errorf("the lines are of %q, want %s", got, want)
		}
		order := slices.Clone(objects.order)
		slices.Sort(order[0:2])
		slices.Sort(order[2:4])
		if want := []string{keys[0], keys[1], keys[2], keys[3], digest, keys[4], keys[5]}; !slices.Equal(order, want) {
			t.Errorf("the objects were read in the order %q, want %q", order, want)
		}
	})
}
