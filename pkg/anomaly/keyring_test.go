package anomaly_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
)

// Keys are read when there is something to see, and no others.
func TestKeysRead(t *testing.T) {
	tests := []struct {
		name   string
		done   []done
		waited bool
		want   int // calls of Keys for the hour
	}{
		{"nothing", nil, true, 0},
		{"uploads", []done{uploads("14:00:00", 50)}, true, 0},
		{"two deletes", []done{deletes("14:00:00", appWeb, 2)}, true, 0},
		{"three deletes at once", []done{deletes("14:00:00", appWeb, 3)}, false, 1},
		{"three deletes where no upload is known", []done{deletes("14:00:00", appWeb, 3)}, true, 1},
		{"three deletes", []done{uploads("09:00:00", 1), deletes("14:00:00", appWeb, 3)}, true, 2},
		{"by two", []done{uploads("09:00:00", 1), deletes("14:00:00", appWeb, 2), deletes("14:00:00", nobody, 1)}, true, 2},
		{"two refused reads", []done{reads("14:00:00", cdn, 2)}, true, 0},
		{"three refused reads at once", []done{reads("14:00:00", cdn, 3)}, false, 0},
		{"three refused reads", []done{reads("14:00:00", cdn, 3)}, true, 2},
		{"both", []done{deletes("14:00:00", appWeb, 3), reads("14:00:00", cdn, 3)}, true, 2},
		{"three expected deletes", []done{expected("14:00:00", appWeb, 3)}, true, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := new(counting)
			h.add(shares(t, test.done)...)
			if _, err := anomaly.Judge(context.Background(), photos, h, on(t, "14:00:00"), test.waited); err != nil {
				t.Fatal(err)
			}
			if h.keys != test.want {
				t.Errorf("Judge of %v read keys %d times, want %d", test.done, h.keys, test.want)
			}
		})
	}
}

// counting is a History that counts how often keys are read, and refuses to read those of many days at once unless only
// some are wanted.
type counting struct {
	remembered
	keys int
}

func (c *counting) Keys(ctx context.Context, from, until time.Time, want func(uint64) bool) (anomaly.Keys, error) {
	c.keys++
	if until.Sub(from) > 2*time.Hour && want == nil {
		return anomaly.Keys{}, fmt.Errorf("all keys from %s until %s: that is more than a judgement may read", from, until)
	}
	return c.remembered.Keys(ctx, from, until, want)
}

func TestKeysNotJudged(t *testing.T) {
	day := func(date string, notJudged bool) anomaly.Day {
		return anomaly.Day{Date: on(t, date+" 00:00:00"), KeysNotJudged: notJudged}
	}
	much := []done{uploads("14:00:00", 9), deletes("14:02:00", appWeb, 9), deletes("14:10:00", appWeb, 9), reads("14:20:00", cdn, 9)}
	tests := []struct {
		name  string
		days  []anomaly.Day
		done  []done
		found bool
		want  bool // and that no keys are read, unless found
	}{
		{"judged", []anomaly.Day{day("17", false), day("18", false)}, much, true, false},
		{"too many on the 18th", []anomaly.Day{day("17", false), day("18", true)}, much, false, true},
		{"too many on the 17th, which is looked back at", []anomaly.Day{day("17", true), day("18", false)}, much, true, true},
		{"too many on the 13th, which is looked back at", []anomaly.Day{day("13", true), day("18", false)}, much, true, true},
		{"too many on the 12th", []anomaly.Day{day("12", true), day("18", false)}, much, true, false},
		{"too many, and nothing to see", []anomaly.Day{day("17", false), day("18", true)}, []done{deletes("14:02:00", appWeb, 2), reads("14:20:00", cdn, 2)}, false, false},
		{"too many, and refused reads", []anomaly.Day{day("17", false), day("18", true)}, []done{reads("14:20:00", cdn, 3)}, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := &remembered{since: on(t, "10 00:00:00")}
			h.add(shares(t, test.done)...)
			for _, d := range test.days {
				h.close(d)
			}
			got, err := anomaly.Judge(context.Background(), photos, h, on(t, "14:00:00"), true)
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(got.Anomalies, func(a anomaly.Anomaly) bool { return a.Family == anomaly.Key })
			if found != test.found || got.KeysNotJudged != test.want {
				t.Errorf("Judge found %t, KeysNotJudged = %t, want %t and %t", found, got.KeysNotJudged, test.found, test.want)
			}
			if test.want && !test.found && slices.Contains(h.calls, "Keys") {
				t.Error("Judge read keys of which there are too many")
			}
		})
	}
}

// often is as many uploads of one of the keys.
func often(n int) (k anomaly.Keys) {
	for i := range n {
		k.Uploads = append(k.Uploads, anomaly.Upload{Hash: anomaly.HashKey([]byte(key(0))), At: judgedDay.AddDate(0, 0, -1).Unix() + int64(i%3600)})
	}
	return k
}

// An hour with too many keys says so in its evidence, before its day is complete.
func TestTooManyKeys(t *testing.T) {
	const maxDeletes, maxUploads, maxRefused = 20_000, 100_000, 20_000
	some := []done{uploads("14:00:00", 9), deletes("14:02:00", appWeb, 9), deletes("14:10:00", appWeb, 9), reads("14:20:00", cdn, 9)}
	deleted := func(n int64) []anomaly.Activity {
		return []anomaly.Activity{{Principal: appWeb, Counts: anomaly.Counts{anomaly.Objects: n}}}
	}
	expected := []anomaly.Activity{{Principal: appWeb, Expected: []anomaly.Expected{{Entry: "e1", Cap: 50_000, Counts: anomaly.Counts{anomaly.Objects: maxDeletes}}}}}
	tests := []struct {
		name                     string
		more                     []anomaly.Share
		soon, again, missed, not bool
	}{
		{"few", nil, true, true, true, false},
		{"as many as possible", []anomaly.Share{{Uploads: maxUploads - 9, Refused: maxRefused - 9, Activities: deleted(maxDeletes - 18)}}, true, true, true, false},
		{"uploads", []anomaly.Share{{Uploads: maxUploads - 8}}, false, false, false, true},
		{"refused reads", []anomaly.Share{{Refused: maxRefused - 8}}, false, false, false, true},
		{"deletes", []anomaly.Share{{Activities: deleted(maxDeletes - 17)}}, false, false, false, true},
		{"expected deletes", []anomaly.Share{{Activities: expected}}, false, false, false, true},
		{"with the hour before", []anomaly.Share{{Hour: on(t, "13:00:00"), Uploads: maxUploads - 8}}, false, false, false, true},
		{"other keys of today", []anomaly.Share{{Hour: on(t, "03:00:00"), Uploads: maxUploads + 1}}, true, true, true, false},
		{"the same keys, often", []anomaly.Share{{Hour: on(t, "19 03:00:00"), Keys: often(maxDeletes + maxUploads + maxRefused)}}, true, false, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := &remembered{since: on(t, "10 00:00:00")}
			h.add(shares(t, some)...)
			for _, s := range test.more {
				if s.Hour.IsZero() {
					s.Hour = on(t, "14:00:00")
				}
				h.add(s)
			}
			got, err := anomaly.Judge(context.Background(), photos, h, on(t, "14:00:00"), true)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]bool{
				anomaly.NameDeletedSoonAfterUpload: test.soon, anomaly.NameRepeatedDelete: test.again, anomaly.NameReadAfterDelete: test.missed,
			} {
				if found := slices.ContainsFunc(got.Anomalies, func(a anomaly.Anomaly) bool { return a.Name == name }); found != want {
					t.Errorf("Judge found %s: %t, want %t", name, found, want)
				}
			}
			if got.KeysNotJudged != test.not {
				t.Errorf("KeysNotJudged = %t, want %t", got.KeysNotJudged, test.not)
			}
		})
	}
}

func TestKeysError(t *testing.T) {
	h := &failing{err: errors.New("throttled")}
	h.add(shares(t, []done{deletes("14:00:00", appWeb, 5)})...)
	for _, waited := range []bool{false, true} {
		got, err := anomaly.Judge(context.Background(), photos, h, on(t, "14:00:00"), waited)
		if !errors.Is(err, h.err) || len(got.Anomalies) != 0 || got.KeysNotJudged {
			t.Errorf("Judge(waited %t) = %v, %v, want nothing and the history's error", waited, got, err)
		}
	}
}

// failing is a History whose keys can't be read.
type failing struct {
	remembered
	err error
}

func (f *failing) Keys(context.Context, time.Time, time.Time, func(uint64) bool) (anomaly.Keys, error) {
	return anomaly.Keys{}, f.err
}

// A day's counts are those that an hour's judgement would count, as far as the day looks back.
func TestKeyCountsOfDay(t *testing.T) {
	var h remembered
	h.add(shares(t, []done{
		uploads("19 23:30:00", 4), deletes("00:10:00", appWeb, 4), deletes("00:20:00", appWeb, 1), // soon, and again in the same hour
		deletes("23:59:59", alice, 2),
		uploads("14:00:00", 2).keys(10), deletes("14:30:00", alice, 1).keys(10), deletes("14:31:00", bob, 1).keys(11),
		expected("15:00:00", appWeb, 2).keys(20), expected("15:10:00", appWeb, 2).keys(20), deletes("15:20:00", nobody, 2).keys(20),
		deletes("17 00:00:00", appWeb, 1).keys(30), deletes("00:00:00", appWeb, 1).keys(30),
		deletes("16 23:59:59", appWeb, 1).keys(31), deletes("01:00:00", appWeb, 1).keys(31), // longer ago than a day looks back
	})...)
	got, err := anomaly.CloseDay(context.Background(), photos, &h, on(t, "00:00:00"))
	if err != nil {
		t.Fatal(err)
	}
	type count struct {
		actor string
		m     anomaly.Measure
		hour  int
	}
	want := map[count]int64{
		{appWeb, anomaly.Soon, 0}: 4, {appWeb, anomaly.Again, 0}: 2, {anomaly.People, anomaly.Soon, 14}: 2,
		{anomaly.People, anomaly.Again, 23}: 2, {nobody, anomaly.Again, 15}: 2,
	}
	counts := map[count]int64{}
	for actor, a := range got.Actors {
		for _, m := range []anomaly.Measure{anomaly.Soon, anomaly.Again} {
			if a.Hours[m] == nil {
				continue
			}
			for hour, n := range a.Hours[m] {
				if n > 0 {
					counts[count{actor, m, hour}] = n
				}
			}
		}
	}
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(counts)); diff != "" {
		t.Errorf("CloseDay (-want +got):\n%s", diff)
	}
}

// Whatever order the log files come in, the same anomalies are found, down to their sentences.
func TestKeyOrder(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	anomalies := 0
	for round := range 200 {
		all := shares(t, someDone(random))
		for i := range all {
			all[i].LogFile, all[i].Delivered = "s3://logs/one.json.gz", on(t, "14:10:00")
		}
		var want string
		for order := range 4 {
			h := remembered{since: on(t, "15 00:00:00")}
			h.add(all...)
			found := h.judge(t, on(t, "14:00:00"), "")
			found = slices.DeleteFunc(found, func(a anomaly.Anomaly) bool { return a.Family != anomaly.Key })
			for i := range found {
				slices.Sort(found[i].SourceIPAddresses) // those of several persons come as the log files do
				checkKeyAnomaly(t, &found[i])
			}
			got := fmt.Sprintf("%+v", found)
			if order == 0 {
				want = got
				anomalies += len(found)
			} else if got != want {
				t.Fatalf("seed %d, round %d: Judge found\n%s\nin another order\n%s", seed, round, want, got)
			}
			random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
	}
	if anomalies < 100 {
		t.Errorf("seed %d: Judge found %d anomalies in 200 rounds, too few to show anything", seed, anomalies)
	}
}

// someDone returns a few things done to few keys, some of them in the same second.
func someDone(random *rand.Rand) []done {
	who := []string{appWeb, cleanup, cdn, alice, bob, nobody}
	var all []done
	for range 10 + random.IntN(25) {
		d := done{
			what: "uddddderr"[random.IntN(9)],
			at:   fmt.Sprintf("%02d:%02d:%02d", 13+min(1, random.IntN(4)), random.IntN(6)*10, random.IntN(2)*59),
			who:  who[random.IntN(len(who))],
			from: random.IntN(6),
		}
		d.end = d.from + 1 + random.IntN(8)
		all = append(all, d)
	}
	return all
}
