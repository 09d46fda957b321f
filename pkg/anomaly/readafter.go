package anomaly

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/s3event"
)

// readAfterDelete finds objects that somebody else still needed: they were asked for after they had been deleted. Its
// principal is the one who deleted them. It waits for the upload that would explain it.
var readAfterDelete = detector{name: NameReadAfterDelete, family: Key, waits: true, judge: judgeReadAfter}

const floorReadAfter = 3 // objects an hour

func judgeReadAfter(c *caseFile) []Anomaly {
	if c.hour(c.Hour).Refused < minHappened {
		return nil
	}
	misses := missesIn(c.pastKeys().misses(), c.Hour)
	var found []Anomaly
	for _, g := range affectedBy(deletesOf(misses)) {
		threshold, record := c.baseline().twice(g.actor, Missed, floorReadAfter)
		if g.count() < threshold {
			continue
		}
		a := g.anomaly(c)
		readers := a.askedFor(&g, misses)
		c.addOriginsOfDeletes(&a, &g)
		a.Threshold, a.Record = threshold, record
		a.Severity = raised(High, a.Count, a.Threshold)
		a.Explanation = fmt.Sprintf("%s that %s deleted from %s were asked for afterwards by %s %s, and S3 refused (404 or 403), so somebody still needed them: the first deleted is %s, at %s; %s.",
			plural(a.Count, "object"), names(g.principals), c.Bucket.Name, names(readers), a.when(),
			shownKey(g.deletes[0].Key), time.Unix(g.deletes[0].At, 0).UTC().Format("15:04 UTC on 2 January"), c.baseline().most(record))
		found = append(found, a)
	}
	return found
}

// addOriginsOfDeletes adds from where the objects were deleted, in the hours in which they were. Of many hours it reads the
// first: more would not tell more addresses than are listed.
func (c *caseFile) addOriginsOfDeletes(a *Anomaly, g *affected) {
	var hours []*Hour
	for _, d := range a.Deleted {
		if n := len(hours); n > 0 && hours[n-1].Start.Equal(d.Hour) {
			continue
		}
		if len(hours) == MaxListed {
			a.addOrigins(g, hours...)
			a.DeleteMarkers = 0
			return
		}
		hours = append(hours, c.hour(d.Hour))
	}
	a.addOrigins(g, hours...)
}

// askedFor sets when g's objects were first and last asked for, and returns by whom.
func (a *Anomaly) askedFor(g *affected, misses []miss) (readers []string) {
	a.Sample.First, a.Sample.Last = time.Time{}, time.Time{}
	for _, m := range misses {
		if by := (&Activity{Principal: m.delete.Principal, Human: m.delete.Human}); by.Actor() != g.actor {
			continue
		}
		at := time.Unix(m.at, 0).UTC()
		a.extend(at, at)
		if !slices.Contains(readers, m.reader) {
			readers = append(readers, m.reader)
		}
	}
	slices.Sort(readers)
	return readers
}

// miss is a refused read of an object that somebody else had deleted.
type miss struct {
	delete *KeyDelete
	reader string
	at     int64
}

// missesIn returns those of the misses that are in the hour that begins at that time.
func missesIn(misses []miss, hour time.Time) []miss {
	var within []miss
	for _, m := range misses {
		if m.at >= hour.Unix() && m.at < hour.Add(time.Hour).Unix() {
			within = append(within, m)
		}
	}
	return within
}

// deletesOf returns the deletes of the objects that were missed.
func deletesOf(misses []miss) []*KeyDelete {
	deletes := make([]*KeyDelete, len(misses))
	for i := range misses {
		deletes[i] = misses[i].delete
	}
	return deletes
}

// misses returns the refused reads of objects that were deleted within lookBack before, and not put back until
// replacedBy after. The delete is the first since the object was there, which is the one that took it away; it was not
// expected. The reader is none of those who deleted it since: they look whether it is gone. Who isn't known is nobody's
// other, be it the reader or who deleted the object.
func (k *Keys) misses() []miss {
	var found []miss
	for life := range k.lives() {
		var gone absence
		var open []miss // not put back so far
		for _, it := range life {
			switch it.what {
			case wasUploaded:
				for _, m := range open {
					if it.at-m.at > int64(replacedBy.Seconds()) {
						found = append(found, m)
					}
				}
				gone, open = absence{}, nil
			case wasDeleted:
				gone.add(it.delete)
			case wasRefused:
				if d := gone.heldAgainst(it.reader, it.at); d != nil {
					open = append(open, miss{d, it.reader, it.at})
				}
			}
		}
		found = append(found, open...)
	}
	slices.SortFunc(found, func(a, b miss) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.reader, b.reader), a.delete.compare(b.delete))
	})
	return found
}

// absence is the time since an object was last there.
type absence struct {
	deletes []*KeyDelete     // in the order of time
	last    map[string]int64 // when each principal last deleted it
}

func (g *absence) add(d *KeyDelete) {
	if g.last == nil {
		g.last = map[string]int64{}
	}
	g.deletes = append(g.deletes, d)
	g.last[d.Principal] = d.At
}

// heldAgainst returns the delete that a refused read is held against, nil if there is none. Reads are asked of in the
// order of time.
func (g *absence) heldAgainst(reader string, at int64) *KeyDelete {
	oldest := at - int64(lookBack.Seconds())
	for len(g.deletes) > 0 && g.deletes[0].At < oldest {
		g.deletes = g.deletes[1:]
	}
	if len(g.deletes) == 0 {
		return nil
	}
	d := g.deletes[0]
	last, alsoDeleted := g.last[reader]
	switch {
	case d.Expected, d.Principal == s3event.Unattributed, reader == s3event.Unattributed, alsoDeleted && last >= oldest:
		return nil
	}
	return d
}
