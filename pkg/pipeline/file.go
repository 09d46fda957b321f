package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/trigger"
)

// CloudWatch takes metrics of the last two weeks and of the next two hours.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
const (
	maxAge   = 14*24*time.Hour - 10*time.Minute // counted as too old a little early, rather than lost on the way
	maxAhead = 2 * time.Hour
)

// file is one log file on its way.
type file struct {
	object   trigger.Object
	key      cloudtrail.Key
	started  time.Time
	reader   *cloudtrail.Reader
	sum      string // SHA-256 of the unpacked document, in hexadecimal, once it has ended
	contents *contents
	found    []anomaly.Anomaly         // in this file alone
	health   [len(metric.Health)]int64 // as published

	alone     bool // no other file is at work
	takenOver bool // from an invocation that did not end it
	nothing   bool // is in it
}

// process takes one object through: claimed, fetched and read at the same time, and only when it has ended cleanly is
// its evidence put and are its lines written. An error means that no line was written, unless it is the writing that
// failed.
//
// alone says that no other file is at work: if there is too little memory then, the file is refused.
func (p *Pipeline) process(ctx context.Context, object trigger.Object, alone bool) error {
	f := &file{object: object, key: cloudtrail.ParseKey(object.Key), started: p.Now(), alone: alone}
	read := p.whole
	switch f.key.Kind {
	case cloudtrail.LogFile:
	case cloudtrail.Digest:
		if key, ok := cloudtrail.ParseDigestKey(object.Key); ok {
			f.key.Delivered = key.End
		}
		if p.claims == nil {
			return p.notCompared(ctx, f, "nothing is remembered: BUCKETWATCH_TABLE is empty")
		}
		read = p.inventory
	default:
		return p.skip(ctx, f, string(f.key.Kind))
	}
	err := p.claimed(ctx, f, func(ctx context.Context) error { return read(ctx, f) })
	if isAtLimit(err) && (alone || !errors.Is(err, errOutOfMemory)) {
		p.refused(ctx, f)
	}
	return err
}

// whole reads the log file and tells what is in it.
func (p *Pipeline) whole(ctx context.Context, f *file) error {
	f.reader = p.readers.Get().(*cloudtrail.Reader)
	defer p.readers.Put(f.reader)

	err := p.fetched(ctx, f, func(body *objectBody) error { return p.read(f, body) })
	switch {
	case errors.Is(err, cloudtrail.ErrEmpty):
		f.nothing = true
		return p.skip(ctx, f, "Empty")
	case errors.Is(err, cloudtrail.ErrNoRecords):
		f.nothing = true
		return p.skip(ctx, f, "NoRecords")
	case err != nil:
		return err
	}
	if p.history != nil {
		if err := p.Step(ctx, "remember", func(ctx context.Context) error { return p.remember(ctx, f) }); err != nil {
			return err
		}
	}
	if err := p.Step(ctx, "emit", func(context.Context) error { return p.emit(f) }); err != nil {
		return err
	}
	p.logProcessed(ctx, f)
	p.logReached(ctx, &f.health, "bucket", f.object.Bucket, "key", f.object.Key)
	return nil
}

// fetched opens the object and has it read. Its body streams: reading overlaps with fetching.
func (p *Pipeline) fetched(ctx context.Context, f *file, read func(*objectBody) error) error {
	body := &objectBody{ctx: ctx, memory: p.memory, config: &p.config}
	err := p.Step(ctx, "fetch", func(ctx context.Context) error {
		out, err := p.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(f.object.Bucket), Key: aws.String(f.object.Key)})
		if err == nil {
			body.ReadCloser = out.Body
		}
		return err
	})
	if err != nil {
		return err
	}
	defer body.Close()
	return p.Step(ctx, "read", func(context.Context) error { return read(body) })
}

// read reads the body to its end into f.contents.
func (p *Pipeline) read(f *file, body *objectBody) error {
	if p.claims != nil && f.reader.Hash == nil {
		f.reader.Hash = sha256.New()
	}
	f.reader.Reset(body)
	f.contents = newContents(&p.config, f.object.Bucket, f.key, p.clock(f))
	if p.history != nil {
		f.contents.collect(uri(f.object), f.key.Delivered, p.Expected)
	}
	var record cloudtrail.Record
	for {
		switch err := f.reader.Read(&record); {
		case err == io.EOF:
			f.contents.finish()
			f.found = p.foundIn(f)
			if f.reader.Hash != nil {
				f.sum = hex.EncodeToString(f.reader.Hash.Sum(nil))
			}
			return nil
		case err != nil:
			return err
		}
		f.contents.add(&record)
		if err := f.givesWay(); err != nil {
			return err
		}
	}
}

// foundIn returns the anomalies that a file shows by itself.
func (p *Pipeline) foundIn(f *file) []anomaly.Anomaly {
	found := f.contents.protection.Anomalies()
	for i := range found {
		found[i].AccountID = f.contents.accountID
		found[i].LogFiles = []string{uri(f.object)}
		if p.history != nil {
			found[i].Deleted = nil // counted with those of other files, when the hour is judged
		}
	}
	return found
}

// remember puts what the file tells the detectors. Nothing of it depends on another file, so that to put it again, in
// another attempt, makes no difference.
func (p *Pipeline) remember(ctx context.Context, f *file) error {
	c := f.contents
	delivered := c.evidence.Delivered()
	if err := p.history.PutFound(ctx, f.found, uri(f.object), delivered, p.Now()); err != nil {
		return err
	}
	return p.history.PutShares(ctx, c.accountID, c.evidence.Shares(), p.Now())
}

// emit writes all lines about f: what was deleted and by whom, the buckets' counts, the anomalies, and last whether
// the numbers add up.
func (p *Pipeline) emit(f *file) error {
	c := f.contents
	w := p.writer(f)
	for i := range c.deletes.list {
		if err := w.delete(&c.deletes.list[i]); err != nil {
			return err
		}
	}
	for _, row := range c.callers.Top() {
		if err := w.caller(&row); err != nil {
			return err
		}
	}
	health := c.health
	for _, row := range c.counts.Rows() {
		if row.Minute.Before(w.now.Add(-maxAge)) || row.Minute.After(w.now.Add(maxAhead)) {
			requests := row.Values[metric.AllRequests]
			health[metric.RecordsCounted] -= requests
			health[metric.RecordsTooOld] += requests
			continue
		}
		if err := w.bucket(row); err != nil {
			return err
		}
	}
	for i := range f.found {
		if err := w.anomaly(opened(&f.found[i])); err != nil {
			return err
		}
	}
	health[metric.FilesProcessed] = 1
	if f.takenOver {
		health[metric.FilesTakenOver] = 1
	}
	health[metric.RecordsRead] = f.reader.Records()
	health[metric.RecordsUnaccounted] = metric.Unaccounted(&health)
	if !c.newest.IsZero() {
		health[metric.DeliveryDelay] = int64(w.now.Sub(c.newest) / time.Second)
	}
	// Zeros aren't published, so a part of a millisecond counts as one.
	health[metric.ProcessingTime] = int64((p.Now().Sub(f.started) + time.Millisecond - 1) / time.Millisecond)
	if err := w.health(&health, ""); err != nil {
		return err
	}
	f.health = health
	return p.out.write(&w.batch)
}

// skip counts an object that is not read.
func (p *Pipeline) skip(ctx context.Context, f *file, reason string) error {
	p.Log.InfoContext(ctx, "object skipped", "bucket", f.object.Bucket, "key", f.object.Key, "reason", reason)
	return p.emitSkipped(f, reason, new([len(metric.Health)]int64))
}

// emitSkipped writes the lines about an object that is no log file to count: what was found with it, and its health.
func (p *Pipeline) emitSkipped(f *file, reason string, health *[len(metric.Health)]int64) error {
	health[metric.FilesSkipped] = 1
	if f.key.Kind == cloudtrail.Digest {
		health[metric.DigestFiles] = 1
	}
	if f.takenOver {
		health[metric.FilesTakenOver] = 1
	}
	w := p.writer(f)
	for i := range f.found {
		if err := w.anomaly(opened(&f.found[i])); err != nil {
			return err
		}
	}
	if err := w.health(health, reason); err != nil {
		return err
	}
	return p.out.write(&w.batch)
}

// clock returns when it is "now" for a file; zero if that is the newest eventTime in it, which isn't known yet.
func (p *Pipeline) clock(f *file) time.Time {
	if p.config.Clock == DeliveryClock {
		return f.key.Delivered
	}
	return f.started
}

func (p *Pipeline) writer(f *file) *writer {
	w := &writer{config: &p.config, logFile: uri(f.object), account: f.key.AccountID, region: f.key.Region, now: p.clock(f)}
	if f.contents != nil {
		w.account, w.region = f.contents.accountID, f.contents.region
		if w.now.IsZero() {
			w.now = f.contents.newest
		}
	}
	if w.now.IsZero() {
		w.now = f.started
	}
	return w
}

func (p *Pipeline) logProcessed(ctx context.Context, f *file) {
	h := &f.health
	p.Log.InfoContext(ctx, "log file processed",
		"bucket", f.object.Bucket,
		"key", f.object.Key,
		"records", h[metric.RecordsRead],
		"counted", h[metric.RecordsCounted],
		"skipped", h[metric.RecordsRead]-h[metric.RecordsCounted],
		"bytes", f.reader.ObjectBytes(),
		"unpackedBytes", f.reader.DocumentBytes(),
		"delaySeconds", h[metric.DeliveryDelay],
		"durationMilliseconds", h[metric.ProcessingTime],
	)
}

func uri(o trigger.Object) string { return "s3://" + o.Bucket + "/" + o.Key }
