package pipeline

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/klauspost/compress/gzip"

	"bucketwatch/internal/cputime"
	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
	"bucketwatch/pkg/state"
)

var guard = flag.Bool("guard", false, "run TestGuard, which measures: make bench-guard")

// What TestGuard allows. docs/PERFORMANCE.md says what is usual.
const (
	maxRatio       = 2.2 // of reading and counting to inflating alone
	maxAllocations = 0.1 // a record
)

// benchFile is a log file of 50 MB that is made once.
type benchFile struct {
	name string
	make func() *madeFile
}

type madeFile struct {
	object []byte
	size   int64 // of the document
	truth  *traffic.Truth
}

var benchFiles = []benchFile{
	{"large", sync.OnceValue(func() *madeFile { return makeFile(traffic.Large) })},
	{"busy", sync.OnceValue(func() *madeFile { return makeFile(traffic.Busy) })},
	{"scattered", sync.OnceValue(func() *madeFile { return makeFile(traffic.Scattered) })},
}

func makeFile(write func(io.Writer, int, uint64, time.Time) (*traffic.Truth, error)) *madeFile {
	var object bytes.Buffer
	truth, err := write(&object, traffic.LargeRecords, 1, detection)
	if err != nil {
		panic(err)
	}
	f := &madeFile{object: object.Bytes(), truth: truth}
	f.size = f.inflate(new(gzip.Reader))
	return f
}

// inflate unpacks the file and does nothing else: the floor for all that reads it. It returns the document's length.
func (f *madeFile) inflate(z *gzip.Reader) int64 {
	if err := z.Reset(bytes.NewReader(f.object)); err != nil {
		panic(err)
	}
	n, err := io.Copy(io.Discard, z)
	if err != nil {
		panic(err)
	}
	return n
}

// read reads all records, for the caller to do something with.
func (f *madeFile) read(tb testing.TB, reader *cloudtrail.Reader, each func(*cloudtrail.Record)) {
	tb.Helper()
	reader.Reset(bytes.NewReader(f.object))
	var record cloudtrail.Record
	for {
		err := reader.Read(&record)
		if err == io.EOF {
			return
		}
		if err != nil {
			tb.Fatal(err)
		}
		each(&record)
	}
}

// count counts all metrics of the file.
func (f *madeFile) count(tb testing.TB, reader *cloudtrail.Reader) *metric.Counts {
	tb.Helper()
	buckets, _ := metric.ParseBuckets("*") // it is a list of globs
	counts := metric.NewCounts(buckets, true)
	var event s3event.Event
	f.read(tb, reader, func(r *cloudtrail.Record) {
		s3event.Interpret(r, &event)
		counts.Add(&event)
	})
	counts.Finish()
	return counts
}

// contents takes in all that there is in the file: metrics, callers, deletes, and evidence for the detectors.
func (f *madeFile) contents(tb testing.TB, reader *cloudtrail.Reader) *contents {
	tb.Helper()
	c := newTestContents(tb, "trail-logs-111122223333")
	c.collect("s3://logs/a.json.gz", detection, nil)
	f.read(tb, reader, c.add)
	c.finish()
	return c
}

func (f *madeFile) checkCounts(tb testing.TB, rows []*metric.Row) {
	tb.Helper()
	got := map[string]int64{}
	for _, row := range rows {
		got[row.Bucket] += row.Values[metric.AllRequests]
	}
	for bucket, want := range f.truth.Buckets {
		if got[bucket] != want.Metrics["AllRequests"] {
			tb.Fatalf("%d requests of %s, want %d", got[bucket], bucket, want.Metrics["AllRequests"])
		}
	}
}

// each runs a benchmark with both files. A benchmark's bytes are those of the document.
func each(b *testing.B, run func(b *testing.B, f *madeFile)) {
	for _, bf := range benchFiles {
		b.Run(bf.name, func(b *testing.B) {
			f := bf.make()
			b.SetBytes(f.size)
			b.ReportAllocs()
			run(b, f)
		})
	}
}

func BenchmarkInflate(b *testing.B) {
	each(b, func(b *testing.B, f *madeFile) {
		z := new(gzip.Reader)
		for b.Loop() {
			if n := f.inflate(z); n != f.size {
				b.Fatalf("%d bytes, want %d", n, f.size)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	each(b, func(b *testing.B, f *madeFile) {
		reader := new(cloudtrail.Reader)
		for b.Loop() {
			n := int64(0)
			f.read(b, reader, func(*cloudtrail.Record) { n++ })
			if n != f.truth.Records["RecordsRead"] {
				b.Fatalf("%d records, want %d", n, f.truth.Records["RecordsRead"])
			}
		}
	})
}

func BenchmarkReadAndCount(b *testing.B) {
	each(b, func(b *testing.B, f *madeFile) {
		reader := new(cloudtrail.Reader)
		for b.Loop() {
			f.checkCounts(b, f.count(b, reader).Rows())
		}
	})
}

// BenchmarkContents does what an invocation does with a file's records.
func BenchmarkContents(b *testing.B) {
	each(b, func(b *testing.B, f *madeFile) {
		reader := new(cloudtrail.Reader)
		for b.Loop() {
			f.checkCounts(b, f.contents(b, reader).counts.Rows())
		}
	})
}

// BenchmarkInvocation processes a notification, from its payload to the lines, with an S3 behind HTTP in the same process
// and a store in memory.
func BenchmarkInvocation(b *testing.B) {
	objects, err := localaws.NewS3()
	if err != nil {
		b.Fatal(err)
	}
	defer objects.Close()
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(objects.URL()), UsePathStyle: true, Credentials: aws.AnonymousCredentials{}})
	each(b, func(b *testing.B, f *madeFile) {
		n := 0
		r := newRunWith(b, state.NewMemory(), client)
		for b.Loop() {
			b.StopTimer() // a file that was processed is not processed again
			n++
			key := traffic.Key("111122223333", "us-east-1", detection, fmt.Sprintf("AbCdEfGh%08d", n))
			if err := objects.Put(b.Context(), logBucket, key, f.object); err != nil {
				b.Fatal(err)
			}
			r.metrics.Reset()
			r.log.Reset()
			b.StartTimer()
			if _, err := r.Handle(b.Context(), notification(key)); err != nil {
				b.Fatal(err)
			}
			if want := fmt.Sprintf(`"RecordsRead":%d`, traffic.LargeRecords); !bytes.Contains(r.metrics.Bytes(), []byte(want)) {
				b.Fatalf("no %s among the lines", want)
			}
		}
	})
}

// BenchmarkEmit writes the lines of a file that was read; its bytes are theirs.
func BenchmarkEmit(b *testing.B) {
	for _, bf := range benchFiles {
		b.Run(bf.name, func(b *testing.B) {
			r := newRun(b, nil)
			f := &file{started: detection, reader: new(cloudtrail.Reader)}
			f.contents = bf.make().contents(b, f.reader)
			b.ReportAllocs()
			for b.Loop() {
				r.metrics.Reset()
				r.log.Reset()
				if err := r.emit(f); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(r.metrics.Len() + r.log.Len()))
			b.ReportMetric(float64(bytes.Count(r.metrics.Bytes(), []byte("\n"))), "metric-lines")
		})
	}
}

// BenchmarkTick puts the evidence of twelve files of the same eight buckets and hour, and judges it: the detectors'
// memory is merged there.
func BenchmarkTick(b *testing.B) {
	for _, bf := range benchFiles {
		b.Run(bf.name, func(b *testing.B) {
			shares := bf.make().contents(b, new(cloudtrail.Reader)).evidence.Shares()
			if len(shares) == 0 {
				b.Fatal("no evidence")
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				r := newRunWith(b, state.NewMemory(), nil)
				for i := range 12 {
					for k := range shares {
						shares[k].LogFile = fmt.Sprintf("s3://logs/%d.json.gz", i)
					}
					if err := r.history.PutShares(b.Context(), "111122223333", shares, detection); err != nil {
						b.Fatal(err)
					}
				}
				later := detection.Add(2 * time.Hour) // when all of it is due
				r.Now = func() time.Time { return later }
				b.StartTimer()
				if _, err := r.Handle(b.Context(), tickAt(later)); err != nil {
					b.Fatal(err)
				}
				if !bytes.Contains(r.metrics.Bytes(), []byte(`"Ticks":1`)) || !bytes.Contains(r.metrics.Bytes(), []byte(`"Anomaly":`)) {
					b.Fatalf("the tick failed, or found nothing:\n%s", r.metrics.Bytes())
				}
			}
		})
	}
}

// TestGuard fails if reading and counting has become slow, or allocates for each record. It measures, and so isn't among
// the tests that must hold anywhere.
func TestGuard(t *testing.T) {
	if !*guard {
		t.Skip("make bench-guard runs it")
	}
	for _, bf := range benchFiles {
		f := bf.make()
		reader, z := new(cloudtrail.Reader), new(gzip.Reader)
		inflate := func() { f.inflate(z) }
		count := func() { f.count(t, reader) }
		f.checkCounts(t, f.count(t, reader).Rows())
		ratio := cputime.Ratio(15, inflate, count)
		allocations := testing.AllocsPerRun(3, count) / traffic.LargeRecords
		t.Logf("%s, %.1f : 1: %.2f times inflating alone, %.3f allocations a record", bf.name, float64(f.size)/float64(len(f.object)), ratio, allocations)
		if ratio > maxRatio {
			t.Errorf("%s: %.2f times inflating alone, want at most %.1f", bf.name, ratio, maxRatio)
		}
		if allocations > maxAllocations {
			t.Errorf("%s: %.3f allocations a record, want at most %.1f", bf.name, allocations, maxAllocations)
		}
	}
}
