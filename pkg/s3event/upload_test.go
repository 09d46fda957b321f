package s3event_test

import "testing"

func TestIsUpload(t *testing.T) {
	tests := []struct {
		name, base, patch string
		want              bool
	}{
		{"put", "put-object", ``, true},
		{"put, old record", "put-object", `{"additionalEventData":{"httpStatusCode":"(absent)"}}`, true},
		{"copy", "copy-object", ``, true},
		{"multipart upload begun", "put-object", `{"eventName":"CreateMultipartUpload"}`, false},
		{"part", "put-object", `{"eventName":"UploadPart"}`, false},
		{"multipart upload completed", "put-object", `{"eventName":"CompleteMultipartUpload"}`, true},
		{"multipart upload given up", "put-object", `{"eventName":"AbortMultipartUpload"}`, false},
		{"rename", "express-put-object", `{"eventName":"RenameObject"}`, true},
		{"directory bucket", "express-put-object", ``, true},
		{"Outposts", "outposts-put-object", ``, true},
		{"tags", "put-object", `{"eventName":"PutObjectTagging"}`, false},
		{"access control list", "put-object", `{"eventName":"PutObjectAcl"}`, false},
		{"other encryption", "put-object", `{"eventName":"UpdateObjectEncryption"}`, false},
		{"denied", "put-object", `{"errorCode":"AccessDenied","additionalEventData":{"httpStatusCode":403}}`, false},
		{"denied by its code alone", "put-object", `{"errorCode":"AccessDenied"}`, false},
		{"sent elsewhere", "put-object", `{"additionalEventData":{"httpStatusCode":307}}`, false},
		{"failed inside S3", "put-object", `{"errorCode":"InternalError","additionalEventData":{"httpStatusCode":500}}`, false},
		{"read", "get-object", ``, false},
		{"delete", "delete-object", ``, false},
		{"by no request", "put-object", `{"eventType":"AwsServiceEvent"}`, false},
		{"of another service", "put-object", `{"eventSource":"ec2.amazonaws.com"}`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := interpret(t, record(t, test.base, test.patch)).IsUpload(); got != test.want {
				t.Errorf("IsUpload(%s) = %t, want %t", test.base+test.patch, got, test.want)
			}
		})
	}
}

// What is uploaded stands under Key, whatever the operation.
func TestUploadedKey(t *testing.T) {
	tests := []struct{ name, base, patch, want string }{
		{"copy", "copy-object", ``, "copies/cat.jpg"},
		{"rename", "express-put-object", `{"eventName":"RenameObject","requestParameters":{"key":"new","x-amz-rename-source":"old"}}`, "new"},
		{"multipart upload completed", "put-object", `{"eventName":"CompleteMultipartUpload"}`, "2026/cat.jpg"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(interpret(t, record(t, test.base, test.patch)).Key); got != test.want {
				t.Errorf("Interpret(%s).Key = %q, want %q", test.base+test.patch, got, test.want)
			}
		})
	}
}
