package anomaly_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
)

// photos is the bucket that is judged.
var photos = anomaly.Bucket{AccountID: "111122223333", Name: "photos"}

// remembered is a History of photos: the shares that were added, and the days that CloseDay makes of them.
type remembered struct {
	shares []anomaly.Share
	since  time.Time             // the first share's day, unless it is set
	asOf   time.Time             // what was delivered later is not seen; zero: all is
	closed map[int64]anomaly.Day // by their beginning; the others are closed when they are asked for
	fails  error                 // of every call
	calls  []string              // the methods called, in their order
}

// add adds shares. What a test doesn't say is filled in: the bucket, the delivery ten minutes after the hour's
// beginning, a log file of their own.
func (h *remembered) add(shares ...anomaly.Share) {
	for _, s := range shares {
		s.Hour = s.Hour.UTC().Truncate(time.Hour)
		if s.Bucket == "" {
			s.Bucket = photos.Name
		}
		if s.Delivered.IsZero() {
			s.Delivered = s.Hour.Add(10 * time.Minute)
		}
		if s.LogFile == "" {
			s.LogFile = fmt.Sprintf("s3://logs/%d.json.gz", len(h.shares))
		}
		h.shares = append(h.shares, s)
		for at := range h.closed {
			if at >= s.Hour.Truncate(day).Unix() {
				delete(h.closed, at)
			}
		}
	}
	slices.SortStableFunc(h.shares, func(a, b anomaly.Share) int {
		return cmp.Or(a.Delivered.Compare(b.Delivered), cmp.Compare(a.LogFile, b.LogFile))
	})
}

// close remembers a day as it is, whatever was added.
func (h *remembered) close(d anomaly.Day) {
	if h.closed == nil {
		h.closed = map[int64]anomaly.Day{}
	}
	h.closed[d.Date.Unix()] = d
}

const day = 24 * time.Hour

func (h *remembered) Since(context.Context) (time.Time, error) {
	h.calls = append(h.calls, "Since")
	return h.first(), h.fails
}

func (h *remembered) first() time.Time {
	first := h.since
	if first.IsZero() {
		for _, s := range h.seen() {
			if d := s.Hour.Truncate(day); first.IsZero() || d.Before(first) {
				first = d
			}
		}
	}
	return first
}

// seen returns the shares that were delivered by now.
func (h *remembered) seen() []anomaly.Share {
	if h.asOf.IsZero() {
		return h.shares
	}
	return slices.DeleteFunc(slices.Clone(h.shares), func(s anomaly.Share) bool { return s.Delivered.After(h.asOf) })
}

func (h *remembered) Days(ctx context.Context, from, to time.Time) ([]anomaly.Day, error) {
	h.calls = append(h.calls, "Days")
	if h.fails != nil {
		return nil, h.fails
	}
	if first := h.first(); !first.IsZero() { // oldest first: a day is made of those before it, too
		for d := first; !d.After(to); d = d.Add(day) {
			if _, ok := h.closed[d.Unix()]; ok {
				continue
			}
			made, err := anomaly.CloseDay(ctx, photos, h, d)
			if err != nil {
				return nil, err
			}
			h.close(made)
		}
	}
	var days []anomaly.Day
	for _, d := range h.closed {
		if !d.Date.Before(from) && !d.Date.After(to) {
			days = append(days, d)
		}
	}
	slices.SortFunc(days, func(a, b anomaly.Day) int { return a.Date.Compare(b.Date) })
	return days, nil
}

func (h *remembered) Hours(_ context.Context, from, until time.Time) ([]anomaly.Hour, error) {
	h.calls = append(h.calls, "Hours")
	if h.fails != nil {
		return nil, h.fails
	}
	return anomaly.MergeShares(slices.DeleteFunc(slices.Clone(h.seen()), func(s anomaly.Share) bool {
		return s.Hour.Before(from) || !s.Hour.Before(until)
	})), nil
}

func (h *remembered) Keys(_ context.Context, from, until time.Time, want func(uint64) bool) (anomaly.Keys, error) {
	h.calls = append(h.calls, "Keys")
	if h.fails != nil {
		return anomaly.Keys{}, h.fails
	}
	wanted := func(hash uint64, at int64) bool {
		return at >= from.Unix() && at < until.Unix() && (want == nil || want(hash))
	}
	var keys anomaly.Keys
	for _, s := range h.seen() {
		for _, u := range s.Keys.Uploads {
			if wanted(u.Hash, u.At) {
				keys.Uploads = append(keys.Uploads, u)
			}
		}
		for _, d := range s.Keys.Deletes {
			if wanted(d.Hash, d.At) {
				keys.Deletes = append(keys.Deletes, d)
			}
		}
		for _, r := range s.Keys.Refused {
			if wanted(r.Hash, r.At) {
				keys.Refused = append(keys.Refused, r)
			}
		}
	}
	slices.SortStableFunc(keys.Uploads, func(a, b anomaly.Upload) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(keys.Deletes, func(a, b anomaly.KeyDelete) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(keys.Refused, func(a, b anomaly.Refusal) int { return cmp.Compare(a.At, b.At) })
	return keys, nil
}

// judge returns what is found in the hour that begins at that time by the detector of that name; by all, if it is "".
func (h *remembered) judge(t testing.TB, hour time.Time, name string) []anomaly.Anomaly {
	t.Helper()
	return h.judgeBy(t, hour, name, true)
}

// atOnce is judge without waiting.
func (h *remembered) atOnce(t testing.TB, hour time.Time, name string) []anomaly.Anomaly {
	t.Helper()
	return h.judgeBy(t, hour, name, false)
}

func (h *remembered) judgeBy(t testing.TB, hour time.Time, name string, waited bool) []anomaly.Anomaly {
	t.Helper()
	judgement, err := anomaly.Judge(context.Background(), photos, h, hour, waited)
	if err != nil {
		t.Fatalf("Judge(%s) = %v", hour.Format(time.RFC3339), err)
	}
	return slices.DeleteFunc(judgement.Anomalies, func(a anomaly.Anomaly) bool { return name != "" && a.Name != name })
}
