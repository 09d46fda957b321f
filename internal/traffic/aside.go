package traffic

import "time"

// aside is a record about S3 that is no request of a caller: a lifecycle action, a request that failed authentication.
type aside struct {
	at      time.Time
	who     *caller
	bucket  *bucket
	source  string
	name    string
	key     string
	code    string
	message string
	metric  string // the one that counts it
}

func (e *aside) when() time.Time { return e.at }
func (e *aside) where() string   { return e.bucket.region }

func (e *aside) records(t *trail, dst []record) []record {
	kind := "AwsApiCall"
	if e.who.kind == service {
		kind = "AwsServiceEvent"
	}
	const version = "1.11"
	return append(dst, record{
		version:   version,
		identity:  e.who.identity,
		at:        e.at,
		source:    e.source,
		name:      e.name,
		region:    e.bucket.region,
		address:   e.who.address,
		agent:     e.who.agent,
		code:      e.code,
		message:   e.message,
		params:    members{text("bucketName", e.bucket.name), text("key", e.key)},
		requestID: t.ids.request(),
		eventID:   t.ids.event(),
		resources: e.bucket.resources(version, e.key),
		eventType: kind,
		recipient: t.account,
	})
}

func (e *aside) count(t *trail) {
	t.truth.record("NotARequest")
	t.truth.bucket(e.bucket.name).add(e.metric, 1)
}

// expired is an object that a lifecycle rule removed. Its eventName is an assumption, and the nastiest one: only the
// event source tells such a record from a caller's delete.
func expired(at time.Time, b *bucket, key string) *aside {
	return &aside{
		at: at, bucket: b, key: key,
		who:    newService("lifecycle.s3.amazonaws.com"),
		source: "s3lifecycle.amazonaws.com",
		name:   "DeleteObject",
		metric: "LifecycleActions",
	}
}

// badSignature is a request that failed authentication.
func badSignature(at time.Time, who *caller, b *bucket, key string) *aside {
	return &aside{
		at: at, bucket: b, key: key, who: who,
		source:  "s3-authn-errors.amazonaws.com",
		name:    "AuthenticateSignatureDoesNotMatch",
		code:    "SignatureDoesNotMatch",
		message: "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
		metric:  "AuthenticationFailures",
	}
}
