package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/report"
)

// result is what a run of the command gave.
type result struct {
	code           int
	stdout, stderr string
}

func command(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, &stdout, &stderr, func(string) string { return "" })
	return result{code, stdout.String(), stderr.String()}
}

var end = time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)

// folder is a folder with an hour's log files, as aws s3 sync makes it.
func folder(t *testing.T) (string, *traffic.Traffic) {
	t.Helper()
	hour := traffic.Hour(5, end)
	root := t.TempDir()
	for _, f := range hour.Files {
		name := filepath.Join(root, filepath.FromSlash(f.Key))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root, hour
}

func parse(t *testing.T, r result) *report.Report {
	t.Helper()
	var parsed report.Report
	if err := json.Unmarshal([]byte(r.stdout), &parsed); err != nil {
		t.Fatalf("%v in %.200q, standard error %q", err, r.stdout, r.stderr)
	}
	return &parsed
}

func TestReport(t *testing.T) {
	root, hour := folder(t)
	r := command(t, "report", root)
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d, standard error %q, want 0 and nothing", r.code, r.stderr)
	}
	screen := strings.Join(strings.SplitAfter(r.stdout, "\n")[:24], "")
	for _, want := range []string{"DELETES", "user/alice (person)  203.0.113.42", "user/mallory", "198.51.100.77"} {
		if !strings.Contains(screen, want) {
			t.Errorf("the first screen lacks %q:\n%s", want, screen)
		}
	}
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, "data events in 1 hour, about $") || !strings.Contains(last, " a month at $0.10 per 100,000.") {
		t.Errorf("last line = %q, want what the events cost", last)
	}
	if strings.Contains(r.stdout, "\x1b") {
		t.Error("there is an escape sequence, and no terminal")
	}
	got := parse(t, command(t, "report", root, "--format", "json"))
	if n := int64(len(hour.Truth.Deletes)); int64(len(got.Deletes)) != n {
		t.Errorf("%d deletes, want %d", len(got.Deletes), n)
	}
}

// The same answers come from S3.
func TestReportFromS3(t *testing.T) {
	root, hour := folder(t)
	store, err := localaws.NewS3()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	for _, f := range hour.Files {
		if err := store.Put(t.Context(), hour.LogBucket, f.Key, f.Body); err != nil {
			t.Fatal(err)
		}
	}
	useS3(t, store.URL(), hour.Region)
	filter := []string{"--format", "json", "--bucket", "photos", "--since", "2026-11-20T10:10:00Z", "--until", "2026-11-20T10:40:00Z"}
	local := parse(t, command(t, append([]string{"report", root}, filter...)...))
	remote := parse(t, command(t, append([]string{"report", "s3://" + hour.LogBucket}, filter...)...))
	if diff := cmp.Diff(local.Buckets, remote.Buckets); diff != "" || len(remote.Buckets) != 1 {
		t.Errorf("buckets (-folder +S3):\n%s", diff)
	}
	if diff := cmp.Diff(local.Deletes, remote.Deletes); diff != "" || len(remote.Deletes) == 0 {
		t.Errorf("deletes (-folder +S3):\n%s", diff)
	}
	r := command(t, "report", "s3://no-such-bucket/")
	if r.code != exitFailed || !strings.Contains(r.stderr, "is its name right?") {
		t.Errorf("exit code %d, standard error %q, want 1 and what to do", r.code, r.stderr)
	}

	// The command that a message gives to paste.
	incident := alert.Incident{
		Severity: anomaly.High, AccountID: hour.Account, Region: hour.Region, Bucket: "photos", Principal: anomaly.People,
		First: end.Add(-55 * time.Minute), Last: end.Add(-5 * time.Minute), LogGroup: "/aws/lambda/x", Now: end,
		Anomalies: []anomaly.Anomaly{{
			Name: "DeleteSurge", Severity: anomaly.High, Bucket: "photos", Principal: anomaly.People, Kind: anomaly.Persons,
			Persons: []string{"arn:aws:iam::" + hour.Account + ":user/alice"}, Explanation: "Many objects were deleted.",
			Sample: anomaly.Sample{LogFiles: []string{"s3://" + hour.LogBucket + "/" + hour.Files[0].Key}},
		}},
	}
	_, pasted, ok := strings.Cut(incident.Message().Body, "\nbucketwatch report ")
	if !ok {
		t.Fatalf("the message gives no command:\n%s", incident.Message().Body)
	}
	pasted, _, _ = strings.Cut(pasted, "\n\n")
	args := append([]string{"report"}, strings.Fields(strings.ReplaceAll(pasted, "\\\n", " "))...)
	if !slices.Contains(args, "--principal") || !slices.Contains(args, "--since") {
		t.Fatalf("the message's command is %q, want one with --since and --principal", args)
	}
	alice := 0
	for _, d := range hour.Truth.Deletes {
		if strings.HasSuffix(d.Principal, ":user/alice") && d.ErrorCode == "" {
			alice++
		}
	}
	got := parse(t, command(t, append(args, "--format", "json")...))
	if len(got.DeletedBy) != 1 || got.DeletedBy[0].DeletedObjects != int64(alice) {
		t.Errorf("%q: deleted by %+v, want %d objects", args, got.DeletedBy, alice)
	}
}

func TestUnreadableFile(t *testing.T) {
	root, _ := folder(t)
	bad := filepath.Join(root, "cut.json")
	if err := os.WriteFile(bad, []byte(`{"Records":[`), 0o644); err != nil {
		t.Fatal(err)
	}
	r := command(t, "report", root)
	if r.code != exitIncomplete {
		t.Errorf("exit code = %d, want %d", r.code, exitIncomplete)
	}
	if want := "1 file could not be read:\n  " + bad + ": unexpected EOF"; !strings.Contains(r.stdout, want) {
		t.Errorf("the report lacks %q", want)
	}
	if want := "bucketwatch: some log files could not be read: 1 of "; !strings.HasPrefix(r.stderr, want) {
		t.Errorf("standard error = %q, want %q …", r.stderr, want)
	}
}

func TestOutput(t *testing.T) {
	root, _ := folder(t)
	for name, begin := range map[string]string{"report.json": "{\n  \"schema\": 1", "report.csv": "time,bucket,key", "report.html": "<!DOCTYPE html>", "report.txt": "28 log files"} {
		file := filepath.Join(t.TempDir(), name)
		r := command(t, "report", root, "--output", file)
		text, err := os.ReadFile(file)
		if r.code != 0 || r.stdout != "" || err != nil || !strings.HasPrefix(string(text), begin) {
			t.Errorf("--output %s: exit code %d, standard output %.50q, %v, begins %.50q", name, r.code, r.stdout, err, text)
		}
	}
}

func TestWrongUse(t *testing.T) {
	root, _ := folder(t)
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"report"}, exitUsage, "report needs a PATH"},
		{[]string{"reprot", root}, exitUsage, `unknown command "reprot", did you mean report?`},
		{[]string{"report", root, "--rows", "-1"}, exitUsage, "--rows: -1 is less than 0"},
		{[]string{"report", root, "--parallel", "0"}, exitUsage, "--parallel: 0 is less than 1"},
		{[]string{"report", filepath.Join(root, "none"), "--output", root}, exitFailed, root + " is a folder"}, // told before anything is read
		{[]string{"report", filepath.Join(root, "none"), "--output", filepath.Join(root, "no", "x.txt")}, exitFailed, "cannot write the report: stat"},
		{[]string{"report", root, "--sinse", "24h"}, exitUsage, "unknown flag: --sinse"},
		{[]string{"report", root, "--since", "yesterday", "--until", "-3h"}, exitUsage, `--until: "-3h" is no time`},
		{[]string{"report", root, "--since", "1h", "--until", "2h"}, exitUsage, "is not before --until"},
		{[]string{"report", root, "--output", "report.pdf"}, exitUsage, "report.pdf ends in none of the formats table, json, csv, html"},
		{[]string{"report", root, "--format", "xml"}, exitUsage, `--format: "xml" is not one of table, json, csv`},
		{[]string{"report", root, "--format", "csv", "--csv", "all"}, exitUsage, `--csv: "all" is not one of deletes`},
		{[]string{"report", root, "--csv", "callers"}, exitUsage, "--csv is for --format csv"},
		{[]string{"report", root, "--bucket", ""}, exitUsage, "--bucket is empty"},
		{[]string{"report", filepath.Join(root, "none")}, exitFailed, "a PATH is a file, a folder, or s3://BUCKET/PREFIX"},
		{[]string{"report", t.TempDir()}, exitFailed, "no log files at"},
		{[]string{"report", root, "--until", "2001-01-01"}, exitFailed, "a wider --since and --until may find some"},
		{[]string{"report", root, "--expected-deletes", "none.yaml"}, exitFailed, "cannot read the expected deletes"},
		{[]string{"version", "now"}, exitUsage, "unknown command"},
	} {
		r := command(t, tt.args...)
		if r.code != tt.code || !strings.Contains(r.stderr, tt.want) || r.stdout != "" {
			t.Errorf("%q: exit code %d, standard error %q, standard output %.50q, want %d and %q", tt.args, r.code, r.stderr, r.stdout, tt.code, tt.want)
		}
	}
}

func TestVersion(t *testing.T) {
	for _, arg := range []string{"version", "--version"} {
		if r := command(t, arg); r.code != 0 || !strings.HasPrefix(r.stdout, "bucketwatch ") || strings.Count(r.stdout, "\n") != 1 {
			t.Errorf("%s = %+v, want a line with bucketwatch and its version", arg, r)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if r := command(t, "completion", shell); r.code != 0 || len(r.stdout) < 100 {
			t.Errorf("completion %s: exit code %d, %d bytes", shell, r.code, len(r.stdout))
		}
	}
	// What the shell's script asks for.
	for flag, want := range map[string]string{"--format": "table\njson\ncsv\n", "--csv": "deletes\nanomalies\n"} {
		if r := command(t, "__complete", "report", flag, ""); !strings.HasPrefix(r.stdout, want) {
			t.Errorf("completion of %s = %q, want %q", flag, r.stdout, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", 3600))
	for text, want := range map[string]string{
		"90m": "2026-11-20T09:30:00Z", "24h": "2026-11-19T11:00:00Z", "7d": "2026-11-13T11:00:00Z", "2w": "2026-11-06T11:00:00Z",
		"1.5d": "2026-11-18T23:00:00Z", "1h30m": "2026-11-20T09:30:00Z",
		"2026-11-20": "2026-11-20T00:00:00Z", "2026-11-20T14:12:00Z": "2026-11-20T14:12:00Z", "2026-11-20T14:12:00+02:00": "2026-11-20T12:12:00Z",
		"2026-11-20 14:12": "2026-11-20T14:12:00Z",
	} {
		got, err := parseTime(text, now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("parseTime(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1e9d", "soon", "-1h", "2026-13-01", "NaNd"} {
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("parseTime(%q) = %v, want an error", text, got)
		}
	}
}
