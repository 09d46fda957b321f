//go:build unix

package cputime_test

import (
	"testing"

	"bucketwatch/internal/cputime"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{3, 1, 2}, 2}, {[]float64{9, 1, 1, 1, 9}, 1}} {
		if got := cputime.Median(tt.values); got != tt.want {
			t.Errorf("Median(%v) = %v, want %v", tt.values, got, tt.want)
		}
	}
}

// TestRatio: both run once more than there are pairs, and in turns. What they take is not a test's business.
func TestRatio(t *testing.T) {
	var order []byte
	spin := func(c byte) func() {
		return func() {
			order = append(order, c)
			for until := cputime.Self() + 1e6; cputime.Self() < until; {
			}
		}
	}
	if got := cputime.Ratio(3, spin('a'), spin('b')); got <= 0 {
		t.Errorf("Ratio = %v", got)
	}
	if got := string(order); got != "abababab" {
		t.Errorf("ran in the order %s, want abababab", got)
	}
}
