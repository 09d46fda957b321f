package metric

import "unicode/utf8"

// Names that a Tally keeps apart, and how long they may be: real ones are fewer and shorter, and a line must stay
// within its limits whatever a log file holds.
const (
	maxNames      = 30
	maxNameLength = 100
)

// Tally counts by name. Its zero value is ready for use.
type Tally struct {
	entries []tallyEntry
}

type tallyEntry struct {
	name string
	n    int64
}

// add counts the name, whose memory is that of a name in known if it is there.
func (t *Tally) add(name []byte, known names) {
	if len(name) > maxNameLength {
		name = clip(name)
	}
	for i := range t.entries {
		if t.entries[i].name == string(name) {
			t.entries[i].n++
			if i > 0 && i < maxNames-1 && t.entries[i].n > t.entries[i-1].n { // the most frequent first: found at once
				t.entries[i], t.entries[i-1] = t.entries[i-1], t.entries[i]
			}
			return
		}
	}
	t.addNew(name, known)
}

func (t *Tally) addNew(name []byte, known names) {
	if len(t.entries) < maxNames-1 {
		if t.entries == nil {
			t.entries = make([]tallyEntry, 0, 8)
		}
		t.entries = append(t.entries, tallyEntry{known.of(name), 1})
		return
	}
	if len(t.entries) < maxNames {
		t.entries = append(t.entries, tallyEntry{name: OtherName})
	}
	t.entries[maxNames-1].n++
}

// names are those of all tallies of a file, since most have the same.
type names map[string]string

func (n names) of(name []byte) string {
	known, ok := n[string(name)]
	if !ok {
		known = string(name)
		if len(n) < maxRows {
			n[known] = known
		}
	}
	return known
}

// clip cuts name to its greatest length, between characters.
func clip(name []byte) []byte {
	if len(name) <= maxNameLength {
		return name
	}
	name = name[:maxNameLength]
	for len(name) > 0 {
		if r, size := utf8.DecodeLastRune(name); r != utf8.RuneError || size > 1 {
			break
		}
		name = name[:len(name)-1]
	}
	return name
}

// Len returns how many names there are.
func (t *Tally) Len() int { return len(t.entries) }

// Map returns the counts by name.
func (t *Tally) Map() map[string]int64 {
	m := make(map[string]int64, len(t.entries))
	for _, e := range t.entries {
		m[e.name] += e.n
	}
	return m
}
