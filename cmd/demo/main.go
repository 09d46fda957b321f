// The demo shows BucketWatch at work without AWS: it builds the real Lambda binary, runs it under a Lambda runtime API
// with an S3 and an SNS on this machine, and feeds it generated CloudTrail log files: two quiet weeks of a photo app, and
// an afternoon in which images vanish. It prints what came out and whether that is what the files say, and ends with the
// mail that somebody would have got.
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
	"slices"
	"time"

	"bucketwatch/internal/traffic"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

const usage = `usage: go run ./cmd/demo [-seed N] [-out DIR]
  -seed N    which traffic to generate (1)
  -out DIR   where to write the log files and the function's output (a new temporary folder)
`

func run(ctx context.Context, args []string, w io.Writer, now time.Time) error {
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
	// Yesterday: all of it is over, and CloudWatch, which takes metrics of the last two weeks only, would take them.
	story := traffic.Vanished(*seed, now.AddDate(0, 0, -1))
	p.intro(*seed, story)
	if err := out.keepTrail(story); err != nil {
		return err
	}
	messages, err := simulate(ctx, p, story, out)
	if err != nil {
		return err
	}
	before, err := readResults(out.before)
	if err != nil {
		return err
	}
	got, err := readResults(out.during)
	if err != nil {
		return err
	}
	p.results(got, story.During.From, story.During.To)
	differences := slices.Concat(
		inQuietWeeks(compare(before, story.Before.Truth)), inQuietWeeks(compareAnomalies(before, nil, nil)),
		compare(got, story.During.Truth), compareAnomalies(got, story.Anomalies, story.UnexpectedDeletes),
		compareMessages(messages, story.Messages))
	problems := slices.Concat(before.problems, got.problems)
	p.verdict(got, story, differences, problems)
	p.next(out)
	p.mail(messages, got)
	if p.err != nil {
		return fmt.Errorf("cannot print: %w", p.err)
	}
	if len(problems) > 0 {
		return fmt.Errorf("the function's log has %d warnings or errors", len(problems))
	}
	if len(differences) > 0 {
		return fmt.Errorf("%d things differ from the generated traffic (seed %d)", len(differences), *seed)
	}
	return nil
}
