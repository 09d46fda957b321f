package anomaly_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

func TestProtectionRemovedInLogBucket(t *testing.T) {
	expected := func(n, most int64) []anomaly.Expected {
		s := doing{appWeb, objects, n, 0, -1}.activity().Samples[objects]
		return []anomaly.Expected{{Entry: "e1", Cap: most, Counts: anomaly.Counts{anomaly.Objects: n}, Samples: map[anomaly.Measure]*anomaly.Sample{anomaly.Objects: s}}}
	}
	tests := []struct {
		name     string
		doings   []doing
		expected []anomaly.Expected // of the first
		want     []string
		deleted  []int64
	}{
		{"nothing", nil, nil, []string{}, nil},
		{"uploads only", []doing{now(appWeb, anomaly.Overwrites, 3)}, nil, []string{}, nil},
		{"one", []doing{now(appWeb, objects, 1)}, nil,
			[]string{"HIGH hour: role/app-web deleted 1 object from the log bucket photos at 14:05 UTC."}, []int64{1}},
		{"of each by themselves", []doing{now(alice, objects, 30), now(bob, objects, 2), now(nobody, objects, 4)}, nil, []string{
			"HIGH hour: somebody (the records do not say who) deleted 4 objects from the log bucket photos between 14:05 and 14:35 UTC.",
			"HIGH hour: user/alice deleted 30 objects from the log bucket photos between 14:05 and 14:35 UTC.",
			"HIGH hour: user/bob deleted 2 objects from the log bucket photos between 14:05 and 14:35 UTC."}, []int64{4, 30, 2}},
		{"calls without objects", []doing{now(appWeb, calls, 2)}, nil,
			[]string{"HIGH hour: role/app-web deleted objects from the log bucket photos with 2 DeleteObjects calls between 14:05 and 14:35 UTC; the records do not say which objects."}, []int64{0}},
		{"calls and their objects", []doing{now(appWeb, calls, 1), now(appWeb, objects, 7)}, nil,
			[]string{"HIGH hour: role/app-web deleted 7 objects from the log bucket photos between 14:05 and 14:35 UTC."}, []int64{7}},
		{"denied", []doing{now(appWeb, denied, 1)}, nil, []string{}, nil},
		{"expected all the same", []doing{now(appWeb, denied, 1)}, expected(30, 100),
			[]string{"HIGH hour: role/app-web deleted 30 objects from the log bucket photos between 14:05 and 14:35 UTC."}, []int64{30}},
		{"more than expected", []doing{now(appWeb, objects, 5)}, expected(30, 20),
			[]string{"HIGH hour: role/app-web deleted 35 objects from the log bucket photos between 14:05 and 14:35 UTC."}, []int64{35}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, known := range []int{0, 40} { // it is the deed itself that counts
				h := did(known, test.doings...)
				for i := range h.shares {
					h.shares[i].IsLogBucket = true
				}
				if test.expected != nil {
					h.shares[0].Activities[0].Expected = test.expected
				}
				found := h.atOnce(t, judgedHour, "ProtectionRemoved")
				if diff := cmp.Diff(test.want, told(found)); diff != "" {
					t.Errorf("ProtectionRemoved (-want +got):\n%s", diff)
				}
				for i := range found {
					if got := found[i].Objects(); got != test.deleted[i] {
						t.Errorf("%s: %d objects, want %d", found[i].Explanation, got, test.deleted[i])
					}
				}
			}
		})
	}
	if got := did(40, now(appWeb, objects, 1)).judge(t, judgedHour, "ProtectionRemoved"); len(got) != 0 {
		t.Errorf("ProtectionRemoved of another bucket = %v, want nothing", told(got))
	}
}

// The log file's own invocation and the tick find the same anomaly, which merges.
func TestProtectionRemovedInLogBucketIsTheSame(t *testing.T) {
	var file anomaly.ProtectionRemoved
	add(t, &file, []deed{{deleted, "photos", alice, "14:05:00", 7, "a.json.gz"}}, inOrder(1))
	a := file.Anomalies()[0]

	h := did(40, now(alice, objects, 7))
	h.shares[0].IsLogBucket = true
	b := h.judge(t, judgedHour, "ProtectionRemoved")[0]
	if a.Name != b.Name || a.Family != b.Family || a.Principal != b.Principal || a.Kind != b.Kind || !a.WindowStart.Equal(b.WindowStart) || !a.WindowEnd.Equal(b.WindowEnd) {
		t.Errorf("Judge = %+v, want the anomaly of the log file, %+v", b, a)
	}
	if diff := cmp.Diff(a.Deleted, b.Deleted); diff != "" {
		t.Errorf("Judge, Deleted (-log file's +got):\n%s", diff)
	}
}
