package anomaly

import (
	"fmt"
	"math"
)

// encryptedOverwrite finds objects written with a key that the bucket's owner may not have: the caller's own (SSE-C), or
// a KMS key of another account. It is how ransomware takes objects without deleting any. Who did so on the baseline's
// days is left alone: there it is how the bucket is used.
var encryptedOverwrite = detector{name: NameEncryptedOverwrite, family: Protection, judge: judgeOverwrite}

func judgeOverwrite(c *caseFile) []Anomaly {
	var found []Anomaly
	for _, who := range c.actors() {
		if who.Counts[Overwrites] == 0 || who.Counts[Overwrites] < c.baseline().overwrites(who.Principal) {
			continue
		}
		a := c.ofHour(&who, Overwrites)
		a.Severity = High
		a.Deleted = nil // they were not
		a.Explanation = fmt.Sprintf("%s written to %s %s by %s with an encryption key that the bucket's owner may not have; %s.",
			plural(a.Count, "object"), c.Bucket.Name, a.when(), a.by(), c.baseline().busiest(a.Principal, "hour", 0))
		found = append(found, a)
	}
	return found
}

// overwrites returns from which value on an actor's hour is an anomaly.
func (b *baseline) overwrites(name string) int64 {
	if b.record(name, Overwrites) > 0 {
		return math.MaxInt64
	}
	return 1
}
