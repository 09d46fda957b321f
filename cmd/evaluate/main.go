// Command evaluate says how good the detectors are: it makes weeks of generated log files, runs them through the function's
// pipeline, and scores the messages that a subscriber would have got.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"bucketwatch/internal/evaluation"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) (err error) {
	var p evaluation.Plan
	flags := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Uint64Var(&p.Seed, "seed", 1, "of the traffic")
	flags.IntVar(&p.PerKind, "buckets", 32, "of each of the nine kinds")
	flags.IntVar(&p.Fleet, "fleet", 300, "buckets of an account in which nobody attacks")
	flags.IntVar(&p.Weeks, "weeks", 12, "that are scored, after two to learn")
	flags.DurationVar(&p.Every, "every", 10*time.Minute, "time between deliveries of log files")
	flags.IntVar(&p.Parallel, "parallel", 0, "accounts at work at once (default: as many as there are processors)")
	document := flags.String("write", "", "write the results to this file, as Markdown")
	profile := flags.String("cpuprofile", "", "write a profile to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		var bar *progressbar.ProgressBar
		p.Progress = func(done, of int) {
			if bar == nil {
				bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription("days"),
					progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
			}
			bar.Set(done)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	result, err := evaluation.Evaluate(ctx, p)
	if err != nil {
		return err
	}
	if err := result.Print(stdout); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d log files with %d records, %d messages, %s\n", result.Files, result.Records, result.Published, result.Took.Round(time.Second))
	_ = document
	return nil
}
