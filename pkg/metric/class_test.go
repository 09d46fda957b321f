package metric_test

import (
	"testing"

	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

func TestClass(t *testing.T) {
	get := func(changes ...func(*s3event.Event)) *s3event.Event {
		return request("GetObject", s3event.Get, changes...)
	}
	del := func(changes ...func(*s3event.Event)) *s3event.Event {
		return request("DeleteObject", s3event.Delete, append(changes, deletion(s3event.Deleted))...)
	}
	for _, tt := range []struct {
		name        string
		event       *s3event.Event
		duplicate   bool
		inLogBucket bool
		want        int
	}{
		{"request", get(), false, false, metric.RecordsCounted},
		{"failed request", get(failed(500, "InternalError")), false, false, metric.RecordsCounted},
		{"denied request", get(failed(403, "AccessDenied")), false, false, metric.RecordsCounted},
		{"owner unknown", get(ofOwner(s3event.UnknownOwner)), false, false, metric.RecordsCounted},
		{"bucket unknown", get(on(""), ofOwner(s3event.UnknownOwner)), false, false, metric.RecordsCounted},
		{"malformed", get(ofKind(s3event.Malformed)), false, false, metric.RecordsMalformed},
		{"not S3", get(ofKind(s3event.NotS3)), false, false, metric.RecordsNotS3},
		{"duplicate", get(), true, false, metric.RecordsDuplicate},
		{"another's bucket", get(ofOwner(s3event.ForeignBucket)), false, false, metric.RecordsForeignBucket},
		{"log bucket read", get(), false, true, metric.RecordsLogBucket},
		{"log bucket written", request("PutObject", s3event.Put), false, true, metric.RecordsLogBucket},
		{"log bucket: delete", del(), false, true, metric.RecordsCounted},
		{"log bucket: denied delete", del(failed(403, "AccessDenied")), false, true, metric.RecordsCounted},
		{"log bucket: DeleteObjects", deleteObjects(0), false, true, metric.RecordsCounted},
		{"log bucket: per-key record", keyDelete(), false, true, metric.RecordsNotARequest},
		{"log bucket: tags deleted", request("DeleteObjectTagging", s3event.Delete), false, true, metric.RecordsLogBucket},
		{"log bucket: lifecycle", del(ofKind(s3event.LifecycleAction)), false, true, metric.RecordsLogBucket},
		{"per-key record", keyDelete(), false, false, metric.RecordsNotARequest},
		{"lifecycle", del(ofKind(s3event.LifecycleAction)), false, false, metric.RecordsNotARequest},
		{"authentication", get(ofKind(s3event.AuthenticationFailure)), false, false, metric.RecordsNotARequest},
		{"network activity", get(ofKind(s3event.NotARequest)), false, false, metric.RecordsNotARequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := metric.Class(tt.event, tt.duplicate, tt.inLogBucket); got != tt.want {
				t.Errorf("Class = %s, want %s", metric.Health[got].Name, metric.Health[tt.want].Name)
			}
		})
	}
}

// Where several classes fit, the first in the order of the design counts, whatever the combination.
func TestClassOrder(t *testing.T) {
	type record struct {
		*s3event.Event
		duplicate, inLogBucket bool
	}
	order := []struct {
		class int
		fits  func(r record) bool
	}{
		{metric.RecordsMalformed, func(r record) bool { return r.Kind == s3event.Malformed }},
		{metric.RecordsNotS3, func(r record) bool { return r.Kind == s3event.NotS3 }},
		{metric.RecordsDuplicate, func(r record) bool { return r.duplicate }},
		{metric.RecordsForeignBucket, func(r record) bool { return r.Ownership == s3event.ForeignBucket }},
		{metric.RecordsLogBucket, func(r record) bool {
			isDelete := r.Kind == s3event.KeyDelete ||
				r.Kind == s3event.Request && (string(r.Operation) == "DeleteObject" || string(r.Operation) == "DeleteObjects")
			return r.inLogBucket && !isDelete
		}},
		{metric.RecordsNotARequest, func(r record) bool { return r.Kind != s3event.Request }},
		{metric.RecordsCounted, func(record) bool { return true }},
	}
	seen := map[int]int{}
	for kind := s3event.Malformed; kind <= s3event.NotARequest; kind++ {
		for owner := s3event.UnknownOwner; owner <= s3event.ForeignBucket; owner++ {
			for _, operation := range []string{"GetObject", "DeleteObject", "DeleteObjects", "DeleteObjectTagging"} {
				for flags := range 4 {
					r := record{request(operation, s3event.Other, ofKind(kind), ofOwner(owner)), flags&1 != 0, flags&2 != 0}
					want := -1
					for _, c := range order {
						if c.fits(r) {
							want = c.class
							break
						}
					}
					got := metric.Class(r.Event, r.duplicate, r.inLogBucket)
					if got != want {
						t.Errorf("Class of %s, kind %d, owner %d, duplicate %t, in log bucket %t = %s, want %s",
							operation, kind, owner, r.duplicate, r.inLogBucket, metric.Health[got].Name, metric.Health[want].Name)
					}
					seen[got]++
				}
			}
		}
	}
	if len(seen) != len(order) {
		t.Errorf("%d classes seen, want %d", len(seen), len(order))
	}
}

func TestUnaccounted(t *testing.T) {
	var health [len(metric.Health)]int64
	if got := metric.Unaccounted(&health); got != 0 {
		t.Errorf("Unaccounted(nothing) = %d, want 0", got)
	}
	health[metric.FilesProcessed], health[metric.DeletesNotListed] = 1, 7 // no classes
	health[metric.RecordsRead] = 10
	health[metric.RecordsCounted], health[metric.RecordsNotS3], health[metric.RecordsMalformed] = 5, 3, 2
	if got := metric.Unaccounted(&health); got != 0 {
		t.Errorf("Unaccounted(10 = 5 + 3 + 2) = %d, want 0", got)
	}
	health[metric.RecordsTooOld] = 4
	if got := metric.Unaccounted(&health); got != 4 {
		t.Errorf("Unaccounted(10, 14) = %d, want 4", got)
	}
	health[metric.RecordsRead] = 20
	if got := metric.Unaccounted(&health); got != 6 {
		t.Errorf("Unaccounted(20, 14) = %d, want 6", got)
	}
}
