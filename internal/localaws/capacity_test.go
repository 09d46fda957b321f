package localaws

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/dynamodb"
)

// As DynamoDB bills: a write for the larger of what was there and what is, and a read of nothing too.
func TestDynamoDBCountsUnits(t *testing.T) {
	d := newDynamoDB(t, "t")
	s := dynamodb.New(newClient(d), "t")
	item := func(sort string, size int) state.Item {
		return state.Item{Partition: "p", Sort: sort, Data: make([]byte, size)}
	}
	putIf := func(i state.Item) error {
		if _, err := s.PutIf(t.Context(), i); !errors.Is(err, state.ErrConflict) {
			return err
		}
		return nil
	}
	for _, test := range []struct {
		name          string
		do            func() error
		reads, writes int
	}{
		{"put", func() error { return s.Put(t.Context(), item("a", 5000), item("b", 100)) }, 0, 5 + 1},
		{"put over a larger one", func() error { return s.Put(t.Context(), item("a", 0)) }, 0, 5},
		{"put if", func() error { return putIf(item("c", 2000)) }, 0, 2},
		{"put if with a conflict", func() error { return putIf(item("c", 0)) }, 0, 2},
		{"get", func() error { _, err := s.Get(t.Context(), "p", "c"); return err }, 1, 0},
		{"get of nothing", func() error { _, err := s.Get(t.Context(), "p", "z"); return err }, 1, 0},
		{"put much", func() error { return s.Put(t.Context(), item("d", 9000)) }, 0, 9},
		{"query", func() error { return s.Query(t.Context(), "p", "", "~", func(state.Item) bool { return true }) }, 3, 0},
		{"delete", func() error { return s.Delete(t.Context(), "p", "c", 1) }, 0, 2},
	} {
		before := d.Usage("t")["p"]
		if err := test.do(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		after := d.Usage("t")["p"]
		if reads, writes := after.Reads-before.Reads, after.Writes-before.Writes; reads != test.reads || writes != test.writes {
			t.Errorf("%s takes %d reads and %d writes, want %d and %d", test.name, reads, writes, test.reads, test.writes)
		}
	}
}

// limited returns a table of a capacity, through a client that tries so often, without long pauses.
func limited(t *testing.T, c Capacity, attempts int) (*DynamoDB, state.Store) {
	t.Helper()
	d := newDynamoDB(t, "t")
	if err := d.Limit("t", c); err != nil {
		t.Fatal(err)
	}
	client := newClient(d, func(o *sdk.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 20 * time.Millisecond, nil })
		})
	})
	return d, dynamodb.New(client, "t")
}

func TestDynamoDBThrottles(t *testing.T) {
	d, s := limited(t, Capacity{Partitions: 1}, 1)
	if err := s.Put(t.Context(), state.Item{Partition: "p", Sort: "a"}); err == nil || !strings.Contains(err.Error(), "ProvisionedThroughputExceededException") {
		t.Errorf("Put into a partition without capacity = %v, want throttled", err)
	}
	if _, err := s.Get(t.Context(), "p", "a"); err == nil || !strings.Contains(err.Error(), "ProvisionedThroughputExceededException") {
		t.Errorf("Get of a partition without capacity = %v, want throttled", err)
	}
	if got := d.Usage("t")["p"]; got != (Usage{ThrottledWrites: 1, ThrottledReads: 1}) {
		t.Errorf("Usage = %+v, want one of each throttled, and nothing used", got)
	}
	if err := d.Limit("t", Capacity{}); err != nil {
		t.Fatal(err)
	}
	if item, err := s.Get(t.Context(), "p", "a"); err != nil || item.Version != 0 {
		t.Errorf("Get without a limit = %+v, %v, want nothing: what was throttled wasn't done", item, err)
	}
}

// A batch is done as far as there is capacity, and the rest is sent again.
func TestDynamoDBLeavesOutWhatItThrottles(t *testing.T) {
	d, s := limited(t, Capacity{Partitions: 1, Writes: 50, Reads: 1000}, 100)
	items := make([]state.Item, 25)
	for i := range items {
		items[i] = state.Item{Partition: "p", Sort: fmt.Sprint(i), Data: make([]byte, 3000)} // 3 units each
	}
	if err := s.Put(t.Context(), items...); err != nil {
		t.Fatal(err)
	}
	u := d.Usage("t")["p"]
	if u.Writes != 75 || u.ThrottledWrites == 0 || u.PeakWrites == 0 || u.PeakWrites > u.Writes {
		t.Errorf("Usage = %+v, want 75 writes and some throttled", u)
	}
	n := 0
	if err := s.Query(t.Context(), "p", "", "~", func(state.Item) bool { n++; return true }); err != nil || n != len(items) {
		t.Errorf("%d items, %v, want %d", n, err, len(items))
	}
}

func TestAllowance(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var a allowance
	for _, step := range []struct {
		after time.Duration
		want  bool
		take  float64
	}{
		{0, true, 25},                      // a whole second's, and more
		{time.Second, false, 0},            // 10 − 25 + 10: in debt
		{time.Second + 1e8, false, 0},      // −4
		{time.Second + 6e8, true, 0},       // 1
		{time.Hour, true, 0},               // no more than a second's
		{time.Hour, true, 10},              // which is all taken
		{time.Hour, false, 0},              //
		{time.Hour + 1e8, true, 0},         // and comes back
		{time.Hour + 2e8, true, 0},         //
		{time.Hour + time.Minute, true, 0}, //
	} {
		if got := a.isLeft(10, at.Add(step.after)); got != step.want {
			t.Errorf("after %s something is left: %v, want %v", step.after, got, step.want)
		}
		a.left -= step.take
	}
}

func TestLimitOfNoTable(t *testing.T) {
	if err := newDynamoDB(t).Limit("other", Capacity{}); err == nil || err.Error() != "cannot limit table other: there is none" {
		t.Errorf("Limit of no table = %v", err)
	}
}
