package metric_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

func TestLatencies(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	for _, tt := range []struct {
		name string
		add  []float64
		want metric.Latencies
	}{
		{"none", nil, metric.Latencies{}},
		{"unknown", []float64{-1}, metric.Latencies{}},
		{"zero", []float64{0}, metric.Latencies{Count: 1, Kept: []float32{0}}},
		{"several", []float64{20, 5.5, -1, 5.5, 100}, metric.Latencies{Count: 4, Sum: 131, Min: 5.5, Max: 100, Kept: []float32{20, 5.5, 5.5, 100}}},
		{"zero last", []float64{20, 0}, metric.Latencies{Count: 2, Sum: 20, Min: 0, Max: 20, Kept: []float32{20, 0}}},
		{"zero first", []float64{0, 20}, metric.Latencies{Count: 2, Sum: 20, Min: 0, Max: 20, Kept: []float32{0, 20}}},
		{"a day", []float64{day}, metric.Latencies{Count: 1, Sum: day, Min: day, Max: day, Kept: []float32{day}}},
		// As float32 it would be infinite, and a line with it could never be written.
	} {
		t.Run(tt.name, func(t *testing.T) {
			var events []*s3event.Event
			for _, ms := range tt.add {
				events = append(events, request("GetObject", s3event.Get, latencies(ms, -1)), request("GetObject", s3event.Get, latencies(-1, ms)))
			}
			events = append(events, request("GetObject", s3event.Get)) // without timing
			row := count(events...).Rows()[0]
			for i, got := range row.Latencies {
				if !equalLatencies(got, tt.want) {
					t.Errorf("%s of %v = %+v, want %+v", metric.Latency[i].Name, tt.add, got, tt.want)
				}
			}

			c := metric.NewCounts(allBuckets(), false)
			for _, e := range events {
				c.Add(e)
			}
			tt.want.Kept = nil
			for i, got := range c.Rows()[0].Latencies {
				if !equalLatencies(got, tt.want) {
					t.Errorf("not kept: %s of %v = %+v, want %+v", metric.Latency[i].Name, tt.add, got, tt.want)
				}
			}
		})
	}
}

func equalLatencies(a, b metric.Latencies) bool {
	return a.Count == b.Count && a.Sum == b.Sum && a.Min == b.Min && a.Max == b.Max && slices.Equal(a.Kept, b.Kept)
}

func TestLatenciesOfOthers(t *testing.T) {
	row := count(
		keyDelete(latencies(1, 2)),
		request("DeleteObject", s3event.Delete, ofKind(s3event.LifecycleAction), latencies(1, 2)),
	).Rows()[0]
	for i, l := range row.Latencies {
		if l.Count != 0 {
			t.Errorf("%s has %d values of events that are no requests", metric.Latency[i].Name, l.Count)
		}
	}
}

func TestLatenciesKept(t *testing.T) {
	for _, n := range []int{9_999, 10_000, 10_001, 12_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			c := sampled(n)
			l := &c.Rows()[0].Latencies[metric.TotalRequestLatency]
			if got, want := len(l.Kept), min(n, 10_000); got != want {
				t.Errorf("%d kept, want %d", got, want)
			}
			if got, want := c.LatenciesNotKept(), int64(max(0, n-10_000)); got != want {
				t.Errorf("LatenciesNotKept = %d, want %d", got, want)
			}
			if got, want := l.Sum, float64(n)*float64(n-1)/2; got != want || l.Count != int64(n) || l.Min != 0 || l.Max != float64(n-1) {
				t.Errorf("%d latencies from %v to %v with sum %v, want all of them: %d from 0 to %d with sum %v", l.Count, l.Min, l.Max, got, n, n-1, want)
			}
			seen := map[float32]bool{}
			for i, ms := range l.Kept {
				if seen[ms] || n <= 10_000 && ms != float32(i) {
					t.Fatalf("kept[%d] = %v, which stands there before, or not in order", i, ms)
				}
				seen[ms] = true
			}
			if again := sampled(n).Rows()[0].Latencies[metric.TotalRequestLatency].Kept; !slices.Equal(l.Kept, again) {
				t.Error("the same events give another sample")
			}
		})
	}
}

// sampled counts n requests whose latencies are 0 to n-1, in this order.
func sampled(n int) *metric.Counts {
	c := metric.NewCounts(allBuckets(), true)
	e := request("GetObject", s3event.Get)
	for i := range n {
		e.TotalLatency = float64(i)
		c.Add(e)
	}
	c.Finish()
	return c
}

// Whenever a latency came, it stays with the same probability: so the sample has the percentiles of all.
func TestSampleIsUniform(t *testing.T) {
	const n, kept, bins = 50_000, 10_000, 50
	var bin [bins]float64
	for _, ms := range sampled(n).Rows()[0].Latencies[metric.TotalRequestLatency].Kept {
		bin[int(ms)/(n/bins)]++
	}
	const want = float64(kept) / bins
	var chi2 float64
	for _, got := range bin {
		chi2 += (got - want) * (got - want) / want
	}
	chi2 /= 1 - float64(kept)/n // drawn without putting back
	// 49 degrees of freedom: 1 of 1,000 right samplers is above 85.4, and 1 of 1,000 below 23.98. The seed is fixed.
	if chi2 > 85.4 || chi2 < 23.98 {
		t.Errorf("chi-squared = %.1f of %v, want 24 to 85.4", chi2, bin)
	}
}

func TestLatenciesByRow(t *testing.T) {
	c := count(
		request("GetObject", s3event.Get, latencies(1, 10)),
		request("GetObject", s3event.Get, latencies(2, 20), at(minute.Add(time.Minute))),
		request("GetObject", s3event.Get, latencies(3, 30), on("invoices")),
	)
	var got []float32
	c.Finish()
	for _, row := range c.Rows() {
		got = append(got, row.Latencies[metric.FirstByteLatency].Kept...)
		got = append(got, row.Latencies[metric.TotalRequestLatency].Kept...)
	}
	if want := []float32{3, 30, 1, 10, 2, 20}; !slices.Equal(got, want) {
		t.Errorf("latencies = %v, want %v", got, want)
	}
}
