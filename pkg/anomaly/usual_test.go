package anomaly

import (
	"testing"
	"time"
)

func TestSurgeThresholds(t *testing.T) {
	first := time.Date(2026, 10, 1, 5, 0, 0, 0, time.UTC) // any time of its day
	deleted := make([][24]int64, 40)
	for i := range deleted {
		deleted[i][14] = 100
	}
	deleted[20][14] = 5000
	got := SurgeThresholds(first, deleted)
	for hour, n := range got[coldDays-1] {
		if n != 0 {
			t.Errorf("threshold of hour %d of day %d = %d, want 0: the bucket is too new", hour, coldDays-1, n)
		}
	}
	for _, hour := range []int{3, 20} {
		if got[16][hour] != 100 {
			t.Errorf("threshold of hour %d, in which nothing is ever deleted, = %d, want the 100 of the usual hour", hour, got[16][hour])
		}
	}
	for _, hour := range []int{13, 14, 15} {
		if n := got[16][hour]; n < 200 || n > 1000 {
			t.Errorf("threshold of hour %d = %d, want 200 (twice the usual 100) and hardly more", hour, n)
		}
	}
	if n := got[24][14]; n != got[19][14] {
		t.Errorf("threshold of the same hour four days after 5,000 were deleted in it = %d, want %d as before: an attack doesn't teach what is usual", n, got[19][14])
	}
	if SurgeThresholds(first, nil) == nil {
		t.Error("thresholds of no days = nil, want none")
	}
}

// What is shown as usual is what the detector goes by.
func TestSurgeThresholdsAreTheDetectors(t *testing.T) {
	first := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	const age = 20
	deleted := make([][24]int64, age+1)
	older := make([]Day, age)
	for i := range older {
		counts := &[24]int64{9: int64(3 * i % 7), 10: int64(i), 11: 2}
		deleted[i] = *counts
		older[i] = Day{Date: first.AddDate(0, 0, i), Actors: map[string]*ActorDay{"role": {Hours: map[Measure]*[24]int64{Objects: counts}}}}
	}
	b := newBaseline(first.AddDate(0, 0, age), first, older)
	got := SurgeThresholds(first, deleted)[age]
	for hour := range 24 {
		if want, _ := b.surge("role", Objects, hour); got[hour] != want {
			t.Errorf("threshold of hour %d = %d, want %d", hour, got[hour], want)
		}
	}
}
