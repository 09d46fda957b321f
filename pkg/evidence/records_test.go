package evidence_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/evidence"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/s3event"
)

const (
	account = "111122223333"
	alice   = "arn:aws:iam::111122223333:user/alice" // a person, by the console
	appWeb  = "arn:aws:iam::111122223333:role/app-web"
	cleaner = "arn:aws:iam::111122223333:role/cleaner"
	cdn     = "arn:aws:iam::111122223333:role/cdn"
	nobody  = s3event.Unattributed

	logBucket = "trail-logs"
	logFile   = "s3://trail-logs/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/a.json.gz"
)

// object is a value of a record, or a whole one.
type object = map[string]any

// clock returns the time of day on the 20th of November 2026.
func clock(at string) time.Time {
	d, err := time.Parse(time.TimeOnly, at)
	if err != nil {
		panic(err)
	}
	return d.AddDate(2026, 10, 19)
}

// a request is one record. What isn't set is as usual: a request on the bucket photos at 14:00.
type request struct {
	operation, bucket, key, who, at string
	id                              string // eventID
	perKey                          identity
	more                            object // members that replace the usual ones
}

// identity says how a per-key record of a DeleteObjects call names its caller; what such records have isn't documented.
type identity int

const (
	notPerKey identity = iota
	full
	minimal
	absent
)

func (q request) record() object {
	bucket, at, who := q.bucket, q.at, q.who
	if bucket == "" {
		bucket = "photos"
	}
	if at == "" {
		at = "14:00:00"
	}
	if who == "" {
		who = appWeb
	}
	r := object{
		"eventSource": "s3.amazonaws.com", "eventCategory": "Data", "eventType": "AwsApiCall", "recipientAccountId": account,
		"eventName": q.operation, "eventTime": clock(at).Format(time.RFC3339), "eventID": q.id, "requestID": "R-" + q.id,
		"sourceIPAddress": "192.0.2.7", "userAgent": "[aws-sdk-go-v2/1.41.1]",
		"userIdentity":      object{"type": "AssumedRole", "sessionContext": object{"sessionIssuer": object{"arn": who}}, "principalId": "AROAEXAMPLE:x"},
		"requestParameters": object{"bucketName": bucket, "key": q.key},
		"resources":         []any{object{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::" + bucket, "accountId": account}},
	}
	if who == alice {
		r["userIdentity"] = object{"type": "IAMUser", "arn": who}
		r["sessionCredentialFromConsole"] = "true"
	}
	switch q.perKey {
	case notPerKey:
		merge(r, q.more)
		return r
	case minimal:
		r["userIdentity"] = object{"accountId": account, "invokedBy": "s3.amazonaws.com"}
		r["sourceIPAddress"], r["userAgent"] = "s3.amazonaws.com", "s3.amazonaws.com"
		delete(r, "sessionCredentialFromConsole")
	case absent:
		for _, name := range []string{"userIdentity", "sourceIPAddress", "userAgent", "requestID", "sessionCredentialFromConsole"} {
			delete(r, name)
		}
	}
	r["eventName"], r["eventType"] = "DeleteObject", "AwsServiceEvent"
	merge(r, q.more)
	return r
}

func merge(base, patch object) {
	for name, v := range patch {
		if p, ok := v.(object); ok {
			if b, ok := base[name].(object); ok {
				b = maps.Clone(b)
				merge(b, p)
				base[name] = b
				continue
			}
		}
		base[name] = v
	}
}

// gather gathers the evidence of a log file with the requests, as the pipeline does.
func gather(t testing.TB, file evidence.File, list *expected.List, requests []request) *evidence.Collector {
	t.Helper()
	records := make([]object, len(requests))
	for i, q := range requests {
		if q.id == "" {
			q.id = fmt.Sprint(i)
		}
		records[i] = q.record()
	}
	doc, err := json.Marshal(object{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	return gatherFrom(t, file, list, string(doc))
}

func gatherFrom(t testing.TB, file evidence.File, list *expected.List, doc string) *evidence.Collector {
	t.Helper()
	var (
		reader    = cloudtrail.NewReader(strings.NewReader(doc))
		r         cloudtrail.Record
		e         s3event.Event
		calls     s3event.Calls
		newest    time.Time
		principal []byte
		c         = evidence.New(file, list)
	)
	for {
		if err := reader.Read(&r); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		s3event.Interpret(&r, &e)
		if e.Time.After(newest) {
			newest = e.Time
		}
		if e.Kind == s3event.KeyDelete && !e.Identified {
			c.AddUnidentified(&r, &e, calls.Origin(&r, &e))
			continue
		}
		principal = s3event.AppendPrincipal(principal[:0], &r.UserIdentity)
		c.Add(&r, &e, principal)
		if e.IsDeleteObjects() {
			calls.Add(&r, &e, string(principal))
		}
	}
	calls.Ascribe()
	c.Finish(newest)
	return c
}

// usual is the log file of most tests.
var usual = evidence.File{URI: logFile, Bucket: logBucket, AccountID: account, Delivered: clock("14:10:00")}
