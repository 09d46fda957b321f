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
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes, beside 0.
const (
	exitFailed     = 1
	exitUsage      = 2
	exitIncomplete = 3
	exitFault      = 4
)

// exitCodes say what the exit codes mean, in their order: in the help, and in docs/REFERENCE.md.
var exitCodes = []string{
	0:              "Done.",
	exitFailed:     "It could not be done.",
	exitUsage:      "The command line is wrong.",
	exitIncomplete: "Done, but for log files that could not be read: they are named at the end. Of doctor: no fault, but something could not be looked at.",
	exitFault:      "doctor found a fault. Warnings alone are 0.",
}

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
		Long: `bucketwatch answers from CloudTrail's log files who did what with which object, when and from where: in folders and in
S3, also for the weeks before anything was deployed.

` + exitCodesInWords() + `
Colour and progress are for terminals only; NO_COLOR takes the colour away.`,
		Example: `  bucketwatch report ~/Downloads/trail --key a/7.jpg                what became of one object
  bucketwatch report s3://LOGBUCKET --since 24h -o report.html      a page about the last day
  bucketwatch replay s3://LOGBUCKET --since 60d --dry-run           which messages there would have been
  bucketwatch doctor                                                whether the deployment is in order
  bucketwatch completion bash --help                                how to have the shell complete commands`,
		Args:          knownSubcommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		Version: version(),

		SuggestionsMinimumDistance: 2,
	}
	cmd.SetVersionTemplate(versionLine())
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.AddCommand(newReportCommand(getenv), newReplayCommand(getenv), newDoctorCommand(getenv), newVersionCommand())
	return cmd
}

func exitCodesInWords() string {
	var b strings.Builder
	b.WriteString("Exit codes:\n")
	for code, meaning := range exitCodes {
		fmt.Fprintf(&b, "  %d  %s\n", code, meaning)
	}
	return b.String()
}

// knownSubcommand refuses what is no subcommand, and says what may have been meant.
func knownSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	if meant := cmd.SuggestionsFor(args[0]); len(meant) > 0 {
		text += ", did you mean " + strings.Join(meant, " or ") + "?"
	}
	return usageError{errors.New(text)}
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
