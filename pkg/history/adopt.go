package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// Adopted is what Adopt has put.
type Adopted struct {
	Buckets   int        // of which the past tells something
	Changed   int        // buckets of which something was put
	Days      int        // complete days that were put
	Items     int        // that were put, days among them
	Unchanged int        // items that were there, and stay as they are
	GoingOn   []Incident // that are not over, so that they don't count as told
}

// Adopt adds what log files of the past have told a memory that has judged them, for a function that remembers in h and
// may be at work meanwhile. It puts what is missing, and changes nothing that is there, but that a bucket is known for
// longer: what the function has found out itself is no less than that.
//
//   - What was found in the past counts as told, and nothing of the past is to be judged. An incident that isn't over by
//     now counts as not told: if it goes on, nobody has heard of it.
//   - A day to which the function has evidence of its own is left for the function to close, with all of it.
//   - What has expired by now is left out, and what hasn't expires when it would have.
//
// The order is what does no harm, wherever it ends: since when a bucket is known comes last, because a bucket that is
// known and has no days would be one in which nobody ever deletes anything. Adopting the same again puts what is missing.
func (h *History) Adopt(ctx context.Context, past *state.Memory, now time.Time) (Adopted, error) {
	a := &adoption{h: h, now: now.UTC(), open: map[string]map[string]state.Item{}}
	if err := state.CheckSchema(ctx, h.store); err != nil {
		return a.done, err
	}
	if err := a.openDays(ctx, past); err != nil {
		return a.done, err
	}
	var one []state.Item // what there is of one bucket
	for item := range past.All() {
		if len(one) > 0 && one[0].Partition != item.Partition {
			if err := a.bucket(ctx, one); err != nil {
				return a.done, err
			}
			one = nil
		}
		if isBucketPartition(item.Partition) {
			one = append(one, item)
		}
	}
	return a.done, a.bucket(ctx, one)
}

// adoption is one call of Adopt.
type adoption struct {
	h    *History
	now  time.Time
	open map[string]map[string]state.Item // by the bucket's partition and daySort: that a day is to be closed
	done Adopted
}

// openDays notes which days the past hasn't closed yet.
func (a *adoption) openDays(ctx context.Context, past *state.Memory) error {
	var failed error
	err := past.Query(ctx, pendingPartition, firstDue, after(""), func(item state.Item) bool {
		var p pending
		if err := decode(item.Data, &p); err != nil {
			failed = damaged(item, err)
			return false
		}
		if p.Kind == Day {
			failed = a.closeLater(anomaly.Bucket{AccountID: p.AccountID, Name: p.Bucket}, p.Hour)
		}
		return failed == nil
	})
	return cmp.Or(failed, err)
}

// closeLater has the function close a day.
func (a *adoption) closeLater(b anomaly.Bucket, date time.Time) error {
	p := pending{AccountID: b.AccountID, Bucket: b.Name, Hour: date}.day()
	item, err := p.item(0, a.now)
	if err != nil {
		return err
	}
	partition := bucketPartition(b)
	if a.open[partition] == nil {
		a.open[partition] = map[string]state.Item{}
	}
	a.open[partition][daySort(date)] = item
	return nil
}

// bucket adopts what the past tells of one bucket.
func (a *adoption) bucket(ctx context.Context, items []state.Item) error {
	if len(items) == 0 {
		return nil
	}
	partition := items[0].Partition
	if err := a.adopt(ctx, partition, items); err != nil {
		return fmt.Errorf("cannot adopt what the past tells of %s: %w", state.Keys(partition), err)
	}
	return nil
}

// missing is what a store lacks of a bucket.
type missing struct {
	found, days, shares []state.Item
	known               state.Item // since when the bucket is known, there or not
}

func (a *adoption) adopt(ctx context.Context, partition string, items []state.Item) error {
	a.done.Buckets++
	have, err := a.have(ctx, partition)
	if err != nil {
		return err
	}
	m, err := a.missing(have, items)
	if err != nil {
		return err
	}
	maps.DeleteFunc(a.open[partition], func(sort string, _ state.Item) bool { return have[sort] })
	before := a.done.Items
	if err := a.put(ctx, partition, m); err != nil {
		return err
	}
	if a.done.Items > before { // or a function at work would not see it before it is started anew
		if err := a.h.put(ctx, []state.Item{lateMark(partition, "adopted", a.now)}); err != nil {
			return err
		}
	}
	if err := a.since(ctx, m.known); err != nil {
		return err
	}
	if a.done.Items > before {
		a.done.Changed++
	}
	return nil
}

// missing returns what is to be put of the items.
func (a *adoption) missing(have map[string]bool, items []state.Item) (m missing, err error) {
	own := ownDays(have, items)
	for _, item := range items {
		kind, _, _ := strings.Cut(item.Sort, "#")
		switch {
		case item.Sort == bucketSort:
			m.known = item
		case !item.Expires.After(a.now):
		case have[item.Sort]:
			a.done.Unchanged++
		case kind == evidenceKind || kind == keysKind:
			m.shares = append(m.shares, item)
		case kind == "d" && own[item.Sort] && a.evidenceIsThere(item):
			err = a.leave(item)
		case kind == "d":
			m.days = append(m.days, item)
			delete(a.open[item.Partition], item.Sort) // it was closed on demand
		default:
			item, err = a.told(item)
			m.found = append(m.found, item)
		}
		if err != nil {
			return m, err
		}
	}
	return m, nil
}

// put puts what is missing: what was found before what shows it, or the function would find and tell it.
func (a *adoption) put(ctx context.Context, partition string, m missing) error {
	if err := a.putNew(ctx, m.found); err != nil {
		return err
	}
	before := a.done.Items
	if err := a.putNew(ctx, m.days); err != nil {
		return err
	}
	a.done.Days += a.done.Items - before
	if err := a.h.put(ctx, m.shares); err != nil {
		return err
	}
	a.done.Items += len(m.shares)
	return a.putNew(ctx, inOrder(a.open[partition]))
}

// have returns the sort keys of what there is of a bucket.
func (a *adoption) have(ctx context.Context, partition string) (map[string]bool, error) {
	have := map[string]bool{}
	err := a.h.store.Query(ctx, partition, "a#", after("u#"), func(item state.Item) bool {
		have[item.Sort] = true
		return true
	})
	return have, err
}

// ownDays returns the days, as their sort keys, to which there is evidence that the past lacks.
func ownDays(have map[string]bool, items []state.Item) map[string]bool {
	ours := map[string]bool{}
	for i := range items {
		ours[items[i].Sort] = true
	}
	days := map[string]bool{}
	for sort := range have {
		hour, _ := shareOf(sort)
		if t, err := time.Parse(hourFormat, hour); err == nil && !ours[sort] {
			days[daySort(t)] = true
		}
	}
	return days
}

// evidenceIsThere tells whether all of a day's evidence is still kept.
func (a *adoption) evidenceIsThere(item state.Item) bool {
	date, err := time.Parse("d#"+dayFormat, item.Sort)
	return err == nil && a.now.Before(date.Add(keepEvidence))
}

// leave leaves a day to the function to close.
func (a *adoption) leave(item state.Item) error {
	date, err := time.Parse("d#"+dayFormat, item.Sort)
	if err != nil {
		return err
	}
	b, ok := bucketOf(item.Partition)
	if !ok {
		return nil // it is closed when a later day is judged
	}
	return a.closeLater(b, date)
}

// told returns what was found as what it is to count as: told, unless it is an incident that isn't over. Of what is of
// today the function may find more.
func (a *adoption) told(item state.Item) (state.Item, error) {
	if !strings.HasPrefix(item.Sort, "i#") {
		return item, nil
	}
	var i incidentItem
	if err := decode(item.Data, &i); err != nil {
		return item, damaged(item, err)
	}
	over := earlier(a.now.Add(-quiet), a.now.Truncate(day))
	if i.Into != "" || i.Last.Before(over) {
		return item, nil
	}
	if b, ok := bucketOf(item.Partition); ok {
		a.done.GoingOn = append(a.done.GoingOn, Incident{Bucket: b, Principal: i.Principal, First: i.First, Last: i.Last, Severity: i.Severity})
	}
	i.Sent = ""
	var err error
	item.Data, err = encode(i)
	return item, err
}

// putNew puts items that are not there, several at the same time: each is a call of its own.
func (a *adoption) putNew(ctx context.Context, items []state.Item) error {
	var put, there atomic.Int64
	err := atOnce(ctx, items, func(ctx context.Context, item state.Item) error {
		item.Version = 0
		switch _, err := a.h.store.PutIf(ctx, item); {
		case errors.Is(err, state.ErrConflict): // somebody was faster, or it was there before
			there.Add(1)
		case err != nil:
			return err
		default:
			put.Add(1)
		}
		return nil
	})
	a.done.Items += int(put.Load())
	a.done.Unchanged += int(there.Load())
	return err
}

// since adds since when the bucket is known.
func (a *adoption) since(ctx context.Context, past state.Item) error {
	if past.Version == 0 {
		return nil // no bucket: what concerns the account
	}
	var b bucketItem
	if err := decode(past.Data, &b); err != nil {
		return damaged(past, err)
	}
	changed := false
	guess := state.Item{Partition: past.Partition, Sort: bucketSort}
	_, err := a.h.change(ctx, guess, time.Time{}, func(data []byte) ([]byte, error) {
		var have bucketItem
		if err := decodeOr(data, &have); err != nil {
			return nil, err
		}
		changed = false
		for _, k := range b.Since {
			changed = have.add(k) || changed
		}
		if !changed {
			return nil, nil
		}
		return encode(have)
	})
	switch {
	case err != nil:
		return err
	case changed:
		a.done.Items++
	default:
		a.done.Unchanged++
	}
	return nil
}
