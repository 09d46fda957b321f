package anomaly_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

// Whichever hour of a window is judged first, all deletes of all hours stay.
func TestMergeKeepsAllHours(t *testing.T) {
	hour := func(n int, severity anomaly.Severity, count int64, deleted ...anomaly.Deleted) anomaly.Anomaly {
		at := judgedDay.Add(time.Duration(n) * time.Hour)
		for i := range deleted {
			deleted[i].Hour = at
		}
		return anomaly.Anomaly{
			WindowStart: judgedDay, WindowEnd: judgedDay.AddDate(0, 0, 1), Severity: severity, Count: count, KeysInAll: count, Deleted: deleted,
			Sample: anomaly.Sample{First: at, Last: at.Add(time.Minute), Keys: []string{fmt.Sprint(n, ".jpg")}},
		}
	}
	first := hour(14, anomaly.Medium, 1800, anomaly.Deleted{Principal: "a", Objects: 1700}, anomaly.Deleted{Principal: "b", Objects: 100})
	second := hour(15, anomaly.Medium, 1200, anomaly.Deleted{Principal: "a", Objects: 1200})
	more := hour(14, anomaly.High, 1300, anomaly.Deleted{Principal: "a", Objects: 10}, anomaly.Deleted{Principal: "b", Objects: 300})
	want := []anomaly.Deleted{
		{Principal: "a", Hour: judgedHour, Objects: 1700}, {Principal: "b", Hour: judgedHour, Objects: 300}, {Principal: "a", Hour: judgedHour.Add(time.Hour), Objects: 1200}}
	for name, order := range map[string][]anomaly.Anomaly{
		"in turn": {first, second, more}, "reversed": {more, second, first}, "again": {first, more, second, first},
	} {
		merged := order[0]
		for i := range order[1:] {
			merged.Merge(&order[1+i])
		}
		if merged.Count != 3200 || merged.KeysInAll != 3200 || merged.Severity != anomaly.High {
			t.Errorf("%s: Count, KeysInAll, Severity = %d, %d, %s, want 3200, 3200, HIGH", name, merged.Count, merged.KeysInAll, merged.Severity)
		}
		if diff := cmp.Diff(want, merged.Deleted); diff != "" {
			t.Errorf("%s: Deleted (-want +got):\n%s", name, diff)
		}
		slices.Sort(merged.Keys)
		if !merged.First.Equal(first.First) || !merged.Last.Equal(second.Last) || !slices.Equal(merged.Keys, []string{"14.jpg", "15.jpg"}) {
			t.Errorf("%s: Sample = %+v, want that of both hours", name, merged.Sample)
		}
	}
	if first.Deleted[1].Objects != 100 || len(first.Keys) != 1 || !first.Last.Equal(judgedHour.Add(time.Minute)) {
		t.Error("Merge wrote to what it merged")
	}
}

// In an hour there is nothing to add up: a later judgement knows more of the same.
func TestMergeInAnHour(t *testing.T) {
	of := func(alices, bobs int64) anomaly.Anomaly {
		return anomaly.Anomaly{WindowStart: judgedHour, WindowEnd: judgedHour.Add(time.Hour), Count: alices + bobs,
			Deleted: []anomaly.Deleted{{Principal: alice, Hour: judgedHour, Objects: alices}, {Principal: bob, Hour: judgedHour, Objects: bobs}}}
	}
	merged, more := of(5, 3), of(3, 5)
	merged.Merge(&more)
	if merged.Count != 8 {
		t.Errorf("Merge: Count = %d, want 8", merged.Count)
	}
}

// As long as windows are days, an anomaly is of its day, whichever hours are judged and in whatever order.
func TestWidenedIsOfTheDay(t *testing.T) {
	tests := []struct {
		detector string
		what     []anomaly.Measure
		counts   map[int]int64 // by the hour
		want     int64
		objects  int64
		severity anomaly.Severity
		told     string
	}{
		{anomaly.NameDeleteSurge, []anomaly.Measure{objects}, map[int]int64{3: 5000, 9: 3000, 14: 2000}, 10_000, 10_000, anomaly.Medium,
			"10,000 objects deleted from photos between 03:05 and 14:35 UTC by role/app-web; the bucket is known for 1 day only (threshold 1,000)."},
		{anomaly.NameDeleteSurge, []anomaly.Measure{objects}, map[int]int64{3: 5000, 9: 300}, 5300, 5300, anomaly.Medium,
			"5,300 objects deleted from photos between 03:05 and 09:35 UTC by role/app-web; the bucket is known for 1 day only (threshold 1,000)."},
		{anomaly.NameDeniedDelete, []anomaly.Measure{denied}, map[int]int64{3: 30, 9: 40}, 70, 0, anomaly.Medium,
			"70 deletes in photos by role/app-web denied between 03:05 and 09:35 UTC; the bucket is known for 1 day only (threshold 5)."},
		{anomaly.NamePermanentDelete, []anomaly.Measure{byVersion}, map[int]int64{3: 7, 9: 2}, 9, 9, anomaly.Medium,
			"9 versions deleted for good from photos between 03:05 and 09:35 UTC by role/app-web; the bucket is known for 1 day only."},
		{anomaly.NameEncryptedOverwrite, []anomaly.Measure{anomaly.Overwrites}, map[int]int64{3: 7, 9: 2}, 9, 0, anomaly.High,
			"9 objects written to photos between 03:05 and 09:35 UTC by role/app-web with an encryption key that the bucket's owner may not have; the bucket is known for 1 day only."},
		{anomaly.NameOpaqueBulkDelete, []anomaly.Measure{calls, estimated}, map[int]int64{3: 2000, 9: 1500}, 3500, 0, anomaly.Medium,
			"3,500 DeleteObjects calls on photos between 03:05 and 09:35 UTC by role/app-web left no record of the objects: between 3,500 and 3,500,000 were deleted, by the size of the calls about 3,500; the bucket is known for 1 day only (threshold 1,000)."},
	}
	for _, test := range tests {
		t.Run(test.detector, func(t *testing.T) {
			var doings []doing
			var hours []int
			for hour, n := range test.counts {
				hours = append(hours, hour)
				for _, m := range test.what {
					doings = append(doings, doing{appWeb, m, n, 0, hour})
				}
			}
			slices.Sort(hours)
			h := did(1, doings...)
			for range 2 {
				var merged *anomaly.Anomaly
				for _, hour := range hours {
					for _, a := range h.judge(t, judgedDay.Add(time.Duration(hour)*time.Hour), test.detector) {
						if merged == nil {
							merged = &a
						} else {
							merged.Merge(&a)
						}
					}
				}
				if merged == nil {
					t.Fatal("Judge found nothing")
				}
				if merged.Count != test.want || merged.Objects() != test.objects || merged.Severity != test.severity || merged.WindowEnd.Sub(merged.WindowStart) != day {
					t.Errorf("Judge = %+v, want count %d, %d objects, %s, of a day", merged, test.want, test.objects, test.severity)
				}
				if merged.Explanation != test.told {
					t.Errorf("Explanation = %q, want %q", merged.Explanation, test.told)
				}
				slices.Reverse(hours)
			}
		})
	}
}
