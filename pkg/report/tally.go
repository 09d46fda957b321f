package report

import (
	"cmp"
	"maps"
	"slices"

	"bucketwatch/pkg/metric"
)

// maxNames is how many names a tally keeps apart; the rest is counted together.
const maxNames = 100

// tally counts by name. The zero value is ready for use.
type tally map[string]int64

func (t *tally) add(name string, n int64) {
	if *t == nil {
		*t = tally{}
	}
	if _, ok := (*t)[name]; !ok && len(*t) >= maxNames {
		name = metric.OtherName
	}
	(*t)[name] += n
}

// merge adds what o holds, in an order of its own.
func (t *tally) merge(o tally) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		t.add(name, o[name])
	}
}

// counted is a name and its number.
type counted struct {
	name string
	n    int64
}

// most returns the names, the most frequent first and those counted together last.
func most(counts map[string]int64) []counted {
	list := make([]counted, 0, len(counts))
	for name, n := range counts {
		list = append(list, counted{name, n})
	}
	slices.SortFunc(list, func(a, b counted) int {
		return cmp.Or(compareBool(a.name == metric.OtherName, b.name == metric.OtherName), cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name))
	})
	return list
}

// values are metrics by their index in the catalogue.
type values [len(metric.Bucket)]int64

func (v *values) add(o *values) {
	for i, n := range o {
		v[i] += n
	}
}

// byName returns the metrics that aren't 0.
func (v *values) byName() map[string]int64 {
	m := map[string]int64{}
	for i, n := range v {
		if n != 0 {
			m[metric.Bucket[i].Name] = n
		}
	}
	return m
}

// inCatalogue returns metrics in the order of the catalogue.
func inCatalogue(metrics map[string]int64) []counted {
	var list []counted
	for _, d := range metric.Bucket {
		if n, ok := metrics[d.Name]; ok {
			list = append(list, counted{d.Name, n})
		}
	}
	return list
}
