package trigger

import (
	"net/url"
	"strings"
)

const testEvent = "s3:TestEvent"

func (r *reader) readS3Notification(payload []byte) error {
	var event struct {
		Records []struct {
			EventName string `json:"eventName"`
			S3        struct {
				Bucket struct {
					Name string `json:"name"`
				} `json:"bucket"`
				Object struct {
					Key string `json:"key"`
				} `json:"object"`
			} `json:"s3"`
		}
	}
	if err := decode(payload, &event); err != nil {
		return err
	}
	for i, record := range event.Records {
		bucket, encoded := record.S3.Bucket.Name, record.S3.Object.Key
		switch {
		case record.EventName == "":
			return unknown("record %d of an %s without eventName", i+1, s3Notification)
		case bucket == "":
			return unknown("record %d of an %s without s3.bucket.name", i+1, s3Notification)
		case encoded == "":
			return unknown("record %d of an %s without s3.object.key", i+1, s3Notification)
		}
		// Here alone the key is encoded like an HTML form's field: a plus sign is a space.
		key, err := url.QueryUnescape(encoded)
		if err != nil {
			return unknown("record %d of an %s with a key that can't be decoded (%s)", i+1, s3Notification, err)
		}
		// S3 leaves the "s3:" out of the name; some work-alikes don't, and then every log file would be ignored.
		name := strings.TrimPrefix(record.EventName, "s3:")
		if strings.HasPrefix(name, "ObjectCreated:") {
			r.add(Object{bucket, key})
		} else {
			r.ignore(Object{bucket, key}, name)
		}
	}
	return nil
}

// readS3TestEvent reads what S3 sends once to a topic or a queue when it is told to notify it.
func (r *reader) readS3TestEvent(payload []byte) error {
	var event struct{ Bucket string }
	if err := decode(payload, &event); err != nil {
		return err
	}
	r.ignore(Object{Bucket: event.Bucket}, testEvent)
	return nil
}
