package history

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

func asksFor(t *testing.T, store state.Store) {
	with := func(m anomaly.Measure) func(*anomaly.Share) {
		return func(s *anomaly.Share) {
			a := anomaly.Activity{Principal: appWeb}
			a.Counts[m] = 1
			s.Activities = []anomaly.Activity{{Principal: alice}, a}
		}
	}
	late := func(s *anomaly.Share) { s.Delivered = clock(15, 46) }
	for i, test := range []struct {
		name   string
		change []func(*anomaly.Share)
		want   string // "" asks for nothing
	}{
		{"uploads", nil, ""},
		{"a delete", []func(*anomaly.Share){with(anomaly.Objects)}, "once photos 20T14 at 20T14:10"},
		{"a refused delete", []func(*anomaly.Share){with(anomaly.Denied)}, "once photos 20T14 at 20T14:10"},
		{"a call", []func(*anomaly.Share){with(anomaly.Calls)}, "once photos 20T14 at 20T14:10"},
		{"an overwrite", []func(*anomaly.Share){with(anomaly.Overwrites)}, "once photos 20T14 at 20T14:10"},
		{"an expected delete", []func(*anomaly.Share){func(s *anomaly.Share) {
			s.Activities = []anomaly.Activity{{Principal: appWeb, Expected: []anomaly.Expected{{Entry: "1", Counts: anomaly.Counts{anomaly.Objects: 1}}}}}
		}}, "once photos 20T14 at 20T14:10"},
		{"a refused read", []func(*anomaly.Share){func(s *anomaly.Share) { s.Refused = 1 }}, "waited photos 20T14 at 20T15:45"},
		{"a refused read, late", []func(*anomaly.Share){late, func(s *anomaly.Share) { s.Refused = 1 }}, "waited photos 20T14 at 20T15:46"},
		{"late uploads", []func(*anomaly.Share){late}, "waited photos 20T14 at 20T15:46"},
		{"late, and nothing", []func(*anomaly.Share){late, func(s *anomaly.Share) { s.Uploads = 0 }}, ""},
		{"a late delete", []func(*anomaly.Share){late, with(anomaly.Objects)}, "once photos 20T14 at 20T15:46"},
		{"within a minute", []func(*anomaly.Share){with(anomaly.Objects), func(s *anomaly.Share) { s.Delivered = clock(14, 10).Add(time.Second) }}, "once photos 20T14 at 20T14:11"},
	} {
		h := New(store)
		s := share(clock(14, 0), clock(14, 10), i, 0)
		for _, change := range test.change {
			change(&s)
		}
		putShares(t, h, s)
		all := due(t, h, clock(48, 0))
		want := []string{}
		if test.want != "" {
			want = []string{test.want}
		}
		if diff := cmp.Diff(want, summary(all)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		next, err := h.Next(t.Context())
		must(t, err)
		switch {
		case len(all) == 0 && !next.IsZero():
			t.Errorf("%s: the next tick is at %v, want none", test.name, next)
		case len(all) > 0:
			before, err := h.IsDue(t.Context(), next.Add(-time.Minute))
			must(t, err)
			is, err := h.IsDue(t.Context(), next)
			must(t, err)
			if before || !is || next != next.Truncate(time.Minute) {
				t.Errorf("%s: the next tick is at %v, when it is due: %v, and a minute before: %v, want true and false", test.name, next, is, before)
			}
		}
		for _, d := range all {
			must(t, store.Delete(t.Context(), pendingPartition, d.sort, d.version))
		}
	}
}

func wayOfAnHour(t *testing.T, store state.Store) {
	h := New(store)
	putShares(t, h, share(clock(14, 0), clock(14, 10), 1, 1), share(clock(14, 0), clock(14, 10), 2, 1), share(clock(14, 0), clock(14, 50), 3, 1))
	for _, test := range []struct {
		now  time.Time
		want []string
	}{
		{clock(14, 10), []string{}},
		{clock(14, 10).Add(time.Second), []string{"once photos 20T14 at 20T14:10"}},
		{clock(14, 11), []string{}},
		{clock(14, 51), []string{"once photos 20T14 at 20T14:50"}},
		{clock(15, 45), []string{}},
		{clock(15, 46), []string{"waited photos 20T14 at 20T15:45"}},
		{clock(72, 0), []string{}},
		{clock(72, 1), []string{"day photos 20T00 at 23T00:00"}},
		{clock(99, 0), []string{}},
	} {
		all := due(t, h, test.now)
		if diff := cmp.Diff(test.want, summary(all)); diff != "" {
			t.Errorf("at %v (-want +got):\n%s", test.now, diff)
		}
		for _, d := range all {
			want := test.now.Add(-1)
			if d.Kind == Waited {
				want = d.At
			}
			if !d.AsOf.Equal(want) {
				t.Errorf("%s as of %v, want %v", d.Kind, d.AsOf, want)
			}
		}
		must(t, h.Finish(t.Context(), all, test.now))
	}
	// A late log file has the hour judged again, as of its delivery, and the day closed if it isn't.
	putShares(t, h, share(clock(14, 0), clock(30, 0), 4, 1))
	must(t, h.Finish(t.Context(), due(t, h, clock(99, 0)), clock(99, 0)))
	if diff := cmp.Diff([]string{"waited photos 20T14 at 21T06:00", "day photos 20T00 at 23T00:00"}, summary(due(t, h, clock(99, 1)))); diff != "" {
		t.Errorf("after a late log file (-want +got):\n%s", diff)
	}
}

func dueAgain(t *testing.T, store state.Store) {
	h := New(store)
	first, second := share(clock(14, 0), clock(14, 10), 1, 1), share(clock(14, 0), clock(14, 10), 2, 1)
	putShares(t, h, first)
	all := due(t, h, clock(14, 11))
	putShares(t, h, second) // while the tick judges
	must(t, h.Finish(t.Context(), all, clock(14, 11)))
	if got := due(t, h, clock(14, 12)); len(got) != 1 {
		t.Fatalf("got %v due after another log file", summary(got))
	}

	// The same log file, read again after another: what the tick has read of it doesn't hold the other's deletes.
	all = due(t, h, clock(14, 12))
	putShares(t, h, share(clock(14, 0), clock(14, 10), 3, 1))
	must(t, h.PutShares(t.Context(), account, []anomaly.Share{second}, clock(14, 12)))
	must(t, h.Finish(t.Context(), all, clock(14, 12)))
	if got := due(t, h, clock(14, 13)); len(got) != 1 {
		t.Errorf("got %v due after two log files, one read again", summary(got))
	}

	// What waits is put again if it may be finished already, by another process.
	must(t, h.Finish(t.Context(), due(t, h, clock(14, 13)), clock(14, 13)))
	other := New(store)
	must(t, other.Finish(t.Context(), due(t, other, clock(15, 46)), clock(15, 46)))
	putShares(t, h, share(clock(14, 0), clock(15, 40), 4, 1))
	must(t, h.Finish(t.Context(), due(t, h, clock(15, 47)), clock(15, 47)))
	if diff := cmp.Diff([]string{"waited photos 20T14 at 20T15:45"}, summary(due(t, h, clock(15, 48)))); diff != "" {
		t.Errorf("after a log file that was read late (-want +got):\n%s", diff)
	}
}

// A bucket that can't be finished doesn't hide another's, however much of it is due.
func dueLimited(t *testing.T, store state.Store) {
	h := New(store)
	const minutes = maxDueOfBucket + 10
	for i := range minutes {
		s := share(clock(14, 0), clock(14, i), i, 1)
		s.Keys = anomaly.Keys{}
		putShares(t, h, s)
	}
	other := share(clock(14, 0), clock(16, 0), 1, 1)
	other.Bucket = "archive"
	putShares(t, h, other)

	all, more, err := h.Due(t.Context(), clock(20, 0), nil)
	must(t, err)
	if n := len(all); n != maxDueOfBucket+1 || !more || !all[0].At.Equal(clock(14, 0)) || !all[n-2].At.Equal(clock(14, maxDueOfBucket-1)) || all[n-1].Bucket.Name != "archive" {
		t.Errorf("got %d due, more: %v; want the %d oldest of photos, and archive's:\n%q", n, more, maxDueOfBucket, summary(all))
	}
	skipping, more, err := h.Due(t.Context(), clock(20, 0), func(d Due) bool { return d.Bucket == photos })
	must(t, err)
	if len(skipping) != 1 || more {
		t.Errorf("without photos: got %q, more: %v; want archive's alone", summary(skipping), more)
	}
	must(t, h.Finish(t.Context(), all, clock(20, 0)))
	rest, more, err := h.Due(t.Context(), clock(20, 0), nil)
	must(t, err)
	kinds := map[DueKind]int{}
	for _, d := range rest {
		kinds[d.Kind]++
	}
	// Each bucket's hour waits once, and isn't for now a second time.
	if diff := cmp.Diff(map[DueKind]int{AtOnce: minutes - maxDueOfBucket, Waited: 2}, kinds); diff != "" || more {
		t.Errorf("left, more: %v (-want +got):\n%s", more, diff)
	}
}

// damagedDue: an item that can't be read is told of, and all others are returned.
func damagedDue(t *testing.T, store state.Store) {
	h := New(store)
	for n := range 2 {
		putShares(t, h, share(clock(14, 0), clock(14, 10+2*n), n, 1))
		sort := pending{Kind: AtOnce, AccountID: account, Bucket: "photos", Hour: clock(14, 0), Due: clock(14, 11+2*n)}.sort()
		must(t, store.Put(t.Context(), state.Item{Partition: pendingPartition, Sort: sort, Version: 1, Data: []byte("{")}))
	}
	all, more, err := h.Due(t.Context(), clock(15, 0), nil)
	if err == nil || !strings.Contains(err.Error(), "2026-11-20T14:11#once#") || !strings.Contains(err.Error(), "is damaged") || !strings.HasSuffix(err.Error(), "and 1 more") || more {
		t.Errorf("got error %v, more: %v; want both damaged items told of", err, more)
	}
	expect(t, "due", summary(all), "once photos 20T14 at 20T14:10", "once photos 20T14 at 20T14:12")
	is, err := h.IsDue(t.Context(), clock(15, 0))
	if err != nil || !is {
		t.Errorf("IsDue = %v, %v", is, err)
	}
	if is, err := h.IsDue(t.Context(), clock(14, 10)); err != nil || is {
		t.Errorf("IsDue = %v, %v before anything is due", is, err)
	}
}

// postponed: what was judged is finished, and the message is due until it is sent, whatever becomes of its incident.
func postponed(t *testing.T, store state.Store) {
	h := New(store)
	putShares(t, h, share(clock(14, 0), clock(14, 20), 1, 1))
	all := due(t, h, clock(14, 31))
	mine := surge(alice, 14, anomaly.High, 20)
	mine.Kind = anomaly.Human
	out, err := h.Remember(t.Context(), all, []anomaly.Anomaly{surge(appWeb, 14, anomaly.High, 30), mine}, clock(14, 31))
	must(t, err)
	must(t, h.Postpone(t.Context(), out.Incidents, all, clock(14, 31)))
	must(t, h.Told(t.Context(), out, clock(14, 31)))
	must(t, h.Finish(t.Context(), all, clock(14, 31)))

	both := []string{"message photos 20T14 at 20T14:10", "message photos 20T14 at 20T14:10"}
	for n := range 3 { // twice at the same moment
		now := clock(14, 32+n/2)
		all = due(t, h, now)
		expect(t, "due", summary(all), both...)
		if out, err = h.Remember(t.Context(), all, nil, now); err != nil {
			t.Fatal(err)
		}
		expect(t, "news", news(out))
		expect(t, "incidents", incidentNames(out), "alice 14:10-14:20 HIGH, 1 anomalies", "app-web 14:10-14:20 HIGH, 1 anomalies")
		must(t, h.Postpone(t.Context(), out.Incidents, all, now))
		must(t, h.Finish(t.Context(), all, now))
	}

	// The app's incident becomes part of an older one, of which nothing was sent; alice's message is sent.
	remember(t, h, clock(14, 34), surge(appWeb, 3, anomaly.Medium, 20))
	remember(t, h, clock(14, 34), surge(appWeb, 9, anomaly.Medium, 20))
	all = due(t, h, clock(14, 35))
	out, err = h.Remember(t.Context(), all, nil, clock(14, 35))
	must(t, err)
	expect(t, "incidents, one extended", incidentNames(out), "alice 14:10-14:20 HIGH, 1 anomalies", "app-web 03:10-14:20 HIGH, 3 anomalies")
	must(t, h.Sent(t.Context(), &out.Incidents[0], clock(14, 35)))
	must(t, h.Postpone(t.Context(), out.Incidents[1:], all, clock(14, 35)))
	must(t, h.Finish(t.Context(), all, clock(14, 35)))
	all = due(t, h, clock(14, 36))
	expect(t, "due then", summary(all), "message photos 20T03 at 20T03:10")
	out, err = h.Remember(t.Context(), all, nil, clock(14, 36))
	must(t, err)
	must(t, h.Sent(t.Context(), &out.Incidents[0], clock(14, 36)))
	must(t, h.Finish(t.Context(), all, clock(14, 36)))
	expect(t, "due when all is sent", summary(due(t, h, clock(14, 37))))
}
