package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	const entry = "- {bucket: photos, principal: role/cleaner, max_objects_per_hour: 10, until: 2026-11-20, reason: x}\n"
	now := time.Date(2026, 11, 20, 23, 59, 59, 0, time.UTC)
	tests := []struct {
		name, text string
		now        time.Time
		note, err  string // what they end with; empty: there is none
	}{
		{"in order", entry, now, "", ""},
		{"empty", "# nothing\n", now, "", ""},
		{"run out", "\n" + entry, now.Add(time.Second), ":2: note: 2026-11-20 has passed, so that these deletes are unexpected again: extend the entry, or take it out\n", ""},
		{"looks like a mistake", strings.Replace(entry, "role/", "", 1), now, ":1: note: principal: cleaner matches only a service of that name: did you mean role/cleaner or user/cleaner?\n", ""},
		{"bad", entry + "- x\n", now, "", ":2: is no entry: it must have the fields bucket, principal, prefix, max_objects_per_hour, permanent, until, reason"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "expected-deletes.yaml")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var notes strings.Builder
			err := run([]string{path}, &notes, test.now)
			if got, want := notes.String(), test.note; got != want && got != path+want {
				t.Errorf("notes = %q, want %q", got, path+want)
			}
			if (err != nil) != (test.err != "") || err != nil && err.Error() != path+test.err {
				t.Errorf("run() = %v, want %q", err, path+test.err)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {filepath.Join(t.TempDir(), "expected-deletes.yaml")}} {
		if err := run(args, new(strings.Builder), time.Time{}); err == nil {
			t.Errorf("run(%q) = nil, want an error", args)
		}
	}
}
