package trigger

import (
	"encoding/json"
	"fmt"
)

type sqsRecord struct {
	MessageID string  `json:"messageId"`
	Body      *string `json:"body"`
}

// sqsMessages reads the SQS event that the function was invoked with. A fault in one record is that message's alone.
//
// A record without an id becomes a message without one. That is safe: Lambda takes an answer with an empty identifier
// as the failure of the whole batch.
func sqsMessages(payload []byte) ([]Message, error) {
	var event struct{ Records []json.RawMessage }
	if err := decode(payload, &event); err != nil {
		return nil, err
	}
	messages := make([]Message, 0, len(event.Records))
	for _, raw := range event.Records {
		var record sqsRecord
		err := decode(raw, &record)
		if err == nil && record.Body == nil {
			err = unknown("a record of an %s without body", sqsEvent)
		}
		var r reader
		if err == nil {
			err = r.read([]byte(*record.Body), 0)
		}
		if err != nil {
			r.message = Message{Err: fmt.Errorf("cannot read SQS message: %w", err)}
		}
		r.message.ID = record.MessageID
		messages = append(messages, r.message)
	}
	return messages, nil
}

// readSQSEvent reads an SQS event that is itself a message: a dead-letter queue holds the event that failed.
func (r *reader) readSQSEvent(payload []byte, opened int) error {
	var event struct{ Records []sqsRecord }
	if err := decode(payload, &event); err != nil {
		return err
	}
	for i, record := range event.Records {
		if record.Body == nil {
			return unknown("record %d of an %s without body", i+1, sqsEvent)
		}
		if err := r.open("body of "+string(sqsEvent), []byte(*record.Body), opened); err != nil {
			return err
		}
	}
	return nil
}
