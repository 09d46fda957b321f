package evaluation

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/anomaly"
)

// Plan says what is evaluated.
type Plan struct {
	Seed    uint64
	PerKind int             // buckets of each kind
	Fleet   int             // buckets of an account as most are, in which nobody attacks
	Kinds   []labelled.Kind // by default all
	Weeks   int             // scored, after two to learn
	Every   time.Duration   // between deliveries, a part of an hour; 0: an hour
	// Parallel is how many accounts are at work at once; by default as many as there are processors.
	Parallel int
	// Progress, if there is one, is called when so many of all the days of all the accounts are done.
	Progress func(done, of int)
}

// perAccount is how many buckets share an account, and so a memory and log files: the fewer, the less memory is needed.
const perAccount = 8

// from is the first day, a Monday.
var from = time.Date(2026, 8, 3, 0, 0, 0, 0, time.UTC)

const learn = 14 // days

// Result is how good the detectors are.
type Result struct {
	Plan    Plan
	Ours    Scores            // by severity
	Rules   map[string]*Score // by the rule's name
	Without map[string]Scores // by the detector that is left out
	Cases   map[string]Found
	Fleet   Scores

	AtOnce, Waited []time.Duration
	Files          int
	Records        int64
	Published      int
	Took           time.Duration
}

// Scores are those at each of the Levels.
type Scores map[anomaly.Severity]*Score

func newScores() Scores {
	s := Scores{}
	for _, level := range Levels {
		s[level] = newScore()
	}
	return s
}

func (s Scores) add(o *Outcome, detector string) {
	all := incidents(o.without(detector))
	for _, level := range Levels {
		s[level].add(o.Labels, all, level)
	}
}

// Detectors are those that may be left out. ProtectionRemoved, PermanentDelete and EncryptedOverwrite are there for what
// no number shows; they are, too.
var Detectors = []string{
	anomaly.NameDeleteSurge, anomaly.NameNewDeleter, anomaly.NameDeniedDelete, anomaly.NameOpaqueBulkDelete,
	anomaly.NameDeletedSoonAfterUpload, anomaly.NameRepeatedDelete, anomaly.NameReadAfterDelete, anomaly.NamePermanentDelete,
	anomaly.NameProtectionRemoved, anomaly.NameEncryptedOverwrite, anomaly.NameAttackSequence,
}

// ReportSeed is what docs/EVALUATION.md reports on: nobody looks at it to choose a threshold.
const ReportSeed = 101

// Times is a smaller plan for the same seed, whose log files are delivered as often as CloudTrail's are, to tell how soon
// something is told.
func (p *Plan) Times() Plan {
	return Plan{Seed: p.Seed + 1_000_000, PerKind: 2, Weeks: 3, Every: 5 * time.Minute, Parallel: p.Parallel}
}

// Validate joins what is wrong with the plan.
func (p *Plan) Validate() error {
	if i := slices.IndexFunc(p.Kinds, func(k labelled.Kind) bool { return !slices.Contains(labelled.Kinds, k) }); i >= 0 {
		return fmt.Errorf("%q is no kind of bucket; those are %q", p.Kinds[i], labelled.Kinds)
	}
	if p.PerKind < 1 || p.Fleet < 0 || p.Weeks < 2 {
		return fmt.Errorf("%d buckets of each kind, %d of a fleet, %d weeks: want at least 1, 0 and 2", p.PerKind, p.Fleet, p.Weeks)
	}
	accounts := p.accounts()
	return accounts[0].Validate()
}

func (p *Plan) every() time.Duration {
	if p.Every == 0 {
		return time.Hour
	}
	return p.Every
}

// accounts are what the plan has made. Those of a kind are the same whatever else is evaluated.
func (p *Plan) accounts() []labelled.Options {
	var all []labelled.Options
	add := func(group int, kinds []labelled.Kind, attacks bool) {
		for n := 1000 * group; len(kinds) > 0; n++ {
			share := min(perAccount, len(kinds))
			all = append(all, labelled.Options{
				Seed: p.Seed*100_000 + uint64(n), Account: fmt.Sprintf("%012d", 100_000_000_000+n), From: from,
				Learn: learn, Scored: 7 * p.Weeks, Kinds: kinds[:share], Attacks: attacks, Every: p.every(),
			})
			kinds = kinds[share:]
		}
	}
	for i, kind := range labelled.Kinds {
		if len(p.Kinds) == 0 || slices.Contains(p.Kinds, kind) {
			add(1+i, slices.Repeat([]labelled.Kind{kind}, p.PerKind), true)
		}
	}
	add(0, labelled.Fleet(p.Fleet), false)
	return all
}

// Evaluate makes the traffic, runs it, and scores what came out.
func Evaluate(ctx context.Context, p Plan) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &Result{
		Plan: p, Ours: newScores(), Rules: map[string]*Score{}, Without: map[string]Scores{}, Cases: map[string]Found{}, Fleet: newScores(),
	}
	for _, rule := range Rules {
		r.Rules[rule.Name] = newScore()
	}
	for _, name := range Detectors {
		r.Without[name] = newScores()
	}
	accounts := p.accounts()
	days, done := 0, 0
	for i := range accounts {
		days += accounts[i].Learn + accounts[i].Scored
	}
	started := time.Now()
	var (
		mu     sync.Mutex
		group  sync.WaitGroup
		failed error
		next   int
	)
	progress := func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		if p.Progress != nil {
			p.Progress(done, days)
		}
	}
	workers := p.Parallel
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range workers {
		group.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := i >= len(accounts) || failed != nil
				mu.Unlock()
				if stop {
					return
				}
				o, err := Run(ctx, accounts[i], progress)
				mu.Lock()
				if err != nil && failed == nil {
					failed = fmt.Errorf("account %s: %w", accounts[i].Account, err)
					cancel()
				}
				if err == nil {
					r.add(o, accounts[i].Attacks)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	r.Took = time.Since(started)
	return r, failed
}

// add scores what came out of one account. The order of accounts makes no difference.
func (r *Result) add(o *Outcome, attacked bool) {
	r.Files += o.Files
	r.Records += o.Records
	r.Published += len(o.Published)
	if !attacked {
		r.Fleet.add(o, "")
		return
	}
	r.Ours.add(o, "")
	for _, name := range Detectors {
		r.Without[name].add(o, name)
	}
	for i := range Rules {
		r.Rules[Rules[i].Name].add(o.Labels, Rules[i].incidents(o.Labels), anomaly.High)
	}
	o.cases(r.Cases)
	l := latencies{r.AtOnce, r.Waited}
	o.latencies(&l)
	r.AtOnce, r.Waited = l.atOnce, l.waited
}
