package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
)

// timeline is when the anomalies were.
type timeline struct {
	Wide, Narrow picture
	Legend       []legend
	Note         string
	Table        htmlTable
}

// legend names an ink.
type legend struct {
	Ink  ink
	Name string
}

// maxLines is how many lines the timeline has: one for each bucket and anomaly.
const maxLines = 14

func newTimeline(all []Anomaly) *timeline {
	t := &timeline{Table: anomalyTable(all)}
	var names []string
	var events []event
	from, until := all[0].First, all[0].Last
	left := 0
	for i := range all { // the most severe come first
		a := &all[i]
		line := slices.Index(names, title(a))
		if line < 0 {
			if len(names) == maxLines {
				left++
				continue
			}
			line = len(names)
			names = append(names, title(a))
		}
		from, until = earlier(from, a.First), later(until, a.Last)
		events = append(events, event{line, a.First, a.Last, inkOf(a.Severity)})
		if l := (legend{inkOf(a.Severity), string(a.Severity)}); !slices.Contains(t.Legend, l) {
			t.Legend = append(t.Legend, l)
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.line, b.line) })
	margin := max(until.Sub(from)/20, 10*time.Minute)
	from, until = from.Add(-margin), until.Add(margin)
	text := fmt.Sprintf("%s, %s. The table below it has the same.", plural(len(all), "anomaly"), during(from.Add(margin), until.Add(-margin)))
	t.Wide = picture{svg: eventChart(names, events, from, until, 1150), Class: "wide-chart", ID: "timeline-wide", Title: "Timeline of the anomalies", Text: text}
	t.Narrow = picture{svg: eventChart(names, events, from, until, chartWidth), Class: "narrow-chart", ID: "timeline-narrow", Title: "Timeline of the anomalies", Text: text}
	if left > 0 {
		t.Note = fmt.Sprintf("The %d most severe kinds are drawn; the table has %s.", maxLines, plural(left, "more anomaly"))
	}
	return t
}

func inkOf(s anomaly.Severity) ink { return ink("ink-" + class(s)) }
