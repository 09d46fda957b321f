package localaws

import (
	"fmt"
	"net/url"
	"strings"
)

// Notification is the payload with which S3 has Lambda invoke a function for a new object. Keys in it are encoded as in a
// form, but for their slashes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func Notification(bucket, key string) []byte {
	return fmt.Appendf(nil, `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":%q},"object":{"key":%q}}}]}`,
		bucket, strings.ReplaceAll(url.QueryEscape(key), "%2F", "/"))
}
