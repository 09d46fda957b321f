package statetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bucketwatch/pkg/state"
)

const lease = 15 * time.Minute

func claims(t *testing.T, s state.Store) {
	type step struct {
		do       string // claim, done, release: with what the owner has from its last claim
		owner    string
		at       time.Duration // after now
		want     state.Outcome
		conflict bool // wants ErrClaimed
	}
	for _, test := range []struct {
		name  string
		steps []step
	}{
		{"a file's way", []step{
			{do: "claim", owner: "a"}, {do: "done", owner: "a"},
			{do: "claim", owner: "b", want: state.AlreadyDone}, {do: "claim", owner: "a", want: state.AlreadyDone},
		}},
		{"done may be repeated", []step{
			{do: "claim", owner: "a"}, {do: "done", owner: "a"}, {do: "done", owner: "a", at: time.Second}, {do: "claim", owner: "b", want: state.AlreadyDone},
		}},
		{"done is done for ever", []step{
			{do: "claim", owner: "a"}, {do: "done", owner: "a"}, {do: "claim", owner: "b", at: 29 * 24 * time.Hour, want: state.AlreadyDone},
			{do: "claim", owner: "b", at: 400 * 24 * time.Hour, want: state.AlreadyDone},
		}},
		{"a live claim is refused", []step{
			{do: "claim", owner: "a"}, {do: "claim", owner: "b", conflict: true}, {do: "claim", owner: "b", at: lease - time.Nanosecond, conflict: true},
			{do: "done", owner: "a"}, {do: "claim", owner: "b", want: state.AlreadyDone},
		}},
		{"the same owner claims again, and its lease begins anew", []step{
			{do: "claim", owner: "a"}, {do: "claim", owner: "a", at: time.Minute},
			{do: "claim", owner: "b", at: lease, conflict: true}, {do: "claim", owner: "b", at: lease + time.Minute, want: state.TakenOver},
		}},
		{"the same owner after its lease's end", []step{{do: "claim", owner: "a"}, {do: "claim", owner: "a", at: 2 * lease}, {do: "done", owner: "a"}}},
		{"an expired claim is taken over", []step{
			{do: "claim", owner: "a"}, {do: "claim", owner: "b", at: lease, want: state.TakenOver},
			{do: "done", owner: "a", conflict: true}, {do: "claim", owner: "a", at: lease, conflict: true},
			{do: "done", owner: "b"}, {do: "done", owner: "a", conflict: true}, {do: "claim", owner: "a", want: state.AlreadyDone},
		}},
		{"a lease may end before done, if nobody takes over", []step{
			{do: "claim", owner: "a"}, {do: "done", owner: "a", at: 3 * lease}, {do: "claim", owner: "b", at: 3 * lease, want: state.AlreadyDone},
		}},
		{"released", []step{
			{do: "claim", owner: "a"}, {do: "release", owner: "a"}, {do: "claim", owner: "b"}, {do: "claim", owner: "a", conflict: true}, {do: "done", owner: "b"},
		}},
		{"what was taken over and released is taken over again", []step{
			{do: "claim", owner: "a"}, {do: "claim", owner: "b", at: lease, want: state.TakenOver}, {do: "release", owner: "b", at: lease},
			{do: "claim", owner: "c", want: state.TakenOver}, {do: "claim", owner: "d", at: lease - time.Nanosecond, conflict: true}, {do: "done", owner: "c"},
		}},
		{"a foreign claim isn't released", []step{
			{do: "claim", owner: "a"}, {do: "claim", owner: "b", at: lease, want: state.TakenOver},
			{do: "release", owner: "a"}, {do: "claim", owner: "c", at: lease, conflict: true}, {do: "done", owner: "b"},
		}},
		{"an owner that was believed dead takes no third one's claim for its own", []step{
			{do: "claim", owner: "a"}, {do: "claim", owner: "b", at: lease, want: state.TakenOver}, {do: "release", owner: "b"},
			{do: "claim", owner: "c", at: lease, want: state.TakenOver}, {do: "release", owner: "a"}, {do: "done", owner: "a", conflict: true},
			{do: "claim", owner: "d", at: lease, conflict: true}, {do: "done", owner: "c"},
		}},
		{"what is done stays done", []step{
			{do: "claim", owner: "a"}, {do: "done", owner: "a"}, {do: "claim", owner: "b", want: state.AlreadyDone},
			{do: "release", owner: "b"}, {do: "done", owner: "b"}, {do: "release", owner: "a"}, {do: "claim", owner: "c", want: state.AlreadyDone},
		}},
	} {
		held := map[string]state.Held{}
		for i, step := range test.steps {
			// A Claims is made anew each time: it remembers nothing.
			c := state.Claims{Store: s}
			at := now.Add(step.at)
			var err error
			switch step.do {
			case "claim":
				var h state.Held
				h, err = c.Claim(t.Context(), test.name, state.Claim{Owner: step.owner, Now: at, Lease: lease})
				if err == nil {
					held[step.owner] = h
					if h.Outcome != step.want || h.Name != test.name {
						t.Errorf("%s, step %d: %s claims = %v of %q, want %v", test.name, i, step.owner, h.Outcome, h.Name, step.want)
					}
				}
			case "done":
				err = c.Done(t.Context(), held[step.owner], at)
			case "release":
				err = c.Release(t.Context(), held[step.owner], at)
			}
			if step.conflict != errors.Is(err, state.ErrClaimed) || !step.conflict && err != nil {
				t.Errorf("%s, step %d: %s by %s = %v, want ErrClaimed: %v", test.name, i, step.do, step.owner, err, step.conflict)
			}
		}
	}

	long := strings.Repeat("n", 3000)
	for _, name := range []string{"", "tick", long, long + "n", "not\xffUTF-8", "not\xfeUTF-8"} {
		h, err := (state.Claims{Store: s}).Claim(t.Context(), name, state.Claim{Owner: "a", Now: now, Lease: lease})
		if err != nil || h.Outcome != state.Claimed {
			t.Errorf("Claim(%.20q) = %v, %v, want claimed", name, h.Outcome, err)
		}
	}
}

// looks tests Look: how far a name has come, and what it was done with.
func looks(t *testing.T, s state.Store) {
	c := state.Claims{Store: s}
	look := func(when string, want state.Progress, wantNote string) {
		t.Helper()
		if got, note, err := c.Look(t.Context(), "file"); got != want || note != wantNote || err != nil {
			t.Errorf("%s: Look = %v, %q, %v, want %v, %q", when, got, note, err, want, wantNote)
		}
	}
	look("before", state.NotBegun, "")
	claim := state.Claim{Owner: "a", Now: now, Lease: lease}
	held, err := c.Claim(t.Context(), "file", claim)
	if err != nil {
		t.Fatal(err)
	}
	look("claimed", state.Begun, "")
	if err := c.Release(t.Context(), held, now); err != nil {
		t.Fatal(err)
	}
	look("released", state.Begun, "")
	if held, err = c.Claim(t.Context(), "file", claim); err != nil {
		t.Fatal(err)
	}
	held.Note = "9bb6"
	if err := c.Done(t.Context(), held, now); err != nil {
		t.Fatal(err)
	}
	look("done", state.Finished, "9bb6")
}

// However many owners want each of several names at once, each name is had by one, and done once.
func claimsCompete(t *testing.T, s state.Store) {
	const owners, names = 8, 5
	var done [names]atomic.Int64
	var wg sync.WaitGroup
	for owner := range owners {
		wg.Go(func() {
			c := state.Claims{Store: s}
			for i := range names {
				held, err := c.Claim(t.Context(), fmt.Sprint("file ", i), state.Claim{Owner: fmt.Sprint("owner ", owner), Now: now, Lease: lease})
				if errors.Is(err, state.ErrClaimed) {
					continue
				}
				if err != nil || held.Outcome == state.TakenOver {
					t.Errorf("Claim = %v, %v", held.Outcome, err)
				}
				if held.Outcome == state.Claimed {
					done[i].Add(1)
					if err := c.Done(t.Context(), held, now); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for i := range done {
		if n := done[i].Load(); n != 1 {
			t.Errorf("file %d was done %d times", i, n)
		}
	}
}

func schema(t *testing.T, s state.Store) {
	for range 2 {
		if err := state.CheckSchema(t.Context(), s); err != nil {
			t.Errorf("CheckSchema = %v", err)
		}
	}
	item := get(t, s, "meta", "schema")
	if got, want := string(item.Data), `{"schema":1}`; got != want || !item.Expires.IsZero() {
		t.Errorf("the schema's item = %s, expires %v, want %s, never", got, item.Expires, want)
	}
	for _, test := range []struct{ data, want string }{
		{`{"schema":2,"more":true}`, "the state has schema 2, and this code knows up to 1"},
		{`{"schema":0}`, "names none"},
		{`{}`, "names none"},
		{`[]`, "cannot read item"},
		{``, "cannot read item"},
	} {
		item.Data = []byte(test.data)
		put(t, s, item)
		if err := state.CheckSchema(t.Context(), s); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("CheckSchema with %s = %v, want an error with %q", test.data, err, test.want)
		}
	}
}
