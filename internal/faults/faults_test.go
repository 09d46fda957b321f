package faults

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bucketwatch/internal/localaws"
	"bucketwatch/pkg/state/dynamodb"
)

var (
	runs = flag.Int("runs", 3, "how many seeded runs")
	seed = flag.Uint64("seed", 1, "the first run's seed; -runs 1 repeats that run alone")
	all  = flag.Bool("all", false, "at every step every fault, not one in turn")
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if folder, err = os.MkdirTemp("", "faults"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		return m.Run()
	}())
}

// tables makes a table for each call.
type tables func(t testing.TB) database

// inMemory makes a table of localaws, with a server that goes with the test.
func inMemory(t testing.TB) database {
	t.Helper()
	const name = "table"
	server, err := localaws.NewDynamoDB(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return database{server.URL(), name, dynamodb.New(newClient(server.URL()), name)}
}

// allScenarios returns the scenarios, each to be had with ready.
func allScenarios(t *testing.T) []*scenario {
	t.Helper()
	list, err := scenarios()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// ready plays the scenario without faults, once, and holds what comes of it against the oracle.
func (s *scenario) ready(t *testing.T) *scenario {
	t.Helper()
	s.once.Do(func() {
		w := newWorld(t, s, inMemory(t), 1)
		w.announceAll()
		w.lambda(rand.New(rand.NewPCG(0, 0)), false)
		w.judge(t, 0, false)
		s.undisturbed = w.told()
		s.checkTruth(t, w)
		for _, a := range w.attempts {
			if a.file >= 0 && slices.ContainsFunc(a.lines, func(l line) bool { return l["Type"] == "Anomaly" && l["BucketName"] == "invoices" }) {
				s.telling = a.file
			}
		}
		s.right = !t.Failed()
	})
	if !s.right {
		t.Fatalf("scenario %s is wrong without any fault", s.name)
	}
	return s
}

// Whatever befalls the calls, and whenever the process dies: no log file is lost, none is counted twice outside the
// window, and anomalies and messages are those of the run without faults.
func TestSeededRuns(t *testing.T) { seededRuns(t, inMemory, *runs) }

func seededRuns(t *testing.T, newTable tables, n int) {
	list := allScenarios(t)
	t.Logf("seeds %d to %d; repeat one with: go test ./internal/faults -run %s -v -runs 1 -seed N", *seed, *seed+uint64(n)-1, t.Name())
	var sum tally
	var mu sync.Mutex
	t.Run("runs", func(t *testing.T) {
		for i := range uint64(n) {
			t.Run(fmt.Sprint("seed ", *seed+i), func(t *testing.T) {
				t.Parallel()
				one := seededRun(t, list, newTable(t), *seed+i)
				mu.Lock()
				defer mu.Unlock()
				sum.add(one)
			})
		}
	})
	t.Log(&sum)
	t.Logf("the window, from the first line to the request for the mark: %s; from there until it is marked: %s", quantiles(sum.writing), quantiles(sum.marking))
	if n >= 4 && (sum.kills == 0 || sum.faults[refused] == 0) {
		t.Errorf("nothing has befallen %d runs: %v", n, sum.faults)
	}
}

func seededRun(t *testing.T, list []*scenario, table database, seed uint64) tally {
	rnd := rand.New(rand.NewPCG(seed, 1))
	s := list[len(list)-1]
	if seed%5 != 0 { // which is the one with most log files
		s = list[rnd.IntN(len(list)-1)]
	}
	w := newWorld(t, s.ready(t), table, 1+rnd.IntN(4))
	rate := []float64{0.01, 0.03, 0.06, 0.12}[rnd.IntN(4)]
	storm := weather(seed, rate)
	w.redrives = rnd.IntN(4)
	w.bundle = []int{0, 3, 10}[seed%3]
	w.announceAll()
	var later []*invocation
	for _, it := range w.queue {
		if it.file < 0 {
			continue
		}
		if rnd.IntN(5) == 0 { // out of order
			it.at = it.at.Add(time.Duration(rnd.IntN(10)) * time.Minute)
		}
		if rnd.IntN(4) != 0 {
			continue
		}
		for range 1 + rnd.IntN(9) { // again: at once, soon, or days later
			switch again := *it; rnd.IntN(3) {
			case 0:
				w.queue = append(w.queue, &again)
			case 1:
				again.at = it.at.Add(time.Duration(rnd.IntN(15)) * time.Minute)
				w.queue = append(w.queue, &again)
			case 2:
				again.at = it.at.Add(time.Duration(1+rnd.IntN(20)) * 24 * time.Hour)
				later = append(later, &again)
			}
		}
	}
	w.plan = storm
	w.lambda(rnd, rnd.IntN(2) == 0)
	dead := w.checkNoneIsLost()

	// The faults are over. Somebody redrives what is in the list, and the ticks do what is left.
	w.plan = calm
	w.redrive()
	w.lambda(rnd, false)
	for n := range 3 {
		w.announce(maxTime(w.now, s.ticks[len(s.ticks)-1]).Add(time.Duration(n+1)*3*time.Minute), -1)
	}
	w.lambda(rnd, false)

	// What comes days later must find the mark of each file, faults or not.
	w.plan = storm
	w.queue = later
	w.lambda(rnd, false)
	dead += len(w.dead)
	w.plan = calm
	w.redrive()
	w.lambda(rnd, false)
	if len(w.dead) > 0 {
		t.Errorf("without faults %d events are in the dead-letter list again", len(w.dead))
	}
	one := w.judge(t, dead, w.isLate())
	t.Logf("%s, %d environments, up to %d files at once, faults in %v of the calls: %v", s.name, len(w.environments), max(w.bundle, 1), rate, &one)
	if t.Failed() {
		w.history(t)
	}
	return one
}

// checkNoneIsLost wants each file counted or in the dead-letter list, and returns how many events are in it.
func (w *world) checkNoneIsLost() int {
	w.t.Helper()
	kept := map[int]bool{}
	for _, it := range w.dead {
		kept[it.file] = true
	}
	for _, a := range w.attempts {
		if _, complete := a.wroteLines(); complete {
			kept[a.file] = true
		}
	}
	for i := range w.scenario.Files {
		if !kept[i] {
			w.t.Errorf("file %d is LOST: neither counted nor in the dead-letter list", i)
		}
	}
	return len(w.dead)
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// isLate tells whether a file was read so late that hours were judged without it: what would have explained something
// comes too late then.
func (w *world) isLate() bool {
	const wait = 20 * time.Minute // of 45 from the hour's end
	first := map[int]time.Time{}
	for _, a := range w.attempts {
		if _, complete := a.wroteLines(); complete && first[a.file].IsZero() {
			first[a.file] = a.at
		}
	}
	for i, f := range w.scenario.Files {
		if first[i].Sub(f.Delivered) > wait {
			return true
		}
	}
	return false
}

// history logs what befell each invocation.
func (w *world) history(t *testing.T) {
	t.Helper()
	var names []string
	for i, f := range w.scenario.Files {
		names = append(names, w.scenario.LogBucket+"/"+f.Key, fmt.Sprint("file ", i))
	}
	short := strings.NewReplacer(append(names, "s3://", "")...)
	for _, a := range w.attempts {
		if len(a.befallen) == 0 && a.err == nil {
			continue
		}
		failure := ""
		if a.err != nil {
			failure = a.err.Error()
			failure = failure[max(0, len(failure)-100):] // the reason stands at the end
		}
		t.Logf("%v: killed %v, marked %v, error …%s\n\t%s", a, a.killed, a.marked, failure, short.Replace(strings.Join(a.befallen, "\n\t")))
	}
}

// weather has faults befall a share of the calls. What befalls a call follows from the seed, from what the call is about
// and from how often it came, so that a run repeats as far as its concurrency allows.
func weather(seed uint64, rate float64) plan {
	var mu sync.Mutex
	seen := map[call]uint64{}
	return func(c call, _ int) (fault, float64) {
		mu.Lock()
		seen[c]++
		n := seen[c]
		mu.Unlock()
		h := fnv.New64a()
		fmt.Fprintf(h, "%d %v %d", seed, c, n)
		rnd := rand.New(rand.NewPCG(h.Sum64(), seed))
		if rnd.Float64() >= rate {
			return none, 0
		}
		kinds := possible(c)
		return kinds[rnd.IntN(len(kinds))], rnd.Float64()
	}
}

// possible returns what can befall a call, often what is often.
func possible(c call) []fault {
	kinds := []fault{delayed, delayed, refused, refused, refused, broken, lost, cut, killedBefore, killedAfter, killedMidway, killedAnswered}
	switch {
	case c.service == s3:
		return append(kinds, cut, damaged, damaged, short)
	case c.action == "BatchWriteItem":
		return append(kinds, twice, halfDone)
	case c.service == dynamoDB:
		return append(kinds, twice, twice)
	}
	return append(kinds, twice)
}

func (s *tally) add(o tally) {
	s.runs += o.runs
	s.files += o.files
	s.invocations += o.invocations
	s.kills += o.kills
	s.deadLettered += o.deadLettered
	s.lost += o.lost
	s.doubled += o.doubled
	s.partly += o.partly
	s.linesTwice += o.linesTwice
	s.messagesTwice += o.messagesTwice
	s.takenOver += o.takenOver
	s.late += o.late
	s.writing = append(s.writing, o.writing...)
	s.marking = append(s.marking, o.marking...)
	if s.faults == nil {
		s.faults = map[fault]int{}
	}
	for f, n := range o.faults {
		s.faults[f] += n
	}
}

func quantiles(d []time.Duration) string {
	if len(d) == 0 {
		return "not seen"
	}
	slices.Sort(d)
	return fmt.Sprintf("median %v, 99 of 100 under %v, at most %v", d[len(d)/2], d[len(d)*99/100], d[len(d)-1])
}

func (s *tally) String() string {
	var befallen []string
	for f, name := range faultNames {
		if n := s.faults[fault(f)]; n > 0 {
			befallen = append(befallen, fmt.Sprintf("%s %d", name, n))
		}
	}
	return fmt.Sprintf("%d runs, %d files, %d invocations, %d processes killed; lost %d, doubled within the window %d and in part %d, FilesTakenOver %d; "+
		"in the dead-letter list %d; anomaly lines twice %d, messages twice %d; %d runs with a file read late; faults: %s",
		s.runs, s.files, s.invocations, s.kills, s.lost, s.doubled, s.partly, s.takenOver, s.deadLettered, s.linesTwice, s.messagesTwice, s.late,
		strings.Join(befallen, ", "))
}
