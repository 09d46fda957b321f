// Package trigger turns the payload of a Lambda invocation into what it asks for: log files to read, a tick, or a test alert.
//
// Understood are S3 event notifications, S3 events from EventBridge, CloudTrail's own notification (the message that a
// trail publishes to SNS), and every way in which SNS, SQS, a dead-letter queue or an OnFailure destination wraps them.
//
// The package leaves out all that needs more than the payload: whether an object is a log file, whether it exists,
// whether it was read before. It does no input or output and knows no time of day.
//
// It declares the few members that it reads instead of using the types of aws-lambda-go/events: those refuse a whole
// event for a member that nobody here looks at, such as an eventTime without a zone.
//
// The shapes are documented at
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html,
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html,
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html and
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html.
package trigger

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnknownShape is in the chain of every error about a payload, or a part of one, that isn't understood. Its text is
// the same in each: what would have been understood. What was found instead stands before it.
var ErrUnknownShape = errors.New(`expected an S3 notification, an EventBridge "Object ..." event from aws.s3, ` +
	`CloudTrail's own {"s3Bucket","s3ObjectKey"} message, an SNS or SQS event or an OnFailure record that carries one of these, ` +
	`{"bucketwatch":"tick"} or {"bucketwatch":"test-alert"}`)

// ErrTooDeep is in the chain of the error about envelopes nested deeper than [Parse] opens them.
var ErrTooDeep = fmt.Errorf("more than %d envelopes, one inside the other", maxEnvelopes)

// maxEnvelopes is what the longest way that AWS can build needs: a function that SNS invokes fails, its OnFailure
// destination is another topic, and a queue subscribes to that one. The queue's body is then an SNS envelope (1) of an
// OnFailure record (2) of an SNS event (3) of an S3 notification.
const maxEnvelopes = 3

// An Invocation is what one payload asks for.
type Invocation struct {
	// Messages holds one Message for each record of an SQS event, in the event's order, and exactly one for any other
	// payload. The same object in two SQS messages stays in both, since each message is answered for by itself.
	Messages []Message

	// Batch says that the payload is an SQS event: the answer names the messages that failed (batchItemFailures)
	// instead of being an error.
	Batch bool
}

// A Message is what is retried together. Either Err is set and nothing else but the ID, or at least one of Objects,
// Ignored, Tick and TestAlert is.
type Message struct {
	// ID is the SQS message's id, empty for a payload that doesn't come from SQS.
	ID string

	// Objects are the objects that were created, in the message's order, each one once however often the message names
	// it: to read a log file twice is to count its requests twice.
	Objects []Object

	// Ignored is what was understood and leaves nothing to read.
	Ignored []Ignored

	// Tick is set if the message is a tick; of several in one message, the latest.
	Tick *Tick

	// TestAlert asks for a message in the shape of a real alert.
	TestAlert bool

	// Err says why an SQS message was not understood; see ErrUnknownShape and ErrTooDeep. A payload that doesn't come
	// from SQS never has it: there [Parse] returns the error.
	Err error
}

// An Object is an object in S3. Key is as S3 knows it: decoded.
type Object struct {
	Bucket, Key string
}

// Ignored is something understood that leaves nothing to read. Of the Object, what the message doesn't name is empty.
type Ignored struct {
	Object
	Reason string // the event's own name: "ObjectRemoved:Delete", "Object Deleted", "s3:TestEvent"
}

// A Tick is the request to look at what has become due.
type Tick struct {
	Time time.Time // in UTC; zero where the payload names none
}

// Parse returns what the payload asks for.
//
// A payload's shape is decided by its members, whatever their order; one that has the members of two shapes is of no
// known shape. Envelopes (a record of an SNS or SQS event, an SNS notification, an OnFailure record) are opened
// recursively, at most three, one inside the other: counted from the payload or, in an SQS event, from each record's
// body, so that the queue that delivers a message doesn't use up one of its three.
//
// All or nothing: one faulty record makes the whole payload an error or, in an SQS event, the whole message.
func Parse(payload []byte) (Invocation, error) {
	s, err := shapeOf(payload)
	if err != nil {
		return Invocation{}, fmt.Errorf("cannot read payload: %w", err)
	}
	if s == sqsEvent {
		messages, err := sqsMessages(payload)
		if err != nil {
			return Invocation{}, fmt.Errorf("cannot read %s: %w", s, err)
		}
		return Invocation{Messages: messages, Batch: true}, nil
	}
	var r reader
	if err := r.read(payload, 0); err != nil {
		return Invocation{}, fmt.Errorf("cannot read payload: %w", err)
	}
	return Invocation{Messages: []Message{r.message}}, nil
}

// A reader collects what one message asks for.
type reader struct {
	message Message
	seen    map[Object]bool
}

// read adds what the payload asks for, which stands inside so many opened envelopes.
func (r *reader) read(payload []byte, opened int) error {
	s, err := shapeOf(payload)
	if err != nil {
		return err
	}
	switch s {
	case s3Notification:
		return r.readS3Notification(payload)
	case s3TestEvent:
		return r.readS3TestEvent(payload)
	case eventBridgeEvent:
		return r.readEventBridgeEvent(payload)
	case trailMessage:
		return r.readTrailMessage(payload)
	case trailValidation:
		r.ignore(Object{}, trailValidationReason)
		return nil
	case snsEvent:
		return r.readSNSEvent(payload, opened)
	case snsEnvelope:
		return r.readSNSEnvelope(payload, opened)
	case sqsEvent:
		return r.readSQSEvent(payload, opened)
	case onFailureRecord:
		return r.readOnFailureRecord(payload, opened)
	case ownRequest:
		return r.readOwnRequest(payload)
	}
	panic("trigger: no reader for shape " + string(s))
}

// open reads what an envelope carries; what names the part of the envelope that holds it.
func (r *reader) open(what string, contents []byte, opened int) error {
	if opened == maxEnvelopes {
		return fmt.Errorf("cannot open %s: %w", what, ErrTooDeep)
	}
	if err := r.read(contents, opened+1); err != nil {
		return fmt.Errorf("cannot read %s: %w", what, err)
	}
	return nil
}

func (r *reader) add(o Object) {
	if r.seen[o] {
		return
	}
	if r.seen == nil {
		r.seen = make(map[Object]bool)
	}
	r.seen[o] = true
	r.message.Objects = append(r.message.Objects, o)
}

func (r *reader) ignore(o Object, reason string) {
	r.message.Ignored = append(r.message.Ignored, Ignored{Object: o, Reason: reason})
}
