package anomaly_test

import (
	"testing"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

const (
	denied    = anomaly.Denied
	calls     = anomaly.Calls
	estimated = anomaly.Estimated
	perKey    = anomaly.PerKeyRecords
)

func TestDeniedDelete(t *testing.T) {
	known := []doing{{appWeb, objects, 1, 60, 9}, {alice, objects, 1, 60, 9}} // have deleted there
	judgeAll(t, "DeniedDelete", []verdict{
		{"nothing", 100, nil, nil, nil},
		{"below the floor", 100, known, []doing{now(appWeb, denied, 4)}, nil},
		{"the floor", 100, known, []doing{now(appWeb, denied, 5)},
			[]string{"MEDIUM hour: 5 deletes in photos by role/app-web denied between 14:05 and 14:35 UTC; its busiest hour of the last 28 days had none (threshold 5)."}},
		{"ten times the floor", 100, known, []doing{now(appWeb, denied, 50)},
			[]string{"HIGH hour: 50 deletes in photos by role/app-web denied between 14:05 and 14:35 UTC; its busiest hour of the last 28 days had none (threshold 5)."}},
		{"below twice the record", 100, append(known, doing{appWeb, denied, 4, 9, 9}), []doing{now(appWeb, denied, 7)}, nil},
		{"twice the record", 100, append(known, doing{appWeb, denied, 4, 9, 9}), []doing{now(appWeb, denied, 8)},
			[]string{"MEDIUM hour: 8 deletes in photos by role/app-web denied between 14:05 and 14:35 UTC; its busiest hour of the last 28 days had 4 (threshold 8)."}},

		{"one, by somebody new", 100, nil, []doing{now(appWeb, denied, 1)},
			[]string{"MEDIUM hour: 1 delete in photos by role/app-web denied at 14:05 UTC; there were no such deletes in the last 28 days, nor any that succeeded in the last 90 days."}},
		{"ten, by somebody new", 100, nil, []doing{now(appWeb, denied, 10)},
			[]string{"MEDIUM hour: 10 deletes in photos by role/app-web denied between 14:05 and 14:35 UTC; its busiest hour of the last 28 days had none (threshold 5)."}},
		{"one, by somebody who tried before", 100, []doing{{appWeb, denied, 1, 9, 9}}, []doing{now(appWeb, denied, 1)}, nil},
		{"one, by a person who is new", 100, known, []doing{now(alice, denied, 1), now(bob, denied, 2)},
			[]string{"MEDIUM hour: 2 deletes in photos by user/bob denied between 14:05 and 14:35 UTC; there were no such deletes in the last 28 days, nor any that succeeded in the last 90 days."}},
		{"persons together", 100, known, []doing{now(alice, denied, 3), now(bob, denied, 2)},
			[]string{"MEDIUM hour: 5 deletes in photos by user/alice and user/bob denied between 14:05 and 14:35 UTC; people's busiest hour of the last 28 days had none (threshold 5)."}},
		{"one, by callers without names", 100, nil, []doing{now(nobody, denied, 1)}, nil},
		{"five, by callers without names", 100, nil, []doing{now(nobody, denied, 5)},
			[]string{"MEDIUM hour: 5 deletes in photos by callers whom the records do not name denied between 14:05 and 14:35 UTC; their busiest hour of the last 28 days had none (threshold 5)."}},

		{"one, in a new bucket", 13, nil, []doing{now(appWeb, denied, 1)}, nil},
		{"five, in a new bucket", 2, nil, []doing{now(appWeb, denied, 5)},
			[]string{"MEDIUM day: 5 deletes in photos by role/app-web denied between 14:05 and 14:35 UTC; its busiest hour had none, but the bucket is known for 2 days only (threshold 5)."}},
		{"deleted, not denied", 100, known, []doing{now(appWeb, objects, 19)}, nil},
	})
}

// What was denied is no deleted object, and whose keys aren't known are none.
func TestDeniedDeleteCarriesNoObjects(t *testing.T) {
	a := did(40, now(appWeb, denied, 7)).judge(t, judgedHour, "DeniedDelete")[0]
	if a.Objects() != 0 || a.Count != 7 || a.KeysInAll != 7 || a.Threshold != 5 {
		t.Errorf("Judge = %d objects of count %d, %d keys, threshold %d, want 0 of 7, 7, 5", a.Objects(), a.Count, a.KeysInAll, a.Threshold)
	}
	h := did(40, now(appWeb, denied, 7))
	h.shares[0].Activities[0].Samples[denied].Keys = nil
	if a := h.judge(t, judgedHour, "DeniedDelete")[0]; a.KeysInAll != 0 {
		t.Errorf("Judge without keys = %d keys in all, want 0", a.KeysInAll)
	}
}

// How often an outsider tries makes it no more severe.
func TestDeniedDeleteOfOutsiders(t *testing.T) {
	const partner, stranger = "arn:aws:iam::444455556666:role/partner", "account/444455556666/AROAEXAMPLE"
	tests := []struct {
		who  string
		want anomaly.Severity
	}{
		{appWeb, anomaly.High}, {alice, anomaly.High}, {nobody, anomaly.High}, {"cloudformation.amazonaws.com", anomaly.High},
		{partner, anomaly.Low}, {stranger, anomaly.Low}, {s3event.Anonymous, anomaly.Low},
	}
	for _, test := range tests {
		got := did(40, now(test.who, denied, 5000)).judge(t, judgedHour, "DeniedDelete")
		if len(got) != 1 || got[0].Severity != test.want {
			t.Errorf("Judge of 5,000 by %s = %v, want it %s", test.who, told(got), test.want)
		}
	}

	// Among persons, those of the account's own decide.
	h := did(40, now(alice, denied, 5), now(partner, denied, 500))
	h.shares[1].Activities[0].Human = true
	if got := h.judge(t, judgedHour, "DeniedDelete"); len(got) != 1 || got[0].Severity != anomaly.Medium || got[0].Count != 505 {
		t.Errorf("Judge of an outsider among persons = %v, want one of 505, MEDIUM", told(got))
	}
}
