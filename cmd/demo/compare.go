package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"bucketwatch/internal/traffic"
)

// compare lists what the function counted otherwise than the generator did. Nothing of the generator's truth was
// read from the log files, so that an agreement means something.
func compare(got *results, want *traffic.Truth) []string {
	var d differences
	for _, name := range union(got.buckets, want.Buckets) {
		d.bucket(name, got, want)
	}
	d.counts("health", got.classes(), want.Records)
	d.counts("deletes", count(got.deletes, func(l line) string {
		return fmt.Sprintf("s3://%s/%s %s %s by %s", l.BucketName, l.Key, l.VersionID, l.ErrorCode, l.Principal)
	}), count(want.Deletes, func(x traffic.Delete) string {
		return fmt.Sprintf("s3://%s/%s %s %s by %s", x.Bucket, x.Key, x.VersionID, x.ErrorCode, x.Principal)
	}))
	if !got.reconcile() {
		d = append(d, "the classes of records don't add up to RecordsRead")
	}
	return d
}

type differences []string

func (d *differences) bucket(name string, got *results, want *traffic.Truth) {
	g, w := got.buckets[name], want.Buckets[name]
	if g == nil {
		g = got.bucket(name)
	}
	if w == nil {
		w = &traffic.Counts{}
	}
	d.counts(name, g.sums, w.Metrics)
	d.counts(name+" operations", g.operations, w.Operations)
	d.counts(name+" error codes", g.errorCodes, w.ErrorCodes)
	for _, latency := range latencies {
		d.counts(name, map[string]int64{latency + " values": int64(len(g.values[latency]))}, map[string]int64{latency + " values": w.Timed})
	}
	callers := make(map[string]int64)
	for key, c := range got.callers {
		if key.bucket == name && c.requests > 0 {
			callers[key.principal] = c.requests
		}
	}
	d.counts(name+" callers", callers, w.Callers)
}

func (d *differences) counts(what string, got, want map[string]int64) {
	for _, name := range union(got, want) {
		if got[name] != want[name] {
			*d = append(*d, fmt.Sprintf("%s: %s = %s, generated %s", what, name, grouped(got[name]), grouped(want[name])))
		}
	}
}

// classes is how many records were of each class.
func (r *results) classes() map[string]int64 {
	found := map[string]int64{"RecordsRead": r.health["RecordsRead"]}
	for _, class := range classes {
		if n := r.health[class.name]; n != 0 {
			found[class.name] = n
		}
	}
	return found
}

// reconcile says whether every record that was read is of one class.
func (r *results) reconcile() bool {
	sum := int64(0)
	for _, class := range classes {
		sum += r.health[class.name]
	}
	return sum == r.health["RecordsRead"] && sum > 0
}

func count[T any](list []T, name func(T) string) map[string]int64 {
	counts := make(map[string]int64)
	for _, x := range list {
		counts[name(x)]++
	}
	return counts
}

func union[A, B any, K cmp.Ordered](a map[K]A, b map[K]B) []K {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}
