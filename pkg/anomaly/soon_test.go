package anomaly_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

func TestDeletedSoonAfterUpload(t *testing.T) {
	testKeys(t, "DeletedSoonAfterUpload", []keyTest{
		{"nothing", nil, nil},
		{"five", []done{uploads("14:00:00", 5), deletes("14:30:00", appWeb, 5)}, []string{"HIGH role/app-web 5"}},
		{"four", []done{uploads("14:00:00", 4), deletes("14:30:00", appWeb, 4)}, nil},
		{"60 minutes later", []done{uploads("13:30:00", 5), deletes("14:30:00", appWeb, 5)}, []string{"HIGH role/app-web 5"}},
		{"60 minutes and a second later", []done{uploads("13:30:00", 5), deletes("14:30:01", appWeb, 5)}, nil},
		{"60 minutes later, at the beginning of the hour", []done{uploads("13:00:00", 5), deletes("14:00:00", appWeb, 5)}, []string{"HIGH role/app-web 5"}},
		{"59 minutes later, at its end", []done{uploads("14:00:59", 5), deletes("14:59:59", appWeb, 5)}, []string{"HIGH role/app-web 5"}},
		{"in the hour before", []done{uploads("13:00:00", 5), deletes("13:59:59", appWeb, 5)}, nil},
		{"in the hour after", []done{uploads("14:00:00", 5), deletes("15:00:00", appWeb, 5)}, nil},
		{"within a second", []done{uploads("14:00:00", 5), deletes("14:00:00", appWeb, 5)}, []string{"HIGH role/app-web 5"}},
		{"deleted, then uploaded", []done{deletes("14:00:00", appWeb, 5), uploads("14:00:01", 5)}, nil},
		{"uploaded long ago and again just now", []done{uploads("12:00:00", 5), uploads("14:29:00", 5), deletes("14:30:00", appWeb, 5)}, []string{"HIGH role/app-web 5"}},
		{"other objects", []done{uploads("14:00:00", 5), deletes("14:30:00", appWeb, 5).keys(5)}, nil},
		{"deleted again", []done{uploads("14:00:00", 5), deletes("14:10:00", appWeb, 5), deletes("14:20:00", cleanup, 5)}, []string{"HIGH role/app-web 5"}},
		{"three of five, deleted again", []done{uploads("14:00:00", 3), deletes("14:10:00", appWeb, 3), deletes("14:20:00", appWeb, 3)}, nil},
		// A lock or a heartbeat: one object that comes and goes all day is no loss.
		{"one object five times", []done{
			uploads("14:00:00", 1), deletes("14:01:00", appWeb, 1), uploads("14:02:00", 1), deletes("14:03:00", appWeb, 1), uploads("14:04:00", 1),
			deletes("14:05:00", appWeb, 1), uploads("14:06:00", 1), deletes("14:07:00", appWeb, 1), uploads("14:08:00", 1), deletes("14:09:00", appWeb, 1)}, nil},
		{"expected", []done{uploads("14:00:00", 5), expected("14:30:00", appWeb, 5)}, nil},
		{"two of five expected", []done{uploads("14:00:00", 5), deletes("14:30:00", appWeb, 3), expected("14:30:00", appWeb, 2).keys(3)}, nil},
		{"deleted as expected, then again", []done{uploads("14:00:00", 5), expected("14:10:00", cleanup, 5), deletes("14:20:00", appWeb, 5)}, nil},
		{"a second after another deleted them as expected, uploaded between", []done{
			uploads("14:00:00", 5), expected("14:10:00", cleanup, 5), uploads("14:11:00", 5), deletes("14:20:00", appWeb, 5)}, []string{"HIGH role/app-web 5"}},
		{"asked for between", []done{uploads("14:00:00", 5), reads("14:10:00", cdn, 5), deletes("14:20:00", appWeb, 5)}, []string{"HIGH role/app-web 5"}},
		{"by two machines", []done{uploads("14:00:00", 8), deletes("14:30:00", appWeb, 4), deletes("14:30:00", cleanup, 4).keys(4)}, nil},
		{"by two machines, five each", []done{uploads("14:00:00", 10), deletes("14:30:00", cleanup, 5), deletes("14:30:00", appWeb, 5).keys(5)},
			[]string{"HIGH role/cleanup 5", "HIGH role/app-web 5"}},
		{"by two persons", []done{uploads("14:00:00", 8), deletes("14:30:00", alice, 4), deletes("14:30:00", bob, 4).keys(4)}, []string{"HIGH PEOPLE 8"}},
		{"unattributed", []done{uploads("14:00:00", 5), deletes("14:30:00", nobody, 5)}, []string{"HIGH UNATTRIBUTED 5"}},
		{"fifty", []done{uploads("14:00:00", 50), deletes("14:30:00", appWeb, 50)}, []string{"HIGH role/app-web 50"}}, // never above HIGH
	})
}

// What an anomaly carries, for a machine and for persons.
func TestDeletedSoonAfterUploadCarries(t *testing.T) {
	var h remembered
	h.since = on(t, "1 00:00:00").AddDate(0, -1, 0)
	h.add(shares(t, []done{
		uploads("14:00:00", 12), deletes("14:31:07", appWeb, 2), deletes("14:02:31", appWeb, 10).keys(2),
		uploads("14:00:00", 5).keys(20), deletes("14:05:00", bob, 3).keys(20), deletes("14:10:00", alice, 2).keys(23),
	})...)
	got := h.atOnce(t, on(t, "14:00:00"), "DeletedSoonAfterUpload")
	if len(got) != 2 {
		t.Fatalf("Judge = %v, want two anomalies", got)
	}
	hour := on(t, "14:00:00")
	people, app := got[0], got[1]
	for i := range got {
		checkKeyAnomaly(t, &got[i])
	}
	wantDeleted := []anomaly.Deleted{{Principal: alice, Hour: hour, Objects: 2}, {Principal: bob, Hour: hour, Objects: 3}}
	if diff := cmp.Diff(wantDeleted, people.Deleted); diff != "" {
		t.Errorf("Deleted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{alice, bob}, people.Persons); diff != "" {
		t.Errorf("Persons (-want +got):\n%s", diff)
	}
	if want := "5 objects of photos were deleted by user/alice and user/bob within 60 minutes of their upload, between 14:05 and 14:10 UTC, the first of them a/21.jpg; the most in an hour of the last 28 days was 0."; people.Explanation != want {
		t.Errorf("Explanation = %q, want %q", people.Explanation, want)
	}
	want := anomaly.Anomaly{
		Name: "DeletedSoonAfterUpload", Family: anomaly.Key, Severity: anomaly.High, AccountID: "111122223333", Bucket: "photos", Principal: appWeb, Kind: anomaly.Machine,
		WindowStart: hour, WindowEnd: hour.Add(time.Hour), Count: 12, Threshold: 5, KeysInAll: 12,
		Sample: anomaly.Sample{
			First: on(t, "14:02:31"), Last: on(t, "14:31:07"),
			Keys: []string{"a/10.jpg", "a/11.jpg", "a/12.jpg", "a/3.jpg", "a/4.jpg", "a/5.jpg", "a/6.jpg", "a/7.jpg", "a/8.jpg", "a/9.jpg"},
			EventIDs: []string{"d-14:02:31-9", "d-14:02:31-10", "d-14:02:31-11", "d-14:02:31-2", "d-14:02:31-3", "d-14:02:31-4", "d-14:02:31-5",
				"d-14:02:31-6", "d-14:02:31-7", "d-14:02:31-8"},
			SourceIPAddresses: []string{addressOf(appWeb)}, UserAgents: []string{"[aws-cli/2.31.0]"},
		},
		Deleted:     []anomaly.Deleted{{Principal: appWeb, Hour: hour, Objects: 12}},
		Explanation: "12 objects of photos were deleted by role/app-web within 60 minutes of their upload, between 14:02 and 14:31 UTC, the first of them a/10.jpg; the most in an hour of the last 28 days was 0.",
	}
	if len(app.LogFiles) != 10 {
		t.Errorf("LogFiles = %v, want the first 10", app.LogFiles)
	}
	app.LogFiles = nil
	if diff := cmp.Diff(want, app); diff != "" {
		t.Errorf("Judge (-want +got):\n%s", diff)
	}
}

// What an actor does every day is not worth telling, until it is twice as much.
func TestDeletedSoonAfterUploadRecord(t *testing.T) {
	tests := []struct {
		name      string
		since     string
		before    int64  // objects in an hour
		on        string // of that day
		n         int
		threshold int64 // 0: no anomaly
		record    int64
		most      string
	}{
		{"below the floor", "1", 2, "18", 5, 5, 2, "the most in an hour of the last 19 days was 2"},
		{"twice", "1", 3, "18", 6, 6, 3, "the most in an hour of the last 19 days was 3"},
		{"less than twice", "1", 3, "18", 5, 0, 0, ""},
		{"yesterday's don't count", "1", 3, "19", 5, 5, 0, "the most in an hour of the last 19 days was 0"},
		{"a bucket of three days", "17", 5, "17", 10, 10, 5, "the most in an hour before was 5, but the bucket is known for 3 days only"},
		{"a bucket of yesterday", "19", 5, "19", 5, 5, 0, "the bucket is known for 1 day only"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := remembered{since: on(t, test.since+" 00:00:00")}
			h.add(shares(t, []done{uploads("14:00:00", test.n), deletes("14:30:00", appWeb, test.n)})...)
			h.close(dayOf(t, test.on, appWeb, anomaly.Soon, test.before))
			got := h.atOnce(t, on(t, "14:00:00"), "DeletedSoonAfterUpload")
			switch {
			case len(got) != min(1, int(test.threshold)):
				t.Errorf("Judge = %v, want an anomaly: %t", got, test.threshold > 0)
			case len(got) == 1 && (got[0].Threshold != test.threshold || got[0].Record != test.record):
				t.Errorf("Threshold = %d, Record = %d, want %d and %d", got[0].Threshold, got[0].Record, test.threshold, test.record)
			case len(got) == 1 && !strings.HasSuffix(got[0].Explanation, "; "+test.most+"."):
				t.Errorf("Explanation = %q, want it to end with %q", got[0].Explanation, test.most)
			}
		})
	}
}
