package evaluation

import (
	"time"

	"bucketwatch/pkg/anomaly"
)

// sequenceID is what makes an AttackSequence a certain one.
type sequenceID struct {
	bucket, principal string
	day               time.Time
}

// without returns the findings that there would have been without a detector: its own left out, and the AttackSequences
// that need them. What it has flagged stays clipped in what is usual, so that this is a little less than the whole truth.
func (o *Outcome) without(detector string) []Finding {
	if detector == "" {
		return o.Findings
	}
	var rest []anomaly.Anomaly
	for _, a := range o.found {
		if a.Name != detector && a.Name != anomaly.NameAttackSequence {
			rest = append(rest, a)
		}
	}
	stays := map[sequenceID]bool{}
	for _, a := range anomaly.Sequences(rest) {
		stays[sequenceID{a.Bucket, a.Principal, a.WindowStart}] = true
	}
	var left []Finding
	for _, f := range o.Findings {
		switch {
		case f.Name == detector:
		case f.Name == anomaly.NameAttackSequence && !stays[sequenceID{f.Bucket, f.Principal, f.WindowStart}]:
		default:
			left = append(left, f)
		}
	}
	return left
}
