package history

import (
	"cmp"
	"context"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// tallyItem is how many of the objects that a principal deleted in an hour were unexpected: the most that any one anomaly
// is about, since several may be about the same objects.
type tallyItem struct {
	N        int64
	Reported int64
}

// tallied is a principal's hour with unexpected deletes.
type tallied struct {
	principal string
	hour      int64
}

// deletedBy returns how many deletes of each principal and hour the anomaly is about. What is LOW isn't unexpected
// enough to count.
func deletedBy(a *anomaly.Anomaly) map[tallied]int64 {
	if a.Severity.Compare(anomaly.Medium) < 0 {
		return nil
	}
	n := map[tallied]int64{}
	for _, d := range a.Deleted {
		if d.Objects <= 0 {
			continue
		}
		n[tallied{d.Principal, d.Hour.UTC().Truncate(time.Hour).Unix()}] += d.Objects
	}
	return n
}

// toReport is the growth of a tally that was not reported yet.
type toReport struct {
	tallied
	item state.Item
	n    int64 // reported, when this is
	news int64
}

// tally raises the tallies of what the anomalies are about, and returns those with something to report.
func (h *History) tally(ctx context.Context, partition string, touched []*stored, now time.Time) ([]toReport, error) {
	most := map[tallied]int64{}
	var first, last int64
	for _, s := range touched {
		for t, n := range deletedBy(&s.Anomaly) {
			if len(most) == 0 {
				first, last = t.hour, t.hour
			}
			first, last = min(first, t.hour), max(last, t.hour)
			most[t] = max(most[t], n)
		}
	}
	if len(most) == 0 {
		return nil, nil
	}
	items := map[string]state.Item{}
	from, until := tallyPrefix(time.Unix(first, 0)), after(tallyPrefix(time.Unix(last, 0)))
	err := h.store.Query(ctx, partition, from, until, func(item state.Item) bool {
		items[item.Sort] = item
		return true
	})
	if err != nil {
		return nil, err
	}
	var growths []toReport
	for t, n := range most {
		sort := tallySort(t.principal, time.Unix(t.hour, 0))
		item, ok := items[sort]
		if !ok {
			item = state.Item{Partition: partition, Sort: sort}
		}
		item, is, err := h.changeTally(ctx, item, now, func(i *tallyItem) { i.N = max(i.N, n) })
		if err != nil {
			return nil, err
		}
		if is.N > is.Reported {
			growths = append(growths, toReport{tallied: t, item: item, n: is.N, news: is.N - is.Reported})
		}
	}
	return growths, nil
}

// changeTally changes a tally, if alter does, and returns it as it is then.
func (h *History) changeTally(ctx context.Context, item state.Item, now time.Time, alter func(*tallyItem)) (state.Item, tallyItem, error) {
	return changeContent(ctx, h, item, expiry(now, keepTally), alter)
}

// worst returns which of the anomalies tells of the growth: the most severe that is about it.
func (r *toReport) worst(touched []*stored) *stored {
	var worst *stored
	compare := func(a, b *stored) int {
		return cmp.Or(
			a.Severity.Compare(b.Severity),
			cmp.Compare(deletedBy(&a.Anomaly)[r.tallied], deletedBy(&b.Anomaly)[r.tallied]),
			cmp.Compare(b.item.Sort, a.item.Sort),
		)
	}
	for _, s := range touched {
		if deletedBy(&s.Anomaly)[r.tallied] > 0 && (worst == nil || compare(s, worst) > 0) {
			worst = s
		}
	}
	return worst
}
