package cloudtrail

import "time"

// Record holds the members of one CloudTrail record that are read; all others are checked and skipped. A member
// that is absent, null or of an unexpected type is left at its zero value: the record counts all the same.
//
// Byte slices are the decoded values. They alias the Reader's memory and are overwritten by its next call: copy what
// is to be kept.
//
// The names are CloudTrail's own:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
type Record struct {
	EventVersion        []byte    // of the record's format, such as 1.11
	EventTime           time.Time // end of the request, UTC, whole seconds; zero if it could not be read
	EventSource         []byte
	EventName           []byte
	EventType           []byte
	EventCategory       []byte
	EventID             []byte
	RequestID           []byte
	AWSRegion           []byte
	SourceIPAddress     []byte
	UserAgent           []byte
	ErrorCode           []byte
	RecipientAccountID  []byte
	ManagementEvent     Bool
	UserIdentity        UserIdentity
	Resources           []Resource
	RequestParameters   RequestParameters
	ResponseElements    ResponseElements
	AdditionalEventData AdditionalEventData
	Addendum            Addendum
	// SessionCredentialFromConsole says that the credentials are those of a session in the console.
	SessionCredentialFromConsole Bool
}

// reset empties r for the next record and keeps the memory of its resources.
func (r *Record) reset() {
	resources := r.Resources[:0]
	*r = Record{Resources: resources}
}

// UserIdentity is who made the request.
type UserIdentity struct {
	Type             []byte
	PrincipalID      []byte
	ARN              []byte
	AccountID        []byte
	InvokedBy        []byte
	UserName         []byte
	IdentityProvider []byte // of a SAMLUser or WebIdentityUser
	SessionContext   SessionContext
}

// SessionContext describes temporary credentials.
type SessionContext struct {
	SessionIssuer       SessionIssuer
	WebIDFederationData WebIDFederationData
}

// SessionIssuer is the role or user behind temporary credentials.
type SessionIssuer struct {
	ARN []byte
}

// WebIDFederationData describes credentials that were got with a token of an identity provider; {} for all others.
type WebIDFederationData struct {
	FederatedProvider []byte
}

// maxResources is how many resources of a record are read; real ones have up to four. Their memory is kept from record
// to record.
const maxResources = 64

// Resource is one entry of resources. An entry that isn't an object is empty.
type Resource struct {
	Type      []byte
	ARN       []byte
	AccountID []byte
}

// RequestParameters holds the members that object-level requests have in common. Raw is the whole object as it
// stands in the file, valid JSON, for the operations whose parameters differ; nil if it is not an object.
type RequestParameters struct {
	BucketName           []byte
	Key                  []byte // "key", or "Key" as S3 on Outposts spells it
	VersionID            []byte
	CopySource           []byte // x-amz-copy-source
	SSECustomerAlgorithm []byte // x-amz-server-side-encryption-customer-algorithm
	SSEKMSKeyID          []byte // x-amz-server-side-encryption-aws-kms-key-id
	Raw                  []byte
}

// ResponseElements holds what a delete answered, and how a written object is encrypted.
type ResponseElements struct {
	DeleteMarker         []byte // x-amz-delete-marker: "true" or "false"
	SSECustomerAlgorithm []byte // x-amz-server-side-encryption-customer-algorithm
	SSEKMSKeyID          []byte // x-amz-server-side-encryption-aws-kms-key-id
}

// AdditionalEventData holds sizes in bytes, times in milliseconds, and how a written object was encrypted.
type AdditionalEventData struct {
	BytesTransferredIn  Number
	BytesTransferredOut Number
	HTTPStatusCode      Number
	StartTime           Number // since the Unix epoch
	EndTime             Number // since the Unix epoch
	TurnAroundTime      Number
	SSEApplied          []byte // SSE_S3, SSE_KMS, SSE_C, Default_SSE_S3 …
}

// Addendum marks a record that was delivered late or that corrects an earlier one.
type Addendum struct {
	Reason []byte
}

// Bool is a JSON boolean that may be absent.
type Bool uint8

// The values of a Bool.
const (
	Absent Bool = iota
	False
	True
)

// Number is a JSON number that may be absent. Numbers beyond float64 count as absent.
type Number struct {
	Value float64
	Set   bool
}
