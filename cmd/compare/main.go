//go:build unix

// Compare measures, on a generated CloudTrail log file and in one run, what it costs to unpack it, to read and count it with
// this project's packages, with encoding/json, and with zcat and jq where they are installed.
//
// What is compared is CPU time, user and system, that of started programs included, as ratios: the median of rounds in
// which all take turns. Each way but the unpacking must find the same number of requests of each bucket.
//
//	go run ./cmd/compare [-records N] [-rounds N] [-busy]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"bucketwatch/internal/cputime"
	"bucketwatch/internal/traffic"
)

func main() {
	var progress io.Writer = io.Discard
	if term.IsTerminal(int(os.Stderr.Fd())) {
		progress = os.Stderr
	}
	if err := run(os.Args[1:], os.Stdout, progress); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

const usage = `usage: go run ./cmd/compare [-records N] [-rounds N] [-busy]
  -records N   how many records the file has (29376, which make 50 MB)
  -rounds N    how often each way is measured (15)
  -busy        a file of one busy bucket, of which more repeats: 10 : 1 packed, not 7.6 : 1
`

func run(args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	records := flags.Int("records", traffic.LargeRecords, "")
	rounds := flags.Int("rounds", 15, "")
	busy := flags.Bool("busy", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(out, usage)
		return err
	case err != nil:
		return fmt.Errorf("%w\n%s", err, usage)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q\n%s", flags.Arg(0), usage)
	case *records < 1 || *rounds < 1:
		return fmt.Errorf("-records and -rounds must be at least 1\n%s", usage)
	}

	dir, err := os.MkdirTemp("", "bucketwatch-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f := &logFile{path: filepath.Join(dir, "large.json.gz")}
	if err := f.write(*records, *busy); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d records, %.1f MB, packed %.1f : 1; median of %d rounds\n\n",
		*records, float64(f.size)/1e6, float64(f.size)/float64(len(f.object)), *rounds)
	ways := f.ways()
	spent, err := measure(ways, *rounds, progress)
	if err != nil {
		return err
	}
	print(out, ways, spent)
	return nil
}

// measure returns the CPU times of each way, one a round.
func measure(ways []way, rounds int, progress io.Writer) ([][]float64, error) {
	spent := make([][]float64, len(ways))
	for round := range rounds {
		for i, w := range ways {
			fmt.Fprintf(progress, "\rround %d of %d: %-40s", round+1, rounds, w.name)
			before := cputime.Self() + cputime.Children()
			if err := w.run(); err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			spent[i] = append(spent[i], float64(cputime.Self()+cputime.Children()-before))
		}
	}
	fmt.Fprintf(progress, "\r%60s\r", "")
	return spent, nil
}

// print prints the ratios: of the same round each, so that what the machine did meanwhile is in both.
func print(out io.Writer, ways []way, spent [][]float64) {
	ratio := func(way, to int) float64 {
		ratios := make([]float64, len(spent[way]))
		for round := range ratios {
			ratios[round] = spent[way][round] / spent[to][round]
		}
		return cputime.Median(ratios)
	}
	zcat := -1
	for i, w := range ways {
		if w.name == zcatAlone {
			zcat = i
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer w.Flush()
	fmt.Fprintln(w, "× inflating\t× zcat\tCPU ms\t ")
	for i := range ways {
		ms := cputime.Median(append([]float64(nil), spent[i]...)) / float64(time.Millisecond)
		fmt.Fprintf(w, "%.2f\t", ratio(i, 0))
		if zcat >= 0 {
			fmt.Fprintf(w, "%.2f", ratio(i, zcat))
		}
		fmt.Fprintf(w, "\t%.0f\t %s\n", ms, ways[i].name)
	}
}

// check compares the numbers of requests of each bucket with what was generated.
func (f *logFile) check(got map[string]int64) error {
	want := map[string]int64{}
	for name, b := range f.truth.Buckets {
		want[name] = b.Metrics["AllRequests"]
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("counted %v, want %v", got, want)
	}
	return nil
}
