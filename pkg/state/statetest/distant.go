package statetest

import (
	"context"
	"sync"
	"time"

	"bucketwatch/pkg/state"
)

// Distant is a Store that is as far away as a table is: each of its calls takes a round trip. In a bubble of testing/synctest,
// where time costs nothing, what is done to it takes as many trips as its longest chain of calls has that wait for one
// another.
type Distant struct {
	store state.Store
	trip  time.Duration
	slots chan struct{}
}

// At returns a store that is a round trip away, and as the table's makes up to state.CallsAtOnce calls at the same time, a
// call for each 25 items that are put.
func At(trip time.Duration, store state.Store) *Distant {
	return &Distant{store, trip, make(chan struct{}, state.CallsAtOnce)}
}

var _ state.Store = (*Distant)(nil)

func (d *Distant) travel() {
	d.slots <- struct{}{}
	time.Sleep(d.trip)
	<-d.slots
}

// Get implements state.Store.
func (d *Distant) Get(ctx context.Context, partition, sort string) (state.Item, error) {
	d.travel()
	return d.store.Get(ctx, partition, sort)
}

// Query implements state.Store.
func (d *Distant) Query(ctx context.Context, partition, from, until string, yield func(state.Item) bool) error {
	if from < until {
		d.travel()
	}
	return d.store.Query(ctx, partition, from, until, yield)
}

// Put implements state.Store.
func (d *Distant) Put(ctx context.Context, items ...state.Item) error {
	var travelling sync.WaitGroup
	for range (len(items) + 24) / 25 {
		travelling.Go(d.travel)
	}
	travelling.Wait()
	return d.store.Put(ctx, items...)
}

// PutIf implements state.Store.
func (d *Distant) PutIf(ctx context.Context, item state.Item) (state.Item, error) {
	d.travel()
	return d.store.PutIf(ctx, item)
}

// Delete implements state.Store.
func (d *Distant) Delete(ctx context.Context, partition, sort string, version int64) error {
	d.travel()
	return d.store.Delete(ctx, partition, sort, version)
}
