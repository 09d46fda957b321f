package evidence_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/evidence"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/s3event"
)

// told is a share in few words: one line for each activity, and one for each sort of key.
func told(shares []anomaly.Share) []string {
	names := [anomaly.Measures]string{
		"objects", "calls", "per key", "estimated", "by version", "maybe by version", "markers", "denied", "overwrites", "soon", "again",
	}
	lines := []string{}
	for _, s := range shares {
		head := fmt.Sprintf("%s %s: ", s.Bucket, s.Hour.Format("15h"))
		if s.IsLogBucket {
			head = "(log bucket) " + head
		}
		if len(s.Activities)+len(s.Keys.Uploads)+len(s.Keys.Deletes)+len(s.Keys.Refused) == 0 && s.Uploads+s.Refused == 0 {
			lines = append(lines, head+"nothing")
		}
		if s.Uploads+s.Refused > 0 {
			lines = append(lines, head+fmt.Sprintf("%d uploads, %d refused", s.Uploads, s.Refused))
		}
		for _, a := range s.Activities {
			line := head + s3event.ShortName(a.Principal)
			if a.Human {
				line += ", a person"
			}
			for m, n := range a.Counts {
				if n != 0 {
					line += fmt.Sprintf(", %s %d", names[m], n)
				}
			}
			for _, x := range a.Expected {
				line += fmt.Sprintf(", expected %d of %d", x.Counts[anomaly.Objects], x.Cap)
				for m, n := range x.Counts {
					if n != 0 && m != int(anomaly.Objects) {
						line += fmt.Sprintf(" (%s %d)", names[m], n)
					}
				}
			}
			lines = append(lines, line)
		}
		for _, u := range s.Keys.Uploads {
			lines = append(lines, head+"uploaded "+keyName(u.Hash)+clockOf(u.At))
		}
		for _, d := range s.Keys.Deletes {
			line := head + s3event.ShortName(d.Principal) + " deleted " + d.Key + clockOf(d.At)
			if d.Human {
				line += ", a person"
			}
			if d.Expected {
				line += ", expected"
			}
			if d.Hash != anomaly.HashKey([]byte(d.Key)) {
				line += ", with the hash of another"
			}
			lines = append(lines, line)
		}
		for _, r := range s.Keys.Refused {
			lines = append(lines, head+s3event.ShortName(r.Principal)+" was refused "+keyName(r.Hash)+clockOf(r.At))
		}
	}
	return lines
}

func clockOf(at int64) string { return time.Unix(at, 0).UTC().Format(" 15:04:05") }

// keyName returns the name of a key with that hash: the tests' keys are single letters.
func keyName(hash uint64) string {
	for c := 'a'; c <= 'z'; c++ {
		if anomaly.HashKey([]byte(string(c))) == hash {
			return string(c)
		}
	}
	return "?"
}

var (
	markerRemoved = object{"requestParameters": object{"versionId": "v1"}, "responseElements": object{"x-amz-delete-marker": "true"}}

	byVersion = object{"requestParameters": object{"versionId": "v1"}}
	denied    = object{"errorCode": "AccessDenied"}
	missing   = object{"errorCode": "NoSuchKey"}
	foreign   = object{"resources": []any{object{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::photos", "accountId": "444455556666"}}}
	ownerless = object{"resources": []any{}}
)

// bytesIn is a call whose body has so many bytes.
func bytesIn(n int64) object { return object{"additionalEventData": object{"bytesTransferredIn": n}} }

func TestShares(t *testing.T) {
	tests := []struct {
		name     string
		requests []request
		want     []string
	}{
		{"nothing", nil, []string{}},
		{"reads and lists", []request{{operation: "GetObject", key: "a", at: "15:10:00"}, {operation: "ListObjects", at: "13:59:59"}, {operation: "HeadBucket"},
			{operation: "GetObject", key: "a", at: "12:00:00", bucket: "videos"}},
			[]string{"photos 13h: nothing", "videos 12h: nothing"}},
		{"reads before an upload", []request{{operation: "GetObject", key: "a", at: "13:00:00"}, {operation: "PutObject", key: "a"}},
			[]string{"photos 14h: 1 uploads, 0 refused", "photos 14h: uploaded a 14:00:00"}},
		{"reads of another account's bucket, and of one whose owner isn't told", []request{{operation: "GetObject", key: "a", more: foreign}, {operation: "GetObject", key: "a", bucket: "videos", more: ownerless}}, []string{}},
		{"a delete failed in a bucket whose owner isn't told", []request{{perKey: full, key: "a", more: object{"resources": []any{}, "errorCode": "InternalError"}}}, []string{}},
		{"reads of the log bucket", []request{{operation: "GetObject", key: "a", bucket: logBucket}}, []string{}},

		{"a delete", []request{{operation: "DeleteObject", key: "a"}},
			[]string{"photos 14h: role/app-web, objects 1", "photos 14h: role/app-web deleted a 14:00:00"}},
		{"a delete in the console", []request{{operation: "DeleteObject", key: "a", who: alice}},
			[]string{"photos 14h: user/alice, a person, objects 1", "photos 14h: user/alice deleted a 14:00:00, a person"}},
		{"a person's key in a program, too", []request{
			{operation: "DeleteObject", key: "a", who: alice, more: object{"sessionCredentialFromConsole": "false"}}, {operation: "DeleteObject", key: "b", who: alice, at: "14:00:01"}},
			[]string{"photos 14h: user/alice, objects 1", "photos 14h: user/alice, a person, objects 1", "photos 14h: user/alice deleted a 14:00:00", "photos 14h: user/alice deleted b 14:00:01, a person"}},
		{"a role in the console and as software", []request{
			{operation: "DeleteObject", key: "a", at: "14:00:02"}, {operation: "DeleteObject", key: "b", at: "14:00:01"},
			{operation: "DeleteObject", key: "c", at: "14:00:03", more: object{"sessionCredentialFromConsole": "true"}},
			{operation: "DeleteObjects", id: "1", more: object{"sessionCredentialFromConsole": "true"}}, {perKey: minimal, id: "1", key: "d"}},
			[]string{"photos 14h: role/app-web, objects 2", "photos 14h: role/app-web, a person, objects 2, calls 1, per key 1",
				"photos 14h: role/app-web deleted d 14:00:00, a person", "photos 14h: role/app-web deleted b 14:00:01",
				"photos 14h: role/app-web deleted a 14:00:02", "photos 14h: role/app-web deleted c 14:00:03, a person"}},
		{"a role that calls itself the console", []request{{operation: "DeleteObject", key: "a", more: object{"eventVersion": "1.11", "userAgent": "[S3Console/0.4]"}}},
			[]string{"photos 14h: role/app-web, objects 1", "photos 14h: role/app-web deleted a 14:00:00"}},
		{"a delete in a versioned bucket", []request{{operation: "DeleteObject", key: "a", more: object{"responseElements": object{"x-amz-delete-marker": "true"}}}},
			[]string{"photos 14h: role/app-web, objects 1, markers 1", "photos 14h: role/app-web deleted a 14:00:00"}},
		{"a delete by version", []request{{operation: "DeleteObject", key: "a", more: byVersion}}, []string{"photos 14h: role/app-web, objects 1, by version 1"}},
		{"a delete marker removed", []request{{operation: "DeleteObject", key: "a", more: object{
			"requestParameters": object{"versionId": "v1"}, "responseElements": object{"x-amz-delete-marker": "true"}}}},
			[]string{"photos 14h: uploaded a 14:00:00"}},
		{"delete markers removed by a call", []request{{operation: "DeleteObjects", id: "1"},
			{perKey: full, id: "1", key: "a", more: markerRemoved}, {perKey: minimal, id: "1", key: "b", at: "14:00:01", more: markerRemoved}},
			[]string{"photos 14h: role/app-web, calls 1", "photos 14h: uploaded a 14:00:00", "photos 14h: uploaded b 14:00:01"}},
		{"a delete denied", []request{{operation: "DeleteObject", key: "a", more: denied}}, []string{"photos 14h: role/app-web, denied 1"}},
		{"a delete failed", []request{{operation: "DeleteObject", key: "a", more: object{"errorCode": "InternalError"}}}, []string{"photos 14h: nothing"}},
		{"a delete without a key", []request{{operation: "DeleteObject"}}, []string{"photos 14h: role/app-web, objects 1"}},
		{"by the lifecycle rules", []request{{operation: "DeleteObject", key: "a", more: object{"eventSource": "s3lifecycle.amazonaws.com"}}}, []string{}},

		{"a call and its objects", []request{
			{operation: "DeleteObjects", id: "1", who: alice, more: bytesIn(1000)}, {perKey: full, id: "1", who: alice, key: "a"}, {perKey: full, id: "1", who: alice, key: "b"}},
			[]string{"photos 14h: user/alice, a person, objects 2, calls 1, per key 2",
				"photos 14h: user/alice deleted a 14:00:00, a person", "photos 14h: user/alice deleted b 14:00:00, a person"}},
		{"objects before their call, identity minimal", []request{
			{perKey: minimal, id: "1", key: "a"}, {perKey: minimal, id: "1", key: "b"}, {operation: "DeleteObjects", id: "1", who: alice}},
			[]string{"photos 14h: user/alice, a person, objects 2, calls 1, per key 2",
				"photos 14h: user/alice deleted a 14:00:00, a person", "photos 14h: user/alice deleted b 14:00:00, a person"}},
		{"identity absent, the only caller near", []request{
			{operation: "DeleteObjects", id: "1"}, {perKey: absent, key: "a", at: "14:00:02"}, {operation: "DeleteObjects", id: "2", bucket: "invoices", who: alice}},
			[]string{"invoices 14h: user/alice, a person, calls 1, estimated 1",
				"photos 14h: role/app-web, objects 1, calls 1, per key 1", "photos 14h: role/app-web deleted a 14:00:02"}},
		{"identity absent, two callers near", []request{
			{operation: "DeleteObjects", id: "1"}, {operation: "DeleteObjects", id: "2", who: alice}, {perKey: absent, key: "a"}},
			[]string{"photos 14h: UNATTRIBUTED, objects 1, per key 1", "photos 14h: role/app-web, calls 1", "photos 14h: user/alice, a person, calls 1",
				"photos 14h: UNATTRIBUTED deleted a 14:00:00"}},
		{"the call in another file, identity minimal", []request{{perKey: minimal, id: "1", key: "a"}},
			[]string{"photos 14h: UNATTRIBUTED, objects 1, per key 1", "photos 14h: UNATTRIBUTED deleted a 14:00:00"}},
		{"the call in another file, identity absent", []request{{perKey: absent, key: "a"}},
			[]string{"photos 14h: UNATTRIBUTED, objects 1, per key 1", "photos 14h: UNATTRIBUTED deleted a 14:00:00"}},
		{"the call in another file, identity full", []request{{perKey: full, id: "1", key: "a", who: alice}},
			[]string{"photos 14h: user/alice, a person, objects 1, per key 1", "photos 14h: user/alice deleted a 14:00:00, a person"}},
		{"a call refused, near to an object", []request{{operation: "DeleteObjects", id: "1", more: denied}, {perKey: absent, key: "a"}},
			[]string{"photos 14h: UNATTRIBUTED, objects 1, per key 1", "photos 14h: role/app-web, denied 1", "photos 14h: UNATTRIBUTED deleted a 14:00:00"}},
		{"per key, denied", []request{{operation: "DeleteObjects", id: "1"}, {perKey: minimal, id: "1", key: "a", more: denied}},
			[]string{"photos 14h: role/app-web, calls 1, denied 1"}},
		{"per key, failed", []request{{operation: "DeleteObjects", id: "1"}, {perKey: minimal, id: "1", key: "a", more: object{"errorCode": "InternalError"}}},
			[]string{"photos 14h: role/app-web, calls 1"}},
		{"per key, a version or a delete marker", []request{{perKey: full, key: "a", more: byVersion}},
			[]string{"photos 14h: role/app-web, objects 1, per key 1, maybe by version 1"}},
		{"per key, a version for certain", []request{{perKey: full, key: "a", more: object{
			"requestParameters": object{"versionId": "v1"}, "responseElements": object{"x-amz-delete-marker": "false"}}}},
			[]string{"photos 14h: role/app-web, objects 1, per key 1, by version 1"}},
		{"per key, owner not told", []request{{operation: "DeleteObjects", id: "1"}, {perKey: minimal, id: "1", key: "a", more: ownerless}},
			[]string{"photos 14h: role/app-web, objects 1, calls 1, per key 1", "photos 14h: role/app-web deleted a 14:00:00"}},

		{"calls without objects", []request{
			{operation: "DeleteObjects", more: bytesIn(122 + 250*68)}, {operation: "DeleteObjects", who: alice, more: bytesIn(122 + 10*68)}, {operation: "DeleteObjects", more: bytesIn(0)}},
			[]string{"photos 14h: role/app-web, calls 2, estimated 251", "photos 14h: user/alice, a person, calls 1, estimated 10"}},
		{"calls without objects, keys known to be short", []request{
			{operation: "DeleteObjects", more: bytesIn(122 + 250*29)}, {operation: "GetObject", key: "a", at: "11:00:00"}},
			[]string{"photos 14h: role/app-web, calls 1, estimated 250"}},
		{"calls without objects, in a file with other objects of the bucket", []request{
			{operation: "DeleteObjects", more: bytesIn(122 + 250*68)}, {perKey: full, who: alice, key: "a", at: "09:00:00"}},
			[]string{"photos 09h: user/alice, a person, objects 1, per key 1", "photos 09h: user/alice deleted a 09:00:00, a person", "photos 14h: role/app-web, calls 1"}},
		{"a call refused", []request{{operation: "DeleteObjects", more: denied}}, []string{"photos 14h: role/app-web, denied 1"}},
		{"a call failed", []request{{operation: "DeleteObjects", more: object{"errorCode": "SlowDown"}}}, []string{"photos 14h: nothing"}},

		{"uploads", []request{
			{operation: "CompleteMultipartUpload", key: "c", at: "14:00:03"}, {operation: "PutObject", key: "a"}, {operation: "CopyObject", key: "b", at: "14:00:02"},
			{operation: "PutObject", key: "d", more: denied}, {operation: "UploadPart", key: "e"}},
			[]string{"photos 14h: 3 uploads, 0 refused", "photos 14h: uploaded a 14:00:00", "photos 14h: uploaded b 14:00:02", "photos 14h: uploaded c 14:00:03"}},
		{"encrypted with a customer's key", []request{{operation: "PutObject", key: "a", more: object{"additionalEventData": object{"SSEApplied": "SSE_C"}}}},
			[]string{"photos 14h: 1 uploads, 0 refused", "photos 14h: role/app-web, overwrites 1", "photos 14h: uploaded a 14:00:00"}},
		{"multipart upload with a customer's key begun", []request{{operation: "CreateMultipartUpload", key: "a", more: object{"additionalEventData": object{"SSEApplied": "SSE_C"}}}},
			[]string{"photos 14h: role/app-web, overwrites 1"}},

		{"refused reads", []request{
			{operation: "GetObject", key: "a", who: cdn, more: missing}, {operation: "HeadObject", key: "a", at: "14:00:59", who: cdn, more: missing},
			{operation: "GetObject", key: "a", at: "14:01:00", who: cdn, more: missing}, {operation: "GetObject", key: "a", who: alice, more: denied}, {operation: "GetObject", key: "b", who: cdn}},
			[]string{"photos 14h: 0 uploads, 4 refused", "photos 14h: role/cdn was refused a 14:00:00", "photos 14h: user/alice was refused a 14:00:00",
				"photos 14h: role/cdn was refused a 14:01:00"}},

		{"the log bucket", []request{
			{operation: "PutObject", bucket: logBucket, key: "a"}, {operation: "GetObject", bucket: logBucket, key: "a", more: missing}, {operation: "DeleteObject", bucket: logBucket, key: "b"}},
			[]string{"(log bucket) trail-logs 14h: role/app-web, objects 1", "(log bucket) trail-logs 14h: role/app-web deleted b 14:00:00"}},
		{"another account's bucket", []request{
			{operation: "DeleteObject", key: "a", more: foreign}, {operation: "PutObject", key: "a", more: foreign}, {operation: "DeleteObjects", more: foreign}, {perKey: full, key: "a", more: foreign}}, []string{}},
		{"a bucket whose owner isn't told", []request{
			{operation: "DeleteObject", key: "a", more: ownerless}, {operation: "PutObject", key: "a", more: ownerless}, {operation: "GetObject", key: "a", more: object{"resources": []any{}, "errorCode": "NoSuchKey"}}}, []string{}},
		{"a bucket without a name", []request{{perKey: full, key: "a", more: object{"resources": []any{}, "requestParameters": object{"bucketName": ""}}}}, []string{}},
		{"a bucket that can't be called so", []request{{perKey: full, key: "a", bucket: strings.Repeat("x", 256)}}, []string{}},

		{"buckets, hours and principals in order", []request{
			{operation: "DeleteObject", bucket: "videos", key: "z"}, {operation: "DeleteObject", key: "b", at: "15:00:00", who: cleaner}, {operation: "DeleteObject", key: "d", at: "14:59:59", who: cleaner},
			{operation: "DeleteObject", key: "c", at: "14:59:59"}, {operation: "DeleteObject", key: "e", at: "14:00:00", who: cleaner}}, []string{
			"photos 14h: role/app-web, objects 1", "photos 14h: role/cleaner, objects 2",
			"photos 14h: role/cleaner deleted e 14:00:00", "photos 14h: role/app-web deleted c 14:59:59", "photos 14h: role/cleaner deleted d 14:59:59",
			"photos 15h: role/cleaner, objects 1", "photos 15h: role/cleaner deleted b 15:00:00",
			"videos 14h: role/app-web, objects 1", "videos 14h: role/app-web deleted z 14:00:00"}},
		{"before 1970", []request{{operation: "DeleteObject", key: "a", more: object{"eventTime": "1969-12-31T23:59:59Z"}}},
			[]string{"photos 23h: role/app-web, objects 1", "photos 23h: role/app-web deleted a 23:59:59"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := told(gather(t, usual, nil, test.requests).Shares())
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Shares() of %v (-want +got):\n%s", test.name, diff)
			}
		})
	}
}

// All that a share holds, once.
func TestShare(t *testing.T) {
	address, agent := []string{"192.0.2.7"}, []string{"[aws-sdk-go-v2/1.41.1]"}
	sample := func(first, last string, keys, ids []string) *anomaly.Sample {
		return &anomaly.Sample{First: clock(first), Last: clock(last), Keys: keys, EventIDs: ids, SourceIPAddresses: address, UserAgents: agent}
	}
	got := gather(t, usual, nil, []request{
		{operation: "DeleteObject", key: "b", id: "e2", at: "14:02:00", who: alice},
		{operation: "DeleteObject", key: "a", id: "e1", at: "14:01:00", who: alice, more: byVersion},
		{operation: "DeleteObjects", id: "e3", at: "14:03:00", who: alice},
		{perKey: minimal, id: "e4", key: "c", at: "14:03:01", more: object{"requestID": "R-e3"}},
		{operation: "DeleteObject", key: "d", id: "e5", at: "14:04:00", who: alice, more: denied},
		{operation: "PutObject", key: "e", at: "14:05:00"},
		{operation: "GetObject", key: "f", at: "14:06:00", who: cdn, more: missing},
	}).Shares()
	want := []anomaly.Share{{
		Bucket: "photos", Hour: clock("14:00:00"), LogFile: logFile, Delivered: clock("14:10:00"), Uploads: 1, Refused: 1,
		Activities: []anomaly.Activity{{
			Principal: alice, Human: true,
			Counts: anomaly.Counts{anomaly.Objects: 3, anomaly.Calls: 1, anomaly.PerKeyRecords: 1, anomaly.ByVersion: 1, anomaly.Denied: 1},
			Samples: map[anomaly.Measure]*anomaly.Sample{
				anomaly.Objects:   sample("14:01:00", "14:03:01", []string{"a", "b", "c"}, []string{"e1", "e2", "e4"}),
				anomaly.Calls:     sample("14:03:00", "14:03:00", nil, []string{"e3"}),
				anomaly.ByVersion: sample("14:01:00", "14:01:00", []string{"a"}, []string{"e1"}),
				anomaly.Denied:    sample("14:04:00", "14:04:00", []string{"d"}, []string{"e5"}),
			},
		}},
		Keys: anomaly.Keys{
			Uploads: []anomaly.Upload{{Hash: anomaly.HashKey([]byte("e")), At: clock("14:05:00").Unix()}},
			Deletes: []anomaly.KeyDelete{
				{Hash: anomaly.HashKey([]byte("b")), At: clock("14:02:00").Unix(), Key: "b", Principal: alice, Human: true, EventID: "e2"},
				{Hash: anomaly.HashKey([]byte("c")), At: clock("14:03:01").Unix(), Key: "c", Principal: alice, Human: true, EventID: "e4"},
			},
			Refused: []anomaly.Refusal{{Hash: anomaly.HashKey([]byte("f")), At: clock("14:06:00").Unix(), Principal: cdn}},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Shares() (-want +got):\n%s", diff)
	}
}

const declared = `
- bucket: photos
  principal: role/cleaner
  prefix: tmp/
  max_objects_per_hour: 500
  until: 2027-01-31
  reason: nightly clean-up
- bucket: photos
  principal: role/cleaner
  prefix: old/
  max_objects_per_hour: 7
  permanent: true
  until: 2027-01-31
  reason: old versions
`

func declaredList(t testing.TB) *expected.List {
	t.Helper()
	list, err := expected.Parse(strings.NewReader(declared))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestExpected(t *testing.T) {
	version := func(key string) request {
		return request{operation: "DeleteObject", who: cleaner, key: key, more: byVersion}
	}
	tests := []struct {
		name       string
		requests   []request
		want       []string
		wantMinute map[string]int64
	}{
		{"as declared", []request{{operation: "DeleteObject", who: cleaner, key: "tmp/a"}, {operation: "DeleteObject", who: cleaner, key: "tmp/b", at: "14:00:59"}, {operation: "DeleteObject", who: cleaner, key: "tmp/c", at: "14:01:00"}},
			[]string{"photos 14h: role/cleaner, expected 3 of 500", "photos 14h: role/cleaner deleted tmp/a 14:00:00, expected",
				"photos 14h: role/cleaner deleted tmp/b 14:00:59, expected", "photos 14h: role/cleaner deleted tmp/c 14:01:00, expected"},
			map[string]int64{"photos 14:00": 2, "photos 14:01": 1}},
		{"by somebody else", []request{{operation: "DeleteObject", key: "tmp/a"}},
			[]string{"photos 14h: role/app-web, objects 1", "photos 14h: role/app-web deleted tmp/a 14:00:00"}, nil},
		{"elsewhere", []request{{operation: "DeleteObject", who: cleaner, key: "a"}},
			[]string{"photos 14h: role/cleaner, objects 1", "photos 14h: role/cleaner deleted a 14:00:00"}, nil},
		{"a marker made", []request{{operation: "DeleteObject", who: cleaner, key: "tmp/a", more: object{"responseElements": object{"x-amz-delete-marker": "true"}}}},
			[]string{"photos 14h: role/cleaner, expected 1 of 500 (markers 1)", "photos 14h: role/cleaner deleted tmp/a 14:00:00, expected"}, map[string]int64{"photos 14:00": 1}},
		{"permanently, which isn't declared", []request{version("tmp/a")}, []string{"photos 14h: role/cleaner, objects 1, by version 1"}, nil},
		{"permanently, as declared", []request{version("old/a")}, []string{"photos 14h: role/cleaner, expected 1 of 7 (by version 1)"}, map[string]int64{"photos 14:00": 1}},
		{"perhaps permanently, as declared", []request{{perKey: full, who: cleaner, key: "old/a", more: byVersion}},
			[]string{"photos 14h: role/cleaner, per key 1, expected 1 of 7 (maybe by version 1)"}, map[string]int64{"photos 14:00": 1}},
		{"by the console, too", []request{{operation: "DeleteObject", who: cleaner, key: "tmp/a", more: object{"sessionCredentialFromConsole": "true"}}, {operation: "DeleteObject", who: cleaner, key: "tmp/b"}},
			[]string{"photos 14h: role/cleaner, expected 1 of 500", "photos 14h: role/cleaner, a person, expected 1 of 500",
				"photos 14h: role/cleaner deleted tmp/a 14:00:00, a person, expected", "photos 14h: role/cleaner deleted tmp/b 14:00:00, expected"}, map[string]int64{"photos 14:00": 2}},
		{"perhaps permanently, which isn't declared", []request{{perKey: full, who: cleaner, key: "tmp/a", more: byVersion}},
			[]string{"photos 14h: role/cleaner, objects 1, per key 1, maybe by version 1"}, nil},
		{"per key, identity minimal", []request{{perKey: minimal, id: "1", key: "tmp/a"}, {perKey: minimal, id: "1", key: "x"}, {operation: "DeleteObjects", id: "1", who: cleaner, more: bytesIn(900)}},
			[]string{"photos 14h: role/cleaner, objects 1, calls 1, per key 2, expected 1 of 500",
				"photos 14h: role/cleaner deleted tmp/a 14:00:00, expected", "photos 14h: role/cleaner deleted x 14:00:00"}, map[string]int64{"photos 14:00": 1}},
		{"per key, the call in another file", []request{{perKey: minimal, key: "tmp/a"}},
			[]string{"photos 14h: UNATTRIBUTED, objects 1, per key 1", "photos 14h: UNATTRIBUTED deleted tmp/a 14:00:00"}, nil},
		{"denied", []request{{operation: "DeleteObject", who: cleaner, key: "tmp/a", more: denied}}, []string{"photos 14h: role/cleaner, denied 1"}, nil},
		{"a call without objects", []request{{operation: "DeleteObjects", who: cleaner}}, []string{"photos 14h: role/cleaner, calls 1, estimated 1"}, nil},
		{"encrypted", []request{{operation: "PutObject", who: cleaner, key: "tmp/a", more: object{"additionalEventData": object{"SSEApplied": "SSE_C"}}}},
			[]string{"photos 14h: 1 uploads, 0 refused", "photos 14h: role/cleaner, overwrites 1", "photos 14h: uploaded ? 14:00:00"}, nil},
		{"by two entries", []request{{operation: "DeleteObject", who: cleaner, key: "tmp/a"}, {operation: "DeleteObject", who: cleaner, key: "old/a"}, {operation: "DeleteObject", who: cleaner, key: "old/b"}},
			nil, map[string]int64{"photos 14:00": 3}},
		{"in another account, by the role of that name here", []request{{operation: "DeleteObject", who: cleaner, key: "tmp/a", more: object{"recipientAccountId": "444455556666",
			"resources": []any{object{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::photos", "accountId": "444455556666"}}}}},
			[]string{"photos 14h: role/cleaner, objects 1", "photos 14h: role/cleaner deleted tmp/a 14:00:00"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := gather(t, usual, declaredList(t), test.requests)
			minutes := map[string]int64{}
			c.Expected(func(bucket string, minute time.Time, n int64) { minutes[bucket+minute.Format(" 15:04")] += n })
			if test.wantMinute == nil {
				test.wantMinute = map[string]int64{}
			}
			if diff := cmp.Diff(test.wantMinute, minutes); diff != "" {
				t.Errorf("Expected() of %s (-want +got):\n%s", test.name, diff)
			}
			shares := c.Shares()
			if test.want == nil {
				if got := len(shares[0].Activities[0].Expected); got != 2 {
					t.Errorf("Shares() of %s has %d entries, want 2", test.name, got)
				}
				return
			}
			if diff := cmp.Diff(test.want, told(shares)); diff != "" {
				t.Errorf("Shares() of %s (-want +got):\n%s", test.name, diff)
			}
		})
	}
}

// An entry carries what the detectors need if there is more than it allows.
func TestExpectedSample(t *testing.T) {
	shares := gather(t, usual, declaredList(t), []request{
		{operation: "DeleteObject", who: cleaner, key: "old/b", id: "e2", at: "14:07:00"}, {operation: "DeleteObject", who: cleaner, key: "old/a", id: "e1", more: byVersion},
	}).Shares()
	got := shares[0].Activities[0].Expected[0]
	if got.Entry == "" {
		t.Error("Expected has no Entry")
	}
	got.Entry = ""
	sample := func(last string, keys, ids []string) *anomaly.Sample {
		return &anomaly.Sample{First: clock("14:00:00"), Last: clock(last), Keys: keys, EventIDs: ids, SourceIPAddresses: []string{"192.0.2.7"}, UserAgents: []string{"[aws-sdk-go-v2/1.41.1]"}}
	}
	want := anomaly.Expected{Cap: 7, Counts: anomaly.Counts{anomaly.Objects: 2, anomaly.ByVersion: 1}, Samples: map[anomaly.Measure]*anomaly.Sample{
		anomaly.Objects:   sample("14:07:00", []string{"old/a", "old/b"}, []string{"e1", "e2"}),
		anomaly.ByVersion: sample("14:00:00", []string{"old/a"}, []string{"e1"}),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Expected (-want +got):\n%s", diff)
	}
}

func TestDelivered(t *testing.T) {
	requests := []request{{operation: "DeleteObject", key: "a", at: "14:03:00"}, {operation: "DeleteObject", key: "b"}}
	for _, test := range []struct {
		name string
		at   time.Time
		want time.Time
	}{{"by the file's key", clock("15:00:00"), clock("15:00:00")}, {"by the newest record", time.Time{}, clock("14:03:00")}} {
		t.Run(test.name, func(t *testing.T) {
			file := usual
			file.Delivered = test.at
			c := gather(t, file, nil, requests)
			if got := c.Delivered(); !got.Equal(test.want) {
				t.Errorf("Delivered() = %v, want %v", got, test.want)
			}
			if got := c.Shares()[0].Delivered; !got.Equal(test.want) {
				t.Errorf("Shares()[0].Delivered = %v, want %v", got, test.want)
			}
		})
	}
}

// The records of a file are in no order, so none of it is evidence.
func TestOrderOfRecords(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	var requests []request
	for i := range 400 {
		q := request{
			id: fmt.Sprint("e", i), operation: pick("DeleteObject", "DeleteObject", "DeleteObjects", "PutObject", "GetObject"), bucket: pick("photos", "invoices", logBucket),
			key: pick("", "tmp/") + pick("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"), who: pick(alice, appWeb, cleaner, cdn),
			at:   fmt.Sprintf("%02d:%02d:%02d", 14+rnd.IntN(2), rnd.IntN(3), rnd.IntN(60)),
			more: object{"sourceIPAddress": fmt.Sprintf("192.0.2.%d", rnd.IntN(30)), "userAgent": pick("[x]", "[S3Console/0.4]", strings.Repeat("y", 2000))},
		}
		if rnd.IntN(3) == 0 {
			q.more["sessionCredentialFromConsole"] = "true"
		}
		switch rnd.IntN(5) {
		case 0:
			q.more["errorCode"] = pick("AccessDenied", "NoSuchKey", "InternalError")
		case 1:
			q.more["requestParameters"] = object{"versionId": "v"}
			q.more["responseElements"] = object{"x-amz-delete-marker": pick("true", "false")}
		case 2:
			q.perKey = []identity{full, minimal, absent}[rnd.IntN(3)]
		case 3:
			q.more["additionalEventData"] = object{"SSEApplied": "SSE_C", "bytesTransferredIn": rnd.IntN(5000)}
		}
		requests = append(requests, q)
	}
	list := declaredList(t)
	gathered := func() []anomaly.Share { return gather(t, usual, list, requests).Shares() }
	want := gathered()
	for range 20 {
		rnd.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
		if diff := cmp.Diff(want, gathered()); diff != "" {
			t.Fatalf("Shares() of the records in another order (-want +got):\n%s", diff)
		}
	}
}

// A Collector of a file without any evidence is one without shares.
func TestEmpty(t *testing.T) {
	c := evidence.New(usual, nil)
	c.Finish(time.Time{})
	if got := c.Shares(); len(got) != 0 {
		t.Errorf("Shares() = %v, want none", got)
	}
	if got := c.KeysNotKept(); got != 0 {
		t.Errorf("KeysNotKept() = %d, want 0", got)
	}
}
