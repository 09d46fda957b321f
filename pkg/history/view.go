package history

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// view is what was known of a bucket at a moment. It implements anomaly.History.
type view struct {
	h         *History
	bucket    anomaly.Bucket
	partition string
	known     string    // what this process keeps what it has read under
	asOf      time.Time // what was delivered later isn't seen
	from      time.Time // how far back evidence and keys are seen goes from here
	closing   bool      // for closing a day, which must not close others

	// Evidence that this process has read is not read again, but for what was delivered since unread.
	remembers bool
	unread    time.Time
}

// Bucket returns what was known of a bucket at asOf. All of it is read when it is asked for.
func (h *History) Bucket(b anomaly.Bucket, asOf time.Time) anomaly.History {
	return h.view(b, asOf, asOf)
}

func (h *History) view(b anomaly.Bucket, asOf, from time.Time) *view {
	partition := bucketPartition(b)
	return &view{h: h, bucket: b, partition: partition, known: h.known(partition), asOf: asOf, from: from}
}

// For returns the history to judge what is due with. An hour that is judged at once, which may be each minute, is judged
// with what this process has read of it before, and what is new: what was delivered lately, or since what is due was,
// and all, if Due has seen that something was put late. Where the hour has waited, all is read.
func (h *History) For(d Due) anomaly.History {
	v := h.view(d.Bucket, d.AsOf, d.At)
	v.remembers, v.unread = d.Kind == AtOnce, d.At.Add(-time.Minute) // At is the end of a minute
	return v
}

// Since implements anomaly.History.
func (v *view) Since(ctx context.Context) (time.Time, error) {
	since, err := v.firstDay(ctx)
	return since, v.failed("since when it is known", err)
}

// Days implements anomaly.History. Days that are complete by now and not closed yet are closed.
func (v *view) Days(ctx context.Context, from, to time.Time) ([]anomaly.Day, error) {
	days, err := v.h.daysOf(ctx, v, from.UTC().Truncate(day), to.UTC().Truncate(day))
	return days, v.failed("days", err)
}

// Hours implements anomaly.History.
func (v *view) Hours(ctx context.Context, from, until time.Time) ([]anomaly.Hour, error) {
	hours, err := v.hours(ctx, from, until)
	return hours, v.failed("evidence", err)
}

func (v *view) hours(ctx context.Context, from, until time.Time) ([]anomaly.Hour, error) {
	from, until = v.within(from, until, evidenceAge)
	var shares []anomaly.Share
	err := v.each(ctx, evidenceKind, from, until, func(item state.Item) error {
		s, err := v.h.shares.value(place{v.partition, item.Sort}, item.Data, decodeShare)
		if err != nil {
			return damaged(item, err)
		}
		if !s.Delivered.After(v.asOf) {
			shares = append(shares, s)
		}
		return nil
	})
	return anomaly.MergeShares(inOrderOfDelivery(shares)), err
}

func (v *view) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot read %s of %s: %w", what, v.bucket.Name, err)
}

// within returns the whole hours that lie, in part, from <= t < until, but for those older than age.
func (v *view) within(from, until time.Time, age time.Duration) (time.Time, time.Time) {
	return later(from.UTC().Truncate(time.Hour), v.from.UTC().Add(-age).Truncate(time.Hour)), until.UTC().Add(time.Hour - 1).Truncate(time.Hour)
}

// each calls yield with the items of the hours from <= hour < until, until it returns an error.
func (v *view) each(ctx context.Context, kind string, from, until time.Time, yield func(state.Item) error) error {
	if !from.Before(until) {
		return nil
	}
	if v.remembers && until.Sub(from) <= maxRemembered {
		for hour := from; hour.Before(until); hour = hour.Add(time.Hour) {
			if err := v.hour(ctx, hourPrefix(kind, hour), yield); err != nil {
				return err
			}
		}
		return nil
	}
	var failed error
	err := v.h.store.Query(ctx, v.partition, hourPrefix(kind, from), hourPrefix(kind, until), func(item state.Item) bool {
		failed = yield(item)
		return failed == nil
	})
	return cmp.Or(failed, err)
}
