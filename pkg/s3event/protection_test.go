package s3event_test

import (
	"fmt"
	"strings"
	"testing"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/s3event"
)

// change returns a management record of S3 about the bucket photos.
func change(t testing.TB, eventName, parameters string) string {
	t.Helper()
	return record(t, "management", fmt.Sprintf(`{"eventName":%q,"requestParameters":%s}`, eventName, parameters))
}

// trailChange returns a record of CloudTrail about itself.
func trailChange(t testing.TB, eventName, parameters string) string {
	t.Helper()
	return record(t, "trail", fmt.Sprintf(`{"eventName":%q,"requestParameters":%s}`, eventName, parameters))
}

func block(flags string) string {
	return `{"publicAccessBlock":"","PublicAccessBlockConfiguration":{"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"` + flags + `}}`
}

func lifecycle(rules string) string {
	return `{"lifecycle":"","LifecycleConfiguration":{"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/","Rule":` + rules + `}}`
}

func replication(rules string) string {
	return `{"replication":"","ReplicationConfiguration":{"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/","Role":"arn:aws:iam::111122223333:role/replicator","Rule":` + rules + `}}`
}

func policy(statements string) string {
	return `{"policy":"","bucketPolicy":{"Version":"2012-10-17","Statement":` + statements + `}}`
}

// allow is a statement that lets principal do action.
func allow(principal, action string) string {
	return `{"Sid":"S","Effect":"Allow","Principal":` + principal + `,"Action":` + action + `,"Resource":"arn:aws:s3:::photos/*"}`
}

const (
	everyone  = `"*"`
	other     = `{"AWS":"arn:aws:iam::444455556666:root"}`
	deletes   = `"s3:DeleteObject"`
	versioned = `"versioning":"","VersioningConfiguration":{"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/","Status":`
)

// bucketChanges are the changes of a bucket that DETECTION.md's ProtectionRemoved names, each beside its harmless twin, for which
// want is empty.
var bucketChanges = []struct {
	name, eventName, parameters string
	want                        string
}{
	{"bucket deleted", "DeleteBucket", `{}`, "deleted the bucket photos"},
	{"bucket created", "CreateBucket", `{"x-amz-acl":"private"}`, ""},
	{"encryption deleted", "DeleteBucketEncryption", `{"encryption":""}`, "deleted the default encryption of photos"},
	{"encryption set", "PutBucketEncryption", `{"encryption":"","ServerSideEncryptionConfiguration":{"Rule":{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}}}`, ""},
	{"lifecycle deleted", "DeleteBucketLifecycle", `{"lifecycle":""}`, "deleted the lifecycle rules of photos"},
	{"policy deleted", "DeleteBucketPolicy", `{"policy":""}`, "deleted the bucket policy of photos"},
	{"policy deleted in older records", "DeleteBucketPolicy", `{"policy":[""],"host":["photos.s3.amazonaws.com"]}`, "deleted the bucket policy of photos"},
	{"replication deleted", "DeleteBucketReplication", `{"replication":""}`, "deleted the replication rules of photos"},
	{"tags deleted", "DeleteBucketTagging", `{"tagging":""}`, ""},
	{"website deleted", "DeleteBucketWebsite", `{"website":""}`, ""},
	{"policy read", "GetBucketPolicy", `{"policy":""}`, ""},

	{"versioning suspended", "PutBucketVersioning", `{` + versioned + `"Suspended"}}`, "suspended versioning of photos"},
	{"versioning enabled", "PutBucketVersioning", `{` + versioned + `"Enabled"}}`, ""},
	{"MFA delete disabled", "PutBucketVersioning", `{` + versioned + `"Enabled","MfaDelete":"Disabled"}}`, "disabled MFA delete of photos"},
	{"MFA delete enabled", "PutBucketVersioning", `{` + versioned + `"Enabled","MfaDelete":"Enabled"}}`, ""},
	{"versioning suspended, MFA delete disabled", "PutBucketVersioning", `{` + versioned + `"Suspended","MfaDelete":"Disabled"}}`, "suspended versioning of photos"},
	{"versioning, nothing said", "PutBucketVersioning", `{"versioning":""}`, ""},
	{"versioning, empty", "PutBucketVersioning", `{"VersioningConfiguration":""}`, ""},

	{"block deleted", "DeleteBucketPublicAccessBlock", `{"publicAccessBlock":""}`, "deleted the public access block of photos"},
	{"block on", "PutBucketPublicAccessBlock", block(`,"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true`), ""},
	{"block on, as text", "PutBucketPublicAccessBlock", block(`,"BlockPublicAcls":"true","IgnorePublicAcls":"true","BlockPublicPolicy":"true","RestrictPublicBuckets":"true"`), ""},
	{"block on, in capitals", "PutBucketPublicAccessBlock", block(`,"BlockPublicAcls":"TRUE","IgnorePublicAcls":"TRUE","BlockPublicPolicy":"TRUE","RestrictPublicBuckets":"TRUE"`), ""},
	{"block on, by the API's name", "PutPublicAccessBlock", block(`,"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true`), ""},
	{"block off", "PutBucketPublicAccessBlock", block(`,"BlockPublicAcls":false,"IgnorePublicAcls":false,"BlockPublicPolicy":false,"RestrictPublicBuckets":false`), "switched off part of the public access block of photos"},
	{"one flag off", "PutBucketPublicAccessBlock", block(`,"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":false,"RestrictPublicBuckets":true`), "switched off part of the public access block of photos"},
	{"one flag off, as text", "PutBucketPublicAccessBlock", block(`,"BlockPublicAcls":"true","IgnorePublicAcls":"true","BlockPublicPolicy":"true","RestrictPublicBuckets":"false"`), "switched off part of the public access block of photos"},
	{"one flag left out", "PutBucketPublicAccessBlock", block(`,"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true`), "switched off part of the public access block of photos"},
	{"all flags left out", "PutBucketPublicAccessBlock", block(``), "switched off part of the public access block of photos"},
	{"flags in an empty element", "PutBucketPublicAccessBlock", `{"publicAccessBlock":"","PublicAccessBlockConfiguration":""}`, "switched off part of the public access block of photos"},
	{"one flag off, by the API's name", "PutPublicAccessBlock", block(`,"BlockPublicAcls":true`), "switched off part of the public access block of photos"},
	{"block without configuration", "PutBucketPublicAccessBlock", `{"publicAccessBlock":""}`, ""},

	{"delete markers not replicated", "PutBucketReplication", replication(`{"Status":"Enabled","Destination":{"Bucket":"arn:aws:s3:::copies"},"Filter":"","Priority":0,"ID":"all","DeleteMarkerReplication":{"Status":"Disabled"}}`), ""},
	{"replication rule disabled", "PutBucketReplication", replication(`{"Status":"Disabled","Destination":{"Bucket":"arn:aws:s3:::copies"},"DeleteMarkerReplication":{"Status":"Enabled"}}`), "disabled a replication rule of photos"},
	{"one replication rule of two disabled", "PutBucketReplication", replication(`[{"Status":"Enabled","ID":"a"},{"Status":"Disabled","ID":"b"}]`), "disabled a replication rule of photos"},
	{"replication rules enabled", "PutBucketReplication", replication(`[{"Status":"Enabled"},{"Status":"Enabled","SourceSelectionCriteria":{"SseKmsEncryptedObjects":{"Status":"Disabled"}}}]`), ""},

	{"lock enabled", "PutBucketObjectLockConfiguration", `{"object-lock":"","ObjectLockConfiguration":{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Days":30}}}}`, ""},
	{"lock disabled", "PutBucketObjectLockConfiguration", `{"object-lock":"","ObjectLockConfiguration":{"ObjectLockEnabled":"Disabled"}}`, "disabled Object Lock of photos"},
	{"lock rule disabled", "PutObjectLockConfiguration", `{"object-lock":"","ObjectLockConfiguration":{"ObjectLockEnabled":"Enabled","Rule":{"Status":"Disabled"}}}`, "disabled an Object Lock rule of photos"},

	// Lifecycle: what deletes soon, or everything.
	{"expires after 7 days under a prefix", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":"tmp/"},"Expiration":{"Days":7}}`), `set objects under "tmp/" of photos to expire after 7 days`},
	{"expires after 8 days under a prefix", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":"tmp/"},"Expiration":{"Days":8}}`), ""},
	{"expires after 1 day under the prefix *", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":"*"},"Expiration":{"Days":1},"ID":"nuke"}`), `set objects under "*" of photos to expire after 1 day`},
	{"expires after 1 day", "PutBucketLifecycleConfiguration", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":""},"Expiration":{"Days":1}}`), "set all objects of photos to expire after 1 day"},
	{"expires after 8 days without prefix", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":"","Expiration":{"Days":8}}`), "set all objects of photos to expire after 8 days"},
	{"expires after 10 years without filter", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Expiration":{"Days":3650}}`), "set all objects of photos to expire after 3650 days"},
	{"expires under a prefix of the older form", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"tmp/","Expiration":{"Days":30}}`), ""},
	{"expires soon under a prefix of the older form", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"tmp/","Expiration":{"Days":3}}`), `set objects under "tmp/" of photos to expire after 3 days`},
	{"expires under an empty prefix of the older form", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"","Expiration":{"Days":30}}`), "set all objects of photos to expire after 30 days"},
	{"expires, days as text", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"tmp/","Expiration":{"Days":"7"}}`), `set objects under "tmp/" of photos to expire after 7 days`},
	{"expires, days as a float", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"tmp/","Expiration":{"Days":7.0}}`), `set objects under "tmp/" of photos to expire after 7 days`},
	{"prefix that is a number", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":2024},"Expiration":{"Days":365}}`), ""},
	{"prefix that is a truth", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":true},"Expiration":{"Days":3}}`), `set objects under "true" of photos to expire after 3 days`},
	{"Korean prefix", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"사진/","Expiration":{"Days":3}}`), `set objects under "사진/" of photos to expire after 3 days`},
	{"expires after 8 days with a tag", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Tag":{"Key":"temporary","Value":true}},"Expiration":{"Days":8}}`), ""},
	{"expires after 7 days with a tag", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Tag":{"Key":"temporary","Value":true}},"Expiration":{"Days":7}}`), "set objects with a tag of photos to expire after 7 days"},
	{"expires after 8 days with tags", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"And":{"Tag":[{"Key":"a","Value":1},{"Key":"b","Value":2}]}},"Expiration":{"Days":8}}`), ""},
	{"expires after 8 days under a prefix with a tag", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"And":{"Prefix":"tmp/","Tag":{"Key":"a","Value":1}}},"Expiration":{"Days":8}}`), ""},
	{"expires after 7 days under a prefix with a tag", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"And":{"Prefix":"tmp/","Tag":{"Key":"a","Value":1}}},"Expiration":{"Days":7}}`), `set objects under "tmp/" of photos to expire after 7 days`},
	{"expires after 8 days by size", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"ObjectSizeGreaterThan":0},"Expiration":{"Days":8}}`), "set all objects of photos to expire after 8 days"},
	{"disabled rule", "PutBucketLifecycle", lifecycle(`{"Status":"Disabled","Filter":{"Prefix":""},"Expiration":{"Days":1}}`), ""},
	{"second rule expires", "PutBucketLifecycle", lifecycle(`[{"Status":"Disabled","Prefix":"","Expiration":{"Days":1}},{"Status":"Enabled","Prefix":"a/","Expiration":{"Days":2}}]`), `set objects under "a/" of photos to expire after 2 days`},
	{"aborts uploads", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":""},"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1}}`), ""},
	{"moves to another class", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":"","Transition":{"Days":1,"StorageClass":"GLACIER"}}`), ""},
	{"removes lone delete markers", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":"","Expiration":{"ExpiredObjectDeleteMarker":true}}`), ""},
	{"expires at a date that is near", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"tmp/","Expiration":{"Date":"2026-11-25T00:00:00Z"}}`), `set objects under "tmp/" of photos to expire after 4 days`},
	{"expires at a date that is far", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"tmp/","Expiration":{"Date":"2027-11-25T00:00:00.000Z"}}`), ""},
	{"expires at a date that is far, without prefix", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"","Expiration":{"Date":"2026-12-20"}}`), "set all objects of photos to expire after 29 days"},
	{"expires at a date that is past", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"tmp/","Expiration":{"Date":"2020-01-01T00:00:00Z"}}`), `set objects under "tmp/" of photos to expire after 0 days`},
	{"expires at no date", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"","Expiration":{"Date":"soon"}}`), ""},
	{"old versions expire after 1 day", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":""},"NoncurrentVersionExpiration":{"NoncurrentDays":1}}`), "set old versions of all objects of photos to expire after 1 day"},
	{"old versions expire after 7 days under a prefix", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":"a/"},"NoncurrentVersionExpiration":{"NoncurrentDays":7}}`), `set old versions of objects under "a/" of photos to expire after 7 days`},
	{"old versions expire after 30 days", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Filter":{"Prefix":""},"NoncurrentVersionExpiration":{"NoncurrentDays":30}}`), ""},
	{"objects late, old versions soon", "PutBucketLifecycle", lifecycle(`{"Status":"Enabled","Prefix":"a/","Expiration":{"Days":365},"NoncurrentVersionExpiration":{"NoncurrentDays":1}}`), `set old versions of objects under "a/" of photos to expire after 1 day`},

	// Policies: who lets whom delete.
	{"everyone may delete", "PutBucketPolicy", policy(`[` + allow(everyone, deletes) + `]`), "let everyone delete objects by the policy of photos"},
	{"everyone may delete, by AWS", "PutBucketPolicy", policy(`[` + allow(`{"AWS":"*"}`, deletes) + `]`), "let everyone delete objects by the policy of photos"},
	{"everyone in a list", "PutBucketPolicy", policy(`[` + allow(`{"AWS":["arn:aws:iam::111122223333:root","*"]}`, deletes) + `]`), "let everyone delete objects by the policy of photos"},
	{"everyone may not delete", "PutBucketPolicy", policy(`[` + strings.Replace(allow(everyone, `"s3:*"`), "Allow", "Deny", 1) + `]`), ""},
	{"everyone may read", "PutBucketPolicy", policy(`[` + allow(everyone, `"s3:GetObject"`) + `]`), ""},
	{"everyone may do all", "PutBucketPolicy", policy(`[` + allow(everyone, `"s3:*"`) + `]`), "let everyone delete objects by the policy of photos"},
	{"everyone may do all there is", "PutBucketPolicy", policy(`[` + allow(everyone, `"*"`) + `]`), "let everyone delete objects by the policy of photos"},
	{"own root may do all", "PutBucketPolicy", policy(`[` + allow(`{"AWS":"arn:aws:iam::111122223333:root"}`, `"s3:*"`) + `]`), ""},
	{"own account may do all", "PutBucketPolicy", policy(`[` + allow(`{"AWS":"111122223333"}`, `"s3:*"`) + `]`), ""},
	{"own role may do all", "PutBucketPolicy", policy(`[` + allow(`{"AWS":["arn:aws:iam::111122223333:role/service/cleaner","arn:aws:iam::111122223333:user/alice"]}`, `["s3:*"]`) + `]`), ""},
	{"own session may do all", "PutBucketPolicy", policy(`[` + allow(`{"AWS":"arn:aws:sts::111122223333:assumed-role/app-web/x"}`, `"s3:*"`) + `]`), ""},
	{"own role in China", "PutBucketPolicy", policy(`[` + allow(`{"AWS":"arn:aws-cn:iam::111122223333:role/app-web"}`, `"s3:*"`) + `]`), ""},
	{"another account, by ARN", "PutBucketPolicy", policy(`[` + allow(other, `"s3:*"`) + `]`), "let arn:aws:iam::444455556666:root delete objects by the policy of photos"},
	{"another account, by id", "PutBucketPolicy", policy(`[` + allow(`{"AWS":"444455556666"}`, deletes) + `]`), "let 444455556666 delete objects by the policy of photos"},
	{"another account in a list", "PutBucketPolicy", policy(`[` + allow(`{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::444455556666:role/partner"]}`, deletes) + `]`), "let arn:aws:iam::444455556666:role/partner delete objects by the policy of photos"},
	{"another account may read", "PutBucketPolicy", policy(`[` + allow(other, `["s3:GetObject","s3:ListBucket"]`) + `]`), ""},
	{"canonical user", "PutBucketPolicy", policy(`[` + allow(`{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`, deletes) + `]`), "let 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be delete objects by the policy of photos"},
	{"federated", "PutBucketPolicy", policy(`[` + allow(`{"Federated":"cognito-identity.amazonaws.com"}`, deletes) + `]`), "let cognito-identity.amazonaws.com delete objects by the policy of photos"},
	{"origin access identity", "PutBucketPolicy", policy(`[` + allow(`{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"}`, deletes) + `]`), "let arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE delete objects by the policy of photos"},
	{"service", "PutBucketPolicy", policy(`[` + allow(`{"Service":"replication.s3.amazonaws.com"}`, `"s3:*"`) + `]`), ""},
	{"services", "PutBucketPolicy", policy(`[` + allow(`{"Service":["delivery.logs.amazonaws.com","logging.s3.amazonaws.com"]}`, `"s3:*"`) + `]`), ""},
	{"service and another account", "PutBucketPolicy", policy(`[` + allow(`{"Service":"logging.s3.amazonaws.com","AWS":"444455556666"}`, `"s3:*"`) + `]`), "let 444455556666 delete objects by the policy of photos"},
	{"trail's bucket", "PutBucketPolicy", policy(`[{"Action":"s3:GetBucketAcl","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Resource":"arn:aws:s3:::photos"},{"Action":"s3:PutObject","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}},"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Resource":"arn:aws:s3:::photos/*"}]`), ""},
	{"under a condition", "PutBucketPolicy", policy(`[{"Effect":"Allow","Principal":"*","Action":"s3:DeleteObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-example"}}}]`), "let everyone delete objects by the policy of photos, under a condition,"},
	{"statement without brackets", "PutBucketPolicy", policy(allow(everyone, deletes)), "let everyone delete objects by the policy of photos"},
	{"second statement", "PutBucketPolicy", policy(`[` + allow(everyone, `"s3:GetObject"`) + `,` + allow(other, `"s3:DeleteObjectVersion"`) + `]`), "let arn:aws:iam::444455556666:root delete objects by the policy of photos"},
	{"one action of several", "PutBucketPolicy", policy(allow(everyone, `["s3:GetObject","s3:PutObject","s3:DeleteObject"]`)), "let everyone delete objects by the policy of photos"},
	{"actions in other letters", "PutBucketPolicy", policy(allow(everyone, `"S3:DELETEObject"`)), "let everyone delete objects by the policy of photos"},
	{"Delete*", "PutBucketPolicy", policy(allow(everyone, `"S3:Delete*"`)), "let everyone delete objects by the policy of photos"},
	{"D*", "PutBucketPolicy", policy(allow(everyone, `"s3:D*"`)), "let everyone delete objects by the policy of photos"},
	{"*Object", "PutBucketPolicy", policy(allow(everyone, `"s3:*Object"`)), "let everyone delete objects by the policy of photos"},
	{"question marks", "PutBucketPolicy", policy(allow(everyone, `"s3:??????Object"`)), "let everyone delete objects by the policy of photos"},
	{"versions", "PutBucketPolicy", policy(allow(everyone, `"s3:DeleteObjectV*"`)), "let everyone delete objects by the policy of photos"},
	{"the bucket", "PutBucketPolicy", policy(allow(everyone, `"s3:DeleteBucket"`)), "let everyone delete objects by the policy of photos"},
	{"Get*", "PutBucketPolicy", policy(allow(everyone, `"s3:Get*"`)), ""},
	{"tags", "PutBucketPolicy", policy(allow(everyone, `"s3:DeleteObjectTagging"`)), ""},
	{"another service's all", "PutBucketPolicy", policy(allow(everyone, `["sqs:*","s3-object-lambda:*"]`)), ""},
	{"all but reading", "PutBucketPolicy", policy(strings.Replace(allow(everyone, `"s3:GetObject"`), "Action", "NotAction", 1)), "let everyone delete objects by the policy of photos"},
	{"all but deleting", "PutBucketPolicy", policy(strings.Replace(allow(everyone, `["s3:Delete*"]`), "Action", "NotAction", 1)), ""},
	{"all but all", "PutBucketPolicy", policy(strings.Replace(allow(everyone, `"s3:*"`), "Action", "NotAction", 1)), ""},
	{"all but own role", "PutBucketPolicy", policy(strings.Replace(allow(`{"AWS":"arn:aws:iam::111122223333:role/app-web"}`, deletes), "Principal", "NotPrincipal", 1)), "let everyone but a few delete objects by the policy of photos"},
	{"all but own role may not", "PutBucketPolicy", policy(strings.Replace(strings.Replace(allow(`{"AWS":"arn:aws:iam::111122223333:role/app-web"}`, deletes), "Principal", "NotPrincipal", 1), "Allow", "Deny", 1)), ""},
	{"nobody", "PutBucketPolicy", policy(`[]`), ""},
	{"no policy", "PutBucketPolicy", `{"policy":""}`, ""},

	// A value of an unexpected type counts as absent, and its neighbours count.
	{"garbage beside everyone", "PutBucketPolicy", policy(`[7,"x",null,[],` + allow(everyone, deletes) + `]`), "let everyone delete objects by the policy of photos"},
	{"garbage before the effect", "PutBucketPolicy", policy(`[{"Action":[7,null,"s3:DeleteObject"],"Principal":{"AWS":[{},"444455556666"]},"Effect":"Allow"}]`), "let 444455556666 delete objects by the policy of photos"},
	{"NotAction null", "PutBucketPolicy", policy(`[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","NotAction":null}]`), ""},
	{"NotAction of another type", "PutBucketPolicy", policy(`[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","NotAction":7}]`), ""},
	{"NotPrincipal null", "PutBucketPolicy", policy(`[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:*","NotPrincipal":null}]`), ""},
	{"Principal null", "PutBucketPolicy", policy(`[{"Effect":"Allow","Principal":null,"Action":"s3:*"}]`), ""},
	{"garbage beside a rule", "PutBucketReplication", replication(`[7,null,{"Status":["Disabled"]},{"ID":7,"Status":"Disabled"}]`), "disabled a replication rule of photos"},
	{"garbage in a lifecycle rule", "PutBucketLifecycle", lifecycle(`[null,{"Filter":[],"Expiration":{"Days":{}},"Status":7},{"Status":"Enabled","Transition":7,"Prefix":"a/","Expiration":{"Days":1}}]`), `set objects under "a/" of photos to expire after 1 day`},
	{"block of another type", "PutBucketPublicAccessBlock", `{"PublicAccessBlockConfiguration":7}`, ""},
	{"block as a list", "PutBucketPublicAccessBlock", `{"PublicAccessBlockConfiguration":[true]}`, ""},
}

func TestProtectionRemoved(t *testing.T) {
	for _, test := range bucketChanges {
		t.Run(test.name, func(t *testing.T) {
			r := read(t, change(t, test.eventName, test.parameters))
			got, ok := s3event.ProtectionRemoved(r)
			if want := test.want != ""; ok != want || ok && got != (s3event.Removal{Bucket: "photos", What: test.want}) {
				t.Errorf("ProtectionRemoved(%s %s) = %+q, %t, want %q, %t", test.eventName, test.parameters, got, ok, test.want, want)
			}
			// The same change, refused, took nothing away.
			if got, ok := s3event.ProtectionRemoved(read(t, record(t, "management", fmt.Sprintf(
				`{"eventName":%q,"requestParameters":%s,"errorCode":"AccessDenied"}`, test.eventName, test.parameters)))); ok {
				t.Errorf("ProtectionRemoved(%s %s, AccessDenied) = %+q, %t, want false", test.eventName, test.parameters, got, ok)
			}
		})
	}
}

// trailChanges are the changes of a trail.
var trailChanges = []struct{ name, eventName, parameters, want string }{
	{"logging stopped", "StopLogging", `{"name":"main"}`, "stopped the logging of the trail main"},
	{"logging stopped, by ARN", "StopLogging", `{"name":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}`, "stopped the logging of the trail main"},
	{"logging stopped, name unknown", "StopLogging", `null`, "stopped the logging of a trail"},
	{"logging stopped, name of another type", "StopLogging", `{"name":7}`, "stopped the logging of a trail"},
	{"logging started", "StartLogging", `{"name":"main"}`, ""},
	{"trail deleted", "DeleteTrail", `{"name":"main"}`, "deleted the trail main"},
	{"trail created", "CreateTrail", `{"name":"main","s3BucketName":"logs"}`, ""},

	{"all objects", "PutEventSelectors", `{"trailName":"main","eventSelectors":[{"readWriteType":"All","includeManagementEvents":true,"dataResources":[{"type":"AWS::S3::Object","values":["arn:aws:s3"]}],"excludeManagementEventSources":[]}]}`, ""},
	{"objects in the second selector", "PutEventSelectors", `{"trailName":"main","eventSelectors":[{"dataResources":[]},{"dataResources":[{"type":"AWS::Lambda::Function","values":["arn:aws:lambda"]},{"type":"AWS::S3::Object","values":["arn:aws:s3:::photos/"]}]}]}`, ""},
	{"no data resources", "PutEventSelectors", `{"trailName":"main","eventSelectors":[{"readWriteType":"All","includeManagementEvents":true,"dataResources":[],"excludeManagementEventSources":[]}]}`, "left S3 data events out of the selectors of the trail main"},
	{"another service's data", "PutEventSelectors", `{"trailName":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main","eventSelectors":[{"dataResources":[{"type":"AWS::DynamoDB::Table","values":["arn:aws:dynamodb"]}]}]}`, "left S3 data events out of the selectors of the trail main"},
	// As attackers do it: the type is there, and selects nothing.
	{"objects, but none", "PutEventSelectors", `{"trailName":"main","eventSelectors":[{"readWriteType":"ReadOnly","includeManagementEvents":false,"dataResources":[{"type":"AWS::S3::Object","values":[]},{"type":"AWS::Lambda::Function","values":[]}],"excludeManagementEventSources":[]}]}`, "left S3 data events out of the selectors of the trail main"},
	{"advanced, objects", "PutEventSelectors", `{"trailName":"main","advancedEventSelectors":[{"name":"m","fieldSelectors":[{"field":"eventCategory","equals":["Management"]}]},{"name":"d","fieldSelectors":[{"field":"eventCategory","equals":["Data"]},{"field":"resources.type","equals":["AWS::S3::Object"]},{"field":"resources.ARN","notStartsWith":["arn:aws:s3:::logs/"]}]}]}`, ""},
	{"advanced, management alone", "PutEventSelectors", `{"trailName":"main","advancedEventSelectors":[{"name":"m","fieldSelectors":[{"field":"eventCategory","equals":["Management"]}]}]}`, "left S3 data events out of the selectors of the trail main"},
	{"advanced, another type", "PutEventSelectors", `{"trailName":"main","advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]},{"field":"resources.type","equals":["AWS::Lambda::Function"]}]}]}`, "left S3 data events out of the selectors of the trail main"},
	{"advanced, type under another field", "PutEventSelectors", `{"trailName":"main","advancedEventSelectors":[{"fieldSelectors":[{"field":"resources.ARN","equals":["AWS::S3::Object"]}]}]}`, "left S3 data events out of the selectors of the trail main"},
	{"selectors read", "GetEventSelectors", `{"trailName":"main"}`, ""},
	{"insights", "PutInsightSelectors", `{"trailName":"main","insightSelectors":[]}`, ""},
}

func TestProtectionRemovedOfTrails(t *testing.T) {
	for _, test := range trailChanges {
		t.Run(test.name, func(t *testing.T) {
			got, ok := s3event.ProtectionRemoved(read(t, trailChange(t, test.eventName, test.parameters)))
			if want := test.want != ""; ok != want || ok && got != (s3event.Removal{What: test.want}) {
				t.Errorf("ProtectionRemoved(%s %s) = %+q, %t, want %q, %t", test.eventName, test.parameters, got, ok, test.want, want)
			}
			if got, ok := s3event.ProtectionRemoved(read(t, patched(t, trailChange(t, test.eventName, test.parameters), `{"errorCode":"TrailNotFoundException"}`))); ok {
				t.Errorf("ProtectionRemoved(%s %s, TrailNotFoundException) = %+q, %t, want false", test.eventName, test.parameters, got, ok)
			}
		})
	}
}

// removals are what bears on whose the bucket is, and on the record as a whole.
var removals = []struct {
	name, base, patch string
	want              s3event.Removal // zero: none
}{
	{"own bucket", "management", `{"eventName":"DeleteBucketPolicy"}`, s3event.Removal{Bucket: "photos", What: "deleted the bucket policy of photos"}},
	{"no resources", "management", `{"eventName":"DeleteBucketPolicy","resources":null}`, s3event.Removal{Bucket: "photos", What: "deleted the bucket policy of photos"}},
	{"no parameters", "management", `{"eventName":"DeleteBucketPolicy","requestParameters":null}`, s3event.Removal{Bucket: "photos", What: "deleted the bucket policy of photos"}},
	{"no recipient", "management", `{"eventName":"DeleteBucketPolicy","recipientAccountId":"(absent)"}`, s3event.Removal{Bucket: "photos", What: "deleted the bucket policy of photos"}},
	{"another account's bucket", "management", `{"eventName":"DeleteBucketPolicy","recipientAccountId":"444455556666"}`, s3event.Removal{}},
	{"own bucket, by another account", "management", `{"eventName":"DeleteBucketPolicy","userIdentity":{"type":"AWSAccount","accountId":"444455556666"}}`, s3event.Removal{Bucket: "photos", What: "deleted the bucket policy of photos"}},
	{"by a service", "management", `{"eventName":"DeleteBucket","userIdentity":{"type":"AWSService","invokedBy":"cloudformation.amazonaws.com"}}`, s3event.Removal{Bucket: "photos", What: "deleted the bucket photos"}},
	{"bucket unknown", "management", `{"eventName":"DeleteBucket","requestParameters":null,"resources":null}`, s3event.Removal{What: "deleted the bucket (name unknown)"}},
	{"bucket of the policy unknown", "management", `{"eventName":"DeleteBucketPolicy","requestParameters":null,"resources":null}`, s3event.Removal{What: "deleted the bucket policy of (name unknown)"}},
	{"directory bucket", "management", `{"eventName":"DeleteBucket","eventSource":"s3express.amazonaws.com","requestParameters":{"bucketName":"training--usw2-az1--x-s3"},"resources":[{"accountId":"111122223333","type":"AWS::S3Express::DirectoryBucket","ARN":"arn:aws:s3express:us-west-2:111122223333:bucket/training--usw2-az1--x-s3"}]}`, s3event.Removal{Bucket: "training--usw2-az1--x-s3", What: "deleted the bucket training--usw2-az1--x-s3"}},
	{"bucket on Outposts", "management", `{"eventName":"DeleteBucketPolicy","eventSource":"s3-outposts.amazonaws.com","resources":[{"accountId":"111122223333","type":"AWS::S3Outposts::Bucket","ARN":"arn:aws:s3-outposts:us-west-2:111122223333:outpost/op-0123456789abcdef0/bucket/plant"}]}`, s3event.Removal{Bucket: "plant", What: "deleted the bucket policy of plant"}},

	{"account's block deleted", "management", `{"eventName":"DeleteAccountPublicAccessBlock","requestParameters":{"bucketName":"(absent)","accountId":"111122223333"},"resources":null}`, s3event.Removal{What: "deleted the public access block of the account"}},
	{"account's block off", "management", `{"eventName":"PutAccountPublicAccessBlock","requestParameters":{"bucketName":"(absent)","accountId":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":false,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}},"resources":null}`, s3event.Removal{What: "switched off part of the public access block of the account"}},
	{"account's block on", "management", `{"eventName":"PutAccountPublicAccessBlock","requestParameters":{"bucketName":"(absent)","accountId":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}},"resources":null}`, s3event.Removal{}},

	{"failed", "management", `{"eventName":"DeleteBucket","errorCode":"BucketNotEmpty"}`, s3event.Removal{}},
	{"no time", "management", `{"eventName":"DeleteBucket","eventTime":"(absent)"}`, s3event.Removal{}},
	{"no name", "management", `{"eventName":"(absent)"}`, s3event.Removal{}},
	{"no source", "management", `{"eventName":"DeleteBucket","eventSource":"(absent)"}`, s3event.Removal{}},
	{"another service's", "management", `{"eventName":"DeleteBucket","eventSource":"lightsail.amazonaws.com"}`, s3event.Removal{}},
	{"S3's name at CloudTrail", "trail", `{"eventName":"DeleteBucket"}`, s3event.Removal{}},
	{"CloudTrail's name at S3", "management", `{"eventName":"StopLogging"}`, s3event.Removal{}},
	{"delete of an object", "delete-object", ``, s3event.Removal{}},
	{"DeleteObjects call", "delete-objects", ``, s3event.Removal{}},
}

func TestProtectionRemovedOfWhom(t *testing.T) {
	for _, test := range removals {
		t.Run(test.name, func(t *testing.T) {
			got, ok := s3event.ProtectionRemoved(read(t, record(t, test.base, test.patch)))
			if want := test.want != (s3event.Removal{}); ok != want || ok && got != test.want {
				t.Errorf("ProtectionRemoved(%s %s) = %+q, %t, want %+q, %t", test.base, test.patch, got, ok, test.want, want)
			}
		})
	}
}

// Whatever stands where the parameters should, nothing panics, and only what is always a removal is one.
func TestProtectionRemovedOfGarbage(t *testing.T) {
	const always = " DeleteBucket DeleteBucketEncryption DeleteBucketLifecycle DeleteBucketPolicy DeleteBucketReplication" +
		" DeleteBucketPublicAccessBlock DeletePublicAccessBlock DeleteAccountPublicAccessBlock StopLogging DeleteTrail PutEventSelectors "
	names := strings.Fields(always + "PutAccountPublicAccessBlock PutBucketPublicAccessBlock PutPublicAccessBlock PutBucketVersioning" +
		" PutBucketReplication PutBucketObjectLockConfiguration PutObjectLockConfiguration PutBucketLifecycle" +
		" PutBucketLifecycleConfiguration PutBucketPolicy")
	values := []string{`null`, `"x"`, `7`, `-1e999`, `true`, `[]`, `[null]`, `[[[]]]`, `{}`, `{"":{}}`, `{"Rule":null}`, `{"Rule":"x"}`, `{"Rule":[null,7,"x",[]]}`,
		`{"Rule":{"Status":[]}}`, `{"Rule":{"Expiration":"x"}}`, `{"Rule":{"Expiration":{"Days":[1]}}}`, `{"Rule":{"Filter":7,"Prefix":{}}}`, `{"Rule":{"Expiration":{"Date":0}}}`,
		`{"Statement":null}`, `{"Statement":"x"}`, `{"Statement":[7]}`, `{"Statement":{"Effect":[]}}`, `{"Statement":{"Effect":"Allow","Action":{},"Principal":7}}`,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":[]}}`, `{"Statement":{"Effect":"Allow","Action":"s3:[","Principal":"*"}}`,
		`{"Status":{},"MfaDelete":7}`, `{"ObjectLockEnabled":{},"Rule":7}`}
	members := []string{"VersioningConfiguration", "PublicAccessBlockConfiguration", "ReplicationConfiguration", "ObjectLockConfiguration",
		"LifecycleConfiguration", "bucketPolicy", "eventSelectors", "advancedEventSelectors", "name", "trailName", "bucketName"}
	var docs, labels []string
	add := func(name, parameters string) {
		source := "s3"
		if strings.Contains("StopLogging DeleteTrail PutEventSelectors", name) {
			source = "cloudtrail"
		}
		labels = append(labels, name+" "+parameters)
		docs = append(docs, fmt.Sprintf(`{"eventTime":"2026-11-20T14:02:31Z","eventSource":"%s.amazonaws.com","eventName":%q,"requestParameters":%s}`,
			source, name, parameters))
	}
	for _, name := range names {
		for _, parameters := range []string{`null`, `"x"`, `7`, `[]`, `[{"name":"main"}]`, `{}`} {
			add(name, parameters)
		}
		for _, member := range members {
			for _, v := range values {
				add(name, `{"`+member+`":`+v+`}`)
			}
		}
	}
	d := cloudtrail.NewReader(strings.NewReader(`{"Records":[` + strings.Join(docs, ",") + `]}`))
	for _, label := range labels {
		var r cloudtrail.Record
		if err := d.Read(&r); err != nil {
			t.Fatal(err)
		}
		got, ok := s3event.ProtectionRemoved(&r)
		want := strings.Contains(always, " "+string(r.EventName)+" ")
		if strings.Contains(label, `PublicAccessBlock {"PublicAccessBlockConfiguration":{`) {
			want = true // flags left out are off
		}
		if ok != want {
			t.Errorf("ProtectionRemoved(%s) = %+q, %t, want %t", label, got, ok, want)
		}
	}
}
