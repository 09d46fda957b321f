package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
)

// keysListed is how many keys an anomaly's line holds at most.
const keysListed = 10

// compareAnomalies lists where the anomalies that were found aren't those of the story: no other, of the same severity,
// about the same objects, and so many unexpected deletes by bucket.
func compareAnomalies(got *results, want []traffic.Found, unexpected map[string]int64) []string {
	var d differences
	name := func(bucket, anomaly, principal, hour string) string {
		return fmt.Sprintf("anomaly %s of %s by %s at %s", anomaly, bucket, shortName(principal), hour)
	}
	wanted := make(map[string]traffic.Found)
	for _, w := range want {
		wanted[name(w.Bucket, w.Name, w.Principal, w.Hour.Format(time.RFC3339))] = w
	}
	for _, a := range got.anomalies {
		what := name(a.BucketName, a.Anomaly, a.Principal, a.WindowStart)
		w, ok := wanted[what]
		delete(wanted, what)
		switch {
		case !ok:
			d = append(d, what+" was not generated")
		case a.Severity != w.Severity:
			d = append(d, fmt.Sprintf("%s: severity %s, generated %s", what, a.Severity, w.Severity))
		case a.KeysInAll != int64(len(w.Keys)) || len(a.Keys) != min(keysListed, len(w.Keys)):
			d = append(d, fmt.Sprintf("%s: %d keys of %d, generated %d", what, len(a.Keys), a.KeysInAll, len(w.Keys)))
		}
		for _, key := range a.Keys {
			if ok && !slices.Contains(w.Keys, key) {
				d = append(d, fmt.Sprintf("%s: names %s, which isn't among the generated", what, key))
			}
		}
	}
	for _, what := range union(wanted, wanted) {
		d = append(d, what+" was not found")
	}
	d.counts("unexpected deletes", got.unexpected(), unexpected)
	return d
}

// unexpected is how many unexpected deletes CloudWatch would show, by bucket.
func (r *results) unexpected() map[string]int64 {
	n := make(map[string]int64)
	for _, a := range r.anomalies {
		if a.UnexpectedDeletes > 0 {
			n[a.BucketName] += a.UnexpectedDeletes
		}
	}
	return n
}

// compareMessages lists where the messages that were published aren't one for each incident.
func compareMessages(got []localaws.Message, want []traffic.Incident) []string {
	var d differences
	about := func(m localaws.Message, w traffic.Incident) bool {
		return strings.HasPrefix(m.Subject, fmt.Sprintf("[%s] %s: ", w.Severity, w.Bucket)) &&
			strings.Contains(m.Subject, shortName(w.Principal)) && strings.Contains(m.Body, w.Principal)
	}
	for _, w := range want {
		i := slices.IndexFunc(got, func(m localaws.Message) bool { return about(m, w) })
		if i < 0 {
			d = append(d, fmt.Sprintf("no message about %s in %s, severity %s", shortName(w.Principal), w.Bucket, w.Severity))
			continue
		}
		got = slices.Delete(slices.Clone(got), i, i+1)
	}
	for _, m := range got {
		d = append(d, fmt.Sprintf("a message that was not generated: %s", m.Subject))
	}
	return d
}

// inQuietWeeks says of differences where they are.
func inQuietWeeks(d []string) []string {
	for i := range d {
		d[i] = "in the quiet weeks: " + d[i]
	}
	return d
}
