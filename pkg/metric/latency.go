package metric

// maxLatencies is how many latencies of a bucket and minute are kept: a hundred lines of a hundred values.
const maxLatencies = 10_000

// Latencies are the latencies of one bucket and minute, in milliseconds.
type Latencies struct {
	Count         int64
	Sum, Min, Max float64
	Kept          []float32 // all, or a uniform sample of them
}

// maxLatency is a day: a longer one is no latency but a damaged record, whose sum or float32 might be infinite, which
// would make the line, and so the file, impossible to write.
const maxLatency = 24 * 60 * 60 * 1000

// addLatency adds one latency; a negative one is unknown.
func (c *Counts) addLatency(l *Latencies, ms float64) {
	if ms < 0 || ms > maxLatency {
		return
	}
	if l.Count == 0 || ms < l.Min {
		l.Min = ms
	}
	l.Max = max(l.Max, ms)
	l.Sum += ms
	l.Count++
	if !c.keepLatencies {
		return
	}
	if len(l.Kept) < maxLatencies {
		l.Kept = append(l.Kept, float32(ms))
		return
	}
	c.notKept++
	// Reservoir sampling (Vitter's algorithm R): each latency stays with the same probability.
	if i := c.random.Int64N(l.Count); i < maxLatencies {
		l.Kept[i] = float32(ms)
	}
}
