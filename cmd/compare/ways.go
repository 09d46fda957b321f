//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/klauspost/compress/gzip"

	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/s3event"
	"bucketwatch/pkg/state"
)

// way is one way to read a log file.
type way struct {
	name string
	run  func() error
}

// logFile is the file that they read.
type logFile struct {
	path   string
	object []byte
	size   int64 // unpacked
	truth  *traffic.Truth
}

const (
	inflateAlone = "klauspost/compress: inflate alone"
	zcatAlone    = "zcat to nowhere"
)

// write generates the file, in memory and on disk.
func (f *logFile) write(records int, busy bool) (err error) {
	generate := traffic.Large
	if busy {
		generate = traffic.Busy
	}
	var object bytes.Buffer
	if f.truth, err = generate(&object, records, 1, time.Now()); err != nil {
		return err
	}
	f.object = object.Bytes()
	z, err := gzip.NewReader(bytes.NewReader(f.object))
	if err != nil {
		return err
	}
	if f.size, err = io.Copy(io.Discard, z); err != nil {
		return err
	}
	return os.WriteFile(f.path, f.object, 0o600)
}

// ways are those that this machine has, the floor first.
func (f *logFile) ways() []way {
	z, reader := new(gzip.Reader), new(cloudtrail.Reader)
	ways := []way{
		{inflateAlone, func() error { return f.inflate(z) }},
		{"this reader", func() error { return f.read(reader) }},
		{"this reader and all metrics' counts", func() error { return f.count(reader) }},
		{"a whole invocation: counts, callers, deletes, evidence, lines", f.invoke},
		{"encoding/json into narrow structs", f.decode},
	}
	if installed("zcat") {
		ways = append(ways, way{zcatAlone, func() error { _, err := f.shell("zcat"); return err }})
		if installed("jq") {
			ways = append(ways, way{"zcat | jq, requests of each bucket", f.jq})
		}
	}
	return ways
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func (f *logFile) inflate(z *gzip.Reader) error {
	if err := z.Reset(bytes.NewReader(f.object)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, z)
	return err
}

func (f *logFile) each(reader *cloudtrail.Reader, do func(*cloudtrail.Record)) error {
	reader.Reset(bytes.NewReader(f.object))
	var record cloudtrail.Record
	for {
		switch err := reader.Read(&record); err {
		case nil:
			do(&record)
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

func (f *logFile) read(reader *cloudtrail.Reader) error {
	n := int64(0)
	if err := f.each(reader, func(*cloudtrail.Record) { n++ }); err != nil {
		return err
	}
	if want := f.truth.Records["RecordsRead"]; n != want {
		return fmt.Errorf("%d records, want %d", n, want)
	}
	return nil
}

func (f *logFile) count(reader *cloudtrail.Reader) error {
	buckets, err := metric.ParseBuckets("*")
	if err != nil {
		return err
	}
	counts := metric.NewCounts(buckets, true)
	var event s3event.Event
	err = f.each(reader, func(r *cloudtrail.Record) {
		s3event.Interpret(r, &event)
		counts.Add(&event)
	})
	if err != nil {
		return err
	}
	counts.Finish()
	got := map[string]int64{}
	for _, row := range counts.Rows() {
		got[row.Bucket] += row.Values[metric.AllRequests]
	}
	return f.check(got)
}

// object is an S3 with one object.
type object []byte

func (o object) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(o))}, nil
}

// invoke processes the notification of the file, as the Lambda function does, without a network and with its memory in the
// process.
func (f *logFile) invoke() error {
	config, err := pipeline.ConfigFromEnv(func(string) string { return "" })
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	p := pipeline.New(config, object(f.object), nil, state.NewMemory(), pipeline.NewOutput(&lines, io.Discard))
	key := traffic.Key("111122223333", "eu-central-1", time.Now(), "AbCdEfGhIjKlMnOp")
	_, err = p.Handle(context.Background(), fmt.Appendf(nil, `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put",`+
		`"s3":{"bucket":{"name":"logs"},"object":{"key":%q}}}]}`, key))
	if err != nil {
		return err
	}
	got := map[string]int64{}
	for text := range bytes.Lines(lines.Bytes()) {
		var line struct {
			Type, BucketName string
			AllRequests      int64
		}
		if !bytes.Contains(text, []byte(`"AllRequests":`)) {
			continue
		}
		if err := json.Unmarshal(text, &line); err != nil {
			return err
		}
		got[line.BucketName] += line.AllRequests
	}
	return f.check(got)
}

// decode reads with encoding/json one record at a time, and of it as little as will do.
func (f *logFile) decode() error {
	z, err := gzip.NewReader(bytes.NewReader(f.object))
	if err != nil {
		return err
	}
	d := json.NewDecoder(z)
	for range 3 { // {"Records":[
		if _, err := d.Token(); err != nil {
			return err
		}
	}
	got := map[string]int64{}
	for d.More() {
		var r struct {
			EventTime                                             time.Time
			EventSource, EventName, ErrorCode, EventID, EventType string
			RequestParameters                                     struct{ BucketName, Key string }
			Resources                                             []struct{ Type, ARN, AccountID string }
			UserIdentity                                          struct {
				ARN            string
				SessionContext struct{ SessionIssuer struct{ ARN string } }
			}
			AdditionalEventData struct{ BytesTransferredIn, BytesTransferredOut, HTTPStatusCode float64 }
		}
		if err := d.Decode(&r); err != nil {
			return err
		}
		got[r.RequestParameters.BucketName]++
	}
	return f.check(got)
}

func (f *logFile) jq() error {
	out, err := f.shell(`zcat | jq -c 'reduce .Records[] as $r ({}; .[$r.requestParameters.bucketName] += 1)'`)
	if err != nil {
		return err
	}
	got := map[string]int64{}
	if err := json.Unmarshal(out, &got); err != nil {
		return err
	}
	return f.check(got)
}

// shell runs a command that reads the file, and returns what it writes; nothing of zcat alone.
func (f *logFile) shell(command string) ([]byte, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var out, stderr bytes.Buffer
	sh := exec.Command("sh", "-c", command)
	sh.Stdin, sh.Stdout, sh.Stderr = in, &out, &stderr
	if !strings.Contains(command, "|") {
		sh.Stdout = nil // /dev/null
	}
	if err := sh.Run(); err != nil {
		return nil, errors.Join(err, errors.New(stderr.String()))
	}
	return out.Bytes(), nil
}
