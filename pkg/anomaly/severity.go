package anomaly

import "math"

// raisedAt is how many times its threshold a count must be for its severity to go up.
const raisedAt = 10

// raised returns the severity one step up, though never above High, for a count of at least ten times the threshold.
// What is an anomaly whatever its number (threshold 0) says by itself how severe it is.
func raised(s Severity, count, threshold int64) Severity {
	if threshold <= 0 || count < multiple(threshold, raisedAt) {
		return s
	}
	switch s {
	case Low:
		return Medium
	case Medium:
		return High
	}
	return s
}

// multiple returns n × factor, or the largest number if that is larger.
func multiple(n, factor int64) int64 {
	if n > math.MaxInt64/factor {
		return math.MaxInt64
	}
	return n * factor
}
