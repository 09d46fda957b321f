package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// How many buckets have charts, and how many of them are open. Hundreds would take minutes to scroll through.
const (
	maxCharted  = 12
	openCharted = 3
	maxBars     = 8 // of callers
)

// bucketPart is a bucket with its charts.
type bucketPart struct {
	ID, Name, Summary string
	Open              bool
	Facts             []fact
	Charts            []chartPart
	Empty             string // says which charts would have nothing in them
	Numbers           []htmlTable
}

// chartPart is a chart with what is to be said of it. It has no picture if there is nothing to draw.
type chartPart struct {
	Title  string
	SVG    *picture
	Legend []legend
	Note   string
}

// picture is a chart as the page has it.
type picture struct {
	svg
	ID, Class, Title, Text string
}

// Content is what the chart library drew; the canvas escaped its texts.
func (p picture) Content() template.HTML { return template.HTML(p.content) }

func (d *document) addBuckets(r *Report, ranked []*Bucket) {
	if len(ranked) == 0 {
		return
	}
	from, until, left := chartSpan(r.Buckets)
	bins := newBins(from, until)
	text := "Each bar is of " + aBin(bins) + ", UTC."
	if len(ranked) > maxCharted {
		text = fmt.Sprintf("%d of %s buckets: those with the most severe anomalies, then those with most deletes and requests. The table of all buckets has the others. ",
			maxCharted, group3(len(ranked))) + text
	}
	if left > 0 {
		text += fmt.Sprintf(" The charts are of %s; %s long before or after it only stand in the tables.", during(from, until), plural(left, "request"))
	}
	d.BucketsText = text
	for i, b := range ranked[:min(len(ranked), maxCharted)] {
		c := &charting{bucket: b, bins: bins, id: fmt.Sprintf("bucket-%d", i+1), anomalies: r.Anomalies,
			narrowed: len(r.Query.Keys)+len(r.Query.Principals)+len(r.Query.Operations) > 0}
		part := c.part()
		part.Open = i < openCharted
		d.Buckets = append(d.Buckets, part)
	}
}

func aBin(s *bins) string {
	each := s.each()
	if strings.HasPrefix(each, "hour") {
		return "an hour"
	}
	if each == "day" {
		return "a day"
	}
	return each
}

// charting makes the charts of one bucket.
type charting struct {
	bucket    *Bucket
	bins      *bins
	id        string
	anomalies []Anomaly
	narrowed  bool     // not all that was done to the bucket was asked for
	numbers   []series // that the table of numbers has

	closerNumbers htmlTable // those of the closer look, if there is one
}

func (c *charting) part() bucketPart {
	b := c.bucket
	m := b.Metrics
	part := bucketPart{ID: c.id, Name: harmless(b.Bucket)}
	summary := []string{plural(m["AllRequests"], "request")}
	if n := m["DeletedObjects"]; n > 0 {
		summary = append(summary, plural(n, "object")+" deleted")
	}
	if n := m["DeniedDeletes"]; n > 0 {
		summary = append(summary, plural(n, "delete")+" refused")
	}
	found := 0
	for i := range c.anomalies {
		if c.anomalies[i].Bucket == b.Bucket {
			found++
		}
	}
	if found > 0 {
		summary = append(summary, plural(found, "anomaly"))
	}
	part.Summary = strings.Join(summary, ", ")
	say := func(name, value string) {
		if value != "" {
			part.Facts = append(part.Facts, fact{Name: name, Values: []string{value}})
		}
	}
	when := during(b.First, b.Last)
	if n := b.BusiestHour.Metrics["AllRequests"]; n > 1 && len(b.Hours) > 1 {
		when += fmt.Sprintf("; busiest hour %s with %s", b.BusiestHour.Start.Format("2 January 15:04"), plural(n, "request"))
	}
	say("When", when)
	say("Operations", shortList(b.Operations))
	say("Errors", shortList(b.ErrorCodes))
	charts := []chartPart{c.requests(), c.deletes(), c.errors(), c.bytes(), c.callers()}
	if closer := c.closer(); closer != nil {
		charts = slices.Insert(charts, 2, *closer)
	}
	var empty []string
	for _, chart := range charts {
		if chart.SVG == nil {
			empty = append(empty, strings.ToLower(chart.Title[:1])+chart.Title[1:])
		} else {
			part.Charts = append(part.Charts, chart)
		}
	}
	if len(empty) > 0 {
		part.Empty = "Not drawn, since there were none: " + strings.Join(empty, "; ") + "."
	}
	part.Numbers = []htmlTable{c.binTable()}
	if len(c.closerNumbers.Rows) > 0 {
		part.Numbers = append(part.Numbers, c.closerNumbers)
	}
	part.Numbers = append(part.Numbers, c.callerTable())
	return part
}

// shortList is list, of the first names only.
func shortList(counts map[string]int64) string {
	const few = 10
	var parts []string
	all := most(counts)
	for _, n := range all[:min(len(all), few)] {
		parts = append(parts, shortened(harmless(n.name), 60)+" "+group3(n.n))
	}
	if len(all) > few {
		parts = append(parts, fmt.Sprintf("and %d more", len(all)-few))
	}
	return strings.Join(parts, ", ")
}

// values are what happened in each bin.
func (c *charting) values(of func(h *Hour) int64) []float64 {
	values := make([]float64, c.bins.n())
	for i := range c.bucket.Hours {
		h := &c.bucket.Hours[i]
		if s := c.bins.of(h.Start); s >= 0 {
			values[s] += float64(of(h))
		}
	}
	return values
}

func metricOf(name string) func(*Hour) int64 {
	return func(h *Hour) int64 { return h.Metrics[name] }
}

// kindsOfRequests are the kinds that requests are counted by, and how they are drawn.
var kindsOfRequests = []struct {
	metric, name string
	ink          ink
}{
	{"GetRequests", "GET", "ink-get"}, {"HeadRequests", "HEAD", "ink-head"}, {"ListRequests", "list", "ink-list"}, {"PutRequests", "PUT", "ink-put"},
	{"PostRequests", "POST", "ink-post"}, {"SelectRequests", "select", "ink-select"}, {"DeleteRequests", "DELETE", "ink-delete"},
}

func (c *charting) requests() chartPart {
	var list []series
	for _, k := range kindsOfRequests {
		list = append(list, newSeries(k.name, k.ink, c.values(metricOf(k.metric))))
	}
	list = append(list, newSeries("other", "ink-other", c.values(func(h *Hour) int64 {
		n := h.Metrics["AllRequests"]
		for _, k := range kindsOfRequests {
			n -= h.Metrics[k.metric]
		}
		return max(n, 0)
	})))
	return c.chart("Requests by kind", "requests", list, nil, inShort)
}

func (c *charting) errors() chartPart {
	return c.chart("Errors", "errors", []series{
		newSeries("client errors (4xx)", "ink-put", c.values(metricOf("4xxErrors"))),
		newSeries("server errors (5xx)", "ink-delete", c.values(metricOf("5xxErrors"))),
	}, nil, inShort)
}

func (c *charting) bytes() chartPart {
	return c.chart("Bytes", "bytes", []series{
		newSeries("downloaded", "ink-get", c.values(metricOf("BytesDownloaded"))),
		newSeries("uploaded", "ink-put", c.values(metricOf("BytesUploaded"))),
	}, nil, inBytes)
}

// chart is a chart of bins. Series that are nothing but zeros aren't in it.
func (c *charting) chart(title, what string, list []series, usual *band, format func(float64) string) chartPart {
	part := chartPart{Title: title}
	list = slices.DeleteFunc(list, func(s series) bool { return s.total == 0 })
	c.numbers = append(c.numbers, list...)
	if len(list) == 0 && usual == nil {
		return part
	}
	var totals []string
	for _, s := range list {
		part.Legend = append(part.Legend, legend{s.Ink, s.Name})
		totals = append(totals, s.Name+" "+format(s.total))
	}
	part.SVG = &picture{
		svg: barChart(c.bins, list, usual, format), Class: "chart", ID: c.id + "-" + what, Title: title + " of " + harmless(c.bucket.Bucket),
		Text: fmt.Sprintf("A bar for each %s, %s. In all: %s. The numbers stand in a table below the charts.", c.bins.each(),
			during(c.bins.start(0), c.bins.start(c.bins.n())), strings.Join(totals, ", ")),
	}
	return part
}

func (c *charting) callers() chartPart {
	part := chartPart{Title: "Callers, by requests"}
	var names []counted
	for _, caller := range c.bucket.Callers[:min(len(c.bucket.Callers), maxBars)] {
		if caller.Requests > 0 {
			names = append(names, counted{who(caller.Principal, caller.Kind), caller.Requests})
		}
	}
	if len(names) == 0 {
		return part
	}
	if more := len(c.bucket.Callers) - len(names); more > 0 {
		part.Note = "And " + plural(more, "more caller") + "."
	}
	var told []string
	for _, n := range names {
		told = append(told, n.name+" "+group3(n.n))
	}
	part.SVG = &picture{
		svg: nameChart(names, "ink-get", inShort), Class: "chart", ID: c.id + "-callers", Title: "Callers of " + harmless(c.bucket.Bucket),
		Text: "Requests of each caller: " + strings.Join(told, ", ") + ".",
	}
	return part
}

// binTable has the numbers of the charts of bins, of those in which something happened.
func (c *charting) binTable() htmlTable {
	t := htmlTable{Caption: "Numbers of " + harmless(c.bucket.Bucket) + " by " + c.bins.each(), Columns: []htmlColumn{{"From", times}}}
	for _, s := range c.numbers {
		t.Columns = append(t.Columns, htmlColumn{s.Name, numbers})
	}
	for i := range c.bins.n() {
		row := []any{c.bins.label(i)}
		some := false
		for _, s := range c.numbers {
			some = some || s.values[i] > 0 && s.Ink != inkLimit
			switch {
			case s.Ink == inkLimit && s.values[i] == 0:
				row = append(row, "not known")
			default:
				row = append(row, int64(s.values[i]))
			}
		}
		if some {
			t.row(row...)
		}
	}
	return t
}

func (c *charting) callerTable() htmlTable {
	t := htmlTable{Caption: "Callers of " + harmless(c.bucket.Bucket), Columns: []htmlColumn{{"Who", other}, {"Requests", numbers}, {"Deleted", numbers}, {"Errors", numbers}}}
	for _, caller := range c.bucket.Callers[:min(len(c.bucket.Callers), maxBars)] {
		t.row(who(caller.Principal, caller.Kind), caller.Requests, caller.DeletedObjects, caller.Errors)
	}
	return t
}
