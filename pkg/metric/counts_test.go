package metric_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

func TestAdd(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events []*s3event.Event
		want   map[string]int64
	}{
		{"GET", one(request("GetObject", s3event.Get)), map[string]int64{"AllRequests": 1, "GetRequests": 1}},
		{"list", one(request("ListObjects", s3event.List)), map[string]int64{"AllRequests": 1, "ListRequests": 1}},
		{"HEAD", one(request("HeadObject", s3event.Head)), map[string]int64{"AllRequests": 1, "HeadRequests": 1}},
		{"PUT", one(request("PutObject", s3event.Put)), map[string]int64{"AllRequests": 1, "PutRequests": 1}},
		{"POST", one(request("RestoreObject", s3event.Post)), map[string]int64{"AllRequests": 1, "PostRequests": 1}},
		{"DELETE of no object", one(request("AbortMultipartUpload", s3event.Delete)), map[string]int64{"AllRequests": 1, "DeleteRequests": 1}},
		{"OPTIONS or unknown", one(request("PreflightRequest", s3event.Other)), map[string]int64{"AllRequests": 1}},
		{"select", one(request("SelectObjectContent", s3event.Select, sizes(7, 900))), map[string]int64{
			"AllRequests": 1, "SelectRequests": 1, "BytesDownloaded": 900, "BytesUploaded": 7, "SelectBytesReturned": 900}},
		{"bytes", []*s3event.Event{request("GetObject", s3event.Get, sizes(0, 1<<40)), request("PutObject", s3event.Put, sizes(5, 1))}, map[string]int64{
			"AllRequests": 2, "GetRequests": 1, "PutRequests": 1, "BytesDownloaded": 1<<40 + 1, "BytesUploaded": 5}},

		{"4xx", one(request("GetObject", s3event.Get, failed(404, "NoSuchKey"))), map[string]int64{"AllRequests": 1, "GetRequests": 1, "4xxErrors": 1}},
		{"5xx", one(request("GetObject", s3event.Get, failed(503, "SlowDown"))), map[string]int64{"AllRequests": 1, "GetRequests": 1, "5xxErrors": 1}},
		{"edges of the errors", []*s3event.Event{
			request("X", s3event.Other, failed(399, "")), request("X", s3event.Other, failed(400, "")),
			request("X", s3event.Other, failed(499, "")), request("X", s3event.Other, failed(500, "")),
			request("X", s3event.Other, failed(599, "")), request("X", s3event.Other, failed(600, "")),
			request("X", s3event.Other, failed(304, "NotModified")), request("X", s3event.Other, failed(0, "")),
		}, map[string]int64{"AllRequests": 8, "4xxErrors": 2, "5xxErrors": 2}},
		{"anonymous", one(request("GetObject", s3event.Get, func(e *s3event.Event) { e.Anonymous = true })), map[string]int64{
			"AllRequests": 1, "GetRequests": 1, "AnonymousRequests": 1}},

		{"object deleted by a request", one(request("DeleteObject", s3event.Delete, deletion(s3event.Deleted))), map[string]int64{
			"AllRequests": 1, "DeleteRequests": 1, "DeletedObjects": 1}},
		{"version deleted", one(request("DeleteObject", s3event.Delete, deletion(s3event.PermanentlyDeleted))), map[string]int64{
			"AllRequests": 1, "DeleteRequests": 1, "DeletedObjects": 1, "PermanentDeletes": 1}},
		{"delete marker removed", one(request("DeleteObject", s3event.Delete, deletion(s3event.MarkerRemoved))), map[string]int64{
			"AllRequests": 1, "DeleteRequests": 1, "DeleteMarkersRemoved": 1}},
		{"delete denied", one(request("DeleteObject", s3event.Delete, deletion(s3event.Denied), failed(403, "AccessDenied"))), map[string]int64{
			"AllRequests": 1, "DeleteRequests": 1, "DeniedDeletes": 1, "4xxErrors": 1}},
		{"delete failed", one(request("DeleteObject", s3event.Delete, failed(500, "InternalError"))), map[string]int64{
			"AllRequests": 1, "DeleteRequests": 1, "5xxErrors": 1}},
		{"DeleteObjects with per-key records", []*s3event.Event{
			keyDelete(), deleteObjects(1000), keyDelete(deletion(s3event.PermanentlyDeleted)), keyDelete(deletion(s3event.Denied)),
			keyDelete(deletion(s3event.MarkerRemoved)), keyDelete(deletion(s3event.NoDeletion)),
		}, map[string]int64{"AllRequests": 1, "DeleteRequests": 1, "BytesUploaded": 1000,
			"DeletedObjects": 2, "PermanentDeletes": 1, "DeniedDeletes": 1, "DeleteMarkersRemoved": 1}},
		{"per-key record as it may come", one(keyDelete(sizes(5, 6), latencies(7, 8), failed(404, "NoSuchKey"), func(e *s3event.Event) { e.Anonymous = true })),
			map[string]int64{"DeletedObjects": 1}},
		{"DeleteObjects denied", one(deleteObjects(1000, deletion(s3event.Denied), failed(403, "AccessDenied"))), map[string]int64{
			"AllRequests": 1, "DeleteRequests": 1, "DeniedDeletes": 1, "4xxErrors": 1, "BytesUploaded": 1000}},

		{"lifecycle", one(request("DeleteObject", s3event.Delete, ofKind(s3event.LifecycleAction), deletion(s3event.Deleted), sizes(1, 1))),
			map[string]int64{"LifecycleActions": 1}},
		{"authentication", one(request("AuthenticateInvalidToken", s3event.Other, ofKind(s3event.AuthenticationFailure), failed(403, "InvalidToken"))),
			map[string]int64{"AuthenticationFailures": 1}},
		{"no request", []*s3event.Event{request("GetObject", s3event.Get, ofKind(s3event.NotARequest)), request("GetObject", s3event.Get)},
			map[string]int64{"AllRequests": 1, "GetRequests": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows := count(tt.events...).Rows()
			if want := []place{{"photos", minute}}; !slices.Equal(places(rows), want) {
				t.Fatalf("rows = %v, want %v", places(rows), want)
			}
			if diff := cmp.Diff(tt.want, named(rows[0])); diff != "" {
				t.Errorf("counts (-want +got)\n%s", diff)
			}
		})
	}
}

func one(e *s3event.Event) []*s3event.Event { return []*s3event.Event{e} }

func sizes(in, out int64) func(*s3event.Event) {
	return func(e *s3event.Event) { e.BytesIn, e.BytesOut = in, out }
}

func TestRows(t *testing.T) {
	get := func(changes ...func(*s3event.Event)) *s3event.Event {
		return request("GetObject", s3event.Get, changes...)
	}
	epoch := time.Unix(0, 0).UTC()
	for _, tt := range []struct {
		name    string
		buckets string
		events  []*s3event.Event
		want    []place
	}{
		{"nothing", "*", nil, nil},
		{"nothing counted", "*", []*s3event.Event{
			keyDelete(deletion(s3event.NoDeletion)), get(ofKind(s3event.NotARequest)),
		}, nil},
		{"by bucket and then by minute", "*", []*s3event.Event{
			get(on("photos"), at(minute.Add(time.Hour))), get(on("invoices"), at(minute.Add(2*time.Hour))), get(on("photos")),
			get(on("photos"), at(minute.Add(-time.Minute))), get(on("photos")), get(on("Photos")), get(on("photos.2")),
		}, []place{
			{"Photos", minute}, {"invoices", minute.Add(2 * time.Hour)}, {"photos", minute.Add(-time.Minute)}, {"photos", minute},
			{"photos", minute.Add(time.Hour)}, {"photos.2", minute},
		}},
		{"edges of minutes", "*", []*s3event.Event{
			get(at(minute)), get(at(minute.Add(59 * time.Second))), get(at(minute.Add(time.Minute - 1))), get(at(minute.Add(time.Minute))),
		}, []place{{"photos", minute}, {"photos", minute.Add(time.Minute)}}},
		{"before 1970", "*", []*s3event.Event{
			get(at(epoch)), get(at(epoch.Add(-time.Second))), get(at(epoch.Add(-time.Minute))), get(at(epoch.Add(-61 * time.Second))),
			get(at(epoch.Add(59 * time.Second))), get(at(time.Date(1, 1, 1, 0, 0, 30, 0, time.UTC))),
		}, []place{
			{"photos", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}, {"photos", epoch.Add(-2 * time.Minute)}, {"photos", epoch.Add(-time.Minute)}, {"photos", epoch},
		}},
		{"far ahead", "*", []*s3event.Event{get(at(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)))},
			[]place{{"photos", time.Date(9999, 12, 31, 23, 59, 0, 0, time.UTC)}}},
		{"owner unknown", "*", []*s3event.Event{get(ofOwner(s3event.UnknownOwner))}, []place{{"_other", minute}}},
		{"another's bucket, which isn't to be added", "*", []*s3event.Event{get(ofOwner(s3event.ForeignBucket))}, []place{{"_other", minute}}},
		{"bucket unknown", "*", []*s3event.Event{get(on(""))}, []place{{"_other", minute}}},
		{"filtered", "*,!photos", []*s3event.Event{get(on("photos")), get(on("invoices"))}, []place{{"_other", minute}, {"invoices", minute}}},
		{"all sorts of _other in one row", "photos", []*s3event.Event{
			get(on("invoices")), get(on("logs")), get(ofOwner(s3event.UnknownOwner)), get(on("ab")), get(on("사진")), get(on("_other")),
		}, []place{{"_other", minute}}},
		{"impossible names", "*", []*s3event.Event{
			get(on("a:b")), get(on("a b")), get(on("a\nb")), get(on(":abc")), get(on(strings.Repeat("x", 256))), get(on("a/b")),
		}, []place{{"_other", minute}}},
		{"old and long names", "*", []*s3event.Event{get(on("My_Old.Bucket-1")), get(on(strings.Repeat("x", 255)))},
			[]place{{"My_Old.Bucket-1", minute}, {strings.Repeat("x", 255), minute}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := metric.NewCounts(buckets(tt.buckets), true)
			for _, e := range tt.events {
				c.Add(e)
			}
			c.Finish()
			rows := c.Rows()
			if diff := cmp.Diff(tt.want, places(rows)); diff != "" {
				t.Errorf("rows (-want +got)\n%s", diff)
			}
			for _, row := range rows {
				if row.Minute.Location() != time.UTC {
					t.Errorf("minute %v is not UTC", row.Minute)
				}
			}
			if len(tt.want) == 1 && len(tt.events) > 0 {
				if got, want := rows[0].Values[metric.AllRequests], int64(len(tt.events)); got != want {
					t.Errorf("AllRequests = %d, want %d", got, want)
				}
			}
		})
	}
}

// The event's slices are the reader's memory.
func TestAddCopies(t *testing.T) {
	e := request("GetObject", s3event.Get, failed(404, "NoSuchKey"))
	c := count(e)
	for _, b := range [][]byte{e.Bucket, e.Operation, e.ErrorCode} {
		for i := range b {
			b[i] = 'x'
		}
	}
	row := c.Rows()[0]
	got := []any{row.Bucket, row.Operations.Map(), row.ErrorCodes.Map()}
	want := []any{"photos", map[string]int64{"GetObject": 1}, map[string]int64{"NoSuchKey": 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got)\n%s", diff)
	}
}

func TestEstimate(t *testing.T) {
	const call = 122
	body := func(keys, length int64) int64 { return call + keys*(28+length) }
	get := func(k string, changes ...func(*s3event.Event)) *s3event.Event {
		return request("GetObject", s3event.Get, append(changes, key(k))...)
	}
	for _, tt := range []struct {
		name   string
		events []*s3event.Event
		want   int64 // in photos
	}{
		{"no call", []*s3event.Event{get("a")}, 0},
		{"usual key length", one(deleteObjects(body(250, 40))), 250},
		{"mean key length", []*s3event.Event{get("1234567890"), deleteObjects(body(250, 20)), get(strings.Repeat("x", 30))}, 250},
		{"mean key length, in bytes", []*s3event.Event{get("사진"), deleteObjects(body(250, 6))}, 250},
		{"key length of another bucket", []*s3event.Event{get("x", on("invoices")), deleteObjects(body(250, 40))}, 250},
		{"keys of failed requests too", []*s3event.Event{get("12345678", failed(404, "NoSuchKey")), deleteObjects(body(9, 8))}, 9},
		{"one key", one(deleteObjects(body(1, 40))), 1},
		{"almost two keys", one(deleteObjects(body(2, 40) - 1)), 1},
		{"body size missing", one(deleteObjects(0)), 1},
		{"body shorter than any", one(deleteObjects(call - 1)), 1},
		{"body of 1,000 keys", one(deleteObjects(body(1000, 40))), 1000},
		{"body of more", one(deleteObjects(body(1001, 40))), 1000},
		{"body of nonsense", one(deleteObjects(math.MaxInt64 / 2)), 1000},
		{"two calls of a minute", []*s3event.Event{deleteObjects(body(10, 40)), deleteObjects(body(20, 40))}, 30},
		{"two calls without size", []*s3event.Event{deleteObjects(0), deleteObjects(0)}, 2},
		{"two calls beyond", []*s3event.Event{deleteObjects(1 << 40), deleteObjects(1 << 40)}, 2000},
		{"per-key record", []*s3event.Event{deleteObjects(body(250, 40)), keyDelete()}, 0},
		{"per-key record before the call", []*s3event.Event{keyDelete(), deleteObjects(body(250, 40))}, 0},
		{"per-key record of another minute", []*s3event.Event{deleteObjects(body(250, 40)), keyDelete(at(minute.Add(time.Hour)))}, 0},
		{"per-key record of a failure", []*s3event.Event{deleteObjects(body(250, 40)), keyDelete(deletion(s3event.Denied))}, 0},
		{"per-key record of another bucket", []*s3event.Event{deleteObjects(body(250, 40)), keyDelete(on("invoices"))}, 250},
		{"single delete beside", []*s3event.Event{deleteObjects(body(250, 40)), request("DeleteObject", s3event.Delete, deletion(s3event.Deleted))}, 250},
		{"call denied", one(deleteObjects(body(250, 40), deletion(s3event.Denied), failed(403, "AccessDenied"))), 0},
		{"call failed", one(deleteObjects(body(250, 40), failed(503, "SlowDown"))), 0},
		{"call redirected", one(deleteObjects(body(250, 40), failed(307, ""))), 250},
		{"lifecycle", one(deleteObjects(body(250, 40), ofKind(s3event.LifecycleAction))), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got, deleted int64
			for _, row := range count(tt.events...).Rows() {
				if row.Bucket == "photos" {
					got += row.Values[metric.DeletedObjectsEstimated]
					deleted += row.Values[metric.DeletedObjects]
				}
			}
			if got != tt.want {
				t.Errorf("DeletedObjectsEstimated = %d, want %d", got, tt.want)
			}
			if got > 0 && deleted > 1 {
				t.Errorf("DeletedObjects = %d beside the estimate", deleted)
			}
		})
	}
}

func TestEstimateByMinuteAndBucket(t *testing.T) {
	later := minute.Add(time.Minute)
	c := metric.NewCounts(buckets("photos"), false)
	for _, e := range []*s3event.Event{
		deleteObjects(122 + 10*68), deleteObjects(122+20*68, at(later)),
		deleteObjects(122+5*68, on("invoices")), deleteObjects(122+7*68, on("logs")), keyDelete(on("logs")),
	} {
		c.Add(e)
	}
	got := map[place]int64{}
	c.Finish()
	for _, row := range c.Rows() {
		got[place{row.Bucket, row.Minute}] = row.Values[metric.DeletedObjectsEstimated]
	}
	// Of logs there is a per-key record; that of invoices, in the same row, is estimated all the same.
	want := map[place]int64{{"_other", minute}: 5, {"photos", minute}: 10, {"photos", later}: 20}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("DeletedObjectsEstimated (-want +got)\n%s", diff)
	}
}

func TestTally(t *testing.T) {
	e := request("GetObject", s3event.Get)
	add := func(names ...string) *metric.Row {
		c := metric.NewCounts(allBuckets(), false)
		for _, name := range names {
			e.Operation = []byte(name)
			c.Add(e)
		}
		return c.Rows()[0]
	}
	numbered := func(n int) []string {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprint("Operation", i))
		}
		return names
	}
	euros := strings.Repeat("€", 33) // 99 bytes
	for _, tt := range []struct {
		name string
		add  []string
		want map[string]int64
	}{
		{"several", []string{"GetObject", "PutObject", "GetObject"}, map[string]int64{"GetObject": 2, "PutObject": 1}},
		{"case", []string{"GetObject", "getObject"}, map[string]int64{"GetObject": 1, "getObject": 1}},
		{"no name", []string{""}, map[string]int64{"": 1}},
		{"100 bytes", []string{strings.Repeat("x", 100)}, map[string]int64{strings.Repeat("x", 100): 1}},
		{"101 bytes", []string{strings.Repeat("x", 101), strings.Repeat("x", 100)}, map[string]int64{strings.Repeat("x", 100): 2}},
		{"100 bytes of characters", []string{euros + "x"}, map[string]int64{euros + "x": 1}},
		{"cut in the last byte of a character", []string{"x" + strings.Repeat("€", 33) + "€", "xx" + euros}, map[string]int64{
			"x" + euros: 1, "xx" + strings.Repeat("€", 32): 1}},
		{"cut in the first byte of a character", []string{euros + "€"}, map[string]int64{euros: 1}},
		{"cut between characters", []string{euros + "xyz"}, map[string]int64{euros + "x": 1}},
		{"cut after a replacement character", []string{strings.Repeat("x", 97) + "\ufffdyz"}, map[string]int64{strings.Repeat("x", 97) + "\ufffd": 1}},
		{"cut in a long character", []string{strings.Repeat("x", 97) + "😀😀"}, map[string]int64{strings.Repeat("x", 97): 1}},
		{"no text at all", []string{strings.Repeat("\x80", 200)}, map[string]int64{"": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			row := add(tt.add...)
			if diff := cmp.Diff(tt.want, row.Operations.Map()); diff != "" {
				t.Errorf("Operations (-want +got)\n%s", diff)
			}
			if got := row.Operations.Len(); got != len(tt.want) {
				t.Errorf("Len = %d, want %d", got, len(tt.want))
			}
			for name := range row.Operations.Map() {
				if !utf8.ValidString(name) {
					t.Errorf("%q was cut within a character", name)
				}
			}
		})
	}
	for _, tt := range []struct{ names, len, other int }{{29, 29, 0}, {30, 30, 1}, {31, 30, 2}, {1000, 30, 971}} {
		t.Run(fmt.Sprint(tt.names, " names"), func(t *testing.T) {
			names := numbered(tt.names)
			row := add(append(names, names[0], names[28])...) // those kept are still found
			got := row.Operations.Map()
			if row.Operations.Len() != tt.len || got["_other"] != int64(tt.other) || got[names[0]] != 2 || got[names[28]] != 2 {
				t.Errorf("%d names, %d of others, %d and %d of two kept, want %d, %d, 2 and 2",
					row.Operations.Len(), got["_other"], got[names[0]], got[names[28]], tt.len, tt.other)
			}
			var sum int64
			for _, n := range got {
				sum += n
			}
			if want := int64(tt.names + 2); sum != want {
				t.Errorf("sum = %d, want %d", sum, want)
			}
		})
	}
	t.Run("a name _other", func(t *testing.T) {
		got := add(append([]string{"_other"}, numbered(40)...)...).Operations.Map()
		if len(got) != 29 || got["_other"] != 13 {
			t.Errorf("%d names, %d of others, want 29 and 13", len(got), got["_other"])
		}
	})
}

func TestErrorCodes(t *testing.T) {
	row := count(
		request("GetObject", s3event.Get, failed(404, "NoSuchKey")),
		request("PutObject", s3event.Put, failed(404, "NoSuchKey")),
		request("GetObject", s3event.Get, failed(304, "NotModified")),
		request("GetObject", s3event.Get, failed(404, "")),
		keyDelete(failed(403, "AccessDenied")),
	).Rows()[0]
	if diff := cmp.Diff(map[string]int64{"NoSuchKey": 2, "NotModified": 1}, row.ErrorCodes.Map()); diff != "" {
		t.Errorf("ErrorCodes (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"GetObject": 3, "PutObject": 1}, row.Operations.Map()); diff != "" {
		t.Errorf("Operations (-want +got)\n%s", diff)
	}
}

// A per-key record may not tell whose the bucket is; the call that it is about does.
func TestKeyDeleteWithoutOwner(t *testing.T) {
	unknown := ofOwner(s3event.UnknownOwner)
	tests := map[string]struct {
		events []*s3event.Event
		want   map[string]int64 // DeletedObjects
	}{
		"owned call before": {[]*s3event.Event{deleteObjects(300), keyDelete(unknown), keyDelete(unknown)}, map[string]int64{"photos": 2}},
		"owned call after":  {[]*s3event.Event{keyDelete(unknown), deleteObjects(300)}, map[string]int64{"photos": 1}},
		"no call":           {[]*s3event.Event{keyDelete(unknown)}, map[string]int64{"_other": 1}},
		"another's call":    {[]*s3event.Event{keyDelete(unknown), deleteObjects(300, on("invoices"))}, map[string]int64{"_other": 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := metric.NewCounts(buckets("*"), false)
			for _, e := range test.events {
				c.Add(e)
			}
			got := map[string]int64{}
			c.Finish()
			for _, row := range c.Rows() {
				if n := row.Values[metric.DeletedObjects]; n > 0 {
					got[row.Bucket] += n
				}
				if n := row.Values[metric.DeletedObjectsEstimated]; n > 0 && row.Bucket == "photos" {
					t.Errorf("DeletedObjectsEstimated = %d for a call whose objects are known", n)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("DeletedObjects (-want +got):\n%s", diff)
			}
		})
	}
}

// However many buckets and minutes a file has, only so many are kept apart; nothing is lost.
func TestBucketsCap(t *testing.T) {
	const kept, more = 10_000, 50
	c := metric.NewCounts(buckets("*"), false)
	for i := range kept + more {
		c.Add(request("GetObject", s3event.Get, on(fmt.Sprint("bucket-", i))))
	}
	c.Add(request("GetObject", s3event.Get, on("bucket-7"))) // one of before
	for i := range more {
		c.Add(keyDelete(on(fmt.Sprint("unknown-", i)), ofOwner(s3event.UnknownOwner)))
	}
	c.Finish()
	rows := c.Rows()
	var requests, deleted int64
	for _, row := range rows {
		requests += row.Values[metric.AllRequests]
		deleted += row.Values[metric.DeletedObjects]
		switch {
		case row.Bucket == "_other" && row.Values[metric.AllRequests] != more:
			t.Errorf("_other has %d requests, want %d", row.Values[metric.AllRequests], more)
		case row.Bucket == "bucket-7" && row.Values[metric.AllRequests] != 2:
			t.Errorf("bucket-7 has %d requests, want 2", row.Values[metric.AllRequests])
		}
	}
	if len(rows) != kept+1 || requests != kept+more+1 || deleted != more {
		t.Errorf("%d rows with %d requests and %d deleted objects, want %d, %d and %d", len(rows), requests, deleted, kept+1, kept+more+1, more)
	}
	if got := c.BucketsNotTold(); got != more {
		t.Errorf("BucketsNotTold = %d, want %d", got, more)
	}
}
