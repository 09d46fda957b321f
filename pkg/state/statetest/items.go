package statetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"bucketwatch/pkg/state"
)

func roundTrip(t *testing.T, s state.Store) {
	for _, want := range []state.Item{
		{Partition: "v1#111122223333#photos", Sort: "e#2026-11-20T14#a", Version: 7, Data: []byte(`{"deletes":3}`), Expires: now},
		{Partition: "p", Sort: "no data", Version: 1},
		{Partition: "p", Sort: "no version", Data: []byte{0, 1, 254, 255}},
		{Partition: "p", Sort: "nothing"},
		{Partition: "p", Sort: "largest version", Version: math.MaxInt64},
		{Partition: "p", Sort: "smallest version", Version: math.MinInt64},
		{Partition: "p", Sort: "expired in 1970", Expires: time.Unix(0, 0).UTC()},
		{Partition: "사진 \"#\\ \n\x00", Sort: "휴가/1일.jpg�", Version: 1},
		{Partition: strings.Repeat("p", 2048), Sort: strings.Repeat("s", 1024), Version: 1},
	} {
		put(t, s, want)
		same(t, "Get", get(t, s, want.Partition, want.Sort), want)
		same(t, "Query", query(t, s, want.Partition, want.Sort, want.Sort[:min(len(want.Sort), 1023)]+"~"), want)
	}
	// A store keeps whole seconds, and tells them in UTC.
	item := state.Item{Partition: "p", Sort: "s", Expires: now.Add(999 * time.Millisecond).In(time.FixedZone("", 3600))}
	put(t, s, item)
	item.Expires = now
	same(t, "Get", get(t, s, "p", "s"), item)
}

func absent(t *testing.T, s state.Store) {
	put(t, s, state.Item{Partition: "p", Sort: "s", Version: 1})
	for _, want := range []state.Item{{Partition: "p", Sort: "t"}, {Partition: "q", Sort: "s"}} {
		same(t, "Get", get(t, s, want.Partition, want.Sort), want)
	}
	same(t, "Query", query(t, s, "q", "", "~"))
}

func putReplaces(t *testing.T, s state.Store) {
	put(t, s, state.Item{Partition: "p", Sort: "s", Version: 9, Data: []byte("before"), Expires: now})
	want := state.Item{Partition: "p", Sort: "s", Version: 3}
	put(t, s, want)
	same(t, "Get", get(t, s, "p", "s"), want)
}

func putMany(t *testing.T, s state.Store) {
	put(t, s) // none is not an error
	var want []state.Item
	for i := range 103 {
		want = append(want, state.Item{Partition: "p", Sort: fmt.Sprintf("s%03d", i), Version: int64(i), Data: []byte{byte(i)}})
	}
	shuffled := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	put(t, s, shuffled...)
	same(t, "Query", query(t, s, "p", "s", "t"), want...)
}

func putIf(t *testing.T, s state.Store) {
	first := state.Item{Partition: "p", Sort: "s", Data: []byte("first"), Expires: now}
	stored := succeeds(t, s, first)
	first.Version = 1
	same(t, "PutIf", stored, first)
	same(t, "Get", get(t, s, "p", "s"), first)

	second := state.Item{Partition: "p", Sort: "s", Version: 1, Data: []byte("second")}
	stored = succeeds(t, s, second)
	second.Version = 2
	same(t, "PutIf", stored, second)

	for _, version := range []int64{0, 1, 3, -2, math.MaxInt64} {
		same(t, "PutIf after a conflict", conflicts(t, s, state.Item{Partition: "p", Sort: "s", Version: version, Data: []byte("late")}), second)
	}
	same(t, "Get", get(t, s, "p", "s"), second)

	missing := state.Item{Partition: "p", Sort: "t"}
	same(t, "PutIf of a missing item", conflicts(t, s, state.Item{Partition: "p", Sort: "t", Version: 1}), missing)
	same(t, "Get", get(t, s, "p", "t"), missing)
}

func putIfZero(t *testing.T, s state.Store) {
	put(t, s, state.Item{Partition: "p", Sort: "s", Data: []byte("put")})
	stored := succeeds(t, s, state.Item{Partition: "p", Sort: "s", Data: []byte("put if")})
	same(t, "PutIf", stored, state.Item{Partition: "p", Sort: "s", Version: 1, Data: []byte("put if")})
}

func deletes(t *testing.T, s state.Store) {
	items := []state.Item{
		{Partition: "p", Sort: "a", Version: 5}, {Partition: "p", Sort: "b", Version: 5}, {Partition: "p", Sort: "c"}, {Partition: "p", Sort: "d", Version: -5},
	}
	put(t, s, items...)
	for _, d := range []struct {
		sort    string
		version int64
	}{{"a", 5}, {"b", 4}, {"b", 0}, {"b", -5}, {"c", 0}, {"d", -5}, {"e", 0}, {"e", 5}} {
		if err := s.Delete(t.Context(), "p", d.sort, d.version); err != nil {
			t.Errorf("Delete(%s, %d) = %v", d.sort, d.version, err)
		}
	}
	same(t, "Query", query(t, s, "p", "a", "f"), items[1])
	same(t, "PutIf after Delete", succeeds(t, s, state.Item{Partition: "p", Sort: "a"}), state.Item{Partition: "p", Sort: "a", Version: 1})
}

func dataIsCopied(t *testing.T, s state.Store) {
	want := state.Item{Partition: "p", Sort: "s", Data: []byte("data")}
	check := func(how string, data []byte) {
		t.Helper()
		for i := range data {
			data[i] = 'x'
		}
		got := get(t, s, "p", "s")
		want.Version = got.Version
		same(t, "Get after the Data "+how+" was overwritten", got, want)
	}
	item := func() state.Item {
		return state.Item{Partition: "p", Sort: "s", Version: want.Version, Data: []byte("data")}
	}
	given := item()
	put(t, s, given)
	check("given to Put", given.Data)
	check("got from Get", get(t, s, "p", "s").Data)
	check("got from Query", query(t, s, "p", "s", "t")[0].Data)
	given = item()
	got := succeeds(t, s, given)
	check("given to PutIf", given.Data)
	check("got from PutIf", got.Data)
	stale := item()
	stale.Version += 5
	check("got from PutIf after a conflict", conflicts(t, s, stale).Data)
}

// A table returns an item long after it has expired, so nothing may depend on its being gone.
func expired(t *testing.T, s state.Store) {
	past := time.Now().Add(-time.Hour).Truncate(time.Second).UTC()
	want := state.Item{Partition: "p", Sort: "a", Version: 1, Data: []byte("data"), Expires: past}
	put(t, s, want)
	same(t, "Get", get(t, s, "p", "a"), want)
	same(t, "Query", query(t, s, "p", "a", "b"), want)
	same(t, "PutIf after a conflict", conflicts(t, s, state.Item{Partition: "p", Sort: "a"}), want)
	stored := succeeds(t, s, want)
	want.Version = 2
	same(t, "PutIf", stored, want)
	if err := s.Delete(t.Context(), "p", "a", 1); err != nil {
		t.Error(err)
	}
	same(t, "Query after Delete of another version", query(t, s, "p", "a", "b"), want)
	if err := s.Delete(t.Context(), "p", "a", 2); err != nil {
		t.Error(err)
	}
	same(t, "Query after Delete", query(t, s, "p", "a", "b"))
}

func refused(t *testing.T, s state.Store) {
	for _, test := range []struct {
		name, partition, sort string
		data                  int
		want                  string
	}{
		{"no partition key", "", "s", 0, "partition key is empty"},
		{"no sort key", "p", "", 0, "sort key is empty"},
		{"long partition key", strings.Repeat("p", 2049), "s", 0, "partition key has 2049 bytes of at most 2048"},
		{"long sort key", "p", strings.Repeat("s", 1025), 0, "sort key has 1025 bytes of at most 1024"},
		{"partition key not UTF-8", "p\xff", "s", 0, "partition key isn't UTF-8"},
		{"sort key not UTF-8", "p", "s\xff", 0, "sort key isn't UTF-8"},
		{"too much data", "p", "s", 400 << 10, "bytes of at most 409600"},
	} {
		item := state.Item{Partition: test.partition, Sort: test.sort, Data: make([]byte, test.data)}
		_, putIfErr := s.PutIf(t.Context(), item)
		calls := map[string]error{"Put": s.Put(t.Context(), state.Item{Partition: "p", Sort: "other"}, item), "PutIf": putIfErr}
		if test.data == 0 {
			_, calls["Get"] = s.Get(t.Context(), test.partition, test.sort)
			calls["Delete"] = s.Delete(t.Context(), test.partition, test.sort, 0)
		}
		if test.data == 0 && test.sort != "" {
			calls["Query"] = s.Query(t.Context(), test.partition, test.sort, "~", func(state.Item) bool { return true })
			calls["Query until"] = s.Query(t.Context(), test.partition, "", test.sort, func(state.Item) bool { return true })
		}
		for call, err := range calls {
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "cannot ") || len(err.Error()) > 500 {
				t.Errorf("%s: %s = %v, want an error with %q, under 500 bytes", test.name, call, err, test.want)
			}
			if errors.Is(err, state.ErrConflict) {
				t.Errorf("%s: %s = %v, want another error than a conflict", test.name, call, err)
			}
		}
	}
	twice := state.Item{Partition: "p", Sort: "s"}
	if err := s.Put(t.Context(), twice, twice); err == nil || !strings.Contains(err.Error(), `two items have the keys "p" / "s"`) {
		t.Errorf("Put of an item twice = %v, want an error", err)
	}
	same(t, "Query", query(t, s, "p", "", "~"))
}

func largest(t *testing.T, s state.Store) {
	var want []state.Item
	for i := range 3 {
		item := state.Item{Partition: "p", Sort: fmt.Sprintf("s%d", i), Version: math.MinInt64 + 1, Expires: now}
		item.Data = []byte{0xff}
		item.Data = bytes.Repeat(item.Data, 1+400<<10-item.Size())
		want = append(want, item)
	}
	put(t, s, want...)
	same(t, "Query", query(t, s, "p", "s", "t"), want...)
	stored := succeeds(t, s, want[0])
	want[0].Version++
	same(t, "PutIf", stored, want[0])
}

func endedContext(t *testing.T, s state.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, getErr := s.Get(ctx, "p", "s")
	_, putIfErr := s.PutIf(ctx, state.Item{Partition: "p", Sort: "s"})
	for call, err := range map[string]error{
		"Get":    getErr,
		"Query":  s.Query(ctx, "p", "s", "t", func(state.Item) bool { return true }),
		"Put":    s.Put(ctx, state.Item{Partition: "p", Sort: "s"}),
		"PutIf":  putIfErr,
		"Delete": s.Delete(ctx, "p", "s", 0),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with an ended context = %v, want %v", call, err, context.Canceled)
		}
	}
}
