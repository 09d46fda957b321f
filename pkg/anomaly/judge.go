package anomaly

import (
	"context"
	"time"
)

// detector finds one sort of anomaly.
type detector struct {
	name   string
	family Family
	waits  bool // judged when the hour's evidence has had time to arrive, not before
	// byContent says that nothing that was before matters.
	byContent bool
	judge     func(c *caseFile) []Anomaly
}

// detectors are all that look at an hour's evidence. ProtectionRemoved, which needs none, judges in the log file's own
// invocation, and only deletes in the log bucket again; AttackSequence looks at what these found.
var detectors = []detector{
	deleteSurge,
	deleteSurgeOfDay,
	newDeleter,
	deniedDelete,
	opaqueBulkDelete,
	deletedSoonAfterUpload,
	repeatedDelete,
	readAfterDelete,
	permanentDelete,
	protectionRemovedInLogBucket,
	encryptedOverwrite,
}

// Wait is how long after an hour's end it is judged by the detectors that wait: 15 minutes for the upload that would
// explain a refused read, and 30 for its delivery.
const Wait = 45 * time.Minute

// Judgement is what was found in an hour.
type Judgement struct {
	Anomalies []Anomaly // in the order of detectors and principals
	// KeysNotJudged says that the hour had deletes or refused reads enough to look at what became of single objects, and
	// that nobody looked, since the bucket has too many of them.
	KeysNotJudged bool
}

// Judge returns what is unexpected in an hour of the bucket: by the detectors that don't wait or, when the hour's end is
// Wait ago, by all. Its errors are history's.
func Judge(ctx context.Context, bucket Bucket, history History, hour time.Time, waited bool) (Judgement, error) {
	c := newCase(ctx, bucket, history, hour)
	var found []Anomaly
	for _, d := range detectors {
		if d.waits && !waited {
			continue
		}
		for _, a := range d.judge(c) {
			a.Name, a.Family, a.AccountID, a.Bucket = d.name, d.family, bucket.AccountID, bucket.Name
			if !d.byContent {
				c.widen(&a)
				a.Cold = c.baseline().cold()
			}
			found = append(found, a)
		}
		if c.err != nil {
			return Judgement{}, c.err
		}
	}
	return Judgement{Anomalies: found, KeysNotJudged: c.keys.refused}, nil
}

// widen makes an anomaly's window its day as long as too few days are known to say what is usual: what a new bucket
// does each hour is told once a day.
func (c *caseFile) widen(a *Anomaly) {
	if !c.baseline().settled() {
		a.WindowStart = a.WindowStart.Truncate(24 * time.Hour)
		a.WindowEnd = a.WindowStart.AddDate(0, 0, 1)
	}
}
