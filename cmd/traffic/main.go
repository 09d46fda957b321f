// Command traffic writes weeks of generated log files, and what in them is an attack, into a folder: the traffic that the
// detectors are evaluated on, for whoever wants to look at it, or try something else on it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"bucketwatch/internal/traffic/labelled"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if err != flag.ErrHelp {
			fmt.Fprintln(os.Stderr, "traffic:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	o, folder, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
		return fmt.Errorf("the folder %s is not empty", folder)
	}
	progress := func() {}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bar := progressbar.NewOptions(o.Learn+o.Scored+1, progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription("days"),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		progress = func() { bar.Add(1) }
	}
	s := labelled.New(o)
	files, records := 0, 0
	for {
		day, ok, err := s.Next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		for _, f := range day {
			path := filepath.Join(folder, filepath.FromSlash(f.Key))
			if _, err := os.Stat(path); err == nil {
				continue // S3 tells of it twice
			}
			if err := write(path, f.Body); err != nil {
				return err
			}
			files, records = files+1, records+f.Records
		}
		progress()
	}
	labels, err := json.MarshalIndent(&s.Labels, "", "  ")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(folder, "labels.json"), append(labels, '\n')); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %d log files with %d records, %d attacks; see labels.json\n", folder, files, records, len(s.Labels.Attacks))
	return nil
}

func parse(args []string, stderr io.Writer) (o labelled.Options, folder string, err error) {
	flags := flag.NewFlagSet("traffic", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "traffic [flags] FOLDER writes generated log files, and labels.json, into a new folder.\n\n")
		flags.PrintDefaults()
	}
	flags.Uint64Var(&o.Seed, "seed", 1, "of the traffic: the same gives the same files")
	flags.StringVar(&o.Account, "account", "111122223333", "whose log files they are")
	flags.IntVar(&o.Learn, "learn", 14, "days without attacks")
	flags.IntVar(&o.Scored, "scored", 84, "days after them")
	flags.DurationVar(&o.Every, "every", 10*time.Minute, "time between deliveries, a part of an hour")
	flags.BoolVar(&o.Attacks, "attacks", true, "with attacks; false: what is usual, and noise")
	start := flags.String("from", "2026-08-03", "the first day")
	kinds := flags.String("kinds", "", "of the buckets, with commas between; by default one of each: "+list())
	if err := flags.Parse(args); err != nil {
		return o, "", err
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return o, "", fmt.Errorf("%d arguments, want the folder", flags.NArg())
	}
	if o.From, err = time.Parse(time.DateOnly, *start); err != nil {
		return o, "", fmt.Errorf("-from %q is no day like 2026-08-03", *start)
	}
	o.Kinds = labelled.Kinds
	if *kinds != "" {
		o.Kinds = nil
		for name := range strings.SplitSeq(*kinds, ",") {
			kind := labelled.Kind(strings.TrimSpace(name))
			if !slices.Contains(labelled.Kinds, kind) {
				return o, "", fmt.Errorf("-kinds: %q is not one of %s", name, list())
			}
			o.Kinds = append(o.Kinds, kind)
		}
	}
	return o, flags.Arg(0), o.Validate()
}

func list() string {
	names := make([]string, len(labelled.Kinds))
	for i, kind := range labelled.Kinds {
		names[i] = string(kind)
	}
	return strings.Join(names, ", ")
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
