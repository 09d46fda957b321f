package evaluation

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/anomaly"
)

// Target is what an evaluation must reach at a severity.
type Target struct {
	False, Worst                       float64 // false incidents per bucket-week, at most: all, and the worst kind
	New100, Human100, Human1000, Usual float64 // of the attacks of five minutes, at least
}

// Targets are what was set before there was an evaluation.
var Targets = map[anomaly.Severity]Target{
	anomaly.High:   {0.03, 0.08, 0.99, 0.90, 0.97, 0.60},
	anomaly.Medium: {0.10, 0.25, 0.99, 0.90, 0.97, 0.80},
}

// FleetTarget is how many HIGH messages a week an account of 300 buckets may have, in which nobody attacks.
const FleetTarget = 2

// namedClasses are the attacks that targets are about.
var namedClasses = []Class{
	{labelled.NewPrincipal, 100, 5},
	{labelled.KnownHuman, 100, 5},
	{labelled.KnownHuman, 1000, 5},
	{labelled.UsualPrincipal, 1000, 5},
}

// table is rows of cells, as a terminal or Markdown shows them.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the table in Markdown's form, its columns aligned: the first left, numbers right.
func (t *table) write(w io.Writer) error {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)), 3) // of what is below the head: --:
		}
	}
	line := func(row []string) string {
		var b strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i == 0 {
				b.WriteString("| " + cell + space)
			} else {
				b.WriteString(" | " + space + cell)
			}
		}
		return b.String() + " |\n"
	}
	rule := make([]string, len(widths))
	for i, n := range widths {
		rule[i] = strings.Repeat("-", n)
		if i > 0 {
			rule[i] = strings.Repeat("-", max(1, n-1)) + ":"
		}
	}
	text := line(t.head) + line(rule)
	for _, row := range t.rows {
		text += line(row)
	}
	_, err := io.WriteString(w, text)
	return err
}

// table is the main table: the rules, the detectors, and the targets.
func (r *Result) table() *table {
	t := &table{head: []string{"", "false a bucket-week", "worst kind", "new 100", "human 100", "human 1000", "usual 1000"}}
	for i := range Rules {
		t.add(scoreRow(Rules[i].Name, r.Rules[Rules[i].Name])...)
	}
	for _, level := range Levels {
		t.add(scoreRow("**"+atLeast(level)+"**", r.Ours[level])...)
		target := Targets[level]
		t.add("target", fmt.Sprintf("≤ %.2f", target.False), fmt.Sprintf("≤ %.2f", target.Worst), fmt.Sprintf("≥ %.2f", target.New100),
			fmt.Sprintf("≥ %.2f", target.Human100), fmt.Sprintf("≥ %.2f", target.Human1000), fmt.Sprintf("≥ %.2f", target.Usual))
	}
	return t
}

func atLeast(s anomaly.Severity) string {
	if s == anomaly.High {
		return "BucketWatch, HIGH (the default)"
	}
	return "BucketWatch, " + string(s)
}

func scoreRow(name string, s *Score) []string {
	all, worst := s.FalsePerWeek()
	row := []string{name, fmt.Sprintf("%.3f", all), fmt.Sprintf("%.3f", worst)}
	for _, c := range namedClasses {
		row = append(row, fmt.Sprintf("%.3f", s.Attacks[c].Rate()))
	}
	return row
}

// kinds is false incidents by kind of bucket, and what is found of the named attacks in each.
func (r *Result) kinds(level anomaly.Severity) *table {
	s := r.Ours[level]
	t := &table{head: []string{string(level), "buckets", "false", "a bucket-week", "new 100", "human 100", "human 1000", "usual 1000"}}
	for _, kind := range labelled.Kinds {
		if s.Weeks[kind] == 0 {
			continue
		}
		row := []string{string(kind), fmt.Sprintf("%.0f", s.Weeks[kind]/float64(r.Plan.Weeks)), fmt.Sprint(s.False[kind]), fmt.Sprintf("%.3f", float64(s.False[kind])/s.Weeks[kind])}
		for _, c := range namedClasses {
			row = append(row, fmt.Sprintf("%.2f", s.ByKind[kind][c].Rate()))
		}
		t.add(row...)
	}
	return t
}

// causes is what false incidents are about.
func causes(high, medium *Score) *table {
	t := &table{head: []string{"what it was", "HIGH", "MEDIUM"}}
	names := map[string]bool{}
	for name := range high.Causes {
		names[name] = true
	}
	for name := range medium.Causes {
		names[name] = true
	}
	list := sortedKeys(names)
	slices.SortStableFunc(list, func(a, b string) int { return medium.Causes[b] - medium.Causes[a] })
	for _, name := range list {
		t.add(name, fmt.Sprint(high.Causes[name]), fmt.Sprint(medium.Causes[name]))
	}
	return t
}

// ablation is what is lost, and spared, without a detector.
func (r *Result) ablation(level anomaly.Severity) *table {
	t := &table{head: []string{string(level) + " without", "false spared", "of them worst kind", "attacks lost", "of", "new 100", "human 100", "human 1000", "usual 1000"}}
	with := r.Ours[level]
	_, worst := with.FalsePerWeek()
	for _, name := range Detectors {
		s := r.Without[name][level]
		_, worstWithout := s.FalsePerWeek()
		n, lost, of := 0, 0, 0
		for kind := range with.Weeks {
			n += with.False[kind] - s.False[kind]
		}
		for c, f := range with.Attacks {
			lost, of = lost+f.Found-s.Attacks[c].Found, of+f.Of
		}
		row := []string{name, fmt.Sprint(n), fmt.Sprintf("%.3f", worst-worstWithout), fmt.Sprint(lost), fmt.Sprint(of)}
		for _, c := range namedClasses {
			row = append(row, fmt.Sprintf("%.3f", with.Attacks[c].Rate()-s.Attacks[c].Rate()))
		}
		t.add(row...)
	}
	return t
}

// grid is what is found of attacks of each size, by whoever attacks.
func (r *Result) grid(level anomaly.Severity) *table {
	sizes := []int{1, 3, 10, 30, 100, 300, 1000, 3000, 10_000}
	t := &table{head: []string{string(level)}}
	for _, n := range sizes {
		t.head = append(t.head, fmt.Sprint(n))
	}
	for _, by := range []labelled.By{labelled.NewPrincipal, labelled.KnownHuman, labelled.UsualPrincipal} {
		for _, minutes := range []int{5, 60, 360, 1440} {
			row := []string{fmt.Sprintf("%s, %s", by, span(minutes))}
			for _, n := range sizes {
				f := r.Ours[level].Attacks[Class{by, n, minutes}]
				cell := "–"
				if f.Of > 0 {
					cell = fmt.Sprintf("%.2f", f.Rate())
				}
				row = append(row, cell)
			}
			t.add(row...)
		}
	}
	return t
}

func span(minutes int) string {
	if minutes < 60 {
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h", minutes/60)
}

// scripted is what was found of the scripted cases.
func (r *Result) scripted() *table {
	t := &table{head: []string{"case", "found", "of"}}
	for _, name := range sortedKeys(r.Cases) {
		t.add(name, fmt.Sprint(r.Cases[name].Found), fmt.Sprint(r.Cases[name].Of))
	}
	return t
}

// fleet is what an account gets in which nobody attacks.
func (r *Result) fleet() *table {
	t := &table{head: []string{fmt.Sprintf("%d buckets", r.Plan.Fleet), "messages a week", "per 300 buckets", "false a bucket-week"}}
	for _, level := range Levels {
		s := r.Fleet[level]
		all, _ := s.FalsePerWeek()
		if r.Plan.Fleet == 0 {
			break
		}
		messages := float64(s.Messages) / float64(r.Plan.Weeks)
		t.add(string(level), fmt.Sprintf("%.2f", messages), fmt.Sprintf("%.2f", r.perFleet(level)), fmt.Sprintf("%.4f", all))
	}
	return t
}

// perFleet is how many messages of a severity 300 buckets have a week.
func (r *Result) perFleet(level anomaly.Severity) float64 {
	return float64(r.Fleet[level].Messages) / float64(r.Plan.Weeks) * 300 / float64(r.Plan.Fleet)
}

// times is how soon it was told.
func (r *Result) times() *table {
	t := &table{head: []string{"", "p50", "p95", "of"}}
	minutes := func(d time.Duration) string { return fmt.Sprintf("%.0f min", d.Minutes()) }
	for _, row := range []struct {
		name string
		list []time.Duration
	}{
		{"from the first bad event to an anomaly that doesn't wait", r.AtOnce},
		{"from the hour's end to one that waits (45 min)", r.Waited},
	} {
		t.add(row.name, minutes(quantile(row.list, .5)), minutes(quantile(row.list, .95)), fmt.Sprint(len(row.list)))
	}
	return t
}

// Print prints all tables.
func (r *Result) Print(w io.Writer) error {
	for _, t := range []*table{
		r.table(), r.fleet(), r.times(), r.scripted(),
		r.kinds(anomaly.High), r.kinds(anomaly.Medium), causes(r.Ours[anomaly.High], r.Ours[anomaly.Medium]), causes(r.Fleet[anomaly.High], r.Fleet[anomaly.Medium]),
		r.ablation(anomaly.High), r.ablation(anomaly.Medium), r.grid(anomaly.High), r.grid(anomaly.Medium),
	} {
		if err := t.write(w); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "Seed %d: %d log files with %d records, %d messages, in %s.\n", r.Plan.Seed, r.Files, r.Records, r.Published, r.Took.Round(time.Second))
	return err
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
