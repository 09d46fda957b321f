package history

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

func TestPart(t *testing.T) {
	long := strings.Repeat("a", maxPart+1)
	for _, test := range []struct{ name, text, want string }{
		{"a bucket", "photos.example-1", "photos.example-1"},
		{"a principal", appWeb, appWeb},
		{"a reserved name", "_account", "_account"},
		{"nothing", "", ""},
		{"what stands between parts", "a#b", "a%23b"},
		{"what escapes", "a%23b~", "a%2523b%7E"},
		{"a space", "AWS Internal", "AWS%20Internal"},
		{"no ASCII", "ü", "%C3%BC"},
		{"no UTF-8", "\xff", "%FF"},
		{"as long as can be", long[1:], long[1:]},
		{"too long", long, hashed(long)},
		{"too long when escaped", strings.Repeat("#", maxPart/2), hashed(strings.Repeat("#", maxPart/2))},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := part(test.text); got != test.want {
				t.Errorf("part(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

func FuzzPart(f *testing.F) {
	f.Add("photos", "photos#")
	f.Add("a#b", "a%23b")
	f.Add(strings.Repeat("#", 300), hashed(strings.Repeat("#", 300)))
	f.Fuzz(func(t *testing.T, a, b string) {
		pa, pb := part(a), part(b)
		if (pa == pb) != (a == b) {
			t.Errorf("part(%q) = %q, part(%q) = %q", a, pa, b, pb)
		}
		if strings.Contains(pa, "#") || len(pa) > maxPart || !utf8.ValidString(pa) {
			t.Errorf("part(%q) = %q is no part", a, pa)
		}
	})
}

func TestPartitions(t *testing.T) {
	seen := map[string]anomaly.Bucket{}
	for _, b := range []anomaly.Bucket{
		photos, {Name: "photos"}, {AccountID: "-", Name: "photos"}, {AccountID: "pending", Name: "0"}, {AccountID: "file", Name: "photos"},
		{AccountID: account, Name: ""}, {AccountID: account + "#photos", Name: ""}, {AccountID: account, Name: "photos#"},
	} {
		p := bucketPartition(b)
		if other, ok := seen[p]; ok || p == pendingPartition || strings.HasPrefix(p, "v1#file") {
			t.Errorf("bucketPartition(%v) = %q, as of %v", b, p, other)
		}
		seen[p] = b
	}
}

// Whatever names are in log files, keys are as a store takes them.
func TestKeysAreAllowed(t *testing.T) {
	long := strings.Repeat("#ü", 5000)
	a := &anomaly.Anomaly{Name: long, Principal: long, WindowStart: clock(14, 0), WindowEnd: clock(15, 0)}
	b := anomaly.Bucket{AccountID: long, Name: long}
	p := pending{Kind: AtOnce, AccountID: long, Bucket: long, Hour: clock(14, 0), Due: clock(14, 5)}
	for _, sort := range []string{
		ownAnomalySort(a, long, 999), incidentSort(long, clock(14, 0)), tallySort(long, clock(14, 0)), p.sort(),
		shareSort(keysKind, &anomaly.Share{Hour: clock(14, 0), Delivered: clock(14, 5), LogFile: long}, 999),
	} {
		if err := state.CheckKeys(bucketPartition(b), sort); err != nil {
			t.Error(err)
		}
	}
}

func TestKeysSortAsTimesDo(t *testing.T) {
	times := []time.Time{clock(9, 59), clock(10, 0), clock(10, 1), clock(23, 59), clock(24, 0), clock(24*40, 0)}
	sorts := func(sort func(time.Time) string) (all []string) {
		for _, at := range times {
			all = append(all, sort(at))
		}
		return all
	}
	for name, got := range map[string][]string{
		"shares": sorts(func(at time.Time) string {
			return shareSort(evidenceKind, &anomaly.Share{Hour: clock(9, 0), Delivered: at}, 0)
		}),
		"pending":   sorts(func(at time.Time) string { return pending{Kind: AtOnce, Due: at, Hour: clock(9, 0)}.sort() }),
		"incidents": sorts(func(at time.Time) string { return incidentSort(appWeb, at) }),
	} {
		if !slices.IsSorted(got) {
			t.Errorf("%s aren't in the order of time: %q", name, got)
		}
	}
}

func TestWindowsInKeys(t *testing.T) {
	a := anomaly.Anomaly{Name: "DeleteSurge", Principal: anomaly.People, WindowStart: clock(14, 0), WindowEnd: clock(15, 0)}
	if got, want := anomalySort(&a), "a#2026-11-20T14#DeleteSurge#PEOPLE"; got != want {
		t.Errorf("an hour: got %q, want %q", got, want)
	}
	a.WindowStart, a.WindowEnd = clock(0, 0), clock(24, 0)
	if got, want := anomalySort(&a), "a#2026-11-20#DeleteSurge#PEOPLE"; got != want {
		t.Errorf("a day: got %q, want %q", got, want)
	}
}
