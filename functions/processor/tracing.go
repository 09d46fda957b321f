package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-xray-sdk-go/v2/instrumentation/awsv2"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/ctxmissing"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"
)

// tracing shows an invocation's steps and AWS calls in X-Ray, as subsegments of
// the segment that Lambda makes. Its zero value, and any without a daemon, does
// nothing.
//
// The X-Ray SDK is in maintenance mode since February 2026: it gets fixes, no
// features. It is used all the same because Lambda runs its daemon anyway, and
// three subsegments need no more; OpenTelemetry would bring a collector, as a
// layer to deploy and to start. No other file knows of it, so that it can be
// replaced here.
type tracing struct{ on bool }

// newTracing must come before the first AWS call. Tracing is on where
// AWS_XRAY_DAEMON_ADDRESS is set, which Lambda does, and off where the SDK's own
// switch AWS_XRAY_SDK_DISABLED says so. Whether an invocation is traced is for its
// trace header to say: without "Sampled=1" nothing is sent.
//
// A malformed daemon address never gets here: the SDK panics on it when the
// program starts.
func newTracing(getenv func(string) string) (tracing, error) {
	// The SDK logs text, by default on standard output, which is for metrics
	// alone. Standard error is no better place: it holds JSON, and with a daemon
	// that doesn't answer there would be a line for each step. Losing a trace is
	// no reason to disturb the log.
	xray.SetLogger(xraylog.NullLogger)

	if getenv("AWS_XRAY_DAEMON_ADDRESS") == "" || strings.EqualFold(getenv("AWS_XRAY_SDK_DISABLED"), "true") {
		return tracing{}, nil
	}
	// AWS_XRAY_CONTEXT_MISSING, where it is set, wins over this.
	err := xray.Configure(xray.Config{ContextMissingStrategy: ctxmissing.NewDefaultIgnoreErrorStrategy()})
	if err != nil {
		return tracing{}, fmt.Errorf("cannot configure X-Ray: %w", err)
	}
	return tracing{on: true}, nil
}

// instrument makes each call of a client with this configuration a subsegment.
func (t tracing) instrument(cfg *aws.Config) {
	if t.on {
		awsv2.AWSV2Instrumentor(&cfg.APIOptions)
	}
}

// step runs f in a subsegment, and marks it as a fault when f fails.
func (t tracing) step(ctx context.Context, name string, f func(context.Context) error) (err error) {
	if !t.on {
		return f(ctx)
	}
	// Not xray.Capture: when f panics where there is no segment, it panics itself
	// and hides the cause.
	ctx, subsegment := xray.BeginSubsegment(ctx, name)
	defer func() { subsegment.Close(err) }() // does nothing where there is none
	err = errPanic                           // which it still is when f doesn't return
	err = f(ctx)
	return err
}

// errPanic stands in the trace only: the panic itself goes on to the caller.
var errPanic = errors.New("panic: see the log")
