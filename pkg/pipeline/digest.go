package pipeline

import (
	"context"
	"errors"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/state"
)

const (
	// digestWait is how long after its digest a log file may come: its invocation is tried three times within five minutes,
	// and from the retry queue within 40. A message about less would often be wrong by the time that it is read.
	digestWait = 2 * time.Hour
	// maxDigestAge is how old a digest may be: what was processed is forgotten after 30 days.
	maxDigestAge = 7 * 24 * time.Hour
	// maxWaiting is how many log files of one digest are looked for again, and maxWaitingBytes how long their keys may be
	// in all: they must fit into an item.
	maxWaiting      = 1000
	maxWaitingBytes = 100 << 10
)

// inventory holds a digest against what was processed: it names the log files that one trail delivered in an hour. What
// has another content is told at once, what wasn't processed is looked for again after digestWait.
func (p *Pipeline) inventory(ctx context.Context, f *file) error {
	digest, err := p.readDigest(ctx, f)
	switch {
	case errors.Is(err, cloudtrail.ErrEmpty):
		f.nothing = true
		return p.skip(ctx, f, "Empty")
	case errors.Is(err, cloudtrail.ErrNoDigest):
		return p.notCompared(ctx, f, "it has no logFiles")
	case err != nil:
		return err
	}
	inventory, why, err := p.inventoryOf(ctx, f, digest)
	if err != nil {
		return err
	}
	if inventory == nil {
		return p.notCompared(ctx, f, why)
	}
	found, err := p.compare(ctx, inventory.Bucket.Name, inventory.Files)
	if err != nil {
		return err
	}
	f.found = found.anomalies(inventory)
	var health [len(metric.Health)]int64
	health[metric.AlteredLogFiles] = int64(len(found.altered))

	now := p.digestTime(f)
	waiting := *inventory
	waiting.Files = found.waiting()
	if len(waiting.Files) > 0 {
		kept, err := p.history.PutInventory(ctx, waiting, now.Add(digestWait), now)
		if err != nil {
			return err
		}
		if kept < len(found.unfinished) {
			why = "more log files are to be looked for than can be"
		}
	}
	if err := p.history.PutFound(ctx, f.found, uri(f.object), now, now); err != nil {
		return err
	}
	if why != "" {
		health[metric.DigestsNotCompared] = 1
		p.Log.WarnContext(ctx, "digest not compared, or not all of it", "bucket", f.object.Bucket, "key", f.object.Key, "reason", why)
	}
	p.Log.InfoContext(ctx, "digest compared", "bucket", f.object.Bucket, "key", f.object.Key, "logFiles", inventory.InAll,
		"notYetProcessed", len(found.unfinished), "altered", len(found.altered))
	return p.emitSkipped(f, string(cloudtrail.Digest), &health)
}

// readDigest fetches and reads a digest.
func (p *Pipeline) readDigest(ctx context.Context, f *file) (digest *cloudtrail.DigestFile, err error) {
	err = p.fetched(ctx, f, func(body *objectBody) (err error) {
		digest, err = cloudtrail.ReadDigest(body)
		return err
	})
	return digest, err
}

// notCompared counts a digest that says nothing of what is missing.
func (p *Pipeline) notCompared(ctx context.Context, f *file, why string) error {
	p.Log.InfoContext(ctx, "digest not compared, or not all of it", "bucket", f.object.Bucket, "key", f.object.Key, "reason", why)
	var health [len(metric.Health)]int64
	health[metric.DigestsNotCompared] = 1
	return p.emitSkipped(f, string(cloudtrail.Digest), &health)
}

// digestTime is when it is "now" for a digest.
func (p *Pipeline) digestTime(f *file) time.Time {
	if at := p.clock(f); !at.IsZero() {
		return at
	}
	return f.started
}

// inventoryOf returns those log files that the function is told of as it is of their digest, or nil and why there are
// none. Of other log files why says so beside them. To be told of what isn't missing is worse than not to be told: when
// in doubt, it isn't compared.
func (p *Pipeline) inventoryOf(ctx context.Context, f *file, d *cloudtrail.DigestFile) (i *anomaly.Inventory, why string, err error) {
	key, ok := cloudtrail.ParseDigestKey(f.object.Key)
	now := p.digestTime(f)
	switch {
	case !ok:
		return nil, "its key isn't one that CloudTrail gives a digest", nil
	case d.Bucket != f.object.Bucket || d.Key != f.object.Key:
		return nil, "it isn't where CloudTrail put it", nil
	case now.Sub(d.End) > maxDigestAge:
		return nil, "it is too old: what was processed then may be forgotten", nil
	case d.End.Sub(now) > time.Hour || !d.Start.Before(d.End):
		return nil, "its times can't be right", nil
	}
	bucket := anomaly.Bucket{AccountID: key.AccountID, Name: f.object.Bucket}
	since, err := p.history.ComparedSince(ctx, bucket, key.Root+key.Region+"/"+key.Trail+"/"+key.HomeRegion, now)
	if err != nil {
		return nil, "", err
	}
	if d.Start.Before(since) {
		return nil, "it is about a time before the trail's first digest came here", nil
	}
	i = &anomaly.Inventory{Digest: uri(f.object), Bucket: bucket, Region: key.Region, Start: d.Start, End: d.End}
	for _, l := range d.LogFiles {
		switch {
		case l.Bucket != f.object.Bucket || !strings.HasPrefix(l.Key, key.Root):
			why = "it names log files in another place"
		case cloudtrail.ParseKey(l.Key).Kind == cloudtrail.LogFile: // nothing else is ever processed
			i.Files = append(i.Files, anomaly.ListedFile{Key: l.Key, SHA256: l.SHA256})
		}
	}
	i.InAll = int64(len(i.Files))
	return i, why, nil
}

// comparison is what became of the log files of a digest. They are in its order.
type comparison struct {
	unfinished []anomaly.ListedFile
	begun      int64 // of them
	altered    []string
}

// anomalies returns what is to be told at once.
func (c *comparison) anomalies(i *anomaly.Inventory) []anomaly.Anomaly {
	if len(c.altered) == 0 {
		return nil
	}
	return []anomaly.Anomaly{anomaly.AlteredLogFiles(i, c.altered)}
}

// waiting returns those that are to be looked for again: as many as can be.
func (c *comparison) waiting() []anomaly.ListedFile {
	size := 0
	for n, l := range c.unfinished {
		if size += len(l.Key); n == maxWaiting || size > maxWaitingBytes {
			return c.unfinished[:n]
		}
	}
	return c.unfinished
}

// compare looks what became of log files.
func (p *Pipeline) compare(ctx context.Context, bucket string, files []anomaly.ListedFile) (comparison, error) {
	type look struct {
		progress state.Progress
		sum      string
		err      error
	}
	looks := make([]look, len(files))
	atOnce(state.CallsAtOnce, len(files), func(n int) {
		l := &looks[n]
		l.progress, l.sum, l.err = p.claims.Look(ctx, "s3://"+bucket+"/"+files[n].Key)
	})
	var c comparison
	for n, l := range looks {
		switch {
		case l.err != nil:
			return c, l.err
		case l.progress == state.Finished:
			// An earlier version of this code has kept no hash.
			if l.sum != "" && files[n].SHA256 != "" && l.sum != files[n].SHA256 {
				c.altered = append(c.altered, files[n].Key)
			}
		default:
			c.unfinished = append(c.unfinished, files[n])
			if l.progress == state.Begun {
				c.begun++
			}
		}
	}
	return c, nil
}

// lookAgain looks for the log files of a digest that were not processed when it came. What it finds is put, and is to be
// told.
func (p *Pipeline) lookAgain(ctx context.Context, t *round, d history.Due) ([]anomaly.Anomaly, error) {
	i := d.Inventory
	c, err := p.compare(ctx, i.Bucket.Name, i.Files)
	if err != nil {
		return nil, err
	}
	found := c.anomalies(i)
	if len(c.unfinished) > 0 {
		keys := make([]string, len(c.unfinished))
		for n, l := range c.unfinished {
			keys[n] = l.Key
		}
		found = append(found, anomaly.MissingLogFiles(i, keys, c.begun, digestWait))
	}
	// Another name than that of what the digest's own invocation has found, which would be overwritten.
	return found, p.history.PutFound(ctx, found, i.Digest+"#waited", t.now, t.now)
}
