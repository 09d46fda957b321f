package trigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A shape is what a payload was recognised as, in the words of the error messages.
type shape string

const (
	s3Notification   shape = "S3 notification"
	s3TestEvent      shape = "S3 test event"
	eventBridgeEvent shape = "EventBridge event"
	trailMessage     shape = "CloudTrail message"
	trailValidation  shape = "CloudTrail validation message"
	snsEvent         shape = "SNS event"
	snsEnvelope      shape = "SNS message"
	sqsEvent         shape = "SQS event"
	onFailureRecord  shape = "OnFailure record"
	ownRequest       shape = "BucketWatch request"
)

// probe has the members that tell the shapes apart, and no others.
type probe struct {
	Records []struct { // S3, SNS, SQS
		EventSource string `json:"eventSource"` // SNS spells it with a capital, which encoding/json overlooks
	}
	DetailType     string          `json:"detail-type"`    // EventBridge
	Type           string          `json:"Type"`           // SNS envelope
	Message        *string         `json:"Message"`        // SNS envelope
	Event          string          `json:"Event"`          // S3 test event
	S3Bucket       *string         `json:"s3Bucket"`       // CloudTrail
	S3ObjectKey    json.RawMessage `json:"s3ObjectKey"`    // CloudTrail
	RequestPayload json.RawMessage `json:"requestPayload"` // OnFailure record
	BucketWatch    json.RawMessage `json:"bucketwatch"`    // tick
}

// shapeOf recognises the payload by its members. What it returns is a hint where to read on, not a proof that the
// payload is complete.
func shapeOf(payload []byte) (shape, error) {
	if string(bytes.TrimSpace(payload)) == trailValidationText {
		return trailValidation, nil
	}
	// A member of the wrong type is left at zero, and so counts as absent.
	var p probe
	if err := json.Unmarshal(payload, &p); err != nil && !isTypeError(err) {
		return "", unknown("%s", describe(payload))
	}

	var found []shape
	if len(p.Records) > 0 {
		s, err := shapeOfRecords(p)
		if err != nil {
			return "", err
		}
		found = append(found, s)
	}
	if p.DetailType != "" {
		found = append(found, eventBridgeEvent)
	}
	if p.Type != "" && p.Message != nil {
		found = append(found, snsEnvelope)
	}
	if p.Event == testEvent {
		found = append(found, s3TestEvent)
	}
	if p.S3Bucket != nil || p.S3ObjectKey != nil {
		found = append(found, trailMessage)
	}
	if p.RequestPayload != nil {
		found = append(found, onFailureRecord)
	}
	if p.BucketWatch != nil {
		found = append(found, ownRequest)
	}
	switch len(found) {
	case 0:
		return "", unknown("%s", describe(payload))
	case 1:
		return found[0], nil
	}
	return "", unknown("%s that could be %s or %s", describe(payload), found[0], found[1])
}

// shapeOfRecords decides by the source that every record names; AWS never mixes two in one event.
func shapeOfRecords(p probe) (shape, error) {
	source := p.Records[0].EventSource
	for i, r := range p.Records {
		if r.EventSource != source {
			return "", unknown("Records with eventSource %s and, in record %d, %s", quote(source), i+1, quote(r.EventSource))
		}
	}
	switch source {
	case "aws:s3":
		return s3Notification, nil
	case "aws:sns":
		return snsEvent, nil
	case "aws:sqs":
		return sqsEvent, nil
	case "":
		return "", unknown("Records without eventSource")
	}
	return "", unknown("Records with eventSource %s", quote(source))
}

// unknown returns the error about something that isn't understood. The arguments must be bounded: the error ends up in
// a log line, and a payload may be of 6 MB.
func unknown(format string, args ...any) error {
	return fmt.Errorf("found %s; %w", fmt.Sprintf(format, args...), ErrUnknownShape)
}

// decode fills v, whose members are all that the caller reads, so that a wrong type in any of them is an error.
func decode(payload []byte, v any) error {
	err := json.Unmarshal(payload, v)
	var typeError *json.UnmarshalTypeError
	if errors.As(err, &typeError) {
		kind, _, _ := strings.Cut(typeError.Value, " ") // "number 1.5": a number is quoted whole, however long
		if typeError.Field == "" {
			return unknown("a JSON %s", kind)
		}
		return unknown("a JSON %s as %s", kind, typeError.Field)
	}
	if err != nil {
		return unknown("%s", describe(payload))
	}
	return nil
}

func isTypeError(err error) bool {
	var typeError *json.UnmarshalTypeError
	return errors.As(err, &typeError)
}

// Enough of a payload to recognise it by, in a line that stays readable.
const (
	maxNames = 8
	maxQuote = 40
)

// describe says in a few words what the payload is, never all that it holds.
func describe(payload []byte) string {
	payload = bytes.TrimSpace(payload)
	switch {
	case len(payload) == 0:
		return "nothing"
	case !json.Valid(payload):
		return "text that isn't JSON and begins " + quote(string(payload))
	}
	switch payload[0] {
	case '{':
		return describeObject(payload)
	case '[':
		return "a JSON array"
	case '"':
		return "a JSON string"
	case 'n':
		return "null"
	case 't', 'f':
		return "a JSON bool"
	}
	return "a JSON number"
}

func describeObject(payload []byte) string {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(payload, &members); err != nil || len(members) == 0 {
		return "an empty JSON object"
	}
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	more := ""
	if len(names) > maxNames {
		more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		names = names[:maxNames]
	}
	for i, name := range names {
		names[i] = quote(name)
		if string(members[name]) == "[]" {
			names[i] += " (empty)"
		}
	}
	return "a JSON object of " + strings.Join(names, ", ") + more
}

// quote returns the text in quotes, cut to a bounded length.
func quote(text string) string {
	if len(text) <= maxQuote {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q...", strings.ToValidUTF8(text[:maxQuote], ""))
}
