package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"bucketwatch/pkg/emf"
	"bucketwatch/pkg/printable"
)

// Output is where lines go. Metric lines have one stream for themselves, since CloudWatch reads each line of it; the
// log and the lines that are no metrics share the other. Every line is one Write, and no two are written at the same
// time: beyond 4,096 bytes a pipe keeps no line whole by itself.
type Output struct {
	mu           sync.Mutex
	metrics, log io.Writer
}

// NewOutput returns an Output that writes metric lines to metrics and all others to log.
func NewOutput(metrics, log io.Writer) *Output {
	return &Output{metrics: metrics, log: log}
}

// Log is the writer for a log handler that writes a line of JSON at a time. It may be used by several goroutines at once.
func (o *Output) Log() io.Writer { return lockedLog{o} }

type lockedLog struct{ o *Output }

func (l lockedLog) Write(p []byte) (int, error) {
	l.o.mu.Lock()
	defer l.o.mu.Unlock()
	if _, err := l.o.log.Write(printable.JSON(p)); err != nil { // errors and keys hold what callers sent
		return 0, fmt.Errorf("cannot write log line: %w", err)
	}
	return len(p), nil
}

// batch holds lines until all of a file's are there: one that can't be written down must not leave the others behind,
// which would be written again with each retry.
type batch struct {
	lines   []encoded
	encoder *emf.Encoder // writes to buf
	buf     bytes.Buffer
}

type encoded struct {
	text   []byte
	metric bool
}

// add encodes a line. One without metrics goes beside the log.
func (b *batch) add(line *emf.Line) error {
	if b.encoder == nil {
		b.encoder = emf.NewEncoder(&b.buf)
	}
	b.buf.Reset()
	if err := b.encoder.Encode(line); err != nil {
		return err
	}
	b.lines = append(b.lines, encoded{bytes.Clone(b.buf.Bytes()), len(line.Directives) > 0})
	return nil
}

// errPartlyWritten says that of a batch that couldn't be written something has been: it is written again with the retry.
var errPartlyWritten = errors.New("lines before it were written")

// write writes the batch's lines in their order. An error wraps errPartlyWritten if any of it has been written.
func (o *Output) write(b *batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, line := range b.lines {
		stream := o.log
		if line.metric {
			stream = o.metrics
		}
		switch n, err := stream.Write(line.text); {
		case err != nil && i+n > 0:
			return fmt.Errorf("cannot write line: %w (%w)", err, errPartlyWritten)
		case err != nil:
			return fmt.Errorf("cannot write line: %w", err)
		}
	}
	return nil
}
