package trigger

// readSNSEvent reads what SNS invokes a function with.
func (r *reader) readSNSEvent(payload []byte, opened int) error {
	var event struct {
		Records []struct {
			Sns struct{ Message *string }
		}
	}
	if err := decode(payload, &event); err != nil {
		return err
	}
	for i, record := range event.Records {
		if record.Sns.Message == nil {
			return unknown("record %d of an %s without Sns.Message", i+1, snsEvent)
		}
		if err := r.open("Message of "+string(snsEvent), []byte(*record.Sns.Message), opened); err != nil {
			return err
		}
	}
	return nil
}

// readSNSEnvelope reads what SNS puts round a message on its way to a queue, unless raw message delivery is on.
func (r *reader) readSNSEnvelope(payload []byte, opened int) error {
	var envelope struct{ Type, Message string }
	if err := decode(payload, &envelope); err != nil {
		return err
	}
	// A SubscriptionConfirmation waits for somebody to confirm it; to ignore it would be to wait for ever.
	if envelope.Type != "Notification" {
		return unknown("an %s of Type %s", snsEnvelope, quote(envelope.Type))
	}
	return r.open("Message of "+string(snsEnvelope), []byte(envelope.Message), opened)
}
