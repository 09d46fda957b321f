package main

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic"
)

// fixtureTruth is what the fixture's lines say.
func fixtureTruth() *traffic.Truth {
	const (
		app     = "arn:aws:iam::111122223333:role/service/app-web"
		alice   = "arn:aws:iam::111122223333:user/alice"
		mallory = "arn:aws:iam::111122223333:user/mallory"
	)
	return &traffic.Truth{
		Records: map[string]int64{"RecordsRead": 1210, "RecordsCounted": 1204, "RecordsNotARequest": 2, "RecordsNotS3": 4},
		Buckets: map[string]*traffic.Counts{
			"photos": {
				Metrics: map[string]int64{
					"AllRequests": 1203, "GetRequests": 1202, "DeleteRequests": 1, "DeletedObjects": 2, "4xxErrors": 3,
					"BytesDownloaded": 1450000000,
				},
				Operations: map[string]int64{"GetObject": 1202, "DeleteObjects": 1},
				ErrorCodes: map[string]int64{"NoSuchKey": 3},
				Callers:    map[string]int64{app: 1202, alice: 1},
				Timed:      4,
			},
			"invoices": {
				Metrics:    map[string]int64{"AllRequests": 1, "DeleteRequests": 1, "DeniedDeletes": 1, "4xxErrors": 1, "NewMetric": 7},
				Operations: map[string]int64{"DeleteObject": 1},
				ErrorCodes: map[string]int64{"AccessDenied": 1},
				Callers:    map[string]int64{mallory: 1},
			},
		},
		Deletes: []traffic.Delete{
			{Bucket: "photos", Key: "2026/여름 휴가.jpg", Principal: alice},
			{Bucket: "photos", Key: "2026/second.jpg", VersionID: "v1", Principal: alice},
			{Bucket: "invoices", Key: "2026/INV-00017.pdf", Principal: mallory, ErrorCode: "AccessDenied"},
		},
	}
}

func TestCompareSame(t *testing.T) {
	if got := compare(fixture(t), fixtureTruth()); len(got) > 0 {
		t.Errorf("compare = %q, want no difference", got)
	}
}

// Every number that the demo vouches for must be able to differ.
func TestCompareDifferent(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*traffic.Truth)
		want   []string
	}{
		"a metric": {
			func(x *traffic.Truth) { x.Buckets["photos"].Metrics["GetRequests"] = 1500 },
			[]string{"photos: GetRequests = 1,202, generated 1,500"},
		},
		"a metric that is not expected": {
			func(x *traffic.Truth) { delete(x.Buckets["invoices"].Metrics, "NewMetric") },
			[]string{"invoices: NewMetric = 7, generated 0"},
		},
		"an operation": {
			func(x *traffic.Truth) { x.Buckets["photos"].Operations["PutObject"] = 1 },
			[]string{"photos operations: PutObject = 0, generated 1"},
		},
		"an error code": {
			func(x *traffic.Truth) { x.Buckets["photos"].ErrorCodes["NoSuchKey"] = 4 },
			[]string{"photos error codes: NoSuchKey = 3, generated 4"},
		},
		"latencies": {
			func(x *traffic.Truth) { x.Buckets["photos"].Timed = 5 },
			[]string{"photos: FirstByteLatency values = 4, generated 5", "photos: TotalRequestLatency values = 4, generated 5"},
		},
		"a caller": {
			func(x *traffic.Truth) { x.Buckets["invoices"].Callers["anonymous"] = 1 },
			[]string{"invoices callers: anonymous = 0, generated 1"},
		},
		"a bucket": {
			func(x *traffic.Truth) {
				x.Buckets["backups"] = &traffic.Counts{Metrics: map[string]int64{"AllRequests": 1}}
			},
			[]string{"backups: AllRequests = 0, generated 1"},
		},
		"a class": {
			func(x *traffic.Truth) { x.Records["RecordsTooOld"] = 1 },
			[]string{"health: RecordsTooOld = 0, generated 1"},
		},
		"who deleted": {
			func(x *traffic.Truth) { x.Deletes[2].Principal = "somebody" },
			[]string{
				"deletes: s3://invoices/2026/INV-00017.pdf  AccessDenied by arn:aws:iam::111122223333:user/mallory = 1, generated 0",
				"deletes: s3://invoices/2026/INV-00017.pdf  AccessDenied by somebody = 0, generated 1",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			truth := fixtureTruth()
			test.change(truth)
			if diff := gocmp.Diff(test.want, compare(fixture(t), truth)); diff != "" {
				t.Errorf("compare (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompareUnreconciled(t *testing.T) {
	r, truth := fixture(t), fixtureTruth()
	r.health["RecordsNotS3"], truth.Records["RecordsNotS3"] = 3, 3
	if diff := gocmp.Diff([]string{"the classes of records don't add up to RecordsRead"}, compare(r, truth)); diff != "" {
		t.Errorf("compare (-want +got):\n%s", diff)
	}
}
