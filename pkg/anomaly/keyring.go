package anomaly

import "time"

// How far the detectors of the key family look.
const (
	soonAfter   = 60 * time.Minute // from an upload to a delete
	daysBack    = 7                // from a delete to what it is held against, in days
	lookBack    = daysBack * 24 * time.Hour
	replacedBy  = 15 * time.Minute // from a refused read to the upload that explains it
	retryWithin = 60 * time.Second // from a delete to its repetition by the client's own retry
)

// unexpectedBack is how long ago expected deletes may have been more than expected: the evidence of their hours is read
// for it, each on its own. Of those before, what was expected was.
const unexpectedBack = 24 * time.Hour

// minHappened is of how many deletes, or refused reads, an hour must have for its keys to be read: no floor is lower.
const minHappened = 3

// lookBackOfDay is how far a day that is closed looks back, in place of lookBack. A day may be closed days after its end,
// when keys of a week before are no longer kept: its counts must not depend on when that was.
const lookBackOfDay = 3 * 24 * time.Hour

// Of a bucket that had more an hour, or a day, the keys aren't looked at one by one.
const (
	maxKeyDeletes = 20_000
	maxKeyUploads = 100_000
	maxKeyRefused = 20_000
)

// keyring holds the keys that were read for a case.
type keyring struct {
	recent  *Keys // what happened to all keys in the hour and the one before
	past    *Keys // what happened to the hour's keys in all the time that the detectors look at
	refused bool  // too many to be read
}

// happenings is how much happened to single objects.
type happenings struct{ deletes, uploads, refused int64 }

func happeningsOf(hours []*Hour) (n happenings) {
	for _, h := range hours {
		n.uploads += h.Uploads
		n.refused += h.Refused
		excess := h.excess()
		for i := range h.Activities {
			n.deletes += h.Activities[i].deleted(excess)
		}
	}
	return n
}

// tooMany tells whether there are too many keys to look at each.
func (n happenings) tooMany() bool {
	return n.deletes > maxKeyDeletes || n.uploads > maxKeyUploads || n.refused > maxKeyRefused
}

// tooManyRecent tells whether there are too many keys to look at those of the hour and the one before: as the evidence of
// these hours says, or the day before yesterday, which is the last that is complete for all of today.
func (c *caseFile) tooManyRecent() bool {
	d := c.dayBefore(2)
	return d != nil && d.KeysNotJudged || happeningsOf(c.evidence(c.Hour.Add(-soonAfter), c.Hour.Add(time.Hour))).tooMany()
}

// tooManyPast tells whether one of the complete days that the detectors look back at had too many keys.
func (c *caseFile) tooManyPast() bool {
	for ago := baselineUntil; ago <= daysBack; ago++ {
		if d := c.dayBefore(ago); d != nil && d.KeysNotJudged {
			return true
		}
	}
	return false
}

// recentKeys returns what happened in the hour and the one before. It is for hours in which enough happened.
func (c *caseFile) recentKeys() *Keys {
	if c.keys.recent == nil {
		c.keys.recent = new(Keys)
		if c.tooManyRecent() {
			c.keys.refused = true
		} else {
			c.keys.recent = c.readKeys(c.Hour.Add(-soonAfter), c.Hour.Add(time.Hour), nil)
			c.unexpect(c.keys.recent, c.Hour, c.Hour.Add(time.Hour))
		}
	}
	return c.keys.recent
}

// pastKeys returns what happened to the keys of which one was deleted, or asked for in vain, in the hour: since lookBack
// before it, and until what comes too late to explain what is in it. It is for hours in which enough happened.
func (c *caseFile) pastKeys() *Keys {
	if c.keys.past == nil {
		c.keys.past = new(Keys)
		wanted := c.recentKeys().happenedTo(c.Hour, c.Hour.Add(time.Hour))
		switch {
		case len(wanted) == 0:
		case c.tooManyPast():
			c.keys.refused = true
		default:
			c.keys.past = c.readKeysOf(wanted, c.Hour.Add(-lookBack), c.Hour.Add(time.Hour+replacedBy))
			c.unexpect(c.keys.past, c.Hour.Add(-unexpectedBack), c.Hour.Add(time.Hour))
		}
	}
	return c.keys.past
}

// happenedTo returns the objects that were deleted, or asked for in vain, from <= At < until.
func (k *Keys) happenedTo(from, until time.Time) map[uint64]struct{} {
	hashes := map[uint64]struct{}{}
	for i := range k.Deletes {
		if at := k.Deletes[i].At; at >= from.Unix() && at < until.Unix() {
			hashes[k.Deletes[i].Hash] = struct{}{}
		}
	}
	for _, r := range k.Refused {
		if r.At >= from.Unix() && r.At < until.Unix() {
			hashes[r.Hash] = struct{}{}
		}
	}
	return hashes
}

// readKeysOf reads what happened from <= At < until to the wanted keys, if it isn't more than may happen on a day.
func (c *caseFile) readKeysOf(wanted map[uint64]struct{}, from, until time.Time) *Keys {
	if len(wanted) == 0 {
		return new(Keys)
	}
	keys := c.readKeys(from, until, func(hash uint64) bool {
		_, ok := wanted[hash]
		return ok
	})
	if len(keys.Deletes)+len(keys.Uploads)+len(keys.Refused) > maxKeyDeletes+maxKeyUploads+maxKeyRefused {
		c.keys.refused = true
		return new(Keys)
	}
	return keys
}

func (c *caseFile) readKeys(from, until time.Time, want func(uint64) bool) *Keys {
	var keys Keys
	if c.err == nil {
		keys, c.err = c.history.Keys(c.ctx, from, until, want)
	}
	if c.err != nil {
		return new(Keys)
	}
	return &keys
}

// unexpect makes the expected deletes of from <= At < until unexpected that are of a principal who deleted more in that
// hour than is expected: which of them were too many can't be told.
func (c *caseFile) unexpect(keys *Keys, from, until time.Time) {
	for i := range keys.Deletes {
		d := &keys.Deletes[i]
		if d.Expected && d.At >= from.Unix() && d.At < until.Unix() {
			d.Expected = !c.exceeds(d.Principal, time.Unix(d.At, 0).UTC().Truncate(time.Hour))
		}
	}
}

// exceeds tells whether the principal deleted more than is expected in the hour that begins at that time.
func (c *caseFile) exceeds(principal string, hour time.Time) bool {
	c.load(hour, hour.Add(time.Hour))
	return c.exceeded[hour.Unix()][principal]
}

// deletes returns how many objects were deleted in the hour, but as expected.
func (h *Hour) deletes() int64 {
	var n int64
	for i := range h.Activities {
		n += h.Activities[i].Counts[Objects]
	}
	return n
}

// keyCounts returns the measures of a day that follow from its keys, hour by hour, of each actor that has any. It is for
// days with few enough keys.
func keyCounts(c *caseFile, day time.Time) map[string]map[Measure]*[24]int64 {
	enough := false
	tomorrow := day.Add(24 * time.Hour)
	hours := c.evidence(day, tomorrow)
	for _, h := range hours {
		enough = enough || h.deletes() >= minHappened || h.Refused >= minHappened
	}
	if !enough {
		return nil
	}
	wanted := c.readKeys(day, tomorrow, nil).happenedTo(day, tomorrow)
	keys := c.readKeysOf(wanted, day.Add(-lookBackOfDay), tomorrow.Add(replacedBy))
	c.unexpect(keys, day, tomorrow)
	counts := map[string]map[Measure]*[24]int64{}
	count := func(m Measure, h *Hour, groups []affected) {
		for _, g := range groups {
			if counts[g.actor] == nil {
				counts[g.actor] = map[Measure]*[24]int64{}
			}
			if counts[g.actor][m] == nil {
				counts[g.actor][m] = new([24]int64)
			}
			counts[g.actor][m][h.Start.Sub(day)/time.Hour] = g.count()
		}
	}
	soon, again, misses := keys.soon(), keys.again(), keys.misses()
	for _, h := range hours {
		count(Soon, h, affectedIn(soon, h))
		count(Again, h, affectedIn(again, h))
		count(Missed, h, affectedBy(deletesOf(missesIn(misses, h.Start))))
	}
	return counts
}
