package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bucketwatch/internal/traffic/labelled"
)

func TestTraffic(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "weeks")
	args := []string{"-learn", "1", "-scored", "1", "-attacks=false", "-kinds", "quiet, ad hoc", "-every", "1h", folder}
	var out strings.Builder
	if err := run(args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(folder, "labels.json"))
	if err != nil {
		t.Fatal(err)
	}
	var labels labelled.Labels
	if err := json.Unmarshal(data, &labels); err != nil || len(labels.Buckets) != 2 || len(labels.Buckets[0].Hours) != 48 {
		t.Errorf("labels.json = %.200s, %v, want two buckets with 48 hours", data, err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "AWSLogs", "111122223333", "CloudTrail", "eu-central-1", "2026", "08", "03", "*.json.gz"))
	if err != nil || len(files) < 10 {
		t.Errorf("%d log files on the first day, %v, want more", len(files), err)
	}
	if !strings.Contains(out.String(), "log files with") {
		t.Errorf("output %q says not what was written", out.String())
	}
	if err := run(args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("the second run = %v, want an error: the folder isn't empty", err)
	}
}

func TestTrafficFails(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "want the folder"},
		{[]string{"-kinds", "loud", "x"}, `"loud" is not one of`},
		{[]string{"-from", "monday", "x"}, "no day like"},
		{[]string{"-every", "7m", "x"}, "no part of an hour"},
		{[]string{"-account", "12", "x"}, "12 digits"},
	} {
		if err := run(tt.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("run(%q) = %v, want %q", tt.args, err, tt.want)
		}
	}
}
