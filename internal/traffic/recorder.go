package traffic

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"time"
)

// Recorder renders what happens in one account as CloudTrail records it, for whoever decides by himself what happens, when,
// and in which log file it is told: package labelled does. It counts nothing.
type Recorder struct {
	account, region string
	ids             ids
	trail           *trail // for the events that ask it who they are recorded for
	zip             *gzip.Writer
	records         []record
}

// NewRecorder returns the Recorder of an account.
func NewRecorder(seed uint64, account, region string) *Recorder {
	t := newTrail(seed, account, &bucket{name: "trail-logs-" + account, owner: account, region: region})
	zip, err := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the weeks of an evaluation are written once, and read once
	if err != nil {
		panic("cannot make a gzip writer: " + err.Error())
	}
	return &Recorder{account: account, region: region, ids: t.ids, trail: t, zip: zip}
}

// LogBucket is the name of the bucket that the log files go to.
func (r *Recorder) LogBucket() string { return r.trail.log.name }

// Bucket is an S3 bucket of the account.
type Bucket struct{ b bucket }

// Bucket makes a bucket.
func (r *Recorder) Bucket(name string, versioned bool) *Bucket {
	return &Bucket{bucket{name: name, owner: r.account, region: r.region, versioned: versioned}}
}

// Name returns the bucket's name.
func (b *Bucket) Name() string { return b.b.name }

// Versioned tells whether deleting an object leaves a marker.
func (b *Bucket) Versioned() bool { return b.b.versioned }

// Caller is somebody who sends requests.
type Caller struct {
	c     *caller
	human bool
}

// Principal is the name that a caller is known under: never holds a session.
func (c *Caller) Principal() string { return c.c.principal }

// Human tells whether it is a person.
func (c *Caller) Human() bool { return c.human }

// Anonymous tells whether nobody signs the caller's requests.
func (c *Caller) Anonymous() bool { return c.c.kind == anonymous }

// Role makes software with a role.
func (r *Recorder) Role(name string, since time.Time) *Caller {
	address := fmt.Sprintf("10.0.%d.%d", r.ids.IntN(16), 1+r.ids.IntN(250))
	agents := []string{agentGo, agentJava, agentPython}
	return &Caller{c: newRole(r.ids, r.account, name, r.ids.instance(), address, agents[r.ids.IntN(len(agents))], since)}
}

// User makes software, or somebody, with the access key of an IAM user.
func (r *Recorder) User(name string) *Caller {
	return &Caller{c: newUser(r.ids, r.account, name, r.address(), agentCLI)}
}

// Console makes a person who is signed in to the console.
func (r *Recorder) Console(name string, since time.Time) *Caller {
	return &Caller{c: newPerson(r.ids, r.account, name, r.address(), since), human: true}
}

// Employee makes a person with a role of IAM Identity Center, at work with the command line. All who have the same
// permissions are one principal.
func (r *Recorder) Employee(permissions, name string, since time.Time) *Caller {
	var suffix strings.Builder
	for i := range 16 {
		suffix.WriteByte("0123456789abcdef"[(i*7+len(permissions)*5)%16])
	}
	role := "aws-reserved/sso.amazonaws.com/" + r.region + "/AWSReservedSSO_" + permissions + "_" + suffix.String()
	return &Caller{c: newRole(r.ids, r.account, role, name+"@example.com", r.address(), agentCLI, since), human: true}
}

// Visitor makes somebody without credentials.
func (r *Recorder) Visitor() *Caller {
	return &Caller{c: newVisitor(r.address(), agentChrome)}
}

func (r *Recorder) address() string {
	return fmt.Sprintf("203.0.113.%d", 1+r.ids.IntN(250))
}

// Form is how a DeleteObjects call is recorded.
type Form string

// The forms of batch deletes.
const (
	Full    Form = "full"    // each object has a record that says who deleted it
	Minimal Form = "minimal" // each object has a record that says so only by its call's request id
	Absent  Form = "absent"  // each object has a record that leads to no call; which is in another file, if any
	Old     Form = "old"     // no object has a record, as before June 2025, or as the trail's selectors have it
)

// Deed is something that somebody does in the account.
type Deed struct {
	At           time.Time
	Who          *Caller
	Bucket       *Bucket
	Operation    string
	Key, Version string
	Code         string // the error; empty when it succeeded
	Marker       bool   // a delete answered with x-amz-delete-marker
	Size         int64  // of the object
	OwnKey       bool   // encrypted with a key that the caller sends along
	Twice        bool   // its last record is delivered twice in one file, with one event id

	Keys []string // of a DeleteObjects call
	Form Form     // of a DeleteObjects call
	Part Part     // of a DeleteObjects call, in the Form Absent

	Document string // JSON, of a change of the bucket's settings: then Operation is no request
}

// Part says what of a DeleteObjects call is rendered.
type Part int

// The parts of a call.
const (
	Whole Part = iota
	OnlyCall
	OnlyKeys
)

// File renders one log file. The records of one deed may stand anywhere in it.
func (r *Recorder) File(delivered time.Time, deeds []Deed) (File, error) {
	records := r.records[:0]
	for i := range deeds {
		records = r.render(records, &deeds[i])
		if deeds[i].Twice {
			records = append(records, records[len(records)-1])
		}
	}
	r.records = records
	for i := range records {
		if j := i + r.ids.IntN(8); j < len(records) {
			records[i], records[j] = records[j], records[i]
		}
	}
	var out bytes.Buffer
	r.zip.Reset(&out)
	w := writer{zip: r.zip}
	for i := range records {
		w.write(&records[i])
	}
	if err := w.close(); err != nil {
		return File{}, fmt.Errorf("cannot write a log file: %w", err)
	}
	key := Key(r.account, r.region, delivered, r.ids.pick(alphanum, 16))
	return File{Key: key, Body: out.Bytes(), Records: len(records), Delivered: delivered}, nil
}

func (r *Recorder) render(records []record, d *Deed) []record {
	if d.Document != "" {
		change := management{
			at: d.At, who: d.Who.c, region: r.region, source: "s3", name: d.Operation, bucket: &d.Bucket.b, code: d.Code,
			params: members{raw(settingOf[d.Operation], d.Document)},
		}
		return change.records(r.trail, records)
	}
	q := request{
		at: d.At, who: d.Who.c, bucket: &d.Bucket.b, operation: d.Operation, key: d.Key, version: d.Version, code: d.Code, marker: d.Marker,
	}
	switch d.Operation {
	case "PutObject":
		q.in = d.Size
	case "GetObject":
		q.out = d.Size
	}
	if d.OwnKey {
		q.params = members{text("x-amz-server-side-encryption-customer-algorithm", "AES256")}
	}
	if d.Operation != "DeleteObjects" {
		rec := q.record(r.account, r.ids)
		return append(records, rec)
	}
	return r.renderCall(records, d, &q)
}

// renderCall renders a DeleteObjects call. It is of the version that S3 writes now: batch deletes of a console in older
// ones are recognised by their user agent alone.
func (r *Recorder) renderCall(records []record, d *Deed, q *request) []record {
	keys := make([]deletedKey, len(d.Keys))
	for i, key := range d.Keys {
		keys[i] = deletedKey{key: key, marker: d.Marker, minimal: d.Form != Full}
		if d.Version != "" {
			keys[i].version, keys[i].marker = r.ids.version(), false
		}
	}
	q.form, q.marker, q.version, q.in, q.out = "1.11", false, "", bulkBytes(keys), int64(140+60*len(keys))
	call := bulkDelete{request: *q, keys: keys}
	rec := call.request.record(r.account, r.ids)
	if d.Part != OnlyKeys {
		records = append(records, rec)
	}
	if d.Form == Old || d.Code != "" || d.Part == OnlyCall {
		return records
	}
	for i := range keys {
		k := keys[i].record(&call, &rec, r.ids)
		if d.Form == Absent {
			k.requestID = ""
		}
		records = append(records, k)
	}
	return records
}

// settingOf is the member of requestParameters that holds what a change sets.
var settingOf = map[string]string{
	"PutBucketVersioning":        "VersioningConfiguration",
	"PutBucketLifecycle":         "LifecycleConfiguration",
	"DeleteBucketPolicy":         "policy",
	"DeleteBucketLifecycle":      "lifecycle",
	"DeleteBucketReplication":    "replication",
	"DeletePublicAccessBlock":    "publicAccessBlock",
	"PutBucketPublicAccessBlock": "PublicAccessBlockConfiguration",
}
