package anomaly_test

import (
	"slices"
	"testing"

	"bucketwatch/pkg/anomaly"
)

const objects = anomaly.Objects

func TestDeleteSurge(t *testing.T) {
	// What was done daily for so long that the first days, when it was told, are forgotten.
	around := func(n int64) (doings []doing) {
		for ago := 50; ago >= 2; ago-- {
			for hour := 13; hour <= 15; hour++ {
				doings = append(doings, doing{appWeb, objects, n, ago, hour})
			}
		}
		return doings
	}
	at3 := func(n int64) (doings []doing) {
		for ago := 50; ago >= 2; ago-- {
			doings = append(doings, doing{appWeb, objects, n, ago, 3})
		}
		return doings
	}
	anyTime := func(n int64) (doings []doing) {
		for i, ago := range []int{50, 46, 42, 38, 34, 30, 26, 22, 18, 14, 10, 6} {
			doings = append(doings, doing{appWeb, objects, n, ago, []int{0, 3, 6, 9, 18, 21}[i%6]})
		}
		return doings
	}
	judgeAll(t, "DeleteSurge", []verdict{
		{"nothing", 40, nil, nil, nil},
		{"below the floor", 40, nil, []doing{now(appWeb, objects, 19)}, nil},
		{"the floor", 40, nil, []doing{now(appWeb, objects, 20)},
			[]string{"MEDIUM hour: 20 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"below twice the busiest", 60, around(310), []doing{now(appWeb, objects, 619)}, nil},
		{"twice the busiest", 60, around(310), []doing{now(appWeb, objects, 620)},
			[]string{"HIGH hour: 620 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had 310 (threshold 620)."}},
		{"less than twice its busiest hour at another time", 60, append(around(310), at3(400)...),
			[]doing{now(appWeb, objects, 620)},
			[]string{"MEDIUM hour: 620 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had 310 (threshold 620)."}},
		{"at no certain time, less than twice its record", 60, anyTime(200),
			[]doing{now(appWeb, objects, 399)}, nil},
		{"at no certain time, twice its record", 60, anyTime(200),
			[]doing{now(appWeb, objects, 400)},
			[]string{"HIGH hour: 400 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest hour of the last 28 days had 200 (threshold 400).",
				"MEDIUM day: 400 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web; its busiest day of the last 28 days had 200 (threshold 400)."}},
		{"as many as at another time", 60, at3(400), []doing{now(appWeb, objects, 400)},
			[]string{"MEDIUM hour: 400 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had none (threshold 400)."}},
		{"fewer than at another time", 60, at3(400), []doing{now(appWeb, objects, 399)}, nil},
		{"79 and no record", 60, nil, []doing{now(appWeb, objects, 79)}, []string{
			"MEDIUM hour: 79 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had none (threshold 20).",
			"MEDIUM day: 79 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web; its busiest day of the last 28 days had none (threshold 50)."}},
		{"80 and no record", 60, nil, []doing{now(appWeb, objects, 80)}, []string{
			"HIGH hour: 80 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had none (threshold 20).",
			"HIGH day: 80 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web; its busiest day of the last 28 days had none (threshold 50)."}},
		{"usual an hour earlier and later", 40, []doing{{appWeb, objects, 15, 9, 13}, {appWeb, objects, 15, 11, 15}}, []doing{now(appWeb, objects, 30)}, nil},
		{"usual two hours earlier", 40, []doing{{appWeb, objects, 19, 9, 12}}, []doing{now(appWeb, objects, 30)},
			[]string{"MEDIUM hour: 30 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"yesterday doesn't count", 40, []doing{{appWeb, objects, 100, 1, -1}}, []doing{now(appWeb, objects, 20)},
			[]string{"MEDIUM hour: 20 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"nor what is older than 28 days", 40, []doing{{appWeb, objects, 100, 29, -1}}, []doing{now(appWeb, objects, 20)},
			[]string{"MEDIUM hour: 20 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"people who delete often", 60, daily(alice, objects, 30, 28, 2), []doing{now(bob, objects, 89)}, []string{
			"MEDIUM hour: 89 objects deleted from photos between 14:05 and 14:35 UTC by user/bob; people's busiest hour of the last 28 days had 30 (threshold 60).",
			"MEDIUM day: 89 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by user/bob; people's busiest day of the last 28 days had 30 (threshold 60)."}},
		{"software that is hardly known, as much as other software did", 60, at3(310), []doing{now(cleaner, objects, 309)}, nil},
		{"a person, as much as software did", 60, at3(310), []doing{now(alice, objects, 30)},
			[]string{"MEDIUM hour: 30 objects deleted from photos between 14:05 and 14:35 UTC by user/alice; people's busiest hour of the last 28 days had none (threshold 20)."}},
		{"software that is known, less than other software did", 60, append(at3(310), daily(cleaner, objects, 3, 28, 2)...), []doing{now(cleaner, objects, 40)},
			[]string{"MEDIUM hour: 40 objects deleted from photos between 14:05 and 14:35 UTC by role/cleaner; its busiest 13–15 h hour of the last 28 days had 3 (threshold 20)."}},
		{"in a bucket known for 20 days", 20, nil, []doing{now(appWeb, objects, 20)},
			[]string{"MEDIUM hour: 20 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 20 days had none (threshold 20)."}},

		{"callers without names", 40, nil, []doing{now(nobody, objects, 25)},
			[]string{"MEDIUM hour: 25 objects deleted from photos between 14:05 and 14:35 UTC by callers whom the records do not name; their busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"an empty name", 40, nil, []doing{now("", objects, 25)},
			[]string{"MEDIUM hour: 25 objects deleted from photos between 14:05 and 14:35 UTC by a caller without a name; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},
		{"a service", 40, nil, []doing{now("cloudformation.amazonaws.com", objects, 25)},
			[]string{"MEDIUM hour: 25 objects deleted from photos between 14:05 and 14:35 UTC by cloudformation.amazonaws.com; its busiest 13–15 h hour of the last 28 days had none (threshold 20)."}},

		{"a person", 40, nil, []doing{now(alice, objects, 20)},
			[]string{"MEDIUM hour: 20 objects deleted from photos between 14:05 and 14:35 UTC by user/alice; people's busiest hour of the last 28 days had none (threshold 20)."}},
		{"two persons together", 40, nil, []doing{now(bob, objects, 10), now(alice, objects, 10)},
			[]string{"MEDIUM hour: 20 objects deleted from photos between 14:05 and 14:35 UTC by user/alice and user/bob; people's busiest hour of the last 28 days had none (threshold 20)."}},
		{"four persons together", 40, nil, []doing{now(bob, objects, 10), now(alice, objects, 10), now(dave, objects, 1), now(carol, objects, 1)},
			[]string{"MEDIUM hour: 22 objects deleted from photos between 14:05 and 14:35 UTC by user/alice, user/bob and 2 others; people's busiest hour of the last 28 days had none (threshold 20)."}},
		{"a person where another did at night", 40, []doing{{bob, objects, 15, 9, 2}}, []doing{now(alice, objects, 29)}, nil},
		{"a person, twice what another did at night", 40, []doing{{bob, objects, 15, 9, 2}}, []doing{now(alice, objects, 30)},
			[]string{"MEDIUM hour: 30 objects deleted from photos between 14:05 and 14:35 UTC by user/alice; people's busiest hour of the last 28 days had 15 (threshold 30)."}},
		{"two roles, each by itself", 40, nil, []doing{now(cleaner, objects, 19), now(appWeb, objects, 19)}, nil},
	})
}

// A new bucket has no usual. What it tells is about days until three are known.
func TestDeleteSurgeInANewBucket(t *testing.T) {
	judgeAll(t, "DeleteSurge", []verdict{
		{"below its floor", 0, nil, []doing{now(appWeb, objects, 999)}, nil},
		{"on its first day", 0, nil, []doing{now(appWeb, objects, 1000)},
			[]string{"MEDIUM day: 1,000 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; the bucket is known since today only (threshold 1,000)."}},
		{"ten times as many", 0, nil, []doing{now(appWeb, objects, 10_000)},
			[]string{"HIGH day: 10,000 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; the bucket is known since today only (threshold 1,000)."}},
		{"on its second day", 1, nil, []doing{now(appWeb, objects, 1000)},
			[]string{"MEDIUM day: 1,000 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; the bucket is known for 1 day only (threshold 1,000)."}},
		{"on its fourth day", 3, nil, []doing{now(appWeb, objects, 1000)},
			[]string{"MEDIUM day: 1,000 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest hour had none, but the bucket is known for 3 days only (threshold 1,000)."}},
		{"on its fifth day, when three are known", 4, nil, []doing{now(appWeb, objects, 1000)},
			[]string{"HIGH hour: 1,000 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest hour had none, but the bucket is known for 4 days only (threshold 1,000)."}},
		{"below five times its largest", 13, []doing{{appWeb, objects, 400, 5, 2}}, []doing{now(appWeb, objects, 1999)}, nil},
		{"five times its largest", 13, []doing{{appWeb, objects, 400, 5, 2}}, []doing{now(appWeb, objects, 2000)},
			[]string{"HIGH hour: 2,000 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest hour had 400, but the bucket is known for 13 days only (threshold 2,000)."}},
		{"two weeks old", 14, []doing{{appWeb, objects, 15, 5, 2}}, []doing{now(appWeb, objects, 20)},
			[]string{"MEDIUM hour: 20 objects deleted from photos between 14:05 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 14 days had none (threshold 20)."}},
		{"a person", 13, nil, []doing{now(alice, objects, 999)}, nil},
	})
}

func TestDeleteSurgeOfDay(t *testing.T) {
	drip := func(n int64, ago int) (doings []doing) {
		for hour := range 24 {
			doings = append(doings, doing{appWeb, objects, n, ago, hour})
		}
		return doings
	}
	judgeAll(t, "DeleteSurge", []verdict{
		{"below the floor", 40, []doing{{appWeb, objects, 15, 0, 3}, {appWeb, objects, 15, 0, 5}}, []doing{now(appWeb, objects, 19)}, nil},
		{"the floor", 40, []doing{{appWeb, objects, 16, 0, 3}, {appWeb, objects, 15, 0, 5}}, []doing{now(appWeb, objects, 19)},
			[]string{"MEDIUM day: 50 objects deleted from photos on 20 November between 03:05 and 14:35 UTC by role/app-web; its busiest day of the last 28 days had none (threshold 50)."}},
		{"later hours of the day, too", 40, []doing{{appWeb, objects, 16, 0, 3}, {appWeb, objects, 15, 0, 20}}, []doing{now(appWeb, objects, 19)},
			[]string{"MEDIUM day: 50 objects deleted from photos on 20 November between 03:05 and 20:35 UTC by role/app-web; its busiest day of the last 28 days had none (threshold 50)."}},
		{"below twice the busiest day", 40, slices.Concat(drip(2, 10), drip(4, 0)[1:]), nil, nil},
		{"twice the busiest day", 40, slices.Concat(drip(2, 10), drip(4, 0)), nil,
			[]string{"MEDIUM day: 96 objects deleted from photos on 20 November between 00:05 and 23:35 UTC by role/app-web; its busiest day of the last 28 days had 48 (threshold 96)."}},
		{"three times the busiest day", 40, slices.Concat(drip(2, 10), drip(6, 0)), nil,
			[]string{"HIGH day: 144 objects deleted from photos on 20 November between 00:05 and 23:35 UTC by role/app-web; its busiest day of the last 28 days had 48 (threshold 96)."}},
		{"who does nothing in the hour", 40, []doing{{appWeb, objects, 19, 0, 1}, {appWeb, objects, 19, 0, 3}, {appWeb, objects, 19, 0, 5}}, []doing{now(cleaner, objects, 1)}, nil},
		{"in a new bucket", 13, drip(19, 0), nil, nil},
		{"persons", 40, []doing{{alice, objects, 19, 0, 3}, {bob, objects, 19, 0, 5}}, []doing{now(alice, objects, 12)},
			[]string{"MEDIUM day: 50 objects deleted from photos on 20 November between 03:05 and 14:35 UTC by user/alice and user/bob; people's busiest day of the last 28 days had none (threshold 50)."}},
	})
}

func TestDeleteSurgeOfDayWaits(t *testing.T) {
	h := did(40, doing{appWeb, objects, 19, 0, 3}, doing{appWeb, objects, 19, 0, 5}, now(appWeb, objects, 19))
	if got := h.atOnce(t, judgedHour, "DeleteSurge"); len(got) != 0 {
		t.Errorf("Judge, not waited = %v, want nothing", told(got))
	}
	if got := h.judge(t, judgedHour, "DeleteSurge"); len(got) != 1 {
		t.Errorf("Judge, waited = %v, want one", told(got))
	}
}

// Hours around midnight are compared with those of the same night.
func TestDeleteSurgeAtMidnight(t *testing.T) {
	for _, test := range []struct {
		hour int
		want string
	}{
		{0, "MEDIUM hour: 40 objects deleted from photos between 00:05 and 00:35 UTC by role/app-web; its busiest 23–1 h hour of the last 28 days had none (threshold 20)."},
		{23, "MEDIUM hour: 40 objects deleted from photos between 23:05 and 23:35 UTC by role/app-web; its busiest 22–0 h hour of the last 28 days had none (threshold 20)."},
	} {
		h := did(40, doing{appWeb, objects, 40, 0, test.hour})
		got := told(h.judge(t, judgedDay.Add(h.shares[0].Hour.Sub(judgedDay)), "DeleteSurge"))
		if len(got) != 1 || got[0] != test.want {
			t.Errorf("Judge at %d h = %v, want %q", test.hour, got, test.want)
		}
	}
	h := did(40, doing{appWeb, objects, 15, 5, 23}, doing{appWeb, objects, 30, 0, 0})
	if got := h.judge(t, judgedDay, "DeleteSurge"); len(got) != 0 {
		t.Errorf("Judge at 0 h after 23 h on another day = %v, want nothing", told(got))
	}
}
