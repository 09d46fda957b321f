package report

import (
	"fmt"
	"strconv"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/metric"
)

// How many rows the page's tables have. They keep it to a few megabytes, which a phone opens at once.
const (
	maxDeleteRows = 2_000
	maxRows       = 1_000
	maxStories    = 500
)

// htmlTable is a table of the page.
type htmlTable struct {
	ID, Title, Caption, Note string
	Sortable                 bool
	Columns                  []htmlColumn
	Rows                     [][]htmlCell
}

// htmlColumn is a column; its class says how it is set, and "n" that it is of numbers.
type htmlColumn struct{ Name, Class string }

// htmlCell is a cell's text and, if it isn't the text, what it is sorted by.
type htmlCell struct{ Text, Value string }

// The classes of columns.
const (
	numbers = "n"
	times   = "t"
	keys    = "k"
	wide    = "w"
	other   = "o"
	plainly = ""
)

// Long tells whether the table has more rows than are printed: as many as the style says.
func (t htmlTable) Long() bool { return len(t.Rows) > 100 }

func (t *htmlTable) row(cells ...any) {
	row := make([]htmlCell, len(cells))
	for i, c := range cells {
		switch c := c.(type) {
		case string:
			row[i].Text = c
		case int:
			row[i].Text = strconv.Itoa(c)
		case int64:
			row[i].Text = group3(c)
		case bytesCount:
			row[i] = htmlCell{size(int64(c)), strconv.FormatInt(int64(c), 10)}
		case anomaly.Severity:
			row[i] = htmlCell{string(c), strconv.Itoa(c.Compare(anomaly.Low))}
		case time.Time:
			row[i].Text = c.UTC().Format("2006-01-02 15:04:05")
		default:
			panic(fmt.Sprintf("no cell of %T", c))
		}
	}
	t.Rows = append(t.Rows, row)
}

// bytesCount is a number of bytes.
type bytesCount int64

// limit keeps the table's rows to so many of n, and says so.
func (t *htmlTable) limit(n, most int, which, where string) int {
	if n <= most {
		return n
	}
	t.Note = fmt.Sprintf("%s of %s: %s. %s", group3(most), group3(n), which, where)
	return most
}

const (
	asJSON  = "--format json has all; --bucket, --key, --principal and --since narrow the report."
	asSheet = "--format csv --csv %s has all; --bucket, --key, --principal and --since narrow the report."
)

// tables are the page's, save for those without rows.
func tables(r *Report, ranked []*Bucket) []htmlTable {
	var list []htmlTable
	for _, t := range []htmlTable{
		deleteTable(r), deletedByTable(r), storyTable(r, ranked), callerTable(ranked), operationTable(ranked), errorTable(ranked), bucketTable(ranked),
	} {
		if len(t.Rows) == 0 {
			continue
		}
		t.Sortable = true
		t.Caption = t.Title
		list = append(list, t)
	}
	return list
}

func deleteTable(r *Report) htmlTable {
	t := htmlTable{ID: "deletes", Title: "Deletes", Columns: []htmlColumn{
		{"Time", times}, {"Bucket", other}, {"Key", keys}, {"Who", other}, {"From", times}, {"With", other}, {"Result", other}, {"Event id", other},
	}}
	n := t.limit(len(r.Deletes), maxDeleteRows, "the newest", fmt.Sprintf(asSheet, "deletes"))
	for i := range n { // the newest first
		d := &r.Deletes[len(r.Deletes)-1-i]
		what := result(d)
		if what == "" {
			what = "deleted"
		}
		t.row(d.Time, harmless(d.Bucket), harmless(d.Key), who(d.Principal, d.Kind), shortened(harmless(d.SourceIPAddress), 60), agentOnPage(d.UserAgent), what,
			shortened(harmless(d.EventID), 60))
	}
	return t
}

func deletedByTable(r *Report) htmlTable {
	t := htmlTable{ID: "deleted-by", Title: "Deleted by", Columns: []htmlColumn{
		{"Objects", numbers}, {"Refused", numbers}, {"Bucket", other}, {"Who", other}, {"From", times}, {"With", other}, {"First", times}, {"Last", times},
	}}
	n := t.limit(len(r.DeletedBy), maxRows, "those who deleted most", asJSON)
	for _, d := range r.DeletedBy[:n] {
		t.row(d.DeletedObjects, d.DeniedDeletes, harmless(d.Bucket), who(d.Principal, d.Kind), shortened(harmless(d.SourceIPAddress), 60), agentOnPage(d.UserAgent),
			d.First, d.Last)
	}
	return t
}

func storyTable(r *Report, ranked []*Bucket) htmlTable {
	t := htmlTable{ID: "objects", Title: "Objects and their stories", Columns: []htmlColumn{
		{"Bucket", other}, {"Key", keys}, {"Requests", numbers}, {"Deleted", numbers}, {"Story", wide},
	}}
	clock := newClock(r.First, r.Last)
	known, inAll := 0, int64(0)
	for _, b := range ranked {
		known += len(b.Keys)
		inAll += b.KeysInAll
	}
	// Of all buckets those first that were deleted: what was only read can wait.
	for _, deleted := range []bool{true, false} {
		for _, b := range ranked {
			for i := range b.Keys {
				if k := &b.Keys[i]; (k.DeletedObjects > 0) == deleted && len(t.Rows) < maxStories {
					t.row(harmless(b.Bucket), harmless(k.Key), k.Requests, k.DeletedObjects, k.story(clock))
				}
			}
		}
	}
	if inAll > int64(len(t.Rows)) {
		t.Note = fmt.Sprintf("%s of %s objects: those deleted most and asked for most, of the buckets that matter most. --bucket and --key show others.",
			group3(len(t.Rows)), group3(inAll))
	}
	return t
}

func callerTable(ranked []*Bucket) htmlTable {
	t := htmlTable{ID: "callers", Title: "Callers", Columns: []htmlColumn{
		{"Bucket", other}, {"Who", other}, {"Requests", numbers}, {"Deleted", numbers}, {"Refused deletes", numbers}, {"Errors", numbers}, {"From", times},
		{"With", other}, {"First", times}, {"Last", times}, {"Principal", keys},
	}}
	all := 0
	for _, b := range ranked {
		all += len(b.Callers)
		for i := range b.Callers {
			if len(t.Rows) == maxRows {
				break
			}
			c := &b.Callers[i]
			t.row(harmless(b.Bucket), who(c.Principal, c.Kind), c.Requests, c.DeletedObjects, c.DeniedDeletes, c.Errors,
				shortened(first(c.SourceIPAddresses, harmless), 60), first(c.UserAgents, agentOnPage), c.First, c.Last, harmless(c.Principal))
		}
	}
	t.limit(all, maxRows, "those of the buckets that matter most", fmt.Sprintf(asSheet, "callers"))
	return t
}

func operationTable(ranked []*Bucket) htmlTable {
	t := htmlTable{ID: "operations", Title: "Operations", Columns: []htmlColumn{{"Bucket", other}, {"Operation", other}, {"Requests", numbers}}}
	return t.counts(ranked, func(b *Bucket) map[string]int64 { return b.Operations })
}

func errorTable(ranked []*Bucket) htmlTable {
	t := htmlTable{ID: "errors", Title: "Errors", Columns: []htmlColumn{{"Bucket", other}, {"Error code", other}, {"Requests", numbers}}}
	return t.counts(ranked, func(b *Bucket) map[string]int64 { return b.ErrorCodes })
}

// counts adds a row for each bucket and name.
func (t *htmlTable) counts(ranked []*Bucket, of func(*Bucket) map[string]int64) htmlTable {
	all := 0
	for _, b := range ranked {
		for _, c := range most(of(b)) {
			if all++; all <= maxRows {
				t.row(harmless(b.Bucket), shortened(harmless(c.name), 100), c.n)
			}
		}
	}
	t.limit(all, maxRows, "those of the buckets that matter most", asJSON)
	return *t
}

func bucketTable(ranked []*Bucket) htmlTable {
	t := htmlTable{ID: "all-buckets", Title: "All buckets", Columns: []htmlColumn{
		{"Bucket", other}, {"Requests", numbers}, {"Deleted", numbers}, {"Refused deletes", numbers}, {"4xx", numbers}, {"5xx", numbers}, {"Downloaded", numbers},
		{"Uploaded", numbers}, {"Callers", numbers}, {"Objects", numbers}, {"Busiest hour", times}, {"First", times}, {"Last", times},
	}}
	n := t.limit(len(ranked), maxRows, "those that matter most", asJSON)
	for _, b := range ranked[:n] {
		m := b.Metrics
		callers := len(b.Callers)
		for i := range b.Callers {
			if b.Callers[i].Principal == metric.OtherName {
				callers-- // it is of unknown many
			}
		}
		t.row(harmless(b.Bucket), m["AllRequests"], m["DeletedObjects"], m["DeniedDeletes"], m["4xxErrors"], m["5xxErrors"], bytesCount(m["BytesDownloaded"]),
			bytesCount(m["BytesUploaded"]), callers, b.KeysInAll, b.BusiestHour.Start.Format("2006-01-02 15:04"), b.First, b.Last)
	}
	return t
}

func anomalyTable(all []Anomaly) htmlTable {
	t := htmlTable{Title: "Anomalies", Caption: "Anomalies", Sortable: true, Columns: []htmlColumn{
		{"First", times}, {"Last", times}, {"Severity", other}, {"Anomaly", other}, {"Bucket", other}, {"Who", other}, {"Count", numbers},
	}}
	n := t.limit(len(all), maxRows, "the most severe", fmt.Sprintf(asSheet, "anomalies"))
	for i := range all[:n] {
		a := &all[i]
		t.row(a.First, a.Last, a.Severity, harmless(a.Anomaly), harmless(a.Bucket), few(whoOf(a)), a.Count)
	}
	return t
}
