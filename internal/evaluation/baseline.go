package evaluation

import (
	"math"
	"slices"
	"time"

	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/anomaly"
)

// Rule is how deletes are commonly alarmed on: by a bucket's objects deleted in each hour, by whomever. It is given all
// hours that were and the one that is judged, and needs no log files: these rules see what a perfect metric would show them.
type Rule struct {
	Name  string
	fires func(hours []int) bool
}

// Rules are the rules that the detectors are held against.
var Rules = []Rule{
	{"more than 50 an hour", func(hours []int) bool { return hours[len(hours)-1] > 50 }},
	{"mean ± 3 sd by hour of the week", aboveBand},
	{"EWMA, z > 6, at least 20", aboveAverage},
}

// aboveBand is what CloudWatch's anomaly detection band does, about: three standard deviations above the mean of the same
// hour of the last weeks.
func aboveBand(hours []int) bool {
	const week = 7 * 24
	now := len(hours) - 1
	var values []float64
	for i := now - week; i >= 0; i -= week {
		values = append(values, float64(hours[i]))
	}
	if len(values) < 2 {
		return false
	}
	mean, sd := meanAndDeviation(values)
	return float64(hours[now]) > mean+3*sd
}

func meanAndDeviation(values []float64) (mean, sd float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / float64(len(values)))
}

// aboveAverage holds an hour against the exponentially weighted mean and variance of those before it, of which the last
// day weighs about two thirds.
func aboveAverage(hours []int) bool {
	const weight, floor, most = 1.0 / 24, 20, 6
	n := hours[len(hours)-1]
	if n < floor {
		return false
	}
	mean, variance := 0.0, 0.0
	first := max(0, len(hours)-1-24*14) // what is older weighs nothing
	for _, v := range hours[first : len(hours)-1] {
		d := float64(v) - mean
		mean += weight * d
		variance = (1 - weight) * (variance + weight*d*d)
	}
	return (float64(n)-mean)/math.Sqrt(variance+1) > most
}

// incidents returns what a rule would have told of the buckets, at the end of each hour.
func (r *Rule) incidents(labels *labelled.Labels) []*Incident {
	var findings []Finding
	for _, b := range labels.Buckets {
		for i := range b.Hours {
			start := labels.From.Add(time.Duration(i) * time.Hour)
			if b.Hours[i] == 0 || start.Before(labels.ScoredFrom) || !r.fires(b.Hours[:i+1]) {
				continue
			}
			end := start.Add(time.Hour)
			findings = append(findings, Finding{
				At: end, Tick: end, Name: r.Name, Severity: anomaly.High, Bucket: b.Name, Principal: everybody,
				WindowStart: start, WindowEnd: end, First: start, Last: end.Add(-time.Second), Count: int64(b.Hours[i]),
			})
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return a.At.Compare(b.At) })
	return incidents(findings)
}

// everybody is the actor of a rule that knows none.
const everybody = "*"
