package traffic

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

// oracleRecord is what the oracle reads of a record, with encoding/json.
type oracleRecord struct {
	UserIdentity struct {
		Type, ARN, PrincipalID, AccountID, InvokedBy string
		SessionContext                               struct {
			SessionIssuer struct{ ARN string }
		}
	}
	EventTime                    time.Time
	EventSource, EventName       string
	EventCategory, EventType     string
	ErrorCode                    string
	ManagementEvent              *bool
	RequestParameters            map[string]any
	ResponseElements             map[string]any
	AdditionalEventData          map[string]any
	RequestID, EventID           string
	RecipientAccountID           string
	Addendum                     struct{ OriginalEventID string }
	Resources                    []struct{ AccountID, Type, ARN string }
	SessionCredentialFromConsole string
}

func decode(t *testing.T, body []byte) []oracleRecord {
	t.Helper()
	var file struct{ Records []oracleRecord }
	if err := json.Unmarshal(unzip(t, body), &file); err != nil {
		t.Fatalf("invalid JSON: %v", err)
	}
	return file.Records
}

func unzip(t *testing.T, body []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (r *oracleRecord) resource(kind string) (account, arn string) {
	for _, res := range r.Resources {
		if res.Type == kind {
			return res.AccountID, res.ARN
		}
	}
	return "", ""
}

func (r *oracleRecord) bucket() string {
	_, arn := r.resource("AWS::S3::Bucket")
	return strings.TrimPrefix(arn, "arn:aws:s3:::")
}

func (r *oracleRecord) key() string {
	if key, ok := r.RequestParameters["key"].(string); ok {
		return key
	}
	_, arn := r.resource("AWS::S3::Object")
	return strings.TrimPrefix(arn, "arn:aws:s3:::"+r.bucket()+"/")
}

func (r *oracleRecord) principal() string {
	id := r.UserIdentity
	switch {
	case id.AccountID == "anonymous":
		return "anonymous"
	case id.SessionContext.SessionIssuer.ARN != "":
		return id.SessionContext.SessionIssuer.ARN
	case id.ARN != "":
		return id.ARN
	}
	return id.InvokedBy
}

func (r *oracleRecord) status() int {
	if n, ok := r.AdditionalEventData["httpStatusCode"].(float64); ok {
		return int(n)
	}
	switch r.ErrorCode {
	case "":
		return 200
	case "SlowDown", "InternalError":
		return 500
	case "NotModified":
		return 304
	}
	return 400
}

// count says what a naive reader makes of log files: it knows the rules of CloudTrail, and nothing of the generator.
func count(t *testing.T, truth *Truth, logBucket string, records []oracleRecord) {
	t.Helper()
	class := func(name string) { truth.Records["RecordsRead"]++; truth.Records["Records"+name]++ }
	seen := make(map[string]bool)
	callers := make(map[string]string) // of DeleteObjects, by requestID
	newest := time.Time{}
	for _, r := range records {
		if r.EventName == "DeleteObjects" {
			callers[r.RequestID] = r.principal()
		}
		if r.EventTime.After(newest) {
			newest = r.EventTime
		}
	}
	for i := range records {
		r := &records[i]
		s3 := r.EventSource == "s3.amazonaws.com"
		management := r.EventCategory == "Management" || r.ManagementEvent != nil && *r.ManagementEvent
		if management && s3 && r.EventName == "PutBucketVersioning" && r.ErrorCode == "" {
			truth.Anomalies = append(truth.Anomalies, Anomaly{Bucket: r.bucket(), Name: "ProtectionRemoved", Principal: r.principal()})
		}
		about := r.EventSource == "s3lifecycle.amazonaws.com" || r.EventSource == "s3-authn-errors.amazonaws.com"
		deletes := strings.HasPrefix(r.EventName, "DeleteObject")
		account, _ := r.resource("AWS::S3::Bucket")
		switch {
		case !s3 && !about || management:
			class("NotS3")
			continue
		case seen[r.EventID] || r.Addendum.OriginalEventID != "":
			class("Duplicate")
			continue
		case account != r.RecipientAccountID:
			class("ForeignBucket")
			continue
		case r.bucket() == logBucket && !deletes:
			class("LogBucket")
			continue
		}
		seen[r.EventID] = true
		c := truth.bucket(r.bucket())
		switch {
		case r.EventSource == "s3lifecycle.amazonaws.com":
			class("NotARequest")
			c.Metrics["LifecycleActions"]++
			continue
		case r.EventSource == "s3-authn-errors.amazonaws.com":
			class("NotARequest")
			c.Metrics["AuthenticationFailures"]++
			continue
		case newest.Sub(r.EventTime) > 14*24*time.Hour:
			class("TooOld")
			c.Callers[r.principal()]++
			continue
		}
		principal := r.principal()
		if r.EventType == "AwsServiceEvent" {
			class("NotARequest")
			if r.UserIdentity.ARN == "" {
				principal = callers[r.RequestID]
			}
		} else {
			class("Counted")
			countRequest(c, r)
		}
		if r.EventName == "DeleteObject" {
			version, _ := r.RequestParameters["versionId"].(string)
			undelete := version != "" && r.ResponseElements["x-amz-delete-marker"] == "true"
			if !undelete && (r.ErrorCode == "" || r.ErrorCode == "AccessDenied") {
				truth.Deletes = append(truth.Deletes, Delete{
					Bucket: r.bucket(), Key: r.key(), VersionID: version, Principal: principal, ErrorCode: r.ErrorCode,
				})
			}
			switch {
			case r.ErrorCode == "AccessDenied":
				c.Metrics["DeniedDeletes"]++
			case r.ErrorCode != "":
			case undelete:
				c.Metrics["DeleteMarkersRemoved"]++
			default:
				c.Metrics["DeletedObjects"]++
				if strings.HasSuffix(principal, ":role/thumbnailer") && strings.HasPrefix(r.key(), "tmp/") {
					c.Metrics["ExpectedDeletes"]++ // Story.ExpectedDeletes says so
				}
				if version != "" {
					c.Metrics["PermanentDeletes"]++
				}
				if r.bucket() == logBucket {
					truth.Anomalies = append(truth.Anomalies, Anomaly{Bucket: logBucket, Name: "ProtectionRemoved", Principal: principal})
				}
			}
		}
	}
}

func countRequest(c *Counts, r *oracleRecord) {
	c.Metrics["AllRequests"]++
	c.Operations[r.EventName]++
	c.Callers[r.principal()]++
	if r.ErrorCode != "" {
		c.ErrorCodes[r.ErrorCode]++
	}
	verb := map[byte]string{ // that none of the generated operations breaks
		'G': "Get", 'H': "Head", 'P': "Put", 'U': "Put", 'C': "Post", 'D': "Delete", 'L': "List",
	}[r.EventName[0]]
	c.Metrics[verb+"Requests"]++
	for metric, field := range map[string]string{"BytesUploaded": "bytesTransferredIn", "BytesDownloaded": "bytesTransferredOut"} {
		if n, ok := r.AdditionalEventData[field].(float64); ok && n > 0 {
			c.Metrics[metric] += int64(n)
		}
	}
	switch status := r.status(); {
	case status >= 500:
		c.Metrics["5xxErrors"]++
	case status >= 400:
		c.Metrics["4xxErrors"]++
	}
	if r.principal() == "anonymous" {
		c.Metrics["AnonymousRequests"]++
	}
	if _, ok := r.AdditionalEventData["turnAroundTime"]; ok {
		c.Timed++
	}
}
