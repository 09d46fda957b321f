package anomaly

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactThreshold adds up the distribution's terms with 200 bits, each from the one before, until they no longer matter:
// nothing of it is an incomplete beta function.
func exactThreshold(mean, variance, p float64) int64 {
	const precision = 200
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(v) }
	m, v := number(mean), number(variance)
	r := number(0).Quo(number(0).Mul(m, m), number(0).Sub(v, m))
	q := number(0).Sub(number(1), number(0).Quo(m, v))

	terms := []*big.Float{number(1)} // in units of the first
	sum := number(1)
	negligible := number(p * 1e-6)
	for k := 0; ; k++ {
		term := number(0).Add(r, number(float64(k)))
		term.Mul(term, q).Mul(term, terms[k]).Quo(term, number(float64(k+1)))
		terms = append(terms, term)
		sum.Add(sum, term)
		// The rest is at most a geometric series with the ratio of the next two terms, or with q.
		ratio := max(float64(k+2), 1)
		next := (float64(k+1) + mean*mean/(variance-mean)) * (1 - mean/variance) / ratio
		if float64(k) > mean && next < 1 {
			rest := number(0).Quo(term, number(1-max(next, 1-mean/variance)))
			if rest.Cmp(number(0).Mul(sum, negligible)) < 0 {
				break
			}
		}
	}
	limit := number(0).Mul(sum, number(p))
	tail := number(0)
	for k := len(terms) - 1; k >= 0; k-- {
		tail.Add(tail, terms[k])
		if tail.Cmp(limit) >= 0 {
			return int64(k) + 1
		}
	}
	return 0
}

func TestTailThreshold(t *testing.T) {
	tests := []struct {
		mean, variance, p float64
	}{
		{0.5 / 82, 1.05 * 0.5 / 82, 1e-6}, // nothing in 27 days
		{0.5, 0.525, 1e-6},                // nothing known at all
		{0.25, 4.9, 1e-6},                 // one hour with 20
		{12.2, 12_000, 1e-6},              // one hour with 1,000
		{1, 1.05, 1e-6},
		{1, 2, 1e-6},
		{1, 2, 0.4},
		{1, 2, 0.01},
		{10, 10.5, 1e-6},
		{10, 1000, 1e-6},
		{100, 105, 1e-6},
		{100, 400, 1e-9},
		{1000, 1050, 1e-6},
		{1000, 100_000, 1e-6},
		{10_000, 10_500, 1e-6},
		{100_000, 105_000, 1e-6},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("mean %v variance %v p %v", test.mean, test.variance, test.p), func(t *testing.T) {
			got, want := tailThreshold(test.mean, test.variance, test.p), exactThreshold(test.mean, test.variance, test.p)
			if got != want {
				t.Errorf("tailThreshold(%v, %v, %v) = %d, want %d", test.mean, test.variance, test.p, got, want)
			}
		})
	}
}

func TestTailThresholdOfAny(t *testing.T) {
	const seed, n = 20261120, 150
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range n {
		mean := math.Pow(10, -3+6*rnd.Float64())
		variance := mean * (1.05 + math.Pow(10, -2+3*rnd.Float64()))
		p := math.Pow(10, -9*rnd.Float64()) / 2
		if got, want := tailThreshold(mean, variance, p), exactThreshold(mean, variance, p); got != want {
			t.Errorf("tailThreshold(%v, %v, %v) = %d, want %d (seed %d)", mean, variance, p, got, want, seed)
		}
	}
}

// From 0 to a million objects an hour, however they are scattered, the threshold exceeds the mean and grows with the
// variance.
func TestTailThresholdGrows(t *testing.T) {
	for _, mean := range []float64{1e-9, 0.006, 0.5, 1, 30, 1e3, 1e5, 1e6} {
		last := int64(0)
		for _, dispersion := range []float64{1.05, 1.5, 10, 1e3, 1e6} {
			got := tailThreshold(mean, mean*dispersion, 1e-6)
			if got < last || got < int64(mean) || got < 1 {
				t.Errorf("tailThreshold(%v, %v, 1e-6) = %d, want at least %d", mean, mean*dispersion, got, max(last, int64(mean), 1))
			}
			if mean*dispersion < mean*mean { // not where most of the time nothing happens
				last = got
			}
		}
	}
}

// The normal distribution is the limit for large means: a millionth lies 4.7534 standard deviations above.
func TestTailThresholdOfAMillion(t *testing.T) {
	const mean, variance = 1e6, 1.05e6
	got := float64(tailThreshold(mean, variance, 1e-6))
	if want := mean + 4.7534*math.Sqrt(variance); math.Abs(got-want) > 20 {
		t.Errorf("tailThreshold(%v, %v, 1e-6) = %v, want about %v", mean, variance, got, want)
	}
}

func BenchmarkTailThreshold(b *testing.B) {
	for _, test := range []struct{ mean, variance float64 }{{0.5 / 82, 1.05 * 0.5 / 82}, {12, 12_000}, {1e3, 1.05e3}, {1e6, 1.05e6}, {1e6, 1e12}, {1e4, 1e10}} {
		b.Run(fmt.Sprintf("%g/%g", test.mean, test.variance), func(b *testing.B) {
			for b.Loop() {
				if tailThreshold(test.mean, test.variance, 1e-6) < 1 {
					b.Fatal("no threshold")
				}
			}
		})
	}
}
