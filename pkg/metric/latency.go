package metric

// maxLatencies is how many latencies of a bucket and minute are kept: a hundred lines of a hundred values.
const maxLatencies = 10_000

// Latencies are the latencies of one bucket and minute, in milliseconds.
type Latencies struct {
	Count         int64
	Sum, Min, Max float64
	Kept          []float32 // all, or a uniform sample of them
}

// addLatency adds one latency; a negative one is unknown. (No Event has one that is too long for a float32.)
func (c *Counts) addLatency(l *Latencies, ms float64) {
	if ms < 0 {
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
	if l.Kept == nil {
		l.Kept = make([]float32, 0, 64) // as many as a busy bucket's minute has; a list that grows is allocated again and again
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
