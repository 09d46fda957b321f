package s3event_test

import (
	"testing"

	"bucketwatch/pkg/s3event"
)

// body is the size of the body of a call for so many keys of that length.
func body(keys, length int64) int64 { return 122 + keys*(28+length) }

func TestEstimateKeys(t *testing.T) {
	tests := []struct {
		name   string
		bodies []int64
		keys   []string // whose lengths are known
		want   int64
	}{
		{"no call", nil, nil, 0},
		{"a key", []int64{body(1, 40)}, nil, 1},
		{"250 keys", []int64{body(250, 40)}, nil, 250},
		{"250 short keys", []int64{body(250, 8)}, []string{"12345678"}, 250},
		{"keys of different lengths", []int64{body(100, 6)}, []string{"1234", "12345678", ""}, 100},
		{"1,000 keys", []int64{body(1000, 40)}, nil, 1000},
		{"more than a call takes", []int64{1 << 40}, nil, 1000},
		{"less than a key has", []int64{123}, nil, 1},
		{"size missing", []int64{0}, nil, 1},
		{"shorter than any body", []int64{122}, nil, 1},
		{"several", []int64{body(10, 40), body(20, 40), 0, 0}, nil, 32},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var bodies s3event.Bodies
			for _, bytes := range test.bodies {
				bodies.Add(bytes)
			}
			var lengths s3event.KeyLengths
			for _, key := range test.keys {
				lengths.Add([]byte(key))
			}
			if got := bodies.EstimateKeys(&lengths); got != test.want {
				t.Errorf("EstimateKeys(%v, %q) = %d, want %d", test.bodies, test.keys, got, test.want)
			}
		})
	}
}
