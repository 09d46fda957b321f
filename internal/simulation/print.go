package simulation

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// String says all that a run has shown.
func (r *Result) String() string {
	var b strings.Builder
	p, files := &r.Plan, float64(r.Files())
	fmt.Fprintf(&b, "%d log files an hour of %d records and %d of %d buckets; seed %d; scale 1/%d: %d files in %d deliveries of %s, %d processes, %d partitions\n",
		p.Files, p.Records, p.BucketsInFile, p.Buckets, p.Seed, r.Scale, r.Files(), p.Deliveries, p.Burst, p.Environments, p.Partitions)
	verdict := "each counted exactly once"
	if r.Check() != nil {
		verdict = "WRONG"
	}
	fmt.Fprintf(&b, "  invocations %d, retried %d, in the dead-letter list %d; after it was redriven: %s\n", len(r.durations), r.Retries, r.Dead, verdict)
	fmt.Fprintf(&b, "  duration: median %s, 99 of 100 within %s; output a file: %d lines, %d bytes\n",
		r.Duration(0.5), r.Duration(0.99), r.Lines/r.Files(), r.LinesBytes/r.Files())
	longest := time.Duration(0)
	for _, d := range r.Ticks {
		longest = max(longest, d)
	}
	fmt.Fprintf(&b, "  ticks %d, failed %d, the longest took %s\n", len(r.Ticks), r.TicksFailed, longest.Round(time.Millisecond))
	if r.LastError != nil {
		fmt.Fprintf(&b, "  the last error: %v\n", r.LastError)
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "  units a file\twrites\treads\tof ticks: writes\treads\tthrottled\tbusiest second of one partition key: writes\treads\t\n")
	for _, k := range kinds {
		f, t := r.byFiles[k], r.byTicks[k]
		writes, reads := r.peak(k)
		fmt.Fprintf(w, "  %s\t%.2f\t%.2f\t%.2f\t%.2f\t%d\t%d\t%d\t\n", k, float64(f.Writes)/files, float64(f.Reads)/files,
			float64(t.Writes)/files, float64(t.Reads)/files, f.ThrottledReads+f.ThrottledWrites+t.ThrottledReads+t.ThrottledWrites, writes, reads)
	}
	w.Flush() // to memory
	return b.String()
}

// Table sums up results, as Markdown.
func Table(results []*Result) string {
	var b strings.Builder
	b.WriteString("| Files an hour | Table's partitions | Files run | Throttled | Retried | Dead-lettered | Lost or twice | Median | 99 of 100 | Writes/s to what is due | to the first bucket |\n" +
		"|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		due, _ := r.peak(pending)
		first, _ := r.peak(hottest)
		fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %d | %d | %s | %s | %d | %d |\n", r.Plan.Files, r.Plan.Partitions, r.Files(),
			r.Throttled(), r.Retries, r.Dead, len(r.wrong), r.Duration(0.5), r.Duration(0.99), due, first)
	}
	return b.String()
}
