package dynamodb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"bucketwatch/internal/dynamodblocal"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/dynamodb"
	"bucketwatch/pkg/state/statetest"
)

func TestDynamoDB(t *testing.T) {
	statetest.Run(t, func(t *testing.T) state.Store { return dynamodb.New(dynamodblocal.Start(t)) })
}

// The network loses the first answer to each call: the write has taken place, and the client, which doesn't know, repeats
// it. A write that meets itself is no conflict.
func TestDynamoDBLosesAnswers(t *testing.T) {
	lost := 0
	s := dynamodb.New(dynamodblocal.Start(t, retryAtOnce, through(func(request *http.Request, send sender) (*http.Response, error) {
		response, err := send(request)
		if err != nil || !firstAttempt(request) {
			return response, err
		}
		lost++
		response.Body.Close()
		return nil, io.ErrUnexpectedEOF
	})))
	ctx := t.Context()
	item := state.Item{Partition: "p", Sort: "s"}
	for want := range int64(3) {
		var err error
		if item, err = s.PutIf(ctx, item); err != nil || item.Version != want+1 {
			t.Fatalf("PutIf of version %d = version %d, %v, want %d", want, item.Version, err, want+1)
		}
	}
	stale := item
	stale.Version--
	if got, err := s.PutIf(ctx, stale); !errors.Is(err, state.ErrConflict) || got.Version != item.Version {
		t.Errorf("PutIf of an old version = version %d, %v, want %d, %v", got.Version, err, item.Version, state.ErrConflict)
	}
	c := state.Claims{Store: s}
	held, err := c.Claim(ctx, "file", state.Claim{Owner: "a", Now: time.Unix(0, 0), Lease: time.Minute})
	if err != nil || held.Outcome != state.Claimed {
		t.Errorf("Claim = %v, %v, want %v", held.Outcome, err, state.Claimed)
	}
	if err := c.Done(ctx, held, time.Unix(1, 0)); err != nil {
		t.Errorf("Done = %v", err)
	}
	if err := errors.Join(s.Put(ctx, item, state.Item{Partition: "p", Sort: "t"}), s.Delete(ctx, "p", "s", item.Version)); err != nil {
		t.Errorf("Put, Delete = %v", err)
	}
	var sorts []string
	err = s.Query(ctx, "p", "", "z", func(item state.Item) bool { sorts = append(sorts, item.Sort); return true })
	if err != nil || !slices.Equal(sorts, []string{"t"}) {
		t.Errorf("Query = %q, %v, want t alone", sorts, err)
	}
	if want := 9; lost != want {
		t.Errorf("%d answers were lost, want %d: one of each call", lost, want)
	}
}

// DynamoDB throttles every second call at first.
func TestDynamoDBThrottles(t *testing.T) {
	statetest.Run(t, func(t *testing.T) state.Store {
		var calls atomic.Int64
		return dynamodb.New(dynamodblocal.Start(t, retryAtOnce, through(func(request *http.Request, send sender) (*http.Response, error) {
			if firstAttempt(request) && calls.Add(1)%2 == 0 {
				return throttled(), nil
			}
			return send(request)
		})))
	})
}

// halves leaves out half of every batch.
type halves struct{ *sdk.Client }

func (h halves) BatchWriteItem(ctx context.Context, in *sdk.BatchWriteItemInput, options ...func(*sdk.Options)) (*sdk.BatchWriteItemOutput, error) {
	do, left := map[string][]types.WriteRequest{}, map[string][]types.WriteRequest{}
	for table, requests := range in.RequestItems {
		half := (len(requests) + 1) / 2
		do[table] = requests[:half]
		if half < len(requests) {
			left[table] = requests[half:]
		}
	}
	in.RequestItems = do
	out, err := h.Client.BatchWriteItem(ctx, in, options...)
	if err == nil {
		out.UnprocessedItems = left
	}
	return out, err
}

func TestDynamoDBLeavesOutItems(t *testing.T) {
	client, table := dynamodblocal.Start(t)
	s := dynamodb.New(halves{client}, table)
	var items []state.Item
	for i := range 30 {
		items = append(items, state.Item{Partition: "p", Sort: fmt.Sprintf("s%02d", i), Version: 1})
	}
	if err := s.Put(t.Context(), items...); err != nil {
		t.Fatal(err)
	}
	got := 0
	err := s.Query(t.Context(), "p", "s", "t", func(state.Item) bool { got++; return true })
	if err != nil || got != len(items) {
		t.Errorf("Query after Put = %d items, %v, want %d", got, err, len(items))
	}
}

// What fails for good is an error in words, of whatever call.
func TestDynamoDBErrors(t *testing.T) {
	t.Run("no table", func(t *testing.T) {
		client, _ := dynamodblocal.Start(t)
		checkErrors(t, client, "ResourceNotFoundException")
	})
	t.Run("throttled for good", func(t *testing.T) {
		client, _ := dynamodblocal.Start(t, retryAtOnce, through(func(*http.Request, sender) (*http.Response, error) { return throttled(), nil }))
		checkErrors(t, client, "ProvisionedThroughputExceededException")
	})
}

func checkErrors(t *testing.T, client *sdk.Client, cause string) {
	t.Helper()
	s := dynamodb.New(client, "gone")
	item := state.Item{Partition: "v1#111122223333#photos", Sort: "b"}
	_, getErr := s.Get(t.Context(), item.Partition, item.Sort)
	_, putIfErr := s.PutIf(t.Context(), item)
	queryErr := s.Query(t.Context(), item.Partition, "b", "c", func(state.Item) bool { return true })
	_, claimErr := (state.Claims{Store: s}).Claim(t.Context(), "tick", state.Claim{Owner: "a", Now: time.Unix(0, 0), Lease: time.Minute})
	const keys = `"v1#111122223333#photos" / "b"`
	for _, test := range []struct {
		err  error
		want string
	}{
		{getErr, "cannot read item " + keys + " of table gone: "},
		{queryErr, "cannot read the items from " + keys + ` until "c" of table gone: `},
		{s.Put(t.Context(), item), "cannot write 1 items, the first " + keys + ", to table gone: "},
		{putIfErr, "cannot write item " + keys + " of table gone: "},
		{s.Delete(t.Context(), item.Partition, item.Sort, 1), "cannot delete item " + keys + " of table gone: "},
		{claimErr, `cannot claim "tick": cannot write item "v1#file#tick" / "f" of table gone: `},
		{state.CheckSchema(t.Context(), s), `cannot check the state's schema: cannot read item "meta" / "schema" of table gone: `},
	} {
		if test.err == nil || !strings.HasPrefix(test.err.Error(), test.want) || !strings.Contains(test.err.Error(), cause) || errors.Is(test.err, state.ErrConflict) {
			t.Errorf("error = %v, want %s… %s", test.err, test.want, cause)
		}
	}
}

// A server that dies in the middle makes calls fail, and makes none hang or take another's answer for its own.
func TestDynamoDBDies(t *testing.T) {
	server, client, table := dynamodblocal.StartOwn(t, retryAtOnce)
	s := dynamodb.New(client, table)
	var wg sync.WaitGroup
	var successes atomic.Int64
	for worker := range 8 {
		wg.Go(func() {
			item := state.Item{Partition: "p", Sort: fmt.Sprint("s", worker)}
			for {
				var err error
				if item, err = s.PutIf(t.Context(), item); errors.Is(err, state.ErrConflict) {
					t.Error(err) // each has an item of its own
				}
				if err != nil {
					return
				}
				if successes.Add(1) == 100 {
					server.Kill()
				}
			}
		})
	}
	wg.Wait()
	if got := successes.Load(); got < 100 || got > 200 {
		t.Errorf("%d writes succeeded, the server was killed after 100", got)
	}
	checkErrors(t, client, "connect")
}

// What statetest.Counting counts is what DynamoDB says that it bills.
func TestDynamoDBUnits(t *testing.T) {
	client, table := dynamodblocal.Start(t)
	billed := &billing{Client: client}
	s := statetest.Counting(dynamodb.New(client, table))
	charged := dynamodb.New(billed, table)
	// Everything is done twice, counted and then billed, in partitions of their own.
	for _, run := range []struct {
		partition string
		state.Store
	}{{"counted", s}, {"charged", charged}} {
		if err := work(t.Context(), run.Store, run.partition); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name      string
		got, want float64
	}{{"Reads", float64(s.Reads().Units), billed.reads}, {"Writes", float64(s.Writes().Units), billed.writes}} {
		if test.got != test.want {
			t.Errorf("%s().Units = %v, DynamoDB bills %v", test.name, test.got, test.want)
		}
	}
	if got, want := s.Reads().Calls+s.Writes().Calls, billed.calls; got != want {
		t.Errorf("Calls = %d, %d were made", got, want)
	}
}

func work(ctx context.Context, s state.Store, partition string) error {
	var errs []error
	data := func(size int) []byte { return make([]byte, size) }
	var items []state.Item
	for i := range 40 {
		items = append(items, state.Item{Partition: partition, Sort: fmt.Sprintf("s%02d", i), Version: 1, Data: data(300 + 512*(i%8))})
	}
	errs = append(errs, s.Put(ctx, items...))
	items[39].Data = nil
	errs = append(errs, s.Put(ctx, items[39]), s.Put(ctx, state.Item{Partition: partition, Sort: "large", Data: data(300_000)}))
	item, err := s.PutIf(ctx, state.Item{Partition: partition, Sort: "t", Data: data(10_000)})
	errs = append(errs, err)
	item.Data = data(100)
	item, err = s.PutIf(ctx, item)
	errs = append(errs, err)
	for _, sort := range []string{"none", "s30", "large"} {
		_, err := s.Get(ctx, partition, sort)
		errs = append(errs, err)
	}
	for _, until := range []string{"s", "s05", "s99"} {
		errs = append(errs, s.Query(ctx, partition, "q", until, func(state.Item) bool { return true }))
	}
	return errors.Join(append(errs, s.Delete(ctx, partition, "t", item.Version), s.Delete(ctx, partition, "s20", 1))...)
}

// billing sums up what DynamoDB says that calls consumed.
type billing struct {
	mu sync.Mutex // the store's calls run side by side

	*sdk.Client
	calls         int
	reads, writes float64
}

func (b *billing) add(sum *float64, consumed ...types.ConsumedCapacity) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	for _, c := range consumed {
		*sum += aws.ToFloat64(c.CapacityUnits)
	}
}

func (b *billing) GetItem(ctx context.Context, in *sdk.GetItemInput, options ...func(*sdk.Options)) (*sdk.GetItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := b.Client.GetItem(ctx, in, options...)
	if err == nil {
		b.add(&b.reads, *out.ConsumedCapacity)
	}
	return out, err
}

func (b *billing) Query(ctx context.Context, in *sdk.QueryInput, options ...func(*sdk.Options)) (*sdk.QueryOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := b.Client.Query(ctx, in, options...)
	if err == nil {
		b.add(&b.reads, *out.ConsumedCapacity)
	}
	return out, err
}

func (b *billing) PutItem(ctx context.Context, in *sdk.PutItemInput, options ...func(*sdk.Options)) (*sdk.PutItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := b.Client.PutItem(ctx, in, options...)
	if err == nil {
		b.add(&b.writes, *out.ConsumedCapacity)
	}
	return out, err
}

func (b *billing) BatchWriteItem(ctx context.Context, in *sdk.BatchWriteItemInput, options ...func(*sdk.Options)) (*sdk.BatchWriteItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := b.Client.BatchWriteItem(ctx, in, options...)
	if err == nil {
		b.add(&b.writes, out.ConsumedCapacity...)
	}
	return out, err
}

func (b *billing) DeleteItem(ctx context.Context, in *sdk.DeleteItemInput, options ...func(*sdk.Options)) (*sdk.DeleteItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := b.Client.DeleteItem(ctx, in, options...)
	if err == nil {
		b.add(&b.writes, *out.ConsumedCapacity)
	}
	return out, err
}

func firstAttempt(request *http.Request) bool {
	return strings.HasPrefix(request.Header.Get("Amz-Sdk-Request"), "attempt=1;")
}

// sender sends a request to the server.
type sender func(*http.Request) (*http.Response, error)

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(request *http.Request) (*http.Response, error) { return f(request) }

// through lets f stand between the client and the server.
func through(f func(*http.Request, sender) (*http.Response, error)) func(*sdk.Options) {
	return func(o *sdk.Options) {
		send := http.DefaultClient.Do
		o.HTTPClient = doer(func(request *http.Request) (*http.Response, error) { return f(request, send) })
	}
}

// retryAtOnce keeps the client's rules of what to try again, and takes away the pauses.
func retryAtOnce(o *sdk.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		o.RateLimiter = ratelimit.None
		o.MaxAttempts = 5
	})
}

func throttled() *http.Response {
	const body = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`
	return &http.Response{
		StatusCode: http.StatusBadRequest,
		Header:     http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:       io.NopCloser(bytes.NewReader([]byte(body))),
	}
}
