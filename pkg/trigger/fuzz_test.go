package trigger_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/trigger"
)

func FuzzParse(f *testing.F) {
	samples, err := filepath.Glob(filepath.Join(samplesDir, "*.json"))
	if err != nil || len(samples) == 0 {
		f.Fatalf("samples in %s: %d, %v", samplesDir, len(samples), err)
	}
	for _, sample := range samples {
		payload, err := os.ReadFile(sample)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	for _, fault := range faults {
		f.Add([]byte(fault.payload))
		f.Add([]byte(sqsEvent(fault.payload)))
	}

	f.Fuzz(func(t *testing.T, payload []byte) {
		got, err := trigger.Parse(payload)
		again, errAgain := trigger.Parse(payload)
		if diff := cmp.Diff(got, again, cmp.Comparer(sameText)); diff != "" || !sameText(err, errAgain) {
			t.Fatalf("Parse gives %v, then %v, and (-first +second)\n%s", err, errAgain, diff)
		}
		if err != nil {
			checkError(t, err)
			if got.Messages != nil || got.Batch {
				t.Fatalf("Parse = %+v beside the error %v", got, err)
			}
			return
		}
		if !got.Batch && len(got.Messages) != 1 {
			t.Fatalf("Parse = %d messages, want 1 outside SQS", len(got.Messages))
		}
		for _, m := range got.Messages {
			checkMessage(t, got.Batch, m)
		}
		compareWithEvents(t, payload, got)
	})
}

func checkMessage(t *testing.T, isBatch bool, m trigger.Message) {
	t.Helper()
	asks := len(m.Objects) > 0 || len(m.Ignored) > 0 || m.Tick != nil || m.TestAlert
	if asks == (m.Err != nil) {
		t.Fatalf("message = %+v, want either an error or something asked for", m)
	}
	if m.Err != nil {
		checkError(t, m.Err)
	}
	if !isBatch && (m.ID != "" || m.Err != nil) {
		t.Fatalf("message = %+v, want no id and no error outside SQS", m)
	}
	seen := map[trigger.Object]bool{}
	for _, o := range m.Objects {
		if o.Bucket == "" || o.Key == "" || seen[o] {
			t.Fatalf("object %+v, want a bucket and a key, once", o)
		}
		seen[o] = true
	}
	for _, i := range m.Ignored {
		if i.Reason == "" {
			t.Fatalf("ignored %+v without a reason", i)
		}
	}
}

func checkError(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, trigger.ErrUnknownShape) && !errors.Is(err, trigger.ErrTooDeep) {
		t.Fatalf("error %v is neither ErrUnknownShape nor ErrTooDeep", err)
	}
	if len(err.Error()) > 4000 {
		t.Fatalf("error of %d bytes", len(err.Error()))
	}
}

// compareWithEvents holds what was read against the types that the Lambda library has for the same payload: they read
// less tolerantly, so only what they accept is compared.
func compareWithEvents(t *testing.T, payload []byte, got trigger.Invocation) {
	t.Helper()
	var kind struct {
		Records []struct {
			EventSource string `json:"eventSource"`
		}
	}
	if err := json.Unmarshal(payload, &kind); err != nil || len(kind.Records) == 0 {
		if err == nil && got.Batch {
			t.Fatalf("batch of a payload without Records")
		}
		return
	}
	source := kind.Records[0].EventSource
	if got.Batch != (source == "aws:sqs") {
		t.Fatalf("Batch = %t for eventSource %q", got.Batch, source)
	}
	switch source {
	case "aws:sqs":
		var event events.SQSEvent
		if err := json.Unmarshal(payload, &event); err != nil {
			return
		}
		if len(event.Records) != len(got.Messages) {
			t.Fatalf("%d messages of %d records", len(got.Messages), len(event.Records))
		}
		for i, record := range event.Records {
			if got.Messages[i].ID != record.MessageId {
				t.Fatalf("message %d has id %q, want %q", i, got.Messages[i].ID, record.MessageId)
			}
		}
	case "aws:s3":
		var event events.S3Event
		if err := json.Unmarshal(payload, &event); err != nil {
			return
		}
		named := map[trigger.Object]bool{}
		for _, record := range event.Records {
			named[trigger.Object{Bucket: record.S3.Bucket.Name, Key: record.S3.Object.URLDecodedKey}] = true
		}
		asked := map[trigger.Object]bool{}
		for _, o := range got.Messages[0].Objects {
			asked[o] = true
		}
		for _, i := range got.Messages[0].Ignored {
			asked[i.Object] = true
		}
		if diff := cmp.Diff(named, asked); diff != "" {
			t.Fatalf("objects (-named +asked for or ignored)\n%s", diff)
		}
	}
}

func sameText(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Error() == b.Error()
}
