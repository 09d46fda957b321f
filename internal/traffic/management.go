package traffic

import (
	"strings"
	"time"
)

// management is a management event, of S3 or of another service: never a request.
type management struct {
	at       time.Time
	who      *caller
	region   string
	source   string // the service, without .amazonaws.com
	name     string
	params   members
	response members
	bucket   *bucket // of an S3 event
	code     string
	weakens  bool // it takes protection away, so it must be told
}

func (e *management) when() time.Time { return e.at }
func (e *management) where() string   { return e.region }

func (e *management) records(t *trail, dst []record) []record {
	rec := record{
		version:    "1.11",
		identity:   e.who.identity,
		at:         e.at,
		source:     e.source + ".amazonaws.com",
		name:       e.name,
		region:     e.region,
		address:    e.who.address,
		agent:      e.who.agent,
		params:     e.params,
		response:   e.response,
		requestID:  t.ids.event(),
		eventID:    t.ids.event(),
		readOnly:   e.readOnly(),
		eventType:  "AwsApiCall",
		management: true,
		recipient:  t.account,
		host:       e.source + "." + e.region + ".amazonaws.com",
		console:    e.who.kind == person,
	}
	if e.code != "" {
		rec.code, rec.message = e.code, "User: "+e.who.principal+" is not authorized to perform: "+e.source+":"+e.name
	}
	if e.who.kind == service {
		rec.host, rec.sharedID = "", t.ids.event()
	}
	if e.source == "s3" {
		rec.requestID = t.ids.request()
		_, suite := rec.cipher()
		rec.additional = members{
			text("SignatureVersion", "SigV4"),
			text("CipherSuite", suite),
			number("bytesTransferredIn", 0),
			text("AuthenticationMethod", "AuthHeader"),
			text("x-amz-id-2", t.ids.host()),
			number("bytesTransferredOut", 0),
		}
		if e.bucket != nil {
			rec.host = e.bucket.host()
			rec.resources = []resource{{account: e.bucket.owner, kind: "AWS::S3::Bucket", arn: e.bucket.arn()}}
			rec.params = append(members{text("bucketName", e.bucket.name), text("Host", rec.host)}, e.params...)
		}
	}
	return append(dst, rec)
}

func (e *management) count(t *trail) {
	t.truth.record("NotS3")
	if e.weakens && e.code == "" {
		t.truth.anomaly(e.bucket.name, "ProtectionRemoved", e.who)
	}
}

func (e *management) readOnly() bool {
	for _, verb := range []string{"Get", "List", "Describe"} {
		if strings.HasPrefix(e.name, verb) {
			return true
		}
	}
	return false
}
