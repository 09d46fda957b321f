package s3event_test

import (
	"fmt"
	"io"
	"strings"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/s3event"
)

// Somebody suspends versioning and deletes two objects with one call: three requests' worth of records, of which one
// is no request to an object and one is the deletion of an object.
func Example() {
	const file = `{"Records": [
		{"eventTime": "2026-11-20T14:01:58Z", "eventSource": "s3.amazonaws.com", "eventName": "PutBucketVersioning",
		 "eventCategory": "Management", "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
		 "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"},
		 "requestParameters": {"bucketName": "photos", "VersioningConfiguration": {"Status": "Suspended"}}},
		{"eventTime": "2026-11-20T14:02:31Z", "eventSource": "s3.amazonaws.com", "eventName": "DeleteObjects",
		 "eventCategory": "Data", "eventType": "AwsApiCall", "recipientAccountId": "111122223333", "requestID": "R1",
		 "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"},
		 "requestParameters": {"bucketName": "photos", "delete": ""}},
		{"eventTime": "2026-11-20T14:02:31Z", "eventSource": "s3.amazonaws.com", "eventName": "DeleteObject",
		 "eventCategory": "Data", "eventType": "AwsServiceEvent", "recipientAccountId": "111122223333", "requestID": "R1",
		 "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::photos/2026/cat.jpg"},
		               {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::photos", "accountId": "111122223333"}]}
	]}`
	var (
		records = cloudtrail.NewReader(strings.NewReader(file))
		record  cloudtrail.Record
		event   s3event.Event
		calls   s3event.Calls
	)
	for {
		err := records.Read(&record)
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		who := string(s3event.AppendPrincipal(nil, &record.UserIdentity))
		s3event.Interpret(&record, &event)
		switch {
		case event.Kind == s3event.NotS3:
			if removal, ok := s3event.ProtectionRemoved(&record); ok {
				fmt.Println(who, removal.What)
			}
		case event.IsDeleteObjects():
			fmt.Printf("%s sent a request with status %d\n", who, event.Status)
			calls.Add(&record, &event, who)
		case event.ObjectDeleted():
			// In a real file the call may stand after its objects: ask when the whole file was read.
			caller := calls.CallerOf(string(event.Bucket), string(record.RequestID), event.Time)
			fmt.Printf("%s deleted %s from %s\n", caller.Principal, event.Key, event.Bucket)
		}
	}
	// Output:
	// arn:aws:iam::111122223333:user/alice suspended versioning of photos
	// arn:aws:iam::111122223333:user/alice sent a request with status 200
	// arn:aws:iam::111122223333:user/alice deleted 2026/cat.jpg from photos
}
