package anomaly

import "unicode/utf8"

// How much of the evidence an anomaly carries: enough to start looking, on a line that stays within its limits
// whatever the log files hold. The rest is found with the Delete lines.
const (
	maxListed      = 10
	maxListedBytes = 4096
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
		for v = v[:room]; !utf8.ValidString(v); {
			v = v[:len(v)-1]
		}
	}
	l.values = append(l.values, v)
	l.bytes += len(v)
}
