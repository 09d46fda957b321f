package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
)

// Several log files of one invocation stay below the function's memory, whatever is in them, and each is counted: what takes
// too much beside others is taken alone.
func TestMemoryOfSeveralFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	bootstrap, err := localaws.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var large bytes.Buffer
	if _, err := traffic.Large(&large, traffic.LargeRecords, 9, time.Now()); err != nil {
		t.Fatal(err)
	}
	deletes := `"eventName":"DeleteObject","userIdentity":{"arn":"arn:aws:iam::111122223333:user/u%d"},` +
		`"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::bucket-%d","accountId":"111122223333"}],"requestParameters":{"key":"images/2026/11/%d.jpg"}`
	for _, test := range []struct {
		name   string
		file   []byte
		memory int64
		files  int
		again  int
	}{
		{"the largest", large.Bytes(), 128, 10, 0},
		{"the largest", large.Bytes(), 256, 10, 0},
		{"as wide as may be side by side", wideFileOf(t, func(i int) string { return fmt.Sprintf(deletes, i%7, i%200, i) }), 128, 10, 0},
		{"as wide as may be side by side", wideFileOf(t, func(i int) string { return fmt.Sprintf(deletes, i%7, i%200, i) }), 256, 10, 0},
		{"each record another bucket's delete", wideFileOf(t, func(i int) string { return fmt.Sprintf(deletes, 0, i, i) }), 128, 3, 3},
	} {
		t.Run(fmt.Sprintf("%s, %d MB", test.name, test.memory), func(t *testing.T) {
			s3, err := localaws.NewS3()
			if err != nil {
				t.Fatal(err)
			}
			defer s3.Close()
			table, err := localaws.NewDynamoDB("table")
			if err != nil {
				t.Fatal(err)
			}
			defer table.Close()
			env := environment(s3)
			env["BUCKETWATCH_METRICS"] = "full"
			env["BUCKETWATCH_TABLE"] = "table"
			env["AWS_ENDPOINT_URL_DYNAMODB"] = table.URL()
			env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = fmt.Sprint(test.memory)
			stdout, stderr := new(bytes.Buffer), new(bytes.Buffer)
			f, err := localaws.StartFunction(t.Context(), localaws.FunctionConfig{Bootstrap: bootstrap, Env: env, Stdout: stdout, Stderr: stderr, Timeout: 10 * time.Minute})
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			defer f.Close()
			var messages []any
			for i := range test.files {
				key := traffic.Key("111122223333", "eu-central-1", time.Now().Add(-5*time.Minute), fmt.Sprintf("AbCdEfGhIjKlMnO%d", i))
				if err := s3.Put(t.Context(), "logs", key, test.file); err != nil {
					t.Fatal(err)
				}
				messages = append(messages, map[string]any{"eventSource": "aws:sqs", "messageId": key, "body": string(localaws.Notification("logs", key))})
			}
			payload, err := json.Marshal(map[string]any{"Records": messages})
			if err != nil {
				t.Fatal(err)
			}
			answer, err := f.Invoke(t.Context(), payload)
			if want := `{"batchItemFailures":[]}`; err != nil || string(answer) != want {
				t.Errorf("Invoke = %s, %v, want %s\n%s", answer, err, want, stderr)
			}
			if got := strings.Count(stdout.String(), fmt.Sprintf(`"RecordsRead":%d`, traffic.LargeRecords)); got != test.files {
				t.Errorf("%d log files were counted, want %d\n%s", got, test.files, stderr)
			}
			if strings.Contains(stdout.String(), "FilesRefused") {
				t.Errorf("a log file was refused\n%s", stderr)
			}
			if got := strings.Count(stderr.String(), "log file taken again, alone"); got != test.again {
				t.Errorf("%d log files were taken again, want %d", got, test.again)
			}
			peak := peakMemory(t, f.Pid())
			t.Logf("peak resident memory: %.1f MiB", float64(peak)/(1<<20))
			if peak >= test.memory<<20 {
				t.Errorf("peak resident memory = %.1f MiB, want under %d", float64(peak)/(1<<20), test.memory)
			}
		})
	}
}
