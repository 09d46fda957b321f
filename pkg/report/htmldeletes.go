package report

import (
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
)

// closer is the chart of objects deleted, hour by hour, around the bucket's most severe anomaly; nil where the other has
// hours anyway.
func (c *charting) closer() *chartPart {
	if c.bins.width == time.Hour {
		return nil
	}
	for i := range c.anomalies {
		a := &c.anomalies[i]
		if a.Bucket != c.bucket.Bucket || c.bins.of(a.First) < 0 {
			continue
		}
		middle := a.First.Truncate(day)
		near := &charting{
			bucket: c.bucket, id: c.id + "-closer", anomalies: c.anomalies, narrowed: c.narrowed,
			bins: newBins(later(middle.Add(-day), c.bins.first), earlier(middle.Add(2*day), c.bins.start(c.bins.n())).Add(-time.Second)),
		}
		part := near.deletes()
		part.Title, part.Note = "Objects deleted each hour around "+a.First.UTC().Format("2 January"), ""
		c.closerNumbers = near.binTable()
		return &part
	}
	return nil
}

// maxDaysJudged is of how many days it is worked out what is usual.
const maxDaysJudged = 400

// deletes is the chart of objects deleted, and of how many are usual. What is usual is known of hours: of a longer bin
// its hour with most deletes is shown.
func (c *charting) deletes() chartPart {
	b := c.bucket
	values := make([]float64, c.bins.n())
	limits := make([]float64, c.bins.n())
	thresholds := c.thresholds()
	seen := make([]bool, c.bins.n())
	for at := c.bins.first; at.Before(c.bins.start(c.bins.n())) && thresholds != nil; at = at.Add(time.Hour) {
		i := c.bins.of(at)
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
		if s := c.bins.of(h.Start); s >= 0 && n > values[s] {
			values[s] = n
			if thresholds != nil {
				limits[s] = float64(thresholds(h.Start))
			}
		}
	}
	title := "Objects deleted each hour"
	switch {
	case c.bins.width >= day:
		title = "Objects deleted in the busiest hour of " + aBin(c.bins)
	case c.bins.width > time.Hour:
		title = "Objects deleted in the busiest of " + aBin(c.bins)
	}
	usual := &band{limits: limits, marks: c.marks()}
	known := newSeries("a surge from", inkLimit, limits)
	deleted := newSeries("deleted", "ink-delete", values)
	if deleted.total == 0 && len(usual.marks) == 0 {
		return chartPart{Title: "Objects deleted"}
	}
	part := c.chart(title, "deletes", []series{deleted}, usual, inShort)
	if known.total > 0 {
		part.Legend = append(part.Legend, legend{inkLimit, "a surge from here on"})
		part.SVG.Text += " The green band is what is usual of the bucket at that hour, by the 28 days before."
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
	of := "the whole bucket"
	if c.narrowed {
		of = "what was asked for"
	}
	unknown := 0
	for _, l := range limits {
		if l == 0 {
			unknown++
		}
	}
	switch unknown {
	case 0:
		return "The band is what is usual of " + of + " at that hour." + detectors
	case len(limits):
		return "What is usual takes 14 days to know, and the log files tell of fewer: there is no band to compare with. --since 30d reads more."
	}
	return "The band is what is usual of " + of + " at that hour; grey are its first 14 days, of which that isn't known." + detectors
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
	end := c.bins.start(c.bins.n())
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

// marks are the bucket's anomalies, of each bin the most severe.
func (c *charting) marks() []mark {
	var marks []mark
	taken := map[int]bool{}
	for i := range c.anomalies { // the most severe come first
		a := &c.anomalies[i]
		if s := c.bins.of(a.First); a.Bucket == c.bucket.Bucket && s >= 0 && !taken[s] {
			taken[s] = true
			marks = append(marks, mark{s, inkOf(a.Severity)})
		}
	}
	return marks
}
