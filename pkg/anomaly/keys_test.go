package anomaly_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

const (
	cdn     = "arn:aws:iam::111122223333:role/cdn"
	cleanup = "arn:aws:iam::111122223333:role/cleanup"
	bob     = "arn:aws:iam::111122223333:user/bob"
)

// on returns the time "14:02:31" on the 20th of November 2026, or "13 14:02:31" on the 13th.
func on(t testing.TB, at string) time.Time {
	t.Helper()
	if !strings.Contains(at, " ") {
		at = "20 " + at
	}
	d, err := time.Parse("2006-01-2 15:04:05", "2026-11-"+at)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// done is one thing that was done to a key, or to each of several: a/1.jpg, a/2.jpg, ….
type done struct {
	what      byte // u uploaded, d deleted, e deleted as expected, r asked for in vain
	at        string
	who       string
	from, end int // the keys
}

func uploads(at string, n int) done              { return done{'u', at, "", 0, n} }
func deletes(at, who string, n int) done         { return done{'d', at, who, 0, n} }
func expected(at, who string, n int) done        { return done{'e', at, who, 0, n} }
func reads(at, who string, n int) done           { return done{'r', at, who, 0, n} }
func (d done) keys(from int) done                { return done{d.what, d.at, d.who, from, from + d.end - d.from} }
func key(i int) string                           { return fmt.Sprintf("a/%d.jpg", i+1) }
func addressOf(principal string) string          { return fmt.Sprintf("192.0.2.%d", len(principal)) }
func eventID(what byte, at string, i int) string { return fmt.Sprintf("%c-%s-%d", what, at, i) }

// shares returns what each thing that was done, one key after the other, leaves in a log file of its own. Their hours
// are those of what was done.
func shares(t testing.TB, all []done) []anomaly.Share {
	t.Helper()
	var list []anomaly.Share
	for _, d := range all {
		at := on(t, d.at)
		for i := d.from; i < d.end; i++ {
			hash := anomaly.HashKey([]byte(key(i)))
			s := anomaly.Share{Hour: at, LogFile: fmt.Sprintf("s3://logs/%03d.json.gz", len(list))}
			switch d.what {
			case 'u':
				s.Uploads = 1
				s.Keys.Uploads = []anomaly.Upload{{Hash: hash, At: at.Unix()}}
			case 'r':
				s.Refused = 1
				s.Keys.Refused = []anomaly.Refusal{{Hash: hash, At: at.Unix(), Principal: d.who}}
			case 'd', 'e':
				s.Keys.Deletes = []anomaly.KeyDelete{{Hash: hash, At: at.Unix(), Key: key(i), Principal: d.who, Human: human(d.who),
					Expected: d.what == 'e', EventID: eventID(d.what, d.at, i)}}
				if d.what == 'd' {
					a := anomaly.Activity{Principal: d.who, Human: human(d.who)}
					a.Counts[anomaly.Objects] = 1
					a.Sample(anomaly.Objects).Add(anomaly.Evidence{Time: at, EventID: eventID(d.what, d.at, i), Key: key(i),
						Caller: s3event.Caller{Principal: d.who, SourceIPAddress: addressOf(d.who), UserAgent: "[aws-cli/2.31.0]"}})
					s.Activities = []anomaly.Activity{a}
				}
			}
			list = append(list, s)
		}
	}
	return list
}

// A keyTest says what is found of what was done, in the hour that begins at 14:00 on the 20th.
type keyTest struct {
	name string
	done []done
	want []string // severity, principal, how many
}

func testKeys(t *testing.T, detector string, tests []keyTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := remembered{since: on(t, "1 00:00:00").AddDate(0, -1, 0)}
			h.add(shares(t, test.done)...)
			got := []string{}
			for _, a := range h.judge(t, on(t, "14:00:00"), detector) {
				got = append(got, fmt.Sprintf("%s %s %d", a.Severity, s3event.ShortName(a.Principal), a.Count))
				checkKeyAnomaly(t, &a)
			}
			if test.want == nil {
				test.want = []string{}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Judge of %v (-want +got):\n%s", test.done, diff)
			}
		})
	}
}

// checkKeyAnomaly tests what holds of every anomaly of the key family.
func checkKeyAnomaly(t *testing.T, a *anomaly.Anomaly) {
	t.Helper()
	if a.Family != anomaly.Key || a.AccountID != photos.AccountID || a.Bucket != photos.Name {
		t.Errorf("%s is of family %q, account %q, bucket %q, want those of photos' keys", a.Name, a.Family, a.AccountID, a.Bucket)
	}
	if a.Count < a.Threshold || a.KeysInAll != a.Count || a.Objects() != a.Count || len(a.Keys) != int(min(a.Count, 10)) || len(a.EventIDs) != len(a.Keys) {
		t.Errorf("%s counts %d, threshold %d, keys %d, deleted %d, lists %d keys and %d events, want them to agree",
			a.Name, a.Count, a.Threshold, a.KeysInAll, a.Objects(), len(a.Keys), len(a.EventIDs))
	}
	if (a.Principal == anomaly.People) != (len(a.Persons) > 0) || !slices.IsSorted(a.Persons) {
		t.Errorf("%s is about %s and the persons %v", a.Name, a.Principal, a.Persons)
	}
	for _, d := range a.Deleted {
		if !slices.Contains(a.Individuals(), d.Principal) || d.Hour.IsZero() || d.Objects <= 0 {
			t.Errorf("%s: deleted %v, by none of %v", a.Name, d, a.Individuals())
		}
	}
	if a.First.Before(a.WindowStart) || a.Last.Before(a.First) || !a.Last.Before(a.WindowEnd) || a.WindowEnd.Sub(a.WindowStart) != time.Hour {
		t.Errorf("%s from %v to %v is not within its hour %v to %v", a.Name, a.First, a.Last, a.WindowStart, a.WindowEnd)
	}
	if !strings.HasSuffix(a.Explanation, ".") || strings.ContainsAny(a.Explanation, "\n%") {
		t.Errorf("%s is explained as %q, which is no sentence", a.Name, a.Explanation)
	}
}

// dayOf returns a day on which an actor had n of a measure in one hour.
func dayOf(t testing.TB, date, actor string, m anomaly.Measure, n int64) anomaly.Day {
	t.Helper()
	return anomaly.Day{Date: on(t, date+" 00:00:00"), Actors: map[string]*anomaly.ActorDay{
		actor: {Hours: map[anomaly.Measure]*[24]int64{m: {6: n}}},
	}}
}

func TestHashKey(t *testing.T) {
	// The first 8 bytes of what sha256sum says: remembered keys must be found again by later versions.
	tests := []struct {
		key  string
		want uint64
	}{
		{"", 0xe3b0c44298fc1c14},
		{"abc", 0xba7816bf8f01cfea},
	}
	for _, test := range tests {
		if got := anomaly.HashKey([]byte(test.key)); got != test.want {
			t.Errorf("HashKey(%q) = %#x, want %#x", test.key, got, test.want)
		}
	}
}

// Whatever order keys are merged in, sorting gives one order.
func TestKeysSort(t *testing.T) {
	all := shares(t, []done{
		uploads("14:00:00", 3), deletes("14:00:00", appWeb, 3), deletes("14:00:00", cleanup, 3), expected("14:00:00", appWeb, 2),
		reads("14:00:00", cdn, 3), reads("14:00:00", alice, 3), uploads("13:00:00", 2), reads("13:00:00", cdn, 2), deletes("13:00:00", cdn, 2),
	})
	merged := func() (k anomaly.Keys) {
		for i := range all {
			k.Merge(&all[i].Keys)
		}
		k.Sort()
		return k
	}
	want := merged()
	inTime := func(at []int64) bool { return slices.IsSorted(at) && len(at) > 0 }
	var ups, dels, refs []int64
	for i := range want.Uploads {
		ups = append(ups, want.Uploads[i].At)
	}
	for i := range want.Deletes {
		dels = append(dels, want.Deletes[i].At)
	}
	for i := range want.Refused {
		refs = append(refs, want.Refused[i].At)
	}
	if !inTime(ups) || !inTime(dels) || !inTime(refs) {
		t.Errorf("Sort left %+v, which is not in the order of time", want)
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if diff := cmp.Diff(want, merged()); diff != "" {
			t.Fatalf("Sort with seed %d (-want +got):\n%s", seed, diff)
		}
	}
}
