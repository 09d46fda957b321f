package pipeline

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// incidentDay is the day of the story that is told in many orders; the bucket is known for sixteen days before it.
var incidentDay = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

const calmFor = 16 // days

// clockOn returns the time of day on incidentDay.
func clockOn(hour, minute, second int) time.Time {
	return incidentDay.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
}

// calmDays are the log files of days on which the app does what it always does.
func calmDays() []delivery {
	var files []delivery
	for n := range calmFor {
		at := incidentDay.AddDate(0, 0, n-calmFor).Add(10 * time.Hour)
		files = append(files, deliver(n, at.Add(7*time.Minute),
			request{at: at, who: appWeb, operation: "PutObject", bucket: "photos", key: fmt.Sprintf("calm/%d", n)},
			request{at: at.Add(time.Minute), who: appWeb, operation: "DeleteObject", bucket: "photos", key: fmt.Sprintf("old/%d", n)}))
	}
	return files
}

// calmTicks are enough to judge calmDays.
func calmTicks() []time.Time {
	var all []time.Time
	for day := range calmFor {
		all = append(all, incidentDay.AddDate(0, 0, day-calmFor+1))
	}
	return all
}

// badDay is a day on which every detector has something to find, its records spread over many log files that are
// delivered up to half an hour later, as rnd has it.
func badDay(rnd *rand.Rand) []delivery {
	var all []request
	add := func(r request) {
		if r.bucket == "" {
			r.bucket = "photos"
		}
		all = append(all, r)
	}
	add(request{at: clockOn(9, 50, 0), who: intern, operation: "PutBucketVersioning", parameters: suspended})
	add(request{at: clockOn(9, 51, 0), who: intern, operation: "DeleteBucketPolicy"})
	add(request{at: clockOn(9, 55, 0), who: intern, operation: "DeleteObjects", bytesIn: 50_000})
	for i := range 22 {
		add(request{at: clockOn(11, 5, 30*i), who: intern, operation: "DeleteObject", key: fmt.Sprintf("b/%d.jpg", i)})
		add(request{at: clockOn(11, 2, 40*i), who: []string{alice, bob}[i%2], operation: "DeleteObject", key: fmt.Sprintf("c/%d.jpg", i)})
	}
	for i := range 6 {
		key := fmt.Sprintf("a/%d.jpg", i)
		add(request{at: clockOn(12, 1, i), who: appWeb, operation: "PutObject", key: key})
		add(request{at: clockOn(12, 9, 10*i), who: appWeb, operation: "DeleteObject", key: key})
		if i < 4 {
			add(request{at: clockOn(12, 31, i), who: appWeb, operation: "DeleteObject", key: key})
		}
		add(request{at: clockOn(12, 35, 7*i), who: cdn, operation: "GetObject", key: key, errorCode: "NoSuchKey"})
		add(request{at: clockOn(12, 41, i), who: intern, operation: "DeleteObject", key: key, errorCode: "AccessDenied"})
	}
	for i := range 3 {
		add(request{at: clockOn(12, 44, i), who: alice, operation: "DeleteObject", key: fmt.Sprintf("d/%d.jpg", i), versionID: "v" + fmt.Sprint(i)})
		add(request{at: clockOn(12, 46, i), who: intern, operation: "PutObject", key: fmt.Sprintf("e/%d.jpg", i), sseC: true})
		add(request{at: clockOn(12, 47, 5*i), who: intern, operation: "DeleteObject", bucket: logBucket, key: fmt.Sprintf("AWSLogs/%d.json.gz", i)})
	}
	// What would explain them comes too late, and what comes too late is not looked at.
	var late []request
	for i := range 3 {
		read, again := fmt.Sprintf("f/%d.jpg", i), fmt.Sprintf("g/%d.jpg", i)
		for _, key := range []string{read, again} {
			add(request{at: clockOn(11, 10, i), who: cleaner, operation: "DeleteObject", key: key})
			late = append(late, request{at: clockOn(11, 15, i), who: cleaner, operation: "PutObject", bucket: "photos", key: key})
		}
		add(request{at: clockOn(11, 14, i), who: cdn, operation: "GetObject", key: read, errorCode: "NoSuchKey"})
		add(request{at: clockOn(11, 20, i), who: cleaner, operation: "DeleteObject", key: again})
		late = append(late, request{at: clockOn(9, 55, 0), who: intern, operation: "DeleteObject", bucket: "photos", perKey: true, key: fmt.Sprintf("h/%d.jpg", i)})
	}
	files := []delivery{deliver(2000, clockOn(14, rnd.IntN(20), 0), late...)}
	byFile := map[int][]request{}
	for _, r := range all {
		// Two streams of files, twenty minutes each.
		n := 2*int(r.at.Sub(incidentDay)/(20*time.Minute)) + rnd.IntN(2)
		byFile[n] = append(byFile[n], r)
	}
	for n, requests := range byFile {
		end := incidentDay.Add(time.Duration(n/2+1) * 20 * time.Minute)
		files = append(files, deliver(1000+n, end.Add(time.Duration(rnd.IntN(20))*time.Minute), requests...))
	}
	slices.SortFunc(files, func(a, b delivery) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.key, b.key)) })
	return files
}

// badTicks are the moments of judging badDay.
func badTicks() []time.Time {
	var all []time.Time
	for at := clockOn(9, 30, 0); at.Before(clockOn(15, 0, 0)); at = at.Add(time.Hour) {
		all = append(all, at)
	}
	return append(all, clockOn(15, 1, 0), clockOn(23, 0, 0))
}

// step is what happens next: log files that are read at the same time, and then a tick.
type step struct {
	files []delivery
	tick  time.Time
}

// inTurn returns the files in the order of their delivery.
func inTurn(files []delivery, ticks []time.Time) []step {
	var steps []step
	for _, tick := range ticks {
		s := step{tick: tick}
		for len(files) > 0 && !files[0].at.After(tick) {
			s.files, files = append(s.files, files[0]), files[1:]
		}
		steps = append(steps, s)
	}
	return steps
}

// inSomeOrder returns the files in an order in which none is read after one that is more than 24 hours younger, some of
// them twice, each tick after all files delivered before it.
func inSomeOrder(rnd *rand.Rand, files []delivery, ticks []time.Time) []step {
	type turn struct {
		delivery
		at time.Time
	}
	var turns []turn
	for _, f := range files {
		turns = append(turns, turn{f, f.at.Add(time.Duration(rnd.Int64N(int64(23 * time.Hour))))})
		if rnd.IntN(20) == 0 {
			turns = append(turns, turn{f, f.at.Add(time.Duration(rnd.Int64N(int64(23 * time.Hour))))})
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
	var steps []step
	from := 0
	for _, tick := range ticks {
		until := from
		for i := from; i < len(turns); i++ {
			if !turns[i].delivery.at.After(tick) {
				until = i + 1
			}
		}
		s := step{tick: tick}
		for _, turn := range turns[from:until] {
			s.files = append(s.files, turn.delivery)
		}
		steps, from = append(steps, s), until
	}
	return steps
}
