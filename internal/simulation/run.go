package simulation

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"bucketwatch/internal/localaws"
)

// world is what a run takes place in.
type world struct {
	plan     *Plan
	s3       *localaws.S3
	dynamoDB *localaws.DynamoDB
	rnd      *rand.Rand
	files    []logFile
	bucket   string // of the log files
	done     int
}

// Run simulates what the plan says. bootstrap is the binary, as localaws.Build returns it. An error is that the
// simulation could not be run; what it has shown to be wrong, Result.Check says.
func Run(ctx context.Context, bootstrap string, p Plan) (_ *Result, err error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	w := &world{plan: &p, rnd: rand.New(rand.NewPCG(p.Seed, 2))}
	if w.s3, err = localaws.NewS3(); err != nil {
		return nil, err
	}
	defer w.s3.Close()
	if w.dynamoDB, err = localaws.NewDynamoDB(table); err != nil {
		return nil, err
	}
	defer w.dynamoDB.Close()
	scale := float64(p.scale())
	err = w.dynamoDB.Limit(table, localaws.Capacity{
		Partitions: p.Partitions, Writes: partitionWrites / scale, Reads: partitionReads / scale, Latency: p.Latency,
	})
	if err != nil {
		return nil, err
	}
	return w.run(ctx, bootstrap)
}

func (w *world) run(ctx context.Context, bootstrap string) (*Result, error) {
	environments := make([]*environment, w.plan.Environments+1) // the last one has the ticks
	defer func() {
		for _, e := range environments {
			if e != nil && e.function != nil {
				e.function.Close()
			}
		}
	}()
	for i := range environments {
		var err error
		if environments[i], err = w.newEnvironment(ctx, bootstrap); err != nil {
			return nil, err
		}
	}
	l := newLambda(w)
	working, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	for _, e := range environments[:w.plan.Environments] {
		workers.Go(func() { l.work(working, e) })
	}
	defer workers.Wait()
	defer stop()

	r := &Result{Plan: *w.plan, Scale: w.plan.scale()}
	// Not of the past, since evidence that is put long after its delivery is marked as late; and within one hour, whatever
	// time it is, since a log file has evidence of each hour.
	delivered := time.Now().UTC().Truncate(time.Hour).Add(time.Hour + 2*slot)
	g := newGenerator(w.plan, delivered.Add(-time.Hour))
	w.bucket = g.recorder.LogBucket()
	ticks := environments[w.plan.Environments]
	for n := range w.plan.Deliveries {
		before := w.dynamoDB.Usage(table)
		if err := w.deliver(ctx, l, g, n, delivered); err != nil {
			return nil, err
		}
		if err := l.await(ctx, false); err != nil {
			return nil, err
		}
		between := w.dynamoDB.Usage(table)
		r.byFiles.add(between, before)
		for range int(slot / time.Minute) {
			delivered = delivered.Add(time.Minute)
			if err := r.tick(ctx, ticks, delivered); err != nil {
				return nil, err
			}
		}
		r.byTicks.add(w.dynamoDB.Usage(table), between)
	}
	before := w.dynamoDB.Usage(table)
	if err := l.await(ctx, true); err != nil {
		return nil, err
	}
	r.byFiles.add(w.dynamoDB.Usage(table), before)
	r.Dead, r.Retries, r.LastError = len(l.dead), l.retries, l.lastError
	r.durations, r.usage = l.durations, w.dynamoDB.Usage(table)

	// What is in the dead-letter list isn't lost: without limits it is counted when it is redriven.
	if err := w.dynamoDB.Limit(table, localaws.Capacity{}); err != nil {
		return nil, err
	}
	if err := w.redrive(ctx, l); err != nil {
		return nil, err
	}
	stop()
	workers.Wait()
	t, err := r.read(environments)
	if err != nil {
		return nil, err
	}
	r.compare(t, w)
	return r, nil
}

// redrive redrives the dead-letter list until it is empty, or no lease of a claim can be the reason that it isn't.
func (w *world) redrive(ctx context.Context, l *lambda) error {
	for until := time.Now().Add(timeout + 20*time.Second); ; {
		if l.redrive() == 0 || time.Now().After(until) {
			return nil
		}
		if err := l.await(ctx, true); err != nil {
			return err
		}
	}
}

// deliver makes the log files of the n-th delivery, and announces them over the burst.
func (w *world) deliver(ctx context.Context, l *lambda, g *generator, n int, delivered time.Time) error {
	files := w.plan.inDelivery(n)
	first := len(w.files)
	for range files {
		f, err := g.file(delivered)
		if err == nil {
			err = w.s3.Put(ctx, w.bucket, f.Key, f.Body)
		}
		if err != nil {
			return err
		}
		f.Body = nil
		w.files = append(w.files, f)
	}
	at := make([]time.Duration, files)
	for i := range at {
		at[i] = time.Duration(w.rnd.Float64() * float64(w.plan.Burst))
	}
	slices.Sort(at)
	begin := time.Now()
	for i := range at {
		select {
		case <-time.After(at[i] - time.Since(begin)):
		case <-ctx.Done():
			return ctx.Err()
		}
		l.announce(first + i)
	}
	return nil
}

// progress is called with the lock of the one lambda there is.
func (w *world) progress() {
	if w.done++; w.plan.Progress != nil {
		w.plan.Progress(w.done, w.plan.Total())
	}
}

// Total is how many log files there will be.
func (p *Plan) Total() int {
	n := 0
	for i := range p.Deliveries {
		n += p.inDelivery(i)
	}
	return n
}

// Build makes the binary in a folder that goes with remove.
func Build(ctx context.Context) (bootstrap string, remove func(), err error) {
	folder, err := os.MkdirTemp("", "simulation")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(folder) }
	if bootstrap, err = localaws.Build(ctx, folder); err != nil {
		remove()
		return "", nil, err
	}
	return bootstrap, remove, nil
}
