package anomaly_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

const (
	appWeb  = "arn:aws:iam::111122223333:role/service/app-web"
	alice   = "arn:aws:iam::111122223333:user/alice"
	root    = "arn:aws:iam::111122223333:root"
	nobody  = s3event.Unattributed
	suspend = "suspended versioning of photos"
)

// clock returns the time of day on the 20th of November 2026.
func clock(t testing.TB, at string) time.Time {
	t.Helper()
	d, err := time.Parse(time.TimeOnly, at)
	if err != nil {
		t.Fatal(err)
	}
	return d.AddDate(2026, 10, 19)
}

// A deed is one piece of evidence.
type deed struct {
	what    string // a change's words, or deleted or called
	bucket  string
	who, at string
	n       int64 // of objects deleted
	key     string
}

const (
	deleted = "(deleted)"
	called  = "(called)"
)

// add adds deeds[i] for each i of order as evidence; their ids tell their places in deeds.
func add(t testing.TB, d *anomaly.ProtectionRemoved, deeds []deed, order []int) {
	t.Helper()
	for _, i := range order {
		deed := deeds[i]
		e := anomaly.Evidence{
			Time:    clock(t, deed.at),
			Caller:  s3event.Caller{Principal: deed.who, Human: deed.who == alice || deed.who == root, SourceIPAddress: "192.0.2.7", UserAgent: "[aws-cli/2.31.0]"},
			EventID: "e" + strconv.Itoa(i),
			Key:     deed.key,
		}
		switch deed.what {
		case deleted:
			d.LogFilesDeleted(deed.bucket, e, max(deed.n, 1))
		case called:
			d.DeleteObjectsCalled(deed.bucket, e)
		default:
			d.Change(s3event.Removal{Bucket: deed.bucket, What: deed.what}, e)
		}
	}
}

func inOrder(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func TestExplanation(t *testing.T) {
	tests := []struct {
		name  string
		deeds []deed
		want  []string
	}{
		{"nothing", nil, []string{}},
		{"one change", []deed{{suspend, "photos", appWeb, "14:02:31", 0, ""}},
			[]string{"photos: role/app-web suspended versioning of photos at 14:02 UTC."}},
		{"a change twice", []deed{{suspend, "photos", appWeb, "14:02:31", 0, ""}, {suspend, "photos", appWeb, "14:40:00", 0, ""}},
			[]string{"photos: role/app-web suspended versioning of photos between 14:02 and 14:40 UTC, 2 times."}},
		{"a change twice in a minute", []deed{{suspend, "photos", appWeb, "14:02:00", 0, ""}, {suspend, "photos", appWeb, "14:02:59", 0, ""}},
			[]string{"photos: role/app-web suspended versioning of photos at 14:02 UTC, 2 times."}},
		{"a change twice, the later record first", []deed{{suspend, "photos", appWeb, "14:40:00", 0, ""}, {suspend, "photos", appWeb, "14:02:31", 0, ""}},
			[]string{"photos: role/app-web suspended versioning of photos between 14:02 and 14:40 UTC, 2 times."}},
		{"a change 1,234 times", slices.Repeat([]deed{{suspend, "photos", appWeb, "14:02:31", 0, ""}}, 1234),
			[]string{"photos: role/app-web suspended versioning of photos at 14:02 UTC, 1,234 times."}},
		{"under a condition", []deed{{"let everyone delete objects by the policy of photos, under a condition,", "photos", alice, "14:02:31", 0, ""}},
			[]string{"photos: user/alice let everyone delete objects by the policy of photos, under a condition, at 14:02 UTC."}},
		{"of a trail", []deed{{"stopped the logging of the trail main", "", root, "00:00:00", 0, ""}},
			[]string{"_account: the root user stopped the logging of the trail main at 00:00 UTC."}},
		{"by a service", []deed{{"deleted the bucket photos", "photos", "cloudformation.amazonaws.com", "14:02:31", 0, ""}},
			[]string{"photos: cloudformation.amazonaws.com deleted the bucket photos at 14:02 UTC."}},
		{"by another account", []deed{{suspend, "photos", "account/444455556666/AROAEXAMPLE", "14:02:31", 0, ""}},
			[]string{"photos: account/444455556666/AROAEXAMPLE suspended versioning of photos at 14:02 UTC."}},
		{"by nobody known", []deed{{suspend, "photos", nobody, "14:02:31", 0, ""}},
			[]string{"photos: somebody (the records do not say who) suspended versioning of photos at 14:02 UTC."}},

		{"hours apart", []deed{{suspend, "photos", alice, "14:59:59", 0, ""}, {suspend, "photos", alice, "15:00:00", 0, ""}}, []string{
			"photos: user/alice suspended versioning of photos at 14:59 UTC.",
			"photos: user/alice suspended versioning of photos at 15:00 UTC."}},
		{"two callers", []deed{{suspend, "photos", alice, "14:02:00", 0, ""}, {suspend, "photos", appWeb, "14:02:00", 0, ""}}, []string{
			"photos: role/app-web suspended versioning of photos at 14:02 UTC.",
			"photos: user/alice suspended versioning of photos at 14:02 UTC."}},
		{"two changes", []deed{{suspend, "photos", alice, "14:02:00", 0, ""}, {"deleted the bucket policy of photos", "photos", alice, "14:01:00", 0, ""}}, []string{
			"photos: user/alice deleted the bucket policy of photos at 14:01 UTC.",
			"photos: user/alice suspended versioning of photos at 14:02 UTC."}},
		{"two buckets", []deed{{suspend, "photos", alice, "14:02:00", 0, ""}, {"suspended versioning of invoices", "invoices", alice, "14:03:00", 0, ""}}, []string{
			"invoices: user/alice suspended versioning of invoices at 14:03 UTC.",
			"photos: user/alice suspended versioning of photos at 14:02 UTC."}},
		{"hour before principal, bucket before hour", []deed{
			{suspend, "photos", alice, "14:00:00", 0, ""}, {suspend, "photos", appWeb, "15:00:00", 0, ""}, {"deleted the bucket invoices", "invoices", alice, "16:00:00", 0, ""}}, []string{
			"invoices: user/alice deleted the bucket invoices at 16:00 UTC.",
			"photos: user/alice suspended versioning of photos at 14:00 UTC.",
			"photos: role/app-web suspended versioning of photos at 15:00 UTC."}},

		{"one log file deleted", []deed{{deleted, "logs", alice, "14:02:31", 1, "a.json.gz"}},
			[]string{"logs: user/alice deleted 1 object from the log bucket logs at 14:02 UTC."}},
		{"two log files deleted", []deed{{deleted, "logs", alice, "14:02:31", 1, "a.json.gz"}, {deleted, "logs", alice, "14:03:31", 1, "b.json.gz"}},
			[]string{"logs: user/alice deleted 2 objects from the log bucket logs between 14:02 and 14:03 UTC."}},
		{"1,000 log files deleted", []deed{{deleted, "logs", alice, "14:02:31", 999, "a.json.gz"}, {deleted, "logs", alice, "14:02:31", 1, "b.json.gz"}},
			[]string{"logs: user/alice deleted 1,000 objects from the log bucket logs at 14:02 UTC."}},
		{"1,234,567 log files deleted", []deed{{deleted, "logs", nobody, "14:02:31", 1234567, ""}},
			[]string{"logs: somebody (the records do not say who) deleted 1,234,567 objects from the log bucket logs at 14:02 UTC."}},
		{"a call", []deed{{called, "logs", alice, "14:02:31", 0, ""}},
			[]string{"logs: user/alice deleted objects from the log bucket logs with 1 DeleteObjects call at 14:02 UTC; the records do not say which objects."}},
		{"three calls", []deed{{called, "logs", alice, "14:02:31", 0, ""}, {called, "logs", alice, "14:02:32", 0, ""}, {called, "logs", alice, "14:05:00", 0, ""}},
			[]string{"logs: user/alice deleted objects from the log bucket logs with 3 DeleteObjects calls between 14:02 and 14:05 UTC; the records do not say which objects."}},
		{"a call and its objects", []deed{{called, "logs", alice, "14:02:31", 0, ""}, {deleted, "logs", alice, "14:02:31", 1, "a.json.gz"}, {deleted, "logs", alice, "14:02:32", 1, "b.json.gz"}},
			[]string{"logs: user/alice deleted 2 objects from the log bucket logs at 14:02 UTC."}},
		{"a call, and another's objects", []deed{{called, "logs", alice, "14:02:31", 0, ""}, {deleted, "logs", appWeb, "14:02:31", 1, "a.json.gz"}}, []string{
			"logs: role/app-web deleted 1 object from the log bucket logs at 14:02 UTC.",
			"logs: user/alice deleted objects from the log bucket logs with 1 DeleteObjects call at 14:02 UTC; the records do not say which objects."}},
		{"a call, and objects an hour later", []deed{{called, "logs", alice, "14:02:31", 0, ""}, {deleted, "logs", alice, "15:02:31", 1, "a.json.gz"}}, []string{
			"logs: user/alice deleted objects from the log bucket logs with 1 DeleteObjects call at 14:02 UTC; the records do not say which objects.",
			"logs: user/alice deleted 1 object from the log bucket logs at 15:02 UTC."}},
		{"a change of the log bucket and a delete in it", []deed{{"suspended versioning of logs", "logs", alice, "14:02:31", 0, ""}, {deleted, "logs", alice, "14:03:31", 1, "a.json.gz"}}, []string{
			"logs: user/alice suspended versioning of logs at 14:02 UTC.",
			"logs: user/alice deleted 1 object from the log bucket logs at 14:03 UTC."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var d anomaly.ProtectionRemoved // the zero value is ready
			add(t, &d, test.deeds, inOrder(len(test.deeds)))
			got := []string{}
			for _, a := range d.Anomalies() {
				got = append(got, a.Bucket+": "+a.Explanation)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Anomalies() of %v (-want +got):\n%s", test.name, diff)
			}
		})
	}
}

// Everything an anomaly carries, once for each sort of deed.
func TestAnomalies(t *testing.T) {
	deeds := []deed{
		{suspend, "photos", appWeb, "14:40:00", 0, ""},
		{suspend, "photos", appWeb, "14:02:31", 0, ""},
		{"stopped the logging of the trail main", "", root, "23:59:59", 0, ""},
		{deleted, "logs", alice, "14:02:31", 1, "a.json.gz"},
		{deleted, "logs", alice, "14:02:31", 40, "b.json.gz"},
		{called, "logs", appWeb, "14:02:31", 0, ""},
	}
	var d anomaly.ProtectionRemoved
	add(t, &d, deeds, inOrder(len(deeds)))
	address, agent := []string{"192.0.2.7"}, []string{"[aws-cli/2.31.0]"}
	start, end := clock(t, "14:00:00"), clock(t, "15:00:00")
	want := []anomaly.Anomaly{
		{Name: "ProtectionRemoved", Family: anomaly.Protection, Severity: anomaly.High, Bucket: anomaly.Account, Principal: root, Kind: anomaly.Human,
			WindowStart: clock(t, "23:00:00"), WindowEnd: clock(t, "23:00:00").Add(time.Hour), Count: 1,
			Sample:      anomaly.Sample{First: clock(t, "23:59:59"), Last: clock(t, "23:59:59"), EventIDs: []string{"e2"}, SourceIPAddresses: address, UserAgents: agent},
			Explanation: "the root user stopped the logging of the trail main at 23:59 UTC."},
		{Name: "ProtectionRemoved", Family: anomaly.Protection, Severity: anomaly.High, Bucket: "logs", Principal: appWeb, Kind: anomaly.Machine, WindowStart: start, WindowEnd: end, Count: 1,
			Sample:      anomaly.Sample{First: clock(t, "14:02:31"), Last: clock(t, "14:02:31"), EventIDs: []string{"e5"}, SourceIPAddresses: address, UserAgents: agent},
			Explanation: "role/app-web deleted objects from the log bucket logs with 1 DeleteObjects call at 14:02 UTC; the records do not say which objects."},
		{Name: "ProtectionRemoved", Family: anomaly.Protection, Severity: anomaly.High, Bucket: "logs", Principal: alice, Kind: anomaly.Human, WindowStart: start, WindowEnd: end, Count: 41, KeysInAll: 41,
			Deleted:     []anomaly.Deleted{{Principal: alice, Hour: start, Objects: 41}},
			Sample:      anomaly.Sample{First: clock(t, "14:02:31"), Last: clock(t, "14:02:31"), Keys: []string{"a.json.gz", "b.json.gz"}, EventIDs: []string{"e3", "e4"}, SourceIPAddresses: address, UserAgents: agent},
			Explanation: "user/alice deleted 41 objects from the log bucket logs at 14:02 UTC."},
		{Name: "ProtectionRemoved", Family: anomaly.Protection, Severity: anomaly.High, Bucket: "photos", Principal: appWeb, Kind: anomaly.Machine, WindowStart: start, WindowEnd: end, Count: 2,
			Sample:      anomaly.Sample{First: clock(t, "14:02:31"), Last: clock(t, "14:40:00"), EventIDs: []string{"e0", "e1"}, SourceIPAddresses: address, UserAgents: agent},
			Explanation: "role/app-web suspended versioning of photos between 14:02 and 14:40 UTC, 2 times."},
	}
	if diff := cmp.Diff(want, d.Anomalies()); diff != "" {
		t.Errorf("Anomalies() (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, d.Anomalies()); diff != "" {
		t.Errorf("Anomalies(), asked again (-want +got):\n%s", diff)
	}
}

// Windows are hours UTC, whatever the time's zone.
func TestWindowInAnotherZone(t *testing.T) {
	kolkata := time.FixedZone("", 5*3600+1800)
	var d anomaly.ProtectionRemoved
	d.Change(s3event.Removal{Bucket: "photos", What: suspend}, anomaly.Evidence{
		Time:   time.Date(2026, 11, 20, 19, 40, 0, 0, kolkata), // 14:10 UTC
		Caller: s3event.Caller{Principal: alice},
	})
	a := d.Anomalies()[0]
	if want := clock(t, "14:00:00"); !a.WindowStart.Equal(want) || a.WindowStart.Location() != time.UTC {
		t.Errorf("Anomalies()[0].WindowStart = %v, want %v", a.WindowStart, want)
	}
	if want := "user/alice suspended versioning of photos at 14:10 UTC."; a.Explanation != want {
		t.Errorf("Anomalies()[0].Explanation = %q, want %q", a.Explanation, want)
	}
}

// The records of a log file are in no order. What an anomaly says must not depend on it; the lists hold the first ten
// in the order they came, and the same values in any order as long as there are no more.
func TestAnyOrder(t *testing.T) {
	const seed, orders, size = 20261120, 250, 120
	rnd := rand.New(rand.NewPCG(seed, 0))
	var deeds []deed
	for range size {
		d := deed{
			what:   []string{suspend, "deleted the bucket policy of photos", deleted, called}[rnd.IntN(4)],
			bucket: "photos",
			who:    []string{appWeb, alice, nobody}[rnd.IntN(3)],
			at:     fmt.Sprintf("%02d:%02d:%02d", 13+rnd.IntN(3), rnd.IntN(60), rnd.IntN(60)),
		}
		switch d.what {
		case deleted:
			d.bucket, d.n, d.key = "logs", 1+rnd.Int64N(1000), fmt.Sprintf("%d.json.gz", rnd.IntN(9))
		case called:
			d.bucket = "logs"
		}
		deeds = append(deeds, d)
	}
	told := func(order []int) []anomaly.Anomaly {
		var d anomaly.ProtectionRemoved
		add(t, &d, deeds, order)
		found := d.Anomalies()
		for i := range found {
			if len(found[i].EventIDs) == 10 {
				found[i].EventIDs = []string{"the first ten"}
			}
			slices.Sort(found[i].EventIDs)
			slices.Sort(found[i].Keys)
		}
		return found
	}
	order := inOrder(size)
	want := told(order)
	if len(want) < 20 {
		t.Fatalf("Anomalies() = %d, want more to compare", len(want))
	}
	for i := range orders {
		rnd.Shuffle(size, func(i, j int) { order[i], order[j] = order[j], order[i] })
		if got := told(order); !reflect.DeepEqual(got, want) {
			t.Fatalf("Anomalies() in order %d of seed %d (-want +got):\n%s", i, seed, cmp.Diff(want, got))
		}
	}
}

func TestLists(t *testing.T) {
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name string
		keys []string
		want []string
	}{
		{"none", []string{"", ""}, nil},
		{"each once", []string{"a", "b", "a", "", "b"}, []string{"a", "b"}},
		{"ten of twelve", strings.Split("a b c d e f g h i j k l", " "), strings.Split("a b c d e f g h i j", " ")},
		{"ten of twenty with doubles", strings.Split("a a b b c c d d e e f f g g h h i i j j k", " "), strings.Split("a b c d e f g h i j", " ")},
		{"as they came", []string{"b", "c", "a"}, []string{"b", "c", "a"}},
		{"Korean", []string{"사진/고양이.jpg"}, []string{"사진/고양이.jpg"}},
		{"exactly what there is room for", []string{long[:1536], "a"}, []string{long[:1536]}},
		{"one too long", []string{long}, []string{long[:1536]}},
		{"one too long after another", []string{"a", long, "b"}, []string{"a", "b"}},
		{"together too long", []string{"a" + long[:700], "b" + long[:700], "c" + long[:700], "d"}, []string{"a" + long[:700], "b" + long[:700], "d"}},
		{"cut between characters", []string{"a" + strings.Repeat("é", 4000)}, []string{"a" + strings.Repeat("é", 767)}},
		{"cut between characters of three bytes", []string{strings.Repeat("사", 4000)}, []string{strings.Repeat("사", 512)}},
		{"cut between characters of four bytes", []string{"abc" + strings.Repeat("🐱", 4000)}, []string{"abc" + strings.Repeat("🐱", 383)}},
		{"cut where the character fits", []string{strings.Repeat("🐱", 4000)}, []string{strings.Repeat("🐱", 384)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var d anomaly.ProtectionRemoved
			for _, key := range test.keys {
				d.LogFilesDeleted("logs", anomaly.Evidence{Time: clock(t, "14:00:00"), EventID: key, Key: key,
					Caller: s3event.Caller{Principal: alice, SourceIPAddress: key, UserAgent: key}}, 1)
			}
			a := d.Anomalies()[0]
			for name, got := range map[string][]string{
				"Keys": a.Keys, "EventIDs": a.EventIDs, "SourceIPAddresses": a.SourceIPAddresses, "UserAgents": a.UserAgents} {
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("Anomalies()[0].%s (-want +got):\n%s", name, diff)
				}
				for _, v := range got {
					if !utf8.ValidString(v) {
						t.Errorf("Anomalies()[0].%s holds %q, want valid UTF-8", name, v)
					}
				}
			}
			if want := int64(len(test.keys)); a.KeysInAll != want || a.Count != want {
				t.Errorf("Anomalies()[0] = %d keys in all, count %d, want %d", a.KeysInAll, a.Count, want)
			}
		})
	}
}

// What is no UTF-8 to begin with is cut like anything else.
func TestListsOfInvalidText(t *testing.T) {
	for _, test := range []struct {
		key  string
		want int // bytes
	}{
		{"\xff" + strings.Repeat("x", 5000), 1536},
		{strings.Repeat("\x80", 5000), 1533},
	} {
		var d anomaly.ProtectionRemoved
		d.LogFilesDeleted("logs", anomaly.Evidence{Time: clock(t, "14:00:00"), Key: test.key}, 1)
		if got := d.Anomalies()[0].Keys; len(got) != 1 || got[0] != test.key[:test.want] {
			t.Errorf("Anomalies()[0].Keys of %.8q… = %.8q, want the first %d bytes", test.key, got, test.want)
		}
	}
}

// However many places protections are removed in, the anomalies of one file stay few, and each removal is counted.
func TestManyPlaces(t *testing.T) {
	const places = 5000
	var d anomaly.ProtectionRemoved
	for i := range places {
		d.Change(s3event.Removal{Bucket: fmt.Sprint("b", i), What: "deleted the bucket policy of b"},
			anomaly.Evidence{Time: clock(t, "14:00:00"), Caller: s3event.Caller{Principal: fmt.Sprint("user", i)}})
	}
	found := d.Anomalies()
	var sum int64
	hour := clock(t, "14:00:00")
	for _, a := range found {
		sum += a.Count
		if a.Principal == s3event.Unattributed {
			t.Fatalf("%s: the records do say who", a.Explanation)
		}
		if !a.WindowStart.Equal(hour) || !a.WindowEnd.Equal(hour.Add(time.Hour)) {
			t.Fatalf("%s: window %v to %v, want the hour from %v", a.Explanation, a.WindowStart, a.WindowEnd, hour)
		}
	}
	if len(found) > 1100 || sum != places {
		t.Errorf("%d anomalies of %d changes, want at most 1,100 of %d", len(found), sum, places)
	}
}
