package anomaly_test

import (
	"testing"
)

func TestNewDeleter(t *testing.T) {
	const never = "which deleted none there in the 90 days before."
	judgeAll(t, "NewDeleter", []verdict{
		{"nothing", 100, nil, nil, nil},
		{"one object", 100, nil, []doing{now(appWeb, objects, 1)},
			[]string{"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by role/app-web, " + never}},
		{"four", 100, nil, []doing{now(appWeb, objects, 4)},
			[]string{"LOW day: 4 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web, " + never}},
		{"nine", 100, nil, []doing{now(appWeb, objects, 9)},
			[]string{"LOW day: 9 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web, " + never}},
		{"ten", 100, nil, []doing{now(appWeb, objects, 10)},
			[]string{"MEDIUM day: 10 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web, " + never}},
		{"seventy-nine", 100, nil, []doing{now(appWeb, objects, 79)},
			[]string{"MEDIUM day: 79 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web, " + never}},
		{"eighty", 100, nil, []doing{now(appWeb, objects, 80)},
			[]string{"HIGH day: 80 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web, " + never}},
		{"eighty in the day", 100, nil, []doing{{appWeb, objects, 10, 0, 3}, now(appWeb, objects, 66), {appWeb, objects, 4, 0, 23}},
			[]string{"HIGH day: 80 objects deleted from photos on 20 November between 03:05 and 23:35 UTC by role/app-web, " + never}},
		{"a person", 100, nil, []doing{now(alice, objects, 1)},
			[]string{"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by user/alice, " + never}},
		{"two persons, each alone", 100, nil, []doing{now(bob, objects, 1), now(alice, objects, 25)}, []string{
			"MEDIUM day: 25 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by user/alice, " + never,
			"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by user/bob, " + never}},
		{"a person where another deleted as many", 100, []doing{{bob, objects, 18, 9, 9}}, []doing{now(alice, objects, 18)},
			[]string{"LOW day: 18 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by user/alice, " + never}},
		{"a person where another deleted fewer", 100, []doing{{bob, objects, 18, 9, 9}}, []doing{now(alice, objects, 19)},
			[]string{"MEDIUM day: 19 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by user/alice, " + never}},
		{"software where people deleted as many", 100, []doing{{bob, objects, 18, 9, 9}}, []doing{now(appWeb, objects, 18)},
			[]string{"MEDIUM day: 18 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web, " + never}},

		{"known since two days", 100, []doing{{appWeb, objects, 1, 2, 9}}, []doing{now(appWeb, objects, 25)}, nil},
		{"known since 90 days", 100, []doing{{appWeb, objects, 1, 90, 9}}, []doing{now(appWeb, objects, 25)}, nil},
		{"forgotten after 91 days", 100, []doing{{appWeb, objects, 1, 91, 9}}, []doing{now(appWeb, objects, 1)},
			[]string{"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by role/app-web, " + never}},
		{"known by calls without objects", 100, []doing{{appWeb, calls, 1, 9, 9}}, []doing{now(appWeb, objects, 25)}, nil},
		{"denied before", 100, []doing{{appWeb, denied, 9, 9, 9}}, []doing{now(appWeb, objects, 1)},
			[]string{"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by role/app-web, " + never}},
		{"denied only", 100, nil, []doing{now(appWeb, denied, 1)}, nil},

		{"on the second day as on the first", 100, []doing{{appWeb, objects, 4, 1, 9}}, []doing{now(appWeb, objects, 4)}, nil},
		{"worse on the second day", 100, []doing{{appWeb, objects, 4, 1, 9}}, []doing{now(appWeb, objects, 10)},
			[]string{"MEDIUM day: 10 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by role/app-web, which had deleted none there in 90 days until the day before (4)."}},
		{"better on the second day", 100, []doing{{appWeb, objects, 25, 1, 9}}, []doing{now(appWeb, objects, 5)}, nil},
		{"a person on the second day", 100, []doing{{alice, objects, 1, 1, 9}}, []doing{now(alice, objects, 1)}, nil},

		{"in a new bucket", 13, nil, []doing{now(appWeb, objects, 25)}, nil},
		{"in a bucket two weeks old", 14, nil, []doing{now(appWeb, objects, 1)},
			[]string{"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by role/app-web, which deleted none there in the 14 days before."}},
		{"in a bucket two weeks old, on the second day", 14, []doing{{appWeb, objects, 1, 1, 9}}, []doing{now(appWeb, objects, 1)},
			[]string{"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by role/app-web, which had deleted none there in 14 days until the day before (1)."}},
		{"callers without names", 100, nil, []doing{now(nobody, objects, 25)}, nil},
		{"anonymous", 100, nil, []doing{now("anonymous", objects, 1)},
			[]string{"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by anonymous callers, " + never}},
		{"an empty name", 100, nil, []doing{now("", objects, 1)},
			[]string{"LOW day: 1 object deleted from photos on 20 November at 14:05 UTC by a caller without a name, " + never}},
	})
}
