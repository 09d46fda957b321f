// Command simulate feeds log files to many real bootstraps at the same time, which share one table that throttles as
// DynamoDB's does, and says what becomes of them: what is throttled, what Lambda repeats, how long it takes, and whether
// each log file was counted exactly once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"bucketwatch/internal/simulation"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) // its processes end with it
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "simulate:", err)
		}
		os.Exit(1)
	}
}

// parse returns a plan for each rate.
func parse(args []string, stderr io.Writer) ([]simulation.Plan, error) {
	var p simulation.Plan
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "simulate [flags] runs the real function against a table with DynamoDB's limits, and prints a row for each rate.\n\n")
		flags.PrintDefaults()
	}
	rates := flags.String("files", "10,1000,100000", "log files an hour; several with commas between are run one after the other")
	flags.Uint64Var(&p.Seed, "seed", 1, "of the log files: the same gives the same content")
	flags.IntVar(&p.Deliveries, "deliveries", 2, "of five minutes' log files each, one after the other, without the minutes between")
	flags.DurationVar(&p.Burst, "burst", 10*time.Second, "in which the log files of a delivery come")
	flags.IntVar(&p.Records, "records", 100, "of a log file")
	flags.IntVar(&p.Buckets, "buckets", 300, "of all log files")
	flags.IntVar(&p.BucketsInFile, "buckets-in-file", 3, "that a log file has requests to")
	flags.Float64Var(&p.Hot, "hot", 0.1, "share of the log files that have requests to the first bucket")
	flags.Float64Var(&p.Deletes, "deletes", 0.2, "share of the buckets in a log file from which objects are deleted")
	flags.IntVar(&p.Environments, "environments", 24, "processes that serve invocations: Lambda's concurrency, times the scale")
	flags.IntVar(&p.Partitions, "partitions", 4, "of the table, each of 1,000 writes and 3,000 reads a second; 0: no limit")
	flags.DurationVar(&p.Latency, "latency", 5*time.Millisecond, "of a call of DynamoDB")
	flags.IntVar(&p.Attempts, "attempts", 0, "of a call by the AWS client (default: as the function has it)")
	flags.DurationVar(&p.Pause, "pause", time.Minute, "before Lambda's first retry; before the second it is twice as long")
	flags.IntVar(&p.Scale, "scale", 0, "a part of all: 10 runs a tenth of the files with a tenth of the capacity (default: what fits the machine)")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("arguments %q are none of its own; see -help", flags.Args())
	}
	var plans []simulation.Plan
	for text := range strings.SplitSeq(*rates, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("-files %q is no number, nor several with commas between", *rates)
		}
		p.Files = n
		if err := p.Validate(); err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	plans, err := parse(args, stderr)
	if err != nil {
		return err
	}
	bootstrap, remove, err := simulation.Build(ctx)
	if err != nil {
		return err
	}
	defer remove()
	var faults []error
	var results []*simulation.Result
	for _, p := range plans {
		p.Progress = progress(fmt.Sprintf("%d files an hour", p.Files), stderr)
		r, err := simulation.Run(ctx, bootstrap, p)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, r)
		results = append(results, r)
		faults = append(faults, r.Check())
	}
	fmt.Fprint(stdout, simulation.Table(results))
	return errors.Join(faults...)
}

// progress shows how far it is, where somebody looks.
func progress(what string, stderr io.Writer) func(done, of int) {
	f, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	var bar *progressbar.ProgressBar
	return func(done, of int) {
		if bar == nil {
			bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription(what),
				progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(200*time.Millisecond))
		}
		bar.Set(min(done, of))
	}
}
