package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"bucketwatch/internal/traffic"
)

// expectedDeletes is what the file of the declared deletes is called, beside the function's binary.
const expectedDeletes = "expected-deletes.yaml"

// output are the files that the function's output goes to.
type output struct {
	metrics string // its standard output: metric lines
	log     string // its standard error: the log, and the Caller and Delete lines
}

// outputs are those of the quiet weeks, and of the afternoon, and what they were made of.
type outputs struct {
	before, during output
	trail          string // the folder of the log files, under the keys that they had in S3
	expected       string // the function's expected-deletes.yaml
}

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
	return outputs{
		before: in(quiet), during: in(dir),
		trail: filepath.Join(dir, "trail"), expected: filepath.Join(dir, expectedDeletes),
	}, nil
}

// keepTrail writes the log files and the expected deletes for who wants to look at them with other tools.
func (o *outputs) keepTrail(story *traffic.Story) error {
	if err := os.WriteFile(o.expected, []byte(story.ExpectedDeletes), 0o644); err != nil {
		return fmt.Errorf("cannot write the expected deletes: %w", err)
	}
	for _, f := range slices.Concat(story.Before.Files, story.During.Files) {
		name := filepath.Join(o.trail, filepath.FromSlash(f.Key))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("cannot make a folder for the log files: %w", err)
		}
		if err := os.WriteFile(name, f.Body, 0o644); err != nil {
			return fmt.Errorf("cannot write a log file: %w", err)
		}
	}
	return nil
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
