package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/pkg/state"
)

// getObject is an S3 that answers with a function.
type getObject func(bucket, key string) ([]byte, error)

func (f getObject) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	b, err := f(*in.Bucket, *in.Key)
	if err != nil {
		return nil, err
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(b))}, nil
}

// publish is an SNS that does with each message what a function does.
type publish func(*sns.PublishInput) error

func (f publish) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	return nil, f(in)
}

// same is an S3 in which every object holds b.
func same(b []byte) getObject { return func(_, _ string) ([]byte, error) { return b, nil } }

const (
	logBucket = "logs-111122223333"
	logKey    = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/111122223333_CloudTrail_us-east-1_20261120T1040Z_AbCdEfGhIjKlMnOp.json.gz"
)

// detection is when the tests' pipelines run.
var detection = time.Date(2026, 11, 20, 10, 41, 0, 0, time.UTC)

// run is one Pipeline and what it wrote.
type run struct {
	*Pipeline
	metrics, log bytes.Buffer
	published    []*sns.PublishInput
}

// newRun returns a pipeline at a fixed time that remembers nothing, with the variables given as NAME=value.
func newRun(t testing.TB, s3 S3, env ...string) *run {
	t.Helper()
	return newRunWith(t, nil, s3, env...)
}

// newRunWith is newRun with a store.
func newRunWith(t testing.TB, store state.Store, s3 S3, env ...string) *run {
	t.Helper()
	config, err := ConfigFromEnv(func(name string) string {
		for _, e := range env {
			if k, v, _ := strings.Cut(e, "="); k == name {
				return v
			}
		}
		return ""
	})
	if err != nil {
		t.Fatalf("ConfigFromEnv(%q) = %v", env, err)
	}
	r := new(run)
	r.Pipeline = New(config, s3, publish(func(in *sns.PublishInput) error {
		r.published = append(r.published, in)
		return nil
	}), store, NewOutput(&r.metrics, &r.log))
	r.Now = func() time.Time { return detection }
	r.memory = func() int64 { return 0 } // this process has the other tests' memory, too, and the race detector's
	return r
}

// line is one line of JSON.
type line map[string]any

func lines(t testing.TB, b []byte) []line {
	t.Helper()
	var all []line
	for text := range strings.Lines(string(b)) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil || !strings.HasSuffix(text, "\n") {
			t.Fatalf("line %q is not one JSON object and a newline: %v", text, err)
		}
		all = append(all, l)
	}
	return all
}

// ofType returns the lines of one type.
func ofType(all []line, name string) []line {
	var some []line
	for _, l := range all {
		if l["Type"] == name {
			some = append(some, l)
		}
	}
	return some
}

// notification is an S3 notification about objects in the log bucket.
func notification(keys ...string) []byte {
	type object struct {
		Key string `json:"key"`
	}
	var records []any
	for _, key := range keys {
		records = append(records, map[string]any{
			"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
			"s3": map[string]any{"bucket": map[string]any{"name": logBucket}, "object": object{key}},
		})
	}
	b, _ := json.Marshal(map[string]any{"Records": records})
	return b
}

// logFile makes a log file of records, each with the members that the given ones don't have.
func logFile(records ...line) []byte {
	all := make([]line, len(records))
	for i, r := range records {
		all[i] = line{
			"eventVersion": "1.11", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventTime": "2026-11-20T10:31:07Z",
			"eventType": "AwsApiCall", "eventCategory": "Data", "managementEvent": false, "recipientAccountId": "111122223333",
			"awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.10", "userAgent": "aws-sdk-go-v2/1.47",
			"userIdentity": line{
				"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/app-web/i-1", "principalId": "AROAEXAMPLE:i-1",
				"sessionContext": line{"sessionIssuer": line{"arn": "arn:aws:iam::111122223333:role/app-web"}},
			},
			"requestParameters": line{"bucketName": "photos", "key": "a/7.jpg"},
			"resources":         resources("photos", "111122223333"),
		}
		for k, v := range r {
			all[i][k] = v
		}
	}
	b, _ := json.Marshal(line{"Records": all})
	return b
}

func resources(bucket, account string) []line {
	return []line{{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::" + bucket + "/a/7.jpg"},
		{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::" + bucket, "accountId": account}}
}

// in is a request's bucket, in the log file's own account.
func in(bucket string, members line) line {
	l := line{"requestParameters": line{"bucketName": bucket, "key": "a/7.jpg"}, "resources": resources(bucket, "111122223333")}
	for k, v := range members {
		l[k] = v
	}
	return l
}

const topic = "arn:aws:sns:us-east-1:111122223333:alerts"

func TestHandleSamples(t *testing.T) {
	samples, err := filepath.Glob("../../events/*.json")
	if err != nil || len(samples) == 0 {
		t.Fatalf("no sample events: %v", err)
	}
	for _, path := range samples {
		t.Run(filepath.Base(path), func(t *testing.T) {
			payload, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var fetched []string
			r := newRun(t, getObject(func(bucket, key string) ([]byte, error) {
				fetched = append(fetched, key)
				return logFile(line{}), nil
			}), "BUCKETWATCH_ALERTS_TOPIC="+topic)
			response, err := r.Handle(t.Context(), payload)
			if err != nil {
				t.Fatalf("Handle(%s) = %v", path, err)
			}
			got, _ := json.Marshal(response)
			want := "null"
			if strings.HasPrefix(filepath.Base(path), "sqs-") {
				want = `{"batchItemFailures":[]}`
			}
			if string(got) != want {
				t.Errorf("Handle(%s) = %s, want %s", path, got, want)
			}
			ticks := strings.Count(filepath.Base(path), "tick")
			if got := len(ofType(lines(t, r.metrics.Bytes()), "Health")); got != len(fetched)+ticks {
				t.Errorf("Handle(%s) wrote %d health lines for %d log files and %d ticks", path, got, len(fetched), ticks)
			}
			for _, key := range fetched {
				if !strings.Contains(key, "/CloudTrail/us-east-1/") || strings.ContainsAny(key, "%") {
					t.Errorf("Handle(%s) fetched %q, which was not decoded", path, key)
				}
			}
		})
	}
}

func TestHandleUnknownPayload(t *testing.T) {
	r := newRun(t, same(nil))
	response, err := r.Handle(t.Context(), []byte(`{"hello":"world"}`))
	if err == nil || response != nil {
		t.Fatalf("Handle(unknown) = %v, %v, want an error", response, err)
	}
	if !strings.Contains(err.Error(), "expected an S3 notification") {
		t.Errorf("Handle(unknown) = %q, which does not say what was expected", err)
	}
}

func TestHandleTriesAll(t *testing.T) {
	good := strings.Replace(logKey, "AbCd", "good", 1)
	store := getObject(func(_, key string) ([]byte, error) {
		if key == good {
			return logFile(line{}), nil
		}
		return nil, errors.New("AccessDenied")
	})
	r := newRun(t, store)
	if _, err := r.Handle(t.Context(), notification(logKey, good)); err == nil || !strings.Contains(err.Error(), "s3://"+logBucket+"/"+logKey) {
		t.Errorf("Handle(a bad and a good file) = %v, want an error that names the bad one", err)
	}
	if got := len(ofType(lines(t, r.metrics.Bytes()), "Bucket")); got != 1 {
		t.Errorf("Handle(a bad and a good file) wrote %d bucket lines, want the good one's", got)
	}
}

func TestHandleBatch(t *testing.T) {
	good := strings.Replace(logKey, "AbCd", "good", 1)
	store := getObject(func(_, key string) ([]byte, error) {
		if key == good {
			return logFile(line{}), nil
		}
		return nil, errors.New("AccessDenied")
	})
	r := newRun(t, store)
	payload, _ := json.Marshal(map[string]any{"Records": []any{
		map[string]any{"eventSource": "aws:sqs", "messageId": "bad", "body": string(notification(logKey))},
		map[string]any{"eventSource": "aws:sqs", "messageId": "good", "body": string(notification(good))},
		map[string]any{"eventSource": "aws:sqs", "messageId": "garbage", "body": "?"},
	}})
	response, err := r.Handle(t.Context(), payload)
	got, _ := json.Marshal(response)
	want := `{"batchItemFailures":[{"itemIdentifier":"bad"},{"itemIdentifier":"garbage"}]}`
	if err != nil || string(got) != want {
		t.Errorf("Handle(SQS) = %s, %v, want %s", got, err, want)
	}
	for _, reason := range []string{"AccessDenied", "expected an S3 notification"} {
		if !strings.Contains(r.log.String(), reason) {
			t.Errorf("the log does not give the reason %q:\n%s", reason, r.log.String())
		}
	}
}

func TestHandleConcurrently(t *testing.T) {
	r := newRun(t, same(logFile(line{}, line{"eventName": "DeleteObject"})), "BUCKETWATCH_METRICS=full")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
					t.Errorf("Handle = %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(ofType(lines(t, r.metrics.Bytes()), "Bucket")); got != 80 {
		t.Errorf("80 files gave %d bucket lines", got)
	}
	if got := len(ofType(lines(t, r.log.Bytes()), "Delete")); got != 80 {
		t.Errorf("80 files gave %d delete lines", got)
	}
}

// failing is a stream that takes so many writes.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestFullStandardOutputIsAnError(t *testing.T) {
	for left := range 2 {
		r := newRun(t, same(logFile(line{})))
		r.out = NewOutput(&failing{left}, io.Discard)
		if _, err := r.Handle(t.Context(), notification(logKey)); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("Handle with room for %d lines = %v, want the error of writing", left, err)
		}
	}
}

// The steps must be those that the documentation names, in this order, and run inside the hook.
func TestSteps(t *testing.T) {
	r := newRun(t, same(logFile(line{})))
	var steps []string
	r.Step = func(ctx context.Context, name string, f func(context.Context) error) error {
		steps = append(steps, name)
		return f(ctx)
	}
	if _, err := r.Handle(t.Context(), notification(logKey)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, " "); got != "fetch read emit" {
		t.Errorf("steps = %q, want fetch read emit", got)
	}
}

// newLogger keeps the log apart from the lines that share its stream.
func newLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }
