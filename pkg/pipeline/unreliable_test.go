package pipeline

import (
	"context"
	"errors"
	"strings"
	"sync"

	"bucketwatch/pkg/state"
)

// errThrottled is how an unreliable store fails.
var errThrottled = errors.New("ProvisionedThroughputExceededException")

// call is one call to a store.
type call struct {
	n               int // counted from 1
	method          string
	partition, sort string // of the first item
}

func (c call) String() string { return c.method + " " + c.partition + " / " + c.sort }

// isClaim tells whether it is about a claim.
func (c call) isClaim() bool { return strings.HasPrefix(c.partition, "v1#file#") }

// unreliable is a store of which some calls fail: before they do anything, or in the midst of it.
type unreliable struct {
	state.Store
	fails func(call) bool
	how   failure

	mu     sync.Mutex
	made   []call
	failed []call
}

// failure is what a call has done when it fails.
type failure int

const (
	nothingDone failure = iota
	halfDone            // half of the items were put, or shown
	allDone             // the answer was lost
)

func (f failure) String() string {
	return [...]string{"nothing done", "half done", "all done"}[f]
}

// failsAt makes the n-th call fail.
func failsAt(n int) func(call) bool { return func(c call) bool { return c.n == n } }

// failsFrom makes all calls fail from the n-th on.
func failsFrom(n int) func(call) bool { return func(c call) bool { return c.n >= n } }

// next notes a call and tells whether it is to fail.
func (u *unreliable) next(method, partition, sort string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := call{len(u.made) + 1, method, partition, sort}
	u.made = append(u.made, c)
	if u.fails == nil || !u.fails(c) {
		return false
	}
	u.failed = append(u.failed, c)
	return true
}

func (u *unreliable) Get(ctx context.Context, partition, sort string) (state.Item, error) {
	if u.next("Get", partition, sort) {
		return state.Item{}, errThrottled
	}
	return u.Store.Get(ctx, partition, sort)
}

func (u *unreliable) Query(ctx context.Context, partition, from, until string, yield func(state.Item) bool) error {
	if !u.next("Query", partition, from) {
		return u.Store.Query(ctx, partition, from, until, yield)
	}
	var items []state.Item
	if err := u.Store.Query(ctx, partition, from, until, func(item state.Item) bool {
		items = append(items, item)
		return true
	}); err != nil {
		return err
	}
	for _, item := range items[:u.done(len(items))] {
		if !yield(item) {
			return nil
		}
	}
	return errThrottled
}

// done returns how many of the items a call has got to when it fails.
func (u *unreliable) done(items int) int {
	return [...]int{nothingDone: 0, halfDone: (items + 1) / 2, allDone: items}[u.how]
}

func (u *unreliable) Put(ctx context.Context, items ...state.Item) error {
	if !u.next("Put", items[0].Partition, items[0].Sort) {
		return u.Store.Put(ctx, items...)
	}
	return errors.Join(errThrottled, u.Store.Put(ctx, items[:u.done(len(items))]...))
}

func (u *unreliable) PutIf(ctx context.Context, item state.Item) (state.Item, error) {
	if !u.next("PutIf", item.Partition, item.Sort) {
		return u.Store.PutIf(ctx, item)
	}
	if u.how == allDone {
		if _, err := u.Store.PutIf(ctx, item); err != nil && !errors.Is(err, state.ErrConflict) {
			return state.Item{}, err
		}
	}
	return state.Item{}, errThrottled
}

func (u *unreliable) Delete(ctx context.Context, partition, sort string, version int64) error {
	if !u.next("Delete", partition, sort) {
		return u.Store.Delete(ctx, partition, sort, version)
	}
	if u.how == allDone {
		if err := u.Store.Delete(ctx, partition, sort, version); err != nil {
			return err
		}
	}
	return errThrottled
}
