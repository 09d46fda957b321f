package s3event_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/s3event"
)

func TestGroup(t *testing.T) {
	groups := []struct {
		name  string
		group s3event.Group
		names []string
	}{
		{"GET", s3event.Get, []string{"GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold", "GetObjectRetention",
			"GetObjectTagging", "GetObjectTorrent", "GetObjectAnnotation", "CreateSession"}},
		{"GET of a list", s3event.List, []string{"ListObjects", "ListObjectVersions", "ListMultipartUploads", "ListParts", "ListObjectAnnotations"}},
		{"HEAD", s3event.Head, []string{"HeadObject", "HeadBucket"}},
		{"PUT", s3event.Put, []string{"PutObject", "PutObjectAcl", "PutObjectLegalHold", "PutObjectRetention", "PutObjectTagging",
			"PutObjectAnnotation", "CopyObject", "UploadPart", "UploadPartCopy", "UpdateObjectEncryption", "RenameObject"}},
		{"POST", s3event.Post, []string{"CreateMultipartUpload", "CompleteMultipartUpload", "RestoreObject", "WriteGetObjectResponse"}},
		{"POST that deletes", s3event.Delete, []string{"DeleteObjects"}},
		{"POST that selects", s3event.Select, []string{"SelectObjectContent"}},
		{"DELETE", s3event.Delete, []string{"DeleteObject", "DeleteObjectTagging", "DeleteObjectAnnotation", "AbortMultipartUpload"}},
		{"OPTIONS", s3event.Other, []string{"PreflightRequest"}},
		{"unknown", s3event.Other, []string{"FrobnicateObject", "getobject", "GetObject ", "DeleteObjectsOfOldAge", "x"}},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, name := range g.names {
				e := interpret(t, record(t, "get-object", fmt.Sprintf(`{"eventName":%q}`, name)))
				if e.Kind != s3event.Request || e.Group != g.group || string(e.Operation) != name {
					t.Errorf("Interpret(%s) = kind %d, group %d, operation %q, want kind %d, group %d, operation %q",
						name, e.Kind, e.Group, e.Operation, s3event.Request, g.group, name)
				}
			}
		})
	}
}

// kinds are records and the kind they are of.
var kinds = []struct {
	name, base, patch string
	want              s3event.Kind
}{
	// Requests: eventCategory says so, or managementEvent in older records, or in still older ones the name alone.
	{"request of version 1.08", "get-object", ``, s3event.Request},
	{"request of version 1.11", "put-object", ``, s3event.Request},
	{"directory bucket", "express-put-object", ``, s3event.Request},
	{"Outposts", "outposts-put-object", ``, s3event.Request},
	{"Object Lambda", "get-object", `{"eventSource":"s3-object-lambda.amazonaws.com"}`, s3event.Request},
	{"no managementEvent", "get-object", `{"managementEvent":"(absent)"}`, s3event.Request},
	{"category before managementEvent", "get-object", `{"managementEvent":true}`, s3event.Request},
	{"no eventType", "get-object", `{"eventType":"(absent)"}`, s3event.Request},
	{"unknown name in a data event", "get-object", `{"eventName":"FrobnicateObject"}`, s3event.Request},
	{"HeadBucket", "get-object", `{"eventName":"HeadBucket"}`, s3event.Request},
	{"PreflightRequest", "get-object", `{"eventName":"PreflightRequest"}`, s3event.Request},
	{"version 1.06, managementEvent false", "get-object", `{"eventVersion":"1.06","eventCategory":"(absent)"}`, s3event.Request},
	{"version 1.06, unknown name", "get-object", `{"eventVersion":"1.06","eventCategory":"(absent)","eventName":"FrobnicateObject"}`, s3event.Request},
	{"version 1.05, known name", "get-object", `{"eventVersion":"1.05","eventCategory":"(absent)","managementEvent":"(absent)"}`, s3event.Request},
	{"version 1.05, OPTIONS", "get-object", `{"eventVersion":"1.05","eventCategory":"(absent)","managementEvent":"(absent)","eventName":"PreflightRequest"}`, s3event.Request},
	{"eventCategory null", "get-object", `{"eventCategory":null}`, s3event.Request},
	{"eventCategory of another type", "get-object", `{"eventCategory":["Data"],"managementEvent":"false"}`, s3event.Request},
	{"single delete", "delete-object", ``, s3event.Request},
	{"DeleteObjects call", "delete-objects", ``, s3event.Request},
	{"refused", "get-object", `{"errorCode":"AccessDenied"}`, s3event.Request},
	{"by an AWS service", "get-object", `{"userIdentity":{"type":"AWSService","invokedBy":"cloudfront.amazonaws.com"}}`, s3event.Request},

	// Objects of a DeleteObjects call.
	{"per key", "delete-object-per-key", ``, s3event.KeyDelete},
	{"per key, minimal", "delete-object-per-key-minimal", ``, s3event.KeyDelete},
	{"per key, no category", "delete-object-per-key", `{"eventCategory":"(absent)"}`, s3event.KeyDelete},
	{"per key, neither field", "delete-object-per-key", `{"eventCategory":"(absent)","managementEvent":"(absent)"}`, s3event.KeyDelete},
	{"per key, failed", "delete-object-per-key", `{"errorCode":"AccessDenied"}`, s3event.KeyDelete},
	{"per key of a directory bucket", "express-put-object", `{"eventName":"DeleteObject","eventType":"AwsServiceEvent"}`, s3event.KeyDelete},

	// Lifecycle, in both forms.
	{"lifecycle source", "lifecycle-expiration", ``, s3event.LifecycleAction},
	{"lifecycle transition", "lifecycle-expiration", `{"eventName":"TransitionObject"}`, s3event.LifecycleAction},
	{"lifecycle in a directory bucket", "lifecycle-express", ``, s3event.LifecycleAction},
	{"lifecycle in a directory bucket, per key", "lifecycle-express", `{"eventName":"DeleteObject","eventType":"AwsServiceEvent"}`, s3event.LifecycleAction},

	// Failed authentication.
	{"signature", "authentication-failure", ``, s3event.AuthenticationFailure},
	{"access key", "authentication-failure", `{"eventName":"AuthenticateInvalidAccessKeyId"}`, s3event.AuthenticationFailure},
	{"expired token", "authentication-failure", `{"eventName":"AuthenticateExpiredToken"}`, s3event.AuthenticationFailure},
	{"invalid token", "authentication-failure", `{"eventName":"AuthenticateInvalidToken"}`, s3event.AuthenticationFailure},
	{"unknown failure", "authentication-failure", `{"eventName":"AuthenticateSomethingElse"}`, s3event.AuthenticationFailure},

	// Of S3, but no request.
	{"refused by a VPC endpoint policy", "get-object", `{"eventCategory":"NetworkActivity","eventType":"AwsVpceEvent"}`, s3event.NotARequest},
	{"the same in the plural", "get-object", `{"eventCategory":"NetworkActivity","eventType":"AwsVpceEvents"}`, s3event.NotARequest},
	{"AwsVpceEvent in category Data", "get-object", `{"eventType":"AwsVpceEvent"}`, s3event.NotARequest},
	{"Insights event", "get-object", `{"eventCategory":"Insight","eventType":"AwsCloudTrailInsight"}`, s3event.NotARequest},
	{"aggregated event", "get-object", `{"eventCategory":"Aggregated"}`, s3event.NotARequest},
	{"category in other letters", "get-object", `{"eventCategory":"data"}`, s3event.NotARequest},
	{"service event that deletes nothing", "delete-object-per-key", `{"eventName":"RestoreObject"}`, s3event.NotARequest},
	{"service event by the call's name", "delete-objects", `{"eventType":"AwsServiceEvent"}`, s3event.NotARequest},
	{"console action", "get-object", `{"eventType":"AwsConsoleAction"}`, s3event.NotARequest},

	// Not S3's data events.
	{"management event", "management", ``, s3event.NotS3},
	{"management event by a name of the table", "get-object", `{"eventCategory":"Management"}`, s3event.NotS3},
	{"management event in a directory bucket", "management", `{"eventSource":"s3express.amazonaws.com"}`, s3event.NotS3},
	{"version 1.06, managementEvent true", "get-object", `{"eventCategory":"(absent)","managementEvent":true}`, s3event.NotS3},
	{"version 1.05, unknown name", "management", `{"eventCategory":"(absent)","managementEvent":"(absent)"}`, s3event.NotS3},
	{"CloudTrail", "trail", ``, s3event.NotS3},
	{"another service's data event", "get-object", `{"eventSource":"lambda.amazonaws.com","eventName":"Invoke"}`, s3event.NotS3},
	{"S3 Tables", "get-object", `{"eventSource":"s3tables.amazonaws.com"}`, s3event.NotS3},
	{"source in other letters", "get-object", `{"eventSource":"S3.amazonaws.com"}`, s3event.NotS3},

	// Malformed: no source, no name, no time.
	{"no eventSource", "get-object", `{"eventSource":"(absent)"}`, s3event.Malformed},
	{"empty eventSource", "get-object", `{"eventSource":""}`, s3event.Malformed},
	{"eventSource null", "get-object", `{"eventSource":null}`, s3event.Malformed},
	{"no eventName", "get-object", `{"eventName":"(absent)"}`, s3event.Malformed},
	{"eventName of another type", "get-object", `{"eventName":7}`, s3event.Malformed},
	{"no eventTime", "get-object", `{"eventTime":"(absent)"}`, s3event.Malformed},
	{"unreadable eventTime", "get-object", `{"eventTime":"yesterday"}`, s3event.Malformed},
	{"eventTime of another type", "get-object", `{"eventTime":1646136041}`, s3event.Malformed},
	{"another service's without a time", "trail", `{"eventTime":"(absent)"}`, s3event.Malformed},
}

func TestKind(t *testing.T) {
	for _, test := range kinds {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, test.base, test.patch)
			if e := interpret(t, doc); e.Kind != test.want {
				t.Errorf("Interpret(%s).Kind = %d, want %d", test.base+test.patch, e.Kind, test.want)
			}
		})
	}
	t.Run("no object", func(t *testing.T) {
		for _, doc := range []string{`null`, `7`, `"GetObject"`, `[{}]`, `{}`} {
			if e := interpret(t, doc); e.Kind != s3event.Malformed {
				t.Errorf("Interpret(%s).Kind = %d, want %d", doc, e.Kind, s3event.Malformed)
			}
		}
	})
}

// What is no event of S3's tells nothing but its name and time: a caller that forgets to look at the kind counts zeros.
func TestMeaningOfOthers(t *testing.T) {
	for _, doc := range []string{
		record(t, "management", `{"eventName":"DeleteBucket","errorCode":"AccessDenied"}`),
		record(t, "delete-object", `{"eventSource":"(absent)"}`),
	} {
		e := interpret(t, doc)
		want := s3event.Event{Kind: e.Kind, Operation: e.Operation, Time: e.Time, FirstByteLatency: -1, TotalLatency: -1}
		if diff := cmp.Diff(want, *e); diff != "" {
			t.Errorf("Interpret(%s) (-want +got):\n%s", compact(doc), diff)
		}
	}
}

func TestTime(t *testing.T) {
	e := interpret(t, record(t, "put-object", ""))
	if want := time.Date(2026, 11, 20, 14, 2, 31, 0, time.UTC); !e.Time.Equal(want) {
		t.Errorf("Interpret(put-object).Time = %v, want %v", e.Time, want)
	}
}

// deletions are records of deletes, and others, and what became of the object.
var deletions = []struct {
	name, base, patch string
	want              s3event.Deletion
}{
	{"no version", "delete-object", ``, s3event.Deleted},
	{"delete marker made", "delete-object", `{"responseElements":{"x-amz-delete-marker":"true","x-amz-version-id":"3HL4kqtJlcpXroDTDmjVBH40Nr8X8gdRQBpUMLUo"}}`, s3event.Deleted},
	{"empty version", "delete-object", `{"requestParameters":{"versionId":""}}`, s3event.Deleted},
	{"by version", "delete-object", `{"requestParameters":{"versionId":"3HL4kqtJlcpXroDTDmjVBH40Nr8X8gdRQBpUMLUo"},"responseElements":{"x-amz-version-id":"3HL4kqtJlcpXroDTDmjVBH40Nr8X8gdRQBpUMLUo"}}`, s3event.PermanentlyDeleted},
	{"by the version null", "delete-object", `{"requestParameters":{"versionId":"null"}}`, s3event.PermanentlyDeleted},
	{"by version, marker false", "delete-object", `{"requestParameters":{"versionId":"v1"},"responseElements":{"x-amz-delete-marker":"false"}}`, s3event.PermanentlyDeleted},
	{"marker removed", "delete-object", `{"requestParameters":{"versionId":"v2"},"responseElements":{"x-amz-delete-marker":"true","x-amz-version-id":"v2"}}`, s3event.MarkerRemoved},
	{"denied", "delete-object", `{"errorCode":"AccessDenied","errorMessage":"Access Denied"}`, s3event.Denied},
	{"by version, denied", "delete-object", `{"errorCode":"AccessDenied","requestParameters":{"versionId":"v1"}}`, s3event.Denied},
	{"no such bucket", "delete-object", `{"errorCode":"NoSuchBucket"}`, s3event.NoDeletion},
	{"failed inside S3", "delete-object", `{"errorCode":"InternalError"}`, s3event.NoDeletion},
	{"slowed down", "delete-object", `{"errorCode":"SlowDown"}`, s3event.NoDeletion},
	{"sent elsewhere", "delete-object", `{"errorCode":"TemporaryRedirect"}`, s3event.NoDeletion},
	{"unknown code", "delete-object", `{"errorCode":"SomethingNew"}`, s3event.NoDeletion},

	{"status 204", "delete-object", `{"additionalEventData":{"httpStatusCode":204}}`, s3event.Deleted},
	{"status 403 and no code", "delete-object", `{"additionalEventData":{"httpStatusCode":403}}`, s3event.Denied},
	{"status 403 and another code", "delete-object", `{"errorCode":"AllAccessDisabled","additionalEventData":{"httpStatusCode":403}}`, s3event.Denied},
	{"status 404 and no code", "delete-object", `{"additionalEventData":{"httpStatusCode":404}}`, s3event.NoDeletion},
	{"status 503 and no code", "delete-object", `{"additionalEventData":{"httpStatusCode":503}}`, s3event.NoDeletion},
	{"status 204 and AccessDenied", "delete-object", `{"errorCode":"AccessDenied","additionalEventData":{"httpStatusCode":204}}`, s3event.Denied},
	{"status 204 and InternalError", "delete-object", `{"errorCode":"InternalError","additionalEventData":{"httpStatusCode":204}}`, s3event.NoDeletion},
	{"status out of range and no code", "delete-object", `{"additionalEventData":{"httpStatusCode":0}}`, s3event.Deleted},

	// A call deletes nothing by itself: its objects have records of their own.
	{"call", "delete-objects", ``, s3event.NoDeletion},
	{"call with status", "delete-objects", `{"additionalEventData":{"httpStatusCode":200}}`, s3event.NoDeletion},
	{"call denied", "delete-objects", `{"errorCode":"AccessDenied"}`, s3event.Denied},
	{"call denied by status", "delete-objects", `{"additionalEventData":{"httpStatusCode":403}}`, s3event.Denied},
	{"call malformed", "delete-objects", `{"errorCode":"MalformedXML"}`, s3event.NoDeletion},

	{"per key", "delete-object-per-key", ``, s3event.Deleted},
	{"per key, minimal", "delete-object-per-key-minimal", ``, s3event.Deleted},
	{"per key, no identity at all", "delete-object-per-key-minimal", `{"userIdentity":"(absent)"}`, s3event.Deleted},
	{"per key, by version", "delete-object-per-key", `{"requestParameters":{"versionId":"v1"}}`, s3event.PermanentlyDeleted},
	{"per key, marker removed", "delete-object-per-key", `{"requestParameters":{"versionId":"v1"},"responseElements":{"x-amz-delete-marker":"true"}}`, s3event.MarkerRemoved},
	{"per key, denied", "delete-object-per-key", `{"errorCode":"AccessDenied"}`, s3event.Denied},
	{"per key, denied, with the call's status", "delete-object-per-key", `{"errorCode":"AccessDenied","additionalEventData":{"httpStatusCode":200}}`, s3event.Denied},
	{"per key, failed", "delete-object-per-key", `{"errorCode":"InternalError"}`, s3event.NoDeletion},
	{"per key, failed, minimal", "delete-object-per-key-minimal", `{"errorCode":"InternalError"}`, s3event.NoDeletion},

	{"lifecycle", "lifecycle-expiration", ``, s3event.NoDeletion},
	{"lifecycle in a directory bucket", "lifecycle-express", ``, s3event.NoDeletion},
	{"of tags", "delete-object", `{"eventName":"DeleteObjectTagging"}`, s3event.NoDeletion},
	{"of tags, denied", "delete-object", `{"eventName":"DeleteObjectTagging","errorCode":"AccessDenied"}`, s3event.NoDeletion},
	{"of an upload's parts", "delete-object", `{"eventName":"AbortMultipartUpload"}`, s3event.NoDeletion},
	{"read denied", "get-object", `{"errorCode":"AccessDenied"}`, s3event.NoDeletion},
	{"refused by a VPC endpoint policy", "delete-object", `{"eventCategory":"NetworkActivity","eventType":"AwsVpceEvent","errorCode":"VpceAccessDenied"}`, s3event.NoDeletion},
}

func TestDeletion(t *testing.T) {
	for _, test := range deletions {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, test.base, test.patch)
			e := interpret(t, doc)
			if e.Deletion != test.want {
				t.Errorf("Interpret(%s).Deletion = %d, want %d", test.base+test.patch, e.Deletion, test.want)
			}
			wantDeleted := test.want == s3event.Deleted || test.want == s3event.PermanentlyDeleted
			if got := e.ObjectDeleted(); got != wantDeleted {
				t.Errorf("Interpret(%s).ObjectDeleted() = %t, want %t", test.base+test.patch, got, wantDeleted)
			}
		})
	}
}

func TestDeleteMarker(t *testing.T) {
	const (
		version    = `"requestParameters":{"versionId":"v1"}`
		marker     = `"responseElements":{"x-amz-delete-marker":"true"}`
		noMarker   = `"responseElements":{"x-amz-delete-marker":"false"}`
		otherReply = `"responseElements":{"x-amz-version-id":"v1"}`
	)
	tests := []struct {
		name, base, patch string
		wantMarker        bool
		wantMaybe         bool
	}{
		{"unversioned", "delete-object", `{}`, false, false},
		{"versioned", "delete-object", `{` + marker + `}`, true, false},
		{"version deleted", "delete-object", `{` + version + `,` + otherReply + `}`, false, false},
		{"version deleted, no answer", "delete-object", `{` + version + `}`, false, false},
		{"marker removed", "delete-object", `{` + version + `,` + marker + `}`, true, false},
		{"per key, no answer", "delete-object-per-key", `{}`, false, false},
		{"per key, versioned", "delete-object-per-key", `{` + marker + `}`, true, false},
		{"per key, version, no answer", "delete-object-per-key", `{` + version + `}`, false, true},
		{"per key, version, no answer, minimal", "delete-object-per-key-minimal", `{` + version + `}`, false, true},
		{"per key, version, answer without the marker", "delete-object-per-key", `{` + version + `,` + otherReply + `}`, false, true},
		{"per key, version deleted for certain", "delete-object-per-key", `{` + version + `,` + noMarker + `}`, false, false},
		{"per key, marker removed", "delete-object-per-key", `{` + version + `,` + marker + `}`, true, false},
		{"per key, version, denied", "delete-object-per-key", `{` + version + `,"errorCode":"AccessDenied"}`, false, false},
		{"read of a marker", "get-object", `{"errorCode":"NoSuchKey",` + marker + `}`, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := interpret(t, record(t, test.base, test.patch))
			if e.DeleteMarker != test.wantMarker || e.MaybeMarker != test.wantMaybe {
				t.Errorf("Interpret(%s).DeleteMarker, MaybeMarker = %t, %t, want %t, %t",
					test.base+test.patch, e.DeleteMarker, e.MaybeMarker, test.wantMarker, test.wantMaybe)
			}
		})
	}
}

func TestIsDelete(t *testing.T) {
	tests := []struct {
		name, base, patch     string
		wantDelete, wantCalls bool
	}{
		{"single", "delete-object", ``, true, false},
		{"single, failed", "delete-object", `{"errorCode":"InternalError"}`, true, false},
		{"marker removed", "delete-object", `{"requestParameters":{"versionId":"v"},"responseElements":{"x-amz-delete-marker":"true"}}`, true, false},
		{"call", "delete-objects", ``, true, true},
		{"call, denied", "delete-objects", `{"errorCode":"AccessDenied"}`, true, true},
		{"per key", "delete-object-per-key-minimal", ``, true, false},
		{"lifecycle", "lifecycle-expiration", ``, false, false},
		{"lifecycle's call in a directory bucket", "lifecycle-express", ``, false, false},
		{"of tags", "delete-object", `{"eventName":"DeleteObjectTagging"}`, false, false},
		{"of an upload's parts", "delete-object", `{"eventName":"AbortMultipartUpload"}`, false, false},
		{"upload", "put-object", ``, false, false},
		{"management event", "management", `{"eventName":"DeleteObjects"}`, false, false},
		{"network activity", "delete-objects", `{"eventCategory":"NetworkActivity","eventType":"AwsVpceEvent"}`, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, test.base, test.patch)
			e := interpret(t, doc)
			if got := e.IsDelete(); got != test.wantDelete {
				t.Errorf("Interpret(%s).IsDelete() = %t, want %t", test.base+test.patch, got, test.wantDelete)
			}
			if got := e.IsDeleteObjects(); got != test.wantCalls {
				t.Errorf("Interpret(%s).IsDeleteObjects() = %t, want %t", test.base+test.patch, got, test.wantCalls)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		name, patch string
		want        int
		failed      bool
	}{
		{"no code", ``, 200, false},
		{"code null", `{"errorCode":null}`, 200, false},
		{"code empty", `{"errorCode":""}`, 200, false},
		{"code of another type", `{"errorCode":403}`, 200, false},

		{"InternalError", `{"errorCode":"InternalError"}`, 500, true},
		{"NotImplemented", `{"errorCode":"NotImplemented"}`, 501, true},
		{"ServiceUnavailable", `{"errorCode":"ServiceUnavailable"}`, 503, true},
		{"SlowDown", `{"errorCode":"SlowDown"}`, 503, true},
		{"InsufficientCapacity", `{"errorCode":"InsufficientCapacity"}`, 507, true},

		{"PermanentRedirect", `{"errorCode":"PermanentRedirect"}`, 301, false},
		{"Redirect", `{"errorCode":"Redirect"}`, 307, false},
		{"TemporaryRedirect", `{"errorCode":"TemporaryRedirect"}`, 307, false},
		{"NotModified", `{"errorCode":"NotModified"}`, 304, false},

		{"AccessDenied", `{"errorCode":"AccessDenied"}`, 403, true},
		{"Forbidden", `{"errorCode":"Forbidden"}`, 403, true},
		{"NoSuchKey", `{"errorCode":"NoSuchKey"}`, 404, true},
		{"NoSuchVersion", `{"errorCode":"NoSuchVersion"}`, 404, true},
		{"NoSuchUpload", `{"errorCode":"NoSuchUpload"}`, 404, true},
		{"NoSuchTagSet", `{"errorCode":"NoSuchTagSet"}`, 404, true},
		{"NoSuchObjectLockConfiguration", `{"errorCode":"NoSuchObjectLockConfiguration"}`, 404, true},
		{"ObjectLockConfigurationNotFoundError", `{"errorCode":"ObjectLockConfigurationNotFoundError"}`, 404, true},
		{"NotFound", `{"errorCode":"NotFound"}`, 404, true},
		{"NoSuchBucket", `{"errorCode":"NoSuchBucket"}`, 404, true},
		{"InvalidObjectState's class alone", `{"errorCode":"InvalidObjectState"}`, 400, true},
		{"PreconditionFailed", `{"errorCode":"PreconditionFailed"}`, 400, true},
		{"RequestTimeout is the client's", `{"errorCode":"RequestTimeout"}`, 400, true},
		{"unknown code", `{"errorCode":"SomethingNew"}`, 400, true},
		{"other letters", `{"errorCode":"internalerror"}`, 400, true},

		{"status 204", `{"additionalEventData":{"httpStatusCode":204}}`, 204, false},
		{"status 304", `{"additionalEventData":{"httpStatusCode":304}}`, 304, false},
		{"status 404 and its code", `{"errorCode":"NoSuchKey","additionalEventData":{"httpStatusCode":404}}`, 404, true},
		{"status 404.0", `{"errorCode":"NoSuchKey","additionalEventData":{"httpStatusCode":404.0}}`, 404, true},
		{"status before the code", `{"errorCode":"InternalError","additionalEventData":{"httpStatusCode":200}}`, 200, false},
		{"status without a code", `{"additionalEventData":{"httpStatusCode":503}}`, 503, true},
		{"lowest status", `{"additionalEventData":{"httpStatusCode":100}}`, 100, false},
		{"highest status", `{"additionalEventData":{"httpStatusCode":599}}`, 599, true},
		{"status too low", `{"errorCode":"AccessDenied","additionalEventData":{"httpStatusCode":99}}`, 403, true},
		{"status too high", `{"additionalEventData":{"httpStatusCode":600}}`, 200, false},
		{"status 0", `{"errorCode":"SlowDown","additionalEventData":{"httpStatusCode":0}}`, 503, true},
		{"status negative", `{"additionalEventData":{"httpStatusCode":-200}}`, 200, false},
		{"status huge", `{"additionalEventData":{"httpStatusCode":1e300}}`, 200, false},
		{"status null", `{"errorCode":"AccessDenied","additionalEventData":{"httpStatusCode":null}}`, 403, true},
		{"status as text", `{"errorCode":"AccessDenied","additionalEventData":{"httpStatusCode":"200"}}`, 403, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, "get-object", test.patch)
			e := interpret(t, doc)
			if e.Status != test.want {
				t.Errorf("Interpret(%s).Status = %d, want %d", "get-object"+test.patch, e.Status, test.want)
			}
			if got := e.Failed(); got != test.failed {
				t.Errorf("Interpret(%s).Failed() = %t, want %t", "get-object"+test.patch, got, test.failed)
			}
		})
	}
}

func TestErrorCode(t *testing.T) {
	tests := []struct{ name, patch, want string }{
		{"none", ``, ""},
		{"empty", `{"errorCode":""}`, ""},
		{"known", `{"errorCode":"AccessDenied"}`, "AccessDenied"},
		{"unknown", `{"errorCode":"SomethingNew"}`, "SomethingNew"},
		{"with a status of success", `{"errorCode":"InternalError","additionalEventData":{"httpStatusCode":200}}`, "InternalError"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, "get-object", test.patch)
			if got := string(interpret(t, doc).ErrorCode); got != test.want {
				t.Errorf("Interpret(%s).ErrorCode = %q, want %q", "get-object"+test.patch, got, test.want)
			}
		})
	}
}

func TestBytes(t *testing.T) {
	tests := []struct {
		name, data      string // of additionalEventData
		wantIn, wantOut int64
	}{
		{"floats", `{"bytesTransferredIn":791.0,"bytesTransferredOut":12.0}`, 791, 12},
		{"integers", `{"bytesTransferredIn":791,"bytesTransferredOut":12}`, 791, 12},
		{"exponents", `{"bytesTransferredIn":5e9,"bytesTransferredOut":1.2E+1}`, 5e9, 12},
		{"fractions", `{"bytesTransferredIn":791.9,"bytesTransferredOut":0.5}`, 791, 0},
		{"the largest object", `{"bytesTransferredIn":54975581388800,"bytesTransferredOut":0}`, 54975581388800, 0},
		{"larger than any object", `{"bytesTransferredIn":70368744177664,"bytesTransferredOut":70368744177665}`, 70368744177664, 0},
		{"negative", `{"bytesTransferredIn":-1,"bytesTransferredOut":-0.0}`, 0, 0},
		{"missing", `{"bytesTransferredIn":"(absent)","bytesTransferredOut":"(absent)"}`, 0, 0},
		{"one of them", `{"bytesTransferredIn":"(absent)","bytesTransferredOut":7}`, 0, 7},
		{"null", `{"bytesTransferredIn":null,"bytesTransferredOut":null}`, 0, 0},
		{"text", `{"bytesTransferredIn":"791","bytesTransferredOut":["12"]}`, 0, 0},
		{"too many for an int64", `{"bytesTransferredIn":1e19,"bytesTransferredOut":1e308}`, 0, 0},
		{"too many for a float64", `{"bytesTransferredIn":1e999,"bytesTransferredOut":-1e999}`, 0, 0},
		{"no data", `null`, 0, 0},
		{"data of another type", `"791"`, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, "get-object", `{"additionalEventData":`+test.data+`}`)
			if e := interpret(t, doc); e.BytesIn != test.wantIn || e.BytesOut != test.wantOut {
				t.Errorf("Interpret(%s) = %d bytes in, %d out, want %d in, %d out", test.data, e.BytesIn, e.BytesOut, test.wantIn, test.wantOut)
			}
		})
	}
}

func TestLatency(t *testing.T) {
	tests := []struct {
		name, data           string // of additionalEventData
		wantFirst, wantTotal float64
	}{
		{"all", `{"startTime":1795183351004,"endTime":1795183351091,"turnAroundTime":62}`, 62, 87},
		{"floats", `{"startTime":1795183351004.0,"endTime":1795183351091.5,"turnAroundTime":62.25}`, 62.25, 87.5},
		{"zero", `{"startTime":1795183351004,"endTime":1795183351004,"turnAroundTime":0}`, 0, 0},
		{"none", `{"startTime":"(absent)","endTime":"(absent)","turnAroundTime":"(absent)"}`, -1, -1},
		{"null", `{"startTime":null,"endTime":null,"turnAroundTime":null}`, -1, -1},
		{"no end", `{"endTime":"(absent)"}`, 62, -1},
		{"no start", `{"startTime":"(absent)"}`, 62, -1},
		{"no turn-around", `{"turnAroundTime":"(absent)"}`, -1, 87},
		{"end before start", `{"startTime":1795183351091,"endTime":1795183351004}`, 62, -1},
		{"negative turn-around", `{"turnAroundTime":-1}`, -1, 87},
		{"negative turn-around by a fraction", `{"turnAroundTime":-0.5}`, -1, 87},
		{"text", `{"startTime":"1795183351004","endTime":"1795183351091","turnAroundTime":"62"}`, -1, -1},
		{"a day", `{"startTime":1795183351004,"endTime":1795269751004,"turnAroundTime":86400000}`, 86400000, 86400000},
		{"longer than a day", `{"startTime":1795183351004,"endTime":1795269751005,"turnAroundTime":86400001}`, -1, -1},
		{"start never set", `{"startTime":0,"turnAroundTime":1795183351091}`, -1, -1},
		{"beyond all numbers", `{"startTime":-1.7e308,"endTime":1.7e308,"turnAroundTime":1e308}`, -1, -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, "put-object", `{"additionalEventData":`+test.data+`}`)
			if e := interpret(t, doc); e.FirstByteLatency != test.wantFirst || e.TotalLatency != test.wantTotal {
				t.Errorf("Interpret(%s) = %g ms to the first byte, %g in all, want %g, %g",
					test.data, e.FirstByteLatency, e.TotalLatency, test.wantFirst, test.wantTotal)
			}
		})
	}
}
