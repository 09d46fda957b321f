package traffic

import "time"

// event is one thing that happened: how CloudTrail records it, and how it has to be counted.
type event interface {
	when() time.Time
	// where is the Region whose log files hold it.
	where() string
	// records appends the records, all of one log file.
	records(t *trail, dst []record) []record
	// count adds it to the truth.
	count(t *trail)
}

// bucket is one S3 bucket.
type bucket struct {
	name, owner, region string
	versioned           bool
}

func (b *bucket) arn() string { return "arn:aws:s3:::" + b.name }

// host is the virtual-hosted-style endpoint that an SDK uses.
func (b *bucket) host() string { return b.name + ".s3." + b.region + ".amazonaws.com" }

// resources are those of a request for a key, or for the bucket when key is empty. The order changed with version 1.11.
func (b *bucket) resources(version, key string) []resource {
	object := resource{kind: "AWS::S3::Object", arn: b.arn() + "/" + key, prefix: key == ""}
	own := resource{account: b.owner, kind: "AWS::S3::Bucket", arn: b.arn()}
	if version == "1.11" {
		return []resource{own, object}
	}
	return []resource{object, own}
}

// declared is the delete of one object that is among the account's expected deletes.
type declared struct{ *request }

func (e declared) count(t *trail) {
	e.request.count(t)
	t.truth.bucket(e.bucket.name).add("ExpectedDeletes", 1)
}

// repeated is an event whose record was delivered twice in one file.
type repeated struct{ event }

func (e repeated) records(t *trail, dst []record) []record {
	dst = e.event.records(t, dst)
	return append(dst, dst[len(dst)-1])
}

func (e repeated) count(t *trail) {
	e.event.count(t)
	t.truth.record("Duplicate")
}

// corrected is an event that CloudTrail wrote again with better data: a new eventID, and the old one in the addendum.
type corrected struct{ event }

func (e corrected) records(t *trail, dst []record) []record {
	dst = e.event.records(t, dst)
	again := dst[len(dst)-1]
	again.addendum = members{
		text("reason", "UPDATED_DATA"),
		text("updatedFields", "additionalEventData"),
		text("originalRequestID", again.requestID),
		text("originalEventID", again.eventID),
	}
	again.eventID = t.ids.event()
	return append(dst, again)
}

func (e corrected) count(t *trail) { repeated(e).count(t) }
