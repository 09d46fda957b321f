package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Memory is a Store that ends with the process: for tests, replays and the demo. It never forgets an item by itself.
type Memory struct {
	mu         sync.RWMutex
	partitions map[string][]Item // in the order of their sort keys; an item's Data is never written to
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{partitions: map[string][]Item{}} }

var _ Store = (*Memory)(nil)

// Get implements Store.
func (m *Memory) Get(ctx context.Context, partition, sort string) (Item, error) {
	if err := cmp.Or(ctx.Err(), CheckKeys(partition, sort)); err != nil {
		return Item{}, fmt.Errorf("cannot read item %s: %w", Keys(partition, sort), err)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return copied(m.get(partition, sort)), nil
}

// Query implements Store. It shows the partition as it was when Query was called.
func (m *Memory) Query(ctx context.Context, partition, from, until string, yield func(Item) bool) error {
	if err := cmp.Or(ctx.Err(), CheckRange(partition, from, until)); err != nil {
		return fmt.Errorf("cannot read the items from %s until %s: %w", Keys(partition, from), Keys(until), err)
	}
	for _, item := range m.between(partition, from, until) {
		if !yield(copied(item)) {
			break
		}
	}
	return nil
}

// between returns a copy of the slice, so that yield is called without the lock: it may read the store.
func (m *Memory) between(partition, from, until string) []Item {
	m.mu.RLock()
	defer m.mu.RUnlock()
	items := m.partitions[partition]
	first, _ := find(items, from)
	last, _ := find(items, until)
	return slices.Clone(items[first:max(first, last)])
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, items ...Item) error {
	if err := cmp.Or(ctx.Err(), Check(items...)); err != nil {
		return fmt.Errorf("cannot write %d items: %w", len(items), err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, item := range items {
		m.put(item)
	}
	return nil
}

// PutIf implements Store.
func (m *Memory) PutIf(ctx context.Context, item Item) (Item, error) {
	version := item.Version
	item.Version++
	if err := cmp.Or(ctx.Err(), Check(item)); err != nil {
		return Item{}, fmt.Errorf("cannot write item %s: %w", Keys(item.Partition, item.Sort), err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if stored := m.get(item.Partition, item.Sort); stored.Version != version {
		return copied(stored), ErrConflict
	}
	return copied(m.put(item)), nil
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, partition, sort string, version int64) error {
	if err := cmp.Or(ctx.Err(), CheckKeys(partition, sort)); err != nil {
		return fmt.Errorf("cannot delete item %s: %w", Keys(partition, sort), err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.partitions[partition]
	if i, ok := find(items, sort); ok && items[i].Version == version {
		m.partitions[partition] = slices.Delete(items, i, i+1)
	}
	return nil
}

// get returns the item as it is stored.
func (m *Memory) get(partition, sort string) Item {
	items := m.partitions[partition]
	if i, ok := find(items, sort); ok {
		return items[i]
	}
	return Item{Partition: partition, Sort: sort}
}

// put returns the item as it is stored now.
func (m *Memory) put(item Item) Item {
	item = copied(item)
	if !item.Expires.IsZero() {
		item.Expires = time.Unix(item.Expires.Unix(), 0).UTC() // a table keeps no more of it
	}
	items := m.partitions[item.Partition]
	i, ok := find(items, item.Sort)
	if ok {
		items[i] = item
	} else {
		m.partitions[item.Partition] = slices.Insert(items, i, item)
	}
	return item
}

func find(items []Item, sort string) (int, bool) {
	return slices.BinarySearchFunc(items, sort, func(i Item, sort string) int { return cmp.Compare(i.Sort, sort) })
}

// copied returns the item with Data of its own, and with none where it is empty.
func copied(item Item) Item {
	item.Data = append([]byte(nil), item.Data...)
	return item
}
