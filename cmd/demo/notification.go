package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"bucketwatch/internal/traffic"
)

// s3Event is what S3 sends when objects arrive, as far as it matters to who gets it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
type s3Event struct {
	Records []s3EventRecord
}

type s3EventRecord struct {
	EventVersion string    `json:"eventVersion"`
	EventSource  string    `json:"eventSource"`
	AWSRegion    string    `json:"awsRegion"`
	EventTime    time.Time `json:"eventTime"`
	EventName    string    `json:"eventName"`
	S3           struct {
		SchemaVersion   string `json:"s3SchemaVersion"`
		ConfigurationID string `json:"configurationId"`
		Bucket          struct {
			Name string `json:"name"`
			ARN  string `json:"arn"`
		} `json:"bucket"`
		Object struct {
			Key  string `json:"key"`
			Size int    `json:"size"`
		} `json:"object"`
	} `json:"s3"`
}

// notification is the event that announces a log file.
func notification(t *traffic.Traffic, f traffic.File) ([]byte, error) {
	record := s3EventRecord{
		EventVersion: "2.1",
		EventSource:  "aws:s3",
		AWSRegion:    t.Region,
		EventTime:    f.Delivered.Add(time.Second),
		EventName:    "ObjectCreated:Put",
	}
	record.S3.SchemaVersion = "1.0"
	record.S3.ConfigurationID = "demo"
	record.S3.Bucket.Name = t.LogBucket
	record.S3.Bucket.ARN = "arn:aws:s3:::" + t.LogBucket
	record.S3.Object.Key = formEncoded(f.Key)
	record.S3.Object.Size = len(f.Body)
	payload, err := json.Marshal(s3Event{Records: []s3EventRecord{record}})
	if err != nil {
		return nil, fmt.Errorf("cannot write the notification of %s: %w", f.Key, err)
	}
	return payload, nil
}

// formEncoded is how S3 writes a key into a notification.
func formEncoded(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }
