package history

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

const (
	// maxDueOfBucket is how much Due returns of a bucket: one that can't be finished must not hide the others.
	maxDueOfBucket = 50
	// maxDue is how much Due returns in all, so that it fits into memory.
	maxDue = 10_000
)

// IsDue tells whether anything was due before now.
func (h *History) IsDue(ctx context.Context, now time.Time) (bool, error) {
	is := false
	err := h.store.Query(ctx, pendingPartition, firstDue, endOfDue(now), func(state.Item) bool {
		is = true
		return true
	})
	if err != nil {
		return false, fmt.Errorf("cannot read what is due: %w", err)
	}
	return is, nil
}

// Next returns when the first tick comes that finds something due, of those that come each minute; zero if nothing is
// pending, so that none does.
func (h *History) Next(ctx context.Context) (time.Time, error) {
	var first string
	err := h.store.Query(ctx, pendingPartition, firstDue, after(""), func(item state.Item) bool {
		first, _, _ = strings.Cut(item.Sort, "#")
		return false
	})
	if err != nil || first == "" {
		return time.Time{}, err
	}
	due, err := time.Parse(minuteFormat, first)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read what is due: %w", err)
	}
	return due.Add(time.Minute), nil
}

// Due returns what was due before now, oldest first, but for what skip, which may be nil, chooses. It is not what is due
// at this very moment: what is delivered at it may still be on its way.
//
// Of each bucket it is the oldest, and as many messages to send: more says that there is more than was returned, which
// Due returns when this is finished, or skipped. What can't be read is what the error is about; all else is returned with
// it.
func (h *History) Due(ctx context.Context, now time.Time, skip func(Due) bool) (due []Due, more bool, err error) {
	type queue struct {
		bucket  anomaly.Bucket
		message bool
	}
	taken := map[queue]int{}
	marks := map[string]int64{}
	damages, damage := 0, error(nil)
	err = h.store.Query(ctx, pendingPartition, "", endOfDue(now), func(item state.Item) bool {
		if partition, ok := markedPartition(item.Sort); ok {
			marks[partition] = item.Version
			return true
		}
		d, err := decodeDue(item, now)
		if err != nil {
			damages++
			damage = cmp.Or(damage, err)
			return true
		}
		if skip != nil && skip(d) {
			return true
		}
		q := queue{d.Bucket, d.Kind == Message}
		if taken[q] >= maxDueOfBucket {
			more = true
			return true
		}
		taken[q]++
		due = append(due, d)
		more = more || len(due) == maxDue
		return len(due) < maxDue
	})
	h.setMarks(marks, err == nil)
	switch {
	case err != nil:
		return due, more, fmt.Errorf("cannot read what is due: %w", err)
	case damages > 1:
		return due, more, fmt.Errorf("cannot read what is due: %w, and %d more", damage, damages-1)
	case damages == 1:
		return due, more, fmt.Errorf("cannot read what is due: %w", damage)
	}
	return due, more, nil
}

// firstDue is a sort key that no item of what is due is before, and no other one in its partition after.
const firstDue = "0"

// endOfDue is the sort key before which there is what was due before now.
func endOfDue(now time.Time) string { return format(wholeMinute(now), minuteFormat) }

func decodeDue(item state.Item, now time.Time) (Due, error) {
	var p pending
	if err := decode(item.Data, &p); err != nil {
		return Due{}, damaged(item, err)
	}
	d := Due{
		Kind: p.Kind, Bucket: anomaly.Bucket{AccountID: p.AccountID, Name: p.Bucket},
		Hour: p.Hour.UTC(), At: p.Due.UTC(), AsOf: now.Add(-1), incident: p.Incident, sort: item.Sort, version: item.Version,
	}
	if d.Kind == Waited {
		d.AsOf = d.At
	}
	return d, nil
}

// A mark says that a log file was put so long after its delivery that a process which has read the bucket's evidence may
// not look for it any more: then it reads all of it anew. The marks stand before what is due, so that Due sees them.
const markPrefix = "!late#"

func markSort(partition string) string {
	return markPrefix + strings.TrimPrefix(partition, version+"#")
}

func markedPartition(sort string) (partition string, ok bool) {
	rest, ok := strings.CutPrefix(sort, markPrefix)
	return version + "#" + rest, ok
}

// putLate is from when on a log file is marked as put late: less than lateness by what it takes to put it, and by how far
// two clocks may be apart.
const putLate = lateness - time.Minute

// mark returns the mark of the share's bucket, if the share is put late.
func mark(partition string, s *anomaly.Share, now time.Time) (state.Item, bool) {
	return lateMark(partition, s.LogFile, now), now.Sub(s.Delivered) > putLate
}

// lateMark is the mark that somebody leaves who has put something of a bucket late.
func lateMark(partition, who string, now time.Time) state.Item {
	return state.Item{
		Partition: pendingPartition, Sort: markSort(partition), Version: token(who, now), Expires: expiry(now, keepKeys),
	}
}

// setMarks keeps the marks that were read, all that there are or some.
func (h *History) setMarks(marks map[string]int64, all bool) {
	h.marksMu.Lock()
	defer h.marksMu.Unlock()
	if all {
		h.marks = marks
	} else {
		maps.Copy(h.marks, marks)
	}
}

// known is what this process keeps what it knows of a bucket under: another name with each mark.
func (h *History) known(partition string) string {
	h.marksMu.Lock()
	defer h.marksMu.Unlock()
	return fmt.Sprintf("%s#%d", partition, h.marks[partition])
}
