// Package pipeline takes an invocation from its payload to its lines: it is the only place that knows all the parts.
//
// What each part does stands in its own package; what one log file goes through, from top to bottom, in file.go.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/trigger"
)

// S3 is what the pipeline needs of S3.
type S3 interface {
	GetObject(ctx context.Context, params *s3.GetObjectInput, optFns ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// SNS is what the pipeline needs of SNS.
type SNS interface {
	Publish(ctx context.Context, params *sns.PublishInput, optFns ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Pipeline processes invocations. It may be used by several goroutines at once.
type Pipeline struct {
	// Step runs f, one step of a log file's way, and returns its error: a hook for tracing. By default it just calls f.
	Step func(ctx context.Context, name string, f func(context.Context) error) error
	// Now is the time of day; by default time.Now.
	Now func() time.Time
	// Expected is which deletes were declared; by default none.
	Expected *expected.List
	// Log gets what the operator should know; by default JSON lines between the Output's.
	Log *slog.Logger
	// Alerted, if there is one, is called with each incident that a message was published about, and the message.
	Alerted func(*alert.Incident, alert.Message)

	config  Config
	s3      S3
	sns     SNS
	claims  *state.Claims    // nil: nothing is remembered
	history *history.History // nil: nothing is remembered
	out     *Output

	schemaKnown atomic.Bool
	readers     sync.Pool // of *cloudtrail.Reader, whose memory serves one file after the other
}

// New returns a Pipeline that fetches log files from objects, publishes messages to topics, remembers in store and writes
// lines to out. Without a store (nil) log files aren't claimed, and only what needs no memory is judged.
func New(config Config, objects S3, topics SNS, store state.Store, out *Output) *Pipeline {
	p := &Pipeline{
		Step:    func(ctx context.Context, _ string, f func(context.Context) error) error { return f(ctx) },
		Now:     time.Now,
		Log:     slog.New(slog.NewJSONHandler(out.Log(), nil)),
		config:  config,
		s3:      objects,
		sns:     topics,
		out:     out,
		readers: sync.Pool{New: func() any { return new(cloudtrail.Reader) }},
	}
	if store != nil {
		p.claims = &state.Claims{Store: store}
		p.history = history.New(store)
	}
	return p
}

// BatchResponse answers an SQS event: the messages named come again, all others are done.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
type BatchResponse struct {
	BatchItemFailures []BatchItemFailure `json:"batchItemFailures"`
}

// BatchItemFailure names one message.
type BatchItemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

// Handle does what the payload of one invocation asks for, all of it even if some of it fails. For an SQS event it
// returns a BatchResponse; for others nil, and an error if anything failed, so that Lambda tries again.
//
// It is where failures are logged, each once, since the answer to SQS has no place for the reason.
func (p *Pipeline) Handle(ctx context.Context, payload []byte) (any, error) {
	invocation, err := trigger.Parse(payload)
	if err != nil {
		p.Log.ErrorContext(ctx, "payload not understood", "error", err.Error())
		return nil, err
	}
	response := BatchResponse{BatchItemFailures: []BatchItemFailure{}}
	var failures []error
	for i := range invocation.Messages {
		m := &invocation.Messages[i]
		err := p.message(ctx, m)
		if err == nil {
			continue
		}
		failures = append(failures, err)
		if invocation.Batch {
			response.BatchItemFailures = append(response.BatchItemFailures, BatchItemFailure{m.ID})
		}
	}
	if invocation.Batch {
		return response, nil
	}
	return nil, join(failures)
}

// join returns the only error as it is, so that its type reaches Lambda, and several as one.
func join(failures []error) error {
	if len(failures) == 1 {
		return failures[0]
	}
	return errors.Join(failures...)
}

// message does what one message asks for.
func (p *Pipeline) message(ctx context.Context, m *trigger.Message) error {
	if m.Err != nil {
		p.Log.ErrorContext(ctx, "message not understood", "messageId", m.ID, "error", m.Err.Error())
		return m.Err
	}
	for _, ignored := range m.Ignored {
		p.Log.InfoContext(ctx, "notification ignored", "bucket", ignored.Bucket, "key", ignored.Key, "reason", ignored.Reason)
	}
	var failures []error
	if m.TestAlert {
		if err := p.testAlert(ctx); err != nil {
			p.Log.ErrorContext(ctx, "test alert failed", "error", err.Error())
			failures = append(failures, fmt.Errorf("cannot send the test alert: %w", err))
		}
	}
	if m.Tick != nil {
		if err := p.tick(ctx, m.Tick.Time); err != nil {
			failures = append(failures, fmt.Errorf("cannot write the lines of a tick: %w", err))
		}
	}
	for _, object := range m.Objects {
		if err := p.process(ctx, object); err != nil {
			p.Log.ErrorContext(ctx, "log file failed", "bucket", object.Bucket, "key", object.Key, "error", err.Error())
			failures = append(failures, &FileError{Object: object, Err: err})
		}
	}
	return join(failures)
}

// FileError is the failure of one object. Lambda reports its type.
type FileError struct {
	Object trigger.Object
	Err    error
}

func (e *FileError) Error() string { return fmt.Sprintf("cannot process %s: %v", uri(e.Object), e.Err) }

func (e *FileError) Unwrap() error { return e.Err }
