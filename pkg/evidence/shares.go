package evidence

import (
	"cmp"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
)

// Shares returns what was gathered, in the order of bucket and hour. Call it once, after Finish: what is kept of the keys
// is handed over.
//
// An owned bucket of which the file tells nothing that is gathered, such as one that is only read, has one empty share,
// of its earliest hour: since when a bucket has been watched is what tells whether nothing was deleted of it so far or
// nobody looked.
func (c *Collector) Shares() []anomaly.Share {
	shares := make([]anomaly.Share, 0, c.hours)
	for _, b := range c.buckets {
		for _, h := range b.hours {
			shares = append(shares, c.share(b, h))
		}
		if len(b.hours) == 0 && b.owned {
			shares = append(shares, c.share(b, newHour(floorDiv(b.first, 3600))))
		}
	}
	slices.SortFunc(shares, func(a, b anomaly.Share) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), a.Hour.Compare(b.Hour))
	})
	return shares
}

func (c *Collector) share(b *bucket, h *hour) anomaly.Share {
	s := anomaly.Share{
		Bucket:      b.name,
		Hour:        time.Unix(h.number*3600, 0).UTC(),
		IsLogBucket: b.name == c.file.Bucket,
		LogFile:     c.file.URI,
		Delivered:   c.file.Delivered,
		Uploads:     h.uploads,
		Refused:     h.refused,
		Keys:        h.keys,
	}
	for _, a := range h.activities {
		s.Activities = append(s.Activities, a.activity())
	}
	slices.SortFunc(s.Activities, func(a, b anomaly.Activity) int {
		return cmp.Or(cmp.Compare(a.Principal, b.Principal), compareBool(a.Human, b.Human))
	})
	s.Keys.Sort()
	return s
}

func (a *activity) activity() anomaly.Activity {
	to := anomaly.Activity{Principal: a.principal, Human: a.human, Counts: a.counts, Samples: a.toSamples()}
	for id, x := range a.expected {
		to.Expected = append(to.Expected, anomaly.Expected{Entry: id, Cap: x.cap, Counts: x.counts, Samples: x.toSamples()})
	}
	slices.SortFunc(to.Expected, func(a, b anomaly.Expected) int { return cmp.Compare(a.Entry, b.Entry) })
	return to
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
