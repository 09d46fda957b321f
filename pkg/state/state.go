// Package state remembers items from one invocation to the next. It says how items are kept, not what they mean: what
// they hold is for package history.
//
// There are two stores: Memory, which ends with the process, and the table of package state/dynamodb. Package
// state/statetest holds both against one test.
package state

import (
	"context"
	"errors"
	"time"
)

// Item is what is remembered under a partition key and a sort key. The keys are UTF-8 and not empty; all in all an item
// has less than 400 KB.
type Item struct {
	Partition string    // at most 2,048 bytes
	Sort      string    // at most 1,024 bytes
	Version   int64     // what conditional writes compare; 0 is that of an item that isn't there
	Data      []byte    // the caller's: no store keeps or shares it
	Expires   time.Time // when the store may forget the item, in whole seconds; zero: never. It may be returned long after
}

// CallsAtOnce is how many calls of a store are made at the same time where none waits for another. The AWS client keeps as
// many connections open, so that more would begin with a handshake, which costs more than a call; and a table's partition
// takes 1,000 write units a second, which ten batches of 25 items are a quarter of.
const CallsAtOnce = 10

// ErrConflict says that the stored item's version was not the expected one: somebody else was faster.
var ErrConflict = errors.New("the item has changed meanwhile")

// Store keeps items. Reads see all writes that ended before they began. An error that is neither nil nor ErrConflict
// leaves open whether a write took place. A Store may be used by several goroutines at once.
type Store interface {
	// Get returns an item, of Version 0 and without Data if there is none. It has its keys all the same.
	Get(ctx context.Context, partition, sort string) (Item, error)
	// Query calls yield with the items of a partition whose sort keys are from <= key < until, in the order of their
	// bytes, until it returns false. It must not write to the store. The bounds may be empty.
	Query(ctx context.Context, partition, from, until string, yield func(Item) bool) error
	// Put stores items as they are, whatever was there. No two may have the same keys. The order of writing is open.
	Put(ctx context.Context, items ...Item) error
	// PutIf stores the item with its Version raised by one and returns it so, if the stored one has the item's Version. If
	// not, it returns the stored item and ErrConflict.
	PutIf(ctx context.Context, item Item) (Item, error)
	// Delete deletes an item if it has the given version; if it hasn't, or isn't there, it does nothing.
	Delete(ctx context.Context, partition, sort string, version int64) error
}
