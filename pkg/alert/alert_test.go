package alert_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"bucketwatch/internal/hostile"
	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

func checkHarmless(t *testing.T, m alert.Message) {
	t.Helper()
	if n := len(m.Subject); n == 0 || n > 100 || strings.ContainsFunc(m.Subject, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("Subject = %q: %d characters, want 1 to 100 of printable ASCII", m.Subject, n)
	}
	if strings.ContainsFunc(m.Body, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		t.Errorf("Body holds what can't be printed: %q", m.Body)
	}
	if len(m.Body) > 64<<10 {
		t.Errorf("Body has %d bytes, want at most 64 KB", len(m.Body))
	}
}

func TestSubject(t *testing.T) {
	tests := []struct {
		name   string
		change func(*alert.Incident)
		want   string
	}{
		{"a span", func(*alert.Incident) {}, "[HIGH] photos: 1,240 objects deleted by role/app-web, 14:00-14:35 UTC"},
		{"a minute", func(i *alert.Incident) { i.Last = i.First }, "[HIGH] photos: 1,240 objects deleted by role/app-web, 14:00 UTC"},
		{"of another day", func(i *alert.Incident) { i.Now = clock("00:10:00").AddDate(0, 0, 1) }, "[HIGH] photos: 1,240 objects deleted by role/app-web, 20 Nov 14:00-14:35 UTC"},
		{"over midnight", func(i *alert.Incident) { i.Last = clock("00:10:00").AddDate(0, 0, 1) }, "[HIGH] photos: 1,240 objects deleted by role/app-web, 20 Nov 14:00-21 Nov 00:10 UTC"},
		{"another time zone", func(i *alert.Incident) { i.First = i.First.In(time.FixedZone("KST", 9*3600)) }, "[HIGH] photos: 1,240 objects deleted by role/app-web, 14:00-14:35 UTC"},
		{"the time isn't given", func(i *alert.Incident) { i.Now = time.Time{} }, "[HIGH] photos: 1,240 objects deleted by role/app-web, 14:00-14:35 UTC"},
		{"one object", func(i *alert.Incident) { i.Anomalies[0].Deleted[0].Objects = 1 }, "[HIGH] photos: 1 object deleted by role/app-web, 14:00-14:35 UTC"},
		{"not ASCII", func(i *alert.Incident) { i.Principal = "arn:aws:iam::111122223333:user/김" }, "[HIGH] photos: 1,240 objects deleted by user/?, 14:00-14:35 UTC"},
		{"another account", func(i *alert.Incident) { i.Principal = "arn:aws:iam::444455556666:role/app-web" }, "[HIGH] photos: 1,240 objects deleted by role/app-web of 444455556666, 14:00-14:35 UTC"},
		{"a new line", func(i *alert.Incident) { i.Bucket = "a\r\nb" }, "[HIGH] a??b: 1,240 objects deleted by role/app-web, 14:00-14:35 UTC"},
		{"too long", func(i *alert.Incident) { i.Principal = strings.Repeat("x", 200) },
			"[HIGH] photos: 1,240 objects deleted by " + strings.Repeat("x", 100-40-17-3) + "..., 14:00-14:35 UTC"},
		{"a detector of tomorrow", func(i *alert.Incident) { i.Anomalies[0].Name = "Whatever" }, "[HIGH] photos: Whatever by role/app-web, 14:00-14:35 UTC"},
		{"no anomaly", func(i *alert.Incident) { i.Anomalies = nil }, "[HIGH] photos: something unexpected by role/app-web, 14:00-14:35 UTC"},
		{"several hours, and their day", func(i *alert.Incident) {
			next := surge()
			next.WindowStart, next.WindowEnd, next.First, next.Last = clock("15:00:00"), clock("16:00:00"), clock("15:00:00"), clock("15:10:00")
			next.Deleted = []anomaly.Deleted{{Principal: appWeb, Hour: clock("15:00:00"), Objects: 60}}
			day := surge()
			day.WindowStart, day.WindowEnd = clock("00:00:00"), clock("23:59:59").Add(time.Second)
			day.Deleted = []anomaly.Deleted{{Principal: appWeb, Hour: clock("14:00:00"), Objects: 1240}, {Principal: appWeb, Hour: clock("15:00:00"), Objects: 60}}
			i.Anomalies, i.Last = append(i.Anomalies, next, day), next.Last
		}, "[HIGH] photos: 1,300 objects deleted by role/app-web, 14:00-15:10 UTC"},
		{"several changes", func(i *alert.Incident) {
			i.Anomalies = []anomaly.Anomaly{suspended(), suspended(), suspended()}
		}, "[HIGH] photos: role/app-web suspended versioning (2 more changes), 14:00-14:35 UTC"},
		{"gone for good tells more", func(i *alert.Incident) {
			a := surge()
			a.Name, a.Deleted[0].Objects = "PermanentDelete", 40
			i.Anomalies = append(i.Anomalies, a)
		}, "[HIGH] photos: 40 versions deleted for good by role/app-web, 14:00-14:35 UTC"},
		{"a less severe one doesn't", func(i *alert.Incident) {
			a := surge()
			a.Name, a.Severity = "PermanentDelete", anomaly.Medium
			i.Anomalies = append(i.Anomalies, a)
		}, "[HIGH] photos: 1,240 objects deleted by role/app-web, 14:00-14:35 UTC"},
		{"a few of many uploads don't", func(i *alert.Incident) {
			a := surge()
			a.Name, a.Count = "DeletedSoonAfterUpload", 12
			i.Anomalies = append(i.Anomalies, a)
		}, "[HIGH] photos: 1,240 objects deleted by role/app-web, 14:00-14:35 UTC"},
		{"three people", func(i *alert.Incident) {
			i.Principal, i.Anomalies[0].Principal, i.Anomalies[0].Persons = anomaly.People, anomaly.People, []string{alice, bob, "carol"}
		}, "[HIGH] photos: 1,240 objects deleted by 3 people, 14:00-14:35 UTC"},
		{"two people", func(i *alert.Incident) {
			i.Principal, i.Anomalies[0].Principal, i.Anomalies[0].Persons = anomaly.People, anomaly.People, []string{alice, "carol"}
		}, "[HIGH] photos: 1,240 objects deleted by user/alice and carol, 14:00-14:35 UTC"},
		{"bulk deletes without an estimate", func(i *alert.Incident) {
			i.Anomalies[0].Name, i.Anomalies[0].Deleted, i.Anomalies[0].Count = "OpaqueBulkDelete", nil, 3
		}, "[HIGH] photos: at least 3 objects deleted in bulk, not recorded, by role/app-web, 14:00-14:35 UTC"},
		{"anonymous", func(i *alert.Incident) { i.Principal = "anonymous" }, "[HIGH] photos: 1,240 objects deleted by an anonymous caller, 14:00-14:35 UTC"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i := incident(surge())
			test.change(&i)
			m := i.Message()
			if m.Subject != test.want {
				t.Errorf("Subject = %q, want %q", m.Subject, test.want)
			}
			checkHarmless(t, m)
		})
	}
}

// The prefixes of changes' sentences are those that the detector writes.
func TestSubjectOfRealChange(t *testing.T) {
	for what, want := range map[string]string{
		"suspended versioning of photos":                                          "role/app-web suspended versioning, 14:02 UTC",
		"let everyone delete objects by the policy of photos, under a condition,": "role/app-web let everyone delete objects by the policy, under a condition, 14:02 UTC",
		"deleted the bucket photos":                                               "role/app-web deleted the bucket photos, 14:02 UTC",
		"removed protections in more places than can be told one by one":          "role/app-web removed protections in more places than can be told one by..., 14:02 UTC",
	} {
		var d anomaly.ProtectionRemoved
		d.Change(s3event.Removal{Bucket: "photos", What: what}, anomaly.Evidence{Time: clock("14:02:31"), Caller: s3event.Caller{Principal: appWeb}})
		i := incident(d.Anomalies()...)
		if got := strings.TrimPrefix(i.Message().Subject, "[HIGH] photos: "); got != want {
			t.Errorf("Subject of %q ends with %q, want %q", what, got, want)
		}
	}
}

// What callers sent must not end a line, act on the terminal of who reads it, or get out of its quotes.
func TestHostile(t *testing.T) {
	const sent = "x\r\nFrom: y\x1b[31m\x00\u2028\u202e\xff'; rm -rf ~; '\"`$(id)`"
	i := incident(surge())
	a := &i.Anomalies[0]
	a.Keys, a.SourceIPAddresses, a.UserAgents, a.LogFiles = []string{sent}, []string{sent}, []string{sent}, []string{"s3://" + sent + "/AWSLogs/"}
	a.Explanation, a.Name, a.EventIDs = sent, sent, []string{sent}
	i.Bucket, i.Principal, i.AccountID, i.Region, i.LogGroup = sent, sent, sent, sent, sent
	m := i.Message()
	checkHarmless(t, m)
	if strings.Contains(m.Body, "\nFrom: y") {
		t.Errorf("Body has a line of what a caller sent:\n%s", m.Body)
	}
	for _, command := range commands(m.Body) {
		if strings.Contains(command, "rm -rf") {
			t.Errorf("a command holds what a caller sent: %s", command)
		}
	}
}

// A key in a sentence may hold words that look like a command, but no line begins with them.
func TestNoLineBeginsInAKey(t *testing.T) {
	for width := range 80 {
		key := "a/" + strings.Repeat("x", width) + " aws s3 rm --recursive s3://photos" + strings.Repeat("y", 100)
		a := surge()
		a.Keys = []string{key}
		a.Explanation = "8 objects of photos were deleted by role/app-web, the first of them " + key[:120] + "…; none before."
		i := incident(a)
		for text := range strings.Lines(i.Message().Body) {
			if strings.HasPrefix(strings.TrimSpace(text), "aws s3 rm") {
				t.Fatalf("a line begins with what stands in the key %q:\n%s", key, i.Message().Body)
			}
		}
	}
}

func TestTest(t *testing.T) {
	m := alert.Test(clock("14:46:00"), "111122223333", "eu-central-1", "bw-log")
	if want := "TEST [HIGH] example-bucket: 1,240 objects deleted by role/app-web, 13:00-13:35 UTC"; m.Subject != want {
		t.Errorf("Subject = %q, want %q", m.Subject, want)
	}
	if !strings.HasPrefix(m.Body, "TEST: this message was asked for, and nothing happened.") {
		t.Errorf("Body does not begin with TEST, and that nothing happened:\n%s", m.Body)
	}
	if c := commands(m.Body); len(c) > 0 || strings.Contains(m.Body, "| filter") {
		t.Errorf("there is something to copy, about a bucket that nobody has:\n%s", m.Body)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("photos", appWeb, "a/7.jpg", "1,240 objects deleted.", "DeleteSurge", "HIGH", int64(0), int64(2100), int64(1240))
	f.Add("x'\n", "PEOPLE", "it's/\u202e\xff!", "a at 14:02 UTC", "ProtectionRemoved", "CRITICAL", int64(1<<40), int64(-1<<40), int64(-1))
	f.Add("_account", "UNATTRIBUTED", "*", "", "AttackSequence", "", int64(-1<<62), int64(1<<62), int64(1<<62))
	for k, s := range hostile.Values() {
		f.Add(s, s, s, s, []string{"DeleteSurge", "ProtectionRemoved", "EncryptedOverwrite", s}[k%4], "HIGH", int64(0), int64(2100), int64(2))
	}
	message := func(bucket, principal, key, sentence, name, severity string, first, last, n int64) alert.Message {
		a := surge()
		a.Name, a.Severity, a.Bucket, a.Principal, a.Count, a.KeysInAll, a.Explanation = name, anomaly.Severity(severity), bucket, principal, n, n, sentence
		a.First, a.Last = time.Unix(first, 0), time.Unix(last, 0)
		a.Keys, a.SourceIPAddresses, a.UserAgents, a.EventIDs, a.Persons = []string{key}, []string{key}, []string{sentence}, []string{key}, []string{principal, key}
		a.LogFiles = []string{"s3://" + bucket + "/AWSLogs/1/CloudTrail/" + key + "/2026"}
		a.Deleted[0] = anomaly.Deleted{Principal: principal, Hour: time.Unix(last, 0), Objects: n}
		i := alert.Incident{
			Severity: anomaly.Severity(severity), AccountID: key, Region: key, Bucket: bucket, Principal: principal, First: a.First, Last: a.Last,
			Anomalies: []anomaly.Anomaly{a, surge(), suspended()}, LogGroup: sentence, DeleteMarkers: n, Now: time.Unix(first, 0),
		}
		return i.Message()
	}
	f.Fuzz(func(t *testing.T, bucket, principal, key, sentence, name, severity string, first, last, n int64) {
		if len(bucket)+len(principal)+len(key)+len(sentence)+len(name)+len(severity) > 4<<10 {
			return
		}
		checkHarmless(t, message(bucket, principal, key, sentence, name, severity, first, last, n))
		for _, end := range []string{"\n", "\r\n", "\u2028", "\u0085", "\n\n"} {
			begun := end + hostile.Canary
			m := message(bucket+begun, principal+begun, key+begun, sentence+begun, name, severity, first, last, n)
			checkHarmless(t, m)
			for text := range strings.Lines(m.Body) {
				if strings.HasPrefix(strings.TrimSpace(text), hostile.Canary) && !strings.Contains(bucket+principal+key+sentence+name, hostile.Canary) {
					t.Errorf("a line of the message is begun by a caller:\n%s", m.Body)
				}
			}
		}
	})
}
