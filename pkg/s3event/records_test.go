package s3event_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/s3event"
)

// The records in testdata are written by hand in the shapes that CloudTrail documents; the tables say what is changed
// of them. Every record is read as the Lambda reads it, by cloudtrail.Reader, so that a table holds against the JSON
// itself.

// absent, as a value in a patch, takes the member away. (null stays null: CloudTrail writes that, too.)
const absent = "(absent)"

// record returns the JSON of testdata/NAME.json with the members of patch in it: objects are merged, all else replaces
// what stood there. An empty patch changes nothing.
func record(t testing.TB, name, patch string) string {
	t.Helper()
	base, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if patch == "" {
		return string(base)
	}
	return patched(t, string(base), patch)
}

func patched(t testing.TB, base, patch string) string {
	t.Helper()
	doc, err := json.Marshal(merge(decode(t, base), decode(t, patch)))
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// decode keeps numbers as they are written: CloudTrail writes 791.0 as well as 791.
func decode(t testing.TB, doc string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("cannot decode %s: %v", doc, err)
	}
	return v
}

func merge(base, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	b, ok := base.(map[string]any)
	if !ok {
		b = map[string]any{}
	}
	for name, v := range p {
		if v == absent {
			delete(b, name)
		} else {
			b[name] = merge(b[name], v)
		}
	}
	return b
}

// read returns the record that doc is, read out of a log file of its own.
func read(t testing.TB, doc string) *cloudtrail.Record {
	t.Helper()
	var r cloudtrail.Record
	if err := cloudtrail.NewReader(strings.NewReader(`{"Records":[` + doc + `]}`)).Read(&r); err != nil {
		t.Fatalf("cannot read %s: %v", doc, err)
	}
	return &r
}

// interpret returns the meaning of the record doc. The Event it is put in held something else before, as it does when
// a file is read.
func interpret(t testing.TB, doc string) *s3event.Event {
	t.Helper()
	e := &s3event.Event{
		Kind: s3event.KeyDelete, Operation: []byte("x"), Group: s3event.Select, Bucket: []byte("x"), Ownership: s3event.ForeignBucket,
		Key: []byte("x"), VersionID: []byte("x"), Status: 599, ErrorCode: []byte("x"), Deletion: s3event.Denied,
		BytesIn: 1, BytesOut: 1, FirstByteLatency: 1, TotalLatency: 1, Anonymous: true, Identified: true, DeleteMarker: true, MaybeMarker: true,
	}
	s3event.Interpret(read(t, doc), e)
	return e
}

// principal returns the name of who made the request that doc records.
func principal(t testing.TB, doc string) string {
	t.Helper()
	return string(s3event.AppendPrincipal(nil, &read(t, doc).UserIdentity))
}

// compact returns doc on one line, for messages.
func compact(doc string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(doc)); err != nil {
		return doc
	}
	return b.String()
}
