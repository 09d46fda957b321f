package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/statetest"
)

func hoursOf(t *testing.T, history anomaly.History, from, until time.Time) []anomaly.Hour {
	t.Helper()
	hours, err := history.Hours(t.Context(), from, until)
	must(t, err)
	return hours
}

// objects sums up the objects deleted in the hours.
func objects(hours []anomaly.Hour) int64 {
	var n int64
	for _, h := range hours {
		for _, a := range h.Activities {
			n += a.Counts[anomaly.Objects]
		}
	}
	return n
}

func keysOf(t *testing.T, history anomaly.History, from, until time.Time, want func(uint64) bool) anomaly.Keys {
	t.Helper()
	keys, err := history.Keys(t.Context(), from, until, want)
	must(t, err)
	return keys
}

func sharesComeBack(t *testing.T, store state.Store) {
	h := New(store)
	shares := []anomaly.Share{
		share(clock(14, 0), clock(14, 10), 1, 3),
		share(clock(14, 0), clock(14, 10), 2, 0),
		share(clock(15, 0), clock(15, 10), 3, 1),
		share(clock(16, 0), clock(16, 10), 4, 1),
	}
	other := share(clock(14, 0), clock(14, 10), 5, 7)
	other.Bucket = "archive"
	// What is new is put first: the order must not matter.
	slices.Reverse(shares)
	putShares(t, h, append(shares, other)...)
	slices.Reverse(shares)

	got := hoursOf(t, h.Bucket(photos, clock(17, 0)), clock(14, 0), clock(16, 0))
	want := anomaly.MergeShares(shares[:3])
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hours (-want +got):\n%s", diff)
	}
	if got := hoursOf(t, h.Bucket(anomaly.Bucket{Name: "photos"}, clock(17, 0)), clock(14, 0), clock(16, 0)); len(got) > 0 {
		t.Errorf("got %v of a bucket in an unknown account", got)
	}
}

func asOfMoment(t *testing.T, store state.Store) {
	h := New(store)
	late := share(clock(14, 0), clock(16, 0).Add(30*time.Second), 2, 4)
	putShares(t, h, share(clock(14, 0), clock(14, 10), 1, 3), late)
	for _, test := range []struct {
		asOf time.Time
		want int64
	}{
		{clock(14, 9), 0},
		{clock(14, 10), 3},
		{clock(16, 0), 3},
		{clock(16, 0).Add(30 * time.Second), 7},
	} {
		for name, history := range map[string]anomaly.History{
			"Bucket": h.Bucket(photos, test.asOf),
			"For":    New(store).For(Due{Kind: AtOnce, Bucket: photos, Hour: clock(14, 0), At: test.asOf, AsOf: test.asOf}),
		} {
			if got := objects(hoursOf(t, history, clock(14, 0), clock(15, 0))); got != test.want {
				t.Errorf("%s as of %v: got %d objects, want %d", name, test.asOf, got, test.want)
			}
			keys := keysOf(t, history, clock(14, 0), clock(15, 0), nil)
			if got := int64(len(keys.Deletes)); got != test.want {
				t.Errorf("%s as of %v: got %d deletes, want %d", name, test.asOf, got, test.want)
			}
		}
	}
}

// A store may return what has expired.
func oldEvidence(t *testing.T, store state.Store) {
	h := New(store)
	putShares(t, h, share(clock(14, 0), clock(14, 10), 1, 3))
	for _, test := range []struct {
		name           string
		asOf           time.Time
		objects, kinds int64
	}{
		{"five days", clock(14, 59).Add(5 * day), 3, 3},
		{"more than five days", clock(15, 0).Add(5 * day), 0, 3},
		{"eight days", clock(14, 59).Add(8 * day), 0, 3},
		{"more than eight days", clock(15, 0).Add(8 * day), 0, 0},
	} {
		history := h.Bucket(photos, test.asOf)
		if got := objects(hoursOf(t, history, clock(0, 0), clock(23, 0))); got != test.objects {
			t.Errorf("%s later: got %d objects, want %d", test.name, got, test.objects)
		}
		if got := int64(len(keysOf(t, history, clock(0, 0), clock(23, 0), nil).Deletes)); got != test.kinds {
			t.Errorf("%s later: got %d deleted keys, want %d", test.name, got, test.kinds)
		}
	}
	// Not when it is judged counts, but since when it is due: ticks may have stopped for long.
	long := h.For(Due{Kind: AtOnce, Bucket: photos, Hour: clock(14, 0), At: clock(14, 10), AsOf: clock(14, 0).Add(9 * day)})
	if got := objects(hoursOf(t, long, clock(14, 0), clock(15, 0))); got != 3 {
		t.Errorf("judged after nine days: got %d objects, want 3", got)
	}
}

func keysComeBack(t *testing.T, store state.Store) {
	h := New(store)
	var want anomaly.Keys
	for n := range 3 {
		s := share(clock(12+n, 0), clock(12+n, 10), n+1, 2)
		s.Keys.Refused = []anomaly.Refusal{{Hash: 7, At: s.Hour.Unix(), Principal: bob}}
		putShares(t, h, s)
		if n > 0 {
			want.Merge(&s.Keys)
		}
	}
	want.Sort()
	asOf := clock(20, 0)
	got := keysOf(t, h.Bucket(photos, asOf), clock(13, 0), clock(15, 0), nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	got = keysOf(t, h.Bucket(photos, asOf), clock(13, 0).Add(301*time.Second), clock(14, 0), nil)
	if len(got.Uploads) != 0 || len(got.Refused) != 0 || len(got.Deletes) != 1 {
		t.Errorf("got %+v from the second delete on, want only that", got)
	}
	// What is wanted of days that are complete is found, read for the first time or again, and nothing else.
	chosen := want.Deletes[1]
	for range 3 {
		got := keysOf(t, h.Bucket(photos, asOf.Add(4*day)), clock(0, 0), clock(0, 0).Add(4*day), func(hash uint64) bool { return hash == chosen.Hash })
		if diff := cmp.Diff(anomaly.Keys{Deletes: []anomaly.KeyDelete{chosen}}, got); diff != "" {
			t.Errorf("wanted keys (-want +got):\n%s", diff)
		}
	}
}

func largeShare(t *testing.T, store state.Store) {
	h := New(store)
	s := share(clock(14, 0), clock(14, 10), 1, 0)
	s.Refused = 9
	for i := range 1000 {
		a := anomaly.Activity{Principal: fmt.Sprintf("arn:aws:iam::111122223333:user/%05d", i)}
		a.Counts[anomaly.Objects] = 1
		for j := range 10 {
			a.Sample(anomaly.Objects).Add(anomaly.Evidence{Time: clock(14, 1), EventID: eventID(i*7919 + j*104729), Key: eventID(i*31 + j*15485863)})
		}
		s.Activities = append(s.Activities, a)
	}
	s.Keys = anomaly.Keys{}
	for i := range 60000 {
		s.Keys.Uploads = append(s.Keys.Uploads, anomaly.Upload{Hash: anomaly.HashKey(fmt.Append(nil, i)), At: clock(14, 0).Unix() + int64(i/20)})
	}
	for i := range 2 {
		putShares(t, h, s)
		history := h.Bucket(photos, clock(15, 0))
		if diff := cmp.Diff(anomaly.MergeShares([]anomaly.Share{s}), hoursOf(t, history, clock(14, 0), clock(15, 0))); diff != "" {
			t.Fatalf("hours, put %d times (-want +got):\n%s", i+1, diff[:min(len(diff), 2000)])
		}
		want := s.Keys
		want.Sort()
		if got := keysOf(t, history, clock(14, 0), clock(15, 0), nil); !slices.Equal(got.Uploads, want.Uploads) {
			t.Fatalf("put %d times: got %d uploads, want %d", i+1, len(got.Uploads), len(want.Uploads))
		}
	}
}

func deliveredTwice(t *testing.T, store state.Store) {
	h := New(store)
	s := share(clock(14, 0), clock(14, 10), 1, 3)
	putShares(t, h, s, s)
	s.Delivered = clock(14, 12) // as if its name didn't tell
	putShares(t, h, s)
	for _, d := range []time.Time{clock(14, 11), clock(14, 20)} {
		if got := objects(hoursOf(t, h.Bucket(photos, d), clock(14, 0), clock(15, 0))); got != 3 {
			t.Errorf("as of %v: got %d objects, want 3", d, got)
		}
		if got := len(keysOf(t, h.Bucket(photos, d), clock(14, 0), clock(15, 0), nil).Deletes); got != 3 {
			t.Errorf("as of %v: got %d deleted keys, want 3", d, got)
		}
	}
}

// readLate judges an hour of which a log file asks for nothing, and is read a little late.
func readLate(t *testing.T, store state.Store) {
	h := New(store)
	putShares(t, h, share(clock(14, 0), clock(14, 10), 1, 1))
	uploads := func(now time.Time) (n int64) {
		for _, hour := range hoursOf(t, h.For(Due{Kind: AtOnce, Bucket: photos, Hour: clock(14, 0), At: now, AsOf: now}), clock(14, 0), clock(15, 0)) {
			n += hour.Uploads
		}
		return n
	}
	for i, late := range []time.Duration{0, time.Minute, lateness} {
		now := clock(14, 20+10*i)
		before := uploads(now)
		putShares(t, h, share(clock(14, 0), now.Add(-late), 2+i, 0))
		if got := uploads(now.Add(time.Minute)) - before; got != 2 {
			t.Errorf("read %v late: got %d uploads more, want 2", late, got)
		}
	}
}

// readBefore judges an hour again and again, by processes that have read different parts of it before.
func readBefore(t *testing.T, store state.Store) {
	writer, warm, now := New(store), New(store), clock(14, 0)
	var want int64
	for n := range 40 {
		now = now.Add(time.Minute)
		delivered := now
		late := n%10 == 9
		if late {
			delivered = now.Add(-8 * time.Minute) // it was read much later than delivered
		}
		putShares(t, writer, share(clock(14, 0), delivered, n, 1))
		want++
		d := Due{Kind: AtOnce, Bucket: photos, Hour: clock(14, 0), At: delivered, AsOf: now}
		for name, h := range map[string]*History{"another process": New(store), "the same process": warm} {
			if n%3 == 0 && h == warm && !late {
				continue
			}
			history := h.For(d)
			if got := objects(hoursOf(t, history, clock(14, 0), clock(15, 0))); got != want {
				t.Errorf("%v, %s: got %d objects, want %d", now, name, got, want)
			}
			if got := int64(len(keysOf(t, history, clock(13, 0), clock(15, 0), nil).Deletes)); got != want {
				t.Errorf("%v, %s: got %d deleted keys, want %d", now, name, got, want)
			}
		}
	}
}

func sinceWhen(t *testing.T, store state.Store) {
	h := New(store)
	yesterday := clock(0, 0).Add(-day)
	history := func(asOf time.Time) anomaly.History { return New(store).Bucket(photos, asOf) }
	check := func(asOf, want time.Time) {
		t.Helper()
		got, err := history(asOf).Since(t.Context())
		must(t, err)
		if !got.Equal(want) {
			t.Errorf("since as of %v: got %v, want %v", asOf, got, want)
		}
	}
	check(clock(14, 0), time.Time{})
	putShares(t, h, share(clock(14, 0), clock(14, 10), 1, 1), share(clock(16, 0), clock(16, 10), 2, 1))
	check(clock(14, 9), time.Time{})
	check(clock(14, 10), clock(0, 0))
	putShares(t, New(store), share(yesterday, clock(17, 0), 3, 1)) // late
	check(clock(16, 59), clock(0, 0))
	check(clock(17, 0), yesterday)
	putShares(t, h, share(clock(13, 0), clock(13, 10), 4, 1)) // read later than others
	check(clock(13, 10), clock(0, 0))
	check(clock(17, 0), yesterday)

	// A log file of long ago, which is read again: also a process that has read since when the bucket is known sees it.
	later, old := clock(24*5, 0), share(clock(-24*9, 0), clock(-24*9, 10), 5, 1)
	for _, want := range []time.Time{yesterday, clock(-24*9, 0)} {
		all := due(t, h, later)
		got, err := h.For(Due{Kind: AtOnce, Bucket: photos, Hour: later, At: later, AsOf: later}).Since(t.Context())
		must(t, err)
		if !got.Equal(want) {
			t.Errorf("since, days later: got %v, want %v", got, want)
		}
		must(t, h.Finish(t.Context(), all, later))
		must(t, New(store).PutShares(t.Context(), account, []anomaly.Share{old}, later))
	}
}

// onlyRead: of a bucket that is read and nothing else only since when it is known is put.
func onlyRead(t *testing.T, store state.Store) {
	h := New(store)
	putShares(t, h, anomaly.Share{Bucket: "photos", Hour: clock(14, 0), LogFile: "s3://logs/1.json.gz", Delivered: clock(14, 10)})
	var sorts []string
	must(t, store.Query(t.Context(), bucketPartition(photos), "", "z", func(item state.Item) bool {
		sorts = append(sorts, item.Sort)
		return true
	}))
	expect(t, "items", sorts, bucketSort)
	expect(t, "due", summary(due(t, h, clock(72, 0))))
	since, err := h.Bucket(photos, clock(14, 10)).Since(t.Context())
	if must(t, err); !since.Equal(clock(0, 0)) {
		t.Errorf("since %v", since)
	}
}

// sinceOfMany: a new process reads of each bucket since when it is known, once, and writes of those of which nobody knew.
func sinceOfMany(t *testing.T, store state.Store) {
	const buckets = 5 * state.CallsAtOnce
	counter := statetest.Counting(store)
	for _, test := range []struct {
		name          string
		h             *History
		reads, writes int
	}{
		{"new", New(counter), buckets, buckets},
		{"another process", New(counter), buckets, 0},
	} {
		for again := range 2 {
			var shares []anomaly.Share
			for i := range buckets {
				shares = append(shares, anomaly.Share{Bucket: fmt.Sprintf("photos-%d", i), Hour: clock(14, 0), LogFile: "s3://logs/1.json.gz", Delivered: clock(14, 10)})
			}
			counter.Reset()
			must(t, test.h.PutShares(t.Context(), account, shares, clock(14, 10)))
			reads, writes := counter.Reads().Calls, counter.Writes().Calls
			if wantReads, wantWrites := test.reads*(1-again), test.writes*(1-again); reads != wantReads || writes != wantWrites {
				t.Errorf("%s, time %d: %d reads and %d writes, want %d and %d", test.name, again+1, reads, writes, wantReads, wantWrites)
			}
		}
	}
	broken := New(failingWrites{store})
	shares := []anomaly.Share{share(clock(14, 0), clock(14, 10), 1, 0)}
	shares[0].Uploads, shares[0].Keys = 0, anomaly.Keys{}
	if err := broken.PutShares(t.Context(), account, shares, clock(14, 10)); !errors.Is(err, errWrite) || !strings.Contains(err.Error(), "cannot put since when photos is known") {
		t.Errorf("got error %v", err)
	}
}

var errWrite = errors.New("the table is full")

// failingWrites is a store that can't be written to.
type failingWrites struct{ state.Store }

func (failingWrites) PutIf(context.Context, state.Item) (state.Item, error) {
	return state.Item{}, errWrite
}

// keysLimited: more keys than there is memory for are the latest, without a gap.
func keysLimited(t *testing.T, store state.Store) {
	h := New(store)
	h.maxKeys = 40
	for n := range 30 {
		s := share(clock(10+n/6, 0), clock(10+n/6, 10), n, 2)
		s.Keys.Refused = []anomaly.Refusal{{Hash: 7, At: s.Hour.Unix(), Principal: bob}}
		putShares(t, h, s)
	}
	all := keysOf(t, New(store).Bucket(photos, clock(20, 0)), clock(10, 0), clock(20, 0), nil)
	got := keysOf(t, h.Bucket(photos, clock(20, 0)), clock(10, 0), clock(20, 0), nil)
	n := len(got.Uploads) + len(got.Deletes) + len(got.Refused)
	if n == 0 || n > h.maxKeys {
		t.Fatalf("got %d keys, want at most %d", n, h.maxKeys)
	}
	first := got.Deletes[0].At // uploads of the same hour come before it
	if len(got.Uploads) > 0 {
		first = min(first, got.Uploads[0].At)
	}
	var want anomaly.Keys
	for _, u := range all.Uploads {
		if u.At >= first {
			want.Uploads = append(want.Uploads, u)
		}
	}
	for _, d := range all.Deletes {
		if d.At >= first {
			want.Deletes = append(want.Deletes, d)
		}
	}
	for _, r := range all.Refused {
		if r.At >= first {
			want.Refused = append(want.Refused, r)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys since %d (-want +got):\n%s", first, diff)
	}
}

func TestErrorsNameTheBucket(t *testing.T) {
	broken := errors.New("the table is gone")
	h := New(failing{state.NewMemory(), broken})
	history := h.Bucket(photos, clock(14, 0))
	for name, err := range map[string]error{
		"evidence":               errOf(history.Hours(t.Context(), clock(13, 0), clock(14, 0))),
		"keys":                   errOf(history.Keys(t.Context(), clock(13, 0), clock(14, 0), nil)),
		"days":                   errOf(history.Days(t.Context(), clock(0, 0), clock(0, 0))),
		"since when it is known": errOf(history.Since(t.Context())),
	} {
		if err == nil || !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "cannot read "+name+" of photos: ") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

// failing is a store that can't be read.
type failing struct {
	state.Store
	err error
}

func (f failing) Get(context.Context, string, string) (state.Item, error) { return state.Item{}, f.err }

func (f failing) Query(context.Context, string, string, string, func(state.Item) bool) error {
	return f.err
}
