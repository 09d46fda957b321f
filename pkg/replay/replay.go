// Package replay judges log files of the past as the function would have judged them when they were delivered: it goes
// from tick to tick on their own clock, and remembers in memory.
//
// It reads no log files; it says nothing of how anomalies are told. What is due at a tick, and the judging itself, is the
// pipeline's.
package replay

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
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

// Judge judges log files in the order of their delivery.
type Judge struct {
	store   *state.Memory
	history *history.History
	ticks   *pipeline.Pipeline
	faults  faults

	buckets map[anomaly.Bucket]bool
	found   map[identity]anomaly.Anomaly
	read    time.Time // when found was read last

	began bool
	now   time.Time // the last tick
	due   time.Time // of the tick that sees what was delivered last; zero if it has been
	last  time.Time // the last delivery
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
	store := state.NewMemory()
	j := &Judge{
		store:   store,
		history: history.New(store),
		ticks:   pipeline.New(config, nil, nil, store, pipeline.NewOutput(io.Discard, io.Discard)),
		buckets: map[anomaly.Bucket]bool{},
		found:   map[identity]anomaly.Anomaly{},
	}
	j.ticks.Log = j.faults.logger()
	return j, nil
}

// Add takes in a log file. One that was delivered before another that was added sooner is judged late, as it would have
// been if it had come late.
func (j *Judge) Add(ctx context.Context, f LogFile) error {
	delivered := f.Delivered.UTC()
	if err := j.advance(ctx, delivered); err != nil {
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
	if !j.began || delivered.After(j.last) {
		j.last = delivered
	}
	if !j.began {
		j.began, j.now, j.read = true, delivered, delivered
	}
	j.due = afterMinute(later(delivered, j.now))
	return nil
}

// Finish makes the ticks that were due by now, and returns what was found in all of the log files, in the order in which
// it was first seen. What was delivered last is judged even if its tick is yet to come.
func (j *Judge) Finish(ctx context.Context, now time.Time) ([]anomaly.Anomaly, error) {
	if !j.began {
		return nil, nil
	}
	until := later(j.due, earlier(now.UTC(), j.last.Add(settled)))
	if err := j.advance(ctx, until); err != nil {
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

// settled is how long after the last delivery nothing is left to be judged: the hour's rest, and its waiting.
const settled = time.Hour + anomaly.Wait + 2*time.Minute

// memory is how long anomalies are sure to be remembered: what was found is to be taken over more often.
const memory = 30 * 24 * time.Hour

// advance makes the ticks until then, that included.
func (j *Judge) advance(ctx context.Context, until time.Time) error {
	for j.began {
		at := j.next()
		if at.IsZero() { // years may lie between two log files
			j.now = later(j.now, until)
			return nil
		}
		if at.After(until) {
			return nil
		}
		if err := j.tick(ctx, at); err != nil {
			return err
		}
	}
	return nil
}

// next returns when the next tick comes that may find something due; zero if none does until more is delivered. The
// function's own ticks come each minute: those in between would find nothing.
func (j *Judge) next() time.Time {
	// What waits is due 45 minutes after an hour's end, a day two days after its own. Both are judged by a later minute.
	waited := j.now.Truncate(time.Hour).Add(anomaly.Wait + time.Minute)
	if !waited.After(j.now) {
		waited = waited.Add(time.Hour)
	}
	midnight := j.now.Truncate(24 * time.Hour).Add(24*time.Hour + time.Minute)
	at := earlier(waited, midnight)
	if !j.due.IsZero() {
		return earlier(at, j.due)
	}
	if at.After(j.last.Add(quiet)) {
		return time.Time{}
	}
	return at
}

// quiet is how long after the last delivery something may become due: until the next day's end, and two days.
const quiet = 3*24*time.Hour + 2*time.Minute

func (j *Judge) tick(ctx context.Context, at time.Time) error {
	payload, err := json.Marshal(map[string]string{"bucketwatch": "tick", "time": at.Format(time.RFC3339)})
	if err != nil {
		return err
	}
	if _, err := j.ticks.Handle(ctx, payload); err != nil {
		return err
	}
	if err := cmp.Or(ctx.Err(), j.faults.take()); err != nil { // a tick that fails only logs why
		return fmt.Errorf("cannot judge what was delivered until %s: %w", at.Format(time.RFC3339), err)
	}
	newDay := at.Truncate(24 * time.Hour).After(j.now)
	j.now = at
	if !j.due.IsZero() && !j.due.After(at) {
		j.due = time.Time{}
	}
	if newDay {
		if at.Sub(j.read) >= memory {
			if err := j.collect(ctx); err != nil {
				return err
			}
		}
		j.store.Forget(at)
	}
	return nil
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
		list, err := j.history.Anomalies(ctx, b, time.Unix(0, 0), j.now.Add(24*time.Hour))
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
	j.read = j.now
	return nil
}

// afterMinute returns the first whole minute after the one that t is in, or that it ends.
func afterMinute(t time.Time) time.Time {
	whole := t.Truncate(time.Minute)
	if whole.Before(t) {
		whole = whole.Add(time.Minute)
	}
	return whole.Add(time.Minute)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
