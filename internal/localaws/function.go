// Package localaws runs on this machine what AWS runs in production: Lambda's
// runtime API with a real bootstrap binary behind it, an S3 and a DynamoDB in
// memory, and an SNS that keeps what is published. The demo and the tests use it.
//
// Everything answers on the loopback interface only, at ports from the system,
// and ends with Close. Left out: signatures, notifications (the caller sends
// them), Lambda's memory limit, freezing between invocations, retries, and a new
// process after one that died.
package localaws

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// initTimeout is the time that Lambda gives a function before its first poll.
const initTimeout = 10 * time.Second

// FunctionConfig says what to run.
type FunctionConfig struct {
	// Bootstrap is the path of the binary, as Build returns it.
	Bootstrap string

	// Env is what the function's configuration would hold, the credentials and
	// the endpoints. It wins over what Lambda sets. Nothing else is passed on
	// from this process.
	Env map[string]string

	// Stdout and Stderr get the function's output; nil discards it. They are
	// never written to at the same time, so both may be the same writer.
	Stdout, Stderr io.Writer

	// Timeout ends an invocation, and the process with it. Zero is a minute.
	Timeout time.Duration
}

// Function is one running bootstrap: what Lambda calls an execution environment.
type Function struct {
	cmd     *exec.Cmd
	api     *runtimeAPI
	server  *server
	timeout time.Duration
	stdout  *output
	stderr  *output

	slot    chan struct{} // held by the invocation that is served
	exited  chan struct{}
	exitErr error // readable once exited is closed

	closing   chan struct{}
	closeOnce sync.Once
	closeErr  error
}

// FunctionError is a failed invocation, as Lambda reports it to the caller. The
// types "Runtime.ExitError" and "Sandbox.Timedout" are Lambda's own; after them
// the process is gone and every further Invoke fails.
type FunctionError struct {
	Type    string
	Message string
	Payload []byte // the whole JSON document, with the stack if there is one
}

func (e *FunctionError) Error() string {
	return fmt.Sprintf("function error %s: %s", e.Type, e.Message)
}

var (
	errClosed   = errors.New("it is closed")
	errNoAnswer = errors.New("it asked for the next invocation without answering this one")
)

// StartFunction starts the bootstrap and returns when it asks for its first
// invocation. When ctx is done the process is killed.
func StartFunction(ctx context.Context, config FunctionConfig) (*Function, error) {
	f, err := start(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("cannot start function %s: %w", config.Bootstrap, err)
	}
	if err := f.awaitInit(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start function %s: %w", config.Bootstrap, err), f.Close())
	}
	return f, nil
}

func start(ctx context.Context, config FunctionConfig) (_ *Function, err error) {
	bootstrap, err := filepath.Abs(config.Bootstrap)
	if err != nil {
		return nil, err
	}
	f := &Function{
		api:     newRuntimeAPI(functionARN(config.Env)),
		timeout: cmp.Or(config.Timeout, time.Minute),
		slot:    make(chan struct{}, 1),
		exited:  make(chan struct{}),
		closing: make(chan struct{}),
	}
	if f.server, err = serve(f.api.handler()); err != nil {
		return nil, err
	}
	mu := new(sync.Mutex)
	if f.stdout, err = newOutput(config.Stdout, mu); err != nil {
		return nil, errors.Join(err, f.server.close())
	}
	if f.stderr, err = newOutput(config.Stderr, mu); err != nil {
		return nil, errors.Join(err, f.stdout.close(), f.server.close())
	}
	f.cmd = exec.CommandContext(ctx, bootstrap)
	f.cmd.Dir = filepath.Dir(bootstrap)
	f.cmd.Env = environment(config.Env, f.server.address, f.cmd.Dir)
	f.cmd.Stdout = f.stdout.write
	f.cmd.Stderr = f.stderr.write
	if err := f.cmd.Start(); err != nil {
		return nil, errors.Join(err, f.stdout.close(), f.stderr.close(), f.server.close())
	}
	go func() {
		f.exitErr = f.cmd.Wait()
		if f.exitErr == nil {
			f.exitErr = errors.New("exit status 0")
		}
		close(f.exited)
	}()
	return f, nil
}

func (f *Function) awaitInit() error {
	timer := time.NewTimer(initTimeout)
	defer timer.Stop()
	select {
	case <-f.api.ready:
		return nil
	case <-f.api.failed:
		return f.api.initFailed()
	case <-f.exited:
		if err := f.api.initFailed(); err != nil {
			return err
		}
		return fmt.Errorf("it ended before it asked for an invocation: %w", f.exitErr)
	case <-timer.C:
		return fmt.Errorf("it did not ask for an invocation within %s", initTimeout)
	}
}

// Invoke has the function handle the payload and returns its answer; an error
// that the function reports is a *FunctionError. Invocations are served one at a
// time, in no promised order. When Invoke returns, all that the function wrote
// until it asked for the next invocation has reached Stdout and Stderr.
//
// When ctx is done Invoke returns, but the function isn't interrupted: as in
// Lambda it works on, and the next invocation waits for it.
func (f *Function) Invoke(ctx context.Context, payload []byte) (response []byte, err error) {
	return f.InvokeTraced(ctx, payload, "")
}

// InvokeTraced is Invoke with an X-Ray trace header, such as
// "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".
func (f *Function) InvokeTraced(ctx context.Context, payload []byte, traceHeader string) (response []byte, err error) {
	select {
	case f.slot <- struct{}{}:
	case <-f.closing:
		return nil, fmt.Errorf("cannot invoke function: %w", errClosed)
	case <-ctx.Done():
		return nil, fmt.Errorf("cannot invoke function: %w", ctx.Err())
	}
	done := make(chan answer, 1)
	go func() {
		defer func() { <-f.slot }()
		done <- f.serve(payload, traceHeader)
	}()
	select {
	case a := <-done:
		return a.response, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("cannot await function: %w", ctx.Err())
	}
}

type answer struct {
	response []byte
	err      error
}

func (f *Function) serve(payload []byte, traceHeader string) answer {
	inv := f.api.newInvocation(payload, traceHeader, f.timeout)
	select {
	case f.api.pending <- inv:
	case <-f.exited:
		return answer{err: fmt.Errorf("cannot invoke function: %w", f.endedBecause())}
	}
	timer := time.NewTimer(f.timeout)
	defer timer.Stop()
	timedOut := false
	select {
	case <-inv.ended:
	case <-f.exited:
	case <-timer.C:
		timedOut = true
		f.kill()
	}
	f.stdout.flush()
	f.stderr.flush()

	response, functionErr, answered := f.api.outcome(inv)
	switch {
	case answered && functionErr != nil:
		return answer{err: functionErr}
	case answered:
		return answer{response: response}
	case timedOut:
		return answer{err: platformError("Sandbox.Timedout", inv.id, fmt.Sprintf("Task timed out after %.2f seconds", f.timeout.Seconds()))}
	}
	select {
	case <-f.exited:
	default:
		return answer{err: fmt.Errorf("cannot invoke function: %w", errNoAnswer)}
	}
	if err := f.endedBecause(); errors.Is(err, errClosed) {
		return answer{err: fmt.Errorf("cannot await function: %w", err)}
	}
	return answer{err: platformError("Runtime.ExitError", inv.id, fmt.Sprintf("Runtime exited with error: %v", f.exitErr))}
}

// endedBecause says why there is no process any more.
func (f *Function) endedBecause() error {
	select {
	case <-f.closing:
		return errClosed
	default:
		return fmt.Errorf("it has ended: %w", f.exitErr)
	}
}

// Pid is the process's id, for those who measure it. (Its peak memory is VmHWM
// in /proc/PID/status; the rusage of a child counts the parent's memory too.)
func (f *Function) Pid() int { return f.cmd.Process.Pid }

// Kill ends the process at once, in whatever it does: SIGKILL, which is how Lambda
// ends one too. An invocation that is being served fails with "Runtime.ExitError".
// Close is still to be called.
func (f *Function) Kill() {
	// An error means that the process has ended already.
	_ = f.cmd.Process.Kill()
}

// Close kills the process, as Lambda does, and returns when it is gone and all
// its output has been passed on. An invocation that is being served fails. The
// error is that of a writer that refused output; a second call returns the same.
func (f *Function) Close() error {
	f.closeOnce.Do(func() {
		close(f.closing)
		f.kill()
		f.slot <- struct{}{} // the last invocation has flushed; no other begins
		f.closeErr = errors.Join(f.stdout.close(), f.stderr.close(), f.server.close())
	})
	return f.closeErr
}

func (f *Function) kill() {
	f.Kill()
	<-f.exited
}

// environment is what Lambda's own would be, as far as a Go function can tell,
// and nothing of this process's: an AWS_PROFILE or a proxy of the developer's
// must not decide a test. HOME, which Lambda leaves unset, keeps the SDK from
// asking the user database and reading the developer's ~/.aws/config.
// LAMBDA_TASK_ROOT makes the X-Ray SDK leave /tmp/.aws-xray/initialized behind.
func environment(given map[string]string, runtimeAPI, taskRoot string) []string {
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API": runtimeAPI,
		"HOME":                   "/nonexistent",
		"LAMBDA_TASK_ROOT":       taskRoot,
		"LANG":                   "en_US.UTF-8",
		"PATH":                   "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"TZ":                     ":UTC",
		"_HANDLER":               "bootstrap",
	}
	maps.Copy(env, given)
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

func functionARN(env map[string]string) string {
	return fmt.Sprintf("arn:aws:lambda:%s:111122223333:function:%s",
		cmp.Or(env["AWS_REGION"], "us-east-1"), cmp.Or(env["AWS_LAMBDA_FUNCTION_NAME"], "bucketwatch"))
}

// platformError is what Lambda answers for a function that can't.
func platformError(errorType, id, message string) *FunctionError {
	message = "RequestId: " + id + " Error: " + message
	// Two strings: this can't fail.
	payload, _ := json.Marshal(map[string]string{"errorType": errorType, "errorMessage": message})
	return &FunctionError{Type: errorType, Message: message, Payload: payload}
}
