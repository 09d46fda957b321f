package state

import (
	"iter"
	"maps"
	"slices"
)

// All returns the items, in the order of their keys: of each partition as it is when its turn comes.
func (m *Memory) All() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		m.mu.RLock()
		partitions := slices.Sorted(maps.Keys(m.partitions))
		m.mu.RUnlock()
		for _, partition := range partitions {
			m.mu.RLock()
			items := slices.Clone(m.partitions[partition])
			m.mu.RUnlock()
			for _, item := range items {
				if !yield(copied(item)) {
					return
				}
			}
		}
	}
}
