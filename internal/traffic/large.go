package traffic

import (
	"fmt"
	"io"
	"time"
)

// LargeRecords is the number of records that make the largest file CloudTrail delivers: 50 MB before compression.
const LargeRecords = 29_376

// Large writes one gzipped log file with so many records to w, all of them S3 requests of the six minutes before end that
// count, none twice, in no order: eight buckets, 150 callers. Files of busy accounts have the records of two to seven
// minutes. It compresses about 7.6 : 1. It holds one record at a time in memory, and so is fit to measure the memory of
// its reader.
func Large(w io.Writer, records int, seed uint64, end time.Time) (*Truth, error) {
	return newLarge(seed, end, 6*time.Minute).write(w, records)
}

// Scattered writes a file as Large does, of an hour: ten times as many buckets' minutes, which is harder to count.
func Scattered(w io.Writer, records int, seed uint64, end time.Time) (*Truth, error) {
	return newLarge(seed, end, time.Hour).write(w, records)
}

// Busy writes a file as Large does, of one bucket from which an application's 24 sessions read and write thumbnails
// for five minutes, which is how often CloudTrail delivers. More of it repeats: it compresses about 10 : 1.
func Busy(w io.Writer, records int, seed uint64, end time.Time) (*Truth, error) {
	return newBusy(seed, end).write(w, records)
}

func (l *large) write(w io.Writer, records int) (*Truth, error) {
	out := newWriter(w)
	for range records {
		q := l.next()
		q.count(l.trail)
		rec := q.record(account, l.r)
		out.write(&rec)
	}
	if err := out.close(); err != nil {
		return nil, fmt.Errorf("cannot write a log file of %d records: %w", records, err)
	}
	return l.trail.truth, nil
}

// large makes the requests of a busy account, one after the other.
type large struct {
	trail   *trail
	r       ids
	from    time.Time
	lasts   time.Duration
	buckets []*bucket
	callers []*caller
	mixture []share
	key     func() string
}

func newLarge(seed uint64, end time.Time, lasts time.Duration) *large {
	l := &large{
		trail: newTrail(seed, account, &bucket{name: "trail-logs-" + account, owner: account, region: region}),
		r:     ids{newRand(seed, "large")},
		from:  end.UTC().Truncate(time.Minute).Add(-lasts),
		lasts: lasts,
		mixture: []share{
			{"GetObject", 52}, {"PutObject", 20}, {"HeadObject", 12}, {"ListObjects", 5}, {"DeleteObject", 5},
			{"UploadPart", 2}, {"CreateMultipartUpload", 1}, {"CompleteMultipartUpload", 1}, {"HeadBucket", 1}, {"GetObjectTagging", 1},
		},
	}
	l.key = func() string {
		return fmt.Sprintf("tenants/%04d/%d/%02d/%s.parquet", l.r.IntN(500), 2024+l.r.IntN(3), 1+l.r.IntN(12), l.r.hex(16))
	}
	for _, name := range []string{
		"photos", "invoices", "backups", "static-site", "data-lake", "ml-training-sets", "recordings", "build-artifacts",
	} {
		l.buckets = append(l.buckets, &bucket{name: name, owner: account, region: region, versioned: len(name)%2 == 0})
	}
	agents := []string{
		"[aws-sdk-go-v2/1.41.1 ua/2.1 os/linux lang/go#1.25.5 md/GOARCH#arm64 api/s3#1.97.0]",
		"[Boto3/1.40.61 ua/2.1 os/linux#6.1.159 lang/python#3.13.9 Botocore/1.40.61]",
		"[aws-sdk-java/2.38.2 md/http#NettyNio ua/2.1 os/Linux#6.1 lang/java#21.0.9]",
	}
	names := []string{"app-web", "thumbnailer", "service-role/etl", "billing", "training-jobs", "ci/publisher"}
	for i := range 150 {
		address, agent := fmt.Sprintf("10.0.%d.%d", l.r.IntN(16), l.r.IntN(256)), agents[i%len(agents)]
		if i%2 == 0 { // a long-lived key: an identity half as long
			l.callers = append(l.callers, newUser(l.r, account, fmt.Sprintf("svc-%02d", i/2), address, agent))
			continue
		}
		since := l.from.Add(-time.Duration(l.r.IntN(3600)) * time.Second)
		l.callers = append(l.callers, newRole(l.r, account, names[i/2%len(names)], l.r.instance(), address, agent, since))
	}
	return l
}

func newBusy(seed uint64, end time.Time) *large {
	l := &large{
		trail:   newTrail(seed, account, &bucket{name: "trail-logs-" + account, owner: account, region: region}),
		r:       ids{newRand(seed, "busy")},
		from:    end.UTC().Truncate(time.Minute).Add(-5 * time.Minute),
		lasts:   5 * time.Minute,
		buckets: []*bucket{{name: "photos", owner: account, region: region}},
		mixture: []share{{"GetObject", 82}, {"PutObject", 12}, {"HeadObject", 4}, {"DeleteObject", 2}},
	}
	l.key = func() string { return fmt.Sprintf("thumbnails/%d/%s.webp", 128<<l.r.IntN(3), l.r.hex(12)) }
	for range 24 {
		since := l.from.Add(-time.Duration(l.r.IntN(3600)) * time.Second)
		address := fmt.Sprintf("10.0.%d.%d", l.r.IntN(16), l.r.IntN(256))
		l.callers = append(l.callers, newRole(l.r, account, "app-web", l.r.instance(), address,
			"[aws-sdk-go-v2/1.41.1 ua/2.1 os/linux lang/go#1.25.5 md/GOARCH#arm64 api/s3#1.97.0]", since))
	}
	return l
}

// share of an operation among the requests, in percent.
type share struct {
	operation string
	percent   int
}

func (l *large) next() *request {
	r := l.r
	q := &request{
		at:     l.from.Add(time.Duration(r.Int64N(l.lasts.Milliseconds())) * time.Millisecond),
		who:    l.callers[r.IntN(len(l.callers))],
		bucket: l.buckets[r.IntN(len(l.buckets))],
	}
	n := r.IntN(100)
	for _, s := range l.mixture {
		if q.operation, n = s.operation, n-s.percent; n < 0 {
			break
		}
	}
	if q.operation != "ListObjects" && q.operation != "HeadBucket" {
		q.key = l.key()
		q.params = members{text("x-id", q.operation)}
	}
	switch q.operation {
	case "GetObject", "GetObjectTagging":
		q.out = r.Int64N(4_000_000)
	case "PutObject", "UploadPart":
		q.in = r.Int64N(8_000_000)
	case "ListObjects":
		q.out, q.params = r.Int64N(200_000), list("tenants/")
	case "DeleteObject":
		q.marker = q.bucket.versioned
		if q.marker && r.IntN(8) == 0 {
			q.version, q.marker = r.version(), false
		}
	}
	switch p := r.IntN(1000); {
	case p < 12:
		q.code, q.in, q.out, q.marker = "AccessDenied", 0, 243, false
	case p < 24 && (q.operation == "GetObject" || q.operation == "HeadObject"):
		q.code, q.out = "NoSuchKey", 290
	case p < 26:
		q.code, q.in, q.out, q.marker = "SlowDown", 0, 320, false
	}
	if r.IntN(2) == 0 {
		timed(r, q)
	}
	return q
}
