package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/replay"
	"bucketwatch/pkg/state"
)

// longAgo is so long ago that all of it was judged.
var longAgo = time.Date(2025, 3, 20, 0, 0, 0, 0, time.UTC)

// trail is a folder with the log files of an account in which images vanish.
func trail(t *testing.T, day time.Time) (root, declared string, story *traffic.Story) {
	t.Helper()
	story = traffic.Vanished(7, day)
	root = t.TempDir()
	for _, f := range story.During.Files {
		write(t, filepath.Join(root, filepath.FromSlash(f.Key)), f.Body)
	}
	declared = filepath.Join(root, "expected-deletes.yaml")
	write(t, declared, []byte(story.ExpectedDeletes))
	return root, declared, story
}

func write(t *testing.T, name string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, body, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReplay(t *testing.T) {
	root, declared, story := trail(t, longAgo)
	log := filepath.Join(t.TempDir(), "lines.log")
	r := command(t, "replay", root, "--expected-deletes", declared, "--log-bucket", story.During.LogBucket, "--log", log)
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d, standard error %q, want 0 and nothing", r.code, r.stderr)
	}
	types := map[string]int{}
	for text := range strings.Lines(r.stdout) {
		var l struct {
			Type    string
			Metrics json.RawMessage `json:"_aws"`
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil || l.Metrics == nil {
			t.Fatalf("%v: %q is no metric line", err, text)
		}
		types[l.Type]++
	}
	if types["Bucket"] == 0 || types["Anomaly"] == 0 || types["Health"] == 0 || len(types) != 3 {
		t.Errorf("types of lines: %v, want those of buckets, anomalies and health", types)
	}
	beside, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(beside), `"Type":"Delete"`) || !strings.Contains(string(beside), `"msg":"log file processed"`) {
		t.Errorf("the log has neither deletes nor what the function logs: %v, %.300s", err, beside)
	}
	if again := command(t, "replay", root, "--expected-deletes", declared, "--log-bucket", story.During.LogBucket, "--parallel", "1"); again.stdout != r.stdout {
		t.Error("the second time the lines are not the same")
	}
	none := command(t, "replay", root, "--expected-deletes", declared, "--metrics", "none", "--since", "2025-03-20")
	if none.code != 0 || strings.Contains(none.stdout, `"Type":"Bucket"`) || !strings.Contains(none.stdout, `"Type":"Anomaly"`) {
		t.Errorf("--metrics none: exit code %d, %.300s, want anomalies and no bucket's lines", none.code, none.stdout)
	}
}

func TestReplayDryRun(t *testing.T) {
	root, declared, _ := trail(t, longAgo)
	write(t, filepath.Join(root, "cut.json"), []byte(`{"Records":[`))
	r := command(t, "replay", root, "--dry-run", "--expected-deletes", declared)
	for _, want := range []string{"1 message, ", "WEEK FROM", "new uploads deleted by role/app-web", "AlertSeverity HIGH", "cut.json: unexpected EOF"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the table lacks %q:\n%s", want, r.stdout)
		}
	}
	if r.code != exitIncomplete || !strings.Contains(r.stderr, "some log files could not be read: 1 of ") {
		t.Errorf("exit code %d, standard error %q, want 3 and how many could not be read", r.code, r.stderr)
	}
	var got replay.Alerts
	document := command(t, "replay", root, "--dry-run", "--format", "json", "--alert-severity", "medium")
	if err := json.Unmarshal([]byte(document.stdout), &got); err != nil || got.AlertSeverity != "MEDIUM" || len(got.Alerts) < 2 || len(got.Failures) != 1 {
		t.Errorf("%v, %d messages at %s, %d failures, want more of MEDIUM and without expected deletes: %.500s",
			err, len(got.Alerts), got.AlertSeverity, len(got.Failures), document.stdout)
	}
}

// The same lines come from S3.
func TestReplayFromS3(t *testing.T) {
	root, declared, story := trail(t, longAgo)
	store, err := localaws.NewS3()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	for _, f := range story.During.Files {
		if err := store.Put(t.Context(), story.During.LogBucket, f.Key, f.Body); err != nil {
			t.Fatal(err)
		}
	}
	useS3(t, store.URL(), story.During.Region)
	local := command(t, "replay", root, "--expected-deletes", declared, "--log-bucket", story.During.LogBucket)
	remote := command(t, "replay", "s3://"+story.During.LogBucket, "--expected-deletes", declared)
	if remote.code != 0 || remote.stdout != local.stdout || remote.stdout == "" {
		t.Errorf("exit code %d, %q, %d bytes, want the %d of the folder", remote.code, remote.stderr, len(remote.stdout), len(local.stdout))
	}
}

// useS3 has the command use an S3 of this process.
func useS3(t *testing.T, url, region string) {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL_S3", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", region)
	for _, name := range []string{"AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
}

func TestReplayIntoTable(t *testing.T) {
	root, declared, story := trail(t, time.Now().AddDate(0, 0, -3)) // what is older than the table keeps isn't written
	table := state.NewMemory()
	open := func(context.Context, string) (state.Store, error) { return table, nil }
	run := func(dry bool, open func(context.Context, string) (state.Store, error)) (string, error) {
		var stdout, stderr bytes.Buffer
		f := &replayFlags{table: "state", dryRun: dry, expected: declared, logBucket: story.During.LogBucket, parallel: 8}
		err := runReplay(t.Context(), []string{root}, f, newTerminal(&stdout, &stderr, os.Getenv), func(string) string { return "" }, open)
		return stdout.String(), err
	}
	items := func() int { return len(slices.Collect(table.All())) }
	for _, step := range []struct {
		name   string
		dry    bool
		want   string
		writes bool
	}{
		{"a dry run", true, " would be written, 0 are there already; nothing was written", false},
		{"the first time", false, " written, 0 were there already", true},
		{"the second time", false, ": nothing new, it has all ", false},
	} {
		before := items()
		said, err := run(step.dry, open)
		if err != nil || !strings.Contains(said, step.want) || strings.Contains(said, "_aws") {
			t.Errorf("%s: %v, said %q, want %q", step.name, err, said, step.want)
		}
		if n := items(); step.writes != (n > before) {
			t.Errorf("%s: %d items after %d", step.name, n, before)
		}
	}
	gone := errors.New("gone")
	if _, err := run(false, func(context.Context, string) (state.Store, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Errorf("a table that can't be opened: %v, want %v", err, gone)
	}
}

func TestReplayWrongUse(t *testing.T) {
	root, _, _ := trail(t, longAgo)
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "replay needs a PATH"},
		{[]string{root, "--format", "json"}, exitUsage, "--format is for the messages of --dry-run"},
		{[]string{root, "--dry-run", "--format", "csv"}, exitUsage, `--format: "csv" is not one of table, json`},
		{[]string{root, "--dry-run", "--metrics", "full"}, exitUsage, "--metrics and --buckets are for the lines"},
		{[]string{root, "--metrics", "some"}, exitUsage, `--metrics: "some" is not one of`},
		{[]string{root, "--alert-severity", "loud"}, exitUsage, `--alert-severity: "LOUD" is not one of`},
		{[]string{root, "--since", "2h", "--until", "3h"}, exitUsage, "is not before --until"},
		{[]string{root, "--table", "t"}, exitUsage, `--table: "t" does not have`},
		{[]string{root, "--table", ":memory:"}, exitUsage, "is no table"},
		{[]string{root, "--table", "state"}, exitUsage, "--table needs --log-bucket"},
		{[]string{root, "--expected-deletes", "none.yaml"}, exitFailed, "cannot read the expected deletes"},
		{[]string{root, "--log", filepath.Join(root, "no", "folder")}, exitFailed, "cannot write the log"},
		{[]string{filepath.Join(root, "none")}, exitFailed, "a PATH is a file, a folder, or s3://BUCKET/PREFIX"},
		{[]string{root, "--until", "2001-01-01"}, exitFailed, "a wider --since and --until may find some"},
	} {
		r := command(t, append([]string{"replay"}, tt.args...)...)
		if r.code != tt.code || !strings.Contains(r.stderr, tt.want) || r.stdout != "" {
			t.Errorf("%q: exit code %d, standard error %q, standard output %.50q, want %d and %q", tt.args, r.code, r.stderr, r.stdout, tt.code, tt.want)
		}
	}
}
