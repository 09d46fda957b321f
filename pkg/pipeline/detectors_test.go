package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// of returns n requests for objects of photos a second apart, the keys numbered from 0.
func of(n int, first request) []request {
	all := make([]request, n)
	for i := range all {
		all[i] = first
		all[i].at = first.at.Add(time.Duration(i) * time.Second)
		if first.bucket == "" {
			all[i].bucket = "photos"
		}
		if first.key != "" {
			all[i].key = fmt.Sprintf("%s/%d.jpg", first.key, i)
		}
	}
	return all
}

// aCall is a DeleteObjects call on so many objects, as its body's size tells it.
func aCall(at time.Time, who string, n int, id string) request {
	return request{at: at, who: who, operation: "DeleteObjects", bucket: "photos", bytesIn: 122 + 40*n, requestID: id}
}

// written is five objects uploaded and later deleted by the app.
func written(uploaded, deleted time.Time) []request {
	return append(of(5, request{at: uploaded, who: appWeb, operation: "PutObject", key: "a"}),
		of(5, request{at: deleted, who: appWeb, operation: "DeleteObject", key: "a"})...)
}

// What each detector that needs no numbers finds in log files, told in a sentence with its keys and its principal; and
// what is nearest to it and harmless.
func TestDetectors(t *testing.T) {
	at := clockOn
	gone := of(3, request{at: at(9, 30, 0), who: appWeb, operation: "DeleteObject", key: "a"})
	logs := of(4, request{at: at(10, 1, 0), who: intern, operation: "DeleteObject", bucket: logBucket, key: "AWSLogs"})
	change := func(operation, who string, at time.Time) request {
		return request{at: at, who: who, operation: operation, bucket: "photos", parameters: suspended}
	}
	tests := []struct {
		name, anomaly string
		requests      []request
		want          []string // severity, principal and sentence of each line, up to the last comma
		keys          string   // of the first
		unexpected    int64    // UnexpectedDeletes of this anomaly's lines
		harmless      map[string][]request
	}{
		{
			name: "DeletedSoonAfterUpload", requests: written(at(9, 5, 0), at(10, 4, 0)),
			want:       []string{"HIGH " + appWeb + ": 5 objects of photos were deleted by role/app-web within 60 minutes of their upload, at 10:04 UTC, the first of them a/0.jpg"},
			keys:       "a/0.jpg a/1.jpg a/2.jpg a/3.jpg a/4.jpg",
			unexpected: 5,
			harmless: map[string][]request{
				"61 minutes after": written(at(9, 3, 0), at(10, 4, 0)),
				"four":             append(written(at(9, 30, 0), at(10, 4, 0))[:4], written(at(9, 30, 0), at(10, 4, 0))[5:9]...),
				"the old object of a key that is uploaded again": append(of(5, request{at: at(9, 5, 0), who: appWeb, operation: "DeleteObject", key: "a"}),
					of(5, request{at: at(9, 6, 0), who: appWeb, operation: "PutObject", key: "a"})...),
			},
		},
		{
			name: "RepeatedDelete", requests: append(slices.Clone(gone), of(3, request{at: at(9, 31, 0), who: appWeb, operation: "DeleteObject", key: "a"})...),
			want:       []string{"MEDIUM " + appWeb + ": 3 objects of photos were deleted again by role/app-web, though nothing had been uploaded in their place, at 09:31 UTC, the first of them a/0.jpg"},
			keys:       "a/0.jpg a/1.jpg a/2.jpg",
			unexpected: 3,
			harmless: map[string][]request{
				"a client's retry": append(slices.Clone(gone), of(3, request{at: at(9, 30, 59), who: appWeb, operation: "DeleteObject", key: "a"})...),
				"uploaded between": slices.Concat(gone, of(3, request{at: at(8, 29, 0), who: appWeb, operation: "DeleteObject", key: "a"}),
					of(3, request{at: at(8, 29, 30), who: appWeb, operation: "PutObject", key: "a"})),
				"refused": append(slices.Clone(gone), of(3, request{at: at(9, 40, 0), who: appWeb, operation: "DeleteObject", key: "a", errorCode: "SlowDown"})...),
			},
		},
		{
			name: "ReadAfterDelete", requests: append(slices.Clone(gone), of(3, request{at: at(11, 15, 0), who: cdn, operation: "GetObject", key: "a", errorCode: "NoSuchKey"})...),
			want:       []string{"HIGH " + appWeb + ": 3 objects that role/app-web deleted from photos were asked for afterwards by role/cdn at 11:15 UTC, and S3 refused (404 or 403), so somebody still needed them: the first deleted is a/0.jpg"},
			keys:       "a/0.jpg a/1.jpg a/2.jpg",
			unexpected: 3,
			harmless: map[string][]request{
				"by who deleted them": append(slices.Clone(gone), of(3, request{at: at(11, 15, 0), who: appWeb, operation: "HeadObject", key: "a", errorCode: "NoSuchKey"})...),
				"uploaded soon after": slices.Concat(gone, of(3, request{at: at(11, 15, 0), who: cdn, operation: "GetObject", key: "a", errorCode: "NoSuchKey"}),
					of(3, request{at: at(11, 29, 0), who: appWeb, operation: "PutObject", key: "a"})),
				"asked for before": append(slices.Clone(gone), of(3, request{at: at(9, 29, 0), who: cdn, operation: "GetObject", key: "a", errorCode: "NoSuchKey"})...),
			},
		},
		{
			name: "PermanentDelete", requests: of(1, request{at: at(10, 1, 0), who: appWeb, operation: "DeleteObject", key: "a", versionID: "v1"}),
			want:       []string{"HIGH " + appWeb + ": 1 version deleted for good from photos at 10:01 UTC by role/app-web; its busiest hour of the last 16 days had none."},
			keys:       "a/0.jpg",
			unexpected: 1,
			harmless: map[string][]request{
				"a delete marker removed": of(1, request{at: at(10, 1, 0), who: appWeb, operation: "DeleteObject", key: "a", versionID: "m1", removedMarker: true}),
				"without a version id":    of(1, request{at: at(10, 1, 0), who: appWeb, operation: "DeleteObject", key: "a"}),
				"refused":                 of(1, request{at: at(10, 1, 0), who: appWeb, operation: "DeleteObject", key: "a", versionID: "v1", errorCode: "SlowDown"}),
			},
		},
		{
			name: "EncryptedOverwrite", requests: of(2, request{at: at(10, 1, 0), who: appWeb, operation: "PutObject", key: "a", sseC: true}),
			want: []string{"HIGH " + appWeb + ": 2 objects written to photos at 10:01 UTC by role/app-web with an encryption key that the bucket's owner may not have; its busiest hour of the last 16 days had none."},
			keys: "a/0.jpg a/1.jpg",
			harmless: map[string][]request{
				"the owner's KMS key": of(2, request{at: at(10, 1, 0), who: appWeb, operation: "PutObject", key: "a", parameters: map[string]any{
					"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:111122223333:key/1"}}),
				"refused": of(2, request{at: at(10, 1, 0), who: appWeb, operation: "PutObject", key: "a", sseC: true, errorCode: "AccessDenied"}),
			},
		},
		{
			name: "ProtectionRemoved", requests: []request{
				change("PutBucketVersioning", intern, at(10, 1, 0)), change("DeleteBucketPolicy", intern, at(10, 2, 0)),
				change("DeleteBucketReplication", intern, at(10, 2, 30)), change("DeleteBucketLifecycle", alice, at(10, 3, 0)),
			},
			want: []string{
				"HIGH " + intern + ": role/intern deleted the bucket policy of photos at 10:02 UTC.",
				"HIGH " + intern + ": role/intern deleted the replication rules of photos at 10:02 UTC.",
				"HIGH " + intern + ": role/intern suspended versioning of photos at 10:01 UTC.",
				"HIGH " + alice + ": user/alice deleted the lifecycle rules of photos at 10:03 UTC.",
			},
			harmless: map[string][]request{
				"refused":   {{at: at(10, 1, 0), who: intern, operation: "DeleteBucketPolicy", bucket: "photos", errorCode: "AccessDenied"}},
				"protected": {{at: at(10, 1, 0), who: intern, operation: "PutBucketVersioning", bucket: "photos", parameters: map[string]any{"VersioningConfiguration": map[string]any{"Status": "Enabled"}}}},
			},
		},
		{
			name: "ProtectionRemoved in the log bucket", anomaly: "ProtectionRemoved", requests: logs,
			want: []string{ // each log file tells what it shows, and the tick counts them all
				"HIGH " + intern + ": role/intern deleted 2 objects from the log bucket " + logBucket + " at 10:01 UTC.",
				"HIGH " + intern + ": role/intern deleted 2 objects from the log bucket " + logBucket + " at 10:01 UTC.",
				"HIGH " + intern + ": role/intern deleted 4 objects from the log bucket " + logBucket + " at 10:01 UTC.",
			},
			keys:       "AWSLogs/0.jpg AWSLogs/1.jpg AWSLogs/2.jpg AWSLogs/3.jpg",
			unexpected: 4,
			harmless: map[string][]request{
				"written":          of(4, request{at: at(10, 1, 0), who: intern, operation: "PutObject", bucket: logBucket, key: "AWSLogs"}),
				"in other buckets": of(4, request{at: at(10, 1, 0), who: appWeb, operation: "DeleteObject", key: "AWSLogs"}),
			},
		},
		{
			name: "OpaqueBulkDelete", requests: []request{aCall(at(10, 1, 0), appWeb, 150, "r1"), aCall(at(10, 2, 0), appWeb, 150, "r2")},
			want: []string{"HIGH " + appWeb + ": 2 DeleteObjects calls on photos between 10:01 and 10:02 UTC by role/app-web left no record of the objects: between 2 and 2,000 were deleted, by the size of the calls about"},
			harmless: map[string][]request{
				"its objects have records": append([]request{aCall(at(10, 1, 0), appWeb, 3, "r1")},
					of(3, request{at: at(10, 1, 0), operation: "DeleteObject", key: "a", perKey: true, requestID: "r1"})...),
				"of few objects": {aCall(at(10, 1, 0), appWeb, 3, "r1")},
				"refused":        {{at: at(10, 1, 0), who: appWeb, operation: "DeleteObjects", bucket: "photos", bytesIn: 9000, errorCode: "SlowDown"}},
			},
		},
		{
			name:     "AttackSequence",
			requests: append(of(20, request{at: at(10, 5, 0), who: intern, operation: "DeleteObject", key: "a"}), change("PutBucketVersioning", intern, at(9, 1, 0))),
			want: []string{"CRITICAL " + intern + ": Two steps of role/intern that together look like an attack: (1) role/intern suspended versioning of photos at 09:01 UTC; " +
				"(2) 20 objects deleted from photos at 10:05 UTC by role/intern; its busiest 9–11 h hour of the last 16 days had none (threshold 20)."},
			keys: "a/0.jpg a/10.jpg a/12.jpg a/14.jpg a/16.jpg a/18.jpg a/2.jpg a/4.jpg a/6.jpg a/8.jpg",
			harmless: map[string][]request{
				"by two":    append(of(20, request{at: at(10, 5, 0), who: cleaner, operation: "DeleteObject", key: "a"}), change("PutBucketVersioning", intern, at(9, 1, 0))),
				"one step":  of(20, request{at: at(10, 5, 0), who: intern, operation: "DeleteObject", key: "a"}),
				"too small": append(of(2, request{at: at(10, 5, 0), who: appWeb, operation: "DeleteObject", key: "a"}), change("PutBucketVersioning", appWeb, at(9, 1, 0))),
			},
		},
	}
	for _, test := range tests {
		name := test.anomaly
		if name == "" {
			name = test.name
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := named(anomaliesOf(t, test.requests), name)
			var got []string
			for _, l := range found {
				got = append(got, fmt.Sprintf("%v %v: %v", l["Severity"], l["Principal"], l["Explanation"]))
			}
			slices.Sort(got)
			if len(got) != len(test.want) {
				t.Fatalf("lines\n%s\nwant %d of them", strings.Join(got, "\n"), len(test.want))
			}
			for i, want := range sorted(test.want) {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("line %q, want %q", got[i], want)
				}
			}
			var keys []string
			for _, key := range listOf(found[len(found)-1]["Keys"]) {
				keys = append(keys, key.(string))
			}
			slices.Sort(keys)
			if got := strings.Join(keys, " "); test.keys != "" && !strings.HasPrefix(got, test.keys) {
				t.Errorf("keys %q, want %q", got, test.keys)
			}
			if got := sum(found, "UnexpectedDeletes"); got != test.unexpected {
				t.Errorf("UnexpectedDeletes = %d, want %d", got, test.unexpected)
			}
		})
		for what, requests := range test.harmless {
			t.Run(test.name+", harmless: "+what, func(t *testing.T) {
				t.Parallel()
				for _, l := range named(anomaliesOf(t, requests), name) {
					t.Errorf("found: %v", l["Explanation"])
				}
			})
		}
	}
}

// listOf returns a line's member as a list, nil if it has none.
func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}

// anomaliesOf returns the anomaly lines about a day with these requests, in two log files, after the calm days. It wants
// no more unexpected deletes than deletes.
func anomaliesOf(t *testing.T, requests []request) []line {
	t.Helper()
	var halves [2][]request
	var last time.Time
	for i, r := range requests {
		halves[i%2] = append(halves[i%2], r)
		if r.at.After(last) {
			last = r.at
		}
	}
	w := newWorld(t, afterCalmDays(t))
	for i, half := range halves {
		if len(half) > 0 {
			w.read(t, deliver(i+1, last.Add(time.Duration(5+i)*time.Minute), half...))
		}
	}
	w.tick(t, last.Add(10*time.Minute), clockOn(23, 0, 0), clockOn(23, 1, 0), clockOn(23, 2, 0))
	all := w.take(t)
	for bucket, n := range toldBy(all).unexpected {
		if deleted := toldBy(all).Deleted[bucket]; n > deleted {
			t.Errorf("%d unexpected deletes in %s, of %d objects deleted", n, bucket, deleted)
		}
	}
	return ofType(all, "Anomaly")
}
