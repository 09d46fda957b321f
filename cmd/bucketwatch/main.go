// Command bucketwatch is the operator's: what happened to buckets, out of the log files themselves.
//
// One file a subcommand; here are only wiring and flags. What it prints is documented in docs/REFERENCE.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes, beside 0.
const (
	exitFailed     = 1 // it could not be done
	exitUsage      = 2 // it was asked for in a wrong way
	exitIncomplete = 3 // it was done, but for log files that could not be read, or for what could not be looked at
	exitFault      = 4 // doctor found a fault
)

// errIncomplete says that a report is written and lacks something.
var errIncomplete = errors.New("some log files could not be read")

// usageError is a fault of the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv))
}

// run runs the command, and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, getenv func(string) string) int {
	cmd := newCommand(stdout, stderr, getenv)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "bucketwatch: interrupted")
		return exitFailed
	case errors.Is(err, errIncomplete), errors.Is(err, errNotLooked):
		fmt.Fprintf(stderr, "bucketwatch: %v\n", err)
		return exitIncomplete
	case errors.Is(err, errFault):
		fmt.Fprintf(stderr, "bucketwatch: %v\n", err)
		return exitFault
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "bucketwatch: %v\nSee bucketwatch --help.\n", err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "bucketwatch: %v\n", err)
	return exitFailed
}

// newCommand returns the command with all its subcommands.
func newCommand(stdout, stderr io.Writer, getenv func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bucketwatch",
		Short: "See what happened to S3 buckets, without grepping log files",
		Long: `bucketwatch answers from CloudTrail's log files who did what with which object, when and from where.

Exit codes: 0 done; 1 could not be done; 2 wrong command line; 3 done, but some log files could not be read, or something
could not be looked at; 4 doctor found a fault.`,
		Args:          usageArgs(cobra.NoArgs),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.AddCommand(newReportCommand(getenv), newDoctorCommand(getenv), newVersionCommand())
	return cmd
}

// usageArgs makes a fault in the arguments one of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
