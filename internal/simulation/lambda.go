package simulation

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"bucketwatch/internal/localaws"
)

const (
	table   = "state"
	timeout = 120 * time.Second // the template's
	tries   = 3                 // Lambda's of an event, the first included
)

// environment is one of Lambda's execution environments: one process, one invocation at a time.
type environment struct {
	function       *localaws.Function
	stdout, stderr bytes.Buffer
}

func (w *world) newEnvironment(ctx context.Context, bootstrap string) (*environment, error) {
	e := &environment{}
	env := map[string]string{
		"AWS_REGION":                      region,
		"AWS_ACCESS_KEY_ID":               "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":           "secret",
		"AWS_ENDPOINT_URL_S3":             w.s3.URL(),
		"AWS_ENDPOINT_URL_DYNAMODB":       w.dynamoDB.URL(),
		"AWS_LAMBDA_FUNCTION_NAME":        "bucketwatch",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		// Deliveries five minutes apart are simulated one after the other; without this the ticks would have to wait.
		"BUCKETWATCH_CLOCK": "delivery",
		"BUCKETWATCH_TABLE": table,
	}
	if w.plan.Attempts > 0 {
		env["AWS_MAX_ATTEMPTS"] = fmt.Sprint(w.plan.Attempts)
	}
	var err error
	e.function, err = localaws.StartFunction(ctx, localaws.FunctionConfig{
		Bootstrap: bootstrap, Env: env, Stdout: &e.stdout, Stderr: &e.stderr, Timeout: timeout,
	})
	return e, err
}

// event is one on its way to the function.
type event struct {
	file  int
	tries int
}

// lambda stands for Lambda's queue of asynchronous invocations. An event whose invocation fails comes again after a
// pause, and after that is in the dead-letter list.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
type lambda struct {
	world  *world
	events chan event

	mu        sync.Mutex
	open      int             // events that are neither done nor dead
	waiting   int             // those of them that will come again
	durations []time.Duration // of each invocation
	retries   int
	dead      []int
	lastError error
}

func newLambda(w *world) *lambda {
	return &lambda{world: w, events: make(chan event, 1_000_000)}
}

// announce puts an event of a new file into the queue.
func (l *lambda) announce(file int) {
	l.mu.Lock()
	l.open++
	l.mu.Unlock()
	l.events <- event{file: file}
}

// work serves events with one environment until ctx ends.
func (l *lambda) work(ctx context.Context, e *environment) {
	for {
		select {
		case <-ctx.Done():
			return
		case it := <-l.events:
			l.serve(ctx, e, it)
		}
	}
}

func (l *lambda) serve(ctx context.Context, e *environment, it event) {
	begin := time.Now()
	_, err := e.function.Invoke(ctx, localaws.Notification(l.world.bucket, l.world.files[it.file].Key))
	took := time.Since(begin)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.durations = append(l.durations, took)
	if it.tries++; err == nil || it.tries == tries {
		l.open--
		l.world.progress()
	}
	switch {
	case err == nil:
		return
	case it.tries == tries:
		l.dead = append(l.dead, it.file)
	default:
		l.retries++
		l.waiting++
		time.AfterFunc(l.world.plan.Pause*time.Duration(it.tries), func() {
			l.mu.Lock()
			l.waiting--
			l.mu.Unlock()
			l.events <- it
		})
	}
	l.lastError = err
}

// redrive has what is in the dead-letter list tried anew, and returns how much that is.
func (l *lambda) redrive() int {
	l.mu.Lock()
	again := l.dead
	l.dead = nil
	l.mu.Unlock()
	for _, file := range again {
		l.announce(file)
	}
	return len(again)
}

// await waits until all events are done or dead, or those are that don't wait to come again.
func (l *lambda) await(ctx context.Context, all bool) error {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		l.mu.Lock()
		done := l.open == 0 || !all && l.open == l.waiting
		l.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
