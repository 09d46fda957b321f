package pipeline

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bucketwatch/internal/dynamodblocal"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/dynamodb"
)

// seeded returns random numbers that are the same in each run.
func seeded(t *testing.T) *rand.Rand {
	const seed = 20261120
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// Whatever the order in which the log files are read, however often, and by however many at once: the same counts and
// the same anomalies. Each order of the bad day follows upon one of twenty of the calm days.
func TestAnyOrder(t *testing.T) {
	orders := 200
	if testing.Short() {
		orders = 20
	}
	rnd := seeded(t)
	var before [][]state.Item
	for range orders / 10 {
		before = append(before, playCalmDays(t, inSomeOrder(rnd, calmDays(), calmTicks())))
		if diff := cmp.Diff(days(calmItems(t)), days(before[len(before)-1])); diff != "" {
			t.Fatalf("what is remembered of the days (-in turn +in order %d):\n%s", len(before)-1, diff)
		}
	}
	anyOrder(t, rnd, orders, func(t *testing.T, order int) state.Store {
		store := state.NewMemory()
		put(t, store, before[order%len(before)])
		return store
	})
}

// days returns what is remembered of complete days.
func days(items []state.Item) map[string]string {
	days := map[string]string{}
	for _, item := range items {
		if strings.HasPrefix(item.Sort, "d#") {
			days[item.Partition+" "+item.Sort] = string(item.Data)
		}
	}
	return days
}

// anyOrder tells the story of the bad day in turn, and then in so many other orders, each time in a new store that knows
// the calm days.
func anyOrder(t *testing.T, rnd *rand.Rand, orders int, newStore func(t *testing.T, order int) state.Store) {
	t.Helper()
	files := badDay(rnd)
	want := play(t, newStore(t, 0), inTurn(files, badTicks()))
	wantAllDetectors(t, want)
	for order := range orders {
		steps := inSomeOrder(rnd, files, badTicks())
		t.Run(fmt.Sprint("order ", order), func(t *testing.T) {
			t.Parallel()
			got := play(t, newStore(t, order), steps)
			for bucket, n := range got.unexpected {
				if n > got.Deleted[bucket] {
					t.Errorf("%d unexpected deletes in %s, of %d objects deleted", n, bucket, got.Deleted[bucket])
				}
			}
			// How many deletes are unexpected depends on what was known when.
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(told{})); diff != "" {
				t.Errorf("what was told (-in turn +in this order):\n%s", diff)
			}
		})
	}
}

// wantAllDetectors wants each of them to have found something in the story: orders show nothing of others.
func wantAllDetectors(t *testing.T, story told) {
	t.Helper()
	names := map[string]bool{}
	for key := range story.Anomalies {
		names[strings.Fields(key)[1]] = true
	}
	for _, name := range []string{"DeleteSurge", "NewDeleter", "DeniedDelete", "OpaqueBulkDelete", "DeletedSoonAfterUpload", "RepeatedDelete",
		"ReadAfterDelete", "PermanentDelete", "ProtectionRemoved", "EncryptedOverwrite", "AttackSequence"} {
		if !names[name] {
			t.Errorf("the story has no %s, so that its orders show nothing about it; it has %v", name, slices.Sorted(maps.Keys(story.Anomalies)))
		}
	}
}

// The same with DynamoDB, in as many orders: each makes some 400 calls, all together they take about two minutes on two
// processors. The calm days are put as TestAnyOrder has them in turn, or it would be three. The tables have no TTL, and
// hold what has expired.
func TestAnyOrderDynamoDB(t *testing.T) {
	orders := 200
	if testing.Short() {
		orders = 20
	}
	before := append(slices.Clone(calmItems(t)), expiredItems(t)...)
	anyOrder(t, seeded(t), orders, func(t *testing.T, _ int) state.Store {
		store := dynamodb.New(dynamodblocal.Start(t))
		put(t, store, before)
		return store
	})
}

// What has expired makes no difference, as long as it is still there.
func TestExpiredItems(t *testing.T) {
	files := badDay(seeded(t))
	want := play(t, afterCalmDays(t), inTurn(files, badTicks()))
	store := afterCalmDays(t)
	put(t, store, expiredItems(t))
	if diff := cmp.Diff(want, play(t, store, inTurn(files, badTicks())), cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("the bad day (-without +with expired items):\n%s", diff)
	}
}

// expiredItems are what nobody must look at any more: evidence of an hour nine days ago, as if the bad day's objects had
// been deleted then, too.
func expiredItems(t *testing.T) []state.Item {
	t.Helper()
	hour := incidentDay.AddDate(0, 0, -9).Add(12 * time.Hour)
	share := anomaly.Share{Bucket: "photos", Hour: hour, LogFile: "s3://logs/old.json.gz", Delivered: hour.Add(time.Hour), Refused: 100}
	activity := anomaly.Activity{Principal: appWeb}
	activity.Counts[anomaly.Objects], activity.Counts[anomaly.Overwrites] = 100, 100
	share.Activities = []anomaly.Activity{activity}
	for _, folder := range []string{"a", "b", "c"} {
		for i := range 30 {
			key := fmt.Sprintf("%s/%d.jpg", folder, i)
			share.Keys.Deletes = append(share.Keys.Deletes, anomaly.KeyDelete{
				Hash: anomaly.HashKey([]byte(key)), At: hour.Unix() + int64(i), Key: key, Principal: appWeb,
			})
		}
	}
	store := newNoted()
	if err := history.New(store).PutShares(t.Context(), "111122223333", []anomaly.Share{share}, hour); err != nil {
		t.Fatal(err)
	}
	return store.all(t, func(item state.Item) bool {
		return strings.HasPrefix(item.Sort, "e#") || strings.HasPrefix(item.Sort, "k#")
	})
}

// An attack doesn't become what is usual: the same, one to three days later, is found again. Who is new on the first day
// isn't any more on the second (NewDeleter), which is no reason not to find the rest.
func TestAttackIsFoundAgain(t *testing.T) {
	for later := 1; later <= 3; later++ {
		t.Run(fmt.Sprint(later, " days later"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, afterCalmDays(t))
			attack := func(day int) map[string]string {
				rnd := seeded(t)
				shift := time.Duration(day) * 24 * time.Hour
				files := badDay(rnd)
				for i := range files {
					files[i] = files[i].moved(shift)
				}
				var ticks []time.Time
				for _, at := range badTicks() {
					ticks = append(ticks, at.Add(shift))
				}
				for _, s := range inTurn(files, ticks) {
					w.read(t, s.files...)
					w.tick(t, s.tick)
				}
				found := map[string]string{}
				for key, severity := range toldBy(w.take(t)).Anomalies {
					fields := strings.Fields(key)
					start, err := time.Parse(time.RFC3339, fields[3])
					if err != nil {
						t.Fatal(err)
					}
					if start = start.Add(-shift); !start.Before(incidentDay) && fields[1] != "NewDeleter" {
						found[strings.Join(fields[:3], " ")+" "+start.Format("15:04")] = severity
					}
				}
				return found
			}
			want := attack(0)
			for day := 1; day < later; day++ {
				w.tick(t, incidentDay.AddDate(0, 0, day))
			}
			got := attack(later)
			for key, severity := range want {
				if strings.Contains(key, "OpaqueBulkDelete") {
					severity = "MEDIUM" // for another reason: by then the bucket has records of what calls deleted
				}
				if rank(got[key]) < rank(severity) {
					t.Errorf("%s: %q, want %q as on the first day", key, got[key], severity)
				}
			}
		})
	}
}
