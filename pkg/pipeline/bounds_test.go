package pipeline

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/state"
)

// A file beyond a limit fails with the reason, so that it gets to the dead-letter queue, and a metric tells.
func TestFilesRefused(t *testing.T) {
	packed := func(parts ...string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		for _, part := range parts {
			io.WriteString(z, part)
		}
		z.Close()
		return b.Bytes()
	}
	for _, tt := range []struct {
		name  string
		body  []byte
		want  error
		words string
	}{
		{"a record", packed(`{"Records":[{"a":"`, strings.Repeat("a", 5<<20), `"}]}`), cloudtrail.ErrRecordTooLarge, "more than 4194304 bytes"},
		{"depth", packed(`{"Records":[{"a":`, strings.Repeat("[", 20000), strings.Repeat("]", 20000), `}]}`), cloudtrail.ErrTooDeep, "nested deeper than 10000"},
		{"what it unpacks to", packed(`{"a":`, strings.Repeat(`"aaaaaaaaaaa`+strings.Repeat("a", 1<<20)+`","b":`, 140), `1}`), cloudtrail.ErrDocumentTooLarge, "more than 134217728 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, state.NewMemory())
			d := oneDelete(1)
			whole := d.body
			d.body = tt.body
			err := w.announce(t, d)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.words) || !strings.Contains(err.Error(), d.key) {
				t.Errorf("Handle = %v, want an error with %q", err, tt.words)
			}
			if failed := w.logged(t, "log file failed"); len(failed) != 1 || !strings.Contains(fmt.Sprint(failed[0]["error"]), tt.words) {
				t.Errorf("the log has %v, want the limit", failed)
			}
			if all := w.take(t); len(all) != 1 || all[0]["FilesRefused"] != 1.0 || all[0]["LogFile"] == nil {
				t.Errorf("Handle gave %v, want FilesRefused alone", all)
			}
			d.body = whole
			w.read(t, d) // repaired
		})
	}
}

// stalling is an S3 whose bodies give their beginning, and then nothing until the context ends.
type stalling struct{ body []byte }

func (s stalling) GetObject(ctx context.Context, _ *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: io.NopCloser(io.MultiReader(bytes.NewReader(s.body[:len(s.body)/2]), stalled{ctx}))}, nil
}

type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// Work ends before the invocation does: it says why, gives the claim back, and nothing of the file is written.
func TestOutOfTime(t *testing.T) {
	store := state.NewMemory()
	w := newWorld(t, store, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512")
	d := oneDelete(1)
	works := w.s3
	w.s3 = stalling{d.body}
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	_, err := w.Handle(ctx, notification(d.key, oneDelete(2).key))
	if ctx.Err() != nil {
		t.Error("the invocation's time was over when it answered")
	}
	if !errors.Is(err, errOutOfTime) || !strings.Contains(err.Error(), "raise the parameter MemorySize (now 512)") || !strings.Contains(err.Error(), "at byte ") {
		t.Errorf("Handle = %v, want that it was out of time, and what to raise", err)
	}
	if all := w.take(t); sum(all, "FilesRefused") != 2 || sum(all, "FilesProcessed") != 0 {
		t.Errorf("Handle gave %v, want FilesRefused", all)
	}
	w.s3 = works
	w.read(t, d)
	if logged := w.logged(t, "limits reached"); len(logged) > 0 {
		t.Errorf("the log has %v, want none of a usual file", logged)
	}
	if all := w.take(t); sum(all, "FilesProcessed") != 1 || sum(all, "FilesTakenOver") != 0 {
		t.Errorf("the retry gave %v, want the file processed", all)
	}
}

func TestOutOfMemory(t *testing.T) {
	w := newWorld(t, state.NewMemory(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128")
	used := int64(100 << 20)
	w.memory = func() int64 { return used }
	w.read(t, oneDelete(1))
	used = 105 << 20
	err := w.announce(t, oneDelete(2))
	if want := "out of memory: 129 MB of the function's 128 MB are in use, and the file needs more: raise the parameter MemorySize"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Handle = %v, want %q", err, want)
	}
	if all := w.take(t); sum(all, "FilesRefused") != 1 || sum(all, "FilesProcessed") != 1 {
		t.Errorf("Handle gave %v, want one file refused", all)
	}
}

func TestGoMemory(t *testing.T) {
	if n := goMemory(); n < 1<<20 || n > 8<<30 {
		t.Errorf("goMemory() = %d", n)
	}
}

// Beyond 1,000 kinds of changes in a file they are told together, and a metric says so.
func TestChangesNotTold(t *testing.T) {
	w := newWorld(t, state.NewMemory())
	var changes []request
	for n := range 1010 {
		changes = append(changes, request{at: clockOn(10, 1, 0), who: intern, operation: "PutBucketVersioning", bucket: fmt.Sprintf("bucket-%d", n), parameters: suspended})
	}
	w.read(t, deliver(1, clockOn(10, 5, 0), changes...))
	if logged := w.logged(t, "limits reached"); len(logged) != 1 || logged[0]["ChangesNotTold"] != 10.0 || logged[0]["key"] == nil {
		t.Errorf("the log has %v, want the limit and the file", logged)
	}
	if all := w.take(t); sum(all, "ChangesNotTold") != 10 {
		t.Errorf("ChangesNotTold = %d, want 10", sum(all, "ChangesNotTold"))
	}
}

// More messages than people can read wait for the next hour; one says that they do, and none is lost.
func TestAlertsHeldBack(t *testing.T) {
	const incidents = maxMessages + 60 // more than Due returns of a bucket's messages
	store := state.NewMemory()
	w := newWorld(t, store)
	for n := range incidents {
		w.read(t, deliver(n, clockOn(10, 5, 0),
			request{at: clockOn(10, 1, 0), who: fmt.Sprintf("%s-%d", intern, n), operation: "PutBucketVersioning", bucket: "photos", parameters: suspended}))
	}
	w.take(t)
	w.tick(t, clockOn(10, 6, 0))
	health, _ := w.takeHealth(t)
	if health["AlertsPublished"] != float64(maxMessages) || health["AlertsHeldBack"] != float64(incidents-maxMessages) || health["Ticks"] != 1.0 {
		t.Errorf("the tick gave %v, want %d messages and the others held back", health, maxMessages)
	}
	got := w.subjects()
	notices := 0
	for _, subject := range got {
		if strings.HasPrefix(subject, "[HIGH] More than 30 incidents in an hour: further messages wait until 11:00 UTC") {
			notices++
		}
	}
	if len(got) != maxMessages+1 || notices != 1 {
		t.Errorf("%d messages, %d of them that others wait, want %d and 1", len(got), notices, maxMessages+1)
	}
	w.tick(t, clockOn(10, 7, 0), clockOn(10, 59, 0))
	if got := w.subjects(); len(got) > 0 {
		t.Errorf("messages within the hour: %q", got)
	}
	w.take(t)
	for _, hour := range []int{11, 12} {
		w.tick(t, clockOn(hour, 0, 0), clockOn(hour, 1, 0))
		if got, want := len(w.subjects()), maxMessages+1; hour == 11 && got != want || hour == 12 && got != maxMessages {
			t.Errorf("%d messages at %d, want %d and, at 11, one that others wait", got, hour, maxMessages)
		}
	}
	w.tick(t, clockOn(13, 0, 0), clockOn(13, 1, 0))
	if got := w.subjects(); len(got) > 0 {
		t.Errorf("messages when all were sent: %q", got)
	}
}
