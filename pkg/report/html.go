package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"bucketwatch/pkg/anomaly"
)

// The page's parts. The template escapes whatever the report holds; style and script are ours.
var (
	//go:embed html/page.gohtml
	pageSource string
	//go:embed html/style.css
	pageStyle string
	//go:embed html/script.js
	pageScript string
)

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// pagePolicy lets the page do nothing but show itself: no request to anywhere, no style and no script but its own.
// https://www.w3.org/TR/CSP3/
func pagePolicy() string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) + "; img-src data:; base-uri 'none'; form-action 'none'"
}

// WriteHTML writes the report as one page that needs nothing else: what is wrong, then charts of the buckets, then
// tables. How much of a large report is in it the page says itself; WriteJSON writes all.
func (r *Report) WriteHTML(w io.Writer) error {
	if err := pageTemplate.Execute(w, newDocument(r)); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

// document is what the page's template shows. Its texts are harmless, and not yet escaped.
type document struct {
	Policy       string
	Style        template.CSS
	Script       template.JS
	Title        string
	Heading      string
	Span         string
	Asked        string
	Verdict      verdict
	Cards        []card
	MoreCards    []card
	CardsLeftOut string
	Timeline     *timeline
	Deleters     []deleterLine
	FailuresText string
	Failures     []Failure
	Notes        []string
	Tiles        []fact
	BucketsText  string
	Buckets      []bucketPart
	Tables       []htmlTable
	Cost         string
	CostNote     string
	Footer       string
}

// fact is a name and what is to be said of it.
type fact struct {
	Name   string
	Value  string
	Values []string
	All    bool // it takes the whole width
}

func newDocument(r *Report) *document {
	ranked := rank(r)
	names := []string{}
	for _, b := range ranked {
		names = append(names, harmless(b.Bucket))
	}
	d := &document{
		Policy: pagePolicy(), Style: template.CSS(pageStyle), Script: template.JS(pageScript),
		Title: "What happened", Span: spanOf(r),
		Verdict: newVerdict(r), Tiles: tiles(r),
		Cost:     r.DataEvents.String(),
		CostNote: "CloudTrail charges for the record of each request to an object and of each object that a DeleteObjects call deletes, once for each trail that records it.",
		Footer:   "Made by bucketwatch report. All times are UTC. --format json writes all of it for programs; CloudTrail's records are the callers' view, delivered some minutes later.",
	}
	if len(names) > 0 {
		d.Title += " in " + few(names)
	}
	d.Heading = d.Title
	d.Title += " · BucketWatch"
	if a := asks(&r.Query); a != "" {
		d.Asked = "Only " + a + "."
	}
	d.addCards(r)
	if len(r.Anomalies) > 0 {
		d.Timeline = newTimeline(r.Anomalies)
	}
	d.Deleters = newDeleters(r)
	d.addFailures(r.Failures)
	for _, note := range r.Notes {
		d.Notes = append(d.Notes, harmless(note))
	}
	d.addBuckets(r, ranked)
	d.Tables = tables(r, ranked)
	return d
}

// spanOf says what the report is about.
func spanOf(r *Report) string {
	var parts []string
	if !r.First.IsZero() {
		parts = append(parts, during(r.First, r.Last))
	}
	parts = append(parts, plural(r.Files.Read, "log file")+" read", plural(r.Records["RecordsRead"], "record"))
	return strings.Join(parts, " · ")
}

// maxFailures is how many log files that could not be read the page names.
const maxFailures = 100

func (d *document) addFailures(list []Failure) {
	if len(list) == 0 {
		return
	}
	d.FailuresText = plural(len(list), "log file") + " could not be read: what they hold is not in this report."
	if len(list) > maxFailures {
		d.FailuresText += " The first " + group3(maxFailures) + " are:"
	}
	for _, f := range list[:min(len(list), maxFailures)] {
		d.Failures = append(d.Failures, Failure{File: harmless(f.File), Error: harmless(f.Error)})
	}
}

// tiles are the report's numbers in short.
func tiles(r *Report) []fact {
	sum := map[string]int64{}
	for i := range r.Buckets {
		for name, n := range r.Buckets[i].Metrics {
			sum[name] += n
		}
	}
	list := []fact{
		{Name: "Requests", Value: group3(sum["AllRequests"])},
		{Name: "Objects deleted", Value: group3(sum["DeletedObjects"])},
		{Name: "Deletes refused", Value: group3(sum["DeniedDeletes"])},
		{Name: "Client errors (4xx)", Value: group3(sum["4xxErrors"])},
		{Name: "Server errors (5xx)", Value: group3(sum["5xxErrors"])},
		{Name: "Buckets", Value: group3(len(r.Buckets))},
	}
	if r.DataEvents.Count > 0 {
		list = append(list, fact{Name: "Data events, a month", Value: fmt.Sprintf("$%.2f", r.DataEvents.USDAMonth)})
	}
	return list
}

// rank returns the buckets, the one first that somebody should look at first.
func rank(r *Report) []*Bucket {
	worst := map[string]anomaly.Severity{}
	for i := range r.Anomalies {
		if a := &r.Anomalies[i]; a.Severity.Compare(worst[a.Bucket]) > 0 {
			worst[a.Bucket] = a.Severity
		}
	}
	list := make([]*Bucket, len(r.Buckets))
	for i := range r.Buckets {
		list[i] = &r.Buckets[i]
	}
	slices.SortStableFunc(list, func(a, b *Bucket) int {
		if c := worst[b.Bucket].Compare(worst[a.Bucket]); c != 0 {
			return c
		}
		for _, name := range []string{"DeletedObjects", "DeniedDeletes", "AllRequests"} {
			if c := b.Metrics[name] - a.Metrics[name]; c != 0 {
				return int(max(min(c, 1), -1))
			}
		}
		return 0
	})
	return list
}
