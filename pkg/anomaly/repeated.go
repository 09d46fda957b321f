package anomaly

import "fmt"

// repeatedDelete finds objects that are deleted although they are gone: two jobs that don't know of each other, or one
// that doesn't see what it did. It waits, since the upload between may be told by a later log file.
var repeatedDelete = detector{name: NameRepeatedDelete, family: Key, waits: true, judge: judgeRepeated}

const floorRepeated = 3 // objects an hour

func judgeRepeated(c *caseFile) []Anomaly {
	h := c.hour(c.Hour)
	if h.deletes() < minHappened || !c.uploadsKnown() {
		return nil
	}
	var found []Anomaly
	for _, g := range affectedIn(c.pastKeys().again(), h) {
		if g.count() < floorRepeated {
			continue
		}
		a := g.anomaly(c)
		a.addOrigins(&g, h)
		a.Threshold, a.Record = floorRepeated, c.record(g.actor, Again)
		a.Severity = Low
		if a.Count > a.Record {
			a.Severity = Medium // never more: what is deleted again was gone
		}
		a.Explanation = fmt.Sprintf("%s of %s were deleted again by %s, though nothing had been uploaded in their place, %s, the first of them %s; %s.",
			plural(a.Count, "object"), c.Bucket.Name, names(g.principals), a.when(), shownKey(g.deletes[0].Key), c.baseline().most(a.Record))
		found = append(found, a)
	}
	return found
}

// uploadsKnown tells whether the trail records uploads to the bucket: whether it had any of late. Of a trail of deletes
// alone it isn't known whether an object was put back.
func (c *caseFile) uploadsKnown() bool {
	for _, h := range c.evidence(c.day(), c.day().AddDate(0, 0, 1)) {
		if h.Uploads > 0 {
			return true
		}
	}
	for ago := baselineUntil; ago < baselineUntil+daysBack; ago++ {
		if d := c.dayBefore(ago); d != nil && d.Uploads > 0 {
			return true
		}
	}
	return false
}

// again returns the deletes that were not expected and follow another delete of the same key, by whomever and expected
// or not, without an upload between: no sooner than retryWithin, no later than lookBack.
func (k *Keys) again() []*KeyDelete {
	var found []*KeyDelete
	for life := range k.lives() {
		var last *KeyDelete
		for _, it := range life {
			switch it.what {
			case wasUploaded:
				last = nil
			case wasDeleted:
				if last != nil && !it.delete.Expected {
					apart := it.at - last.At
					if apart >= int64(retryWithin.Seconds()) && apart <= int64(lookBack.Seconds()) {
						found = append(found, it.delete)
					}
				}
				last = it.delete
			}
		}
	}
	return found
}
