package anomaly_test

import (
	"testing"

	"bucketwatch/pkg/anomaly"
)

func TestEncryptedOverwrite(t *testing.T) {
	const overwrites = anomaly.Overwrites
	judgeAll(t, "EncryptedOverwrite", []verdict{
		{"nothing", 40, nil, []doing{now(appWeb, objects, 1000)}, nil},
		{"one", 40, nil, []doing{now(appWeb, overwrites, 1)},
			[]string{"HIGH hour: 1 object written to photos at 14:05 UTC by role/app-web with an encryption key that the bucket's owner may not have; its busiest hour of the last 28 days had none."}},
		{"many by a person", 40, nil, []doing{now(alice, overwrites, 1200)},
			[]string{"HIGH hour: 1,200 objects written to photos between 14:05 and 14:35 UTC by user/alice with an encryption key that the bucket's owner may not have; people's busiest hour of the last 28 days had none."}},
		{"where it is usual", 60, daily(appWeb, overwrites, 3, 50, 2), []doing{now(appWeb, overwrites, 5000)}, nil},
		{"where another does it", 60, daily(appWeb, overwrites, 3, 50, 2), []doing{now(cleaner, overwrites, 1)},
			[]string{"HIGH hour: 1 object written to photos at 14:05 UTC by role/cleaner with an encryption key that the bucket's owner may not have; its busiest hour of the last 28 days had none."}},
		{"where it was told two days ago", 40, []doing{{appWeb, overwrites, 40, 2, -1}}, []doing{now(appWeb, overwrites, 1)},
			[]string{"HIGH hour: 1 object written to photos at 14:05 UTC by role/app-web with an encryption key that the bucket's owner may not have; its busiest hour of the last 28 days had none."}},
		{"in a new bucket", 0, nil, []doing{now(appWeb, overwrites, 1)},
			[]string{"HIGH day: 1 object written to photos at 14:05 UTC by role/app-web with an encryption key that the bucket's owner may not have; the bucket is known since today only."}},
	})
	if a := did(40, now(alice, overwrites, 12)).atOnce(t, judgedHour, "EncryptedOverwrite")[0]; a.Objects() != 0 || a.Count != 12 || a.KeysInAll != 12 {
		t.Errorf("Judge = %d objects of count %d, %d keys, want 0 of 12, 12", a.Objects(), a.Count, a.KeysInAll)
	}
}
