package alert_test

import (
	"strings"
	"testing"
	"time"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
)

var at = time.Date(2026, 11, 20, 14, 2, 30, 0, time.UTC)

func incident() alert.Incident {
	return alert.Incident{
		Severity: anomaly.High, Bucket: "photos", Headline: "12 objects deleted by role/app-web", First: at, Last: at.Add(33 * time.Minute),
		AccountID: "111122223333", Region: "us-east-1", Principal: "arn:aws:iam::111122223333:role/app-web",
		SourceIPAddresses: []string{"192.0.2.10", "192.0.2.11"}, Keys: []string{"a/7.jpg"}, KeysInAll: 12,
		Explanations: []string{"One.", "Two."}, LogGroup: "bw-log",
	}
}

func TestSubject(t *testing.T) {
	tests := map[string]struct {
		change func(*alert.Incident)
		want   string
	}{
		"a span":     {func(*alert.Incident) {}, "[HIGH] photos: 12 objects deleted by role/app-web, 14:02-14:35 UTC"},
		"a minute":   {func(i *alert.Incident) { i.Last = i.First }, "[HIGH] photos: 12 objects deleted by role/app-web, 14:02 UTC"},
		"not ASCII":  {func(i *alert.Incident) { i.Headline = "삭제 by user/김" }, "[HIGH] photos: ?? by user/?, 14:02-14:35 UTC"},
		"a new line": {func(i *alert.Incident) { i.Bucket = "a\r\nb" }, "[HIGH] a??b: 12 objects deleted by role/app-web, 14:02-14:35 UTC"},
		"too long": {func(i *alert.Incident) { i.Headline = strings.Repeat("x", 200) },
			"[HIGH] photos: " + strings.Repeat("x", 100-15-17-3) + "..., 14:02-14:35 UTC"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			i := incident()
			test.change(&i)
			got := i.Message().Subject
			if got != test.want {
				t.Errorf("Subject = %q, want %q", got, test.want)
			}
			if len(got) > 100 {
				t.Errorf("Subject has %d characters, SNS takes 100", len(got))
			}
		})
	}
}

func TestBody(t *testing.T) {
	i := incident()
	got := i.Message().Body
	for _, part := range []string{
		"One.\nTwo.\n", "role/app-web", "192.0.2.10, 192.0.2.11", "20 November 2026, 14:02 to 14:35 UTC", "photos (account 111122223333, us-east-1)",
		"Objects (the first of 12):\n  a/7.jpg\n", "bw-log", `BucketName = "photos"`,
	} {
		if !strings.Contains(got, part) {
			t.Errorf("Body does not hold %q:\n%s", part, got)
		}
	}
	if strings.Contains(got, "With") {
		t.Errorf("Body tells of user agents, and there are none:\n%s", got)
	}
}

// What callers sent must not end a line, or act on the terminal of who reads it.
func TestHostileBody(t *testing.T) {
	i := incident()
	lines := strings.Count(i.Message().Body, "\n")
	const hostile = "x\r\nFrom: y\x1b[31m\x00\u2028\u202e"
	i.Keys, i.Principal, i.SourceIPAddresses, i.Explanations = []string{hostile}, hostile, []string{hostile}, []string{hostile, hostile}
	got := i.Message().Body
	if strings.ContainsAny(got, "\r\x1b\x00\u2028\u202e") || strings.Count(got, "\n") != lines {
		t.Errorf("Body = %q", got)
	}
}

func TestTest(t *testing.T) {
	m := alert.Test(at, "111122223333", "us-east-1", "bw-log")
	if want := "TEST [HIGH] photos: 1,240 objects deleted by role/app-web, 13:00-13:35 UTC"; m.Subject != want {
		t.Errorf("Subject = %q, want %q", m.Subject, want)
	}
	if !strings.Contains(m.Body, "nothing happened") {
		t.Errorf("Body does not say that nothing happened:\n%s", m.Body)
	}
}
