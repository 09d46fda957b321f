package report

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"sync"
	"time"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/logfiles"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/replay"
)

// Maker makes a report out of log files.
type Maker struct {
	Query Query
	// Expected is which deletes were declared; by default none.
	Expected *expected.List
	// Open opens a log file.
	Open func(context.Context, logfiles.File) (io.ReadCloser, error)
	// Parallel is how many log files are read at the same time; by default 8.
	Parallel int
	// Now is the time of day: what isn't yet due isn't judged. By default time.Now.
	Now func() time.Time
	// Progress, if there is one, is called after each log file.
	Progress func()

	seed    maphash.Seed
	readers sync.Pool // of *cloudtrail.Reader
	judge   *replay.Judge
	seen    map[uint64]struct{} // ids of the records of all log files
	undated []replay.LogFile    // whose turn on the clock of deliveries hasn't come

	report         Report
	records        [len(metric.Health)]int64
	leftOut        int64
	charged        span // by the time of their delivery: a single late record must not stretch it
	tallies        tallies
	objects        objects
	touchesNotKept int64
	skipped        []string
}

// maxSeen is how many records of all log files are compared, to find those that two trails have written: 100 MB.
const maxSeen = 4_000_000

// Make reads the log files, which are in the order of their delivery, and says what happened. It goes on past files that
// can't be read; the report lists them. The error is that nothing can be said at all. A Maker makes one report.
func (m *Maker) Make(ctx context.Context, files []logfiles.File) (*Report, error) {
	var err error
	if m.judge, err = replay.New(); err != nil {
		return nil, err
	}
	m.seed = maphash.MakeSeed()
	m.seen = map[uint64]struct{}{}
	m.readers.New = func() any { return new(cloudtrail.Reader) }
	m.objects.bySight = m.Query.bySight()
	if m.Parallel <= 0 {
		m.Parallel = 8
	}
	if m.Now == nil {
		m.Now = time.Now
	}
	type outcome struct {
		contents *contents
		err      error
	}
	err = logfiles.InOrder(ctx, len(files), m.Parallel,
		func(i int) outcome {
			c, err := m.read(ctx, files[i], nil)
			return outcome{c, err}
		},
		func(i int, o outcome) error {
			if m.Progress != nil {
				defer m.Progress()
			}
			return m.take(ctx, files[i], o.contents, o.err)
		})
	if err != nil {
		return nil, err
	}
	return m.finish(ctx)
}

// read reads one log file. What stands in elsewhere is a duplicate.
func (m *Maker) read(ctx context.Context, f logfiles.File, elsewhere map[uint64]struct{}) (*contents, error) {
	body, err := m.Open(ctx, f)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	reader := m.readers.Get().(*cloudtrail.Reader)
	defer m.readers.Put(reader)
	c := &contents{file: f, query: &m.Query, seed: m.seed, elsewhere: elsewhere}
	c.collect(m.Expected)
	return c, read(reader, body, c)
}

// take takes in what was read of a log file.
func (m *Maker) take(ctx context.Context, f logfiles.File, c *contents, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && m.stoodElsewhere(c) {
		// Two trails write into one bucket, or the file was copied. It is read again without what is known.
		c, err = m.read(ctx, f, m.seen)
	}
	switch {
	case errors.Is(err, cloudtrail.ErrEmpty) || errors.Is(err, cloudtrail.ErrNoRecords):
		m.report.Files.Skipped++
		m.skipped = append(m.skipped, f.Name)
		return nil
	case err != nil:
		m.report.Files.Failed++
		m.report.Failures = append(m.report.Failures, Failure{File: f.Name, Error: err.Error()})
		return nil
	}
	m.report.Files.Read++
	m.report.Files.Bytes += f.Size
	for id := range c.seen {
		if len(m.seen) >= maxSeen {
			c.records[metric.RecordsNotCompared]++
			continue
		}
		m.seen[id] = struct{}{}
	}
	for i, n := range c.records {
		m.records[i] += n
	}
	m.leftOut += c.leftOut
	m.charged.merge(delivered(f, c.charged))
	m.tallies.merge(&c.tallies)
	for i := range c.touches {
		m.objects.add(&c.touches[i])
	}
	m.touchesNotKept += c.notKept
	return m.judgeFile(ctx, f, c)
}

// delivered is the span of what a file holds by the time of its delivery, if its name tells.
func delivered(f logfiles.File, s span) *span {
	if !f.Delivered.IsZero() {
		s.last = f.Delivered.Unix()
		s.first = f.Delivered.Add(-deliveries).Unix()
	}
	return &s
}

// deliveries is how often CloudTrail delivers, about.
const deliveries = 5 * time.Minute

func (m *Maker) stoodElsewhere(c *contents) bool {
	for id := range c.seen {
		if _, ok := m.seen[id]; ok {
			return true
		}
	}
	return false
}

// judgeFile gives the detectors what the file tells them, when its turn comes on the clock of deliveries. Files whose
// names don't tell when they were delivered come first, and wait until then.
func (m *Maker) judgeFile(ctx context.Context, f logfiles.File, c *contents) error {
	file := c.logFile()
	if len(file.Shares)+len(file.Found) == 0 || file.Delivered.Year() < 2000 { // nothing to judge, or a time that can't be
		return nil
	}
	if f.Delivered.IsZero() {
		m.undated = append(m.undated, file)
		return nil
	}
	if err := m.judgeUndated(ctx, file.Delivered); err != nil {
		return err
	}
	return m.judge.Add(ctx, file)
}

// judgeUndated gives the detectors those of the waiting files whose turn it is.
func (m *Maker) judgeUndated(ctx context.Context, until time.Time) error {
	sortByDelivery(m.undated)
	for len(m.undated) > 0 && !m.undated[0].Delivered.After(until) {
		if err := m.judge.Add(ctx, m.undated[0]); err != nil {
			return err
		}
		m.undated = m.undated[1:]
	}
	return nil
}

// finish makes the report of what was read.
func (m *Maker) finish(ctx context.Context) (*Report, error) {
	if n := len(m.undated); n > 0 {
		sortByDelivery(m.undated)
		if err := m.judgeUndated(ctx, m.undated[n-1].Delivered); err != nil {
			return nil, err
		}
	}
	found, err := m.judge.Finish(ctx, m.Now())
	if err != nil {
		return nil, fmt.Errorf("cannot judge what happened: %w", err)
	}
	return m.assemble(found), nil
}
