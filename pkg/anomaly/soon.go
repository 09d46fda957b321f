package anomaly

import "fmt"

// deletedSoonAfterUpload finds objects that vanish as soon as they were written: what a broken job does, or a clean-up
// that takes new objects for old ones. It doesn't wait, since the upload came first.
var deletedSoonAfterUpload = detector{name: NameDeletedSoonAfterUpload, family: Key, judge: judgeSoon}

const floorSoon = 5 // objects an hour

func judgeSoon(c *caseFile) []Anomaly {
	h := c.hour(c.Hour)
	if h.deletes() < minHappened {
		return nil
	}
	var found []Anomaly
	for _, g := range affectedIn(c.recentKeys().soon(), h) {
		threshold, record := c.baseline().twice(g.actor, Soon, floorSoon)
		if g.count() < threshold {
			continue
		}
		a := g.anomaly(c)
		a.addOrigins(&g, h)
		a.Threshold, a.Record = threshold, record
		a.Severity = raised(High, a.Count, a.Threshold)
		a.Explanation = fmt.Sprintf("%s of %s were deleted by %s within 60 minutes of their upload, %s, the first of them %s; %s.",
			plural(a.Count, "object"), c.Bucket.Name, names(g.principals), a.when(), shownKey(g.deletes[0].Key), c.baseline().most(record))
		found = append(found, a)
	}
	return found
}

// soon returns the deletes that were not expected and came within soonAfter of the object's upload. A second delete of
// the same upload is none: what it deletes is gone.
func (k *Keys) soon() []*KeyDelete {
	var found []*KeyDelete
	for life := range k.lives() {
		uploaded := int64(-1) // when, if the object is there
		for _, it := range life {
			switch it.what {
			case wasUploaded:
				uploaded = it.at
			case wasDeleted:
				if uploaded >= 0 && it.at-uploaded <= int64(soonAfter.Seconds()) && !it.delete.Expected {
					found = append(found, it.delete)
				}
				uploaded = -1
			}
		}
	}
	return found
}
