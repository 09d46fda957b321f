package s3event

import (
	"bytes"

	"bucketwatch/pkg/cloudtrail"
)

// Names of callers that have no ARN.
const (
	Anonymous    = "anonymous"
	Unattributed = "UNATTRIBUTED" // nothing in the file says whose the request was
)

// AppendPrincipal appends to dst the stable name of who made the request: the ARN of the role (without the session,
// which differs each time), of the user or of the root user; the service's name for AWS's own requests;
// account/ID/PRINCIPAL for a caller of another account, of whom no more is told; Anonymous; or Unattributed.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func AppendPrincipal(dst []byte, u *cloudtrail.UserIdentity) []byte {
	id := withoutSession(u.PrincipalID)
	switch {
	case len(u.SessionContext.SessionIssuer.ARN) > 0:
		return append(dst, u.SessionContext.SessionIssuer.ARN...)
	case len(u.ARN) > 0:
		return append(dst, roleOfSession(u.ARN)...)
	case isAnonymous(u):
		return append(dst, Anonymous...)
	case string(u.Type) == "AWSAccount" && len(u.AccountID) > 0:
		dst = append(append(dst, "account/"...), u.AccountID...)
		if len(id) > 0 {
			dst = append(append(dst, '/'), id...)
		}
		return dst
	}
	for _, name := range [...][]byte{u.InvokedBy, u.UserName, id, u.AccountID} {
		if len(name) > 0 {
			return append(dst, name...)
		}
	}
	return append(dst, Unattributed...)
}

// identified tells whether the record itself says who made the request.
func identified(u *cloudtrail.UserIdentity) bool {
	return len(u.ARN) > 0 || len(u.PrincipalID) > 0
}

func isAnonymous(u *cloudtrail.UserIdentity) bool {
	switch string(u.AccountID) {
	case "anonymous", "ANONYMOUS_PRINCIPAL":
		return true
	}
	return false
}

// roleOfSession cuts the session's name off arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.
func roleOfSession(arn []byte) []byte {
	_, session, ok := bytes.Cut(arn, []byte(":assumed-role/"))
	if i := bytes.LastIndexByte(session, '/'); ok && i >= 0 {
		return arn[:len(arn)-len(session)+i]
	}
	return arn
}

// withoutSession cuts the session's name off ID:SESSION.
func withoutSession(principalID []byte) []byte {
	id, _, _ := bytes.Cut(principalID, []byte(":"))
	return id
}
