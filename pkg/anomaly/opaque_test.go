package anomaly_test

import (
	"slices"
	"testing"

	"bucketwatch/pkg/anomaly"
)

func TestOpaqueBulkDelete(t *testing.T) {
	opaque := func(who string, n, about int64) []doing {
		return []doing{now(who, calls, n), now(who, estimated, about)}
	}
	told := doing{cleaner, perKey, 5, 9, 9} // the trail records each object
	judgeAll(t, "OpaqueBulkDelete", []verdict{
		{"nothing", 100, []doing{told}, nil, nil},
		{"one call where objects used to be told", 100, []doing{told}, opaque(appWeb, 1, 0),
			[]string{"LOW hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted; the bucket's trail usually records each object."}},
		{"about 99", 100, []doing{told}, opaque(appWeb, 1, 99),
			[]string{"LOW hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted, by the size of the calls about 99; the bucket's trail usually records each object."}},
		{"about 100", 100, []doing{told}, opaque(appWeb, 1, 100),
			[]string{"MEDIUM hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted, by the size of the calls about 100; the bucket's trail usually records each object."}},
		{"three calls", 100, []doing{told}, opaque(appWeb, 3, 2400),
			[]string{"MEDIUM hour: 3 DeleteObjects calls on photos between 14:05 and 14:35 UTC by role/app-web left no record of the objects: between 3 and 3,000 were deleted, by the size of the calls about 2,400; the bucket's trail usually records each object."}},
		{"more than calls can delete", 100, []doing{told}, opaque(appWeb, 1, 5000),
			[]string{"MEDIUM hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted, by the size of the calls about 1,000; the bucket's trail usually records each object."}},
		{"persons", 100, []doing{told}, slices.Concat(opaque(alice, 1, 60), opaque(bob, 1, 60)),
			[]string{"MEDIUM hour: 2 DeleteObjects calls on photos at 14:05 UTC by user/alice and user/bob left no record of the objects: between 2 and 2,000 were deleted, by the size of the calls about 120; the bucket's trail usually records each object."}},

		{"objects told in the hour", 100, []doing{told}, append(opaque(appWeb, 1, 500), now(cleaner, perKey, 1)), nil},
		{"in the hour before", 100, []doing{told}, append(opaque(appWeb, 1, 500), doing{appWeb, perKey, 1, 0, 13}), nil},
		{"in the hour after", 100, []doing{told}, append(opaque(appWeb, 1, 500), doing{appWeb, perKey, 1, 0, 15}), nil},
		{"two hours after", 100, []doing{told}, append(opaque(appWeb, 1, 99), doing{appWeb, perKey, 1, 0, 16}),
			[]string{"LOW hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted, by the size of the calls about 99; the bucket's trail usually records each object."}},

		{"never told, below the surge", 100, nil, opaque(appWeb, 1, 19), nil},
		{"never told, a surge", 100, nil, opaque(appWeb, 1, 20),
			[]string{"LOW hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted, by the size of the calls about 20; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"never told, by somebody new, 80", 100, []doing{{cleaner, objects, 1, 9, 9}}, opaque(appWeb, 1, 80),
			[]string{"HIGH hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted, by the size of the calls about 80; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"never told, by somebody known, 99", 100, daily(appWeb, objects, 1, 28, 2), opaque(appWeb, 1, 99),
			[]string{"LOW hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted, by the size of the calls about 99; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"never told, far above the record", 100, nil, opaque(appWeb, 1, 200),
			[]string{"HIGH hour: 1 DeleteObjects call on photos at 14:05 UTC by role/app-web left no record of the objects: between 1 and 1,000 were deleted, by the size of the calls about 200; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"never told, as usual", 100, daily(appWeb, estimated, 500, 50, 2), opaque(appWeb, 1, 700), nil},
	})
}

// Expected deletes are in no count but that of the objects told. One that no call did tells of none.
func TestOpaqueBulkDeleteOfExpected(t *testing.T) {
	for _, test := range []struct {
		name    string
		records int64 // of the objects that calls deleted
		want    int
	}{{"by calls", 3000, 0}, {"one by one", 0, 1}} {
		h := did(100, doing{cleaner, perKey, 5, 9, 9}, now(carol, calls, 3), now(carol, estimated, 3000))
		expected := anomaly.Activity{Principal: cleaner, Counts: anomaly.Counts{perKey: test.records},
			Expected: []anomaly.Expected{{Entry: "e1", Cap: 5000, Counts: anomaly.Counts{objects: 3000}}}}
		h.add(anomaly.Share{Hour: judgedHour, Activities: []anomaly.Activity{expected}})
		if got := h.judge(t, judgedHour, "OpaqueBulkDelete"); len(got) != test.want {
			t.Errorf("Judge where objects are deleted as expected, %s = %v, want %d anomalies", test.name, told(got), test.want)
		}
	}
}

func TestOpaqueBulkDeleteWaits(t *testing.T) {
	h := did(100, doing{cleaner, perKey, 5, 9, 9}, now(appWeb, calls, 3), now(appWeb, estimated, 700))
	if got := h.atOnce(t, judgedHour, "OpaqueBulkDelete"); len(got) != 0 {
		t.Errorf("Judge, not waited = %v, want nothing", told(got))
	}
	got := h.judge(t, judgedHour, "OpaqueBulkDelete")
	if len(got) != 1 || got[0].Count != 700 || got[0].Objects() != 0 || got[0].KeysInAll != 0 {
		t.Errorf("Judge, waited = %+v, want one of 700 that carries no objects", got)
	}
}
