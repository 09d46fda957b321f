package history

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// sumDay closes a day with the number of its deletes and, to see what was known, of those of the days before.
func sumDay(closed *[]string) func(context.Context, anomaly.Bucket, anomaly.History, time.Time) (anomaly.Day, error) {
	return func(ctx context.Context, b anomaly.Bucket, h anomaly.History, date time.Time) (anomaly.Day, error) {
		older, err := h.Days(ctx, date.AddDate(0, 0, -90), date.AddDate(0, 0, -1))
		if err != nil {
			return anomaly.Day{}, err
		}
		hours, err := h.Hours(ctx, date, date.AddDate(0, 0, 1))
		d := anomaly.Day{Date: date, Deletes: objects(hours)}
		for _, o := range older {
			d.Uploads += o.Deletes
		}
		*closed = append(*closed, date.Format("02"))
		return d, err
	}
}

func daysOf(t *testing.T, history anomaly.History, from, to time.Time) []string {
	t.Helper()
	days, err := history.Days(t.Context(), from, to)
	must(t, err)
	var list []string
	for _, d := range days {
		list = append(list, fmt.Sprintf("%s: %d after %d", d.Date.Format("02"), d.Deletes, d.Uploads))
	}
	return list
}

func closedDays(t *testing.T, store state.Store) {
	var closed []string
	h := New(store)
	h.closeDay = sumDay(&closed)
	dayOf := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	for _, n := range []int{9, 11, 13, 14, 16} {
		putShares(t, h, share(dayOf(n).Add(5*time.Hour), dayOf(n).Add(6*time.Hour), n, int64(n)))
	}
	// 17 hours late, and too late for the day.
	putShares(t, h, share(dayOf(16).Add(22*time.Hour), dayOf(17).Add(15*time.Hour), 17, 100), share(dayOf(16).Add(22*time.Hour), dayOf(18).Add(time.Minute), 18, 1000))

	for _, test := range []struct {
		name     string
		to, asOf time.Time
		want     []string
		closed   []string
	}{
		{"the last four", dayOf(14), dayOf(16).Add(time.Hour), []string{"11: 11 after 0", "12: 0 after 11", "13: 13 after 11", "14: 14 after 24"}, []string{"11", "12", "13", "14"}},
		{"none again", dayOf(14), dayOf(16).Add(2 * time.Hour), []string{"11: 11 after 0", "12: 0 after 11", "13: 13 after 11", "14: 14 after 24"}, nil},
		{"not what is incomplete", dayOf(16), dayOf(17).Add(23 * time.Hour), []string{"11: 11 after 0", "12: 0 after 11", "13: 13 after 11", "14: 14 after 24", "15: 0 after 38"}, []string{"15"}},
		{"as of when it was complete", dayOf(16), dayOf(18).Add(2 * time.Hour), []string{"11: 11 after 0", "12: 0 after 11", "13: 13 after 11", "14: 14 after 24", "15: 0 after 38", "16: 116 after 38"}, []string{"16"}},
	} {
		closed = nil
		for _, process := range []*History{h, New(store)} { // the second reads what the first has put
			process.closeDay = h.closeDay
			got := daysOf(t, process.Bucket(photos, test.asOf), dayOf(1), test.to)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
		}
		if !slices.Equal(closed, test.closed) {
			t.Errorf("%s: closed %v, want %v", test.name, closed, test.closed)
		}
	}

	// Nobody was judged in time: the tick that closes the day tells of those before it, too.
	closed = nil
	late := New(store)
	late.closeDay = h.closeDay
	must(t, late.CloseDay(t.Context(), photos, dayOf(9), dayOf(12)))
	if !slices.Equal(closed, []string{"09"}) {
		t.Errorf("closed %v, want only the bucket's first day", closed)
	}
	if got, want := daysOf(t, late.Bucket(photos, dayOf(18)), dayOf(8), dayOf(11)), []string{"09: 9 after 0", "10: 0 after 9", "11: 11 after 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := daysOf(t, h.Bucket(photos, dayOf(18)), dayOf(12), dayOf(13)); len(got) != 2 {
		t.Errorf("got %q of a part of the days, want two", got)
	}
}

func dayStays(t *testing.T, store state.Store) {
	h := New(store)
	putShares(t, h, share(clock(14, 0), clock(14, 10), 1, 5))
	must(t, h.CloseDay(t.Context(), photos, clock(0, 0), clock(72, 0)))
	item, err := store.Get(t.Context(), bucketPartition(photos), daySort(clock(0, 0)))
	must(t, err)

	putShares(t, h, share(clock(15, 0), clock(15, 10), 2, 5)) // it was lost for three days
	for _, process := range []*History{h, New(store)} {
		must(t, process.CloseDay(t.Context(), photos, clock(0, 0), clock(73, 0)))
		days, err := process.Bucket(photos, clock(73, 0)).Days(t.Context(), clock(0, 0), clock(0, 0))
		must(t, err)
		if len(days) != 1 || days[0].Deletes != 5 {
			t.Errorf("got %+v, want a day with 5 deletes", days)
		}
	}
	again, err := store.Get(t.Context(), bucketPartition(photos), daySort(clock(0, 0)))
	must(t, err)
	if diff := cmp.Diff(item, again); diff != "" {
		t.Errorf("the item has changed:\n%s", diff)
	}

	// Who is slower takes what is stored.
	slow := New(store)
	must(t, store.Delete(t.Context(), item.Partition, item.Sort, item.Version))
	slow.closeDay = func(ctx context.Context, b anomaly.Bucket, history anomaly.History, date time.Time) (anomaly.Day, error) {
		_, err := store.PutIf(ctx, state.Item{Partition: item.Partition, Sort: item.Sort, Data: item.Data})
		return anomaly.Day{Date: date, Deletes: 77}, err
	}
	days, err := slow.Bucket(photos, clock(73, 0)).Days(t.Context(), clock(0, 0), clock(0, 0))
	must(t, err)
	if len(days) != 1 || days[0].Deletes != 5 {
		t.Errorf("got %+v, want the day that the faster one has put", days)
	}
	// Much later, what is left of the evidence may be a part of it.
	must(t, slow.CloseDay(t.Context(), anomaly.Bucket{AccountID: account, Name: "archive"}, clock(0, 0), clock(0, 0).Add(9*day)))
}

// What 28 days of 300 buckets take in memory.
func TestDayCacheIsSmall(t *testing.T) {
	d := anomaly.Day{Principals: map[string]int64{}, Actors: map[string]*anomaly.ActorDay{}, Deletes: 1234, Uploads: 5678, PerKeyRecords: true}
	for i, who := range []string{appWeb, anomaly.People, appWeb + "-cleanup"} {
		d.Principals[who] = 20000
		a := &anomaly.ActorDay{Hours: map[anomaly.Measure]*[24]int64{}}
		for _, m := range []anomaly.Measure{anomaly.Objects, anomaly.PerKeyRecords, anomaly.Denied} {
			a.Hours[m] = &[24]int64{}
			for hour := range 24 {
				a.Hours[m][hour] = int64((hour*hour*7919 + i*104729) % 500)
			}
		}
		d.Actors[who] = a
	}
	data, err := encode(d)
	must(t, err)
	busy := 300 * 28 * (len(data) + dayOverhead)
	t.Logf("a day of three actors takes %d bytes, 300 such buckets with 28 days %.1f MB", len(data), float64(busy)/(1<<20))
	if busy > maxDayBytes {
		t.Errorf("300 buckets with three actors each take %d bytes, more than is kept: %d", busy, maxDayBytes)
	}
}
