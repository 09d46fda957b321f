package replay

import (
	"context"
	"errors"
	"log/slog"
)

// faults keeps the first error that the pipeline logs: a tick that fails is no failure of its invocation.
type faults struct{ err error }

func (f *faults) logger() *slog.Logger { return slog.New(handler{f}) }

// take returns the error, and forgets it.
func (f *faults) take() error {
	err := f.err
	f.err = nil
	return err
}

type handler struct{ *faults }

func (h handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

func (h handler) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			text += ": " + a.Value.String()
		}
		return true
	})
	h.err = errors.Join(h.err, errors.New(text))
	return nil
}

func (h handler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h handler) WithGroup(string) slog.Handler { return h }
