package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"bucketwatch/internal/traffic"
)

var today = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// The whole demo, with other traffic than make demo shows.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	var text bytes.Buffer
	if err := run(t.Context(), []string{"-seed", "20261120", "-out", dir}, &text, today); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	flat := strings.Join(strings.Fields(text.String()), " ")
	for _, want := range []string{
		"seed 20261120", "counts reconcile", "matches the generated traffic", dir,
		"HIGH DeletedSoonAfterUpload photos", "MEDIUM RepeatedDelete photos", "HIGH ReadAfterDelete photos",
		"Subject: [HIGH] photos: ", "a/7.jpg", "arn:aws:iam::111122223333:role/app-web",
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(flat, "warnings or errors") {
		t.Errorf("the function's log has problems:\n%s", text.String())
	}
	for _, name := range []string{"metrics.jsonl", "log.jsonl", "before/metrics.jsonl", "before/log.jsonl", "expected-deletes.yaml"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s = %v, %v, want a file with lines", name, info, err)
		}
	}
	kept, err := filepath.Glob(filepath.Join(dir, "trail/AWSLogs/*/CloudTrail/*/*/*/*/*.json.gz"))
	if want := fmt.Sprintf("%d files, ", len(kept)); err != nil || !strings.Contains(flat, want) {
		t.Errorf("%d log files are kept, %v; the text has another number", len(kept), err)
	}
	own, _, _ := strings.Cut(text.String(), "The mail that") // whose lines are as long as they are
	checkText(t, strings.ReplaceAll(own, dir, "/tmp/demo"))
}

func TestRunHelp(t *testing.T) {
	var text bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, &text, today); err != nil || text.String() != usage {
		t.Errorf("run(-h) = %v, %q, want the usage", err, text.String())
	}
}

func TestRunErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"an unknown flag":         {[]string{"-colour"}, "flag provided but not defined: -colour\nusage:"},
		"no number":               {[]string{"-seed", "one"}, `invalid value "one" for flag -seed`},
		"an argument":             {[]string{"photos"}, `unexpected argument "photos"`},
		"a folder that is a file": {[]string{"-out", file}, "cannot make a folder for the output"},
	} {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			if err := run(t.Context(), test.args, &text, today); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run(%q) = %v, want %s", test.args, err, test.want)
			}
		})
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var text bytes.Buffer
	if err := run(ctx, []string{"-out", t.TempDir()}, &text, today); err == nil {
		t.Errorf("run = nil, want an error:\n%s", text.String())
	}
	if !strings.HasSuffix(text.String(), "\n") {
		t.Errorf("the last line isn't ended: %q", text.String())
	}
}

func TestNotification(t *testing.T) {
	hour := &traffic.Traffic{Region: "eu-central-1", LogBucket: "trail-logs"}
	key := "AWSLogs/111122223333/CloudTrail/여름 a+b.json.gz"
	delivered := time.Date(2026, 11, 20, 10, 35, 0, 0, time.UTC)
	payload, err := notification(hour, traffic.File{Key: key, Body: []byte("12345"), Delivered: delivered})
	if err != nil {
		t.Fatal(err)
	}
	var got events.S3Event
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	s3 := got.Records[0].S3
	if s3.Bucket.Name != "trail-logs" || s3.Object.URLDecodedKey != key || s3.Object.Size != 5 {
		t.Errorf("notification = %+v, want one of %s", s3, key)
	}
	if want := "AWSLogs/111122223333/CloudTrail/%EC%97%AC%EB%A6%84+a%2Bb.json.gz"; s3.Object.Key != want {
		t.Errorf("key = %s, want %s", s3.Object.Key, want)
	}
}
