package traffic

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// The stories of two seeds are made once: each is some thousand records.
var (
	vanished1 = sync.OnceValue(func() *Story { return Vanished(1, end) })
	vanished2 = sync.OnceValue(func() *Story { return Vanished(2, end) })
)

func TestVanishedIsDeterministic(t *testing.T) {
	a, b := vanished1(), vanished2()
	if !reflect.DeepEqual(a, Vanished(1, end.Add(13*time.Hour))) {
		t.Error("Vanished(1, end) differs from itself on the same day")
	}
	if reflect.DeepEqual(a.Before.Files, b.Before.Files) || reflect.DeepEqual(a.During.Files, b.During.Files) {
		t.Error("Vanished(1, end) = Vanished(2, end), want other files")
	}
}

// A reader who knows nothing of the generator must come to the truth: in the counts, in what has to be told (and nothing
// else of anybody but the thumbnailer, whose deletes are expected), and in numbers that show nothing.
func TestVanishedTruth(t *testing.T) {
	for name, story := range map[string]*Story{"seed 1": vanished1(), "seed 2": vanished2()} {
		t.Run(name, func(t *testing.T) {
			var events []objectEvent
			for _, traffic := range []*Traffic{story.Before, story.During} {
				got := newTruth()
				for _, f := range traffic.Files {
					records := decode(t, f.Body)
					count(t, got, traffic.LogBucket, records)
					events = append(events, objectEvents(records)...)
				}
				compare(t, got, traffic.Truth)
			}
			slices.SortStableFunc(events, func(a, b objectEvent) int { return a.at.Compare(b.at) })
			found := slices.DeleteFunc(findInKeys(events), func(f Found) bool { return strings.HasSuffix(f.Principal, ":role/thumbnailer") })
			if diff := gocmp.Diff(story.Anomalies, found); diff != "" {
				t.Errorf("found in the files (-truth +found):\n%s", diff)
			}
			checkVolume(t, events, story.During.From.Truncate(24*time.Hour))
		})
	}
}

func TestVanishedFiles(t *testing.T) {
	story := vanished1()
	day := end.Truncate(24 * time.Hour)
	if got, want := story.Before.From, day.AddDate(0, 0, -14).Add(10*time.Hour); !got.Equal(want) {
		t.Errorf("the story begins at %s, want %s", got, want)
	}
	last := time.Time{}
	for _, f := range slices.Concat(story.Before.Files, story.During.Files) {
		if f.Delivered.Before(last) {
			t.Errorf("%s was delivered before the file ahead of it", f.Key)
		}
		last = f.Delivered
	}
	if first := story.During.Files[0].Delivered; first.Before(day.Add(13*time.Hour)) || last.After(story.Judged) {
		t.Errorf("the afternoon was delivered from %s to %s, want from 13:00 on, and no later than %s", first, last, story.Judged)
	}
	if n := len(story.Before.Files); n > 400 {
		t.Errorf("the quiet weeks have %d files, which makes the demo slow", n)
	}
	for _, class := range []string{"Counted", "NotS3", "NotARequest", "Duplicate", "ForeignBucket", "LogBucket", "TooOld"} {
		if story.During.Truth.Records["Records"+class] == 0 {
			t.Errorf("Records%s = 0, want some", class)
		}
	}
}

func TestVanishedStory(t *testing.T) {
	story := vanished1()
	const web = "arn:aws:iam::111122223333:role/app-web"
	var names []string
	deleted := make(map[string]bool)
	for _, d := range story.During.Truth.Deletes {
		deleted[d.Bucket+"/"+d.Key] = d.Principal == web && d.ErrorCode == ""
	}
	for _, a := range story.Anomalies {
		names = append(names, fmt.Sprintf("%s %s %s %d", a.Hour.Format("15:04"), a.Name, a.Severity, len(a.Keys)))
		if a.Bucket != "photos" || a.Principal != web || !slices.Contains(a.Keys, "a/7.jpg") {
			t.Errorf("%s = %+v, want one about a/7.jpg in photos by %s", a.Name, a, web)
		}
		for _, key := range a.Keys {
			if !deleted[a.Bucket+"/"+key] {
				t.Errorf("%s tells of %s, which %s didn't delete", a.Name, key, web)
			}
		}
	}
	want := []string{"14:00 DeletedSoonAfterUpload HIGH 16", "15:00 ReadAfterDelete HIGH 12", "15:00 RepeatedDelete MEDIUM 5"}
	if diff := gocmp.Diff(want, names); diff != "" {
		t.Errorf("anomalies (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff([]Incident{{"photos", web, "HIGH"}}, story.Messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(map[string]int64{"photos": 21}, story.UnexpectedDeletes); diff != "" {
		t.Errorf("unexpected deletes (-want +got):\n%s", diff)
	}
	for _, entry := range []string{"- bucket: photos", "principal: role/thumbnailer", "until: 2026-12-20"} {
		if !strings.Contains(story.ExpectedDeletes, entry) {
			t.Errorf("expected-deletes.yaml lacks %s:\n%s", entry, story.ExpectedDeletes)
		}
	}
}

// checkVolume: nobody's hour today may be much larger than one and a half times the largest of the same principal's
// comparable hours before. Then a detector that looks at numbers alone must be silent, and one that looks for new
// principals too.
func checkVolume(t *testing.T, events []objectEvent, today time.Time) {
	t.Helper()
	type stream struct{ bucket, principal string }
	hours := make(map[stream]map[time.Time]int)
	for _, e := range events {
		if s := (stream{e.bucket, e.principal}); e.what == "delete" {
			if hours[s] == nil {
				hours[s] = make(map[time.Time]int)
			}
			hours[s][e.at.Truncate(time.Hour)]++
		}
	}
	for s, counts := range hours {
		for hour, n := range counts {
			if hour.Before(today) {
				continue
			}
			largest := 0
			for earlier, m := range counts {
				if around := earlier.Hour() - hour.Hour(); around >= -1 && around <= 1 && today.Sub(earlier) > 24*time.Hour {
					largest = max(largest, m)
				}
			}
			if largest == 0 || 2*n > 3*largest+6 {
				t.Errorf("%s deleted %d objects from %s at %s, and %d at the most on the days before", s.principal, n, s.bucket, hour, largest)
			}
		}
	}
}

// objectEvent is what happened to one object.
type objectEvent struct {
	at                     time.Time
	what                   string // upload, delete or refused
	bucket, key, principal string
}

// objectEvents reads one file naively.
func objectEvents(records []oracleRecord) []objectEvent {
	var events []objectEvent
	callers := make(map[string]string)
	for i := range records {
		if r := &records[i]; r.EventName == "DeleteObjects" {
			callers[r.RequestID] = r.principal()
		}
	}
	for i := range records {
		r := &records[i]
		e := objectEvent{at: r.EventTime, bucket: r.bucket(), key: r.key(), principal: r.principal()}
		switch ok := r.ErrorCode == ""; {
		case r.EventSource != "s3.amazonaws.com":
		case r.EventName == "DeleteObject" && ok:
			e.what = "delete"
			if r.UserIdentity.ARN == "" {
				e.principal = callers[r.RequestID]
			}
		case ok && slices.Contains([]string{"PutObject", "CompleteMultipartUpload"}, r.EventName):
			e.what = "upload"
		case !ok && slices.Contains([]string{"GetObject", "HeadObject"}, r.EventName):
			if code := r.ErrorCode; code == "NoSuchKey" || code == "AccessDenied" {
				e.what = "refused"
			}
		}
		if e.what != "" {
			events = append(events, e)
		}
	}
	return events
}

// findInKeys finds what became of single objects, by the floors alone: five deleted within an hour of their upload, three
// deleted again a minute later or more, three deleted within a week that somebody else asks for.
func findInKeys(events []objectEvent) []Found {
	type id struct{ bucket, key string }
	last := make(map[id]objectEvent) // upload or delete
	keys := make(map[Anomaly]map[time.Time]map[string]bool)
	add := func(name, principal string, e objectEvent) {
		a := Anomaly{Bucket: e.bucket, Name: name, Principal: principal}
		if keys[a] == nil {
			keys[a] = make(map[time.Time]map[string]bool)
		}
		hour := e.at.UTC().Truncate(time.Hour)
		if keys[a][hour] == nil {
			keys[a][hour] = make(map[string]bool)
		}
		keys[a][hour][e.key] = true
	}
	for _, e := range events {
		before := last[id{e.bucket, e.key}]
		age := e.at.Sub(before.at)
		switch {
		case e.what == "delete" && before.what == "upload" && age <= time.Hour:
			add("DeletedSoonAfterUpload", e.principal, e)
		case e.what == "delete" && before.what == "delete" && age >= time.Minute && age <= 7*24*time.Hour:
			add("RepeatedDelete", e.principal, e)
		case e.what == "refused" && before.what == "delete" && age <= 7*24*time.Hour && e.principal != before.principal:
			add("ReadAfterDelete", before.principal, e)
		}
		if e.what != "refused" {
			last[id{e.bucket, e.key}] = e
		}
	}
	floors := map[string]int{"DeletedSoonAfterUpload": 5, "RepeatedDelete": 3, "ReadAfterDelete": 3}
	severities := map[string]string{"DeletedSoonAfterUpload": "HIGH", "RepeatedDelete": "MEDIUM", "ReadAfterDelete": "HIGH"}
	var found []Found
	for a, hours := range keys {
		for hour, objects := range hours {
			if len(objects) >= floors[a.Name] {
				found = append(found, Found{a, severities[a.Name], hour, slices.Sorted(maps.Keys(objects))})
			}
		}
	}
	slices.SortFunc(found, func(a, b Found) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Name, b.Name))
	})
	return found
}
