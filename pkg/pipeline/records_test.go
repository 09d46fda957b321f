package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Callers of the tests' requests.
const (
	appWeb  = "arn:aws:iam::111122223333:role/app-web"
	cleaner = "arn:aws:iam::111122223333:role/cleaner"
	cdn     = "arn:aws:iam::111122223333:role/cdn"
	intern  = "arn:aws:iam::111122223333:role/intern"
	alice   = "arn:aws:iam::111122223333:user/alice" // a person, by the console
	bob     = "arn:aws:iam::111122223333:user/bob"   // another
)

// request is one record of a test's log file.
type request struct {
	at        time.Time
	who       string
	operation string
	bucket    string
	key       string
	errorCode string
	versionID string
	perKey    bool // the record of one object that a DeleteObjects call deleted
	sseC      bool
	bytesIn   int    // of the request's body
	requestID string // by default that of no other record
	// removedMarker says that S3's answer told of a delete marker, which the request for a version has removed.
	removedMarker bool
	parameters    map[string]any // of the request, beside the bucket and the key
}

// record returns the request's record, id distinguishing it from others.
func (r request) record(id string) map[string]any {
	identity := map[string]any{"type": "AssumedRole", "arn": r.who, "accountId": "111122223333", "principalId": "AROA" + r.who,
		"sessionContext": map[string]any{"sessionIssuer": map[string]any{"type": "Role", "arn": r.who}}}
	record := map[string]any{
		"eventVersion": "1.11", "eventSource": "s3.amazonaws.com", "eventCategory": "Data", "managementEvent": false,
		"eventName": r.operation, "eventType": "AwsApiCall", "eventID": id, "requestID": "r" + id, "eventTime": r.at.UTC().Format(time.RFC3339),
		"awsRegion": "us-east-1", "recipientAccountId": "111122223333", "sourceIPAddress": "192.0.2.7", "userAgent": "[aws-sdk-go-v2/1.47.7]",
		"userIdentity":      identity,
		"requestParameters": map[string]any{"bucketName": r.bucket, "key": r.key},
		"resources": []any{
			map[string]any{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::" + r.bucket, "accountId": "111122223333"},
			map[string]any{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::" + r.bucket + "/" + r.key},
		},
	}
	if r.who == alice || r.who == bob {
		identity["type"] = "IAMUser"
		delete(identity, "sessionContext")
		record["sessionCredentialFromConsole"] = "true"
	}
	parameters := record["requestParameters"].(map[string]any)
	maps.Copy(parameters, r.parameters)
	if strings.Contains(r.operation, "Bucket") {
		record["eventCategory"], record["managementEvent"] = "Management", true
	}
	if r.requestID != "" {
		record["requestID"] = r.requestID
	}
	if r.key == "" {
		delete(parameters, "key")
		record["resources"] = record["resources"].([]any)[:1]
	}
	if r.errorCode != "" {
		record["errorCode"] = r.errorCode
	}
	if r.versionID != "" {
		parameters["versionId"] = r.versionID
	}
	if r.sseC {
		parameters["x-amz-server-side-encryption-customer-algorithm"] = "AES256"
		record["additionalEventData"] = map[string]any{"SSEApplied": "SSE_C"}
	}
	if r.bytesIn > 0 {
		record["additionalEventData"] = map[string]any{"bytesTransferredIn": r.bytesIn}
	}
	if r.removedMarker {
		record["responseElements"] = map[string]any{"x-amz-delete-marker": "true", "x-amz-version-id": r.versionID}
	}
	if r.perKey {
		record["eventType"] = "AwsServiceEvent"
	}
	if r.who == "" {
		delete(record, "userIdentity")
	}
	return record
}

// suspended are the parameters of PutBucketVersioning that take a protection away.
var suspended = map[string]any{"VersioningConfiguration": map[string]any{"Status": "Suspended"}}

// A delivery is a log file of a test.
type delivery struct {
	key  string
	at   time.Time
	body []byte

	n        int
	requests []request
}

// moved returns the same log file at another time.
func (d delivery) moved(by time.Duration) delivery {
	requests := slices.Clone(d.requests)
	for i := range requests {
		requests[i].at = requests[i].at.Add(by)
	}
	return deliver(d.n, d.at.Add(by), requests...)
}

// deliver returns the log file with the requests, delivered at a time. n tells it from others.
func deliver(n int, at time.Time, requests ...request) delivery {
	records := make([]any, len(requests))
	for i, r := range requests {
		records[i] = r.record(fmt.Sprintf("%d-%d", n, i))
	}
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(map[string]any{"Records": records}); err != nil {
		panic(err)
	}
	at = at.UTC()
	key := fmt.Sprintf("AWSLogs/111122223333/CloudTrail/us-east-1/%s/111122223333_CloudTrail_us-east-1_%s_%016d.json.gz",
		at.Format("2006/01/02"), at.Format("20060102T1504Z"), n)
	return delivery{key, at, body.Bytes(), n, requests}
}
