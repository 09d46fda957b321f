package s3event_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/s3event"
)

// FuzzMeaning interprets whatever reads as records: nothing panics, and the meaning never contradicts itself.
func FuzzMeaning(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("cannot find the records: %v", err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	// The tables' records, without the members that aren't read and don't differ.
	small := func(doc string) {
		f.Add([]byte(compact(patched(f, doc, `{"eventVersion":"(absent)","userAgent":"(absent)","tlsDetails":"(absent)","awsRegion":"(absent)","readOnly":"(absent)"}`))))
	}
	for _, k := range kinds {
		small(record(f, k.base, k.patch))
	}
	for _, d := range deletions {
		small(record(f, d.base, d.patch))
	}
	for _, b := range buckets {
		small(record(f, b.base, b.patch))
	}
	for _, k := range keys {
		small(record(f, k.base, k.patch))
	}
	for _, id := range identities {
		f.Add([]byte(`{"eventTime":"2026-11-20T14:02:31Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventCategory":"Data","userIdentity":` + id.identity + `}`))
	}
	for _, c := range bucketChanges {
		small(change(f, c.eventName, c.parameters))
	}
	for _, c := range trailChanges {
		small(trailChange(f, c.eventName, c.parameters))
	}
	for _, o := range overwrites {
		small(record(f, o.base, o.patch))
	}
	for _, r := range removals {
		small(record(f, r.base, r.patch))
	}
	var (
		e       s3event.Event // reused, as when a file is read
		reader  = cloudtrail.NewReader(nil)
		objects = s3event.Calls{}
	)
	f.Fuzz(func(t *testing.T, doc []byte) {
		reader.Reset(io.MultiReader(strings.NewReader(`{"Records":[`), bytes.NewReader(doc), strings.NewReader(`]}`)))
		objects = s3event.Calls{}
		for {
			var r cloudtrail.Record
			if err := reader.Read(&r); err != nil {
				var damaged *cloudtrail.Error
				if err != io.EOF && !errors.As(err, &damaged) && err != cloudtrail.ErrNoRecords {
					t.Errorf("Read = %v", err)
				}
				return
			}
			checkMeaning(t, &r, &e, &objects)
			checkRemoval(t, &r)
		}
	})
}

func checkMeaning(t *testing.T, r *cloudtrail.Record, e *s3event.Event, calls *s3event.Calls) {
	s3event.Interpret(r, e)
	var fresh s3event.Event
	s3event.Interpret(r, &fresh)
	if diff := cmp.Diff(fresh, *e); diff != "" {
		t.Errorf("Interpret depends on what the Event held before (-fresh +reused):\n%s", diff)
	}
	check := func(ok bool, rule string) {
		if !ok {
			t.Errorf("%s: %+v", rule, *e)
		}
	}
	check(e.Kind <= s3event.NotARequest, "Kind is in range")
	check(e.Group <= s3event.Select, "Group is in range")
	check(e.Ownership <= s3event.ForeignBucket, "Ownership is in range")
	check(e.Deletion <= s3event.Denied, "Deletion is in range")
	check((e.Kind == s3event.Malformed) == (len(r.EventSource) == 0 || len(r.EventName) == 0 || r.EventTime.IsZero()),
		"Malformed lacks source, name or time")
	check(e.BytesIn >= 0 && e.BytesOut >= 0 && e.BytesIn+e.BytesOut <= 1<<47, "sizes are of bodies")
	for _, ms := range []float64{e.FirstByteLatency, e.TotalLatency} {
		check(ms == -1 || ms >= 0 && ms <= 24*60*60*1000, "a latency is -1 or of a request")
	}
	check(e.Bucket == nil || len(e.Bucket) > 0, "Bucket is nil or a name")
	check(!bytes.ContainsAny(e.Bucket, "/:"), "Bucket is no ARN")
	check(e.Ownership == s3event.UnknownOwner || e.Bucket != nil, "an owned bucket has a name")

	switch e.Kind {
	case s3event.Malformed, s3event.NotS3:
		rest := *e
		rest.Kind, rest.Operation, rest.Time, rest.FirstByteLatency, rest.TotalLatency = 0, nil, fresh.Time, 0, 0
		check(cmp.Equal(rest, s3event.Event{Time: fresh.Time}), "what isn't of S3 means nothing")
	default:
		check(e.Status >= 100 && e.Status < 600, "Status is in range")
		check(e.Failed() == (e.Status >= 400), "Failed follows Status")
		check(len(e.ErrorCode) > 0 || e.Status == 200 || r.AdditionalEventData.HTTPStatusCode.Set, "no code and no status is success")
	}
	one := string(e.Operation) == "DeleteObject"
	check(e.Kind != s3event.KeyDelete || one && string(r.EventType) == "AwsServiceEvent", "a KeyDelete is a service's DeleteObject")
	check(e.Kind != s3event.Request || len(r.EventType) == 0 || string(r.EventType) == "AwsApiCall", "a Request is a call")
	check(e.IsDelete() == (e.Kind == s3event.KeyDelete || e.Kind == s3event.Request && (one || string(e.Operation) == "DeleteObjects")),
		"deletes are KeyDelete, DeleteObject and DeleteObjects")
	check(e.Deletion == s3event.NoDeletion || e.IsDelete(), "only a delete has a Deletion")
	check(!e.IsDeleteObjects() || e.Kind == s3event.Request && e.Group == s3event.Delete && !e.ObjectDeleted() && e.Deletion != s3event.MarkerRemoved,
		"a DeleteObjects call deletes nothing by itself")
	succeeded := e.ObjectDeleted() || e.Deletion == s3event.MarkerRemoved
	check(!succeeded || len(e.ErrorCode) == 0 && e.Status < 300, "what failed deleted nothing")
	check(!succeeded || (e.Deletion == s3event.Deleted) == (len(e.VersionID) == 0), "a version makes a delete permanent, or an undelete")
	check(!e.DeleteMarker || e.IsDelete(), "only a delete tells of a delete marker")
	check(!e.MaybeMarker || e.Kind == s3event.KeyDelete && e.Deletion == s3event.PermanentlyDeleted && !e.DeleteMarker, "what may be a marker is a version of a per-key record")
	check(!e.IsUpload() || e.Kind == s3event.Request && !e.Failed() && !e.IsDelete() && !e.ReadRefused(), "an upload succeeded")
	check(!e.ReadRefused() || e.Failed() || len(e.ErrorCode) > 0, "what was refused failed")
	check(!s3event.EncryptedOverwrite(r, e) || e.Kind == s3event.Request && (e.Group == s3event.Put || e.Group == s3event.Post) && !e.Failed(), "what is encrypted was written")
	check(!s3event.NewCaller(r, "x").Human || !e.Anonymous, "an anonymous caller is no person")
	check(e.Deletion != s3event.Denied || e.Status == 403 || string(e.ErrorCode) == "AccessDenied", "what was denied says so")

	name := s3event.AppendPrincipal(nil, &r.UserIdentity)
	check(len(name) > 0 && utf8.Valid(name), "every caller has a name")
	check(e.Identified || e.Kind <= s3event.NotS3 || len(r.UserIdentity.ARN)+len(r.UserIdentity.PrincipalID) == 0, "an ARN or principal id identifies")
	if e.IsDeleteObjects() {
		calls.Add(r, e, string(name))
		if id := string(r.RequestID); id != "" {
			check(calls.CallerOf("", id, e.Time).Principal == string(name), "the call's request id finds its caller")
		}
	}
	if e.Kind == s3event.KeyDelete {
		caller := calls.CallerOf(string(e.Bucket), string(r.RequestID), e.Time)
		check(caller.Principal != "", "every object's deletion has a caller, or UNATTRIBUTED")
		origin := calls.Origin(r, e)
		calls.Ascribe()
		check(origin == calls.Origin(r, e) && origin.Caller == caller, "its origin has that caller")
	}
}

func checkRemoval(t *testing.T, r *cloudtrail.Record) {
	before := string(r.RequestParameters.Raw)
	removal, ok := s3event.ProtectionRemoved(r)
	again, okAgain := s3event.ProtectionRemoved(r)
	if ok != okAgain || removal != again {
		t.Errorf("ProtectionRemoved = %+q, %t and then %+q, %t", removal, ok, again, okAgain)
	}
	if after := string(r.RequestParameters.Raw); after != before {
		t.Errorf("ProtectionRemoved changed the record from %q to %q", before, after)
	}
	if !ok {
		return
	}
	switch {
	case removal.What == "" || !utf8.ValidString(removal.What):
		t.Errorf("ProtectionRemoved = %+q, want words", removal)
	case len(r.ErrorCode) > 0 || r.EventTime.IsZero():
		t.Errorf("ProtectionRemoved = %+q of a change that failed, or at no time", removal)
	case strings.HasSuffix(removal.What, "bucket ") || strings.HasSuffix(removal.What, " of ") || strings.HasSuffix(removal.What, "trail "):
		t.Errorf("ProtectionRemoved = %+q, want a name, or words that it is unknown", removal)
	}
	for _, prefix := range []string{"Get", "List", "Head", "Create", "Start", "Describe"} {
		if bytes.HasPrefix(r.EventName, []byte(prefix)) {
			t.Errorf("ProtectionRemoved(%s) = %+q, want nothing of an operation that only reads or makes", r.EventName, removal)
		}
	}
}
