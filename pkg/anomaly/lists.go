package anomaly

import "unicode/utf8"

// How much of the evidence an anomaly carries: enough to start looking, on a line that stays within its limits
// whatever the log files hold. The rest is found with the Delete lines.
const (
	maxListed      = 10
	maxListedBytes = 1536 // of each list; a byte may be written as six
)

// lists are the first of the values in an anomaly's evidence, each once.
type lists struct {
	keys, eventIDs, addresses, agents list
}

func (l *lists) add(e Evidence) {
	l.keys.add(e.Key)
	l.eventIDs.add(e.EventID)
	l.addresses.add(e.Caller.SourceIPAddress)
	l.agents.add(e.Caller.UserAgent)
}

type list struct {
	values []string
	bytes  int
}

func (l *list) add(v string) {
	if v == "" || len(l.values) == maxListed {
		return
	}
	for _, have := range l.values {
		if have == v {
			return
		}
	}
	if room := maxListedBytes - l.bytes; len(v) > room {
		if len(l.values) > 0 {
			return
		}
		for back := 1; back < utf8.UTFMax && !utf8.RuneStart(v[room]); back++ {
			room-- // to the beginning of the character that doesn't fit
		}
		v = v[:room]
	}
	l.values = append(l.values, v)
	l.bytes += len(v)
}
