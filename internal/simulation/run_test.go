package simulation

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/traffic"
)

var bootstrap string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var remove func()
		var err error
		if bootstrap, remove, err = Build(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer remove()
		return m.Run()
	}())
}

// small is a plan of seconds.
func small() Plan {
	return Plan{
		Seed: 1, Files: 240, Deliveries: 2, Records: 12, Buckets: 5, BucketsInFile: 2, Hot: 1, Deletes: 1,
		Environments: 3, Pause: 10 * time.Millisecond, Scale: 1,
	}
}

func simulate(t *testing.T, p Plan) *Result {
	t.Helper()
	t.Logf("seed %d", p.Seed)
	r, err := Run(t.Context(), bootstrap, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	return r
}

func TestEnoughCapacity(t *testing.T) {
	t.Parallel()
	r := simulate(t, small())
	if r.Throttled() != 0 || r.Retries != 0 || r.Dead != 0 || r.TicksFailed != 0 {
		t.Errorf("%d throttled, %d retried, %d in the dead-letter list, %d ticks failed; want none", r.Throttled(), r.Retries, r.Dead, r.TicksFailed)
	}
	if got, want := r.byFiles[claims].Writes, 2*r.Files(); got != want {
		t.Errorf("%d writes of claims, want two of each of %d files", got, r.Files())
	}
	// A log file has two buckets, both with deletes; evidence and keys are an item each, and since when it is known at most
	// one for each process.
	if got, least, most := r.byFiles[hottest].Writes, 2*r.Files(), 2*r.Files()+3; got < least || got > most {
		t.Errorf("%d writes to the first bucket, want from %d to %d", got, least, most)
	}
	if got, want := r.byFiles[pending].Writes, 2*r.Files(); got != want {
		t.Errorf("%d writes to what is due, want %d", got, want)
	}
	// All that is left of it is the look for the schema.
	if got := r.byFiles[others]; got.Writes > 3 || got.Reads > 3 {
		t.Errorf("of other partitions were used %+v: is the list of kinds complete?", got)
	}
	if got := r.byTicks[pending]; got.Writes == 0 || got.Reads == 0 {
		t.Error("the ticks have judged nothing")
	}
}

// A table that is too small throttles: invocations fail, and events get to the dead-letter list. Each file is counted
// exactly once all the same. (Here every partition key has a partition of its own, so that claims can be given back: the
// leases of those that can't end after two minutes.)
func TestTooLittleCapacity(t *testing.T) {
	t.Parallel()
	p := tooSmall(80)
	p.Attempts = 1
	r := simulate(t, p)
	if r.Files() != 40 {
		t.Fatalf("%d files were run, want 40", r.Files())
	}
	if r.byFiles[pending].ThrottledWrites == 0 || r.Retries == 0 || r.Dead == 0 {
		t.Errorf("what is due was throttled %d times, %d invocations were retried, %d files got to the dead-letter list: want some of each",
			r.byFiles[pending].ThrottledWrites, r.Retries, r.Dead)
	}
	if r.LastError == nil || !strings.Contains(r.LastError.Error(), "ThroughputExceeded") {
		t.Errorf("the last error is %v, want a throttled one", r.LastError)
	}
	if writes, _ := r.peak(pending); writes == 0 {
		t.Error("what is due has no busiest second")
	}
}

// tooSmall has a table of which one partition gets more than it takes, its scale-th: that of what is due.
func tooSmall(scale int) Plan {
	p := small()
	p.Partitions, p.Scale, p.Hot, p.Buckets, p.BucketsInFile = 100_000, scale, 0, 60, 5
	p.Files *= p.Scale
	return p
}

// With the function's own patience nobody has to repeat what the same table throttles.
func TestPatience(t *testing.T) {
	t.Parallel()
	p := tooSmall(50)
	p.Deliveries, p.Files = 1, p.Files/2
	r := simulate(t, p)
	if r.Throttled() == 0 || r.Retries != 0 || r.Dead != 0 {
		t.Errorf("%d throttled, %d retried, %d in the dead-letter list; want some, none and none", r.Throttled(), r.Retries, r.Dead)
	}
}

func TestCompareFinds(t *testing.T) {
	truth := map[string]counts{"photos": {10, 2}}
	w := &world{bucket: "logs", files: []logFile{{File: traffic.File{Key: "one"}, truth: truth}}}
	for _, test := range []struct {
		name string
		told told
		want string
	}{
		{"what is right", told{map[string]counts{"photos": {10, 2}}, map[string]int{"s3://logs/one": 1}}, ""},
		{"a lost file", told{nil, nil}, "one was counted 0 times\nof photos were told {Requests:0 Deleted:0}, the truth is {Requests:10 Deleted:2}"},
		{"a file twice", told{map[string]counts{"photos": {20, 4}}, map[string]int{"s3://logs/one": 2}},
			"one was counted 2 times\nof photos were told {Requests:20 Deleted:4}, the truth is {Requests:10 Deleted:2}"},
		{"a bucket too many", told{map[string]counts{"photos": {10, 2}, "other": {1, 0}}, map[string]int{"s3://logs/one": 1}},
			"2 buckets were told of, and there are 1"},
	} {
		r := &Result{}
		r.compare(&test.told, w)
		got := ""
		if err := r.Check(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: Check() = %q, want %q", test.name, got, test.want)
		}
	}
}
