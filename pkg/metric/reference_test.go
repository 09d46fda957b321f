package metric_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/metric"
)

var update = flag.Bool("update", false, "write the tables of docs/REFERENCE.md anew")

const reference = "../../docs/REFERENCE.md"

// classOrder is the order in which the classes are tried.
var classOrder = []int{
	metric.RecordsMalformed, metric.RecordsNotS3, metric.RecordsDuplicate, metric.RecordsForeignBucket,
	metric.RecordsLogBucket, metric.RecordsNotARequest, metric.RecordsTooOld, metric.RecordsCounted,
}

// The reference's tables of metrics are written from the catalogue, between markers.
func TestReferenceTables(t *testing.T) {
	b, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	before := string(b)
	after := before
	for _, part := range []struct {
		name  string
		table string
	}{
		{"bucket metrics", table(slices.Concat(metric.Bucket[:], metric.Latency[:]), true)},
		{"anomaly metrics", table(anomalyMetrics(), false)},
		{"health metrics", table(metric.Health[:], false)},
		{"record classes", classTable()},
	} {
		begin, end := "<!-- "+part.name+":begin -->\n", "<!-- "+part.name+":end -->\n"
		head, rest, ok := strings.Cut(after, begin)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no part between %q and %q", reference, begin, end)
		}
		after = head + begin + part.table + end + tail
	}
	if *update {
		if err := os.WriteFile(reference, []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(after, before); diff != "" {
		t.Errorf("%s is not as the catalogue has it (-want +got), go test -update writes it:\n%s", reference, diff)
	}
}

func table(definitions []metric.Definition, levels bool) string {
	var b strings.Builder
	if levels {
		b.WriteString("| Metric | Unit | Level | Meaning |\n|---|---|---|---|\n")
	} else {
		b.WriteString("| Metric | Unit | Meaning |\n|---|---|---|\n")
	}
	for _, d := range definitions {
		fmt.Fprintf(&b, "| `%s` | %s |", d.Name, d.Unit)
		if levels {
			fmt.Fprintf(&b, " `%s` |", d.Level)
		}
		fmt.Fprintf(&b, " %s |\n", d.Description)
	}
	return b.String()
}

func classTable() string {
	var b strings.Builder
	b.WriteString("| Class | Records |\n|---|---|\n")
	for _, class := range classOrder {
		fmt.Fprintf(&b, "| `%s` | %s |\n", metric.Health[class].Name, metric.Health[class].Description)
	}
	return b.String()
}

func TestReferenceHasEveryClass(t *testing.T) {
	var want []int
	for class := metric.RecordsCounted; class <= metric.RecordsMalformed; class++ {
		want = append(want, class)
	}
	if got := slices.Sorted(slices.Values(classOrder)); !slices.Equal(got, want) {
		t.Errorf("classes in order = %v, want each of %v", got, want)
	}
}

// A line's schema in the reference has a row for each metric that the line may hold.
func TestReferenceSchemas(t *testing.T) {
	for _, tt := range []struct {
		heading     string
		definitions []metric.Definition
	}{
		{"Bucket", slices.Concat(metric.Bucket[:], metric.Latency[:])},
		{"Anomaly", anomalyMetrics()},
		{"Health", metric.Health[:]},
	} {
		t.Run(tt.heading, func(t *testing.T) {
			var got []string
			for _, row := range schema(t, tt.heading) {
				if strings.Contains(strings.ToLower(row[3]), "metric") && row[0] != "_aws" {
					got = append(got, row[0])
				}
			}
			var want []string
			for _, d := range tt.definitions {
				want = append(want, d.Name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("metrics in the schema (-want +got)\n%s", diff)
			}
		})
	}
}

// schema returns the rows of the table under the heading, each of its four columns.
func schema(t *testing.T, heading string) [][4]string {
	t.Helper()
	b, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(b), "\n### "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", reference, heading)
	}
	part, _, _ = strings.Cut(part, "\n### ")
	var rows [][4]string
	for line := range strings.Lines(part) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if !strings.HasPrefix(line, "| `") || len(cells) != 4 {
			continue
		}
		rows = append(rows, [4]string{
			strings.Trim(cells[0], "| `"), cells[1], cells[2], strings.TrimSuffix(cells[3], " |"),
		})
	}
	if len(rows) == 0 {
		t.Fatalf("%s: no schema under %q", reference, heading)
	}
	return rows
}
