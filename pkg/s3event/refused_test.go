package s3event_test

import "testing"

func TestReadRefused(t *testing.T) {
	tests := []struct {
		name, base, patch string
		want              bool
	}{
		{"success", "get-object", ``, false},
		{"missing", "get-object", `{"errorCode":"NoSuchKey"}`, true},
		{"missing, with status", "get-object", `{"errorCode":"NoSuchKey","additionalEventData":{"httpStatusCode":404}}`, true},
		{"missing, asked by HEAD", "get-object", `{"eventName":"HeadObject","errorCode":"NotFound"}`, true},
		{"missing, who may not list", "get-object", `{"errorCode":"AccessDenied"}`, true},
		{"missing, who may not list, by HEAD", "get-object", `{"eventName":"HeadObject","errorCode":"Forbidden","additionalEventData":{"httpStatusCode":403}}`, true},
		{"version missing", "get-object", `{"errorCode":"NoSuchVersion"}`, true},
		{"404 alone", "get-object", `{"additionalEventData":{"httpStatusCode":404}}`, true},
		{"403 alone", "get-object", `{"additionalEventData":{"httpStatusCode":403}}`, true},
		{"bucket missing", "get-object", `{"errorCode":"NoSuchBucket","additionalEventData":{"httpStatusCode":404}}`, false},
		{"in an archive", "get-object", `{"errorCode":"InvalidObjectState","additionalEventData":{"httpStatusCode":403}}`, false},
		{"wrong signature", "get-object", `{"errorCode":"SignatureDoesNotMatch","additionalEventData":{"httpStatusCode":403}}`, false},
		{"not modified", "get-object", `{"errorCode":"NotModified"}`, false},
		{"failed inside S3", "get-object", `{"errorCode":"InternalError"}`, false},
		{"tags", "get-object", `{"eventName":"GetObjectTagging","errorCode":"NoSuchKey"}`, false},
		{"list", "get-object", `{"eventName":"ListObjects","errorCode":"AccessDenied"}`, false},
		{"bucket, by HEAD", "get-object", `{"eventName":"HeadBucket","errorCode":"AccessDenied"}`, false},
		{"write", "put-object", `{"errorCode":"AccessDenied"}`, false},
		{"delete", "delete-object", `{"errorCode":"AccessDenied"}`, false},
		{"failed authentication", "authentication-failure", ``, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := interpret(t, record(t, test.base, test.patch))
			if got := e.ReadRefused(); got != test.want {
				t.Errorf("ReadRefused(%s) = %t, want %t", test.base+test.patch, got, test.want)
			}
			if test.want && e.Status != 404 && e.Status != 403 {
				t.Errorf("Status of %s = %d, want 404 or 403", test.base+test.patch, e.Status)
			}
		})
	}
}
