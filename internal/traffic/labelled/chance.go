package labelled

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// source gives each bucket a source of chance of its own, so that one more changes nothing of the others.
func source(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// between draws from a to b so that each doubling is as likely as the next: what buckets do differs by orders of magnitude.
func between(r *rand.Rand, a, b float64) float64 { return a * math.Exp(r.Float64()*math.Log(b/a)) }

// lognormal draws sizes of jobs: most about the median, a few many times that.
func lognormal(r *rand.Rand, median, sigma float64) int {
	return int(math.Round(median * math.Exp(sigma*r.NormFloat64())))
}

func poisson(r *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 200 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n := 0
	for p := r.Float64(); p > math.Exp(-mean); p *= r.Float64() {
		n++
	}
	return n
}

// gamma draws from the gamma distribution of that shape and mean 1. (Marsaglia and Tsang, 2000)
func gamma(r *rand.Rand, shape float64) float64 {
	boost, d := 1.0, shape
	if shape < 1 {
		boost, d = math.Pow(r.Float64(), 1/shape), shape+1
	}
	d -= 1.0 / 3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v * boost / shape
		}
	}
}

// scattered draws a count whose mean itself scatters: a negative binomial. The smaller the shape the wilder.
func scattered(r *rand.Rand, mean, shape float64) int { return poisson(r, mean*gamma(r, shape)) }

// perYear tells whether something that happens so often a year happens on a day.
func perYear(r *rand.Rand, times float64) bool { return r.Float64() < times/365 }

// within draws a time from 0 to less than d.
func within(r *rand.Rand, d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }
