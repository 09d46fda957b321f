package history

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// surge is an anomaly about as many objects, in the hour from clock(hour, 0) on.
func surge(who string, hour int, severity anomaly.Severity, n int64) anomaly.Anomaly {
	a := anomaly.Anomaly{
		Name: "DeleteSurge", Family: anomaly.Volume, Severity: severity, AccountID: account, Bucket: "photos", Principal: who, Kind: anomaly.Machine,
		WindowStart: clock(hour, 0), WindowEnd: clock(hour+1, 0), Count: n, Explanation: fmt.Sprintf("%d objects", n),
		Deleted: []anomaly.Deleted{{Principal: who, Hour: clock(hour, 0), Objects: n}},
	}
	a.First, a.Last = clock(hour, 10), clock(hour, 20)
	return a
}

func byPersons(a anomaly.Anomaly, persons ...string) anomaly.Anomaly {
	a.Kind, a.Principal, a.Persons, a.Deleted = anomaly.Persons, anomaly.People, persons, nil
	for _, p := range persons {
		a.Deleted = append(a.Deleted, anomaly.Deleted{Principal: p, Hour: a.WindowStart, Objects: a.Count / int64(len(persons))})
	}
	return a
}

var judged = []Due{{Kind: AtOnce, Bucket: photos, Hour: clock(14, 0)}}

func remember(t *testing.T, h *History, now time.Time, found ...anomaly.Anomaly) *Outcome {
	t.Helper()
	out, err := h.Remember(t.Context(), judged, found, now)
	must(t, err)
	return out
}

// news says in short what there is to tell.
func news(out *Outcome) []string {
	list := []string{}
	for _, n := range out.News {
		s := fmt.Sprintf("%s %s %s %d", n.Anomaly.Name, short(n.Anomaly.Principal), n.Anomaly.Severity, n.Anomaly.Count)
		if n.Opened {
			s += " opened"
		}
		if n.BecameHigh {
			s += " high"
		}
		if n.UnexpectedDeletes > 0 {
			s += fmt.Sprintf(" +%d", n.UnexpectedDeletes)
		}
		list = append(list, s)
	}
	return list
}

func short(principal string) string { return principal[strings.LastIndexByte(principal, '/')+1:] }

func incidentNames(out *Outcome) []string {
	list := []string{}
	for _, i := range out.Incidents {
		list = append(list, fmt.Sprintf("%s %s-%s %s, %d anomalies", short(i.Principal), i.First.Format("15:04"), i.Last.Format("15:04"), i.Severity, len(i.Anomalies)))
	}
	return list
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func toldOnce(t *testing.T, store state.Store) {
	h := New(store)
	a := surge(appWeb, 14, anomaly.High, 30)
	for range 2 { // nobody has told yet
		out := remember(t, h, clock(14, 30), a)
		expect(t, "news", news(out), "DeleteSurge app-web HIGH 30 opened high +30")
		expect(t, "incidents", incidentNames(out), "app-web 14:10-14:20 HIGH, 1 anomalies")
	}
	out := remember(t, h, clock(14, 30), a)
	must(t, h.Told(t.Context(), out, clock(14, 30)))
	must(t, h.Sent(t.Context(), &out.Incidents[0], clock(14, 30)))
	out = remember(t, h, clock(14, 31), a)
	expect(t, "news when told", news(out))
	expect(t, "incidents when sent", incidentNames(out))
	expect(t, "news of nothing", news(remember(t, h, clock(14, 32))))
	out, err := h.Remember(t.Context(), nil, nil, clock(14, 33))
	if err != nil || len(out.News)+len(out.Incidents) > 0 {
		t.Errorf("got %v, %v when nothing is due", out, err)
	}
}

func becomesMore(t *testing.T, store state.Store) {
	h := New(store)
	tell := func(out *Outcome) { t.Helper(); must(t, h.Told(t.Context(), out, clock(15, 0))) }
	out := remember(t, h, clock(14, 30), surge(appWeb, 14, anomaly.Low, 4))
	expect(t, "LOW", news(out), "DeleteSurge app-web LOW 4 opened")
	tell(out)
	first := remember(t, h, clock(14, 31), surge(appWeb, 14, anomaly.Medium, 25))
	expect(t, "MEDIUM", news(first), "DeleteSurge app-web MEDIUM 25 +25")
	tell(first)
	out = remember(t, h, clock(14, 32), surge(appWeb, 14, anomaly.Medium, 40))
	expect(t, "more", news(out), "DeleteSurge app-web MEDIUM 40 +15")
	tell(out)
	out = remember(t, h, clock(14, 33), surge(appWeb, 14, anomaly.Low, 3))
	expect(t, "less", news(out))
	out = remember(t, h, clock(14, 34), surge(appWeb, 14, anomaly.High, 40))
	expect(t, "HIGH", news(out), "DeleteSurge app-web HIGH 40 high")
	tell(out)
	tell(first) // a slow one can't take it back
	expect(t, "all told", news(remember(t, h, clock(14, 35), surge(appWeb, 14, anomaly.High, 40))))
}

func countedOnce(t *testing.T, store state.Store) {
	h := New(store)
	hour := surge(appWeb, 14, anomaly.Medium, 100)
	whole := surge(appWeb, 14, anomaly.High, 150)
	whole.WindowStart, whole.WindowEnd = clock(0, 0), clock(24, 0)
	whole.Deleted = []anomaly.Deleted{{Principal: appWeb, Hour: clock(13, 0), Objects: 50}, {Principal: appWeb, Hour: clock(14, 0), Objects: 100}}
	soon := surge(appWeb, 14, anomaly.High, 120)
	soon.Name, soon.Family = "DeletedSoonAfterUpload", anomaly.Key
	low := surge(appWeb, 14, anomaly.Low, 500)
	low.Name = "NewDeleter"

	h.sequences = func([]anomaly.Anomaly) []anomaly.Anomaly { return nil }
	out := remember(t, h, clock(14, 30), hour, whole, soon, low)
	expect(t, "news", news(out),
		"DeleteSurge app-web HIGH 150 opened high +50",
		"DeleteSurge app-web MEDIUM 100 opened",
		"DeletedSoonAfterUpload app-web HIGH 120 opened high +120",
		"NewDeleter app-web LOW 500 opened")
	must(t, h.Told(t.Context(), out, clock(14, 31)))
	hour.Count, hour.Deleted[0].Objects = 130, 130
	expect(t, "growth", news(remember(t, h, clock(14, 32), hour)), "DeleteSurge app-web MEDIUM 130 +10")
}

func deletesOfPersons(t *testing.T, store state.Store) {
	h := New(store)
	out := remember(t, h, clock(14, 30), byPersons(surge("", 14, anomaly.High, 60), alice, bob))
	expect(t, "news", news(out), "DeleteSurge PEOPLE HIGH 60 opened high +60")
	must(t, h.Told(t.Context(), out, clock(14, 30)))
	mine := surge(alice, 14, anomaly.High, 35)
	mine.Name, mine.Kind = "NewDeleter", anomaly.Human
	expect(t, "more of one of them", news(remember(t, h, clock(14, 31), mine)), "NewDeleter alice HIGH 35 opened high +5")
}

func shownByFile(t *testing.T, store state.Store) {
	h := New(store)
	suspended := anomaly.Anomaly{
		Name: "ProtectionRemoved", Family: anomaly.Protection, Severity: anomaly.High, AccountID: account, Bucket: "photos", Principal: alice, Kind: anomaly.Human,
		WindowStart: clock(14, 0), WindowEnd: clock(15, 0), Count: 1, Explanation: "alice suspended versioning",
	}
	suspended.First, suspended.Last = clock(14, 5), clock(14, 5)
	deleted := suspended
	deleted.Explanation = "alice deleted the policy"
	other := suspended
	other.First, other.Last = clock(14, 7), clock(14, 7)
	for range 2 { // a second delivery makes no difference
		must(t, h.PutFound(t.Context(), []anomaly.Anomaly{suspended, deleted}, "s3://logs/1.json.gz", clock(14, 10), clock(14, 11)))
		must(t, h.PutFound(t.Context(), []anomaly.Anomaly{other}, "s3://logs/2.json.gz", clock(14, 20), clock(14, 11)))
	}
	expect(t, "due", summary(due(t, h, clock(14, 30))), "found photos 20T14 at 20T14:10", "found photos 20T14 at 20T14:20")
	none := func(anomaly.History, Due) []anomaly.Anomaly {
		t.Error("judged what a log file found")
		return nil
	}
	// What is delivered later isn't seen yet, nor anything told twice.
	for _, test := range []struct {
		now  time.Time
		want string
	}{
		{clock(14, 11), "alice 14:05-14:05 HIGH, 2 anomalies"},
		{clock(14, 21), ""},
	} {
		outcomes := tick(t, h, test.now, none)
		if len(outcomes) != 1 {
			t.Fatalf("%v: got %d outcomes", test.now, len(outcomes))
		}
		expect(t, "news", news(outcomes[0]))
		got := incidentNames(outcomes[0])
		if test.want == "" {
			expect(t, "incidents when sent", got)
		} else {
			expect(t, "incidents", got, test.want)
		}
	}
	// What the tick finds of the same, it adds deletes to.
	again := suspended
	again.Count, again.Deleted = 7, []anomaly.Deleted{{Principal: alice, Hour: clock(14, 0), Objects: 7}}
	expect(t, "news of the tick", news(remember(t, h, clock(15, 46), again)), "ProtectionRemoved alice HIGH 7 +7")
}

func incidentsOfBucket(t *testing.T, store state.Store) {
	h := New(store)
	at := func(a anomaly.Anomaly, from, until time.Time) anomaly.Anomaly {
		a.First, a.Last = from, until
		return a
	}
	mine := surge(alice, 3, anomaly.High, 20)
	mine.Kind, mine.Name = anomaly.Human, "NewDeleter"
	out := remember(t, h, clock(23, 0),
		surge(appWeb, 1, anomaly.High, 20),
		at(surge(appWeb, 7, anomaly.Medium, 20), clock(7, 19), clock(7, 30)),    // 5 h 59 min after the first
		at(surge(appWeb, 13, anomaly.Medium, 20), clock(13, 30), clock(13, 31)), // 6 h after that
		mine,
		byPersons(surge("", 5, anomaly.High, 20), alice),
	)
	expect(t, "incidents", incidentNames(out),
		"app-web 01:10-07:30 HIGH, 2 anomalies",
		"alice 03:10-05:20 HIGH, 2 anomalies",
		"app-web 13:30-13:31 MEDIUM, 1 anomalies")
	must(t, h.Told(t.Context(), out, clock(23, 0)))
	out = remember(t, h, clock(23, 1), byPersons(surge("", 6, anomaly.Medium, 20), alice, bob))
	expect(t, "with another person", incidentNames(out), "PEOPLE 03:10-06:20 HIGH, 3 anomalies")
	must(t, h.Told(t.Context(), out, clock(23, 1)))
	unattributed := surge("UNATTRIBUTED", 6, anomaly.Medium, 20)
	unattributed.Kind = anomaly.Unattributed
	out = remember(t, h, clock(23, 1), unattributed)
	must(t, h.Told(t.Context(), out, clock(23, 1)))
	expect(t, "unattributed", incidentNames(out), "UNATTRIBUTED 06:10-06:20 MEDIUM, 1 anomalies")

	// One that goes on for days has all its anomalies.
	for hour := 30; hour < 90; hour += 6 {
		out = remember(t, h, clock(hour+1, 0), surge(bob, hour, anomaly.Medium, 20))
	}
	expect(t, "days later", incidentNames(out), "bob 06:10-12:20 MEDIUM, 10 anomalies")
}

func messages(t *testing.T, store state.Store) {
	h := New(store)
	medium := remember(t, h, clock(14, 30), surge(appWeb, 14, anomaly.Medium, 20))
	expect(t, "MEDIUM", incidentNames(medium), "app-web 14:10-14:20 MEDIUM, 1 anomalies")
	must(t, h.Sent(t.Context(), &medium.Incidents[0], clock(14, 31)))
	expect(t, "MEDIUM, again", incidentNames(remember(t, h, clock(14, 32), surge(appWeb, 14, anomaly.Medium, 30))))

	high := remember(t, h, clock(15, 30), surge(appWeb, 15, anomaly.High, 20))
	expect(t, "HIGH", incidentNames(high), "app-web 14:10-15:20 HIGH, 2 anomalies")
	if got := high.Incidents[0]; got.Sent != anomaly.Medium || got.Anomalies[0].Severity != anomaly.Medium || got.Bucket != photos {
		t.Errorf("got %+v, want of it MEDIUM sent, the oldest anomaly first", got)
	}
	// Publishing failed.
	high = remember(t, h, clock(15, 31), surge(appWeb, 15, anomaly.High, 20))
	expect(t, "HIGH, not sent", incidentNames(high), "app-web 14:10-15:20 HIGH, 2 anomalies")
	must(t, h.Sent(t.Context(), &high.Incidents[0], clock(15, 32)))
	must(t, h.Sent(t.Context(), &medium.Incidents[0], clock(15, 32))) // a slow one can't take it back
	expect(t, "HIGH, again", incidentNames(remember(t, h, clock(15, 33), surge(appWeb, 15, anomaly.High, 20))))
}

func bridged(t *testing.T, store state.Store) {
	h := New(store)
	out := remember(t, h, clock(22, 0), surge(appWeb, 2, anomaly.Medium, 20), surge(appWeb, 12, anomaly.High, 20))
	expect(t, "two", incidentNames(out), "app-web 02:10-02:20 MEDIUM, 1 anomalies", "app-web 12:10-12:20 HIGH, 1 anomalies")
	must(t, h.Sent(t.Context(), &out.Incidents[1], clock(22, 0)))
	between := surge(appWeb, 7, anomaly.High, 20)
	expect(t, "what was sent of one was sent of both", incidentNames(remember(t, h, clock(22, 1), between)))
	worse := surge(appWeb, 13, anomaly.Critical, 20)
	expect(t, "one", incidentNames(remember(t, h, clock(22, 2), worse)), "app-web 02:10-13:20 CRITICAL, 4 anomalies")
}

func twoSteps(t *testing.T, store state.Store) {
	h := New(store)
	removed := surge(alice, 10, anomaly.High, 1)
	removed.Name, removed.Family, removed.Deleted, removed.Kind = "ProtectionRemoved", anomaly.Protection, nil, anomaly.Human
	must(t, h.PutFound(t.Context(), []anomaly.Anomaly{removed}, "s3://logs/1.json.gz", clock(10, 20), clock(10, 20)))
	tick(t, h, clock(10, 21), nil)

	mass := byPersons(surge("", 33, anomaly.High, 60), alice, bob) // on the next day
	for range 2 {
		out := remember(t, h, clock(34, 0), mass)
		expect(t, "news", news(out), "AttackSequence alice CRITICAL 30 opened high", "DeleteSurge PEOPLE HIGH 60 opened high +60")
		var severities []anomaly.Severity
		for _, i := range out.Incidents {
			severities = append(severities, i.Severity)
		}
		if len(severities) != 1 || severities[0] != anomaly.Critical {
			t.Errorf("got incidents of severity %v, want one CRITICAL", severities)
		}
	}
	out := remember(t, h, clock(34, 0), mass)
	must(t, h.Told(t.Context(), out, clock(34, 0)))
	expect(t, "news when told", news(remember(t, h, clock(34, 1), mass)))
}

// foundNotTold: a tick has died after it put what it found, and the next one finds something else.
func foundNotTold(t *testing.T, store state.Store) {
	h := New(store)
	remember(t, h, clock(14, 30), surge(appWeb, 14, anomaly.High, 30))
	out := remember(t, h, clock(14, 31), surge(alice, 14, anomaly.Low, 3))
	expect(t, "news", news(out), "DeleteSurge app-web HIGH 30 opened high +30", "DeleteSurge alice LOW 3 opened")
	expect(t, "incidents", incidentNames(out), "app-web 14:10-14:20 HIGH, 1 anomalies", "alice 14:10-14:20 LOW, 1 anomalies")
	must(t, h.Told(t.Context(), out, clock(14, 31)))
	expect(t, "news when told", news(remember(t, h, clock(14, 32), surge(alice, 14, anomaly.Low, 3))))
}

// sequenceSpan: a sequence's window is a day, and its steps may be a day apart. It belongs to the incident of what was
// done last, and makes nothing of what lies between.
func sequenceSpan(t *testing.T, store state.Store) {
	h := New(store)
	h.sequences = func([]anomaly.Anomaly) []anomaly.Anomaly { return nil }
	tell := func(out *Outcome) {
		for i := range out.Incidents {
			must(t, h.Sent(t.Context(), &out.Incidents[i], clock(23, 0)))
		}
		must(t, h.Told(t.Context(), out, clock(23, 0)))
	}
	tell(remember(t, h, clock(2, 0), surge(appWeb, 1, anomaly.High, 20)))
	sequence := surge(appWeb, 12, anomaly.Critical, 20)
	sequence.Name, sequence.Family, sequence.Deleted = "AttackSequence", "", nil
	sequence.WindowStart, sequence.WindowEnd = clock(0, 0), clock(24, 0)
	out := remember(t, h, clock(13, 0), surge(appWeb, 12, anomaly.High, 30), sequence)
	expect(t, "the sequence", incidentNames(out), "app-web 12:10-12:20 CRITICAL, 2 anomalies")
	tell(out)
	out = remember(t, h, clock(20, 0), surge(appWeb, 19, anomaly.High, 20))
	expect(t, "after six quiet hours", incidentNames(out), "app-web 19:10-19:20 HIGH, 1 anomalies")
}

// shownToo: what the judgement of an hour tells of all its log files they don't tell once more, each of its own.
func shownToo(t *testing.T, store state.Store) {
	h := New(store)
	own := anomaly.Anomaly{
		Name: "ProtectionRemoved", Family: anomaly.Protection, Severity: anomaly.High, AccountID: account, Bucket: "photos", Principal: alice, Kind: anomaly.Human,
		WindowStart: clock(14, 0), WindowEnd: clock(15, 0),
	}
	own.First, own.Last = clock(14, 5), clock(14, 5)
	shows := func(n int, what string, objects int64, event string) {
		a := own
		a.Explanation, a.Count, a.KeysInAll, a.EventIDs = what, max(objects, 1), objects, []string{event}
		must(t, h.PutFound(t.Context(), []anomaly.Anomaly{a}, fmt.Sprintf("s3://logs/%d.json.gz", n), clock(14, 10), clock(14, 10)))
	}
	shows(1, "2 objects", 2, "e1")
	shows(2, "3 objects", 3, "e2")
	shows(3, "a call", 0, "e3")
	shows(4, "the policy", 0, "e4")
	all := own
	all.Explanation, all.Count, all.KeysInAll, all.EventIDs = "5 objects", 5, 5, []string{"e1", "e2", "e3"}
	all.Deleted = []anomaly.Deleted{{Principal: alice, Hour: clock(14, 0), Objects: 5}}

	outcome := remember(t, h, clock(14, 31), all)
	stored, err := h.Anomalies(t.Context(), photos, clock(0, 0), clock(24, 0))
	must(t, err)
	for what, list := range map[string][]anomaly.Anomaly{"the message": outcome.Incidents[0].Anomalies, "Anomalies": stored} {
		var told []string
		for _, a := range list {
			told = append(told, a.Explanation)
		}
		slices.Sort(told)
		expect(t, what, told, "5 objects", "the policy")
	}
}

// Ticks may meet: whatever they do at once, nothing is lost, and no more is reported than there is.
func severalAtOnce(t *testing.T, store state.Store) {
	const workers, rounds = 8, 5
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			h := New(store)
			for n := range int64(rounds) {
				a := surge(appWeb, 14, anomaly.Medium, 20+n*workers+int64(w))
				out, err := h.Remember(t.Context(), judged, []anomaly.Anomaly{a}, clock(14, 30))
				if err != nil {
					t.Error(err)
					return
				}
				if err := h.Told(t.Context(), out, clock(14, 30)); err != nil {
					t.Error(err)
				}
				for i := range out.Incidents {
					if err := h.Sent(t.Context(), &out.Incidents[i], clock(14, 30)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	const most = 20 + workers*rounds - 1
	h := New(store)
	all, err := h.readFound(t.Context(), bucketPartition(photos), span{clock(0, 0), clock(24, 0)}, clock(24, 0))
	must(t, err)
	for sort, s := range all {
		if s.Count != most || s.Told != anomaly.Medium {
			t.Errorf("%s: got count %d, told %s; want %d, MEDIUM", sort, s.Count, s.Told, most)
		}
	}
	item, err := store.Get(t.Context(), bucketPartition(photos), tallySort(appWeb, clock(14, 0)))
	must(t, err)
	var tally tallyItem
	must(t, decode(item.Data, &tally))
	if tally != (tallyItem{N: most, Reported: most}) {
		t.Errorf("got tally %+v, want all %d reported", tally, most)
	}
	expect(t, "afterwards", append(news(remember(t, h, clock(14, 31), surge(appWeb, 14, anomaly.Medium, most))), incidentNames(remember(t, h, clock(14, 31), surge(appWeb, 14, anomaly.Medium, most)))...))
}
