package s3event

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"

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
	case "s3.amazonaws.com", "s3express.amazonaws.com", "s3-outposts.amazonaws.com":
		remove, ok := bucketRemovals[string(r.EventName)]
		if !ok {
			return Removal{}, false
		}
		name, owner := bucket(r)
		if len(owner) > 0 && len(r.RecipientAccountID) > 0 && !bytes.Equal(owner, r.RecipientAccountID) {
			return Removal{}, false
		}
		subject := string(name)
		switch {
		case bytes.Contains(r.EventName, []byte("Account")):
			subject = "the account"
		case subject == "":
			subject = "(name unknown)"
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
		PublicAccessBlockConfiguration json.RawMessage
	}
	decode(r, &p)
	configuration := p.PublicAccessBlockConfiguration
	if !bytes.HasPrefix(configuration, []byte("{")) && string(configuration) != `""` { // "" is an empty element
		return ""
	}
	var c struct {
		BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets flag
	}
	_ = json.Unmarshal(configuration, &c) // whatever doesn't fit is left out
	if c.BlockPublicAcls && c.IgnorePublicAcls && c.BlockPublicPolicy && c.RestrictPublicBuckets {
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
//
// Elements of another type are left out, and a member of an element that has another type counts as absent: a rule
// whose empty filter is written as "" is a rule all the same.
type oneOrMore[T any] []T

func (l *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	var elements []json.RawMessage
	if json.Unmarshal(b, &elements) != nil {
		elements = []json.RawMessage{b}
	}
	*l = nil
	for _, b := range elements {
		var one T
		err := json.Unmarshal(b, &one)
		var mistyped *json.UnmarshalTypeError
		inside := errors.As(err, &mistyped) && mistyped.Field != "" // not the element itself
		if present(b) && (err == nil || inside) {
			*l = append(*l, one)
		}
	}
	return nil
}

// present tells whether there is a value.
func present(b json.RawMessage) bool { return len(b) > 0 && string(b) != "null" }

// flag is a boolean, or the text of one, as CloudTrail writes what was XML.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	is, _ := strconv.ParseBool(string(bytes.Trim(b, `"`))) // S3's own examples have TRUE
	*f = flag(is)
	return nil
}

// text is a string. What was XML has no types, so that CloudTrail writes the prefix 2026 as a number.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil && b[0] != '{' && b[0] != '[' {
		s = string(b)
	}
	*t = text(s)
	return nil
}
