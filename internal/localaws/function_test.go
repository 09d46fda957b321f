package localaws

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	gocmp "github.com/google/go-cmp/cmp"
)

// testFunctionVar makes this test's binary the function under test.
const testFunctionVar = "LOCALAWS_TEST_FUNCTION"

func TestMain(m *testing.M) {
	switch os.Getenv(testFunctionVar) {
	case "":
		os.Exit(m.Run())
	case "handler":
		lambda.Start(handle)
	case "exits":
		fmt.Fprintln(os.Stderr, "BUCKETWATCH_METRICS: unknown value")
		os.Exit(3)
	case "reports":
		reportInitError()
	case "idle":
		select {}
	case "mute": // asks again and again, answers never
		for {
			poll(context.Background())
		}
	}
}

type request struct {
	Do    string
	Text  string
	Lines int
}

type reply struct {
	Text        string
	RequestID   string
	FunctionARN string
	TraceHeader string
	Remaining   time.Duration
	Dir         string
	Environment []string
}

type testError struct{ reason string }

func (e *testError) Error() string { return e.reason }

func handle(ctx context.Context, r request) (any, error) {
	switch r.Do {
	case "fail":
		return nil, &testError{r.Text}
	case "panic":
		panic(r.Text)
	case "exit":
		fmt.Println("last words")
		os.Exit(7)
	case "hang":
		fmt.Println("hanging")
		select {}
	case "stream":
		return strings.NewReader(`{"Text":"streamed"}`), nil
	}
	for i := range r.Lines {
		fmt.Println("out", i)
		fmt.Fprintln(os.Stderr, "err", i)
	}
	call, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	trace, _ := ctx.Value("x-amzn-trace-id").(string)
	dir, err := os.Getwd()
	return reply{
		Text:        r.Text,
		RequestID:   call.AwsRequestID,
		FunctionARN: call.InvokedFunctionArn,
		TraceHeader: trace,
		Remaining:   time.Until(deadline),
		Dir:         dir,
		Environment: os.Environ(),
	}, err
}

func reportInitError() {
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/init/error"
	body := strings.NewReader(`{"errorType":"Runtime.BadConfig","errorMessage":"no region"}`)
	response, err := http.Post(url, "application/json", body)
	if err != nil {
		panic(err)
	}
	response.Body.Close()
	os.Exit(1)
}

func poll(ctx context.Context) {
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/next"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	response.Body.Close()
}

func testConfig(t *testing.T, kind string) FunctionConfig {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return FunctionConfig{Bootstrap: binary, Env: map[string]string{testFunctionVar: kind}}
}

func startFunction(t *testing.T, config FunctionConfig) *Function {
	t.Helper()
	f, err := StartFunction(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return f
}

func invoke(t *testing.T, f *Function, r request) (reply, error) {
	t.Helper()
	payload, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	response, err := f.Invoke(t.Context(), payload)
	if err != nil {
		return reply{}, err
	}
	var got reply
	if err := json.Unmarshal(response, &got); err != nil {
		t.Fatalf("response %q: %v", response, err)
	}
	return got, nil
}

func TestInvoke(t *testing.T) {
	t.Setenv("AWS_PROFILE", "developer")
	config := testConfig(t, "handler")
	config.Env["AWS_REGION"] = "eu-central-1"
	config.Timeout = time.Hour
	f := startFunction(t, config)

	const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	response, err := f.InvokeTraced(t.Context(), []byte(`{"Text":"안녕"}`), trace)
	if err != nil {
		t.Fatal(err)
	}
	var got reply
	if err := json.Unmarshal(response, &got); err != nil {
		t.Fatal(err)
	}
	if got.Remaining <= 59*time.Minute || got.Remaining > time.Hour {
		t.Errorf("time until the deadline = %s, want an hour", got.Remaining)
	}
	got.Remaining = 0
	dir := filepath.Dir(config.Bootstrap)
	want := reply{
		Text:        "안녕",
		RequestID:   "00000000-0000-4000-8000-000000000001",
		FunctionARN: "arn:aws:lambda:eu-central-1:111122223333:function:bucketwatch",
		TraceHeader: trace,
		Dir:         dir,
		// All of it: nothing of this process's, as AWS_PROFILE shows.
		Environment: []string{
			"AWS_LAMBDA_RUNTIME_API=" + f.server.address,
			"AWS_REGION=eu-central-1",
			"HOME=/nonexistent",
			"LAMBDA_TASK_ROOT=" + dir,
			"LANG=en_US.UTF-8",
			testFunctionVar + "=handler",
			"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
			"TZ=:UTC",
			"_HANDLER=bootstrap",
			"_X_AMZN_TRACE_ID=" + trace, // by aws-lambda-go
		},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}

	second, err := invoke(t, f, request{Text: "again"})
	if err != nil {
		t.Fatal(err)
	}
	if second.Text != "again" || second.TraceHeader != "" || second.RequestID == got.RequestID {
		t.Errorf("second reply = %+v, want text %q, no trace header and an id of its own", second, "again")
	}

	third, err := invoke(t, f, request{Do: "stream"}) // answered in chunks
	if err != nil || third.Text != "streamed" {
		t.Errorf("third reply = %+v, %v, want text %q", third, err, "streamed")
	}
}

func TestInvokeErrors(t *testing.T) {
	f := startFunction(t, testConfig(t, "handler"))
	for range 2 { // the function outlives its errors
		_, err := invoke(t, f, request{Do: "fail", Text: "cannot read log file"})
		functionErr, ok := errors.AsType[*FunctionError](err)
		if !ok {
			t.Fatalf("Invoke = %v, want a *FunctionError", err)
		}
		want := &FunctionError{Type: "testError", Message: "cannot read log file", Payload: []byte(`{"errorMessage":"cannot read log file","errorType":"testError"}`)}
		if diff := gocmp.Diff(want, functionErr); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
	}
}

func TestInvokeOfADyingFunction(t *testing.T) {
	for _, test := range []struct {
		do      string
		timeout time.Duration
		want    FunctionError
		output  string
	}{
		{do: "panic", want: FunctionError{Type: "string", Message: "boom"}},
		{do: "exit", output: "last words\n", want: FunctionError{
			Type:    "Runtime.ExitError",
			Message: "RequestId: 00000000-0000-4000-8000-000000000001 Error: Runtime exited with error: exit status 7",
		}},
		{do: "hang", timeout: time.Second, output: "hanging\n", want: FunctionError{
			Type:    "Sandbox.Timedout",
			Message: "RequestId: 00000000-0000-4000-8000-000000000001 Error: Task timed out after 1.00 seconds",
		}},
	} {
		t.Run(test.do, func(t *testing.T) {
			t.Parallel()
			config := testConfig(t, "handler")
			config.Timeout = test.timeout
			var stdout bytes.Buffer
			config.Stdout = &stdout
			f := startFunction(t, config)

			_, err := invoke(t, f, request{Do: test.do, Text: "boom"})
			got, ok := errors.AsType[*FunctionError](err)
			if !ok {
				t.Fatalf("Invoke = %v, want a *FunctionError", err)
			}
			if got.Type != test.want.Type || got.Message != test.want.Message {
				t.Errorf("Invoke = %v, want %v", got, &test.want)
			}
			if !json.Valid(got.Payload) {
				t.Errorf("payload %q is no JSON", got.Payload)
			}
			if stdout.String() != test.output {
				t.Errorf("standard output = %q, want %q", stdout.String(), test.output)
			}

			<-f.exited // after a panic the process is about to end
			if _, err := invoke(t, f, request{}); err == nil || !strings.Contains(err.Error(), "cannot invoke function: it has ended") {
				t.Errorf("next Invoke = %v, want an error that says that the function has ended", err)
			}
		})
	}
}

// Kill ends the process in the middle of an invocation, and does nothing to one that has ended.
func TestKill(t *testing.T) {
	config := testConfig(t, "handler")
	writes := make(chan struct{}, 1)
	config.Stdout = writerFunc(func(p []byte) (int, error) { writes <- struct{}{}; return len(p), nil })
	f := startFunction(t, config)
	go func() {
		<-writes
		f.Kill()
	}()
	_, err := invoke(t, f, request{Do: "hang"})
	if got, ok := errors.AsType[*FunctionError](err); !ok || got.Type != "Runtime.ExitError" || !strings.Contains(got.Message, "signal: killed") {
		t.Errorf("Invoke of a function that is killed = %v, want Runtime.ExitError with the signal", err)
	}
	f.Kill()
}

func TestInvokeWithoutAnAnswer(t *testing.T) {
	f := startFunction(t, testConfig(t, "mute"))
	if _, err := f.Invoke(t.Context(), []byte("{}")); !errors.Is(err, errNoAnswer) {
		t.Errorf("Invoke = %v, want %v", err, errNoAnswer)
	}
}

func TestOutputHasArrivedWhenInvokeReturns(t *testing.T) {
	var stdout, stderr bytes.Buffer
	config := testConfig(t, "handler")
	config.Stdout, config.Stderr = &stdout, &stderr
	f := startFunction(t, config)
	for _, lines := range []int{1, 10, 10_000, 0, 3} {
		stdout.Reset()
		stderr.Reset()
		if _, err := invoke(t, f, request{Lines: lines}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(stdout.String(), "\n"); got != lines {
			t.Errorf("lines on standard output = %d, want %d", got, lines)
		}
		if got := strings.Count(stderr.String(), "\n"); got != lines {
			t.Errorf("lines on standard error = %d, want %d", got, lines)
		}
	}
}

func TestOneWriterForBoth(t *testing.T) {
	var output bytes.Buffer // the race detector watches
	config := testConfig(t, "handler")
	config.Stdout, config.Stderr = &output, &output
	f := startFunction(t, config)
	if _, err := invoke(t, f, request{Lines: 1000}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(output.String(), "\n"); got != 2000 {
		t.Errorf("lines = %d, want 2000", got)
	}
}

func TestInvokeQueues(t *testing.T) {
	f := startFunction(t, testConfig(t, "handler"))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			text := fmt.Sprint("payload ", i)
			if got, err := invoke(t, f, request{Text: text}); err != nil || got.Text != text {
				t.Errorf("Invoke(%q) = %q, %v", text, got.Text, err)
			}
		})
	}
	wg.Wait()
}

// signal is a writer that tells when something has been written.
type signal chan struct{}

func (s signal) Write(p []byte) (int, error) {
	select {
	case s <- struct{}{}:
	default:
	}
	return len(p), nil
}

func TestInvokeIsCancelled(t *testing.T) {
	hanging := make(signal, 1)
	config := testConfig(t, "handler")
	config.Stdout = hanging
	f := startFunction(t, config)

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-hanging
		cancel()
	}()
	if _, err := f.Invoke(ctx, []byte(`{"Do":"hang"}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("Invoke = %v, want %v", err, context.Canceled)
	}
	// The function works on, so the next one waits.
	if _, err := f.Invoke(ctx, []byte(`{}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("queued Invoke = %v, want %v", err, context.Canceled)
	}
}

func TestCloseEndsInvocations(t *testing.T) {
	hanging := make(signal, 1)
	config := testConfig(t, "handler")
	config.Stdout = hanging
	f := startFunction(t, config)

	results := make(chan error)
	for range 2 { // one is served, one waits
		go func() {
			_, err := f.Invoke(context.Background(), []byte(`{"Do":"hang"}`))
			results <- err
		}()
	}
	<-hanging
	if err := f.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	for range 2 {
		if err := <-results; !errors.Is(err, errClosed) {
			t.Errorf("Invoke = %v, want %v", err, errClosed)
		}
	}
	if _, err := f.Invoke(t.Context(), []byte(`{}`)); !errors.Is(err, errClosed) {
		t.Errorf("Invoke after Close = %v, want %v", err, errClosed)
	}
}

func TestCloseReportsAFailedWriter(t *testing.T) {
	config := testConfig(t, "handler")
	config.Stdout = writerFunc(func(p []byte) (int, error) { return 0, io.ErrShortWrite })
	f, err := StartFunction(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := invoke(t, f, request{Lines: 1}); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := f.Close(); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("Close() = %v, want %v", err, io.ErrShortWrite)
		}
	}
}

func TestStartFunctionErrors(t *testing.T) {
	for _, test := range []struct{ name, kind, bootstrap, want string }{
		{name: "exits", kind: "exits", want: "it ended before it asked for an invocation: exit status 3"},
		{name: "reports", kind: "reports", want: "function error Runtime.BadConfig: no region"},
		{name: "missing", bootstrap: "no-such-bootstrap", want: "no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := testConfig(t, test.kind)
			config.Bootstrap = cmp.Or(test.bootstrap, config.Bootstrap)
			var stderr bytes.Buffer
			config.Stderr = &stderr
			_, err := StartFunction(t.Context(), config)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "cannot start function "+config.Bootstrap) {
				t.Errorf("StartFunction = %v, want an error with %q", err, test.want)
			}
			if test.kind == "exits" && !strings.HasPrefix(stderr.String(), "BUCKETWATCH_METRICS: unknown value\n") {
				t.Errorf("standard error = %q, want what the function said before it ended", stderr.String())
			}
		})
	}
}

func TestStartFunctionIsCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := StartFunction(ctx, testConfig(t, "idle")); err == nil {
		t.Error("StartFunction of one that never asks for an invocation = nil, want an error")
	}
}
