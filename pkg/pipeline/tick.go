package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/state"
)

// tickReserve is how much of its time a tick leaves unused: the next one goes on where it stopped.
const tickReserve = 20 * time.Second

// round is one tick on its way.
type round struct {
	now time.Time

	mu     sync.Mutex
	health [len(metric.Health)]int64

	heldBack map[anomaly.Bucket]bool // those with a message that waits for the next hour
}

// count adds to a health metric.
func (t *round) count(m int, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.health[m] += n
}

// tick judges what is due. What fails is logged, counted, left as it was, and due again at the next tick: so it is no
// failure of the invocation, which Lambda would repeat in between. The error is that of writing the heartbeat.
func (p *Pipeline) tick(ctx context.Context, at time.Time) error {
	t := &round{now: p.tickTime(at), heldBack: map[anomaly.Bucket]bool{}}
	if p.history != nil {
		if err := p.judgeDue(ctx, t); err != nil {
			p.Log.ErrorContext(ctx, "tick failed", "error", err.Error())
			t.count(metric.TicksFailed, 1)
		}
	}
	if t.health[metric.TicksFailed] == 0 {
		t.health[metric.Ticks] = 1
	}
	p.logReached(ctx, &t.health)
	w := p.tickWriter(t, "")
	if err := w.health(&t.health, ""); err != nil {
		return err
	}
	return p.out.write(&w.batch)
}

// tickTime returns when it is "now" for a tick of the given time, which may be zero.
func (p *Pipeline) tickTime(at time.Time) time.Time {
	if p.config.Clock == DeliveryClock && !at.IsZero() {
		return at
	}
	return p.Now()
}

// judgeDue judges, bucket by bucket, what is due, while it holds the claim of ticks: two at once would send a message
// twice.
func (p *Pipeline) judgeDue(ctx context.Context, t *round) error {
	if is, err := p.history.IsDue(ctx, t.now); err != nil || !is {
		return err
	}
	held, err := p.claim(ctx, "tick", leaseOf(ctx))
	switch {
	case errors.Is(err, state.ErrClaimed):
		p.Log.InfoContext(ctx, "tick left to another that is at work")
		return nil
	case err != nil:
		return err
	}
	if held.Outcome == state.TakenOver {
		p.Log.WarnContext(ctx, "tick taken over: what an earlier one wrote may come twice")
		t.count(metric.FilesTakenOver, 1)
		held.Outcome = state.Claimed // once it was told, the next tick takes over nothing
	}
	defer p.release(ctx, held)

	// What fails is left to the next tick, and doesn't keep this one from all that is behind it.
	var failures []error
	failed := map[job]bool{}
	for round, more := 0, true; more; round++ {
		var due []history.Due
		due, more, err = p.history.Due(ctx, t.now, func(d history.Due) bool { return failed[jobOf(d)] })
		if err != nil && round == 0 { // what is damaged is so each time
			failures = append(failures, err)
		}
		left := ""
		for _, j := range p.judgeAll(ctx, t, byJob(due)) {
			it := j.job
			switch {
			case j.err == errNoTimeLeft:
				left = cmp.Or(left, it.bucket.Name)
			case j.err != nil:
				failures = append(failures, fmt.Errorf("cannot judge %s: %w", it.bucket.Name, j.err))
				it.message = it.message || j.finished
				failed[it] = true
			}
			if t.heldBack[it.bucket] { // or it would be due again at once
				failed[job{it.bucket, true}] = true
			}
		}
		if left != "" {
			// A failure, though what was judged is done: what is late for long must be told.
			return join(append(failures, fmt.Errorf("out of time: %s and what was due later is left to the next tick", left)))
		}
	}
	return join(failures)
}

// job is what is done of a bucket in one go.
type job struct {
	bucket  anomaly.Bucket
	message bool // that an earlier tick couldn't send
}

func jobOf(d history.Due) job { return job{d.Bucket, d.Kind == history.Message} }

// byJob returns what is due of each job, that bucket first which has waited longest, and all messages after what is to be
// judged: a topic that takes none may take its time to say so.
func byJob(due []history.Due) [][]history.Due {
	var judge, send [][]history.Due
	index := map[job]int{}
	for _, d := range due {
		it := jobOf(d)
		groups := &judge
		if it.message {
			groups = &send
		}
		i, ok := index[it]
		if !ok {
			i = len(*groups)
			index[it] = i
			*groups = append(*groups, nil)
		}
		(*groups)[i] = append((*groups)[i], d)
	}
	return append(judge, send...)
}

// judged is a job, and what came of it.
type judged struct {
	job
	finished bool
	err      error
}

var errNoTimeLeft = errors.New("no time is left")

// judgeAll judges several jobs at once, so many as their keys fit into memory. What is found is put and told in the
// jobs' order, one after the other: only what nothing was found of doesn't wait for its turn.
func (p *Pipeline) judgeAll(ctx context.Context, t *round, jobs [][]history.Due) []judged {
	all := make([]judged, len(jobs))
	ended := make([]chan struct{}, len(jobs))
	for i := range jobs {
		ended[i] = make(chan struct{})
	}
	atOnce(p.config.judgedAtOnce(), len(jobs), func(i int) {
		defer close(ended[i])
		j := &all[i]
		j.job = jobOf(jobs[i][0])
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < tickReserve {
			j.err = errNoTimeLeft
			return
		}
		j.err = p.Step(ctx, "judge", func(ctx context.Context) (err error) {
			j.finished, err = p.judge(ctx, t, jobs[i], func() {
				for _, before := range ended[:i] { // each of them has begun
					<-before
				}
			})
			return err
		})
	})
	return all
}

// judge judges what is due of one bucket, and tells what was found when it is its turn. The order is what loses nothing:
// what is found is put first and marked as told last, and what dies in between is done again by the next tick. If a
// message can't be sent that is a failure, but then it is all that is left to do: the rest is finished.
func (p *Pipeline) judge(ctx context.Context, t *round, due []history.Due, turn func()) (finished bool, err error) {
	found, own, err := p.find(ctx, t, due)
	if err != nil {
		return false, err
	}
	if len(found)+len(own) > 0 || slices.ContainsFunc(due, tellsByItself) {
		turn()
	}
	outcome, err := p.history.Remember(ctx, due, found, t.now)
	if err != nil {
		return false, err
	}
	unsent, notSent := p.alert(ctx, t, outcome.Incidents)
	if err := p.rest(ctx, t, due, own, outcome, unsent); err != nil {
		if notSent != nil {
			err = errors.Join(notSent, err)
		}
		return false, err
	}
	return true, notSent
}

// tellsByItself tells whether there may be something to tell of what is due though nothing is found.
func tellsByItself(d history.Due) bool { return d.Kind == history.Found || d.Kind == history.Message }

// rest does what is left when messages were sent, but for those that were not.
func (p *Pipeline) rest(ctx context.Context, t *round, due []history.Due, own []anomaly.Anomaly, outcome *history.Outcome, unsent []history.Incident) error {
	if err := p.history.Postpone(ctx, unsent, due, t.now); err != nil {
		return err
	}
	if err := p.tell(t, own, outcome); err != nil {
		return err
	}
	if err := p.history.Told(ctx, outcome, t.now); err != nil {
		return err
	}
	return p.history.Finish(ctx, due, t.now)
}

// find returns what the detectors find in the hours that are due, and closes the days that are. What is found of digests
// is its own: it is put already, and for a later tick to make incidents of.
func (p *Pipeline) find(ctx context.Context, t *round, due []history.Due) (found, own []anomaly.Anomaly, err error) {
	judged := map[time.Time]bool{} // hours, with all that is known now
	for _, d := range due {
		switch {
		case d.Kind == history.Found || d.Kind == history.Message:
			continue // what was found is put already
		case d.Kind == history.Listed:
			some, err := p.lookAgain(ctx, t, d)
			if err != nil {
				return nil, nil, err
			}
			own = append(own, some...)
			continue
		case d.Kind == history.Day:
			if err := p.history.CloseDay(ctx, d.Bucket, d.Hour, t.now); err != nil {
				return nil, nil, err
			}
			continue
		case d.Kind == history.AtOnce && judged[d.Hour]:
			continue
		case d.Kind == history.AtOnce:
			judged[d.Hour] = true
		}
		waited := d.Kind == history.Waited
		judgement, err := anomaly.Judge(ctx, d.Bucket, p.history.For(d), d.Hour, waited)
		if err != nil {
			return nil, nil, err
		}
		if judgement.KeysNotJudged && waited {
			t.count(metric.KeysNotJudged, 1)
		}
		found = append(found, judgement.Anomalies...)
	}
	return found, own, nil
}

// tell writes a line for each anomaly that is new, more severe than told, or about more deletes, and for those of digests.
func (p *Pipeline) tell(t *round, own []anomaly.Anomaly, outcome *history.Outcome) error {
	if len(outcome.News)+len(own) == 0 {
		return nil
	}
	w := p.tickWriter(t, "")
	for i := range own {
		w.account = own[i].AccountID
		if err := w.anomaly(opened(&own[i])); err != nil {
			return err
		}
		switch own[i].Name {
		case anomaly.NameMissingLogFiles:
			t.count(metric.MissingLogFiles, own[i].Count)
		case anomaly.NameAlteredLogFiles:
			t.count(metric.AlteredLogFiles, own[i].Count)
		}
	}
	for i := range outcome.News {
		w.account = outcome.News[i].Anomaly.AccountID
		if err := w.anomaly(&outcome.News[i]); err != nil {
			return err
		}
	}
	return p.out.write(&w.batch)
}

// tickWriter makes the lines of a tick.
func (p *Pipeline) tickWriter(t *round, accountID string) *writer {
	return &writer{config: &p.config, account: accountID, region: p.config.Region, now: t.now}
}

// opened is the news of an anomaly that a log file shows by itself, and that nothing was known of before.
func opened(a *anomaly.Anomaly) *history.News {
	return &history.News{Anomaly: *a, Opened: true, BecameHigh: a.Severity.Compare(anomaly.High) >= 0, UnexpectedDeletes: a.Objects()}
}
