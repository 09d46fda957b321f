package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"bucketwatch/internal/localaws"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/google/go-cmp/cmp"
)

// An xrayDaemon is a UDP listener where the X-Ray daemon would be.
type xrayDaemon struct{ conn *net.UDPConn }

func newXRayDaemon(t *testing.T) *xrayDaemon {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &xrayDaemon{conn}
}

// address is the value for AWS_XRAY_DAEMON_ADDRESS.
func (d *xrayDaemon) address() string { return d.conn.LocalAddr().String() }

// A subsegment, as the daemon gets it:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
type subsegment struct {
	ID         string  `json:"id"`
	TraceID    string  `json:"trace_id"`
	ParentID   string  `json:"parent_id"`
	Type       string  `json:"type"`
	Name       string  `json:"name"`
	Namespace  string  `json:"namespace"`
	StartTime  float64 `json:"start_time"`
	EndTime    float64 `json:"end_time"`
	InProgress bool    `json:"in_progress"`
	Error      bool    `json:"error"`
	Fault      bool    `json:"fault"`
	AWS        struct {
		Operation string `json:"operation"`
		Region    string `json:"region"`
	} `json:"aws"`
	HTTP struct {
		Response struct {
			Status int `json:"status"`
		} `json:"response"`
	} `json:"http"`
	Cause struct {
		Exceptions []struct {
			Message string `json:"message"`
		} `json:"exceptions"`
	} `json:"cause"`
	Subsegments []subsegment `json:"subsegments"`
}

// receive returns the n subsegments that have come, or are about to.
func (d *xrayDaemon) receive(t *testing.T, n int) []subsegment {
	t.Helper()
	if err := d.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var received []subsegment
	for len(received) < n {
		datagram := d.read(t)
		header, document, _ := bytes.Cut(datagram, []byte("\n"))
		var format struct {
			Format  string `json:"format"`
			Version int    `json:"version"`
		}
		if err := json.Unmarshal(header, &format); err != nil || format.Format != "json" || format.Version != 1 {
			t.Errorf("datagram's first line = %q, want format json, version 1", header)
		}
		var s subsegment
		if err := json.Unmarshal(document, &s); err != nil {
			t.Fatalf("cannot read subsegment %q: %v", document, err)
		}
		received = append(received, s)
	}
	return received
}

// receiveNothing fails if anything has come. A datagram of its own shows that
// there is nothing before it.
func (d *xrayDaemon) receiveNothing(t *testing.T) {
	t.Helper()
	conn, err := net.Dial("udp4", d.address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "end"); err != nil {
		t.Fatal(err)
	}
	if err := d.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		datagram := d.read(t)
		if string(datagram) == "end" {
			return
		}
		t.Errorf("received %s, want nothing", datagram)
	}
}

func (d *xrayDaemon) read(t *testing.T) []byte {
	t.Helper()
	buf := make([]byte, 64<<10)
	n, err := d.conn.Read(buf)
	if err != nil {
		t.Fatalf("cannot receive from the X-Ray SDK: %v", err)
	}
	return buf[:n]
}

// checkTrace holds what must be true of every subsegment that a function sends
// under the given trace: it has ended, and hangs on the segment that Lambda made.
func checkTrace(t *testing.T, subsegments []subsegment, traceID, parentID string) {
	t.Helper()
	for _, s := range subsegments {
		if s.TraceID != traceID || s.ParentID != parentID || s.Type != "subsegment" {
			t.Errorf("%s: trace %s, parent %s, type %q, want %s, %s, subsegment", s.Name, s.TraceID, s.ParentID, s.Type, traceID, parentID)
		}
		if s.ID == "" || s.InProgress || s.StartTime <= 0 || s.EndTime < s.StartTime {
			t.Errorf("%s: id %q, in progress %t, from %f to %f, want one that has ended", s.Name, s.ID, s.InProgress, s.StartTime, s.EndTime)
		}
	}
}

// outline is the tree of names, with what failed: "fetch(S3) read emit!".
func outline(subsegments []subsegment) string {
	var names []string
	for _, s := range subsegments {
		name := s.Name
		if len(s.Subsegments) > 0 {
			name += "(" + outline(s.Subsegments) + ")"
		}
		if s.Fault {
			name += "!"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// tracedFunctionVar makes this test's binary a function that is traced.
const tracedFunctionVar = "TRACING_TEST_FUNCTION"

func TestMain(m *testing.M) {
	if os.Getenv(tracedFunctionVar) == "" {
		os.Exit(m.Run())
	}
	tracing, err := newTracing(os.Getenv)
	if err != nil {
		panic(err)
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	tracing.instrument(&cfg)
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true })
	lambda.Start(func(ctx context.Context, r tracedRequest) (tracedReply, error) {
		return tracedHandler(ctx, tracing, client, r)
	})
}

type tracedRequest struct{ Key, Emit string }

type tracedReply struct {
	Content    string
	Goroutines string // those of the X-Ray SDK
}

// tracedHandler does what the processor does, as far as a trace can tell.
func tracedHandler(ctx context.Context, tracing tracing, client *s3.Client, r tracedRequest) (tracedReply, error) {
	var body io.ReadCloser
	err := tracing.step(ctx, "fetch", func(ctx context.Context) error {
		out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("logs"), Key: aws.String(r.Key)})
		if err != nil {
			return err
		}
		body = out.Body
		return nil
	})
	if err != nil {
		return tracedReply{}, err
	}
	defer body.Close()
	var content []byte
	err = tracing.step(ctx, "read", func(context.Context) (err error) {
		content, err = io.ReadAll(body)
		return err
	})
	if err != nil {
		return tracedReply{}, err
	}
	err = tracing.step(ctx, "emit", func(context.Context) error {
		switch r.Emit {
		case "fail":
			return errors.New("cannot write line: broken pipe")
		case "panic":
			panic("boom")
		}
		return nil
	})
	if err != nil {
		return tracedReply{}, err
	}
	return tracedReply{Content: string(content), Goroutines: goroutinesOf("aws-xray-sdk-go")}, nil
}

func goroutinesOf(module string) string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var found []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, module) {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}

const testLogFile = "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/03/01/111122223333_CloudTrail_eu-central-1_20260301T0005Z_abcDEF0123456789.json.gz"

// newTracedFunction starts this test's binary as a function.
func newTracedFunction(t *testing.T, env map[string]string) (f *localaws.Function, stdout, stderr *bytes.Buffer) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{tracedFunctionVar: "yes"}
	maps.Copy(all, env)
	return startFunction(t, binary, all)
}

// startFunction starts the bootstrap with an S3 that holds logs/a.json and a log
// file without records.
func startFunction(t *testing.T, bootstrap string, env map[string]string) (f *localaws.Function, stdout, stderr *bytes.Buffer) {
	t.Helper()
	objects, err := localaws.NewS3()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { objects.Close() })
	if err := objects.Put(t.Context(), "logs", "a.json", []byte("content")); err != nil {
		t.Fatal(err)
	}
	if err := objects.Put(t.Context(), "logs", testLogFile, []byte(`{"Records":[]}`)); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"AWS_ACCESS_KEY_ID":     "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_REGION":            "eu-central-1",
		"AWS_ENDPOINT_URL_S3":   objects.URL(),
	}
	maps.Copy(all, env)
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	f, err = localaws.StartFunction(t.Context(), localaws.FunctionConfig{Bootstrap: bootstrap, Env: all, Stdout: stdout, Stderr: stderr})
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	t.Cleanup(func() { f.Close() })
	return f, stdout, stderr
}

const (
	testTraceID  = "1-5759e988-bd862e3fe1be46a994272793"
	testParentID = "53995c3f42cd8ad8"
)

func TestTracing(t *testing.T) {
	daemon := newXRayDaemon(t)
	f, stdout, _ := newTracedFunction(t, map[string]string{"AWS_XRAY_DAEMON_ADDRESS": daemon.address()})
	header := "Root=" + testTraceID + ";Parent=" + testParentID + ";Sampled=1;Lineage=a87bd80c:1|68fd508a:5"

	for _, test := range []struct {
		name    string
		payload string
		want    string
		causes  []string // of the last subsegment
		ends    bool     // the function with it
	}{
		{name: "success", payload: `{"Key":"a.json"}`, want: "fetch(S3) read emit"},
		{name: "warm", payload: `{"Key":"a.json"}`, want: "fetch(S3) read emit"},
		{name: "failed call", payload: `{"Key":"b.json"}`, want: "fetch(S3!)!", causes: []string{"NoSuchKey"}},
		{name: "failed step", payload: `{"Key":"a.json","Emit":"fail"}`, want: "fetch(S3) read emit!", causes: []string{"cannot write line: broken pipe"}},
		{name: "panic", payload: `{"Key":"a.json","Emit":"panic"}`, want: "fetch(S3) read emit!", causes: []string{"panic: see the log"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.InvokeTraced(t.Context(), []byte(test.payload), header)
			if failed := len(test.causes) > 0; (err != nil) != failed {
				t.Fatalf("Invoke(%s) = %v, want an error: %t", test.payload, err, failed)
			}
			got := daemon.receive(t, strings.Count(test.want, " ")+1)
			if outline(got) != test.want {
				t.Errorf("Invoke(%s): subsegments %s, want %s", test.payload, outline(got), test.want)
			}
			checkTrace(t, got, testTraceID, testParentID)

			call := got[0].Subsegments[0]
			wantStatus := 200
			if call.Fault {
				wantStatus = 404
			}
			if call.Namespace != "aws" || call.AWS.Operation != "GetObject" || call.AWS.Region != "eu-central-1" || call.HTTP.Response.Status != wantStatus {
				t.Errorf("Invoke(%s): S3 subsegment %+v, want GetObject with status %d", test.payload, call, wantStatus)
			}
			exceptions := got[len(got)-1].Cause.Exceptions
			if len(exceptions) != len(test.causes) {
				t.Fatalf("Invoke(%s): exceptions %v, want %d", test.payload, exceptions, len(test.causes))
			}
			for i, cause := range test.causes {
				if !strings.Contains(exceptions[i].Message, cause) {
					t.Errorf("Invoke(%s): exception %q, want %q", test.payload, exceptions[i].Message, cause)
				}
			}
			daemon.receiveNothing(t)
		})
	}
	if stdout.Len() > 0 {
		t.Errorf("standard output = %s, want none", stdout)
	}
}

// The same with the real bootstrap: a log file's way is there to see.
func TestTracingOfBootstrap(t *testing.T) {
	bootstrap, err := localaws.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	daemon := newXRayDaemon(t)
	f, _, stderr := startFunction(t, bootstrap, map[string]string{"AWS_XRAY_DAEMON_ADDRESS": daemon.address()})
	payload := `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"` + testLogFile + `"}}}]}`
	if _, err := f.InvokeTraced(t.Context(), []byte(payload), "Root="+testTraceID+";Parent="+testParentID+";Sampled=1"); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	got := daemon.receive(t, 3)
	if want := "fetch(S3) read emit"; outline(got) != want {
		t.Errorf("subsegments %s, want %s", outline(got), want)
	}
	checkTrace(t, got, testTraceID, testParentID)
	daemon.receiveNothing(t)
}

// Log files that run side by side show side by side: each of their steps hangs on Lambda's segment, none on another's.
func TestTracingOfSeveralFiles(t *testing.T) {
	bootstrap, err := localaws.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const files = 8
	daemon := newXRayDaemon(t)
	f, _, stderr := startFunction(t, bootstrap, map[string]string{
		"AWS_XRAY_DAEMON_ADDRESS": daemon.address(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "BUCKETWATCH_TABLE": ":memory:",
	})
	var records []string
	for n := range files {
		key := testLogFile
		if n > 0 { // which isn't there
			key = strings.Replace(key, "abcDEF", fmt.Sprintf("gone%02d", n), 1)
		}
		records = append(records, `{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"`+key+`"}}}`)
	}
	payload := `{"Records":[` + strings.Join(records, ",") + `]}`
	if _, err := f.InvokeTraced(t.Context(), []byte(payload), "Root="+testTraceID+";Parent="+testParentID+";Sampled=1"); err == nil {
		t.Fatalf("log files that aren't there were processed\n%s", stderr)
	}
	const steps = 2*files + 3
	got := daemon.receive(t, steps)
	checkTrace(t, got, testTraceID, testParentID)
	count := map[string]int{}
	ids := map[string]bool{}
	for _, s := range got {
		count[outline([]subsegment{s})]++
		ids[s.ID] = true
	}
	want := map[string]int{"claim": files, "fetch(S3)": 1, "fetch(S3!)!": files - 1, "read": 1, "remember": 1, "emit": 1}
	if diff := cmp.Diff(want, count); diff != "" || len(ids) != steps {
		t.Errorf("%d different subsegments (-want +got):\n%s", len(ids), diff)
	}
	daemon.receiveNothing(t)
}

// Steps and calls that run at the same time below one step, as those of a file's evidence do, are its subsegments, each once.
func TestTracingSideBySide(t *testing.T) {
	daemon := newXRayDaemon(t)
	t.Setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address())
	if err := xray.Configure(xray.Config{DaemonAddr: daemon.address()}); err != nil {
		t.Fatal(err)
	}
	traced, err := newTracing(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1029 Lambda's library has the trace header under this name
	ctx := context.WithValue(t.Context(), xray.LambdaTraceHeaderKey, "Root="+testTraceID+";Parent="+testParentID+";Sampled=1")
	const files, calls = 8, 10
	var working sync.WaitGroup
	for range files {
		working.Go(func() {
			_ = traced.step(ctx, "remember", func(ctx context.Context) error {
				var calling sync.WaitGroup
				for range calls {
					calling.Go(func() { _ = traced.step(ctx, "put", func(context.Context) error { return nil }) })
				}
				calling.Wait()
				return nil
			})
		})
	}
	working.Wait()
	got := daemon.receive(t, files)
	checkTrace(t, got, testTraceID, testParentID)
	for _, s := range got {
		if s.Name != "remember" || len(s.Subsegments) != calls {
			t.Errorf("%s has %d subsegments, want remember with %d", s.Name, len(s.Subsegments), calls)
		}
	}
	daemon.receiveNothing(t)
}

// What isn't traced costs no datagram, no output and no error.
func TestTracingSilent(t *testing.T) {
	closed := newXRayDaemon(t)
	closed.conn.Close()
	const (
		sampled = "Root=" + testTraceID + ";Parent=" + testParentID + ";Sampled=1"
		off     = false
		on      = true
	)
	for _, test := range []struct {
		name    string
		header  string
		env     map[string]string
		listens bool
	}{
		{name: "not sampled", header: "Root=" + testTraceID + ";Parent=" + testParentID + ";Sampled=0", listens: on},
		{name: "no decision", header: "Root=" + testTraceID, listens: on},
		{name: "no header", header: "", listens: on},
		{name: "broken header", header: "Root;Parent=;Sampled=yes", listens: on},
		{name: "switched off", header: sampled, listens: on, env: map[string]string{"AWS_XRAY_SDK_DISABLED": "TRUE"}},
		{name: "no daemon address", header: sampled, listens: off},
		{name: "nobody listens", header: sampled, listens: off, env: map[string]string{"AWS_XRAY_DAEMON_ADDRESS": closed.address()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			daemon := newXRayDaemon(t)
			env := map[string]string{}
			if test.listens {
				env["AWS_XRAY_DAEMON_ADDRESS"] = daemon.address()
			}
			maps.Copy(env, test.env)
			f, stdout, stderr := newTracedFunction(t, env)
			want := tracedReply{Content: "content"}
			for range 3 { // that nobody listens shows from the second datagram on
				response, err := f.InvokeTraced(t.Context(), []byte(`{"Key":"a.json"}`), test.header)
				if err != nil {
					t.Fatal(err)
				}
				var got tracedReply
				if err := json.Unmarshal(response, &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("reply (-want +got):\n%s", diff)
				}
			}
			daemon.receiveNothing(t)
			if stdout.Len() > 0 || stderr.Len() > 0 {
				t.Errorf("standard output = %q, standard error = %q, want none", stdout, stderr)
			}
		})
	}
}

// A step outside of an invocation has no segment to hang on.
func TestTracingWithoutSegment(t *testing.T) {
	daemon := newXRayDaemon(t)
	t.Setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address())
	traced, err := newTracing(os.Getenv)
	if err != nil || !traced.on {
		t.Fatalf("newTracing() = %v, %v, want one that is on", traced, err)
	}
	for _, tracing := range []tracing{traced, {}} {
		want := errors.New("cannot read")
		if got := tracing.step(t.Context(), "read", func(context.Context) error { return want }); got != want {
			t.Errorf("%+v.step() = %v, want %v", tracing, got, want)
		}
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("%+v.step() panics with %v, want boom", tracing, got)
				}
			}()
			_ = tracing.step(t.Context(), "read", func(context.Context) error { panic("boom") })
		}()
	}
	daemon.receiveNothing(t)
}
