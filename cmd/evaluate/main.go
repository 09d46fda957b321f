// Command evaluate says how good the detectors are: it makes weeks of generated log files, runs them through the function's
// pipeline, and scores the messages that a subscriber would have got.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"bucketwatch/internal/evaluation"
	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/anomaly"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "evaluate:", err)
		}
		os.Exit(1)
	}
}

// options are what the command is asked for.
type options struct {
	plan     evaluation.Plan
	another  uint64
	document string
	profile  string
	check    bool
	list     string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Uint64Var(&o.plan.Seed, "seed", evaluation.ReportSeed, "of the traffic; 1 and 2 are for tuning")
	flags.IntVar(&o.plan.PerKind, "buckets", 32, "of each of the nine kinds")
	flags.IntVar(&o.plan.Fleet, "fleet", 300, "buckets of an account in which nobody attacks")
	flags.IntVar(&o.plan.Weeks, "weeks", 12, "that are scored, after two to learn")
	flags.DurationVar(&o.plan.Every, "every", time.Hour, "time between deliveries of log files, a part of an hour")
	flags.IntVar(&o.plan.Parallel, "parallel", 0, "accounts at work at once (default: as many as there are processors)")
	flags.StringVar(&o.document, "write", "", "write the results to this file, as Markdown")
	flags.Uint64Var(&o.another, "another", 0, "a second seed whose result stands in the file, too")
	flags.BoolVar(&o.check, "check", false, "fail if the quality is below a floor")
	kinds := flags.String("kinds", "", "of buckets, with commas between; by default all nine")
	flags.StringVar(&o.list, "list", "", "list what is false and what was missed, at this severity: HIGH or MEDIUM")
	flags.StringVar(&o.profile, "cpuprofile", "", "write a profile to this file")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("arguments %q are none of its own; see -help", flags.Args())
	}
	if level := anomaly.Severity(o.list); o.list != "" && !slices.Contains(evaluation.Levels, level) {
		return o, fmt.Errorf("-list %s is not HIGH or MEDIUM", o.list)
	}
	if *kinds != "" {
		for name := range strings.SplitSeq(*kinds, ",") {
			o.plan.Kinds = append(o.plan.Kinds, labelled.Kind(strings.TrimSpace(name)))
		}
	}
	return o, o.plan.Validate()
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	result, err := evaluate(ctx, o.plan, "evaluating", stderr)
	if err != nil {
		return err
	}
	if err := result.Print(stdout); err != nil {
		return err
	}
	if o.list != "" {
		for _, line := range result.Ours[anomaly.Severity(o.list)].List {
			fmt.Fprintln(stdout, line)
		}
	}
	if o.check {
		if err := result.Check(); err != nil {
			return err
		}
	}
	if o.document == "" {
		return nil
	}
	var another *evaluation.Result
	if o.another != 0 {
		plan := o.plan
		plan.Seed, plan.Fleet = o.another, 0
		if another, err = evaluate(ctx, plan, fmt.Sprintf("seed %d", o.another), stderr); err != nil {
			return err
		}
	}
	times, err := evaluate(ctx, o.plan.Times(), "how soon", stderr)
	if err != nil {
		return err
	}
	f, err := os.Create(o.document)
	if err != nil {
		return err
	}
	return errors.Join(result.WriteDocument(f, times, another), f.Close())
}

// evaluate shows how far it is, where somebody looks.
func evaluate(ctx context.Context, p evaluation.Plan, what string, stderr io.Writer) (*evaluation.Result, error) {
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		var bar *progressbar.ProgressBar
		p.Progress = func(done, of int) {
			if bar == nil {
				bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription(what+", days"),
					progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(200*time.Millisecond))
			}
			bar.Set(done)
		}
	}
	return evaluation.Evaluate(ctx, p)
}
