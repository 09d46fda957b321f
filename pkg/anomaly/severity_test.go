package anomaly

import (
	"math"
	"testing"
)

func TestRaised(t *testing.T) {
	tests := []struct {
		severity         Severity
		count, threshold int64
		want             Severity
	}{
		{Low, 199, 20, Low},
		{Low, 200, 20, Medium},
		{Medium, 199, 20, Medium},
		{Medium, 200, 20, High},
		{High, 200, 20, High},
		{Critical, 200, 20, Critical},
		{Low, 10, 1, Medium},
		{Low, 1_000_000, 0, Low}, // an anomaly whatever its number
		{Medium, math.MaxInt64, 1, High},
		{Medium, math.MaxInt64 - 1, math.MaxInt64 / 2, Medium},
		{"", 200, 20, ""},
	}
	for _, test := range tests {
		if got := raised(test.severity, test.count, test.threshold); got != test.want {
			t.Errorf("raised(%s, %d, %d) = %s, want %s", test.severity, test.count, test.threshold, got, test.want)
		}
	}
}
