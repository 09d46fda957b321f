package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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

// crowd is an S3 that sees how many objects are read at once, each from its GetObject until its body is closed.
type crowd struct {
	S3
	begin func(ctx context.Context, key string) error // may be nil

	mu           sync.Mutex
	within, most int
	order        []string // in which they began
}

func (c *crowd) GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	c.mu.Lock()
	c.within++
	c.most = max(c.most, c.within)
	c.order = append(c.order, *in.Key)
	c.mu.Unlock()
	out, err := (*s3.GetObjectOutput)(nil), error(nil)
	if c.begin != nil {
		err = c.begin(ctx, *in.Key)
	}
	if err == nil {
		out, err = c.S3.GetObject(ctx, in, options...)
	}
	if err != nil {
		c.leave()
		return nil, err
	}
	out.Body = &crowdBody{out.Body, c}
	return out, nil
}

func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.within--
}

func (c *crowd) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.within
}

type crowdBody struct {
	io.ReadCloser
	c *crowd
}

func (b *crowdBody) Close() error {
	b.c.leave()
	return b.ReadCloser.Close()
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

// crowded returns a process whose memory is enough for one file, save for the large one, and too little for two.
func crowded(t *testing.T, large string) *world {
	t.Helper()
	w := newWorld(t, state.NewMemory(), atOnceIn("256"))
	objects := &crowd{S3: w.s3}
	var mu sync.Mutex
	reading := ""
	met := make(chan struct{})
	meet := sync.OnceFunc(func() { close(met) })
	objects.begin = func(ctx context.Context, key string) error {
		mu.Lock()
		defer mu.Unlock()
		reading = key
		if objects.now() == 2 {
			meet()
		}
		return nil
	}
	w.s3 = objects
	w.memory = func() int64 {
		mu.Lock()
		last := reading
		mu.Unlock()
		select {
		case <-met: // from here on each is alone that is read again
			if objects.now() > 1 || last == large {
				return 300 << 20
			}
			return 10 << 20
		default:
			<-met // the first one waits for the second
			return 300 << 20
		}
	}
	return w
}

// A file that there is no memory for beside others is taken again alone, and nobody is told of a refusal that is none.
func TestOutOfMemoryBesideOthers(t *testing.T) {
	for name, tooLarge := range map[string]bool{"enough alone": false, "too little alone, too": true} {
		t.Run(name, func(t *testing.T) {
			one, other := oneDelete(1), oneDelete(2)
			large := ""
			if tooLarge {
				large = other.key
			}
			w := crowded(t, large)
			w.files[one.key], w.files[other.key] = one.body, other.body
			response, err := w.Handle(t.Context(), sqsEvent(notification(one.key), notification(other.key)))
			got, _ := json.Marshal(response)
			want, refused, processed := `{"batchItemFailures":[]}`, int64(0), int64(2)
			if tooLarge {
				want, refused, processed = `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, 1, 1
			}
			if err != nil || string(got) != want {
				t.Errorf("Handle = %s, %v, want %s", got, err, want)
			}
			if again := w.logged(t, "log file taken again, alone"); len(again) == 0 || again[0]["key"] == nil {
				t.Errorf("the log has %v, want that a file was taken again", again)
			}
			if failed := w.logged(t, "log file failed"); int64(len(failed)) != refused {
				t.Errorf("the log has %v, want %d failures", failed, refused)
			}
			if all := w.take(t); sum(all, "FilesRefused") != refused || sum(all, "FilesProcessed") != processed || sum(all, "FilesTakenOver") != 0 {
				t.Errorf("Handle gave %v, want %d refused and %d processed", all, refused, processed)
			}
		})
	}
}

// What would take too much beside others, once it has been read, gives way before that, and is taken alone.
func TestWideFileIsTakenAlone(t *testing.T) {
	var requests []request
	for i := range maxWidthBeside { // a bucket, its hour, and who deleted
		requests = append(requests, request{at: clockOn(10, 1, 0), who: appWeb, operation: "DeleteObject", bucket: fmt.Sprint("bucket-", i), key: "k"})
	}
	wide, narrow := deliver(1, clockOn(10, 7, 0), requests...), deliver(2, clockOn(10, 7, 0), requests[:maxWidthBeside/3-1]...)
	w := newWorld(t, state.NewMemory(), atOnceIn("256"))
	w.files[wide.key], w.files[narrow.key] = wide.body, narrow.body
	if _, err := w.Handle(t.Context(), notification(wide.key, narrow.key)); err != nil {
		t.Fatal(err)
	}
	if again := w.logged(t, "log file taken again, alone"); len(again) != 1 || again[0]["key"] != wide.key {
		t.Errorf("the log has %v, want that the wide file alone was taken again", again)
	}
	if all := w.take(t); sum(all, "FilesProcessed") != 2 || sum(all, "FilesRefused") != 0 {
		t.Errorf("FilesProcessed = %d, want 2", sum(all, "FilesProcessed"))
	}
	again := deliver(3, clockOn(10, 8, 0), requests...)
	w.read(t, again)
	if told := w.logged(t, "log file taken again, alone"); len(told) > 0 {
		t.Errorf("a wide file that is alone was taken again: %v", told)
	}
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

// However log files are bundled into invocations, the counts and anomalies are those of one after the other.
func TestAnyBundles(t *testing.T) {
	rnd := seeded(t)
	files := badDay(rnd)
	want := play(t, afterCalmDays(t), inTurn(files, badTicks()))
	wantAllDetectors(t, want)
	for n := range 20 {
		memory := []string{"128", "256", "1769"}[n%3]
		w := newWorld(t, afterCalmDays(t), atOnceIn(memory))
		for _, s := range inSomeOrder(rnd, files, badTicks()) {
			for len(s.files) > 0 {
				bundle := s.files[:1+rnd.IntN(len(s.files))]
				s.files = s.files[len(bundle):]
				var messages [][]byte
				for len(bundle) > 0 {
					part := bundle[:1+rnd.IntN(min(3, len(bundle)))]
					bundle = bundle[len(part):]
					var keys []string
					for _, f := range part {
						w.files[f.key] = f.body
						keys = append(keys, f.key)
					}
					messages = append(messages, notification(keys...))
				}
				response, err := w.Handle(t.Context(), sqsEvent(messages...))
				if got, _ := json.Marshal(response); err != nil || string(got) != `{"batchItemFailures":[]}` {
					t.Fatalf("Handle = %s, %v", got, err)
				}
			}
			w.tick(t, s.tick)
		}
		if diff := cmp.Diff(want, toldBy(w.take(t)), cmpopts.IgnoreUnexported(told{})); diff != "" {
			t.Errorf("bundles %d, %s MB: what was told (-one after the other +side by side):\n%s", n, memory, diff)
		}
	}
}
