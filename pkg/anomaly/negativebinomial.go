package anomaly

import "math"

// tailThreshold returns the smallest count that a negative binomial distribution of that mean and variance reaches or
// exceeds with a probability less than p. The variance must exceed the mean.
//
// The negative binomial is a Poisson distribution whose rate varies by itself, as that of deletes does: with r the
// number of failures and q = 1 - mean/variance, P(X >= k) is the regularised incomplete beta function I_q(k, r).
func tailThreshold(mean, variance, p float64) int64 {
	const largest = 1 << 50 // more objects than anybody deletes in an hour
	r := mean * mean / (variance - mean)
	q := 1 - mean/variance
	unlikely := func(k int64) bool { return incompleteBeta(q, float64(k), r) < p }
	low, high := int64(0), int64(mean)+1 // low is always reached
	for !unlikely(high) {
		if high >= largest {
			return largest
		}
		low, high = high, 2*high
	}
	for high-low > 1 {
		if middle := low + (high-low)/2; unlikely(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// incompleteBeta returns the regularised incomplete beta function I_x(a, b) for x in [0, 1].
func incompleteBeta(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(x, a, b) / a
	}
	return 1 - front*betaFraction(1-x, b, a)/b
}

// betaFraction evaluates the continued fraction of the incomplete beta function by Lentz's method. It converges within
// about the square root of the larger of a and b.
//
// Source: Numerical Recipes, 3rd edition, section 6.4
func betaFraction(x, a, b float64) float64 {
	const (
		tiny    = 1e-300 // in place of a zero that would be divided by
		epsilon = 1e-13
		most    = 200_000 // steps; more only where the answer is far from any threshold's
	)
	nonzero := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c := 1.0
	d := 1 / nonzero(1-(a+b)*x/(a+1))
	h := d
	for i := 1; i <= most; i++ {
		m := float64(i)
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / nonzero(1+even*d)
		c = nonzero(1 + even/c)
		h *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / nonzero(1+odd*d)
		c = nonzero(1 + odd/c)
		step := d * c
		h *= step
		if math.Abs(step-1) <= epsilon {
			break
		}
	}
	return h
}
