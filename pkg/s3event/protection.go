package s3event

import (
	"bytes"
	"encoding/json"
	"fmt"

	"bucketwatch/pkg/cloudtrail"
)

// Removal is a change that took away a protection: of a bucket's objects, or of the record of what is done to them.
type Removal struct {
	Bucket string // empty if the change concerns a trail or the whole account
	What   string // in the words of a sentence that begins with who did it: "suspended versioning of photos"
}

// ProtectionRemoved tells whether r, a management record, took a protection away, judging by its content alone: what
// was in force before isn't known. A change that failed took nothing away, and a bucket of another account isn't ours
// to judge.
func ProtectionRemoved(r *cloudtrail.Record) (Removal, bool) {
	if len(r.ErrorCode) > 0 || r.EventTime.IsZero() {
		return Removal{}, false
	}
	switch string(r.EventSource) {
	case "s3.amazonaws.com":
		remove, ok := bucketRemovals[string(r.EventName)]
		if !ok {
			return Removal{}, false
		}
		name, owner := bucket(r)
		if len(owner) > 0 && len(r.RecipientAccountID) > 0 && !bytes.Equal(owner, r.RecipientAccountID) {
			return Removal{}, false
		}
		subject := string(name)
		if subject == "" {
			subject = "the account"
		}
		what := remove(r, subject)
		return Removal{Bucket: string(name), What: what}, what != ""
	case "cloudtrail.amazonaws.com":
		if remove, ok := trailRemovals[string(r.EventName)]; ok {
			what := remove(r)
			return Removal{What: what}, what != ""
		}
	}
	return Removal{}, false
}

// always is for the operations that can do nothing but remove.
func always(what string) func(*cloudtrail.Record, string) string {
	return func(_ *cloudtrail.Record, subject string) string { return what + subject }
}

// bucketRemovals lists the S3 management operations that may remove a protection, by CloudTrail's eventName (which
// differs from the API's name in a few places: both are known), and how to tell what was removed of the subject: "" is
// nothing.
var bucketRemovals = map[string]func(r *cloudtrail.Record, subject string) string{
	"DeleteBucket":                     always("deleted the bucket "),
	"DeleteBucketEncryption":           always("deleted the default encryption of "),
	"DeleteBucketLifecycle":            always("deleted the lifecycle rules of "),
	"DeleteBucketPolicy":               always("deleted the bucket policy of "),
	"DeleteBucketReplication":          always("deleted the replication rules of "),
	"DeleteAccountPublicAccessBlock":   always("deleted the public access block of "),
	"DeleteBucketPublicAccessBlock":    always("deleted the public access block of "),
	"DeletePublicAccessBlock":          always("deleted the public access block of "),
	"PutAccountPublicAccessBlock":      publicAccessUnblocked,
	"PutBucketPublicAccessBlock":       publicAccessUnblocked,
	"PutPublicAccessBlock":             publicAccessUnblocked,
	"PutBucketVersioning":              versioningWeakened,
	"PutBucketReplication":             replicationDisabled,
	"PutBucketObjectLockConfiguration": objectLockDisabled,
	"PutObjectLockConfiguration":       objectLockDisabled,
	"PutBucketLifecycle":               expirationSet,
	"PutBucketLifecycleConfiguration":  expirationSet,
	"PutBucketPolicy":                  deletesAllowed,
}

// decode fills v from the request's parameters, as far as their types are as expected: a parameter of another type
// counts as absent.
func decode(r *cloudtrail.Record, v any) {
	_ = json.Unmarshal(r.RequestParameters.Raw, v) // whatever doesn't fit is left out
}

func versioningWeakened(r *cloudtrail.Record, subject string) string {
	var p struct {
		VersioningConfiguration struct{ Status, MfaDelete string }
	}
	decode(r, &p)
	switch {
	case p.VersioningConfiguration.Status == "Suspended":
		return "suspended versioning of " + subject
	case p.VersioningConfiguration.MfaDelete == "Disabled":
		return "disabled MFA delete of " + subject
	}
	return ""
}

// publicAccessUnblocked looks for a flag that is false. One that is left out is false too: S3 replaces the whole
// configuration. See https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html
func publicAccessUnblocked(r *cloudtrail.Record, subject string) string {
	var p struct {
		PublicAccessBlockConfiguration *struct {
			BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets flag
		}
	}
	decode(r, &p)
	c := p.PublicAccessBlockConfiguration
	if c == nil || c.BlockPublicAcls && c.IgnorePublicAcls && c.BlockPublicPolicy && c.RestrictPublicBuckets {
		return ""
	}
	return "switched off part of the public access block of " + subject
}

func replicationDisabled(r *cloudtrail.Record, subject string) string {
	var p struct {
		ReplicationConfiguration struct {
			Rule oneOrMore[struct{ Status string }]
		}
	}
	decode(r, &p)
	for _, rule := range p.ReplicationConfiguration.Rule {
		if rule.Status == "Disabled" {
			return "disabled a replication rule of " + subject
		}
	}
	return ""
}

func objectLockDisabled(r *cloudtrail.Record, subject string) string {
	var p struct {
		ObjectLockConfiguration struct {
			ObjectLockEnabled string
			Rule              oneOrMore[struct{ Status string }]
		}
	}
	decode(r, &p)
	c := p.ObjectLockConfiguration
	if c.ObjectLockEnabled == "Disabled" {
		return "disabled Object Lock of " + subject
	}
	for _, rule := range c.Rule {
		if rule.Status == "Disabled" {
			return "disabled an Object Lock rule of " + subject
		}
	}
	return ""
}

// oneOrMore is a list that stands without its brackets when it has one element, as CloudTrail writes what was XML.
type oneOrMore[T any] []T

func (l *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		return json.Unmarshal(b, (*[]T)(l))
	}
	var one T
	if err := json.Unmarshal(b, &one); err != nil {
		return fmt.Errorf("cannot read an element: %w", err)
	}
	*l = []T{one}
	return nil
}

// flag is a boolean, or the text of one, as CloudTrail writes what was XML.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	*f = flag(string(bytes.Trim(b, `"`)) == "true")
	return nil
}
