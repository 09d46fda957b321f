package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sheet is a list of the report as CSV has it: one line for each entry.
type sheet struct {
	name    string
	heading []string
	rows    func(r *Report, row func(...any))
}

// sheets are the lists that can be had as CSV.
var sheets = []sheet{
	{"deletes", []string{"time", "bucket", "key", "versionId", "principal", "kind", "sourceIPAddress", "userAgent", "errorCode", "eventId"},
		func(r *Report, row func(...any)) {
			for _, d := range r.Deletes {
				row(d.Time, d.Bucket, d.Key, d.VersionID, d.Principal, d.Kind, d.SourceIPAddress, d.UserAgent, d.ErrorCode, d.EventID)
			}
		}},
	{"anomalies", []string{"first", "last", "severity", "anomaly", "bucket", "principal", "count", "deletedObjects", "explanation"},
		func(r *Report, row func(...any)) {
			for _, a := range r.Anomalies {
				row(a.First, a.Last, a.Severity, a.Anomaly, a.Bucket, a.Principal, a.Count, a.DeletedObjects, a.Explanation)
			}
		}},
	{"callers", []string{"bucket", "principal", "kind", "requests", "deletedObjects", "deniedDeletes", "errors", "first", "last", "sourceIPAddresses", "userAgents"},
		func(r *Report, row func(...any)) {
			for _, b := range r.Buckets {
				for _, c := range b.Callers {
					row(b.Bucket, c.Principal, c.Kind, c.Requests, c.DeletedObjects, c.DeniedDeletes, c.Errors, c.First, c.Last,
						joined(c.SourceIPAddresses), joined(c.UserAgents))
				}
			}
		}},
	{"operations", []string{"bucket", "principal", "operation", "requests"},
		func(r *Report, row func(...any)) {
			for _, b := range r.Buckets {
				for _, c := range b.Callers {
					for _, o := range most(c.Operations) {
						row(b.Bucket, c.Principal, o.name, o.n)
					}
				}
			}
		}},
	{"metrics", []string{"bucket", "hour", "metric", "value"},
		func(r *Report, row func(...any)) {
			for _, b := range r.Buckets {
				for _, h := range b.Hours {
					for _, m := range inCatalogue(h.Metrics) {
						row(b.Bucket, h.Start, m.name, m.n)
					}
				}
			}
		}},
	{"history", []string{"bucket", "key", "what", "operation", "time", "lastTime", "count", "principal", "sourceIPAddress", "versionId", "status", "errorCode"},
		func(r *Report, row func(...any)) {
			for _, b := range r.Buckets {
				for _, k := range b.Keys {
					for _, s := range k.History {
						row(b.Bucket, k.Key, s.What, s.Operation, s.Time, s.LastTime, s.Count, s.Principal, s.SourceIPAddress, s.VersionID, s.Status, s.ErrorCode)
					}
				}
			}
		}},
}

// Sheets returns the names of the lists that WriteCSV writes.
func Sheets() []string {
	names := make([]string, len(sheets))
	for i := range sheets {
		names[i] = sheets[i].name
	}
	return names
}

// WriteCSV writes one list of the report, as RFC 4180 has it, with a heading.
func (r *Report) WriteCSV(w io.Writer, list string) error {
	i := slices.IndexFunc(sheets, func(s sheet) bool { return s.name == list })
	if i < 0 {
		return fmt.Errorf("cannot write %q: it is not one of %s", list, strings.Join(Sheets(), ", "))
	}
	out := csv.NewWriter(w)
	_ = out.Write(sheets[i].heading) // Error tells
	sheets[i].rows(r, func(cells ...any) {
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = cell(c)
		}
		_ = out.Write(row)
	})
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

// cell is a value as text. What isn't printable is replaced, and what a spreadsheet would take for a formula gets an
// apostrophe before it: whoever may make a request chooses the keys and user agents in it.
func cell(v any) string {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.UTC().Format(time.RFC3339)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return formula.ReplaceAllString(harmless(fmt.Sprint(v)), "$1'$2")
}

// formula is what a spreadsheet may take for the beginning of one, also where it drops blanks and quotes before it, knows
// the wide forms of East Asian keyboards, or is set to semicolons between the cells (as where the decimal point is a
// comma): then it ends cells at those, and the quotes round a cell are no quotes.
// https://owasp.org/www-community/attacks/CSV_Injection
var formula = regexp.MustCompile(`(^|;)([ "]*[=+\-@＝＋－＠])`)

func joined(counts map[string]int64) string {
	var names []string
	for _, c := range most(counts) {
		names = append(names, c.name)
	}
	return strings.Join(names, " | ")
}
