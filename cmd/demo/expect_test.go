package main

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
)

const (
	fixtureApp     = "arn:aws:iam::111122223333:role/service/app-web"
	fixtureMallory = "arn:aws:iam::111122223333:user/mallory"
)

// fixtureAnomalies are those that the fixture's lines tell of.
func fixtureAnomalies() []traffic.Found {
	hour := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var keys []string
	for i := range 12 {
		keys = append(keys, fmt.Sprintf("a/%d.jpg", i+1))
	}
	return []traffic.Found{
		{Anomaly: traffic.Anomaly{Bucket: "invoices", Name: "ProtectionRemoved", Principal: fixtureMallory}, Severity: "HIGH", Hour: hour},
		{Anomaly: traffic.Anomaly{Bucket: "photos", Name: "DeletedSoonAfterUpload", Principal: fixtureApp}, Severity: "HIGH", Hour: hour, Keys: keys},
		{Anomaly: traffic.Anomaly{Bucket: "photos", Name: "RepeatedDelete", Principal: fixtureApp}, Severity: "MEDIUM", Hour: hour, Keys: keys[:3]},
	}
}

func TestCompareAnomalies(t *testing.T) {
	const soon, repeated = "anomaly DeletedSoonAfterUpload of photos by role/app-web at 2026-11-20T10:00:00Z",
		"anomaly RepeatedDelete of photos by role/app-web at 2026-11-20T10:00:00Z"
	for name, test := range map[string]struct {
		change func([]traffic.Found) []traffic.Found
		want   []string
	}{
		"the same": {func(f []traffic.Found) []traffic.Found { return f }, nil},
		"one that was not found": {
			func(f []traffic.Found) []traffic.Found {
				more := f[2]
				more.Name = "ReadAfterDelete"
				return append(f, more)
			},
			[]string{"anomaly ReadAfterDelete of photos by role/app-web at 2026-11-20T10:00:00Z was not found"},
		},
		"one that was not generated": {
			func(f []traffic.Found) []traffic.Found { return f[:2] },
			[]string{repeated + " was not generated"},
		},
		"another severity": {
			func(f []traffic.Found) []traffic.Found { f[2].Severity = "LOW"; return f },
			[]string{repeated + ": severity MEDIUM, generated LOW"},
		},
		"another number of keys": {
			func(f []traffic.Found) []traffic.Found { f[1].Keys = append(f[1].Keys, "a/13.jpg"); return f },
			[]string{soon + ": 10 keys of 12, generated 13"},
		},
		"another key": {
			func(f []traffic.Found) []traffic.Found {
				f[2].Keys = []string{"a/1.jpg", "a/2.jpg", "a/4.jpg"}
				return f
			},
			[]string{repeated + ": names a/3.jpg, which isn't among the generated"},
		},
		"another principal": {
			func(f []traffic.Found) []traffic.Found { f[2].Principal = fixtureMallory; return f },
			[]string{
				repeated + " was not generated",
				"anomaly RepeatedDelete of photos by user/mallory at 2026-11-20T10:00:00Z was not found",
			},
		},
		"another hour": {
			func(f []traffic.Found) []traffic.Found { f[2].Hour = f[2].Hour.Add(time.Hour); return f },
			[]string{
				repeated + " was not generated",
				"anomaly RepeatedDelete of photos by role/app-web at 2026-11-20T11:00:00Z was not found",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := compareAnomalies(fixture(t), test.change(fixtureAnomalies()), map[string]int64{"photos": 12})
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("compareAnomalies (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("another number of unexpected deletes", func(t *testing.T) {
		got := compareAnomalies(fixture(t), fixtureAnomalies(), map[string]int64{"photos": 13, "backups": 1})
		want := []string{"unexpected deletes: backups = 0, generated 1", "unexpected deletes: photos = 12, generated 13"}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("compareAnomalies (-want +got):\n%s", diff)
		}
	})
}

func TestCompareMessages(t *testing.T) {
	message := localaws.Message{Subject: "[HIGH] photos: 12 objects deleted by role/app-web", Body: "Who  " + fixtureApp}
	incident := traffic.Incident{Bucket: "photos", Principal: fixtureApp, Severity: "HIGH"}
	for name, test := range map[string]struct {
		got  []localaws.Message
		want []traffic.Incident
		diff []string
	}{
		"the same": {[]localaws.Message{message}, []traffic.Incident{incident}, nil},
		"none":     {nil, []traffic.Incident{incident}, []string{"no message about role/app-web in photos, severity HIGH"}},
		"one twice": {
			[]localaws.Message{message, message}, []traffic.Incident{incident},
			[]string{"a message that was not generated: " + message.Subject},
		},
		"another severity": {
			[]localaws.Message{message}, []traffic.Incident{{Bucket: "photos", Principal: fixtureApp, Severity: "CRITICAL"}},
			[]string{"no message about role/app-web in photos, severity CRITICAL", "a message that was not generated: " + message.Subject},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := gocmp.Diff(test.diff, compareMessages(test.got, test.want)); diff != "" {
				t.Errorf("compareMessages (-want +got):\n%s", diff)
			}
		})
	}
}
