package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
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
	steps := newSteps(from, until)
	text := "Each bar is of " + aStep(steps) + ", UTC."
	if len(ranked) > maxCharted {
		text = fmt.Sprintf("%d of %s buckets: those with the most severe anomalies, then those with most deletes and requests. The table of all buckets has the others. ",
			maxCharted, group3(len(ranked))) + text
	}
	if left > 0 {
		text += fmt.Sprintf(" The charts are of %s; %s long before or after it only stand in the tables.", during(from, until), plural(left, "request"))
	}
	d.BucketsText = text
	for i, b := range ranked[:min(len(ranked), maxCharted)] {
		c := &charting{bucket: b, steps: steps, id: fmt.Sprintf("bucket-%d", i+1), anomalies: r.Anomalies}
		part := c.part()
		part.Open = i < openCharted
		d.Buckets = append(d.Buckets, part)
	}
}

func aStep(s *steps) string {
	each := s.each()
	if strings.HasPrefix(each, "hour") {
		return "an hour"
	}
	if each == "day" {
		return "a day"
	}
	return each
}

// chartSpan returns from when to when the charts are, and how many requests are in none: a single record that was
// delivered weeks late, or has a wrong time, must not press all others into one bar.
func chartSpan(buckets []Bucket) (from, until time.Time, left int64) {
	requests := map[time.Time]int64{}
	deletes := map[time.Time]bool{}
	all := int64(0)
	for i := range buckets {
		for _, h := range buckets[i].Hours {
			n := h.Metrics["AllRequests"]
			requests[h.Start] += n
			all += n
			if h.Metrics["DeletedObjects"] > 0 {
				deletes[h.Start] = true
			}
		}
	}
	if len(requests) == 0 { // the hours were too many
		for i := range buckets {
			if b := &buckets[i]; i == 0 {
				from, until = b.First, b.Last
			} else {
				from, until = earlier(from, b.First), later(until, b.Last)
			}
		}
		return from, until, 0
	}
	var hours []time.Time
	for h := range requests {
		hours = append(hours, h)
	}
	slices.SortFunc(hours, time.Time.Compare)
	// An end is cut off that holds next to nothing, no delete, and makes the span at least three times as long.
	for len(hours) > 1 {
		last := len(hours) - 1
		whole := hours[last].Add(time.Hour).Sub(hours[0])
		cut := func(h time.Time, rest time.Duration) bool {
			n := left + requests[h]
			return !deletes[h] && n*200 <= all && whole >= 3*rest
		}
		if cut(hours[0], hours[last].Add(time.Hour).Sub(hours[1])) {
			left += requests[hours[0]]
			hours = hours[1:]
		} else if cut(hours[last], hours[last-1].Add(time.Hour).Sub(hours[0])) {
			left += requests[hours[last]]
			hours = hours[:last]
		} else {
			break
		}
	}
	return hours[0], hours[len(hours)-1].Add(time.Hour - time.Second), left
}

// charting makes the charts of one bucket.
type charting struct {
	bucket    *Bucket
	steps     *steps
	id        string
	anomalies []Anomaly
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
		summary = append(summary, timelineText(found))
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
	part.Numbers = []htmlTable{c.stepTable()}
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

// values are what happened in each step.
func (c *charting) values(of func(h *Hour) int64) []float64 {
	values := make([]float64, c.steps.n())
	for i := range c.bucket.Hours {
		h := &c.bucket.Hours[i]
		if s := c.steps.of(h.Start); s >= 0 {
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

// chart is a chart of steps. Series that are nothing but zeros aren't in it.
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
		svg: barChart(c.steps, list, usual, format), Class: "chart", ID: c.id + "-" + what, Title: title + " of " + harmless(c.bucket.Bucket),
		Text: fmt.Sprintf("A bar for each %s, %s. In all: %s. The numbers stand in a table below the charts.", c.steps.each(),
			during(c.steps.start(0), c.steps.start(c.steps.n())), strings.Join(totals, ", ")),
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
		part.Note = "And " + plural(int64(more), "more caller") + "."
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

// stepTable has the numbers of the charts of steps, of those in which something happened.
func (c *charting) stepTable() htmlTable {
	t := htmlTable{Caption: "Numbers of " + harmless(c.bucket.Bucket) + " by " + c.steps.each(), Columns: []htmlColumn{{"From", times}}}
	for _, s := range c.numbers {
		t.Columns = append(t.Columns, htmlColumn{s.Name, numbers})
	}
	for i := range c.steps.n() {
		row := []any{c.steps.label(i)}
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

// closer is the chart of objects deleted, hour by hour, around the bucket's most severe anomaly; nil where the other has
// hours anyway.
func (c *charting) closer() *chartPart {
	if c.steps.width == time.Hour {
		return nil
	}
	for i := range c.anomalies {
		a := &c.anomalies[i]
		if a.Bucket != c.bucket.Bucket || c.steps.of(a.First) < 0 {
			continue
		}
		middle := a.First.Truncate(day)
		near := &charting{
			bucket: c.bucket, id: c.id + "-closer", anomalies: c.anomalies,
			steps: newSteps(later(middle.Add(-day), c.steps.first), earlier(middle.Add(2*day), c.steps.start(c.steps.n())).Add(-time.Second)),
		}
		part := near.deletes()
		part.Title, part.Note = "Objects deleted each hour around "+a.First.UTC().Format("2 January"), ""
		c.closerNumbers = near.stepTable()
		return &part
	}
	return nil
}

// maxDaysJudged is of how many days it is worked out what is usual.
const maxDaysJudged = 400

// deletes is the chart of objects deleted, and of how many are usual. What is usual is known of hours: of a longer step
// its hour with most deletes is shown.
func (c *charting) deletes() chartPart {
	b := c.bucket
	values := make([]float64, c.steps.n())
	limits := make([]float64, c.steps.n())
	thresholds := c.thresholds()
	seen := make([]bool, c.steps.n())
	for at := c.steps.first; at.Before(c.steps.start(c.steps.n())) && thresholds != nil; at = at.Add(time.Hour) {
		i := c.steps.of(at)
		limit := float64(thresholds(at))
		if !seen[i] || limit == 0 {
			limits[i] = limit
		} else if limits[i] > 0 {
			limits[i] = max(limits[i], limit)
		}
		seen[i] = true
	}
	for i := range b.Hours {
		h := &b.Hours[i]
		n := float64(h.Metrics["DeletedObjects"])
		if s := c.steps.of(h.Start); s >= 0 && n > values[s] {
			values[s] = n
			if thresholds != nil {
				limits[s] = float64(thresholds(h.Start))
			}
		}
	}
	title := "Objects deleted each hour"
	switch {
	case c.steps.width >= day:
		title = "Objects deleted in the busiest hour of " + aStep(c.steps)
	case c.steps.width > time.Hour:
		title = "Objects deleted in the busiest of " + aStep(c.steps)
	}
	usual := &band{limits: limits, marks: c.marks()}
	known := newSeries("usual up to", inkLimit, limits)
	deleted := newSeries("deleted", "ink-delete", values)
	if deleted.total == 0 && len(usual.marks) == 0 {
		return chartPart{Title: "Objects deleted"}
	}
	part := c.chart(title, "deletes", []series{deleted}, usual, inShort)
	if known.total > 0 {
		part.Legend = append(part.Legend, legend{inkLimit, "a surge from here on"})
		part.SVG.Text += " The green band is what is usual of the bucket at that hour, by the 28 days before."
		known.Name = "a surge from"
		c.numbers = append(c.numbers, known)
	}
	for _, m := range usual.marks {
		l := legend{m.ink, strings.ToUpper(strings.TrimPrefix(string(m.ink), "ink-")) + " anomaly"}
		if !slices.Contains(part.Legend, l) {
			part.Legend = append(part.Legend, l)
		}
	}
	part.Note = c.usualNote(limits)
	return part
}

// usualNote says what the band is, and why there is none.
func (c *charting) usualNote(limits []float64) string {
	const detectors = " The detectors judge each caller by itself, and single objects."
	unknown := 0
	for _, l := range limits {
		if l == 0 {
			unknown++
		}
	}
	switch unknown {
	case 0:
		return "The band is what is usual of the whole bucket at that hour." + detectors
	case len(limits):
		return "What is usual takes 14 days to know, and the log files tell of fewer: there is no band to compare with. --since 30d reads more."
	}
	return "The band is what is usual of the whole bucket at that hour; grey are its first 14 days, of which that isn't known." + detectors
}

// thresholds returns from how many objects on an hour of the bucket's is a surge, 0 where it isn't known; nil if that of no
// hour is.
func (c *charting) thresholds() func(time.Time) int64 {
	hours := c.bucket.Hours
	// Since when a bucket is known is since something was done that the detectors look at; reads are not.
	known := slices.IndexFunc(hours, func(h Hour) bool {
		m := h.Metrics
		return m["DeletedObjects"]+m["DeniedDeletes"]+m["DeleteRequests"]+m["PutRequests"]+m["PostRequests"]+m["4xxErrors"] > 0
	})
	if known < 0 {
		return nil
	}
	hours = hours[known:]
	first := hours[0].Start.Truncate(day)
	end := c.steps.start(c.steps.n())
	days := int(end.Sub(first)/day) + 1
	if days > maxDaysJudged {
		first = first.AddDate(0, 0, days-maxDaysJudged)
		days = maxDaysJudged
	}
	deleted := make([][24]int64, days)
	for i := range hours {
		if d := int(hours[i].Start.Sub(first) / day); d >= 0 && d < days && !hours[i].Start.Before(first) {
			deleted[d][hours[i].Start.Hour()] = hours[i].Metrics["DeletedObjects"]
		}
	}
	thresholds := anomaly.SurgeThresholds(first, deleted)
	return func(at time.Time) int64 {
		if d := int(at.Sub(first) / day); d >= 0 && d < days && !at.Before(first) {
			return thresholds[d][at.UTC().Hour()]
		}
		return 0
	}
}

// marks are the bucket's anomalies, of each step the most severe.
func (c *charting) marks() []mark {
	var marks []mark
	taken := map[int]bool{}
	for i := range c.anomalies { // the most severe come first
		a := &c.anomalies[i]
		if s := c.steps.of(a.First); a.Bucket == c.bucket.Bucket && s >= 0 && !taken[s] {
			taken[s] = true
			marks = append(marks, mark{s, inkOf(a.Severity)})
		}
	}
	return marks
}
