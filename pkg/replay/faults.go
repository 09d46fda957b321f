package replay

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// faults keeps the errors that the pipeline logs: a tick that fails is no failure of its invocation. What is logged goes
// on to the next handler, at the time of the replay's clock.
type faults struct {
	err  error
	next slog.Handler // or nil
	now  func() time.Time
}

// take returns the errors, and forgets them.
func (f *faults) take() error {
	err := f.err
	f.err = nil
	return err
}

func (f *faults) Enabled(_ context.Context, level slog.Level) bool {
	return f.next != nil || level >= slog.LevelError
}

func (f *faults) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "error" {
				text += ": " + a.Value.String()
			}
			return true
		})
		f.err = errors.Join(f.err, errors.New(text))
	}
	if f.next == nil {
		return nil
	}
	r.Time = f.now()
	return f.next.Handle(ctx, r)
}

func (f *faults) WithAttrs([]slog.Attr) slog.Handler { return f }
func (f *faults) WithGroup(string) slog.Handler      { return f }
