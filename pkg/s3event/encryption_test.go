package s3event_test

import (
	"fmt"
	"testing"

	"bucketwatch/pkg/s3event"
)

// KMS keys of the bucket's account and of another.
const (
	ownKey     = "arn:aws:kms:us-east-1:111122223333:key/0f0f0f0f-1111-4222-8333-444444444444"
	foreignKey = "arn:aws:kms:us-east-1:444455556666:key/0f0f0f0f-1111-4222-8333-444444444444"
)

func answered(key string) string {
	return fmt.Sprintf(`{"responseElements":{"x-amz-server-side-encryption":"aws:kms","x-amz-server-side-encryption-aws-kms-key-id":%q}}`, key)
}

func asked(key string) string {
	return fmt.Sprintf(`{"requestParameters":{"x-amz-server-side-encryption":"aws:kms","x-amz-server-side-encryption-aws-kms-key-id":%q}}`, key)
}

// overwrites are records, and whether their object is encrypted so that the bucket's owner may not be able to read it.
var overwrites = []struct {
	name, base, patch string
	want              bool
}{
	{"bucket's default", "put-object", ``, false},
	{"S3's key asked for", "copy-object", ``, false},
	{"read", "get-object", `{"requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256"}}`, false},

	{"customer's key", "put-object", `{"requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256"},"responseElements":{"x-amz-server-side-encryption-customer-algorithm":"AES256"},"additionalEventData":{"SSEApplied":"SSE_C"}}`, true},
	{"customer's key, by the request", "put-object", `{"requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256"}}`, true},
	{"customer's key, by the answer", "put-object", `{"responseElements":{"x-amz-server-side-encryption-customer-algorithm":"AES256"}}`, true},
	{"customer's key, by what was applied", "put-object", `{"additionalEventData":{"SSEApplied":"SSE_C"}}`, true},
	{"customer's key, with a hyphen", "put-object", `{"additionalEventData":{"SSEApplied":"SSE-C"}}`, true},
	{"customer's key, of a copy", "copy-object", `{"requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256"}}`, true},
	{"customer's key, of a copy's source", "copy-object", `{"requestParameters":{"x-amz-copy-source-server-side-encryption-customer-algorithm":"AES256"}}`, false},
	{"customer's key, multipart upload begun", "put-object", `{"eventName":"CreateMultipartUpload","additionalEventData":{"SSEApplied":"SSE_C"}}`, true},
	{"customer's key, part", "put-object", `{"eventName":"UploadPart","requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256"}}`, false},
	{"customer's key, multipart upload completed", "put-object", `{"eventName":"CompleteMultipartUpload","requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256"}}`, false},
	{"customer's key, denied", "put-object", `{"errorCode":"AccessDenied","requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256"}}`, false},
	{"customer's key, sent elsewhere", "put-object", `{"requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256"},"additionalEventData":{"httpStatusCode":307}}`, false},

	{"own KMS key", "put-object", answered(ownKey), false},
	{"other's KMS key", "put-object", answered(foreignKey), true},
	{"other's KMS key, of a copy", "copy-object", answered(foreignKey), true},
	{"other's KMS key, asked for", "put-object", asked(foreignKey), true},
	{"other's KMS key, asked for, of a copy", "copy-object", asked(foreignKey), true},
	{"own KMS key, asked for by its id", "put-object", asked("0f0f0f0f-1111-4222-8333-444444444444"), false},
	{"own KMS key, asked for by an alias", "put-object", asked("alias/photos"), false},
	{"other's KMS key, asked for by an alias's ARN", "put-object", asked("arn:aws:kms:us-east-1:444455556666:alias/photos"), true},
	{"other's KMS key, China", "put-object", `{"responseElements":{"x-amz-server-side-encryption-aws-kms-key-id":"arn:aws-cn:kms:cn-north-1:444455556666:key/1"}}`, true},
	{"other's KMS key, multipart upload begun", "put-object", `{"eventName":"CreateMultipartUpload","responseElements":{"x-amz-server-side-encryption-aws-kms-key-id":"` + foreignKey + `"}}`, false},
	{"other's KMS key, multipart upload completed", "put-object", `{"eventName":"CompleteMultipartUpload","responseElements":{"x-amz-server-side-encryption-aws-kms-key-id":"` + foreignKey + `"}}`, true},
	{"other's KMS key, requester's copy", "put-object", `{"recipientAccountId":"444455556666","responseElements":{"x-amz-server-side-encryption-aws-kms-key-id":"` + foreignKey + `"}}`, false},
	{"other's KMS key, owner unknown", "put-object", `{"resources":null,"responseElements":{"x-amz-server-side-encryption-aws-kms-key-id":"` + foreignKey + `"}}`, false},
	{"other's KMS key, denied", "put-object", `{"errorCode":"AccessDenied","requestParameters":{"x-amz-server-side-encryption-aws-kms-key-id":"` + foreignKey + `"}}`, false},
	{"no key", "put-object", asked(""), false},
	{"ARN without account", "put-object", answered("arn:aws:kms"), false},

	{"encryption changed to other's KMS key", "put-object", `{"eventName":"UpdateObjectEncryption","requestParameters":{"ObjectEncryption":{"SSEKMS":{"BucketKeyEnabled":true,"KMSKeyArn":"` + foreignKey + `"}}}}`, true},
	{"encryption changed to other's KMS key, another shape", "put-object", `{"eventName":"UpdateObjectEncryption","requestParameters":{"KMSKeyArn":"` + foreignKey + `"}}`, true},
	{"encryption changed to own KMS key", "put-object", `{"eventName":"UpdateObjectEncryption","requestParameters":{"ObjectEncryption":{"SSEKMS":{"KMSKeyArn":"` + ownKey + `"}}}}`, false},
	{"encryption changed, key not told", "put-object", `{"eventName":"UpdateObjectEncryption","requestParameters":{"encryption":""}}`, false},
	{"encryption changed, key of another type", "put-object", `{"eventName":"UpdateObjectEncryption","requestParameters":{"KMSKeyArn":["` + foreignKey + `"]}}`, false},
	{"encryption changed, no parameters", "put-object", `{"eventName":"UpdateObjectEncryption","requestParameters":null}`, false},
	{"object called like the parameter", "put-object", `{"eventName":"UpdateObjectEncryption","requestParameters":{"key":"KMSKeyArn"}}`, false},
}

func TestEncryptedOverwrite(t *testing.T) {
	for _, test := range overwrites {
		t.Run(test.name, func(t *testing.T) {
			r := read(t, record(t, test.base, test.patch))
			var e s3event.Event
			s3event.Interpret(r, &e)
			if got := s3event.EncryptedOverwrite(r, &e); got != test.want {
				t.Errorf("EncryptedOverwrite(%s) = %t, want %t", test.base+test.patch, got, test.want)
			}
		})
	}
}
