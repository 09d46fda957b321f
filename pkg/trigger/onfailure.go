package trigger

import "encoding/json"

// readOnFailureRecord reads what Lambda sends to a function's OnFailure destination: the event that failed, as
// requestPayload, and how it failed.
func (r *reader) readOnFailureRecord(payload []byte, opened int) error {
	var record struct {
		RequestContext struct {
			Condition string `json:"condition"`
		} `json:"requestContext"`
		RequestPayload json.RawMessage `json:"requestPayload"`
	}
	if err := decode(payload, &record); err != nil {
		return err
	}
	// An OnSuccess destination sends the same record of an event that was dealt with.
	if record.RequestContext.Condition == "Success" {
		return unknown("an OnSuccess record, of an invocation that did not fail")
	}
	return r.open("requestPayload of "+string(onFailureRecord), record.RequestPayload, opened)
}
