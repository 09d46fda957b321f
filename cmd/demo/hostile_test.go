package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/hostile"
	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/printable"
)

// FuzzDemo prints results with hostile values: a terminal gets texts, and each row of a table stays one line.
func FuzzDemo(f *testing.F) {
	for _, s := range hostile.Values() {
		f.Add(s)
	}
	from := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	story := &traffic.Story{During: &traffic.Traffic{From: from, To: from.Add(time.Hour), Truth: fixtureTruth()}}
	f.Fuzz(func(t *testing.T, s string) {
		r := newResults()
		r.bucket(s).sums["AllRequests"] = 1
		r.callers[callerKey{s, s}] = &callerResult{requests: 1}
		r.anomalies = []line{{BucketName: s, Severity: s, Anomaly: s, Explanation: s, Principal: s, Keys: []string{s}, KeysInAll: 1}}
		r.deletes = []line{{BucketName: "photos", Key: "a/7.jpg", Principal: s, SourceIPAddress: s, ErrorCode: s, EventID: s, Time: s},
			{BucketName: s, Key: s, Principal: s, SourceIPAddress: s, VersionID: s, Time: "2026-11-20T10:00:00Z"}}
		r.problems = []string{s}

		var b bytes.Buffer
		p := &printer{w: &b}
		p.results(r, story.During.From, story.During.To)
		p.verdict(r, story, []string{s}, r.problems)
		p.mail([]localaws.Message{{Subject: s, Body: s}}, r)
		if p.err != nil || !printable.Is(strings.ReplaceAll(b.String(), "\n", "")) {
			t.Errorf("%v; the demo prints %q", p.err, b.String())
		}
		for name, table := range map[string]string{"callers": callerTable(r, 8), "history": historyTable(r, "photos", "a/7.jpg"), "hours": hourTable(r, from, from.Add(time.Hour))} {
			if lines := strings.Count(table, "\n"); lines != 2 {
				t.Errorf("the table of %s has %d lines, want a heading and a row: %q", name, lines, table)
			}
		}
		if lines := strings.Count(deleteTable(r, 8), "\n"); lines != 3 {
			t.Errorf("the table of deletes has %d lines, want a heading and two rows", lines)
		}
	})
}
