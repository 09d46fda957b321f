package labelled

import (
	"math/rand/v2"
	"strings"
)

// Kind is how a bucket is used.
type Kind string

// The kinds of bucket.
const (
	Zero    Kind = "zero"    // nothing is ever deleted
	Quiet   Kind = "quiet"   // a few objects a day, or a week
	App     Kind = "app"     // an application's users delete, and it clears up after itself, by day more than by night
	Busy    Kind = "busy"    // several services delete many objects each hour
	Bursty  Kind = "bursty"  // a job deletes many at once, at no certain time
	Nightly Kind = "nightly" // a clean-up at a certain time each night
	Weekly  Kind = "weekly"  // a clean-up once a week
	Growing Kind = "growing" // an application whose use doubles in two to six months
	AdHoc   Kind = "ad hoc"  // people and their scripts delete when they see fit
)

// Kinds are all kinds.
var Kinds = []Kind{Zero, Quiet, App, Busy, Bursty, Nightly, Weekly, Growing, AdHoc}

func (k Kind) slug() string { return strings.ReplaceAll(string(k), " ", "-") }

// Fleet returns the kinds of an account's n buckets: most accounts have many buckets in which hardly anything is ever
// deleted.
func Fleet(n int) []Kind {
	others := []Kind{Busy, Bursty, Weekly, Growing, AdHoc}
	kinds := make([]Kind, n)
	for i := range kinds {
		switch p := i % 10; {
		case p < 3:
			kinds[i] = Zero
		case p < 7:
			kinds[i] = Quiet
		case p < 8:
			kinds[i] = App
		case p < 9:
			kinds[i] = Nightly
		default:
			kinds[i] = others[i/10%len(others)]
		}
	}
	return kinds
}

// usage is what is usual in one bucket. Most of it is drawn over one or two orders of magnitude: there is no typical
// bucket, and thresholds that suit one size only must not look good.
type usage struct {
	uploads float64 // a day
	reads   float64 // that succeed, a day: no detector looks at them, they are there to be read past
	probes  float64 // refused reads of objects that never were, a day: robots, old links
	asked   float64 // the chance that an object is asked for on a day, and so missed when it is gone
	stale   float64 // the chance that one is asked for after the software has deleted it as it should: a cached page's link
	checks  bool    // its uploader looks whether the object is there first
	swaps   float64 // how often a day a file is replaced by deleting it and uploading it again

	hourly  float64 // objects deleted in a usual hour by day, by each of services
	night   float64 // of hourly, by night
	weekend float64 // of hourly, on Saturdays and Sundays
	shape   float64 // how hourly scatters from hour to hour: variance = mean + mean²/shape
	growth  float64 // a week
	temp    float64 // the part of hourly that are temporary files, deleted within the hour
	batches bool    // software deletes in batches

	jobs   float64 // of bursts, a day
	median float64 // objects of a job, or a burst, or a clean-up
	sigma  float64 // of its logarithm

	people float64 // deletes by people, a week
	theirs float64 // median of their objects
	wild   float64 // sigma of theirs
}

// services is how many principals delete each hour in a busy bucket.
const services = 2

func (k Kind) usage(r *rand.Rand) usage {
	u := usage{
		uploads: between(r, 5, 60), reads: between(r, 2, 20), probes: between(r, 0.2, 10), asked: between(r, 0.002, 0.2),
		stale: between(r, 0.0003, 0.01), checks: r.IntN(3) == 0, shape: 3, weekend: 0.3 + 0.7*r.Float64(), night: 0.05 + 0.3*r.Float64(),
		batches: r.IntN(2) == 0, people: between(r, 0.1, 0.6), theirs: 3, wild: 0.7,
	}
	if r.IntN(4) == 0 {
		u.swaps = between(r, 0.3, 6)
	}
	switch k {
	case Zero:
		u.people, u.swaps = 0, 0
	case Quiet:
		// 1 … 20 objects a week; now and then several at once, as when a user closes an account.
		u.hourly, u.jobs, u.median, u.sigma = between(r, 0.01, 0.12), 0.08, 5, 0.5
	case App:
		// Scattered as requests of users are: in hours of about 20 every third is below 10 or above 30.
		u.hourly, u.temp, u.uploads = between(r, 2, 30), r.Float64()*0.6, between(r, 20, 200)
	case Busy:
		u.hourly, u.temp, u.night, u.shape = between(r, 15, 150), r.Float64()*0.5, 0.2+0.5*r.Float64(), 6
		u.uploads = between(r, 50, 300)
	case Bursty:
		// One in fifty bursts is over five times the median.
		u.jobs, u.median, u.sigma, u.asked = between(r, 0.5, 3), between(r, 15, 200), 0.8, between(r, 0.0005, 0.02)
	case Nightly:
		// What a clean-up finds varies by a third from night to night.
		u.jobs, u.median, u.sigma, u.asked = 1, between(r, 30, 3000), 0.3, between(r, 0.0002, 0.01)
	case Weekly:
		u.jobs, u.median, u.sigma, u.asked = 1, between(r, 100, 6000), 0.35, between(r, 0.0002, 0.01)
	case Growing:
		u.hourly, u.growth, u.shape, u.temp, u.uploads = between(r, 2, 25), 0.03+0.06*r.Float64(), 4, r.Float64()*0.4, between(r, 20, 100)
	case AdHoc:
		// Half of what people do is less than about 12 objects; one time in twenty it is over a hundred.
		u.people, u.theirs, u.wild, u.jobs, u.median, u.sigma = between(r, 0.7, 4), between(r, 4, 30), 1.2, between(r, 0.02, 0.12), between(r, 10, 60), 1.1
	}
	return u
}

// deletes tells whether software deletes in such a bucket.
func (k Kind) deletes() bool { return k != Zero }
