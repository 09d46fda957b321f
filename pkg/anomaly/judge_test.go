package anomaly_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

// Everything an anomaly carries, once for an hour and once for a day.
func TestJudgeCarries(t *testing.T) {
	h := did(100, doing{bob, objects, 1, 50, 9}, doing{alice, objects, 1, 50, 9}, doing{bob, objects, 15, 9, 9},
		now(bob, objects, 20), now(alice, objects, 30), doing{carol, denied, 1, 0, 14})
	h.shares[3].LogFile, h.shares[4].LogFile = "s3://logs/bob.json.gz", "s3://logs/alice.json.gz"
	first, last := judgedHour.Add(5*time.Minute), judgedHour.Add(35*time.Minute)
	sample := anomaly.Sample{
		First: first, Last: last,
		Keys:              []string{"user/alice/0.jpg", "user/alice/1.jpg", "user/bob/0.jpg", "user/bob/1.jpg"},
		EventIDs:          []string{"user/alice-0", "user/alice-1", "user/bob-0", "user/bob-1"},
		SourceIPAddresses: []string{"192.0.2.7"},
		UserAgents:        []string{"[aws-cli/2.31.0]"},
		LogFiles:          []string{"s3://logs/alice.json.gz", "s3://logs/bob.json.gz"},
	}
	want := anomaly.Anomaly{
		Name: "DeleteSurge", Family: anomaly.Volume, Severity: anomaly.Medium, AccountID: photos.AccountID, Bucket: photos.Name,
		Principal: anomaly.People, Kind: anomaly.Persons, Persons: []string{alice, bob},
		WindowStart: judgedHour, WindowEnd: judgedHour.Add(time.Hour),
		Count: 50, Threshold: 30, Record: 15, KeysInAll: 50, Sample: sample,
		Deleted:     []anomaly.Deleted{{Principal: alice, Hour: judgedHour, Objects: 30}, {Principal: bob, Hour: judgedHour, Objects: 20}},
		Explanation: "50 objects deleted from photos between 14:05 and 14:35 UTC by user/alice and user/bob; people's busiest hour of the last 28 days had 15 (threshold 30).",
	}
	day := want
	day.WindowStart, day.WindowEnd, day.Threshold = judgedDay, judgedDay.AddDate(0, 0, 1), 50
	day.Explanation = "50 objects deleted from photos on 20 November between 14:05 and 14:35 UTC by user/alice and user/bob; people's busiest day of the last 28 days had 15 (threshold 50)."
	if diff := cmp.Diff([]anomaly.Anomaly{want, day}, h.judge(t, judgedHour, "DeleteSurge")); diff != "" {
		t.Errorf("Judge (-want +got):\n%s", diff)
	}
}

// generate returns a month of a bucket in which anything may happen, and what is judged of it: the hours of the last
// days.
func generate(rnd *rand.Rand) (h *remembered, hours []time.Time) {
	principals := []string{appWeb, cleaner, alice, bob, carol, nobody, "", "anonymous", "cloudformation.amazonaws.com", "arn:::::"}
	size := []int64{1, 3, 30, 3000, 1 << 40}[rnd.IntN(5)]
	h = &remembered{}
	if rnd.IntN(3) > 0 {
		h.since = judgedDay.AddDate(0, 0, -rnd.IntN(40))
	}
	var shares []anomaly.Share
	for range 1 + rnd.IntN(120) {
		s := anomaly.Share{
			Hour:        judgedDay.Add(-time.Duration(rnd.IntN(30*24)) * time.Hour),
			IsLogBucket: rnd.IntN(20) == 0,
			Uploads:     rnd.Int64N(2 * size),
			Refused:     rnd.Int64N(9),
		}
		for _, k := range rnd.Perm(len(principals))[:rnd.IntN(4)] {
			a := anomaly.Activity{Principal: principals[k], Human: human(principals[k]) || rnd.IntN(20) == 0}
			for m := range anomaly.Measures {
				if rnd.IntN(3) == 0 && m != anomaly.Soon && m != anomaly.Again {
					a.Counts[m] = rnd.Int64N(size) + 1
				}
				if rnd.IntN(3) == 0 {
					at := s.Hour.Add(time.Duration(rnd.IntN(3600)) * time.Second)
					a.Sample(m).Merge(&anomaly.Sample{First: at, Last: at, Keys: []string{"a"}})
				}
			}
			if rnd.IntN(5) == 0 {
				a.Expected = []anomaly.Expected{{Entry: "e1", Cap: rnd.Int64N(2 * size), Counts: anomaly.Counts{anomaly.Objects: rnd.Int64N(size) + 1}}}
			}
			s.Activities = append(s.Activities, a)
		}
		shares = append(shares, s)
	}
	h.add(shares...)
	for i := range 3 * 24 {
		hours = append(hours, judgedDay.Add(time.Duration(i-48)*time.Hour))
	}
	return h, hours
}

// Whatever happens: judging doesn't fail, gives the same again, and what it says fits together. No anomaly is about more
// objects than its principals deleted.
func TestJudgeAnything(t *testing.T) {
	const seed, runs = 20261120, 60
	found := map[string]int{}
	for run := range runs {
		rnd := rand.New(rand.NewPCG(seed, uint64(run)))
		h, hours := generate(rnd)
		deleted := map[anomaly.Deleted]int64{}
		for _, hour := range anomaly.MergeShares(h.shares) {
			for _, a := range hour.Activities {
				n := a.Counts[objects]
				for _, e := range a.Expected {
					n += e.Counts[objects]
				}
				deleted[anomaly.Deleted{Principal: a.Principal, Hour: hour.Start}] += n
			}
		}
		for _, hour := range hours {
			anomalies := h.judge(t, hour, "")
			for i := range anomalies {
				a := &anomalies[i]
				found[a.Name]++
				checkAnomaly(t, a, hour)
				for _, d := range a.Deleted {
					most := deleted[anomaly.Deleted{Principal: d.Principal, Hour: d.Hour}]
					if d.Objects < 1 || d.Objects > most {
						t.Errorf("%s: %d objects of %q at %s, want 1 to %d", a.Explanation, d.Objects, d.Principal, d.Hour, most)
					}
				}
			}
			if diff := cmp.Diff(anomalies, h.judge(t, hour, "")); diff != "" {
				t.Errorf("Judge, again (-first +second):\n%s", diff)
			}
			if t.Failed() {
				t.Fatalf("in run %d of seed %d", run, seed)
			}
		}
	}
	for _, name := range []string{"DeleteSurge", "NewDeleter", "DeniedDelete", "OpaqueBulkDelete", "PermanentDelete", "ProtectionRemoved", "EncryptedOverwrite"} {
		if found[name] == 0 {
			t.Errorf("no %s in %d runs of seed %d: %v", name, runs, seed, found)
		}
	}
}

// checkAnomaly tests what holds of every anomaly of an hour.
func checkAnomaly(t *testing.T, a *anomaly.Anomaly, hour time.Time) {
	t.Helper()
	var seen []string
	for _, d := range a.Deleted {
		seen = append(seen, d.Hour.Format(time.RFC3339)+d.Principal)
	}
	length := a.WindowEnd.Sub(a.WindowStart)
	for what, wrong := range map[string]bool{
		"severity":    a.Severity.Compare(anomaly.Low) < 0 || a.Severity.Compare(anomaly.High) > 0,
		"count":       a.Count < 1 || a.Count < a.Threshold,
		"kind":        (a.Kind == anomaly.Persons) != (a.Principal == anomaly.People) || a.Kind == "",
		"persons":     (len(a.Persons) > 0) != (a.Principal == anomaly.People) || !slices.IsSorted(a.Persons),
		"window":      length != time.Hour && length != day || !a.WindowStart.Equal(a.WindowStart.Truncate(length)) || hour.Before(a.WindowStart) || !hour.Before(a.WindowEnd),
		"times":       a.First.Before(a.WindowStart) || a.Last.Before(a.First) || !a.Last.Before(a.WindowEnd),
		"order":       !slices.IsSorted(seen) || len(slices.Compact(seen)) != len(a.Deleted),
		"explanation": !strings.HasSuffix(a.Explanation, ".") || strings.Contains(a.Explanation, "  ") || strings.Contains(a.Explanation, "%!"),
		"keys":        a.KeysInAll < int64(len(a.Keys)) && a.Name != "DeniedDelete" && a.KeysInAll != 0,
	} {
		if wrong {
			t.Errorf("%s of %+v is wrong", what, a)
		}
	}
}

// FuzzJudge is TestJudgeAnything with seeds that the fuzzer chooses.
func FuzzJudge(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		h, hours := generate(rand.New(rand.NewPCG(a, b)))
		for _, hour := range hours[len(hours)-26:] {
			for _, a := range h.judge(t, hour, "") {
				checkAnomaly(t, &a, hour)
			}
		}
	})
}

// The order in which log files come makes no difference but to the order within lists.
func TestJudgeInAnyOrder(t *testing.T) {
	const seed, runs = 7, 20
	for run := range runs {
		rnd := rand.New(rand.NewPCG(seed, uint64(run)))
		h, hours := generate(rnd)
		shuffled := &remembered{since: h.since}
		order := slices.Clone(h.shares)
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		shuffled.shares = order // as they come: not sorted
		for _, hour := range hours {
			if diff := cmp.Diff(h.judge(t, hour, ""), shuffled.judge(t, hour, ""), cmp.Comparer(func(a, b anomaly.Sample) bool {
				return a.First.Equal(b.First) && a.Last.Equal(b.Last)
			})); diff != "" {
				t.Fatalf("Judge in another order (-want +got), run %d of seed %d:\n%s", run, seed, diff)
			}
		}
	}
}
