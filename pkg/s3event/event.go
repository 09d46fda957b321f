// Package s3event says what a CloudTrail record means for S3: which operation on which bucket, whose the bucket is,
// what was answered, what became of the object, and whether a protection of the bucket was removed.
//
// It looks at one record at a time (and at the DeleteObjects calls of one file, to ascribe the per-key records to
// their caller). It neither counts nor judges: that is for packages metric and anomaly.
package s3event

import (
	"bytes"
	"time"

	"bucketwatch/pkg/cloudtrail"
)

// Kind says what sort of record it is.
type Kind uint8

// The kinds of record. Only a Request is something that a caller sent to S3.
const (
	Malformed             Kind = iota // lacks eventSource, eventName or a readable eventTime
	NotS3                             // another service's, or an S3 management event
	Request                           // an object-level request
	KeyDelete                         // the deletion of one object by a DeleteObjects call (eventType AwsServiceEvent)
	LifecycleAction                   // done by S3 under the bucket's lifecycle rules
	AuthenticationFailure             // a request whose signature or credentials S3 refused
	NotARequest                       // of S3, but none of the above: network activity, Insights events, service events
)

// Deletion says what became of an object under a delete, or a whole DeleteObjects call.
type Deletion uint8

// What a delete came to. Of DeleteObjects calls only a denial is known: their objects have records of their own.
const (
	NoDeletion         Deletion = iota // no delete of an object, or one that failed for another reason than permission
	Deleted                            // deleted; recoverable where the bucket is versioned
	PermanentlyDeleted                 // a version was deleted
	MarkerRemoved                      // a delete marker was removed: the object is back
	Denied                             // refused for lack of permission: an attempt
)

// Event is the meaning of one record. Its slices alias the record.
type Event struct {
	Kind      Kind
	Operation []byte // eventName
	Group     Group
	Time      time.Time

	Bucket    []byte // nil if the record doesn't say
	Ownership Ownership
	Key       []byte // nil if the record doesn't say
	VersionID []byte

	Status    int    // HTTP status; see status
	ErrorCode []byte // nil for success
	Deletion  Deletion
	// DeleteMarker: the answer to a delete told of a delete marker, that was made or removed. The bucket is versioned.
	DeleteMarker bool
	// MaybeMarker: of a PermanentlyDeleted object the record, one of a DeleteObjects call, doesn't say whether it was a
	// version of the object or a delete marker. What such a record tells of the answer is not documented.
	MaybeMarker bool

	BytesIn          int64   // of the request's body
	BytesOut         int64   // of the answer's body
	FirstByteLatency float64 // milliseconds; negative if the record doesn't say
	TotalLatency     float64 // milliseconds; negative if the record doesn't say

	Anonymous  bool
	Identified bool // the record itself says who made the request
}

// Ownership says whose copy of the record it is. A request from another account is recorded in both accounts.
type Ownership uint8

// The bucket's owner compared to the account that the record was delivered to.
const (
	UnknownOwner Ownership = iota
	Owned
	ForeignBucket // the requester's copy
)

// Interpret sets e to what r means.
func Interpret(r *cloudtrail.Record, e *Event) {
	*e = Event{}
	e.Kind, e.Operation, e.Time = kind(r), r.EventName, r.EventTime
	e.FirstByteLatency, e.TotalLatency = -1, -1
	if e.Kind == Malformed || e.Kind == NotS3 {
		return
	}
	var account []byte
	e.Bucket, account = bucket(r)
	switch {
	case len(account) == 0 || len(r.RecipientAccountID) == 0:
		e.Ownership = UnknownOwner
	case bytes.Equal(account, r.RecipientAccountID):
		e.Ownership = Owned
		if noSuchBucket(r) {
			e.Ownership = UnknownOwner
		}
	default:
		e.Ownership = ForeignBucket
	}
	e.Key = key(r)
	e.VersionID = r.RequestParameters.VersionID
	e.Group, _ = groupOf(r.EventName)
	e.Status = status(r)
	e.ErrorCode = r.ErrorCode
	e.Deletion = deletion(r, e)
	e.DeleteMarker = e.IsDelete() && string(r.ResponseElements.DeleteMarker) == "true"
	e.MaybeMarker = e.Kind == KeyDelete && e.Deletion == PermanentlyDeleted && len(r.ResponseElements.DeleteMarker) == 0
	e.Anonymous = isAnonymous(&r.UserIdentity)
	e.Identified = identified(&r.UserIdentity)

	d := &r.AdditionalEventData
	e.BytesIn, e.BytesOut = size(d.BytesTransferredIn), size(d.BytesTransferredOut)
	if d.TurnAroundTime.Set {
		e.FirstByteLatency = latency(d.TurnAroundTime.Value)
	}
	if d.StartTime.Set && d.EndTime.Set {
		e.TotalLatency = latency(d.EndTime.Value - d.StartTime.Value)
	}
}

// kind recognises what sort of record r is.
func kind(r *cloudtrail.Record) Kind {
	if len(r.EventSource) == 0 || len(r.EventName) == 0 || r.EventTime.IsZero() {
		return Malformed
	}
	switch string(r.EventSource) {
	case "s3lifecycle.amazonaws.com":
		return LifecycleAction
	case "s3-authn-errors.amazonaws.com":
		return AuthenticationFailure
	case "s3.amazonaws.com", "s3express.amazonaws.com", "s3-outposts.amazonaws.com", "s3-object-lambda.amazonaws.com":
	default:
		return NotS3
	}
	switch string(r.EventCategory) {
	case "Data":
	case "Management":
		return NotS3
	case "":
		if !isOldDataEvent(r) {
			return NotS3
		}
	default:
		return NotARequest
	}
	if string(r.UserIdentity.InvokedBy) == "lifecycle.s3.amazonaws.com" { // as in directory buckets
		return LifecycleAction
	}
	switch string(r.EventType) {
	case "AwsApiCall", "":
		return Request
	case "AwsServiceEvent":
		if string(r.EventName) == "DeleteObject" {
			return KeyDelete
		}
	}
	return NotARequest
}

// isOldDataEvent decides for records without eventCategory, which came with eventVersion 1.08. Those before 1.06 lack
// managementEvent too.
func isOldDataEvent(r *cloudtrail.Record) bool {
	switch r.ManagementEvent {
	case cloudtrail.False:
		return true
	case cloudtrail.True:
		return false
	}
	_, known := groupOf(r.EventName)
	return known
}

// deletion says what became of the object. A per-key record tells as much as a single delete's.
func deletion(r *cloudtrail.Record, e *Event) Deletion {
	if e.Kind != Request && e.Kind != KeyDelete {
		return NoDeletion
	}
	one := string(r.EventName) == "DeleteObject"
	if !one && string(r.EventName) != "DeleteObjects" {
		return NoDeletion
	}
	switch {
	case e.Status == 403 || string(r.ErrorCode) == accessDenied:
		return Denied
	case !one || e.Status >= 300 || len(r.ErrorCode) > 0:
		return NoDeletion
	case len(e.VersionID) == 0:
		return Deleted
	case string(r.ResponseElements.DeleteMarker) == "true":
		return MarkerRemoved
	}
	return PermanentlyDeleted
}

// IsDelete tells whether e is a delete of objects, whatever it came to.
func (e *Event) IsDelete() bool {
	switch e.Kind {
	case KeyDelete:
		return true
	case Request:
		return string(e.Operation) == "DeleteObject" || e.IsDeleteObjects()
	}
	return false
}

// IsDeleteObjects tells whether e is the call that deletes several objects at once.
func (e *Event) IsDeleteObjects() bool {
	return e.Kind == Request && string(e.Operation) == "DeleteObjects"
}

// ObjectDeleted tells whether an object was deleted.
func (e *Event) ObjectDeleted() bool {
	return e.Deletion == Deleted || e.Deletion == PermanentlyDeleted
}

// Failed tells whether the answer was an error (a redirect is none).
func (e *Event) Failed() bool { return e.Status >= 400 }

// maxLatency is a day, in milliseconds. What is longer comes of a time that was never set, and would be the maximum,
// the average and p100 of the bucket's minute.
const maxLatency = 24 * 60 * 60 * 1000

// latency returns ms, or -1 if no request can have taken so long.
func latency(ms float64) float64 {
	if ms >= 0 && ms <= maxLatency {
		return ms
	}
	return -1
}

// maxSize is more than any object has, in bytes, and little enough for sums of it.
const maxSize = 1 << 46

// size is a number of bytes, 0 if no body can have so many. Older records have it as a float.
func size(n cloudtrail.Number) int64 {
	if !n.Set || n.Value < 0 || n.Value > maxSize {
		return 0
	}
	return int64(n.Value)
}
