package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bucketwatch/internal/cputime"
	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/statetest"
)

// How long the services take to answer in BenchmarkSeveralFiles.
const (
	s3Wait    = 20 * time.Millisecond
	tableWait = 5 * time.Millisecond
)

// waiting is an S3 whose answers begin a while after they were asked for.
type waiting struct{ S3 }

func (w waiting) GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	time.Sleep(s3Wait)
	return w.S3.GetObject(ctx, in, options...)
}

// smallFile is what a trail delivers where not much happens: 300 records.
var smallFile = sync.OnceValue(func() []byte {
	var object bytes.Buffer
	if _, err := traffic.Large(&object, smallRecords, 1, detection); err != nil {
		panic(err)
	}
	return object.Bytes()
})

const smallRecords = 300

// BenchmarkSeveralFiles processes an SQS event with ten log files, from an S3 behind HTTP in the same process, with a store
// in memory: both take as long to answer as the real ones. It does so one file after the other, and with the functions of
// 128 and 256 MB.
func BenchmarkSeveralFiles(b *testing.B) {
	const files = 10
	objects, err := localaws.NewS3()
	if err != nil {
		b.Fatal(err)
	}
	defer objects.Close()
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(objects.URL()), UsePathStyle: true, Credentials: aws.AnonymousCredentials{}})
	for _, file := range []struct {
		name    string
		records int
		object  func() []byte
	}{
		{"small", smallRecords, smallFile},
		{"large", traffic.LargeRecords, func() []byte { return benchFiles[0].make().object }},
	} {
		for _, memory := range []string{"0", "128", "256"} {
			config := Config{}
			fmt.Sscan(memory, &config.MemorySize)
			b.Run(fmt.Sprintf("%s/at-once=%d", file.name, config.filesAtOnce()), func(b *testing.B) {
				n := 0
				r := newRunWith(b, statetest.At(tableWait, state.NewMemory()), waiting{client}, atOnceIn(memory))
				var cpu time.Duration
				for b.Loop() {
					b.StopTimer()
					var messages [][]byte
					for range files {
						n++
						key := traffic.Key("111122223333", "us-east-1", detection, fmt.Sprintf("%s%08d", memory, n))
						if err := objects.Put(b.Context(), logBucket, key, file.object()); err != nil {
							b.Fatal(err)
						}
						messages = append(messages, notification(key))
					}
					r.metrics.Reset()
					r.log.Reset()
					b.StartTimer()
					before := cputime.Self()
					response, err := r.Handle(b.Context(), sqsEvent(messages...))
					cpu += cputime.Self() - before
					if failed := response.(BatchResponse).BatchItemFailures; err != nil || len(failed) > 0 {
						b.Fatalf("Handle = %v, %v", failed, err)
					}
					if got := bytes.Count(r.metrics.Bytes(), fmt.Appendf(nil, `"RecordsRead":%d`, file.records)); got != files {
						b.Fatalf("%d files with %d records among the lines, want %d", got, file.records, files)
					}
				}
				b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
	}
}
