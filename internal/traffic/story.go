package traffic

import (
	"fmt"
	"slices"
	"time"
)

// Story is what a trail delivered while something happened that somebody has to be told of, and in the quiet weeks
// before, which show what is usual. The same is to be told to whom knows nothing of the weeks before: what becomes of
// single objects needs no comparison.
type Story struct {
	Before *Traffic // nothing in it is to be told
	During *Traffic
	// ExpectedDeletes is the account's expected-deletes.yaml. Who doesn't know it takes temporary files for lost ones.
	ExpectedDeletes string
	// Anomalies are all that is to be told, in the order of hours and names.
	Anomalies []Found
	// Messages are the incidents that somebody gets one message about, each at its highest severity.
	Messages []Incident
	// UnexpectedDeletes are the objects deleted that the anomalies are about, by bucket.
	UnexpectedDeletes map[string]int64
	// Judged is when the last of it can be judged: the time of the last tick.
	Judged time.Time
}

// Found is an anomaly that has to be found with what was remembered.
type Found struct {
	Anomaly
	Severity string
	Hour     time.Time // UTC, its beginning
	Keys     []string  // of the objects it is about, sorted
}

// Incident is what one message is about.
type Incident struct {
	Bucket, Principal, Severity string
}

// Times of the vanished images' day, UTC. Each hour of the story has a quiet neighbour on either side, since what is
// usual of an hour is known from those around it too.
const (
	opens, closes = 10 * time.Hour, 18 * time.Hour // when the app is used
	before        = 14                             // days: a bucket is known after two weeks
	afternoon     = 13 * time.Hour                 // when the story begins
	vanishing     = 14 * time.Hour                 // the hour in which images vanish
	evening       = 17 * time.Hour                 // when it ends
	lastJudged    = 17*time.Hour + 50*time.Minute  // more than the 45 minutes after the last hour's end
)

// Vanished is the story of the vanished images, on the UTC day of a time, from 13:00 to 17:00. An app (role/app-web)
// whose users delete old pictures of theirs deletes sixteen new ones minutes after their upload, and five of those
// again an hour later; the users ask for them all the while. Volume can't show it: the app deletes more old pictures
// every hour, a thumbnailer's temporary files live for half a minute, and the daily clean-up deletes a hundred and
// thirty objects in the same hour.
func Vanished(seed uint64, day time.Time) *Story {
	day = day.UTC().Truncate(24 * time.Hour)
	p := newPhotoApp(seed, day)
	story := &Story{
		Before: p.quietDays(day.AddDate(0, 0, -before), day),
		Judged: day.Add(lastJudged),
		ExpectedDeletes: fmt.Sprintf(`- bucket: photos
  principal: role/thumbnailer
  prefix: tmp/
  max_objects_per_hour: 100
  until: %s
  reason: The thumbnailer's temporary files live for half a minute.
`, day.AddDate(0, 1, 0).Format(time.DateOnly)),
	}
	story.During, story.Anomalies = p.storyDay(day)
	story.Messages = []Incident{{Bucket: p.photos.name, Principal: p.web.principal, Severity: "HIGH"}}
	story.UnexpectedDeletes = map[string]int64{}
	for _, a := range story.Anomalies {
		if a.Name != "ReadAfterDelete" { // it is about deletes that another anomaly is about, too
			story.UnexpectedDeletes[a.Bucket] += int64(len(a.Keys))
		}
	}
	return story
}

// quietDays delivers the days from first on, and the morning of last. A log file every hour, not every five minutes,
// keeps their number small.
func (p *photoApp) quietDays(first, last time.Time) *Traffic {
	const offset = 10 * time.Minute // what happened in an hour is delivered ten minutes after it
	p.trail.every, p.trail.logOmitted = time.Hour, true
	quiet := &Traffic{Account: account, Region: region, LogBucket: p.trail.log.name, From: first.Add(opens)}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		to := closes
		if day.Equal(last) {
			to = afternoon - time.Hour // so that all is delivered before the story begins
		}
		for hour := opens; hour < to; hour += time.Hour {
			p.usual(day.Add(hour))
		}
		quiet.To = day.Add(to)
		quiet.Files = append(quiet.Files, p.trail.deliver(day.Add(offset), quiet.To.Add(time.Hour))...)
	}
	quiet.Truth = p.trail.truth
	return quiet
}

// storyDay delivers the afternoon of the day, and says what has to be found in it.
func (p *photoApp) storyDay(day time.Time) (*Traffic, []Found) {
	p.trail.every, p.trail.logOmitted, p.trail.truth = slot, false, newTruth()
	s := &stage{trail: p.trail, seed: p.seed, from: day.Add(afternoon), to: day.Add(evening)}
	for hour := afternoon; hour < evening; hour += time.Hour {
		p.usual(day.Add(hour))
	}
	web := newWebApp(s, p.photos, account)
	web.pictures()
	web.videos(3)
	invoices := &bucket{name: "invoices", owner: account, region: region, versioned: true}
	billing(s, invoices, account)
	visitors(s, &bucket{name: "static-site", owner: account, region: region}, account)
	partner(s, &bucket{name: "partner-exchange", owner: partyOf, region: region}, account)
	noise(s, p.photos, account)
	oddities(s, invoices, account)

	found := p.vanish(day.Add(vanishing))
	slices.SortFunc(found, compareFound)
	return &Traffic{
		Account: account, Region: region, LogBucket: p.trail.log.name, From: s.from, To: s.to,
		Files: p.trail.deliver(s.from, s.to.Add(2*slot)),
		Truth: p.trail.truth,
	}, found
}
