package faults

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var kills = []fault{killedBefore, killedAfter, killedMidway, killedAnswered}

// The process is killed with SIGKILL at each call that it makes for a log file: before it, when AWS has done it, in the
// middle of the answer, and a moment after it.
func TestFileKilledAtEveryStep(t *testing.T) {
	one, file, _ := allScenarios(t)[0].alone(t)
	atEveryStep(t, one, file, kills)
}

// The same with a tick that finds anomalies and sends a message.
func TestTickKilledAtEveryStep(t *testing.T) {
	one, _, tick := allScenarios(t)[0].alone(t)
	atEveryStep(t, one, tick, kills)
}

var failures = []fault{refused, lost, cut, broken, damaged, twice, short, halfDone}

// Each call that is made for a log file fails in each way in which one can.
func TestFileFailsAtEveryStep(t *testing.T) {
	one, file, _ := allScenarios(t)[0].alone(t)
	atEveryStep(t, one, file, failures)
}

// The same with a tick.
func TestTickFailsAtEveryStep(t *testing.T) {
	one, _, tick := allScenarios(t)[0].alone(t)
	atEveryStep(t, one, tick, failures)
}

// atEveryStep plays the scenario once for each call that an invocation makes, and for each fault, or for one of them in
// turn: whatever befalls that call, the result is that of the run without faults.
func atEveryStep(t *testing.T, one *scenario, of *attempt, faults []fault) {
	mark := -1 // the call that marks the file as done
	for i, c := range of.calls {
		if c.isMark() {
			mark = i
		}
	}
	if len(of.calls) < 8 || of.file >= 0 && mark < 0 {
		t.Fatalf("%d calls, the mark at %d: the test shows nothing", len(of.calls), mark)
	}
	t.Run("call", func(t *testing.T) {
		for i, c := range of.calls {
			for j, f := range faults {
				if !*all && j != i%len(faults) && !strings.Contains(c.about, "v1#file#") {
					continue // of a claim and of the mark, each; of the others one in turn
				}
				if f == halfDone && c.action != "BatchWriteItem" || c.service != s3 && f == damaged || c.service == sns && f == short {
					continue // TLS refuses an answer that was damaged on its way; an object may be so at rest
				}
				t.Run(fmt.Sprintf("%d, %s, %v", i+1, c.action, f), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, one, inMemory(t), 1)
					befallen := false
					w.plan = func(_ call, nth int) (fault, float64) {
						it := w.environments[0].current
						if befallen || nth != i || (it.file < 0) != (of.file < 0) || it.file < 0 && it.at != of.at {
							return none, 0
						}
						befallen = true
						return f, 0.4
					}
					w.announceAll()
					w.lambda(rand.New(rand.NewPCG(0, 0)), false)
					sum := w.judge(t, 0, false)
					if !befallen {
						t.Errorf("the call wasn't made")
					}
					if len(w.dead) > 0 {
						t.Errorf("one fault brought %d events to the dead-letter list", len(w.dead))
					}
					// Between the answer to the last call before the mark and the mark lies the window.
					window := i == mark && f == killedBefore
					perhaps := i == mark-1 && f == killedAnswered
					if doubled := sum.doubled + sum.partly; window && doubled != 1 || !window && !perhaps && doubled != 0 {
						t.Errorf("%d files were written twice; within the window: %v", doubled, window)
					}
					if t.Failed() {
						w.history(t)
					}
				})
			}
		}
	})
}

// Each error of a service is told in words, and the retry, or the next tick, does what was to be done.
func TestRefusals(t *testing.T) {
	one, _, _ := allScenarios(t)[0].alone(t)
	for s, list := range refusals {
		for i, r := range list {
			t.Run(fmt.Sprint(r.status, " ", r.code), func(t *testing.T) {
				w := newWorld(t, one, inMemory(t), 1)
				befallen := 0
				w.plan = func(c call, _ int) (fault, float64) {
					if c.service != service(s) || befallen > 0 {
						return none, 0
					}
					befallen++
					return refused, (float64(i) + 0.5) / float64(len(list))
				}
				w.announceAll()
				w.lambda(rand.New(rand.NewPCG(0, 0)), false)
				w.judge(t, 0, false)
				told := 0
				for _, a := range w.attempts {
					if bytes.Contains(a.log, []byte(r.code+": a fault")) {
						told++
						if some, _ := a.wroteLines(); some && a.file >= 0 {
							t.Errorf("%v wrote lines, though it failed", a)
						}
						if a.file >= 0 && (a.err == nil || !strings.Contains(a.err.Error(), r.code)) {
							t.Errorf("%v ended with %v, want an error that says %s", a, a.err, r.code)
						}
					}
				}
				if befallen != 1 || told != 1 {
					t.Errorf("%d calls were refused, and the log of %d invocations says so, want 1 and 1", befallen, told)
				}
			})
		}
	}
}

// Lambda ends the process at its time-out, while S3, or the table, keeps it waiting in the middle of an answer.
func TestTimedOut(t *testing.T) {
	one, file, _ := allScenarios(t)[0].alone(t)
	for i, c := range file.calls {
		if c.service != s3 && !c.isMark() && i != len(file.calls)-2 {
			continue
		}
		t.Run(c.action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, one, inMemory(t), 1)
			w.timeout = 2 * time.Second
			befallen := false
			w.plan = func(_ call, nth int) (fault, float64) {
				if befallen || nth != i {
					return none, 0
				}
				befallen = true
				return stalled, 0.5
			}
			w.pass(one.Files[0].Delivered)
			first := w.environments[0].invoke(t, &invocation{at: one.Files[0].Delivered})
			w.ended(first)
			if !befallen || first.err == nil && !c.isMark() {
				t.Errorf("the first try = %v, stalled %v, want an error", first.err, befallen)
			}
			if some, _ := first.wroteLines(); some && !c.isMark() {
				t.Errorf("the first try wrote %d lines", len(first.lines))
			}
			w.environments[0].close()
			w.timeout = 0
			for _, at := range one.ticks {
				w.announce(at, -1)
			}
			w.announce(one.Files[0].Delivered.Add(3*time.Minute), 0)
			w.lambda(rand.New(rand.NewPCG(0, 0)), false)
			if sum := w.judge(t, 0, false); sum.doubled != 0 {
				t.Errorf("%d files were written twice", sum.doubled)
			}
		})
	}
}

// Every log file comes two to ten times at once, to four environments, and again days later, all in reverse order: each
// counts once, and nobody has taken anything over.
func TestDeliveredManyTimes(t *testing.T) {
	s := allScenarios(t)[0].ready(t)
	w := newWorld(t, s, inMemory(t), 4)
	for i := range s.Files {
		at := s.Files[len(s.Files)-1-i].Delivered
		for range 2 + i%9 {
			w.announce(at, i)
		}
		w.announce(at.Add(time.Duration(1+i%25)*24*time.Hour), i)
	}
	w.lambda(rand.New(rand.NewPCG(0, 0)), false)
	for _, at := range []time.Time{s.ticks[len(s.ticks)-1], s.ticks[len(s.ticks)-1].Add(time.Minute)} {
		w.announce(at, -1)
	}
	w.lambda(rand.New(rand.NewPCG(0, 0)), false)
	got, want := w.told(), s.undisturbed
	if sum := w.judge(t, 0, false); sum.doubled+sum.partly > 0 || got.taken != 0 || got.processed != want.processed {
		t.Errorf("%v, processed %d, want %d", &sum, got.processed, want.processed)
	}
	if len(w.dead) > 0 {
		t.Errorf("%d events are in the dead-letter list", len(w.dead))
	}
}
