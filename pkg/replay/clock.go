package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"bucketwatch/pkg/history"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/state"
)

// clock is that of deliveries and ticks. The function's ticks come each minute; those at which nothing is due would find
// nothing, and are left out.
type clock struct {
	store   *state.Memory
	pending *history.History
	ticks   *pipeline.Pipeline
	faults  *faults
	// newDay, if there is one, is called when a day is over, before what has expired by then is forgotten.
	newDay func(ctx context.Context, at time.Time) error

	now  time.Time // zero before the first delivery
	last time.Time // the last delivery
}

// deliver says that a log file is delivered, when the ticks until then were made.
func (c *clock) deliver(ctx context.Context, at time.Time) error {
	if c.now.IsZero() {
		c.now = at
	}
	if err := c.advance(ctx, at); err != nil {
		return err
	}
	c.last = later(c.last, at)
	return nil
}

// settle makes the ticks that were due by now. What was delivered last is judged even if its tick is yet to come.
func (c *clock) settle(ctx context.Context, now time.Time) error {
	if c.now.IsZero() {
		return nil
	}
	return c.advance(ctx, later(now.UTC(), minuteAfter(later(c.last, c.now))))
}

// advance makes the ticks until then, that included.
func (c *clock) advance(ctx context.Context, until time.Time) error {
	for {
		due, err := c.pending.Next(ctx)
		if err != nil {
			return err
		}
		at := later(due, c.now.Truncate(time.Minute).Add(time.Minute))
		if due.IsZero() || at.After(until) {
			return c.pass(ctx, until)
		}
		if err := c.pass(ctx, at); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.tick(ctx); err != nil {
			return fmt.Errorf("cannot judge what was delivered until %s: %w", at.Format(time.RFC3339), err)
		}
	}
}

// pass makes it later.
func (c *clock) pass(ctx context.Context, at time.Time) error {
	if !at.After(c.now) {
		return nil
	}
	over := at.Truncate(24 * time.Hour).After(c.now)
	c.now = at
	if !over {
		return nil
	}
	if c.newDay != nil {
		if err := c.newDay(ctx, at); err != nil {
			return err
		}
	}
	c.store.Forget(at)
	return nil
}

func (c *clock) tick(ctx context.Context) error {
	payload, err := json.Marshal(map[string]string{"bucketwatch": "tick", "time": c.now.Format(time.RFC3339)})
	if err != nil {
		return err
	}
	// It ends between two ticks: one that is interrupted would write that it has failed.
	if _, err := c.ticks.Handle(context.WithoutCancel(ctx), payload); err != nil {
		return err
	}
	return c.faults.take() // a tick that fails only logs why
}

// minuteAfter returns the first whole minute after the one that t is in, or that it ends: a tick then sees what was
// delivered at t.
func minuteAfter(t time.Time) time.Time {
	whole := t.Truncate(time.Minute)
	if whole.Before(t) {
		whole = whole.Add(time.Minute)
	}
	return whole.Add(time.Minute)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
