package faults

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bucketwatch/internal/localaws"
)

// timeout is the template's: a claim's lease, which ends with it, must fit Lambda's retries.
const timeout = 120 * time.Second

// invocation is an event on its way, with Lambda's retries.
type invocation struct {
	at      time.Time
	file    int // in the scenario; -1: a tick
	tries   int // since it was sent, or sent again out of the dead-letter queue
	redrive int
}

// attempt is one try of an invocation.
type attempt struct {
	*invocation
	err       error
	log       []byte // standard error
	lines     []line // on both streams, the log's left out; a last one that was cut is missing
	ofFile    map[string][]line
	befallen  []string // what befell its calls
	killed    bool
	failed    bool     // a call got no answer, or no good one
	sentTwice int      // messages that a fault sent a second time
	marked    bool     // the mark that the file is done has reached the table
	marks     []string // what those marks are about
	calls     []call

	wrote, markAsked, markDone time.Time // wrote: the first metric line
}

// environment is an execution environment of Lambda's: one process after the other, and one invocation at a time.
type environment struct {
	w     *world
	proxy *proxy

	function       *localaws.Function
	stdout, stderr taken

	mu      sync.Mutex
	current *attempt
	serving int        // calls
	idle    *sync.Cond // serving is 0
	dying   atomic.Bool
}

// taken keeps what was written until it is taken away.
type taken struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	first time.Time
}

func (t *taken) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.buf.Len() == 0 {
		t.first = time.Now()
	}
	return t.buf.Write(p)
}

func (t *taken) take() (text []byte, first time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, first = bytes.Clone(t.buf.Bytes()), t.first
	t.buf.Reset()
	return text, first
}

func newEnvironment(t testing.TB, w *world) *environment {
	e := &environment{w: w}
	e.idle = sync.NewCond(&e.mu)
	e.proxy = newProxy(t, e, [3]string{s3: w.scenario.s3.URL(), dynamoDB: w.table.url, sns: w.sns.URL()})
	t.Cleanup(e.close)
	return e
}

func (e *environment) close() {
	if e.function != nil {
		e.function.Close()
		e.function = nil
	}
}

func (e *environment) start(t testing.TB) error {
	env := map[string]string{
		"AWS_REGION":                "eu-central-1",
		"AWS_ACCESS_KEY_ID":         "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":     "secret",
		"AWS_ENDPOINT_URL":          e.proxy.server.URL,
		"AWS_MAX_ATTEMPTS":          "1", // or a run would take minutes: the pauses between the client's attempts are random, up to seconds
		"AWS_LAMBDA_FUNCTION_NAME":  "bucketwatch",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bucketwatch",
		"BUCKETWATCH_ALERTS_TOPIC":  topic,
		"BUCKETWATCH_CLOCK":         "delivery",
		"BUCKETWATCH_METRICS":       "full",
		"BUCKETWATCH_TABLE":         e.w.table.name,
	}
	if e.w.bundle > 1 {
		env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "256" // the template's, with which ten files run side by side
	}
	function, err := localaws.StartFunction(t.Context(), localaws.FunctionConfig{
		Bootstrap: e.w.scenario.bootstrap, Env: env, Stdout: &e.stdout, Stderr: &e.stderr, Timeout: cmp.Or(e.w.timeout, timeout),
	})
	if err != nil {
		return err
	}
	e.function = function
	e.dying.Store(false)
	return nil
}

// invoke tries an invocation, in a new process if there is none any more.
func (e *environment) invoke(t testing.TB, it *invocation) *attempt {
	t.Helper()
	it.tries++
	a := &attempt{invocation: it}
	e.serveOne(t, a, e.w.scenario.payload(it))
	return a
}

// serveOne has the process serve a payload, and takes down in a what it did.
func (e *environment) serveOne(t testing.TB, a *attempt, payload []byte) (answer []byte) {
	t.Helper()
	// A machine may be too busy to start a process in Lambda's ten seconds. Then that is a failure as any other.
	for n := 0; e.function == nil && n < 3; n++ {
		a.err = e.start(t)
	}
	if a.err != nil {
		return nil
	}
	e.mu.Lock()
	e.current = a
	e.mu.Unlock()
	answer, a.err = e.function.Invoke(t.Context(), payload)
	e.mu.Lock()
	for e.serving > 0 { // one that kills may do so a moment after the invocation's end
		e.idle.Wait()
	}
	e.mu.Unlock()
	if e.dying.Load() || isExit(a.err) {
		e.close()
		e.proxy.server.CloseClientConnections()
		a.killed = true
	}
	e.mu.Lock()
	e.current = nil
	e.mu.Unlock()
	stdout, first := e.stdout.take()
	a.log, _ = e.stderr.take()
	metrics, others := parse(t, stdout, true, a.killed), parse(t, a.log, false, a.killed)
	a.lines = append(metrics, others...)
	a.ofFile = byFile(metrics, others)
	if len(stdout) > 0 {
		a.wrote = first
	}
	return answer
}

// isExit tells whether the process has ended, or was ended at its time-out, before it answered.
func isExit(err error) bool {
	failure, ok := errors.AsType[*localaws.FunctionError](err)
	return ok && (failure.Type == "Runtime.ExitError" || failure.Type == "Sandbox.Timedout")
}

func (e *environment) kill() {
	e.dying.Store(true)
	e.function.Kill()
}

// serve counts the calls that are being served.
func (e *environment) serve(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.serving += n; e.serving == 0 {
		e.idle.Broadcast()
	}
}

// befall says what befalls a call, and takes it down.
func (e *environment) befall(c call) (fault, float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.current
	if a == nil || e.dying.Load() {
		panic(http.ErrAbortHandler) // of a process that is dead
	}
	f, where := e.w.plan(c, len(a.calls))
	a.calls = append(a.calls, c)
	if c.isMark() {
		a.markAsked = time.Now()
	}
	if f != none {
		a.befallen = append(a.befallen, fmt.Sprintf("call %d, %v: %v", len(a.calls), c, f))
		a.failed = a.failed || f != delayed && f != twice && f != halfDone
		if f == twice && c.action == "Publish" {
			a.sentTwice++ // SNS knows no duplicates: what comes twice on the wire is two messages
		}
		e.w.count(f)
	}
	return f, where
}

// answered takes down what AWS has done.
func (e *environment) answered(c call, answer *http.Response) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != nil && c.isMark() && answer.StatusCode == http.StatusOK {
		e.current.marked, e.current.markDone = true, time.Now()
		e.current.marks = append(e.current.marks, c.about)
	}
}
