package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Schema is the newest form of items that this code knows.
const Schema = 1

// CheckSchema returns an error if newer code than this has written to the store: what it wrote could be misread. In a
// new store it leaves word of this code's Schema.
func CheckSchema(ctx context.Context, store Store) error {
	item, err := store.Get(ctx, "meta", "schema")
	if err != nil {
		return fmt.Errorf("cannot check the state's schema: %w", err)
	}
	if item.Version == 0 {
		if item.Data, err = json.Marshal(schemaData{Schema}); err != nil {
			return fmt.Errorf("cannot check the state's schema: %w", err)
		}
		// After a conflict the item is that of whoever was faster.
		if item, err = store.PutIf(ctx, item); err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("cannot check the state's schema: %w", err)
		}
	}
	var found schemaData
	if err := json.Unmarshal(item.Data, &found); err != nil {
		return fmt.Errorf("cannot check the state's schema: cannot read item %s: %w", Keys(item.Partition, item.Sort), err)
	}
	if found.Schema > Schema {
		return fmt.Errorf("the state has schema %d, and this code knows up to %d: deploy the version that wrote it, or a newer one",
			found.Schema, Schema)
	}
	if found.Schema < 1 {
		return fmt.Errorf("cannot check the state's schema: item %s names none", Keys(item.Partition, item.Sort))
	}
	return nil
}

// schemaData is the Data of the schema's item.
type schemaData struct {
	Schema int `json:"schema"`
}
