package state

import (
	"slices"
	"time"
)

// Forget deletes the items that have expired by now, as a table does by itself: for replays of more than the memory
// holds, on whose clock "now" is.
func (m *Memory) Forget(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, items := range m.partitions {
		items = slices.DeleteFunc(items, func(i Item) bool { return !i.Expires.IsZero() && !i.Expires.After(now) })
		if len(items) == 0 {
			delete(m.partitions, name)
			continue
		}
		m.partitions[name] = items
	}
}
