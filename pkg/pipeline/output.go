package pipeline

import (
	"fmt"
	"io"
	"sync"

	"bucketwatch/pkg/emf"
)

// Output is where lines go. Metric lines have one stream for themselves, since CloudWatch reads each line of it; the
// log and the lines that are no metrics share the other. Every line is one Write, and no two are written at the same
// time: beyond 4,096 bytes a pipe keeps no line whole by itself.
type Output struct {
	mu      *sync.Mutex
	metrics *emf.Encoder
	plain   *emf.Encoder
	log     io.Writer
}

// NewOutput returns an Output that writes metric lines to metrics and all others to log.
func NewOutput(metrics, log io.Writer) *Output {
	mu := new(sync.Mutex)
	return &Output{mu, emf.NewEncoder(metrics), emf.NewEncoder(log), &lockedWriter{mu, log}}
}

// Log is the writer for a log handler that writes a line at a time. It may be used by several goroutines at once.
func (o *Output) Log() io.Writer { return o.log }

// write writes the line where it belongs.
func (o *Output) write(line *emf.Line) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	encoder := o.metrics
	if len(line.Directives) == 0 {
		encoder = o.plain
	}
	return encoder.Encode(line)
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.w.Write(p)
	if err != nil {
		return n, fmt.Errorf("cannot write log line: %w", err)
	}
	return n, nil
}
