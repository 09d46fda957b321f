package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// output are the files that the function's output goes to.
type output struct {
	metrics string // its standard output: metric lines
	log     string // its standard error: the log, and the Caller and Delete lines
}

// outputs are those of the quiet weeks, and of the afternoon.
type outputs struct{ before, during output }

func newOutputs(dir string) (outputs, error) {
	var err error
	if dir == "" {
		if dir, err = os.MkdirTemp("", "bucketwatch-demo-"); err != nil {
			return outputs{}, fmt.Errorf("cannot make a folder for the output: %w", err)
		}
	}
	quiet := filepath.Join(dir, "before")
	if err := os.MkdirAll(quiet, 0o755); err != nil {
		return outputs{}, fmt.Errorf("cannot make a folder for the output: %w", err)
	}
	in := func(dir string) output {
		return output{metrics: filepath.Join(dir, "metrics.jsonl"), log: filepath.Join(dir, "log.jsonl")}
	}
	return outputs{before: in(quiet), during: in(dir)}, nil
}

// redirected is a writer whose target changes between invocations. Without one, what is written is dropped.
type redirected struct {
	mu sync.Mutex
	w  io.Writer
}

func (r *redirected) to(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.w = w
}

func (r *redirected) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.w == nil {
		return len(p), nil
	}
	return r.w.Write(p)
}
