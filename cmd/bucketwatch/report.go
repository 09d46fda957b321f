package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/spf13/cobra"

	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/logfiles"
	"bucketwatch/pkg/report"
)

// reportFlags are report's flags as they were given.
type reportFlags struct {
	since, until                          string
	buckets, keys, principals, operations []string
	expected                              string
	format, csv, output                   string
	rows, parallel                        int
}

func newReportCommand(getenv func(string) string) *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report PATH...",
		Short: "Say who did what with which objects, and what was unexpected",
		Long: `report reads CloudTrail log files and says, for each bucket, who did what, when and from where; which objects were
deleted, and what their story is; and all that was unexpected, as the deployed function would have judged it.

A PATH is a file, a folder, or s3://BUCKET/PREFIX. In folders and in S3 only the folders of the dates asked for are looked
at. From S3 it needs s3:ListBucket and s3:GetObject (and kms:Decrypt, if the trail encrypts with a key), with credentials
and Region as the AWS CLI has them.

Times are UTC. --since and --until take a span back from now (90m, 24h, 7d), a date (2026-11-20) or a time
(2026-11-20T14:00:00Z); --until is not included. Log files from an hour before --since to two hours after --until are
read, since records are delivered late. What is usual of a bucket is judged by the days that are read: with less than 14
of them, new deleters and surges of less than a thousand objects an hour are not told.`,
		Example: `  bucketwatch report ~/Downloads/trail                              everything in a folder
  bucketwatch report s3://LOGBUCKET --since 24h --bucket photos     a bucket's last day
  bucketwatch report s3://LOGBUCKET --since 7d --bucket photos \
      --key a/7.jpg --operation GetObject                           who read one object last week
  bucketwatch report s3://LOGBUCKET --since 2026-11-20T14:12:00Z \
      --until 2026-11-20T14:41:00Z --principal role/app-web         what one role did
  bucketwatch report s3://LOGBUCKET --since 30d -o report.html      a page with charts, to look at and to pass on
  bucketwatch report trail/ --format csv --csv deletes -o deletes.csv`,
		Args: usageArgs(func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("report needs a PATH: a log file, a folder, or s3://BUCKET/PREFIX")
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runReport(cmd.Context(), args, &f, newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), getenv))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.since, "since", "", "only what happened from `TIME` on: 90m, 24h, 7d, a date, or a time")
	flags.StringVar(&f.until, "until", "", "only what happened before `TIME`")
	flags.StringArrayVar(&f.buckets, "bucket", nil, "only the bucket `NAME`, with wildcards * and ?; may be repeated, as the next three")
	flags.StringArrayVar(&f.principals, "principal", nil, "only what `WHO` did: an ARN, or a short name such as role/app-web")
	flags.StringArrayVar(&f.keys, "key", nil, "only the objects whose keys match `GLOB`: * stands for any text, / included, ? for a character")
	flags.StringArrayVar(&f.operations, "operation", nil, "only requests of the `NAME` that CloudTrail has for them, such as GetObject")
	flags.StringVar(&f.expected, "expected-deletes", "", "`FILE` of the deletes that are expected, as the deployed expected-deletes.yaml")
	flags.StringVarP(&f.format, "format", "f", "", "`FORMAT` of the report: "+strings.Join(formats(), ", ")+" (default table, or as --output ends)")
	flags.StringVar(&f.csv, "csv", "", "`LIST` that the format csv has: "+strings.Join(report.Sheets(), ", ")+" (default deletes)")
	flags.StringVarP(&f.output, "output", "o", "", "`FILE` to write the report to, instead of standard output")
	flags.IntVar(&f.rows, "rows", 10, "how many rows `N` a list of the table has; 0: all")
	flags.IntVar(&f.parallel, "parallel", 8, "how many log files, `N`, are read at the same time")
	for flag, values := range map[string][]string{"format": formats(), "csv": report.Sheets()} {
		// The error is for a flag that there isn't.
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

// writer writes a report in one format.
type writer struct {
	format string
	write  func(r *report.Report, w io.Writer, f *reportFlags, t *terminal) error
}

// writers are the formats.
var writers = []writer{
	{"table", func(r *report.Report, w io.Writer, f *reportFlags, t *terminal) error {
		style := report.Style{Rows: f.rows}
		if f.output == "" {
			style.Width, style.Color = t.width, t.color
		}
		return r.WriteTable(w, style)
	}},
	{"json", func(r *report.Report, w io.Writer, _ *reportFlags, _ *terminal) error { return r.WriteJSON(w) }},
	{"csv", func(r *report.Report, w io.Writer, f *reportFlags, _ *terminal) error {
		return r.WriteCSV(w, cmp.Or(f.csv, "deletes"))
	}},
	{"html", func(r *report.Report, w io.Writer, _ *reportFlags, _ *terminal) error { return r.WriteHTML(w) }},
}

func formats() []string {
	names := make([]string, len(writers))
	for i := range writers {
		names[i] = writers[i].format
	}
	return names
}

func runReport(ctx context.Context, paths []string, f *reportFlags, t *terminal) error {
	query, err := f.query(time.Now())
	if err != nil {
		return usageError{err}
	}
	out, err := f.writer()
	if err := errors.Join(err, f.numbers()); err != nil {
		return usageError{err}
	}
	if err := writable(f.output); err != nil {
		return err
	}
	list, err := expectedDeletes(f.expected)
	if err != nil {
		return err
	}
	source := &logfiles.Source{S3: connect}
	t.say("Looking for log files …")
	files, err := source.Find(ctx, paths, logfiles.Delivered{From: query.DeliveredFrom(), Until: query.DeliveredUntil()})
	t.unsay()
	if err != nil {
		return hint(err)
	}
	if len(files) == 0 {
		return nothingFound(paths, query.Since, query.Until)
	}
	progress := t.progress(len(files), "Reading log files")
	maker := report.Maker{Query: query, Expected: list, Open: source.Open, Parallel: f.parallel, Progress: progress.step}
	r, err := maker.Make(ctx, files)
	progress.end()
	if err != nil {
		return hint(err)
	}
	if err := f.deliver(r, out, t); err != nil {
		return err
	}
	if len(r.Failures) > 0 {
		return fmt.Errorf("%w: %d of %d", errIncomplete, len(r.Failures), len(files))
	}
	return nil
}

// nothingFound says what may be the reason.
func nothingFound(paths []string, since, until time.Time) error {
	where := strings.Join(paths, ", ")
	if since.IsZero() && until.IsZero() {
		return fmt.Errorf("no log files at %s: they end in .json or .json.gz", where)
	}
	return fmt.Errorf("no log files at %s that were delivered in that time: a wider --since and --until may find some", where)
}

// query is what the flags ask for.
func (f *reportFlags) query(now time.Time) (report.Query, error) {
	q := report.Query{Buckets: f.buckets, Keys: f.keys, Principals: f.principals, Operations: f.operations}
	var err error
	q.Since, q.Until, err = parseTimes(f.since, f.until, now)
	for _, given := range []struct {
		flag   string
		values []string
	}{{"--bucket", f.buckets}, {"--principal", f.principals}, {"--key", f.keys}, {"--operation", f.operations}} {
		if slices.Contains(given.values, "") { // such as a shell's variable that isn't set
			err = errors.Join(err, fmt.Errorf("%s is empty, and nothing is called so", given.flag))
		}
	}
	return q, err
}

// writer returns the format: the one asked for, else the one that the output's name asks for.
func (f *reportFlags) writer() (*writer, error) {
	format := strings.ToLower(f.format)
	if format == "" {
		switch ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(f.output)), "."); {
		case slices.Contains(formats(), ending):
			format = ending
		case ending == "" || ending == "txt":
			format = "table"
		default: // somebody who asks for report.pdf would find out when it can't be opened
			return nil, fmt.Errorf("--output: %s ends in none of the formats %s; say which by --format", f.output, strings.Join(formats(), ", "))
		}
	}
	if f.csv != "" && !slices.Contains(report.Sheets(), f.csv) {
		return nil, fmt.Errorf("--csv: %q is not one of %s", f.csv, strings.Join(report.Sheets(), ", "))
	}
	if f.csv != "" && format != "csv" {
		return nil, errors.New("--csv is for --format csv, or an --output that ends in .csv")
	}
	i := slices.IndexFunc(writers, func(w writer) bool { return w.format == format })
	if i < 0 {
		return nil, fmt.Errorf("--format: %q is not one of %s", f.format, strings.Join(formats(), ", "))
	}
	return &writers[i], nil
}

func (f *reportFlags) numbers() (err error) {
	if f.rows < 0 {
		err = fmt.Errorf("--rows: %d is less than 0, which is for all", f.rows)
	}
	if f.parallel < 1 {
		err = errors.Join(err, fmt.Errorf("--parallel: %d is less than 1", f.parallel))
	}
	return err
}

// writable tells before the log files are read, which may take long, that there is no place for what comes of them.
func writable(output string) error {
	if output == "" {
		return nil
	}
	if info, err := os.Stat(output); err == nil && info.IsDir() {
		return fmt.Errorf("cannot write the report: %s is a folder", output)
	}
	if _, err := os.Stat(filepath.Dir(output)); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

// expectedDeletes reads the file of --expected-deletes, if there is one.
func expectedDeletes(file string) (*expected.List, error) {
	if file == "" {
		return nil, nil
	}
	if _, err := os.Stat(file); err != nil { // Load expects nothing of a file that isn't there
		return nil, fmt.Errorf("cannot read the expected deletes: %w", err)
	}
	return expected.Load(file)
}

// deliver writes the report to where it is wanted.
func (f *reportFlags) deliver(r *report.Report, out *writer, t *terminal) error {
	if f.output == "" {
		return f.writeTo(t.stdout, r, out, t)
	}
	file, err := os.Create(f.output)
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	if err := f.writeTo(file, r, out, t); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil { // the first to tell, on some file systems, that there is no room
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

func (f *reportFlags) writeTo(w io.Writer, r *report.Report, out *writer, t *terminal) error {
	buffered := bufio.NewWriter(w)
	if err := out.write(r, buffered, f, t); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

// connect returns a client for S3, with credentials and Region as the AWS CLI has them.
func connect(ctx context.Context) (logfiles.S3, error) {
	c, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	if c.Region == "" {
		c.Region = "us-east-1" // which knows where each bucket is
	}
	return s3.NewFromConfig(c), nil
}

// loadAWS returns credentials and Region as the AWS CLI has them, where the options say nothing else.
func loadAWS(ctx context.Context, options ...func(*config.LoadOptions) error) (aws.Config, error) {
	c, err := config.LoadDefaultConfig(ctx, append(options, config.WithLogger(logging.Nop{}))...) // which would write between the lines
	if err != nil {
		return c, fmt.Errorf("cannot read the AWS configuration: %w", err)
	}
	return c, nil
}
