package state

import "context"

// ReadOnly shows what there is in a Store, and writes nothing: what is asked to be written is as good as written, but for
// whoever reads it.
type ReadOnly struct{ Store }

var _ Store = ReadOnly{}

// Put implements Store.
func (ReadOnly) Put(_ context.Context, items ...Item) error { return Check(items...) }

// PutIf implements Store.
func (r ReadOnly) PutIf(ctx context.Context, item Item) (Item, error) {
	stored, err := r.Get(ctx, item.Partition, item.Sort)
	if err != nil {
		return Item{}, err
	}
	if stored.Version != item.Version {
		return stored, ErrConflict
	}
	item.Version++
	return item, Check(item)
}

// Delete implements Store.
func (ReadOnly) Delete(context.Context, string, string, int64) error { return nil }
