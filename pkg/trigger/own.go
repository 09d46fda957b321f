package trigger

import "time"

// readOwnRequest reads what BucketWatch's own schedule, or its operator, sends.
func (r *reader) readOwnRequest(payload []byte) error {
	var request struct {
		BucketWatch string  `json:"bucketwatch"`
		Time        *string `json:"time"`
	}
	if err := decode(payload, &request); err != nil {
		return err
	}
	switch request.BucketWatch {
	case "tick":
		return r.addTick(request.Time)
	case "test-alert":
		r.message.TestAlert = true
		return nil
	}
	return unknown("bucketwatch %s, where only %q and %q are known", quote(request.BucketWatch), "tick", "test-alert")
}

// addTick adds a tick whose time is given as text, or nil.
func (r *reader) addTick(text *string) error {
	var tick Tick
	if text != nil {
		t, err := time.Parse(time.RFC3339, *text)
		if err != nil {
			return unknown("a tick whose time %s isn't RFC 3339", quote(*text))
		}
		tick.Time = t.UTC()
	}
	// The later tick asks for all that the earlier one does.
	if r.message.Tick == nil || tick.Time.After(r.message.Tick.Time) {
		r.message.Tick = &tick
	}
	return nil
}
