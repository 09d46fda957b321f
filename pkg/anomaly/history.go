package anomaly

import (
	"context"
	"time"
)

// History is what is remembered of one bucket, as it was known at the moment of the judgement: log files that were
// delivered later are not in it.
type History interface {
	// Since returns the first day (UTC midnight) of which anything is known of the bucket.
	Since(ctx context.Context) (time.Time, error)
	// Days returns the complete days from <= Date <= to, oldest first. A day without deletes may be absent.
	Days(ctx context.Context, from, to time.Time) ([]Day, error)
	// Hours returns the hours from <= Start < until of which there is evidence, oldest first.
	Hours(ctx context.Context, from, until time.Time) ([]Hour, error)
	// Keys returns what happened from <= At < until to the objects that want chooses by their hash; to all, if it is
	// nil.
	Keys(ctx context.Context, from, until time.Time, want func(hash uint64) bool) (Keys, error)
}

// Hour is a bucket's hour, as all log files together tell it.
type Hour struct {
	Start       time.Time // UTC
	IsLogBucket bool
	Activities  []Activity // by principal, and of each by software first
	Refused     int64      // GETs and HEADs answered with 404 or 403
	Uploads     int64
}

// Day is what is remembered of a bucket's day once it is complete. It never changes.
type Day struct {
	Date          time.Time // UTC midnight
	Actors        map[string]*ActorDay
	Principals    map[string]int64 // the last day, in days since the Unix epoch, on which each deleted an object; 90 days of them
	Deletes       int64            // objects
	Uploads       int64
	KeysNotJudged bool // there were too many keys to join them
	PerKeyRecords bool // any, of whomever
}

// ActorDay is an actor's day, hour by hour. What exceeded what was usual is clipped and flagged, so that an attack does
// not become what is usual.
type ActorDay struct {
	Hours   map[Measure]*[24]int64
	Flagged map[Measure]uint32 `json:",omitempty"` // the hours that were clipped, as bits: 1<<hour
}
