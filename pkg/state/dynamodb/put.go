package dynamodb

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"bucketwatch/pkg/state"
)

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const (
	maxBatchItems = 25
	// 16 MB would be allowed. A request is held in memory several times over, and some others at the same time; a few calls
	// more cost nothing.
	maxBatchBytes = 256 << 10
)

// Rounds in which DynamoDB did nothing of a batch. Together they wait some eight seconds.
const maxIdleRounds = 8

// Put implements state.Store.
func (s *Store) Put(ctx context.Context, items ...state.Item) error {
	if err := s.put(ctx, items); err != nil {
		first := "" // which of them failed isn't known, but the first one leads to whose they are
		if len(items) > 0 {
			first = ", the first " + state.Keys(items[0].Partition, items[0].Sort)
		}
		return fmt.Errorf("cannot write %d items%s, to table %s: %w", len(items), first, s.table, err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, items []state.Item) error {
	if err := cmp.Or(ctx.Err(), state.Check(items...)); err != nil {
		return err
	}
	working, ctx := errgroup.WithContext(ctx)
	working.SetLimit(state.CallsAtOnce)
	for len(items) > 0 {
		n := batch(items)
		some := items[:n]
		items = items[n:]
		working.Go(func() error {
			requests := make([]types.WriteRequest, n)
			for i, item := range some {
				requests[i] = types.WriteRequest{PutRequest: &types.PutRequest{Item: encode(item)}}
			}
			return s.write(ctx, requests)
		})
	}
	return working.Wait()
}

// batch returns how many of items go into one call.
func batch(items []state.Item) int {
	size := 0
	for n, item := range items {
		size += item.Size()
		if n == maxBatchItems || n > 0 && size > maxBatchBytes {
			return n
		}
	}
	return len(items)
}

// write sends requests until all are done. DynamoDB may accept a batch, do a part of it and return the others, above all
// when it throttles; the client knows nothing of that.
func (s *Store) write(ctx context.Context, requests []types.WriteRequest) error {
	for idle := 0; ; {
		out, err := call(ctx, s, s.api.BatchWriteItem, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{s.table: requests},
		})
		if err != nil {
			return err
		}
		var left []types.WriteRequest
		for _, ofTable := range out.UnprocessedItems { // it is one, but by its name or by its ARN
			left = append(left, ofTable...)
		}
		if len(left) == 0 {
			return nil
		}
		if len(left) < len(requests) {
			idle = 0
		} else if idle++; idle == maxIdleRounds {
			return fmt.Errorf("DynamoDB has left out %d items %d times: it throttles writes", len(left), idle)
		}
		requests = left
		if err := s.wait(ctx, idle); err != nil {
			return fmt.Errorf("%d items were left out: %w", len(left), err)
		}
	}
}

// backoff waits longer from round to round, and for a random time, so that those who were throttled together don't come
// back together.
func backoff(ctx context.Context, round int) error {
	const shortest, longest = 50 * time.Millisecond, 5 * time.Second
	most := min(shortest<<round, longest)
	return sleep(ctx, most/2+rand.N(most/2))
}

// sleep returns at once, with an error, when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
