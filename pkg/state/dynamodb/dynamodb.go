// Package dynamodb keeps items in a DynamoDB table: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/
//
// The table has the string keys pk and sk, and expires is its TTL attribute. The package doesn't make the table. It leaves
// retries of throttled and failed calls to the client; what it repeats itself is the part of a batch that DynamoDB
// accepted without doing it.
package dynamodb

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"bucketwatch/pkg/state"
)

// API is what the store needs of DynamoDB.
type API interface {
	GetItem(ctx context.Context, params *dynamodb.GetItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	Query(ctx context.Context, params *dynamodb.QueryInput, optFns ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	PutItem(ctx context.Context, params *dynamodb.PutItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	BatchWriteItem(ctx context.Context, params *dynamodb.BatchWriteItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	DeleteItem(ctx context.Context, params *dynamodb.DeleteItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// Store keeps items in a table.
type Store struct {
	api   API
	table string
	wait  func(ctx context.Context, round int) error // before what is left of a batch is sent again
	calls chan struct{}                              // holds one for each that is being made
}

var _ state.Store = (*Store)(nil)

// New returns a Store that keeps its items in table. Whoever asks for how much, up to state.CallsAtOnce calls are made at
// the same time.
func New(api API, table string) *Store {
	return &Store{api: api, table: table, wait: backoff, calls: make(chan struct{}, state.CallsAtOnce)}
}

// call makes a call when there is room for it.
func call[In, Out any](ctx context.Context, s *Store, f func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error), in *In) (*Out, error) {
	select {
	case s.calls <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.calls }()
	return f(ctx, in)
}

// Get implements state.Store.
func (s *Store) Get(ctx context.Context, partition, sort string) (state.Item, error) {
	item, err := s.get(ctx, partition, sort)
	if err != nil {
		return state.Item{}, s.failed("read", partition, sort, err)
	}
	return item, nil
}

func (s *Store) get(ctx context.Context, partition, sort string) (state.Item, error) {
	if err := state.CheckKeys(partition, sort); err != nil {
		return state.Item{}, err
	}
	out, err := call(ctx, s, s.api.GetItem, &dynamodb.GetItemInput{
		TableName: &s.table, Key: keys(partition, sort), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return state.Item{}, err
	}
	return decode(partition, sort, out.Item)
}

// Query implements state.Store. It holds one page of at most 1 MB at a time.
func (s *Store) Query(ctx context.Context, partition, from, until string, yield func(state.Item) bool) error {
	if err := s.query(ctx, partition, from, until, yield); err != nil {
		return fmt.Errorf("cannot read the items from %s until %s of table %s: %w", state.Keys(partition, from), state.Keys(until), s.table, err)
	}
	return nil
}

func (s *Store) query(ctx context.Context, partition, from, until string, yield func(state.Item) bool) error {
	if err := state.CheckRange(partition, from, until); err != nil {
		return err
	}
	if from >= until {
		return ctx.Err() // DynamoDB refuses such a range
	}
	input := &dynamodb.QueryInput{
		TableName:                 &s.table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :pk AND sk < :until"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(partition), ":until": text(until)},
	}
	if from != "" {
		// There is one condition for sk, so this is the only range with two ends, and it includes until.
		input.KeyConditionExpression = aws.String("pk = :pk AND sk BETWEEN :from AND :until")
		input.ExpressionAttributeValues[":from"] = text(from)
	}
	for {
		out, err := call(ctx, s, s.api.Query, input)
		if err != nil {
			return err
		}
		for _, attributes := range out.Items {
			sort, err := textOf(attributes, "sk")
			if err != nil {
				return err
			}
			if sort == until {
				return nil
			}
			item, err := decode(partition, sort, attributes)
			if err != nil {
				return err
			}
			if !yield(item) {
				return nil
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// PutIf implements state.Store.
func (s *Store) PutIf(ctx context.Context, item state.Item) (state.Item, error) {
	stored, err := s.putIf(ctx, item)
	if err != nil && !errors.Is(err, state.ErrConflict) {
		return state.Item{}, s.failed("write", item.Partition, item.Sort, err)
	}
	return stored, err
}

func (s *Store) putIf(ctx context.Context, item state.Item) (state.Item, error) {
	condition, values := versionIs(item.Version)
	item.Version++
	if err := state.Check(item); err != nil {
		return state.Item{}, err
	}
	attributes := encode(item)
	// Where the answer to a write is lost, the client repeats it, and the repeated one meets the item of the first. Its
	// mark says that this is no conflict: nobody else was faster. (If somebody has written in between, it is one.)
	mark := newMark()
	attributes["mark"] = mark
	_, err := call(ctx, s, s.api.PutItem, &dynamodb.PutItemInput{
		TableName: &s.table, Item: attributes,
		ConditionExpression: &condition, ExpressionAttributeNames: versionName, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	conflict, refused := errors.AsType[*types.ConditionalCheckFailedException](err)
	if err != nil && !refused {
		return state.Item{}, err
	}
	if refused {
		attributes = conflict.Item
	}
	stored, err := decode(item.Partition, item.Sort, attributes)
	if err != nil {
		return state.Item{}, err
	}
	if !isMarked(attributes, mark) {
		return stored, state.ErrConflict
	}
	return stored, nil
}

// Delete implements state.Store.
func (s *Store) Delete(ctx context.Context, partition, sort string, version int64) error {
	if err := s.delete(ctx, partition, sort, version); err != nil {
		return s.failed("delete", partition, sort, err)
	}
	return nil
}

func (s *Store) delete(ctx context.Context, partition, sort string, version int64) error {
	if err := state.CheckKeys(partition, sort); err != nil {
		return err
	}
	condition, values := versionIs(version)
	_, err := call(ctx, s, s.api.DeleteItem, &dynamodb.DeleteItemInput{
		TableName: &s.table, Key: keys(partition, sort),
		ConditionExpression: &condition, ExpressionAttributeNames: versionName, ExpressionAttributeValues: values,
	})
	if _, refused := errors.AsType[*types.ConditionalCheckFailedException](err); refused {
		return nil
	}
	return err
}

func (s *Store) failed(verb, partition, sort string, err error) error {
	return fmt.Errorf("cannot %s item %s of table %s: %w", verb, state.Keys(partition, sort), s.table, err)
}
