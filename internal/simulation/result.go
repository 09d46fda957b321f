package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bucketwatch/internal/localaws"
)

// Result is what a run has shown. Its rates are those of the whole, not of the part that Scale says was run.
type Result struct {
	Plan  Plan
	Scale int

	Retries   int   // invocations that Lambda repeated
	Dead      int   // log files in the dead-letter list, before it was redriven
	LastError error // of an invocation that failed

	Ticks       []time.Duration
	TicksFailed int
	LinesBytes  int // of both streams of the invocations for log files, CloudWatch's 26 for each line included
	Lines       int

	durations        []time.Duration
	byFiles, byTicks usage
	usage            map[string]localaws.Usage
	wrong            []string
}

// kind is what a partition of the table is for.
type kind string

// The kinds.
const (
	claims  kind = "claims"
	pending kind = "what is due"
	hottest kind = "first bucket"
	buckets kind = "other buckets"
	others  kind = "schema, tick's claim, messages"
)

var kinds = []kind{claims, hottest, buckets, pending, others}

// kindOf goes by the keys in package history.
func kindOf(partition string) kind {
	switch {
	case partition == "v1#file#tick":
		return others
	case strings.HasPrefix(partition, "v1#file#"):
		return claims
	case strings.HasPrefix(partition, "v1#pending#"):
		return pending
	case partition == "v1#"+account+"#bucket-00000":
		return hottest
	case strings.HasPrefix(partition, "v1#"+account+"#"):
		return buckets
	}
	return others
}

// usage has the units of each kind.
type usage map[kind]localaws.Usage

// add adds what was used between two moments.
func (u *usage) add(after, before map[string]localaws.Usage) {
	if *u == nil {
		*u = usage{}
	}
	for key, a := range after {
		b, k := before[key], kindOf(key)
		sum := (*u)[k]
		sum.Reads += a.Reads - b.Reads
		sum.Writes += a.Writes - b.Writes
		sum.ThrottledReads += a.ThrottledReads - b.ThrottledReads
		sum.ThrottledWrites += a.ThrottledWrites - b.ThrottledWrites
		(*u)[k] = sum
	}
}

// peak returns the busiest second of any one partition key of a kind, in units of the whole.
func (r *Result) peak(k kind) (writes, reads int) {
	for key, u := range r.usage {
		if kindOf(key) == k {
			writes, reads = max(writes, u.PeakWrites), max(reads, u.PeakReads)
		}
	}
	return writes * r.Scale, reads * r.Scale
}

// Throttled returns how many reads, and items to be written, the table refused or left out.
func (r *Result) Throttled() int {
	n := 0
	for _, u := range r.usage {
		n += u.ThrottledReads + u.ThrottledWrites
	}
	return n
}

// Files is how many log files there were.
func (r *Result) Files() int { return r.Plan.Total() }

// Duration returns a quantile of the invocations' durations.
func (r *Result) Duration(q float64) time.Duration {
	if len(r.durations) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(r.durations))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))].Round(time.Millisecond)
}

// tick has what is due judged.
func (r *Result) tick(ctx context.Context, e *environment, at time.Time) error {
	begin := time.Now()
	_, err := e.function.Invoke(ctx, fmt.Appendf(nil, `{"bucketwatch":"tick","time":%q}`, at.Format(time.RFC3339)))
	if err != nil {
		return fmt.Errorf("cannot tick: %w", err)
	}
	r.Ticks = append(r.Ticks, time.Since(begin))
	return nil
}

// line has the members of lines that are looked at.
type line struct {
	Type, BucketName, LogFile   string
	AllRequests, DeletedObjects int64
	FilesProcessed, TicksFailed int64
}

// told is what the lines of all environments say.
type told struct {
	counted   map[string]counts
	processed map[string]int // by log file
}

// compare holds what was told against what is in the log files.
func (r *Result) compare(t *told, w *world) {
	want := map[string]counts{}
	for _, f := range w.files {
		uri := "s3://" + w.bucket + "/" + f.Key
		if n := t.processed[uri]; n != 1 {
			r.wrong = append(r.wrong, fmt.Sprintf("%s was counted %d times", f.Key, n))
		}
		for name, c := range f.truth {
			sum := want[name]
			want[name] = counts{sum.Requests + c.Requests, sum.Deleted + c.Deleted}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := t.counted[name]; got != want[name] {
			r.wrong = append(r.wrong, fmt.Sprintf("of %s were told %+v, the truth is %+v", name, got, want[name]))
		}
	}
	if len(t.counted) > len(want) {
		r.wrong = append(r.wrong, fmt.Sprintf("%d buckets were told of, and there are %d", len(t.counted), len(want)))
	}
}

// read reads what the environments have written.
func (r *Result) read(environments []*environment) (*told, error) {
	t := &told{counted: map[string]counts{}, processed: map[string]int{}}
	for i, e := range environments {
		if err := e.function.Close(); err != nil {
			return nil, err
		}
		ofFiles := i < len(environments)-1
		for _, b := range [][]byte{e.stdout.Bytes(), e.stderr.Bytes()} {
			for text := range bytes.Lines(b) {
				if ofFiles {
					const overhead = 26
					r.Lines++
					r.LinesBytes += len(text) + overhead
				}
				var l line
				if err := json.Unmarshal(text, &l); err != nil {
					return nil, fmt.Errorf("cannot read a line of the function: %w\n%s", err, text)
				}
				switch l.Type {
				case "Bucket":
					c := t.counted[l.BucketName]
					t.counted[l.BucketName] = counts{c.Requests + l.AllRequests, c.Deleted + l.DeletedObjects}
				case "Health":
					t.processed[l.LogFile] += int(l.FilesProcessed)
					if l.TicksFailed > 0 {
						r.TicksFailed++
					}
				}
			}
		}
	}
	return t, nil
}

// Check returns what is wrong with what the run has shown: a log file that is lost, or counted twice, or otherwise than
// it is.
func (r *Result) Check() error {
	const shown = 5
	var faults []error
	for i, wrong := range r.wrong {
		if i == shown {
			faults = append(faults, fmt.Errorf("and %d more", len(r.wrong)-shown))
			break
		}
		faults = append(faults, errors.New(wrong))
	}
	return errors.Join(faults...)
}
