package report

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/logfiles"
)

// trail is what a trail delivered, as logfiles finds it in S3.
func trail(all ...*traffic.Traffic) *pile {
	var p pile
	for _, t := range all {
		for _, f := range t.Files {
			k := cloudtrail.ParseKey(f.Key)
			p.add(logfiles.File{
				Name: nameOf(t.LogBucket, f.Key), Bucket: t.LogBucket, Key: f.Key, Size: int64(len(f.Body)), Kind: k.Kind,
				AccountID: k.AccountID, Region: k.Region, Delivered: k.Delivered,
			}, f.Body)
		}
	}
	slices.SortStableFunc(p.files, func(a, b logfiles.File) int { return a.Delivered.Compare(b.Delivered) })
	return &p
}

// An hour of many buckets' traffic must give what is known to be in it.
func TestHourOfTraffic(t *testing.T) {
	const seed = 20261120
	t.Logf("seed %d", seed)
	hour := traffic.Hour(seed, time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC))
	// One record is of two weeks before, which CloudWatch would not take.
	late := reportOf(t, trail(hour), Query{Until: hour.From.Add(-24 * time.Hour)})
	if len(late.Buckets) != 1 || late.Buckets[0].Metrics["AllRequests"] != 1 {
		t.Errorf("report of the late record = %+v, want one request", late.Buckets)
	}
	r := reportOf(t, trail(hour), Query{Since: hour.From.Add(-24 * time.Hour)})

	records := map[string]int64{}
	for class, n := range hour.Truth.Records {
		records[class] = n
	}
	records["RecordsCounted"] += records["RecordsTooOld"]
	delete(records, "RecordsTooOld")
	for class, n := range r.Records {
		if class != "RecordsLeftOut" && n != records[class] {
			t.Errorf("%s = %d, want %d", class, n, records[class])
		}
	}
	if r.Records["RecordsLeftOut"] != 1 {
		t.Errorf("RecordsLeftOut = %d, want 1: the late one", r.Records["RecordsLeftOut"])
	}

	buckets := map[string]*traffic.Counts{}
	for i := range r.Buckets {
		b := &r.Buckets[i]
		c := &traffic.Counts{Metrics: b.Metrics, Operations: b.Operations, ErrorCodes: b.ErrorCodes, Callers: map[string]int64{}}
		for _, caller := range b.Callers {
			if caller.Requests > 0 {
				c.Callers[caller.Principal] = caller.Requests
			}
		}
		buckets[b.Bucket] = c
	}
	for name, want := range hour.Truth.Buckets {
		want.Timed = 0
		if name == "invoices" {
			want.Callers["arn:aws:iam::111122223333:user/report-job"]-- // the late one
		}
		if diff := gocmp.Diff(want, buckets[name]); diff != "" {
			t.Errorf("bucket %s (-want +got):\n%s", name, diff)
		}
		delete(buckets, name)
	}
	for name := range buckets {
		t.Errorf("bucket %s was counted, and nothing happened to it", name)
	}

	var deletes []traffic.Delete
	for _, d := range r.Deletes {
		deletes = append(deletes, traffic.Delete{Bucket: d.Bucket, Key: d.Key, VersionID: d.VersionID, Principal: d.Principal, ErrorCode: d.ErrorCode})
	}
	sortDeletes(deletes)
	sortDeletes(hour.Truth.Deletes)
	if diff := gocmp.Diff(hour.Truth.Deletes, deletes); diff != "" {
		t.Errorf("deletes (-want +got):\n%s", diff)
	}
	for _, want := range hour.Truth.Anomalies {
		if !slices.ContainsFunc(r.Anomalies, func(a Anomaly) bool {
			return a.Bucket == want.Bucket && a.Anomaly == want.Name && a.Principal == want.Principal
		}) {
			t.Errorf("anomalies lack %+v", want)
		}
	}
}

func sortDeletes(list []traffic.Delete) {
	slices.SortFunc(list, func(a, b traffic.Delete) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key), cmp.Compare(a.VersionID, b.VersionID), cmp.Compare(a.ErrorCode, b.ErrorCode))
	})
}

// The report tells of the vanished images what the deployed function would have told, whatever number of files is read
// at once.
func TestVanishedImages(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	story := traffic.Vanished(seed, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
	file := t.TempDir() + "/expected-deletes.yaml"
	if err := os.WriteFile(file, []byte(story.ExpectedDeletes), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := expected.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	p := trail(story.Before, story.During)
	var first *Report
	for _, parallel := range []int{1, 8} {
		m := Maker{Open: p.open, Expected: list, Parallel: parallel, Now: func() time.Time { return story.Judged }}
		r, err := m.Make(t.Context(), p.files)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = r
		} else if diff := gocmp.Diff(first, r); diff != "" {
			t.Errorf("report with %d files at once (-want +got):\n%s", parallel, diff)
		}
	}
	var got []traffic.Found
	for _, a := range first.Anomalies {
		f := traffic.Found{
			Anomaly:  traffic.Anomaly{Bucket: a.Bucket, Name: a.Anomaly, Principal: a.Principal},
			Severity: string(a.Severity), Hour: a.WindowStart,
		}
		got = append(got, f)
	}
	want := slices.Clone(story.Anomalies)
	for i := range want {
		want[i].Keys = nil // an anomaly names ten
	}
	order := func(a, b traffic.Found) int { return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Name, b.Name)) }
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("anomalies (-want +got):\n%s", diff)
	}
	// What was asked for in vain comes first.
	for i := range first.Buckets {
		b := &first.Buckets[i]
		if b.Bucket != "photos" {
			continue
		}
		if got := b.Keys[0].story(clock{}); !strings.Contains(got, "deleted 14:") || !strings.Contains(got, " since: 40") {
			t.Errorf("the story of the first key is %q, want one that was deleted and asked for", got)
		}
	}
}
