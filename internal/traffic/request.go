package traffic

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is one S3 request as its caller knows it.
type request struct {
	at           time.Time // its end
	who          *caller
	bucket       *bucket
	operation    string
	key, version string
	in, out      int64  // bytes of the bodies
	code         string // the error; empty when it succeeded
	marker       bool   // a delete answered with x-amz-delete-marker
	took, first  time.Duration
	params       members // what the request has beside bucket, host, key and version
	form         string  // eventVersion; by chance when empty
	late         bool    // delivered after CloudWatch's two weeks
}

func (q *request) when() time.Time { return q.at }
func (q *request) where() string   { return q.bucket.region }

func (q *request) records(t *trail, dst []record) []record {
	return append(dst, q.record(t.account, t.ids))
}

func (q *request) count(t *trail) {
	switch {
	case q.bucket.owner != t.account:
		t.truth.record("ForeignBucket")
	case q.bucket.name == t.log.name && !isDelete(q.operation):
		t.truth.record("LogBucket")
	case q.late:
		t.truth.record("TooOld")
		t.truth.bucket(q.bucket.name).Callers[q.who.principal]++ // no metric can hold it any more, but it is told who it was
	default:
		t.truth.record("Counted")
		t.truth.request(q)
		if q.bucket.name == t.log.name && q.code == "" {
			t.truth.anomaly(q.bucket.name, "ProtectionRemoved", q.who)
		}
	}
}

// record renders the request as the owner of the trail sees it.
func (q *request) record(account string, r ids) record {
	rec := record{
		version:   q.form,
		identity:  q.who.identity,
		at:        q.at,
		source:    "s3.amazonaws.com",
		name:      q.operation,
		region:    q.bucket.region,
		address:   q.who.address,
		agent:     q.who.agent,
		code:      q.code,
		requestID: r.request(),
		eventID:   r.event(),
		readOnly:  slices.Contains([]string{"GetRequests", "HeadRequests", "ListRequests"}, metricOf[q.operation]),
		eventType: "AwsApiCall",
		recipient: account,
		host:      q.bucket.host(),
		console:   q.who.kind == person,
		params:    q.requestParameters(),
	}
	if rec.version == "" {
		rec.version = chooseVersion(r)
	}
	if q.code != "" {
		rec.message = messageOf[q.code]
	} else {
		rec.response = q.response(r)
	}
	if q.who.kind == service || q.bucket.owner != account {
		rec.sharedID = r.event()
	}
	if q.late {
		rec.addendum = members{text("reason", "DELIVERY_DELAY")}
	}
	rec.resources = q.bucket.resources(rec.version, q.key)
	rec.additional = q.additional(&rec, r)
	return rec
}

// messageOf is the errorMessage that goes with an errorCode.
var messageOf = map[string]string{
	"AccessDenied":  "Access Denied",
	"NoSuchKey":     "The specified key does not exist.",
	"NotModified":   "Not Modified",
	"SlowDown":      "Please reduce your request rate.",
	"InternalError": "We encountered an internal error. Please try again.",
}

// chooseVersion: several event versions stand side by side in a file while a new one is rolled out.
func chooseVersion(r ids) string {
	switch n := r.IntN(20); {
	case n < 1:
		return "1.09"
	case n < 3:
		return "1.10"
	}
	return "1.11"
}

func (q *request) requestParameters() members {
	ms := make(members, 0, 6+len(q.params))
	ms = append(ms, text("bucketName", q.bucket.name))
	ms = append(ms, q.params...)
	ms = append(ms, text("Host", q.bucket.host()))
	if q.operation == "DeleteObjects" {
		return append(ms, text("delete", ""))
	}
	if q.key != "" {
		ms = append(ms, text("key", q.key))
	}
	if q.version != "" {
		ms = append(ms, text("versionId", q.version))
	}
	return ms
}

// response is responseElements: headers that S3 answers a write with, null for a read.
func (q *request) response(r ids) members {
	var ms members
	switch q.operation {
	case "PutObject", "CreateMultipartUpload", "CompleteMultipartUpload", "UploadPart", "CopyObject":
		ms = append(ms, text("x-amz-server-side-encryption", "AES256"))
		if q.bucket.versioned && q.operation != "UploadPart" && q.operation != "CreateMultipartUpload" {
			ms = append(ms, text("x-amz-version-id", r.version()))
		}
	case "DeleteObject":
		version := q.version
		if version == "" && q.marker {
			version = r.version() // the new marker's own
		}
		if version != "" {
			ms = append(ms, text("x-amz-version-id", version))
		}
		if q.marker {
			ms = append(ms, text("x-amz-delete-marker", "true"))
		}
	}
	return ms
}

// additional is additionalEventData. Byte counts were floats until 2022; timing came in 2026.
func (q *request) additional(rec *record, r ids) members {
	_, suite := rec.cipher()
	bytes := func(name string, n int64) member {
		if rec.old() {
			return raw(name, strconv.FormatFloat(float64(n), 'f', 1, 64))
		}
		return number(name, n)
	}
	ms := make(members, 0, 12)
	if q.who.kind != anonymous {
		ms = append(ms, text("SignatureVersion", "SigV4"))
	}
	ms = append(ms, text("CipherSuite", suite), bytes("bytesTransferredIn", q.in))
	if q.code == "" && strings.HasPrefix(q.operation, "Put") {
		ms = append(ms, text("SSEApplied", "Default_SSE_S3"))
	}
	if q.who.kind != anonymous {
		ms = append(ms, text("AuthenticationMethod", "AuthHeader"))
	}
	ms = append(ms, text("x-amz-id-2", r.host()), bytes("bytesTransferredOut", q.out))
	if q.took > 0 {
		end := q.at.UnixMilli() // eventTime is the same instant in whole seconds
		ms = append(ms,
			number("httpStatusCode", int64(q.status())),
			number("startTime", end-q.took.Milliseconds()),
			number("endTime", end),
			number("turnAroundTime", q.first.Milliseconds()),
		)
	}
	return ms
}

func (q *request) status() int {
	switch {
	case q.code != "":
		return statusOf[q.code]
	case q.operation == "DeleteObject":
		return 204
	}
	return 200
}
