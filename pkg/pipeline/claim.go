package pipeline

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"bucketwatch/pkg/state"
)

const (
	usualLease   = 15 * time.Minute // where an invocation has no deadline; Lambda gives it no longer
	leaseMargin  = 10 * time.Second // beyond the deadline: for clocks that differ
	releaseLimit = 3 * time.Second  // at least, be the invocation's time over

	// To mark a file as done is tried for so long, with pauses that double from the first to the last.
	markLimit             = 15 * time.Second
	firstPause, lastPause = 50 * time.Millisecond, 800 * time.Millisecond
)

// claimed processes a log file under a claim, so that one that is announced twice is counted once. Where nothing is
// remembered it just processes it. An object without records is not done: tools that make an object before they write it
// announce it empty first.
//
// The claim is marked done after the lines were written. A process that dies between the two leaves lines that are
// written again when the claim's lease has ended: FilesTakenOver counts what may be so. Marked before, they might not be
// written at all.
//
// The processing has less time than the invocation: an error of it is told, and the claim given back, before Lambda ends
// the process.
func (p *Pipeline) claimed(ctx context.Context, f *file, process func(context.Context) error) error {
	work, cancel := inTime(ctx)
	defer cancel()
	if p.claims == nil {
		return p.inWords(work, f, process(work))
	}
	var held state.Held
	lease := leaseOf(ctx) // of the invocation, which may live longer than the work
	err := p.Step(work, "claim", func(ctx context.Context) (err error) {
		held, err = p.claim(ctx, uri(f.object), lease)
		return err
	})
	switch {
	case err != nil:
		return p.inWords(work, f, err)
	case held.Outcome == state.AlreadyDone:
		return p.skip(ctx, f, "AlreadyProcessed")
	}
	f.takenOver = held.Outcome == state.TakenOver
	if err := process(work); err != nil || f.nothing {
		if errors.Is(err, errPartlyWritten) {
			held.Outcome = state.TakenOver // for the next one, which writes those lines again
		}
		p.release(ctx, held)
		return p.inWords(work, f, err)
	}
	held.Note = f.sum
	// What was written can't be taken back: to fail now would have it written twice for certain.
	if err := p.mark(ctx, held); err != nil {
		p.Log.WarnContext(ctx, "log file not marked as processed", "bucket", f.object.Bucket, "key", f.object.Key, "error", err.Error())
	}
	return nil
}

// claim claims what has the name for so long. Each claim has an owner of its own: Lambda may deliver one event twice at
// the same time, under the same request id.
func (p *Pipeline) claim(ctx context.Context, name string, lease time.Duration) (state.Held, error) {
	if err := p.checkSchema(ctx); err != nil {
		return state.Held{}, err
	}
	return p.claims.Claim(ctx, name, state.Claim{Owner: rand.Text(), Now: p.Now(), Lease: lease})
}

// leaseOf is for how long an invocation claims: until it can't live any more.
func leaseOf(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline) + leaseMargin
	}
	return usualLease
}

// release gives a claim back, so that whoever tries again needn't wait for the end of the lease. It does so also when
// the invocation's time is over.
func (p *Pipeline) release(ctx context.Context, held state.Held) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime(ctx))
	defer cancel()
	if err := p.claims.Release(ctx, held, p.Now()); err != nil {
		p.Log.WarnContext(ctx, "claim not released", "error", err.Error())
	}
}

// releaseTime is for how long a claim is tried to be given back: as long as a mark, where the invocation has the time. A
// table that throttled the work throttles this too, and a claim that stays costs Lambda's first retry; the second takes it
// over, which is told as if its lines might come twice.
func releaseTime(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return markLimit
	}
	return max(releaseLimit, min(markLimit, time.Until(deadline)-endReserve))
}

// mark marks as done a file whose lines were written. It tries several times: as long as the mark is missing, whoever
// gets the file again writes its lines again. It does so also when the invocation's time is over.
func (p *Pipeline) mark(ctx context.Context, held state.Held) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markLimit)
	defer cancel()
	for pause := firstPause; ; pause *= 2 {
		err := p.claims.Done(ctx, held, p.Now())
		if err == nil || errors.Is(err, state.ErrClaimed) || pause > lastPause {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// checkSchema refuses, until it was found to be known, what newer code has written. It looks once a process.
func (p *Pipeline) checkSchema(ctx context.Context) error {
	if p.schemaKnown.Load() {
		return nil
	}
	if err := state.CheckSchema(ctx, p.claims.Store); err != nil {
		return err
	}
	p.schemaKnown.Store(true)
	return nil
}
