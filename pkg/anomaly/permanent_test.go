package anomaly_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

const (
	byVersion = anomaly.ByVersion
	maybe     = anomaly.MaybeByVersion
)

func TestPermanentDelete(t *testing.T) {
	usual := func(n int64) []doing { return daily(appWeb, byVersion, n, 50, 2) }
	judgeAll(t, "PermanentDelete", []verdict{
		{"nothing", 40, nil, []doing{now(appWeb, objects, 1000)}, nil},
		{"one", 40, nil, []doing{now(appWeb, byVersion, 1)},
			[]string{"HIGH day: 1 version deleted for good from photos at 14:05 UTC by role/app-web; its busiest hour of the last 28 days had none."}},
		{"several in a day", 40, nil, []doing{{appWeb, byVersion, 2, 0, 3}, now(appWeb, byVersion, 1)},
			[]string{"HIGH day: 3 versions deleted for good from photos between 03:05 and 14:05 UTC by role/app-web; its busiest hour of the last 28 days had none."}},
		{"where another does it", 60, usual(4), []doing{now(cleaner, byVersion, 1)},
			[]string{"HIGH day: 1 version deleted for good from photos at 14:05 UTC by role/cleaner; its busiest hour of the last 28 days had none."}},
		{"where it is usual, below the floor", 60, usual(1), []doing{now(appWeb, byVersion, 4)}, nil},
		{"where it is usual, the floor", 60, usual(1), []doing{now(appWeb, byVersion, 5)},
			[]string{"HIGH hour: 5 versions deleted for good from photos between 14:05 and 14:35 UTC by role/app-web; its busiest hour of the last 28 days had 1 (threshold 5)."}},
		{"below twice the record", 60, usual(100), []doing{now(appWeb, byVersion, 199)}, nil},
		{"twice the record", 60, usual(100), []doing{now(appWeb, byVersion, 200)},
			[]string{"HIGH hour: 200 versions deleted for good from photos between 14:05 and 14:35 UTC by role/app-web; its busiest hour of the last 28 days had 100 (threshold 200)."}},
		{"persons", 40, nil, []doing{now(alice, byVersion, 1), now(bob, byVersion, 1)},
			[]string{"HIGH day: 2 versions deleted for good from photos at 14:05 UTC by user/alice and user/bob; people's busiest hour of the last 28 days had none."}},
		{"callers without names", 40, nil, []doing{now(nobody, byVersion, 1)},
			[]string{"HIGH day: 1 version deleted for good from photos at 14:05 UTC by callers whom the records do not name; their busiest hour of the last 28 days had none."}},

		{"perhaps one", 40, nil, []doing{now(appWeb, maybe, 1)},
			[]string{"MEDIUM day: 1 object deleted by version id, each a version for good or a delete marker, from photos at 14:05 UTC by role/app-web; its busiest hour of the last 28 days had none."}},
		{"perhaps a thousand", 40, nil, []doing{now(appWeb, maybe, 1000)},
			[]string{"MEDIUM day: 1,000 objects deleted by version id, each a version for good or a delete marker, from photos between 14:05 and 14:35 UTC by role/app-web; its busiest hour of the last 28 days had none."}},
		{"one, and perhaps a thousand", 40, nil, []doing{now(appWeb, maybe, 1000), now(appWeb, byVersion, 1)},
			[]string{"HIGH day: 1 version deleted for good from photos at 14:05 UTC by role/app-web; its busiest hour of the last 28 days had none."}},

		{"on a bucket's first day", 0, nil, []doing{now(appWeb, byVersion, 100)},
			[]string{"MEDIUM day: 100 versions deleted for good from photos between 14:05 and 14:35 UTC by role/app-web; the bucket is known since today only."}},
		{"when three days are known", 4, nil, []doing{now(appWeb, byVersion, 1)},
			[]string{"HIGH day: 1 version deleted for good from photos at 14:05 UTC by role/app-web; its busiest hour had none, but the bucket is known for 4 days only."}},
	})
}

// The objects of the whole day are those that the anomaly is about, each in its hour.
func TestPermanentDeleteCarriesItsDay(t *testing.T) {
	h := did(40, doing{bob, byVersion, 2, 0, 3}, now(bob, byVersion, 1), now(alice, byVersion, 4), now(alice, objects, 9), doing{alice, objects, 9, 0, 5})
	a := h.judge(t, judgedHour, "PermanentDelete")[0]
	want := []anomaly.Deleted{
		{Principal: bob, Hour: judgedDay.Add(3 * time.Hour), Objects: 2},
		{Principal: alice, Hour: judgedHour, Objects: 4},
		{Principal: bob, Hour: judgedHour, Objects: 1},
	}
	if diff := cmp.Diff(want, a.Deleted); diff != "" {
		t.Errorf("Judge, Deleted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{alice, bob}, a.Persons); diff != "" {
		t.Errorf("Judge, Persons (-want +got):\n%s", diff)
	}
}
