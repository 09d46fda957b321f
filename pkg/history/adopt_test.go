package history

import (
	"slices"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// adopts shows that what the past tells is added, and nothing that is known becomes less.
func adopts(t *testing.T, store state.Store) {
	dayOf := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	now := dayOf(20).Add(12 * time.Hour)
	h, past := New(store), state.NewMemory()
	var closed []string
	h.closeDay = sumDay(&closed)

	// The function was deployed at noon of the 17th; the log files of the past end there.
	before := New(past)
	before.closeDay = sumDay(&closed)
	for n := 1; n <= 17; n++ {
		putShares(t, before, share(dayOf(n).Add(5*time.Hour), dayOf(n).Add(6*time.Hour), n, int64(n)))
		must(t, before.CloseDay(t.Context(), photos, dayOf(n), dayOf(n).Add(3*day)))
	}
	later := share(dayOf(17).Add(15*time.Hour), dayOf(17).Add(16*time.Hour), 99, 1000)
	putShares(t, h, later)
	must(t, store.Delete(t.Context(), pendingPartition, onlyPending(t, store).Sort, onlyPending(t, store).Version))

	// A function at work has read that there is nothing.
	warm := New(store)
	if got := daysOf(t, warm.Bucket(photos, now), dayOf(1), dayOf(16)); len(got) != 0 {
		t.Errorf("days = %q, want none yet", got)
	}

	done, err := h.Adopt(t.Context(), past, now)
	must(t, err)
	if done.Buckets != 1 || done.Changed != 1 || done.Days != 16 || len(done.GoingOn) != 0 {
		t.Errorf("Adopt = %+v, want 16 days of one bucket", done)
	}
	if got := summary(due(t, h, now)); !slices.Equal(got, []string{"day photos 17T00 at 20T00:00"}) {
		t.Errorf("due are %q, want that the day of the deployment is closed, and nothing to be judged", got)
	}
	must(t, h.CloseDay(t.Context(), photos, dayOf(17), now))
	got := daysOf(t, h.Bucket(photos, now), dayOf(15), dayOf(17))
	if want := []string{"15: 15 after 105", "16: 16 after 120", "17: 1017 after 136"}; !slices.Equal(got, want) {
		t.Errorf("days = %q, want %q", got, want)
	}
	due(t, warm, now.Add(time.Minute)) // as each tick begins
	if got := daysOf(t, warm.Bucket(photos, now), dayOf(1), dayOf(16)); len(got) != 16 {
		t.Errorf("a function at work sees the days %q, want all", got)
	}
	since, err := h.Bucket(photos, now).Since(t.Context())
	if err != nil || !since.Equal(dayOf(1)) {
		t.Errorf("Since = %v, %v, want %v", since, err, dayOf(1))
	}
	// What has expired by now is left out.
	for _, sort := range []string{"e#2026-11-01T05", "k#2026-11-01T05"} {
		must(t, store.Query(t.Context(), bucketPartition(photos), sort, sort+"~", func(item state.Item) bool {
			t.Errorf("%s was put, which has expired on %v", item.Sort, item.Expires)
			return true
		}))
	}
	again, err := h.Adopt(t.Context(), past, now)
	if err != nil || again.Items != 0 || again.Changed != 0 {
		t.Errorf("Adopt again = %+v, %v, want nothing new", again, err)
	}
}

func onlyPending(t *testing.T, store state.Store) (only state.Item) {
	t.Helper()
	must(t, store.Query(t.Context(), pendingPartition, firstDue, after(""), func(item state.Item) bool {
		only = item
		return true
	}))
	return only
}

func TestBucketOf(t *testing.T) {
	for _, test := range []struct {
		bucket anomaly.Bucket
		ok     bool
	}{
		{photos, true}, {anomaly.Bucket{Name: "photos"}, true}, {anomaly.Bucket{AccountID: account, Name: "_account"}, true},
		{anomaly.Bucket{AccountID: account, Name: "a#b"}, false}, {anomaly.Bucket{AccountID: "who", Name: "photos"}, false},
	} {
		partition := bucketPartition(test.bucket)
		if !isBucketPartition(partition) {
			t.Errorf("%s is no bucket's partition", partition)
		}
		if got, ok := bucketOf(partition); ok != test.ok || ok && got != test.bucket {
			t.Errorf("bucketOf(%s) = %v, %v, want %v, %v", partition, got, ok, test.bucket, test.ok)
		}
	}
	for _, partition := range []string{"meta", pendingPartition, "v1#file#s3://b/k"} {
		if isBucketPartition(partition) {
			t.Errorf("%s is taken for a bucket's partition", partition)
		}
	}
}
