package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// newLogHandler returns a handler that writes the log as Lambda's own JSON log format has it: the library's handler
// can't be used, since it writes to standard output.
func newLogHandler(w io.Writer) slog.Handler {
	return requestIDHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr})}
}

// requestIDHandler adds the invocation's request id to each line.
type requestIDHandler struct{ slog.Handler }

func (h requestIDHandler) Handle(ctx context.Context, r slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs and WithGroup keep the request id for loggers made of this one.

func (h requestIDHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestIDHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestIDHandler) WithGroup(name string) slog.Handler {
	return requestIDHandler{h.Handler.WithGroup(name)}
}

// libraryLog is what the Lambda library logs to: each error that the handler returned, and each panic. The pipeline has
// logged the errors already, with their request id; a panic is told nowhere else.
type libraryLog struct{ io.Writer }

func (l libraryLog) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(`"errorMessage":`)) && !bytes.Contains(p, []byte(`"stackTrace":[`)) {
		return len(p), nil
	}
	return l.Writer.Write(p)
}
