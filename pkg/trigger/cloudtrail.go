package trigger

// trailValidationText is what CloudTrail publishes when a trail is given a topic.
const (
	trailValidationText   = "CloudTrail validation message."
	trailValidationReason = "CloudTrail validation message"
)

// readTrailMessage reads what a trail publishes to its topic. The keys are plain, and there may be several.
func (r *reader) readTrailMessage(payload []byte) error {
	var message struct {
		S3Bucket    string   `json:"s3Bucket"`
		S3ObjectKey []string `json:"s3ObjectKey"`
	}
	if err := decode(payload, &message); err != nil {
		return err
	}
	switch {
	case message.S3Bucket == "":
		return unknown("a %s without s3Bucket", trailMessage)
	case len(message.S3ObjectKey) == 0:
		return unknown("a %s without s3ObjectKey", trailMessage)
	}
	for i, key := range message.S3ObjectKey {
		if key == "" {
			return unknown("a %s with an empty s3ObjectKey %d", trailMessage, i+1)
		}
		r.add(Object{message.S3Bucket, key})
	}
	return nil
}
