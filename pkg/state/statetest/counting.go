package statetest

import (
	"context"
	"sync"

	"bucketwatch/pkg/state"
)

// Counter is a Store that counts what is done to another, as DynamoDB would bill it on a table on demand:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
//
// It looks at the item that a write replaces or doesn't replace, uncounted; of a Query that is stopped it counts what was
// shown.
type Counter struct {
	store state.Store

	mu     sync.Mutex
	reads  Usage
	writes Usage
}

// Usage sums up reads or writes.
type Usage struct {
	Calls int // of DynamoDB's API
	Items int
	Bytes int
	Units int // strongly consistent reads of 4 KB, or writes of 1 KB
}

// Counting returns a Counter of store.
func Counting(store state.Store) *Counter { return &Counter{store: store} }

var _ state.Store = (*Counter)(nil)

// Reads returns what has been read since the last Reset.
func (c *Counter) Reads() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads
}

// Writes returns what has been written, deleted or refused by a condition since the last Reset.
func (c *Counter) Writes() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// Reset begins to count anew.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads, c.writes = Usage{}, Usage{}
}

// Get implements state.Store.
func (c *Counter) Get(ctx context.Context, partition, sort string) (state.Item, error) {
	item, err := c.store.Get(ctx, partition, sort)
	size := sizeOf(item)
	c.add(&c.reads, Usage{Calls: 1, Items: min(size, 1), Bytes: size, Units: units(size, readUnit)})
	return item, err
}

// Query implements state.Store. A query reads pages of 1 MB, and is billed for all items of a page together.
func (c *Counter) Query(ctx context.Context, partition, from, until string, yield func(state.Item) bool) error {
	const page = 1 << 20
	var sum Usage
	size := 0 // of the page
	turn := func() {
		sum.Calls++
		sum.Bytes += size
		sum.Units += units(size, readUnit)
		size = 0
	}
	err := c.store.Query(ctx, partition, from, until, func(item state.Item) bool {
		sum.Items++
		if size += sizeOf(item); size > page {
			turn()
		}
		return yield(item)
	})
	if from < until { // else no store is asked
		turn()
	}
	c.add(&c.reads, sum)
	return err
}

// Put implements state.Store. It counts a call for each 25 items.
func (c *Counter) Put(ctx context.Context, items ...state.Item) error {
	sum := Usage{Calls: units(len(items), 25), Items: len(items)}
	if len(items) == 0 {
		sum.Calls = 0
	}
	for _, item := range items {
		size := c.written(ctx, item)
		sum.Bytes += size
		sum.Units += units(size, writeUnit)
	}
	c.add(&c.writes, sum)
	return c.store.Put(ctx, items...)
}

// PutIf implements state.Store.
func (c *Counter) PutIf(ctx context.Context, item state.Item) (state.Item, error) {
	raised := item
	raised.Version++
	size := c.written(ctx, raised)
	stored, err := c.store.PutIf(ctx, item)
	if err != nil { // the item itself isn't billed then
		size = sizeOf(stored)
	}
	c.add(&c.writes, Usage{Calls: 1, Items: 1, Bytes: size, Units: units(size, writeUnit)})
	return stored, err
}

// Delete implements state.Store.
func (c *Counter) Delete(ctx context.Context, partition, sort string, version int64) error {
	size := 0
	if before, err := c.store.Get(ctx, partition, sort); err == nil {
		size = sizeOf(before)
	}
	c.add(&c.writes, Usage{Calls: 1, Items: 1, Bytes: size, Units: units(size, writeUnit)})
	return c.store.Delete(ctx, partition, sort, version)
}

// written returns the size that is billed for a write of item: the larger one of what is there and what will be.
func (c *Counter) written(ctx context.Context, item state.Item) int {
	before, err := c.store.Get(ctx, item.Partition, item.Sort)
	if err != nil {
		return item.Size()
	}
	return max(item.Size(), sizeOf(before))
}

func (c *Counter) add(to *Usage, u Usage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to.Calls += u.Calls
	to.Items += u.Items
	to.Bytes += u.Bytes
	to.Units += u.Units
}

const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

// units returns how many units a size takes: one at least, since a read of nothing is billed too.
func units(size, unit int) int { return max(1, (size+unit-1)/unit) }

// sizeOf returns 0 for an item that isn't there.
func sizeOf(item state.Item) int {
	if item.Version == 0 && len(item.Data) == 0 {
		return 0
	}
	return item.Size()
}
