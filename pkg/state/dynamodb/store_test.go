package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/state"
)

// batchWriter answers BatchWriteItem alone.
type batchWriter func(requests []types.WriteRequest) (left []types.WriteRequest, err error)

func (f batchWriter) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	left, err := f(in.RequestItems["table"])
	if err != nil {
		return nil, err
	}
	out := &dynamodb.BatchWriteItemOutput{}
	if len(left) > 0 {
		// DynamoDB tells the table as it likes.
		out.UnprocessedItems = map[string][]types.WriteRequest{"arn:aws:dynamodb:eu-central-1:111122223333:table/table": left}
	}
	return out, nil
}

func newStore(write batchWriter) (s *Store, waited *[]int) {
	type others struct{ API } // none of them is called
	s = New(struct {
		others
		batchWriter
	}{others{}, write}, "table")
	waited = new([]int)
	s.wait = func(ctx context.Context, round int) error {
		*waited = append(*waited, round)
		return ctx.Err()
	}
	return s, waited
}

func newItems(n, size int) []state.Item {
	items := make([]state.Item, n)
	for i := range items {
		items[i] = state.Item{Partition: "p", Sort: fmt.Sprintf("s%03d", i), Data: make([]byte, size)}
	}
	return items
}

func TestPutBatches(t *testing.T) {
	for _, test := range []struct {
		name    string
		n, size int
		want    []int
	}{
		{"none", 0, 0, nil},
		{"one", 1, 100, []int{1}},
		{"25", 25, 100, []int{25}},
		{"26", 26, 100, []int{25, 1}},
		{"60", 60, 100, []int{25, 25, 10}},
		{"large ones", 7, 100_000, []int{2, 2, 2, 1}},
		{"the largest ones", 3, 400<<10 - 100, []int{1, 1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			var got []int
			s, _ := newStore(func(requests []types.WriteRequest) ([]types.WriteRequest, error) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, len(requests))
				return nil, nil
			})
			if err := s.Put(t.Context(), newItems(test.n, test.size)...); err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(got, func(a, b int) int { return b - a })
			if !slices.Equal(got, test.want) {
				t.Errorf("Put of %d items of %d bytes = calls with %v items, want %v", test.n, test.size, got, test.want)
			}
		})
	}
}

func TestPutRepeatsWhatIsLeftOut(t *testing.T) {
	written := map[string]int{}
	calls := 0
	s, waited := newStore(func(requests []types.WriteRequest) ([]types.WriteRequest, error) {
		// Every second call does nothing, the others half.
		done := (len(requests) + 1) / 2
		if calls++; calls%2 == 0 {
			done = 0
		}
		for _, r := range requests[:done] {
			sort, err := textOf(r.PutRequest.Item, "sk")
			if err != nil {
				return nil, err
			}
			written[sort]++
		}
		return requests[done:], nil
	})
	for _, items := range [][]state.Item{newItems(30, 10)[:25], newItems(30, 10)[25:]} {
		if err := s.Put(t.Context(), items...); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]int{}
	for _, item := range newItems(30, 10) {
		want[item.Sort] = 1
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("Put has written (-want +got):\n%s", diff)
	}
	// The count begins anew after progress, and with the second Put.
	if want := []int{0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1}; !slices.Equal(*waited, want) {
		t.Errorf("Put waited %v, want %v", *waited, want)
	}
}

// Batches are written side by side, and of all that is asked of a store at once there are no more calls under way than
// there may be.
func TestCallsAtOnce(t *testing.T) {
	for _, puts := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			const batches, trip = 40, 5 * time.Millisecond
			var within, most atomic.Int64
			s, _ := newStore(func([]types.WriteRequest) ([]types.WriteRequest, error) {
				if n := within.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(trip)
				within.Add(-1)
				return nil, nil
			})
			began := time.Now()
			var putting sync.WaitGroup
			for range puts {
				putting.Go(func() {
					if err := s.Put(t.Context(), newItems(25*batches, 10)...); err != nil {
						t.Error(err)
					}
				})
			}
			putting.Wait()
			if took, want := time.Since(began), time.Duration(puts*batches/state.CallsAtOnce)*trip; took != want || most.Load() != state.CallsAtOnce {
				t.Errorf("%d Puts of %d batches took %v, %d calls at once, want %v and %d", puts, batches, took, most.Load(), want, state.CallsAtOnce)
			}
		})
	}
}

// A batch that fails ends the others, and its error is the one that is returned.
func TestPutEndsWithTheFirstError(t *testing.T) {
	var calls atomic.Int64
	s, _ := newStore(func(requests []types.WriteRequest) ([]types.WriteRequest, error) {
		if calls.Add(1) == 3 {
			return nil, errors.New("no such table")
		}
		return requests, nil // nothing is done, so that it waits
	})
	s.wait = func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	}
	err := s.Put(t.Context(), newItems(250, 10)...)
	if err == nil || !strings.HasSuffix(err.Error(), "to table table: no such table") {
		t.Errorf("Put = %v, want the first error", err)
	}
}

// Who waits for its turn to call doesn't do so for longer than its context.
func TestCallEndsWithTheContext(t *testing.T) {
	s, _ := newStore(func([]types.WriteRequest) ([]types.WriteRequest, error) { return nil, nil })
	for range state.CallsAtOnce {
		s.calls <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Put(ctx, newItems(1, 10)...); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Put without room for a call = %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestPutErrors(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	for _, test := range []struct {
		name  string
		ctx   context.Context
		write batchWriter
		want  string
		calls int
	}{
		{"throttled for good", t.Context(), func(r []types.WriteRequest) ([]types.WriteRequest, error) { return r, nil },
			`cannot write 2 items, the first "p" / "s000", to table table: DynamoDB has left out 2 items 8 times: it throttles writes`, 8},
		{"refused", t.Context(), func([]types.WriteRequest) ([]types.WriteRequest, error) { return nil, errors.New("no such table") },
			`cannot write 2 items, the first "p" / "s000", to table table: no such table`, 1},
		{"context ends while waiting", ended, func(r []types.WriteRequest) ([]types.WriteRequest, error) { cancel(); return r[1:], nil },
			`cannot write 2 items, the first "p" / "s000", to table table: 1 items were left out: context canceled`, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := 0
			s, _ := newStore(func(r []types.WriteRequest) ([]types.WriteRequest, error) { calls++; return test.write(r) })
			err := s.Put(test.ctx, newItems(2, 10)...)
			if err == nil || err.Error() != test.want || calls != test.calls {
				t.Errorf("Put = %v after %d calls, want %s after %d", err, calls, test.want, test.calls)
			}
		})
	}
}

func TestBackoffEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	started := time.Now()
	err := backoff(ctx, maxIdleRounds)
	if took := time.Since(started); !errors.Is(err, context.Canceled) || took > 2*time.Second {
		t.Errorf("backoff with an ended context = %v after %v, want %v at once", err, took, context.Canceled)
	}
	if err := backoff(t.Context(), 0); err != nil {
		t.Errorf("backoff = %v", err)
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		value types.AttributeValue
		want  string
	}{
		{"version", text("1"), "its attribute version isn't a number"},
		{"version", &types.AttributeValueMemberN{Value: "1.5"}, "its attribute version isn't a whole number"},
		{"version", &types.AttributeValueMemberN{Value: "99999999999999999999"}, "its attribute version isn't a whole number"},
		{"expires", text("1"), "its attribute expires isn't a number"},
		{"data", text("1"), "its attribute data isn't binary"},
	} {
		_, err := decode("p", "s", map[string]types.AttributeValue{test.name: test.value})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("decode with %s %v = %v, want an error with %q", test.name, test.value, err, test.want)
		}
	}
}
