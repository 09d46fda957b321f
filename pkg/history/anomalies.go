package history

import (
	"context"
	"fmt"
	"time"

	"bucketwatch/pkg/anomaly"
)

// Anomalies returns what was found in the bucket from one time to another, as it is known now, in the order in which it
// was first seen. Deleted objects that a log file shows by itself are left out where the judgement of their hour tells of
// them.
func (h *History) Anomalies(ctx context.Context, b anomaly.Bucket, from, until time.Time) ([]anomaly.Anomaly, error) {
	found, err := h.readFound(ctx, bucketPartition(b), span{from.UTC(), until.UTC()}, until)
	if err != nil {
		return nil, fmt.Errorf("cannot read the anomalies of %s: %w", b.Name, err)
	}
	return chosen(onceEachDelete(found), nil), nil
}
