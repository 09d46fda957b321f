package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"bucketwatch/internal/localaws"
	"bucketwatch/pkg/state"
)

// database is an empty table, as the function reaches it and as the test does.
type database struct {
	url, name string
	store     state.Store // not through the proxy
}

// world is one run: Lambda's queue, its environments and its dead-letter list, on a clock of its own.
type world struct {
	t        testing.TB
	scenario *scenario
	table    database
	sns      *localaws.SNS
	timeout  time.Duration // the function's, of processes that start; zero is the template's
	plan     plan

	environments []*environment
	now          time.Time
	queue        []*invocation
	dead         []*invocation // the dead-letter list
	bundle       int           // how many files an invocation may bring; 0 is one
	redrives     int           // how often somebody redrives an event at once, before it stays in the list

	mu       sync.Mutex
	attempts []*attempt // in the order of their ends
	open     map[string]bool
	faults   map[fault]int
}

func newWorld(t testing.TB, s *scenario, table database, environments int) *world {
	t.Helper()
	topics, err := localaws.NewSNS(topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { topics.Close() })
	w := &world{t: t, scenario: s, table: table, sns: topics, plan: calm, open: map[string]bool{}, faults: map[fault]int{}}
	for range environments {
		w.environments = append(w.environments, newEnvironment(t, w))
	}
	return w
}

func (w *world) count(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[f]++
}

// announce puts an event in Lambda's queue.
func (w *world) announce(at time.Time, file int) {
	w.queue = append(w.queue, &invocation{at: at, file: file})
}

// announceAll announces every log file when it is delivered, and all ticks.
func (w *world) announceAll() {
	for i, f := range w.scenario.Files {
		w.announce(f.Delivered, i)
	}
	for _, at := range w.scenario.ticks {
		w.announce(at, -1)
	}
}

// retries are Lambda's of an asynchronous invocation, the first after a minute and the second after two more:
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
var retries = []time.Duration{time.Minute, 2 * time.Minute}

// lambda serves the queue until it is empty. Of what is due at the same time, files come in the order that rnd gives, as
// many at once as there are environments, and the ticks after them: or among them, if mixed. A tick is not tried again.
func (w *world) lambda(rnd *rand.Rand, mixed bool) {
	w.t.Helper()
	for len(w.queue) > 0 {
		slices.SortFunc(w.queue, func(a, b *invocation) int {
			return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.file, b.file), cmp.Compare(a.redrive, b.redrive), cmp.Compare(a.tries, b.tries))
		})
		n := 1
		for n < len(w.queue) && w.queue[n].at.Equal(w.queue[0].at) {
			n++
		}
		due := slices.Clone(w.queue[:n])
		w.queue = w.queue[n:]
		w.pass(due[0].at)
		rnd.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
		if mixed {
			w.atOnce(due)
			continue
		}
		ticks := slices.DeleteFunc(slices.Clone(due), func(it *invocation) bool { return it.file >= 0 })
		w.atOnce(slices.DeleteFunc(due, func(it *invocation) bool { return it.file < 0 }))
		w.atOnce(ticks)
	}
}

// atOnce serves invocations with all environments, and queues again what failed.
func (w *world) atOnce(due []*invocation) {
	bundles := [][]*invocation{}
	for _, it := range due {
		last := len(bundles) - 1
		if last < 0 || it.file < 0 || bundles[last][0].file < 0 || len(bundles[last]) >= w.bundle {
			bundles = append(bundles, nil)
			last++
		}
		bundles[last] = append(bundles[last], it)
	}
	next := make(chan []*invocation, len(bundles))
	for _, bundle := range bundles {
		next <- bundle
	}
	close(next)
	var serving sync.WaitGroup
	for _, e := range w.environments[:min(len(w.environments), len(bundles))] {
		serving.Go(func() {
			for bundle := range next {
				if len(bundle) == 1 {
					w.ended(e.invoke(w.t, bundle[0]))
					continue
				}
				for _, a := range e.invokeBundle(w.t, bundle) {
					w.ended(a)
				}
			}
		})
	}
	serving.Wait()
}

func (w *world) ended(a *attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts = append(w.attempts, a)
	it := a.invocation
	switch {
	case it.file < 0:
		w.open["tick"] = true
	case a.marked:
		delete(w.open, w.scenario.uri(it.file))
	default:
		w.open[w.scenario.uri(it.file)] = true
	}
	if a.err == nil || it.file < 0 {
		return
	}
	if it.tries <= len(retries) {
		again := *it
		again.at = it.at.Add(retries[it.tries-1])
		w.queue = append(w.queue, &again)
		return
	}
	if it.redrive < w.redrives {
		w.queue = append(w.queue, &invocation{at: it.at.Add(redriveWait), file: it.file, redrive: it.redrive + 1})
		return
	}
	w.dead = append(w.dead, it)
}

// redriveWait is how long it takes until somebody redrives what failed.
const redriveWait = 5 * time.Minute

// redrive has the events of the dead-letter list tried anew.
func (w *world) redrive() {
	for _, it := range w.dead {
		w.queue = append(w.queue, &invocation{at: w.now.Add(redriveWait), file: it.file, redrive: it.redrive + 1})
	}
	w.dead = nil
}

// pass lets time pass for the leases of claims, which the processes keep by the clock on the wall.
func (w *world) pass(until time.Time) {
	w.t.Helper()
	d := until.Sub(w.now)
	if w.now.IsZero() {
		d = 0
	}
	w.now = until
	if d <= 0 {
		return
	}
	for name := range w.open {
		w.shift(name, d)
	}
}

// shift brings the end of a claim's lease nearer.
func (w *world) shift(name string, d time.Duration) {
	w.t.Helper()
	item, err := w.table.store.Get(context.Background(), "v1#file#"+name, "f")
	if err != nil {
		w.t.Fatal(err)
	}
	if item.Version == 0 {
		return
	}
	var claim map[string]any
	if err := json.Unmarshal(item.Data, &claim); err != nil {
		w.t.Fatal(err)
	}
	text, ok := claim["until"].(string)
	if !ok {
		return
	}
	until, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		w.t.Fatal(err)
	}
	claim["until"] = until.Add(-d)
	if item.Data, err = json.Marshal(claim); err != nil {
		w.t.Fatal(err)
	}
	if err := w.table.store.Put(context.Background(), item); err != nil {
		w.t.Fatal(err)
	}
}

func (it *invocation) String() string {
	what := "the tick"
	if it.file >= 0 {
		what = fmt.Sprint("file ", it.file)
	}
	return fmt.Sprintf("%s of %s, try %d, redrive %d", what, it.at.Format("2 15:04"), it.tries, it.redrive)
}
