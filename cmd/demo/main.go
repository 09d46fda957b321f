// The demo shows BucketWatch at work without AWS: it builds the real Lambda binary, runs it under a Lambda runtime API
// with an S3 on this machine, feeds it an hour of generated CloudTrail log files, and prints what came out and whether
// that is what the files say.
//
//	go run ./cmd/demo [-seed N] [-out DIR]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"bucketwatch/internal/traffic"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

const usage = `usage: go run ./cmd/demo [-seed N] [-out DIR]
  -seed N    which traffic to generate (1)
  -out DIR   where to write the function's output (a new temporary folder)
`

func run(ctx context.Context, args []string, w io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	seed := flags.Uint64("seed", 1, "")
	dir := flags.String("out", "", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(w, usage)
		return err
	case err != nil:
		return fmt.Errorf("%w\n%s", err, usage)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q\n%s", flags.Arg(0), usage)
	}

	out, err := newOutputs(*dir)
	if err != nil {
		return err
	}
	p := &printer{w: w}
	defer p.close()
	p.intro(*seed)
	hour := traffic.Hour(*seed, time.Now()) // CloudWatch takes metrics of the last two weeks only
	if err := simulate(ctx, p, hour, out); err != nil {
		return err
	}
	got, err := readResults(out)
	if err != nil {
		return err
	}
	p.results(got, hour.From, hour.To)
	differences := compare(got, hour.Truth)
	p.verdict(got, hour.Truth, differences)
	p.next(out)
	if p.err != nil {
		return fmt.Errorf("cannot print: %w", p.err)
	}
	if len(got.problems) > 0 {
		return fmt.Errorf("the function's log has %d warnings or errors", len(got.problems))
	}
	if len(differences) > 0 {
		return fmt.Errorf("%d counts differ from the generated traffic (seed %d)", len(differences), *seed)
	}
	return nil
}
