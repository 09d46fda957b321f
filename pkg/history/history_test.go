package history

import (
	"fmt"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

const (
	account = "111122223333"
	appWeb  = "arn:aws:iam::111122223333:role/app-web"
	alice   = "arn:aws:iam::111122223333:user/alice"
	bob     = "arn:aws:iam::111122223333:user/bob"
)

var photos = anomaly.Bucket{AccountID: account, Name: "photos"}

// clock returns the time of day on 20 November 2026.
func clock(hour, minute int) time.Time {
	return time.Date(2026, 11, 20, hour, minute, 0, 0, time.UTC)
}

// behaviours are what a History does over any store. TestMemory and TestDynamoDB run them.
var behaviours = []struct {
	name string
	run  func(*testing.T, state.Store)
}{
	{"shares come back merged", sharesComeBack},
	{"as of a moment", asOfMoment},
	{"old evidence is not seen", oldEvidence},
	{"keys come back", keysComeBack},
	{"a share too large for one item", largeShare},
	{"a log file delivered twice", deliveredTwice},
	{"new evidence of an hour read before", readBefore},
	{"evidence that is read late", readLate},
	{"since", sinceWhen},
	{"what a log file asks for", asksFor},
	{"an hour's way through the ticks", wayOfAnHour},
	{"what is due again meanwhile stays due", dueAgain},
	{"due is limited", dueLimited},
	{"what is damaged hides nothing", damagedDue},
	{"a message that can't be sent", postponed},
	{"a bucket that is only read", onlyRead},
	{"since, of many buckets", sinceOfMany},
	{"warm and cold processes", warmAndCold},
	{"keys are limited", keysLimited},
	{"days are closed on demand", closedDays},
	{"a closed day stays as it is", dayStays},
	{"an anomaly is told once", toldOnce},
	{"an anomaly that becomes more", becomesMore},
	{"unexpected deletes are counted once", countedOnce},
	{"deletes of persons", deletesOfPersons},
	{"what a log file shows by itself", shownByFile},
	{"incidents", incidentsOfBucket},
	{"an incident's message", messages},
	{"incidents that become one", bridged},
	{"found but not told", foundNotTold},
	{"a sequence is when its later step is", sequenceSpan},
	{"objects that log files show, too", shownToo},
	{"two steps are a sequence", twoSteps},
	{"several at once", severalAtOnce},
	{"any order", anyOrder},
	{"what the past tells is adopted", adopts},
}

func TestMemory(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) { b.run(t, state.NewMemory()) })
	}
}

// share is a share of photos with as many deletes by appWeb.
func share(hour, delivered time.Time, n int, deletes int64) anomaly.Share {
	s := anomaly.Share{
		Bucket:    "photos",
		Hour:      hour,
		LogFile:   fmt.Sprintf("s3://logs/AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20/%s_%03d.json.gz", delivered.Format("20060102T1504Z"), n),
		Delivered: delivered,
		Uploads:   2,
	}
	if deletes > 0 {
		a := anomaly.Activity{Principal: appWeb}
		a.Counts[anomaly.Objects] = deletes
		a.Sample(anomaly.Objects).Add(anomaly.Evidence{
			Time: hour.Add(5 * time.Minute), EventID: eventID(n), Key: fmt.Sprintf("2026/11/%d.jpg", n),
		})
		s.Activities = []anomaly.Activity{a}
		for i := range deletes {
			key := fmt.Sprintf("2026/11/%d-%d.jpg", n, i)
			s.Keys.Deletes = append(s.Keys.Deletes, anomaly.KeyDelete{
				Hash: anomaly.HashKey([]byte(key)), At: hour.Unix() + 300 + i, Key: key, Principal: appWeb, EventID: eventID(n + int(i)),
			})
		}
	}
	for i := range s.Uploads {
		s.Keys.Uploads = append(s.Keys.Uploads, anomaly.Upload{Hash: uint64(n)<<8 | uint64(i), At: hour.Unix() + i})
	}
	return s
}

func eventID(n int) string { return fmt.Sprintf("%08x-1111-4222-8333-%012x", n, n*7919) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// putShares puts shares at the time of their delivery.
func putShares(t *testing.T, h *History, shares ...anomaly.Share) {
	t.Helper()
	for _, s := range shares {
		must(t, h.PutShares(t.Context(), account, []anomaly.Share{s}, s.Delivered))
	}
}

func due(t *testing.T, h *History, now time.Time) []Due {
	t.Helper()
	all, _, err := h.Due(t.Context(), now, nil)
	must(t, err)
	return all
}

// summary says in short what is due.
func summary(all []Due) []string {
	list := []string{}
	for _, d := range all {
		list = append(list, fmt.Sprintf("%s %s %s at %s", d.Kind, d.Bucket.Name, d.Hour.Format("2T15"), d.At.Format("2T15:04")))
	}
	return list
}

// tick does what a tick does, without the lines and messages.
func tick(t testing.TB, h *History, now time.Time, judge func(anomaly.History, Due) []anomaly.Anomaly) []*Outcome {
	t.Helper()
	fail := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	all, more, err := h.Due(ctx, now, nil)
	fail(err)
	byBucket := map[anomaly.Bucket][]Due{}
	var buckets []anomaly.Bucket
	for _, d := range all {
		if byBucket[d.Bucket] == nil {
			buckets = append(buckets, d.Bucket)
		}
		byBucket[d.Bucket] = append(byBucket[d.Bucket], d)
	}
	var outcomes []*Outcome
	for _, b := range buckets {
		var found []anomaly.Anomaly
		judged := map[time.Time]bool{}
		for _, d := range byBucket[b] {
			switch {
			case d.Kind == Day:
				fail(h.CloseDay(ctx, b, d.Hour, now))
			case d.Kind == Waited || d.Kind == AtOnce && !judged[d.Hour]:
				judged[d.Hour] = judged[d.Hour] || d.Kind == AtOnce
				found = append(found, judge(h.For(d), d)...)
			}
		}
		out, err := h.Remember(ctx, byBucket[b], found, now)
		fail(err)
		for i := range out.Incidents {
			if out.Incidents[i].Severity.Compare(anomaly.High) >= 0 {
				fail(h.Sent(ctx, &out.Incidents[i], now))
			}
		}
		fail(h.Told(ctx, out, now))
		fail(h.Finish(ctx, byBucket[b], now))
		outcomes = append(outcomes, out)
	}
	if more {
		outcomes = append(outcomes, tick(t, h, now, judge)...)
	}
	return outcomes
}

// detect is the detectors' judgement.
func detect(t testing.TB) func(anomaly.History, Due) []anomaly.Anomaly {
	return func(history anomaly.History, d Due) []anomaly.Anomaly {
		j, err := anomaly.Judge(t.Context(), d.Bucket, history, d.Hour, d.Kind == Waited)
		if err != nil {
			t.Fatal(err)
		}
		return j.Anomalies
	}
}
