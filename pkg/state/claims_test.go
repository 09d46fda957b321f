package state_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"bucketwatch/pkg/state"
)

var now = time.Date(2026, 11, 20, 14, 5, 0, 0, time.UTC)

func TestClaimErrors(t *testing.T) {
	s := state.NewMemory()
	for _, item := range []state.Item{
		{Partition: "v1#file#not JSON", Sort: "f", Version: 1, Data: []byte("owner a")},
		{Partition: "v1#file#taken", Sort: "f", Version: 1, Data: []byte(`{"owner":"a","until":"2026-11-20T14:20:00Z"}`)},
	} {
		if err := s.Put(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name  string
		claim state.Claim
		want  string
	}{
		{"file", state.Claim{Now: now, Lease: time.Minute}, `cannot claim "file": a claim needs an owner and a lease`},
		{"file", state.Claim{Owner: "b", Now: now}, `cannot claim "file": a claim needs an owner and a lease`},
		{"not JSON", state.Claim{Owner: "b", Now: now, Lease: time.Minute}, `cannot claim "not JSON": cannot read item "v1#file#not JSON" / "f": `},
		{"taken", state.Claim{Owner: "b", Now: now, Lease: time.Minute}, `cannot claim "taken": "a" has it until 2026-11-20T14:20:00Z: another owner holds it`},
	} {
		_, err := (state.Claims{Store: s}).Claim(t.Context(), test.name, test.claim)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("Claim(%s, %+v) = %v, want %s", test.name, test.claim, err, test.want)
		}
	}
}

// failing fails every call that is made.
type failing struct{ state.Store }

func (failing) Get(context.Context, string, string) (state.Item, error) {
	return state.Item{}, errors.New("no table")
}

func (failing) PutIf(context.Context, state.Item) (state.Item, error) {
	return state.Item{}, errors.New("no table")
}

func TestClaimsOverAStoreThatFails(t *testing.T) {
	held, err := (state.Claims{Store: state.NewMemory()}).Claim(t.Context(), "file", state.Claim{Owner: "a", Now: now, Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	c := state.Claims{Store: failing{}}
	_, err = c.Claim(t.Context(), "file", state.Claim{Owner: "a", Now: now, Lease: time.Minute})
	_, _, lookErr := c.Look(t.Context(), "file")
	for _, test := range []struct {
		err  error
		want string
	}{
		{lookErr, `cannot look for the claim of "file": no table`},
		{err, `cannot claim "file": no table`},
		{c.Done(t.Context(), held, now), `cannot mark "file" as done: no table`},
		{c.Release(t.Context(), held, now), `cannot release "file": no table`},
	} {
		if test.err == nil || test.err.Error() != test.want || errors.Is(test.err, state.ErrClaimed) {
			t.Errorf("error = %v, want %s", test.err, test.want)
		}
	}
}

// How long items are kept.
func TestClaimsExpire(t *testing.T) {
	s := state.NewMemory()
	c := state.Claims{Store: s}
	expires := func(want time.Time) {
		t.Helper()
		item, err := s.Get(t.Context(), "v1#file#file", "f")
		if err != nil || !item.Expires.Equal(want) {
			t.Errorf("the claim's item expires %v, %v, want %v", item.Expires, err, want)
		}
	}
	held, err := c.Claim(t.Context(), "file", state.Claim{Owner: "a", Now: now, Lease: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	expires(now.Add(25 * time.Hour))
	if err := c.Done(t.Context(), held, now); err != nil {
		t.Fatal(err)
	}
	expires(now.Add(30 * 24 * time.Hour))
}

func TestKeys(t *testing.T) {
	long := strings.Repeat("로그", 100) // 3 bytes each: it must be cut between them
	for _, test := range []struct {
		keys []string
		want string
	}{
		{[]string{"p"}, `"p"`},
		{[]string{"p", "a \"b\"\n"}, `"p" / "a \"b\"\n"`},
		{[]string{long, "s"}, `"` + strings.Repeat("로그", 10) + "…" + strings.Repeat("로그", 10) + `" / "s"`},
	} {
		if got := state.Keys(test.keys...); got != test.want {
			t.Errorf("Keys(%q) = %s, want %s", test.keys, got, test.want)
		}
	}
}
