package evaluation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/internal/traffic"
	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/state"
)

// slot is when a tick may find something due: log files are delivered at whole parts of an hour, and what waits is due
// 45 minutes after an hour's end. A tick a minute later sees it; those in between would find nothing.
const slot = 5 * time.Minute

// runner is the Lambda function's pipeline with a memory of its own, and S3 and SNS that hold nothing back.
type runner struct {
	pipeline *pipeline.Pipeline
	store    *state.Memory
	now      time.Time
	tickTime time.Time // of this tick, or the next one
	body     []byte    // of the log file that is read
	outcome  *Outcome
	failed   error
}

// Run makes the log files, and says what came out. Progress, if there is one, is called after each day.
func Run(ctx context.Context, o labelled.Options, progress func()) (*Outcome, error) {
	stream := labelled.New(o)
	r := &runner{store: state.NewMemory(), outcome: &Outcome{Labels: &stream.Labels}}
	settings := map[string]string{
		"BUCKETWATCH_CLOCK":          string(pipeline.DeliveryClock),
		"BUCKETWATCH_ALERTS_TOPIC":   "arn:aws:sns:eu-central-1:" + o.Account + ":alerts",
		"BUCKETWATCH_ALERT_SEVERITY": string(anomaly.Medium), // those of HIGH are among them
		"BUCKETWATCH_METRICS":        "none",
	}
	config, err := pipeline.ConfigFromEnv(func(name string) string { return settings[name] })
	if err != nil {
		return nil, fmt.Errorf("cannot set up the pipeline: %w", err)
	}
	r.pipeline = pipeline.New(config, r, r, r.store, pipeline.NewOutput(lines{r}, lines{r}))
	r.pipeline.Now = func() time.Time { return r.now }
	r.pipeline.Log = slog.New(slog.NewJSONHandler(faults{r}, &slog.HandlerOptions{Level: slog.LevelWarn}))

	for day := o.From; ; day = day.AddDate(0, 0, 1) {
		files, ok, err := stream.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		started := time.Now()
		if err := r.day(ctx, stream.LogBucket(), day, files); err != nil {
			return nil, err
		}
		r.outcome.Took += time.Since(started)
		if progress != nil {
			progress()
		}
	}
	return r.outcome, r.takeFound(ctx, &o)
}

// day reads a day's log files, each tick after those that were delivered before it.
func (r *runner) day(ctx context.Context, logBucket string, day time.Time, files []traffic.File) error {
	for at := day.Add(slot); !at.After(day.AddDate(0, 0, 1)); at = at.Add(slot) {
		due := at.Minute() == 45 || at.Hour() == 0 && at.Minute() == 0
		for len(files) > 0 && !files[0].Delivered.After(at) {
			due = true
			if err := r.read(ctx, logBucket, &files[0], at); err != nil {
				return err
			}
			files = files[1:]
		}
		if due {
			if err := r.tick(ctx, at.Add(time.Minute)); err != nil {
				return err
			}
		}
	}
	r.store.Forget(r.now)
	return nil
}

func (r *runner) read(ctx context.Context, logBucket string, f *traffic.File, at time.Time) error {
	r.now, r.tickTime, r.body = at, at.Add(time.Minute), f.Body
	r.outcome.Files++
	r.outcome.Records += int64(f.Records)
	var event struct {
		Records []any
	}
	event.Records = []any{map[string]any{
		"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
		"s3": map[string]any{"bucket": map[string]any{"name": logBucket}, "object": map[string]any{"key": f.Key}},
	}}
	payload, err := json.Marshal(event)
	if err == nil {
		_, err = r.pipeline.Handle(ctx, payload)
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", f.Key, err)
	}
	return nil
}

func (r *runner) tick(ctx context.Context, at time.Time) error {
	r.now, r.tickTime = at, at
	payload := fmt.Sprintf(`{"bucketwatch":"tick","time":%q}`, at.Format(time.RFC3339))
	if _, err := r.pipeline.Handle(ctx, []byte(payload)); err != nil {
		return err
	}
	return r.failed
}

// takeFound takes over all that was found.
func (r *runner) takeFound(ctx context.Context, o *labelled.Options) error {
	h := history.New(r.store)
	for _, b := range r.outcome.Labels.Buckets {
		found, err := h.Anomalies(ctx, anomaly.Bucket{AccountID: o.Account, Name: b.Name}, o.From, o.Until().AddDate(0, 0, 1))
		if err != nil {
			return err
		}
		r.outcome.found = append(r.outcome.found, found...)
	}
	return nil
}

// GetObject implements pipeline.S3.
func (r *runner) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(r.body))}, nil
}

// Publish implements pipeline.SNS.
func (r *runner) Publish(_ context.Context, m *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	r.outcome.Published = append(r.outcome.Published, Published{At: r.now, Subject: *m.Subject})
	return &sns.PublishOutput{}, nil
}

// lines takes down the lines of anomalies.
type lines struct{ *runner }

func (l lines) Write(line []byte) (int, error) {
	if !bytes.Contains(line, []byte(`"Type":"Anomaly"`)) {
		return len(line), nil
	}
	var a struct {
		Anomaly, Severity, BucketName, Principal, PrincipalKind string
		WindowStart, WindowEnd, FirstTime, LastTime             time.Time
		Count                                                   int64
		Explanation                                             string
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return 0, fmt.Errorf("cannot read the line of an anomaly: %w", err)
	}
	severity, ok := anomaly.ParseSeverity(a.Severity)
	if !ok {
		return 0, fmt.Errorf("cannot read the line of an anomaly: severity %q", a.Severity)
	}
	l.outcome.Findings = append(l.outcome.Findings, Finding{
		At: l.now, Tick: l.tickTime, Name: a.Anomaly, Severity: severity, Bucket: a.BucketName, Principal: a.Principal, Kind: anomaly.Kind(a.PrincipalKind),
		WindowStart: a.WindowStart, WindowEnd: a.WindowEnd, First: a.FirstTime, Last: a.LastTime, Count: a.Count, Explanation: a.Explanation,
	})
	return len(line), nil
}

// faults takes down what the pipeline would only log: no tick may fail here.
type faults struct{ *runner }

func (f faults) Write(line []byte) (int, error) {
	f.failed = fmt.Errorf("the pipeline logged %s", bytes.TrimSpace(line))
	return len(line), nil
}
