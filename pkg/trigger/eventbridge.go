package trigger

import "strings"

func (r *reader) readEventBridgeEvent(payload []byte) error {
	var event struct {
		Source     string `json:"source"`
		DetailType string `json:"detail-type"`
		Detail     struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key string `json:"key"`
			} `json:"object"`
		} `json:"detail"`
	}
	// Source and type come first: another service's detail may have any members of any type.
	err := decode(payload, &event)
	if event.Source != "aws.s3" || !strings.HasPrefix(event.DetailType, "Object ") {
		return unknown("an %s of source %s and detail-type %s", eventBridgeEvent, quote(event.Source), quote(event.DetailType))
	}
	if err != nil {
		return err
	}
	// The key is plain, unlike that of an S3 notification: a plus sign is a plus sign.
	object := Object{event.Detail.Bucket.Name, event.Detail.Object.Key}
	switch {
	case object.Bucket == "":
		return unknown("an %s without detail.bucket.name", eventBridgeEvent)
	case object.Key == "":
		return unknown("an %s without detail.object.key", eventBridgeEvent)
	}
	if event.DetailType == "Object Created" {
		r.add(object)
	} else {
		r.ignore(object, event.DetailType)
	}
	return nil
}
