package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"bucketwatch/pkg/printable"
)

// metricRows are the rows of the bucket table, in the order of what a reader asks. Those marked are in "essential".
var metricRows = []struct {
	name      string
	essential bool
}{
	{"AllRequests", true}, {"GetRequests", true}, {"HeadRequests", false}, {"PutRequests", true}, {"PostRequests", false},
	{"ListRequests", false}, {"DeleteRequests", true}, {"AnonymousRequests", false},
	{"DeletedObjects", true}, {"ExpectedDeletes", false}, {"DeniedDeletes", true}, {"PermanentDeletes", false}, {"DeleteMarkersRemoved", false},
	{"LifecycleActions", false},
	{"4xxErrors", true}, {"5xxErrors", true}, {"AuthenticationFailures", false},
	{"BytesUploaded", false}, {"BytesDownloaded", false},
}

var latencies = []string{"FirstByteLatency", "TotalRequestLatency"}

// classes are the health metrics that add up to RecordsRead.
var classes = []struct{ name, meaning string }{
	{"RecordsCounted", "requests, in the table above"},
	{"RecordsNotS3", "other services, and management of S3"},
	{"RecordsNotARequest", "keys of DeleteObjects calls, lifecycle, failed authentication"},
	{"RecordsDuplicate", "delivered twice, or corrected"},
	{"RecordsForeignBucket", "to another account's bucket, which that account counts"},
	{"RecordsLogBucket", "CloudTrail's own writing of log files"},
	{"RecordsTooOld", "too late for CloudWatch"},
	{"RecordsMalformed", "not understood"},
}

// classTable shows what became of the records.
func classTable(r *results) string {
	t := &table{align: "lrl"}
	t.row("  RecordsRead", grouped(r.health["RecordsRead"]), "")
	sign := "="
	for _, class := range classes {
		if n := r.health[class.name]; n != 0 {
			t.row(sign+" "+class.name, grouped(n), class.meaning)
			sign = "+"
		}
	}
	return t.String()
}

// bucketTable has a row for each metric and a column for each bucket. A metric that the table doesn't know comes last.
func bucketTable(r *results) string {
	names := slices.Sorted(maps.Keys(r.buckets))
	t := &table{align: "l" + strings.Repeat("r", len(names))}
	t.row(append([]string{""}, names...)...)
	known := make(map[string]bool)
	for _, m := range metricRows {
		known[m.name] = true
		label := m.name
		if m.essential {
			label += " *"
		}
		t.bucketRow(r, names, m.name, label)
	}
	others := make(map[string]bool)
	for _, b := range r.buckets {
		for name := range b.sums {
			if !known[name] {
				others[name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(others)) {
		t.bucketRow(r, names, name, name)
	}
	for _, name := range latencies {
		cells := []string{name + " p50/p99"}
		for _, bucket := range names {
			cells = append(cells, quantiles(r.buckets[bucket].values[name]))
		}
		t.row(cells...)
	}
	return t.String()
}

func (t *table) bucketRow(r *results, buckets []string, metric, label string) {
	cells := []string{label}
	for _, bucket := range buckets {
		n, ok := r.buckets[bucket].sums[metric]
		switch {
		case !ok:
			cells = append(cells, "·") // CloudWatch has no point: zeros are not published
		case strings.Contains(metric, "Bytes"):
			cells = append(cells, byteSize(n))
		default:
			cells = append(cells, grouped(n))
		}
	}
	t.row(cells...)
}

func quantiles(values []float64) string {
	if len(values) == 0 {
		return "·"
	}
	sorted := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return sorted[int(math.Ceil(q*float64(len(sorted))))-1] }
	return fmt.Sprintf("%.0f/%.0f ms", at(0.5), at(0.99))
}

func callerTable(r *results, most int) string {
	keys := slices.SortedFunc(maps.Keys(r.callers), func(a, b callerKey) int {
		return cmp.Or(
			cmp.Compare(r.callers[b].requests, r.callers[a].requests),
			cmp.Compare(a.bucket, b.bucket),
			cmp.Compare(a.principal, b.principal))
	})
	t := &table{align: "llrrr"}
	t.row("caller", "bucket", "requests", "deleted objects", "errors")
	for _, key := range keys[:min(most, len(keys))] {
		c := r.callers[key]
		t.row(shortName(key.principal), key.bucket, grouped(c.requests), grouped(c.deleted), grouped(c.errors))
	}
	return t.String()
}

// hourTable shows how many objects each caller deleted, hour by hour.
func hourTable(r *results, from, to time.Time) string {
	type who struct{ principal, bucket string }
	deleted := make(map[who]map[string]int64)
	for _, d := range r.deletes {
		if w := (who{d.Principal, d.BucketName}); d.ErrorCode == "" && len(d.Time) > 13 {
			if deleted[w] == nil {
				deleted[w] = make(map[string]int64)
			}
			deleted[w][d.Time[:13]]++
		}
	}
	head := []string{"caller", "bucket"}
	var hours []string
	for at := from.UTC().Truncate(time.Hour); at.Before(to); at = at.Add(time.Hour) {
		head = append(head, at.Format("15:04"))
		hours = append(hours, at.Format("2006-01-02T15"))
	}
	t := &table{align: "ll" + strings.Repeat("r", len(hours))}
	t.row(head...)
	for _, w := range slices.SortedFunc(maps.Keys(deleted), func(a, b who) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.principal, b.principal))
	}) {
		cells := []string{shortName(w.principal), w.bucket}
		for _, hour := range hours {
			cells = append(cells, grouped(deleted[w][hour]))
		}
		t.row(cells...)
	}
	return t.String()
}

// historyTable shows who deleted one object, and when.
func historyTable(r *results, bucket, key string) string {
	t := &table{align: "lllll"}
	t.row("time", "who", "from", "outcome", "event")
	deletes := slices.Clone(r.deletes)
	slices.SortStableFunc(deletes, func(a, b line) int { return cmp.Compare(a.Time, b.Time) })
	for _, d := range deletes {
		if d.BucketName == bucket && d.Key == key {
			t.row(clock(d.Time), shortName(d.Principal), d.SourceIPAddress, outcome(d), d.EventID)
		}
	}
	return t.String()
}

// deleteTable shows a few deletes: the first of each bucket, caller and outcome, for variety.
func deleteTable(r *results, most int) string {
	t := &table{align: "lllll"}
	t.row("time", "object", "who", "from", "outcome")
	type kind struct{ bucket, principal, outcome string }
	seen := make(map[kind]bool)
	deletes := slices.Clone(r.deletes)
	slices.SortStableFunc(deletes, func(a, b line) int { return cmp.Compare(a.Time, b.Time) })
	for _, d := range deletes {
		k := kind{d.BucketName, d.Principal, outcome(d)}
		if seen[k] || len(seen) == most {
			continue
		}
		seen[k] = true
		t.row(clock(d.Time), shorten(d.BucketName+"/"+d.Key, 35), shorten(shortName(d.Principal), 19), d.SourceIPAddress, k.outcome)
	}
	return t.String()
}

func outcome(d line) string {
	switch {
	case d.ErrorCode != "":
		return d.ErrorCode
	case d.VersionID != "":
		return "version deleted"
	}
	return "deleted"
}

// table lines cells up in columns.
type table struct {
	align string // for each column: l or r
	rows  [][]string
}

// row adds a row. A cell is one line, and has no tabs, which separate cells.
func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = printable.Text(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// String writes the table. A tabwriter aligns all columns alike, so those to the left are filled up first.
func (t *table) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range t.rows {
		for column, cell := range row {
			if t.align[column] == 'l' {
				row[column] = cell + strings.Repeat(" ", t.widest(column)-utf8.RuneCountInString(cell))
			}
		}
		fmt.Fprintf(w, "%s\t\n", strings.Join(row, "\t"))
	}
	w.Flush()
	var trimmed strings.Builder
	for line := range strings.Lines(text.String()) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return trimmed.String()
}

func (t *table) widest(column int) int {
	most := 0
	for _, row := range t.rows {
		most = max(most, utf8.RuneCountInString(row[column]))
	}
	return most
}
