// Package replay takes log files of the past through what the function does with them, on the clock of their delivery and
// with the ticks between them, and remembers in memory.
//
// A Player reads log files, and has the function's lines and messages; a Judge judges what somebody else has read. What
// is due at a tick, and the judging itself, is the pipeline's.
package replay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/logfiles"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/state"
)

// Player plays log files. It plays once.
type Player struct {
	// Expected is which deletes were declared; by default none.
	Expected *expected.List
	// Open opens a log file.
	Open func(context.Context, logfiles.File) (io.ReadCloser, error)
	// Parallel is how many log files are opened at the same time; by default 8.
	Parallel int
	// Now is the time of day: what isn't due by then isn't judged. By default time.Now.
	Now func() time.Time
	// Progress, if there is one, is called after each log file.
	Progress func()
	// LogBucket is the bucket, and KeyPrefix what stands before AWSLogs/ in its keys, that the files were copied from. By
	// default it is the one that they are in, for files of this machine a name that no bucket can have: then requests to the
	// bucket of the log files count as those to any other.
	LogBucket, KeyPrefix string
	// Alerted, if there is one, is called with each message that subscribers would have got.
	Alerted func(*alert.Incident, alert.Message)

	config       pipeline.Config
	metrics, log *sink

	clock  clock
	object object // that is played
	seen   seen
	played Played
}

// Played is what was played.
type Played struct {
	Files       int // that were played
	Duplicates  int // left out: they had been played
	First, Last time.Time
	Failures    []Failure
}

// Failure is a log file that could not be read.
type Failure struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

// NewPlayer returns a Player that does what a function with the configuration does, but that its clock, table and topic
// are the replay's. It writes metric lines to metrics, and to log, which may be nil, the lines that are no metrics and the
// function's log.
func NewPlayer(config pipeline.Config, metrics, log io.Writer) *Player {
	config.Clock, config.Table, config.AlertsTopic = pipeline.DeliveryClock, pipeline.MemoryTable, topic
	p := &Player{Parallel: 8, Now: time.Now, config: config, metrics: &sink{w: metrics}, log: &sink{w: log}}
	if log == nil {
		p.log = &sink{w: io.Discard}
	}
	store := state.NewMemory()
	faults := &faults{now: p.now}
	function := pipeline.New(config, &p.object, nobody{}, store, pipeline.NewOutput(p.metrics, p.log))
	if log != nil {
		faults.next = function.Log.Handler()
	}
	function.Log = slog.New(faults)
	function.Now = p.now
	function.Alerted = func(i *alert.Incident, m alert.Message) {
		if p.Alerted != nil {
			p.Alerted(i, m)
		}
	}
	p.clock = clock{store: store, pending: history.New(store), ticks: function, faults: faults}
	return p
}

// topic is where the function's messages go.
const topic = "arn:aws:sns:us-east-1:000000000000:replay"

func (p *Player) now() time.Time { return p.clock.now }

// Play plays the log files, whatever order they are in, and the ticks that were due by now. It goes on past files that
// can't be read. The error is that nothing more can be played.
func (p *Player) Play(ctx context.Context, files []logfiles.File) (*Played, error) {
	p.clock.ticks.Expected = p.Expected
	turns, err := p.inTurn(ctx, files)
	if err != nil {
		return nil, err
	}
	err = logfiles.InOrder(ctx, len(turns), p.Parallel,
		func(i int) object { return p.fetch(ctx, turns[i].File) },
		func(i int, o object) error {
			if p.Progress != nil {
				defer p.Progress()
			}
			return p.play(ctx, &turns[i], o)
		})
	if err == nil {
		err = p.clock.settle(ctx, p.Now())
	}
	if err := errors.Join(p.metrics.err, p.log.err); err != nil {
		return nil, err
	}
	return &p.played, err
}

// Remember puts what was played into a store that a function remembers in: see history.Adopt. It is called after Play.
func (p *Player) Remember(ctx context.Context, store state.Store) (history.Adopted, error) {
	return history.New(store).Adopt(ctx, p.clock.store, p.Now())
}

// fetch opens a log file and reads what it holds, as it is.
func (p *Player) fetch(ctx context.Context, f logfiles.File) (o object) {
	body, err := p.Open(ctx, f)
	if err != nil {
		return object{err: err}
	}
	defer body.Close()
	o.data, o.err = io.ReadAll(body)
	o.sum = sha256.Sum256(o.data)
	return o
}

// play has the function process one log file.
func (p *Player) play(ctx context.Context, t *turn, o object) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if o.err == nil && p.seen.has(t, &o) {
		p.played.Duplicates++
		return nil
	}
	if !t.Delivered.IsZero() {
		if err := p.clock.deliver(ctx, t.Delivered.UTC()); err != nil {
			return err
		}
	}
	p.object = o
	err := p.process(ctx, t)
	p.object = object{}
	p.clock.faults.take() // what is logged of a file is its error, too
	if err := errors.Join(p.metrics.err, p.log.err); err != nil {
		return err
	}
	if ctx.Err() != nil { // it may not have been fetched
		return ctx.Err()
	}
	if err != nil {
		var failed *pipeline.FileError
		if errors.As(err, &failed) {
			err = failed.Err
		}
		p.played.Failures = append(p.played.Failures, Failure{File: t.Name, Error: err.Error()})
		return nil
	}
	p.seen.add(t, &o)
	p.played.Files++
	if !t.Delivered.IsZero() {
		if p.played.First.IsZero() {
			p.played.First = t.Delivered.UTC()
		}
		p.played.Last = t.Delivered.UTC()
	}
	return nil
}

// process tells the function that the log file was delivered, as S3 does.
func (p *Player) process(ctx context.Context, t *turn) error {
	payload, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
		"s3": map[string]any{"bucket": map[string]any{"name": t.bucket}, "object": map[string]any{"key": url.QueryEscape(t.key)}},
	}}})
	if err != nil {
		return err
	}
	_, err = p.clock.ticks.Handle(context.WithoutCancel(ctx), payload) // as for a tick
	return err
}

// object stands for S3, which holds this one object.
type object struct {
	data []byte
	sum  [sha256.Size]byte
	err  error
}

func (o *object) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if o.err != nil {
		return nil, o.err
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(o.data))}, nil
}

// nobody is whom the function publishes messages to: Alerted has them.
type nobody struct{}

func (nobody) Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error) {
	return &sns.PublishOutput{}, nil
}

// sink keeps the first error of writing: the function takes it for that of a log file, but no other can be written then
// either.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("cannot write lines: %w", err)
	}
	return n, err
}
