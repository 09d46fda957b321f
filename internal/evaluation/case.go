package evaluation

import (
	"slices"
	"time"
)

// cases counts, for each scripted case, whether the anomaly was told that must find it.
func (o *Outcome) cases(found map[string]Found) {
	for i := range o.Labels.Attacks {
		a := &o.Labels.Attacks[i]
		if a.Case == "" {
			continue
		}
		addFound(found, a.Case, slices.ContainsFunc(o.Findings, func(f Finding) bool {
			return f.Name == a.Anomaly && f.Bucket == a.Bucket && f.actor() == actorOf(a.Principal, a.Human) &&
				!f.First.After(a.Until.Add(after)) && !f.Last.Before(a.Start)
		}))
	}
}

// latencies are how long it took until an anomaly of at least MEDIUM was told that is about an attack of five minutes or
// a scripted case: of detectors that wait, from when they may judge; of others, from the first bad event.
type latencies struct{ atOnce, waited []time.Duration }

func (o *Outcome) latencies(l *latencies) {
	for i := range o.Labels.Attacks {
		a := &o.Labels.Attacks[i]
		if a.Minutes > 5 {
			continue
		}
		for _, f := range o.Findings {
			in := Incident{Bucket: f.Bucket, Actor: f.actor(), First: f.First, Last: f.Last}
			if f.Severity == "LOW" || !in.isAbout(a) || f.waits() || f.First.Before(a.Start.Truncate(time.Hour)) {
				continue
			}
			l.atOnce = append(l.atOnce, f.At.Sub(a.Start))
			break
		}
	}
	seen := map[[2]any]bool{}
	for _, f := range o.Findings {
		id := [2]any{f.Bucket + f.Principal + f.Name, f.WindowStart}
		if f.waits() && !seen[id] && f.WindowEnd.Sub(f.WindowStart) == time.Hour {
			seen[id] = true
			l.waited = append(l.waited, f.At.Sub(f.WindowEnd))
		}
	}
}

// quantile returns the duration that the part p of them are not longer than; 0, if there are none.
func quantile(durations []time.Duration, p float64) time.Duration {
	if len(durations) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}
