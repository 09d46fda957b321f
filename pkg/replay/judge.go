package replay

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/state"
)

// LogFile is what one log file tells the detectors.
type LogFile struct {
	URI       string
	AccountID string
	Delivered time.Time
	Shares    []anomaly.Share
	Found     []anomaly.Anomaly // that it shows by itself
}

// Judge judges log files that somebody else has read, in the order of their delivery.
type Judge struct {
	history *history.History
	clock   clock
	buckets map[anomaly.Bucket]bool
	found   map[identity]anomaly.Anomaly
	read    time.Time // when found was read last
}

// New returns a Judge that remembers nothing yet.
func New() (*Judge, error) {
	config, err := pipeline.ConfigFromEnv(func(name string) string {
		if name == "BUCKETWATCH_CLOCK" {
			return string(pipeline.DeliveryClock)
		}
		return ""
	})
	if err != nil {
		return nil, fmt.Errorf("cannot set up the judge: %w", err)
	}
	store, faults := state.NewMemory(), new(faults)
	ticks := pipeline.New(config, nil, nil, store, pipeline.NewOutput(io.Discard, io.Discard))
	ticks.Log = slog.New(faults)
	j := &Judge{history: history.New(store), buckets: map[anomaly.Bucket]bool{}, found: map[identity]anomaly.Anomaly{}}
	j.clock = clock{store: store, pending: j.history, ticks: ticks, faults: faults, newDay: j.newDay}
	ticks.Now = func() time.Time { return j.clock.now }
	return j, nil
}

// Add takes in a log file. One that was delivered before another that was added sooner is judged late, as it would have
// been if it had come late.
func (j *Judge) Add(ctx context.Context, f LogFile) error {
	delivered := f.Delivered.UTC()
	if err := j.clock.deliver(ctx, delivered); err != nil {
		return err
	}
	if err := j.history.PutFound(ctx, f.Found, f.URI, delivered, delivered); err != nil {
		return err
	}
	if err := j.history.PutShares(ctx, f.AccountID, f.Shares, delivered); err != nil {
		return err
	}
	for i := range f.Shares {
		j.buckets[anomaly.Bucket{AccountID: f.AccountID, Name: f.Shares[i].Bucket}] = true
	}
	for i := range f.Found {
		j.buckets[anomaly.Bucket{AccountID: f.Found[i].AccountID, Name: f.Found[i].Bucket}] = true
	}
	return nil
}

// Finish makes the ticks that were due by now, and returns what was found in all of the log files, in the order in which
// it was first seen. What was delivered last is judged even if its tick is yet to come.
func (j *Judge) Finish(ctx context.Context, now time.Time) ([]anomaly.Anomaly, error) {
	if err := j.clock.settle(ctx, now); err != nil {
		return nil, err
	}
	if err := j.collect(ctx); err != nil {
		return nil, err
	}
	list := make([]anomaly.Anomaly, 0, len(j.found))
	for _, a := range j.found {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b anomaly.Anomaly) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Principal, b.Principal), a.WindowStart.Compare(b.WindowStart), cmp.Compare(a.Explanation, b.Explanation))
	})
	return list, nil
}

// memory is how long anomalies are sure to be remembered: what was found is to be taken over more often.
const memory = 30 * 24 * time.Hour

func (j *Judge) newDay(ctx context.Context, at time.Time) error {
	if at.Sub(j.read) < memory {
		return nil
	}
	return j.collect(ctx)
}

// identity is what makes an anomaly a certain one.
type identity struct {
	account, bucket, name, principal string
	window, first                    time.Time
	explanation                      string // of what a log file shows by itself, which never changes
}

// collect takes over what was found until now.
func (j *Judge) collect(ctx context.Context) error {
	for b := range j.buckets {
		list, err := j.history.Anomalies(ctx, b, time.Unix(0, 0), j.clock.now.Add(24*time.Hour))
		if err != nil {
			return err
		}
		for _, a := range list {
			id := identity{account: a.AccountID, bucket: a.Bucket, name: a.Name, principal: a.Principal, window: a.WindowStart}
			if a.Name == anomaly.NameProtectionRemoved { // several may be of one hour and principal
				id.first, id.explanation = a.First, a.Explanation
			}
			j.found[id] = a
		}
	}
	j.read = j.clock.now
	return nil
}
