package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bucketwatch/internal/emftest"
	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
)

// environment is all that the function needs: nothing of its own configuration is set.
func environment(s3 *localaws.S3) map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID":     "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_REGION":            "eu-central-1",
		"AWS_ENDPOINT_URL_S3":   s3.URL(),
	}
}

// TestBootstrap runs the real binary through Lambda's protocol, with log files in a real S3 server.
func TestBootstrap(t *testing.T) {
	bootstrap, err := localaws.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s3, err := localaws.NewS3()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s3.Close() })

	start := func(t *testing.T, env map[string]string) (f *localaws.Function, stdout, stderr *bytes.Buffer) {
		stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
		f, err := localaws.StartFunction(t.Context(), localaws.FunctionConfig{Bootstrap: bootstrap, Env: env, Stdout: stdout, Stderr: stderr})
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		t.Cleanup(func() { f.Close() })
		return f, stdout, stderr
	}

	t.Run("an hour of log files", func(t *testing.T) {
		hour := traffic.Hour(7, time.Now())
		f, stdout, stderr := start(t, environment(s3))
		for _, file := range hour.Files {
			if err := s3.Put(t.Context(), hour.LogBucket, file.Key, file.Body); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Invoke(t.Context(), localaws.Notification(hour.LogBucket, file.Key)); err != nil {
				t.Fatalf("Invoke(%s) = %v\n%s", file.Key, err, stderr)
			}
		}
		var files, requests int64
		for text := range strings.Lines(stdout.String()) {
			if err := emftest.Check([]byte(text)); err != nil {
				t.Errorf("standard output has a line that CloudWatch would not take: %v\n%s", err, text)
			}
			var line struct{ FilesProcessed, AllRequests int64 }
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Errorf("standard output: %v", err)
			}
			files += line.FilesProcessed
			requests += line.AllRequests
		}
		var want int64
		for _, b := range hour.Truth.Buckets {
			want += b.Metrics["AllRequests"]
		}
		if files != int64(len(hour.Files)) || requests != want {
			t.Errorf("%d files and %d requests, want %d and %d", files, requests, len(hour.Files), want)
		}
		processed := 0
		for text := range strings.Lines(stderr.String()) {
			var line struct{ Message, RequestID, Key string }
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Errorf("standard error has a line that isn't JSON: %q", text)
			}
			if line.Message == "log file processed" && line.RequestID != "" && line.Key != "" {
				processed++
			}
		}
		if processed != len(hour.Files) {
			t.Errorf("the log tells of %d log files, want %d:\n%s", processed, len(hour.Files), stderr)
		}
	})

	t.Run("a damaged log file", func(t *testing.T) {
		file := traffic.Hour(8, time.Now()).Files[0]
		if err := s3.Put(t.Context(), "logs", file.Key, file.Body[:len(file.Body)-4]); err != nil {
			t.Fatal(err)
		}
		f, stdout, stderr := start(t, environment(s3))
		_, err := f.Invoke(t.Context(), localaws.Notification("logs", file.Key))
		var failure *localaws.FunctionError
		if !errors.As(err, &failure) {
			t.Fatalf("Invoke = %v, want a function error", err)
		}
		for _, part := range []string{"s3://logs/" + file.Key, "at byte "} {
			if !strings.Contains(failure.Message, part) {
				t.Errorf("the error is %q and does not hold %q", failure.Message, part)
			}
		}
		if stdout.Len() > 0 {
			t.Errorf("standard output = %s, want nothing", stdout)
		}
		var line struct{ Level, Message, Bucket, Key, Error, RequestID string }
		if err := json.Unmarshal(stderr.Bytes(), &line); err != nil {
			t.Fatalf("the log should have the error, once: %v\n%s", err, stderr)
		}
		if line.Level != "ERROR" || line.Bucket != "logs" || line.Key != file.Key || line.RequestID == "" || !strings.Contains(line.Error, "at byte ") {
			t.Errorf("the log says %+v", line)
		}
		if failure.Type != "FileError" {
			t.Errorf("the error's type is %s, want FileError", failure.Type)
		}
	})

	t.Run("a log file that isn't there, from SQS", func(t *testing.T) {
		f, stdout, _ := start(t, environment(s3))
		body := localaws.Notification("logs", "AWSLogs/111122223333/CloudTrail/gone.json.gz")
		payload, _ := json.Marshal(map[string]any{"Records": []any{
			map[string]any{"eventSource": "aws:sqs", "messageId": "m1", "body": string(body)}}})
		got, err := f.Invoke(t.Context(), payload)
		if want := `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`; err != nil || string(got) != want {
			t.Errorf("Invoke = %s, %v, want %s", got, err, want)
		}
		if stdout.Len() > 0 {
			t.Errorf("standard output = %s, want nothing", stdout)
		}
	})

	t.Run("a bad configuration", func(t *testing.T) {
		env := environment(s3)
		env["BUCKETWATCH_METRICS"] = "everything"
		var stderr bytes.Buffer
		_, err := localaws.StartFunction(t.Context(), localaws.FunctionConfig{Bootstrap: bootstrap, Env: env, Stderr: &stderr})
		if err == nil {
			t.Fatal("the function started")
		}
		if !strings.Contains(stderr.String(), "BUCKETWATCH_METRICS") {
			t.Errorf("the log does not name the variable:\n%s", &stderr)
		}
	})

	t.Run("the memory of the largest log file", func(t *testing.T) {
		var body bytes.Buffer
		if _, err := traffic.Scattered(&body, traffic.LargeRecords, 9, time.Now()); err != nil {
			t.Fatal(err)
		}
		peak := peakMemoryOf(t, s3, start, body.Bytes(), 3)
		if peak >= 48<<20 { // of the 128 of the smallest function
			t.Errorf("peak resident memory = %.1f MiB, want under 48", float64(peak)/(1<<20))
		}
	})

	t.Run("a log file that takes too long", func(t *testing.T) {
		file := traffic.Hour(8, time.Now()).Files[0]
		slow := slowS3(t, file.Body)
		env := environment(s3)
		env["AWS_ENDPOINT_URL_S3"] = slow.URL
		env["BUCKETWATCH_TABLE"] = ":memory:"
		env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "256"
		stdout, stderr := new(bytes.Buffer), new(bytes.Buffer)
		f, err := localaws.StartFunction(t.Context(), localaws.FunctionConfig{Bootstrap: bootstrap, Env: env, Stdout: stdout, Stderr: stderr, Timeout: 2 * time.Second})
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		t.Cleanup(func() { f.Close() })
		_, err = f.Invoke(t.Context(), localaws.Notification("logs", file.Key))
		var failure *localaws.FunctionError
		if !errors.As(err, &failure) || failure.Type != "FileError" {
			t.Fatalf("Invoke = %v, want an error of the function's own before its time is over\n%s", err, stderr)
		}
		for _, part := range []string{file.Key, "out of time after 1.", "raise the parameter MemorySize (now 256)", "Timeout in template.yaml", "at byte "} {
			if !strings.Contains(failure.Message, part) || !strings.Contains(stderr.String(), part) {
				t.Errorf("the error or the log does not hold %q: %s\n%s", part, failure.Message, stderr)
			}
		}
		if !strings.Contains(stdout.String(), `"FilesRefused":1`) {
			t.Errorf("standard output has no FilesRefused: %s", stdout)
		}
		// The claim was given back, so that the retry begins at once.
		slow.fast.Store(true)
		if _, err := f.Invoke(t.Context(), localaws.Notification("logs", file.Key)); err != nil {
			t.Fatalf("Invoke again = %v\n%s", err, stderr)
		}
		if got := stdout.String(); strings.Count(got, `"FilesProcessed":1`) != 1 || strings.Contains(got, "FilesTakenOver") {
			t.Errorf("standard output = %s, want the file processed once, and not taken over", got)
		}
	})

	t.Run("a log file that takes too much memory", func(t *testing.T) {
		var body bytes.Buffer
		if _, err := traffic.Large(&body, 2000, 9, time.Now()); err != nil {
			t.Fatal(err)
		}
		key := traffic.Key("111122223333", "eu-central-1", time.Now().Add(-5*time.Minute), "AbCdEfGhIjKlMnOp")
		if err := s3.Put(t.Context(), "logs", key, body.Bytes()); err != nil {
			t.Fatal(err)
		}
		env := environment(s3)
		env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "26" // less than there is
		f, stdout, stderr := start(t, env)
		_, err := f.Invoke(t.Context(), localaws.Notification("logs", key))
		if err == nil || !strings.Contains(err.Error(), "out of memory: ") || !strings.Contains(err.Error(), "of the function's 26 MB are in use, and the file needs more: raise the parameter MemorySize") {
			t.Errorf("Invoke = %v, want an error that says which parameter to raise\n%s", err, stderr)
		}
		if !strings.Contains(stdout.String(), `"FilesRefused":1`) {
			t.Errorf("standard output has no FilesRefused: %s", stdout)
		}
	})

	t.Run("a digest of what was and what was not delivered", func(t *testing.T) {
		hour := traffic.Hour(7, time.Date(2026, 11, 20, 10, 45, 0, 0, time.UTC))
		env := environment(s3)
		env["BUCKETWATCH_TABLE"], env["BUCKETWATCH_CLOCK"] = ":memory:", "delivery"
		f, stdout, stderr := start(t, env)
		invoke := func(payload []byte) {
			t.Helper()
			if _, err := f.Invoke(t.Context(), payload); err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
		}
		first, second := hour.Digest(hour.Region, hour.From.Add(-time.Hour), hour.From), hour.Digest(hour.Region, hour.From, hour.To)
		lost := hour.Files[len(hour.Files)/2].Key
		for _, file := range append([]traffic.File{first}, append(hour.Files, second)...) {
			if err := s3.Put(t.Context(), hour.LogBucket, file.Key, file.Body); err != nil {
				t.Fatal(err)
			}
			if file.Key != lost {
				invoke(localaws.Notification(hour.LogBucket, file.Key))
			}
		}
		invoke(fmt.Appendf(nil, `{"bucketwatch":"tick","time":%q}`, hour.To.Add(2*time.Hour+time.Minute).Format(time.RFC3339)))
		var missing []string
		for text := range strings.Lines(stdout.String()) {
			var line struct {
				Anomaly, Explanation string
				Keys                 []string
				AlteredLogFiles      int
			}
			if err := json.Unmarshal([]byte(text), &line); err != nil || line.AlteredLogFiles > 0 {
				t.Errorf("standard output has %s (%v)", text, err)
			}
			if line.Anomaly == "MissingLogFiles" {
				missing = append(missing, line.Keys...)
				t.Log(line.Explanation)
			}
		}
		if len(missing) != 1 || missing[0] != lost {
			t.Errorf("missing are %q, want %q", missing, lost)
		}
	})

	// Whether it is refused or not: what it inflates to is not held.
	t.Run("the memory of a gzip bomb", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("reads /proc")
		}
		for name, fill := range map[string]string{"white space": " ", "a string": "x", "a name": `\u0078`, "records": ",{}"} {
			size := 256 << 20
			if name == "records" {
				size = 32 << 20 // eleven million of them, which are read
			}
			f, _, _ := start(t, environment(s3))
			key := traffic.Key("111122223333", "eu-central-1", time.Now(), "BombBombBombBomb")
			if err := s3.Put(t.Context(), "logs", key, bomb(t, name, fill, size)); err != nil {
				t.Fatal(err)
			}
			_, err := f.Invoke(t.Context(), localaws.Notification("logs", key))
			if _, ok := errors.AsType[*localaws.FunctionError](err); err != nil && (!ok || !strings.Contains(err.Error(), key)) {
				t.Errorf("%s: %v", name, err)
			}
			peak := peakMemory(t, f.Pid())
			t.Logf("%s: %v; peak resident memory: %.1f MiB", name, err, float64(peak)/(1<<20))
			if peak >= 64<<20 {
				t.Errorf("%s: peak resident memory = %.1f MiB, want under 64", name, float64(peak)/(1<<20))
			}
		}
	})

	// The smallest function that the template offers must survive the widest file, or it is never read.
	wide := map[string]string{
		"each record of another bucket": `"eventName":"GetObject","resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::bucket-%d","accountId":"111122223333"}]`,
		"each record of another caller": `"eventName":"GetObject","userIdentity":{"arn":"arn:aws:iam::111122223333:user/u%d"},` +
			`"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::photos","accountId":"111122223333"}]`,
		"each record another protection removed": `"eventCategory":"Management","eventName":"DeleteBucketPolicy","requestParameters":{"bucketName":"bucket-%d"}`,
		"each record another unidentified delete": `"eventType":"AwsServiceEvent","eventName":"DeleteObject","requestID":"r%d",` +
			`"requestParameters":{"bucketName":"photos","key":"k"}`,
		"each record another delete": `"eventName":"DeleteObject","userIdentity":{"arn":"arn:aws:iam::111122223333:user/u"},` +
			`"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::photos","accountId":"111122223333"}],"requestParameters":{"key":"images/2026/11/%d.jpg"}`,
		"each record another upload": `"eventName":"PutObject","userIdentity":{"arn":"arn:aws:iam::111122223333:user/u"},` +
			`"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::photos","accountId":"111122223333"}],"requestParameters":{"key":"images/2026/11/%d.jpg"}`,
		"each record another bucket's delete": `"eventName":"DeleteObject","userIdentity":{"arn":"arn:aws:iam::111122223333:user/u"},` +
			`"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::bucket-%d","accountId":"111122223333"}],"requestParameters":{"key":"k"}`,
		"each record another call's": `"eventName":"DeleteObjects","userAgent":"agent/%d","requestParameters":{"bucketName":"photos"}`,
	}
	for name, members := range wide {
		t.Run("the memory of a log file, "+name, func(t *testing.T) {
			peak := peakMemoryOf(t, s3, start, wideFile(t, members), 1)
			if peak >= 128<<20 { // what is remembered included, up to 40,000 items, which on Lambda are in the table
				t.Errorf("peak resident memory = %.1f MiB, want under 128", float64(peak)/(1<<20))
			}
		})
	}
}

// slow is an S3 that sends the beginning of the one object that it has, and no more until it is fast.
type slow struct {
	*httptest.Server
	fast atomic.Bool
}

func slowS3(t *testing.T, object []byte) *slow {
	s := new(slow)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(object)))
		if s.fast.Load() {
			w.Write(object)
			return
		}
		w.Write(object[:len(object)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	return s
}

// bomb returns a log file with so many bytes of fill between two records, in a member's value or in its name.
func bomb(t *testing.T, where, fill string, size int) []byte {
	t.Helper()
	begin, end := `{"Records":[{}`, `,{}]}`
	switch where {
	case "a string":
		begin, end = `{"Records":[{"a":"`, `"}]}`
	case "a name":
		begin, end = `{"Records":[{"`, `":0}]}`
	}
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	block := strings.Repeat(fill, 1<<20/len(fill))
	fmt.Fprint(z, begin)
	for range size / len(block) {
		fmt.Fprint(z, block)
	}
	fmt.Fprint(z, end)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

// wideFile makes a log file of as many records as the largest has, with the members given, in which %d is different in
// each.
func wideFile(t *testing.T, members string) []byte {
	t.Helper()
	return wideFileOf(t, func(i int) string { return fmt.Sprintf(members, i) })
}

// wideFileOf is wideFile with the members of each record.
func wideFileOf(t *testing.T, members func(i int) string) []byte {
	t.Helper()
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	for i := range traffic.LargeRecords {
		separator := ","
		if i == 0 {
			separator = `{"Records":[`
		}
		fmt.Fprintf(z, `%s{"eventSource":"s3.amazonaws.com","eventTime":%q,"eventCategory":"Data","recipientAccountId":"111122223333","eventID":"%d",%s}`,
			separator, time.Now().UTC().Format(time.RFC3339), i, members(i))
	}
	fmt.Fprint(z, "]}")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

// peakMemoryOf returns the most memory that the function had resident while it processed so many log files like this one,
// with a tick after each.
func peakMemoryOf(t *testing.T, s3 *localaws.S3, start func(*testing.T, map[string]string) (*localaws.Function, *bytes.Buffer, *bytes.Buffer), file []byte, files int) int64 {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	env := environment(s3)
	env["BUCKETWATCH_METRICS"] = "full"   // which needs more
	env["BUCKETWATCH_TABLE"] = ":memory:" // which needs more, too: a table keeps its items elsewhere
	env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "128"
	f, stdout, stderr := start(t, env)
	for i := range files {
		key := traffic.Key("111122223333", "eu-central-1", time.Now().Add(-5*time.Minute), fmt.Sprintf("AbCdEfGhIjKlMnO%d", i))
		if err := s3.Put(t.Context(), "logs", key, file); err != nil {
			t.Fatal(err)
		}
		for _, payload := range [][]byte{localaws.Notification("logs", key), []byte(`{"bucketwatch":"tick"}`)} {
			if _, err := f.Invoke(t.Context(), payload); err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
		}
	}
	if got := strings.Count(stdout.String(), `"Ticks":1`); got != files {
		t.Errorf("%d ticks ended well, want %d\n%s", got, files, stderr)
	}
	if want := fmt.Sprintf(`"RecordsRead":%d`, traffic.LargeRecords); strings.Count(stdout.String(), want) != files {
		t.Errorf("standard output does not have %s %d times", want, files)
	}
	peak := peakMemory(t, f.Pid())
	t.Logf("peak resident memory: %.1f MiB", float64(peak)/(1<<20))
	return peak
}

// peakMemory returns the most bytes that the process had resident, as the kernel accounts for it.
func peakMemory(t testing.TB, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	kB, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
