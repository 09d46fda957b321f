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

	memory      func() int64 // goMemory, but in tests
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
		memory:  goMemory,
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
// Log files run side by side, as many as there is memory for; ticks, test alerts and digests in their turn. Failures come
// in the order of the payload.
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
	for _, m := range p.messages(ctx, invocation.Messages) {
		err := p.failure(ctx, m)
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

// message is one message, and what came of it.
type message struct {
	*trigger.Message
	failures []error // of what it asks for beside log files
	tasks    []*task
}

// messages does what messages ask for.
func (p *Pipeline) messages(ctx context.Context, list []trigger.Message) []*message {
	var all []*message
	var waiting []*task // log files that may run side by side
	inTurn := func(do func()) {
		p.sideBySide(ctx, waiting)
		waiting = nil
		do()
	}
	for i := range list {
		m := &message{Message: &list[i]}
		all = append(all, m)
		for _, ignored := range m.Ignored {
			p.Log.InfoContext(ctx, "notification ignored", "bucket", ignored.Bucket, "key", ignored.Key, "reason", ignored.Reason)
		}
		if m.TestAlert || m.Tick != nil {
			inTurn(func() { p.beside(ctx, m) })
		}
		for _, object := range m.Objects {
			t := &task{object: object}
			m.tasks = append(m.tasks, t)
			if t.inTurn() {
				inTurn(func() { p.sideBySide(ctx, []*task{t}) })
			} else {
				waiting = append(waiting, t)
			}
		}
	}
	p.sideBySide(ctx, waiting)
	return all
}

// beside does what a message asks for beside log files.
func (p *Pipeline) beside(ctx context.Context, m *message) {
	if m.TestAlert {
		if err := p.testAlert(ctx); err != nil {
			p.Log.ErrorContext(ctx, "test alert failed", "error", err.Error())
			m.failures = append(m.failures, fmt.Errorf("cannot send the test alert: %w", err))
		}
	}
	if m.Tick != nil {
		if err := p.tick(ctx, m.Tick.Time); err != nil {
			m.failures = append(m.failures, fmt.Errorf("cannot write the lines of a tick: %w", err))
		}
	}
}

// failure logs what of a message has failed, and returns it.
func (p *Pipeline) failure(ctx context.Context, m *message) error {
	if m.Err != nil {
		p.Log.ErrorContext(ctx, "message not understood", "messageId", m.ID, "error", m.Err.Error())
		return m.Err
	}
	failures := m.failures
	for _, t := range m.tasks {
		if t.err != nil {
			p.Log.ErrorContext(ctx, "log file failed", "bucket", t.object.Bucket, "key", t.object.Key, "error", t.err.Error())
			failures = append(failures, &FileError{Object: t.object, Err: t.err})
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
