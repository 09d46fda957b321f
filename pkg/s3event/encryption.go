package s3event

import (
	"bytes"

	"bucketwatch/pkg/cloudtrail"
)

// EncryptedOverwrite tells whether the request that r and e are a record of wrote an object that the bucket's owner may
// be unable to read: encrypted with a key that the caller sent along and S3 doesn't keep (SSE-C), or with a KMS key of
// another account. That is how objects are held to ransom without a copy of them.
//
// Of a multipart upload the call that begins it says that the key is the caller's, and the one that completes it which
// KMS key was used: so each counts once.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption-tracking.html for SSEApplied
func EncryptedOverwrite(r *cloudtrail.Record, e *Event) bool {
	if e.Kind != Request || e.Status >= 300 || len(e.ErrorCode) > 0 {
		return false
	}
	switch string(e.Operation) {
	case "PutObject", "CopyObject":
		return customerKey(r) || foreignKey(r, e, kmsKey(r))
	case "CreateMultipartUpload":
		return customerKey(r)
	case "CompleteMultipartUpload":
		return foreignKey(r, e, kmsKey(r))
	case "UpdateObjectEncryption": // encrypts an object where it is
		return foreignKey(r, e, memberText(r.RequestParameters.Raw, "KMSKeyArn"))
	}
	return false
}

// customerKey tells whether the object is encrypted with a key that came with the request.
func customerKey(r *cloudtrail.Record) bool {
	switch string(r.AdditionalEventData.SSEApplied) {
	case "SSE_C", "SSE-C": // the other values have been seen with either, too
		return true
	}
	return len(r.RequestParameters.SSECustomerAlgorithm) > 0 || len(r.ResponseElements.SSECustomerAlgorithm) > 0
}

// kmsKey returns the KMS key that the object is encrypted with: the answer has its ARN, also where the request has an id
// or an alias, or where it is the bucket's usual key.
func kmsKey(r *cloudtrail.Record) []byte {
	if key := r.ResponseElements.SSEKMSKeyID; len(key) > 0 {
		return key
	}
	return r.RequestParameters.SSEKMSKeyID
}

// foreignKey tells whether a KMS key is of another account than the bucket, of which this is the owner's copy. Only an
// ARN says whose a key is.
func foreignKey(r *cloudtrail.Record, e *Event, key []byte) bool {
	if e.Ownership != Owned || !bytes.HasPrefix(key, []byte("arn:")) {
		return false
	}
	account := accountOfARN(string(key))
	return account != "" && account != string(r.RecipientAccountID)
}

// memberText returns the text of the first member of that name, however deep in the object it is, nil if there is none.
// It is for operations whose parameters' shape isn't documented.
func memberText(object []byte, name string) []byte {
	_, rest, ok := bytes.Cut(object, []byte(`"`+name+`"`))
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if !ok || len(rest) == 0 || rest[0] != ':' {
		return nil
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(rest) == 0 || rest[0] != '"' {
		return nil
	}
	text, _, _ := bytes.Cut(rest[1:], []byte(`"`))
	return text
}
