package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bucketwatch/pkg/state"
)

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
