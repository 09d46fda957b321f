package history

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// DueKind says what is to be done. Of what is due at one moment the kinds come in the order of their names.
type DueKind string

// The kinds.
const (
	Day     DueKind = "day"     // a complete day is to be closed
	Listed  DueKind = "digest"  // log files that a digest names are to be looked for: see Inventory
	Found   DueKind = "found"   // a log file found something by itself: it is to be remembered, and nothing to be judged
	Message DueKind = "message" // a message about an incident could not be sent: nothing is to be judged
	AtOnce  DueKind = "once"    // an hour is to be judged by the detectors that don't wait
	Waited  DueKind = "waited"  // an hour is to be judged by all detectors
)

// dayWait is how long after its end a day is closed, if nobody needs it before.
const dayWait = 48 * time.Hour

// Due is something to be done.
type Due struct {
	Kind   DueKind
	Bucket anomaly.Bucket
	Hour   time.Time // UTC; the beginning of the day, where it is Day
	At     time.Time // since when it is due
	AsOf   time.Time // what was delivered later is not to be looked at
	// Inventory is what was left to be looked at of a digest, where it is Listed.
	Inventory *anomaly.Inventory

	incident string // the sort key, where it is Message
	sort     string
	version  int64
}

// pending is a Due in its item.
type pending struct {
	Kind      DueKind
	AccountID string
	Bucket    string
	Hour      time.Time
	Due       time.Time
	Incident  string             `json:",omitempty"`
	Inventory *anomaly.Inventory `json:",omitempty"`
}

// pendingOf returns what a share asks for, if anything. A log file puts at most one item for a bucket's hour, and what
// waits is one for all log files of the hour: the rest follows when the tick is done with it, see Finish.
func pendingOf(bucket anomaly.Bucket, s *anomaly.Share) (pending, bool) {
	p := pending{Kind: AtOnce, AccountID: bucket.AccountID, Bucket: bucket.Name, Hour: s.Hour, Due: wholeMinute(s.Delivered)}
	if hasDeletes(s) {
		return p, true
	}
	waited := p.waited()
	late := s.Delivered.After(s.Hour.Add(time.Hour + anomaly.Wait))
	return waited, s.Refused > 0 || late && s.Uploads > 0
}

// hasDeletes tells whether there is anything that is judged at once: deletes, tried or expected ones too, or overwrites.
func hasDeletes(s *anomaly.Share) bool {
	return slices.ContainsFunc(s.Activities, func(a anomaly.Activity) bool {
		return a.Counts != anomaly.Counts{} || len(a.Expected) > 0
	})
}

// waited returns when the hour is judged by all detectors: when it has waited, or at once if that is over.
func (p pending) waited() pending {
	due := p.Hour.Add(time.Hour + anomaly.Wait)
	if p.Due.After(due) {
		due = p.Due
	}
	p.Kind, p.Due = Waited, due
	return p
}

// day returns when the hour's day is closed.
func (p pending) day() pending {
	p.Kind, p.Hour = Day, p.Hour.UTC().Truncate(day)
	p.Due = p.Hour.Add(day + dayWait)
	return p
}

// wholeMinute returns the end of a moment's minute, for what happens in one is judged together.
func wholeMinute(t time.Time) time.Time {
	t = t.UTC()
	if whole := t.Truncate(time.Minute); whole.Before(t) {
		return whole.Add(time.Minute)
	}
	return t
}

func (p pending) sort() string {
	sort := format(p.Due, minuteFormat) + "#" + string(p.Kind) + "#" + accountPart(p.AccountID) + "#" + part(p.Bucket) + "#" + format(p.Hour, hourFormat)
	if p.Incident != "" {
		sort += "#" + filePart(p.Incident)
	}
	if p.Inventory != nil {
		sort += "#" + filePart(p.Inventory.Digest)
	}
	return sort
}

// item returns the item. Its version is a token that another put has not.
func (p pending) item(token int64, now time.Time) (state.Item, error) {
	data, err := encode(p)
	return state.Item{Partition: pendingPartition, Sort: p.sort(), Version: token, Data: data, Expires: expiry(now, keepPending)}, err
}

// token returns the version of an item that a log file asks with. The moment is in it because the log file may be
// read again while a tick judges: then what the tick has read is not what is asked for now, and must not be deleted.
func token(logFile string, now time.Time) int64 {
	sum := sha256.Sum256([]byte(logFile + "#" + strconv.FormatInt(now.UnixNano(), 36)))
	return int64(binary.BigEndian.Uint64(sum[:8])>>1 | 1)
}

// Finish says that all of this is done. Where an hour was judged at once, it first sees to it that the hour is judged
// again when it has waited, and that its day is closed. What is due again meanwhile stays so.
func (h *History) Finish(ctx context.Context, done []Due, now time.Time) error {
	follow := map[string]state.Item{}
	var kept []pending
	for _, d := range done {
		if d.Kind != AtOnce {
			continue
		}
		p := pending{Kind: d.Kind, AccountID: d.Bucket.AccountID, Bucket: d.Bucket.Name, Hour: d.Hour, Due: d.At}
		for _, next := range []pending{p.waited(), p.day()} {
			if h.isQueued(next, now) {
				continue
			}
			item, err := next.item(d.version, now)
			if err != nil {
				return fmt.Errorf("cannot finish what was due of %s: %w", d.Bucket.Name, err)
			}
			follow[item.Sort] = item
			kept = append(kept, next)
		}
	}
	if err := h.put(ctx, inOrder(follow)); err != nil {
		return fmt.Errorf("cannot put what is to be judged: %w", err)
	}
	for _, p := range kept {
		h.queued.put(p.sort(), struct{}{})
	}
	return atOnce(ctx, done, func(ctx context.Context, d Due) error {
		h.queued.remove(d.sort)
		if err := h.store.Delete(ctx, pendingPartition, d.sort, d.version); err != nil {
			return fmt.Errorf("cannot finish what was due of %s: %w", d.Bucket.Name, err)
		}
		return nil
	})
}

// inOrder returns the items in the order of their keys.
func inOrder(items map[string]state.Item) []state.Item {
	sorted := make([]state.Item, 0, len(items))
	for _, item := range items {
		sorted = append(sorted, item)
	}
	slices.SortFunc(sorted, func(a, b state.Item) int { return cmp.Compare(a.Sort, b.Sort) })
	return sorted
}

// queuedMargin is how far the clocks of two processes may be apart.
const queuedMargin = 5 * time.Minute

// isQueued tells whether this process has put it, and nobody can have finished it yet, since it isn't due: then it need
// not be put again by each tick of an hour.
func (h *History) isQueued(p pending, now time.Time) bool {
	_, ok := h.queued.get(p.sort())
	return ok && p.Due.Sub(now) >= queuedMargin
}
