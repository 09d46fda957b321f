package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bucketwatch/pkg/logfiles"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/replay"
	"bucketwatch/pkg/state"
)

// replayFlags are replay's flags as they were given.
type replayFlags struct {
	dryRun                           bool
	since, until                     string
	severity, metrics, buckets       string
	expected, logBucket, log, format string
	table                            string
	parallel                         int
}

func newReplayCommand(getenv func(string) string) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay PATH...",
		Short: "Take old log files through what the function does with them",
		Long: `replay takes CloudTrail log files through the function's own code, in the order of their delivery and as if it were
then, with the ticks that judge what was unexpected. It sends no message, and changes nothing in AWS but with --table.

By default it writes the metric lines that the function would have written to standard output: buckets' requests,
anomalies, and the health of each file. A tick at which nothing was due is left out, with its heartbeat. --log FILE gets
what the function writes to standard error: one line a delete and a caller, and its log.

With --dry-run it says instead which messages subscribers of the Alerts topic would have got: how many a week, of which
detectors, and each with its subject. In a bucket's first two weeks it isn't known yet what is usual; so give it more.

With --table it writes what it has learned into the function's table, so that the function knows what is usual, and finds
surges and new deleters from the first day on. Give it all of the trail's last 30 to 90 days, up to now, and the function's
expected deletes. The table's name is the stack's output StateTableName; it takes dynamodb:GetItem, Query, PutItem and
BatchWriteItem (with --dry-run, which says what it would write, GetItem and Query). The function may be at work: it sees
what is new at its next tick, or at the next hour. Nothing that it found out itself is changed; what was found in the past
counts as told, so that it sends no message about it, unless an incident of today goes on. A second run writes nothing.

A PATH is a file, a folder, or s3://BUCKET/PREFIX, as for report; from S3 it needs s3:ListBucket and s3:GetObject (and
kms:Decrypt, if the trail encrypts with a key). Times are UTC. --since and --until take a span back from now (90m, 24h,
7d), a date (2026-11-20) or a time, and are about when log files were delivered. A log file that is there twice, or in two
places, is played once. The same log files give the same lines. Files in a folder have no bucket; --log-bucket names it, so
that the lines have their addresses, and the trail's own bucket is left out of counting.

The function's environment variables (BUCKETWATCH_METRICS, BUCKETWATCH_NAMESPACE and so on) have their say here too, but
for its table, topic and clock; the flags come first.`,
		Example: `  bucketwatch replay trail/ --dry-run                               would it have been too loud?
  bucketwatch replay s3://LOGBUCKET --since 60d --dry-run \
      --alert-severity MEDIUM --expected-deletes expected-deletes.yaml
  bucketwatch replay s3://LOGBUCKET --since 60d --dry-run --format json | jq -r '.alerts[].subject'
  bucketwatch replay s3://LOGBUCKET --since 90d --table TABLE       end the cold start
  bucketwatch replay trail/ --log-bucket LOGBUCKET --table TABLE    the same, from a copy of the log files
  bucketwatch replay trail/ --metrics full --log lines.log > metrics.log
  bucketwatch replay trail/ | jq -c 'select(.Type == "Anomaly") | [.Time, .Severity, .Anomaly, .BucketName, .Principal]'`,
		Args: usageArgs(func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("replay needs a PATH: a log file, a folder, or s3://BUCKET/PREFIX")
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runReplay(cmd.Context(), args, &f, newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), getenv), getenv, openTable)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.dryRun, "dry-run", false, "say which messages there would have been, instead of the lines")
	flags.StringVar(&f.table, "table", "", "write what it has learned into the function's table `NAME`, instead of the lines")
	flags.StringVar(&f.since, "since", "", "only log files delivered from `TIME` on: 24h, 60d, a date, or a time")
	flags.StringVar(&f.until, "until", "", "only log files delivered before `TIME`")
	flags.StringVar(&f.severity, "alert-severity", "", "from which `SEVERITY` on there is a message: LOW, MEDIUM, HIGH, CRITICAL (default HIGH)")
	flags.StringVar(&f.expected, "expected-deletes", "", "`FILE` of the deletes that are expected, as the deployed expected-deletes.yaml")
	flags.StringVar(&f.metrics, "metrics", "", "which metrics buckets have, `LEVEL`: none, essential, full (default essential)")
	flags.StringVar(&f.buckets, "buckets", "", "which buckets have metrics of their own: `GLOBS` with commas between, ! excludes (default *)")
	flags.StringVar(&f.logBucket, "log-bucket", "", "the trail's `BUCKET[/PREFIX]`, where PATH is a copy of it")
	flags.StringVar(&f.log, "log", "", "`FILE` for the lines that are no metrics, and the function's log; - is standard error")
	flags.StringVarP(&f.format, "format", "f", "", "`FORMAT` of the messages of --dry-run: table, json (default table)")
	flags.IntVar(&f.parallel, "parallel", 8, "how many log files, `N`, are opened at the same time")
	return cmd
}

func runReplay(ctx context.Context, paths []string, f *replayFlags, t *terminal, getenv func(string) string, open func(context.Context, string) (state.Store, error)) error {
	now := time.Now()
	from, until, err := f.check(now)
	if err != nil {
		return usageError{err}
	}
	settings, err := pipeline.ConfigFromEnv(f.getenv(getenv))
	if err != nil {
		return usageError{f.named(err)}
	}
	declared, err := expectedDeletes(f.expected)
	if err != nil {
		return err
	}
	source := &logfiles.Source{S3: connect}
	t.say("Looking for log files …")
	files, err := source.Find(ctx, paths, delivered(from, until))
	t.unsay()
	if err != nil {
		return hint(err)
	}
	if len(files) == 0 {
		return nothingFound(paths, from, until)
	}
	if err := f.checkAddresses(files); err != nil {
		return usageError{err}
	}
	store, err := f.openStore(ctx, open)
	if err != nil {
		return hint(err)
	}
	if settings.Region == "" {
		settings.Region = files[len(files)-1].Region // the function stands where its trail does
	}
	log, err := f.openLog(t)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(t.stdout, 64<<10)
	player := f.newPlayer(settings, out, log)
	player.Expected, player.Open = declared, source.Open
	player.Now = func() time.Time { return now }
	alerts := replay.Alerts{AlertSeverity: settings.AlertSeverity, ExpectedDeletes: f.expected}
	player.Alerted = alerts.Add
	var progress progress
	if !f.writesLines() || t.width == 0 { // or the lines would run through it
		progress = t.progress(len(files), "Playing log files")
	}
	player.Progress = progress.step
	played, err := player.Play(ctx, files)
	progress.end()
	switch {
	case err != nil:
	case f.table != "":
		err = f.remember(ctx, player, played, store, t)
	case f.dryRun:
		alerts.Finish(played)
		err = f.tell(&alerts, out)
	}
	if err := errors.Join(hint(err), flush(out), log.close()); err != nil {
		return err
	}
	return f.failed(played, len(files), t)
}

// writesLines tells whether it is the lines that are asked for.
func (f *replayFlags) writesLines() bool { return !f.dryRun && f.table == "" }

// newPlayer returns a Player that writes what is asked for.
func (f *replayFlags) newPlayer(settings pipeline.Config, out io.Writer, log *logFile) *replay.Player {
	if !f.writesLines() {
		out = io.Discard
	}
	player := replay.NewPlayer(settings, out, log.writer())
	player.Parallel = f.parallel
	player.LogBucket, player.KeyPrefix, _ = strings.Cut(strings.TrimPrefix(f.logBucket, "s3://"), "/")
	return player
}

// failed returns an error if log files could not be read. Messages have them in their own list.
func (f *replayFlags) failed(played *replay.Played, files int, t *terminal) error {
	if len(played.Failures) == 0 {
		return nil
	}
	if !f.dryRun || f.table != "" {
		for _, failure := range played.Failures {
			fmt.Fprintf(t.stderr, "%s: %s\n", failure.File, failure.Error)
		}
	}
	return fmt.Errorf("%w: %d of %d", errIncomplete, len(played.Failures), files)
}

// check returns from when until when log files are wanted.
func (f *replayFlags) check(now time.Time) (from, until time.Time, err error) {
	if f.format != "" && !slices.Contains([]string{"table", "json"}, f.format) {
		return from, until, fmt.Errorf("--format: %q is not one of table, json", f.format)
	}
	if f.format != "" && (f.writesLines() || f.table != "") {
		return from, until, errors.New("--format is for the messages of --dry-run: the lines themselves have one form")
	}
	if !f.writesLines() && (f.metrics != "" || f.buckets != "") {
		return from, until, errors.New("--metrics and --buckets are for the lines, which --dry-run and --table don't write: what is found doesn't depend on them")
	}
	if f.table == pipeline.MemoryTable {
		return from, until, fmt.Errorf("--table: %s is no table that anybody else could read", f.table)
	}
	if from, until, err = parseTimes(f.since, f.until, now); f.table != "" && (until.IsZero() || until.After(now)) {
		until = now // what is yet to come, by a wrong clock, is no past
	}
	return from, until, err
}

// delivered is the time of delivery, which --until ends.
func delivered(from, until time.Time) logfiles.Delivered {
	if !until.IsZero() {
		until = until.Add(-time.Nanosecond)
	}
	return logfiles.Delivered{From: from, Until: until}
}

// setting is a flag that goes before a variable of the function's.
type setting struct{ flag, variable, value string }

func (f *replayFlags) settings() []setting {
	return []setting{
		{"--metrics", "BUCKETWATCH_METRICS", f.metrics}, {"--buckets", "BUCKETWATCH_BUCKETS", f.buckets},
		{"--alert-severity", "BUCKETWATCH_ALERT_SEVERITY", strings.ToUpper(f.severity)}, {"--table", "BUCKETWATCH_TABLE", f.table},
	}
}

// getenv returns the function's variables, as the flags have them or the environment.
func (f *replayFlags) getenv(environment func(string) string) func(string) string {
	return func(name string) string {
		for _, s := range f.settings() {
			if s.variable == name && s.value != "" {
				return s.value
			}
		}
		switch name {
		case "BUCKETWATCH_TABLE", "BUCKETWATCH_CLOCK", "BUCKETWATCH_ALERTS_TOPIC":
			return "" // the replay has its own
		}
		return environment(name)
	}
}

// named is the error about the variables, with the flags' names where flags set them.
func (f *replayFlags) named(err error) error {
	text := err.Error()
	for _, s := range f.settings() {
		if s.value != "" {
			text = strings.ReplaceAll(text, s.variable+":", s.flag+":")
		}
	}
	return errors.New(text)
}

// tell writes which messages there would have been.
func (f *replayFlags) tell(a *replay.Alerts, out io.Writer) error {
	if f.format == "json" {
		return a.WriteJSON(out)
	}
	return a.WriteTable(out)
}

func flush(out *bufio.Writer) error {
	if err := out.Flush(); err != nil {
		return fmt.Errorf("cannot write lines: %w", err)
	}
	return nil
}

// logFile is what --log asks for; nil, if it asks for none.
type logFile struct {
	*bufio.Writer
	file *os.File
}

func (f *replayFlags) openLog(t *terminal) (*logFile, error) {
	switch f.log {
	case "":
		return nil, nil
	case "-":
		return &logFile{Writer: bufio.NewWriter(t.stderr)}, nil
	}
	file, err := os.Create(f.log)
	if err != nil {
		return nil, fmt.Errorf("cannot write the log: %w", err)
	}
	return &logFile{bufio.NewWriter(file), file}, nil
}

func (l *logFile) writer() io.Writer {
	if l == nil {
		return nil
	}
	return l
}

func (l *logFile) close() error {
	if l == nil {
		return nil
	}
	err := l.Flush()
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	if err != nil {
		return fmt.Errorf("cannot write the log: %w", err)
	}
	return nil
}
