package trigger

import "time"

// readOwnRequest reads what BucketWatch's own schedule sends.
func (r *reader) readOwnRequest(payload []byte) error {
	var request struct {
		BucketWatch string  `json:"bucketwatch"`
		Time        *string `json:"time"`
	}
	if err := decode(payload, &request); err != nil {
		return err
	}
	if request.BucketWatch != "tick" {
		return unknown("bucketwatch %s, where only %q is known", quote(request.BucketWatch), "tick")
	}
	var tick Tick
	if request.Time != nil {
		t, err := time.Parse(time.RFC3339, *request.Time)
		if err != nil {
			return unknown("a tick whose time %s isn't RFC 3339", quote(*request.Time))
		}
		tick.Time = t.UTC()
	}
	// The later tick asks for all that the earlier one does.
	if r.message.Tick == nil || tick.Time.After(r.message.Tick.Time) {
		r.message.Tick = &tick
	}
	return nil
}
