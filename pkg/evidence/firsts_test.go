package evidence

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
)

// The values that are kept are the first by their times, in whatever order they come.
func TestValues(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		seen := make([]value, rnd.IntN(60))
		first := map[string]int64{}
		for i := range seen {
			seen[i] = value{int64(rnd.IntN(30)), fmt.Sprint(rnd.IntN(20))}
			if at, ok := first[seen[i].text]; !ok || seen[i].at < at {
				first[seen[i].text] = seen[i].at
			}
		}
		want := values{}
		for text, at := range first {
			want = append(want, value{at, text})
		}
		slices.SortFunc(want, value.compare)
		want = want[:min(anomaly.MaxListed, len(want))]
		var got values
		for _, v := range seen {
			got.add(v.at, v.text)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("values of %v = %v, want %v", seen, got, want)
		}
	}
}
