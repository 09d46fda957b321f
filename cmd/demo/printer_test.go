package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
)

var update = flag.Bool("update", false, "write the golden file and the demo's part of README.md")

func TestPrinter(t *testing.T) {
	var got bytes.Buffer
	p := &printer{w: &got}
	r := fixture(t)
	from := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	story := &traffic.Story{During: &traffic.Traffic{From: from, To: from.Add(time.Hour), Truth: fixtureTruth()}}
	p.intro(1, story)
	p.results(r, from, story.During.To)
	p.verdict(r, story, nil, r.problems)
	p.verdict(r, story, []string{"photos: GetRequests = 1, generated 2"}, nil)
	p.next(outputs{during: output{metrics: "/tmp/demo/metrics.jsonl", log: "/tmp/demo/log.jsonl"}})
	p.mail([]localaws.Message{
		{Subject: "[HIGH] photos: 5 objects deleted", Body: "Five objects. [DeletedSoonAfterUpload, HIGH]\n\nAs known at 10:41 UTC. More?\n\nWho      " +
			fixtureApp + "\nObjects  5, all of them:\n"},
		{Subject: "[CRITICAL] photos: 24 objects deleted", Body: "More."},
	}, r)
	if p.err != nil {
		t.Fatal(p.err)
	}
	path := filepath.Join("testdata", "output.golden.txt")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("output (-want +got), go test -update writes it:\n%s", diff)
	}
	checkText(t, got.String())
}

// checkText holds the demo's text against what a terminal shows well.
func checkText(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > width && !strings.Contains(line, "grep") && !strings.Contains(line, `{"`) {
			t.Errorf("%d columns, want ≤ %d: %s", n, width, line)
		}
		if strings.ContainsAny(line, "\t\r\x1b") || line != strings.TrimRight(line, " ") {
			t.Errorf("tabs, control characters or trailing space: %q", line)
		}
	}
}
