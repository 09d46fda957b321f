package anomaly

import (
	"slices"
	"unicode/utf8"
)

// How much of the evidence an anomaly carries: enough to start looking, on a line that stays within its limits
// whatever the log files hold. The rest is found with the Delete lines.
const (
	MaxListed      = 10   // values of a sort
	maxListedBytes = 1536 // of each list; a byte may be written as six
)

// appendFirst appends those of the values that the list doesn't have, as long as there is room.
func appendFirst(list []string, values ...string) []string {
	for _, v := range values {
		if len(list) == MaxListed {
			return list
		}
		if v == "" || slices.Contains(list, v) {
			continue
		}
		room := maxListedBytes
		for _, have := range list {
			room -= len(have)
		}
		if len(v) > room {
			if len(list) > 0 {
				continue
			}
			for back := 1; back < utf8.UTFMax && !utf8.RuneStart(v[room]); back++ {
				room-- // to the beginning of the character that doesn't fit
			}
			v = v[:room]
		}
		list = append(list, v)
	}
	return list
}
