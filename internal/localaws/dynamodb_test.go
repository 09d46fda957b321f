package localaws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/dynamodb"
	"bucketwatch/pkg/state/statetest"
)

func newDynamoDB(t *testing.T, tables ...string) *DynamoDB {
	t.Helper()
	d, err := NewDynamoDB(tables...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func newClient(d *DynamoDB, options ...func(*sdk.Options)) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(d.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}, options...)
}

// What AWS's own DynamoDB Local is held to (make test-dynamodb), through the same client.
func TestDynamoDBIsAStore(t *testing.T) {
	d := newDynamoDB(t)
	client := newClient(d)
	var tables atomic.Int64
	statetest.Run(t, func(t *testing.T) state.Store {
		name := fmt.Sprint("table-", tables.Add(1))
		d.CreateTable(name)
		return dynamodb.New(client, name)
	})
}

// sentTwice sends each request twice, as a client does that hasn't got the first answer.
type sentTwice struct{ *http.Client }

func (s sentTwice) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	first, err := s.Client.Do(r)
	if err != nil {
		return nil, err
	}
	first.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return s.Client.Do(r)
}

// A write that meets itself, since the client has repeated it, is no conflict; one that meets another's is.
func TestDynamoDBWritesThatMeetThemselves(t *testing.T) {
	d := newDynamoDB(t, "table")
	s := dynamodb.New(newClient(d, func(o *sdk.Options) { o.HTTPClient = sentTwice{d.server.client} }), "table")
	item := state.Item{Partition: "p", Sort: "s"}
	for want := range int64(3) {
		var err error
		if item, err = s.PutIf(t.Context(), item); err != nil || item.Version != want+1 {
			t.Fatalf("PutIf of version %d = version %d, %v, want %d", want, item.Version, err, want+1)
		}
	}
	item.Version--
	if got, err := s.PutIf(t.Context(), item); !errors.Is(err, state.ErrConflict) || got.Version != 3 {
		t.Errorf("PutIf of an old version = version %d, %v, want 3, %v", got.Version, err, state.ErrConflict)
	}
}

// What it doesn't know it refuses, with DynamoDB's own word where DynamoDB would refuse it too.
func TestDynamoDBRefuses(t *testing.T) {
	d := newDynamoDB(t, "t")
	const key = `"Key":{"pk":{"S":"p"},"sk":{"S":"s"}}`
	for _, test := range []struct{ name, action, body, want string }{
		{"no table", "GetItem", `{"TableName":"other",` + key + `}`, "ResourceNotFoundException"},
		{"another action", "Scan", `{"TableName":"t"}`, "UnknownOperationException"},
		{"a parameter that is not known", "GetItem", `{"TableName":"t",` + key + `,"ProjectionExpression":"pk"}`, "SerializationException"},
		{"no JSON", "GetItem", `{`, "SerializationException"},
		{"half a key", "GetItem", `{"TableName":"t","Key":{"pk":{"S":"p"}}}`, "ValidationException"},
		{"an empty key", "GetItem", `{"TableName":"t","Key":{"pk":{"S":"p"},"sk":{"S":""}}}`, "ValidationException"},
		{"another condition", "DeleteItem", `{"TableName":"t",` + key + `,"ConditionExpression":"size(pk) > :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`, "ValidationException"},
		{"values without a condition", "DeleteItem", `{"TableName":"t",` + key + `,"ExpressionAttributeValues":{":n":{"N":"1"}}}`, "ValidationException"},
		{"another key condition", "Query", `{"TableName":"t","KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{":pk":{"S":"p"}}}`, "ValidationException"},
		{"a range that is none", "Query", `{"TableName":"t","KeyConditionExpression":"pk = :pk AND sk BETWEEN :a AND :b",` +
			`"ExpressionAttributeValues":{":pk":{"S":"p"},":a":{"S":"b"},":b":{"S":"a"}}}`, "ValidationException"},
		{"another kind of value", "PutItem", `{"TableName":"t","Item":{"pk":{"S":"p"},"sk":{"S":"s"},"x":{"BOOL":"true"}}}`, "ValidationException"},
		{"an item that is too large", "PutItem", `{"TableName":"t","Item":{"pk":{"S":"p"},"sk":{"S":"s"},"x":{"S":"` + strings.Repeat("x", 400<<10) + `"}}}`, "ValidationException"},
		{"an item twice", "BatchWriteItem", `{"RequestItems":{"t":[{"PutRequest":{"Item":{"pk":{"S":"p"},"sk":{"S":"s"}}}},{"PutRequest":{"Item":{"pk":{"S":"p"},"sk":{"S":"s"}}}}]}}`, "ValidationException"},
		{"an empty batch", "BatchWriteItem", `{"RequestItems":{}}`, "ValidationException"},
	} {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL(), bytes.NewReader([]byte(test.body)))
		request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+test.action)
		response, err := d.server.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusBadRequest || !strings.Contains(string(answer), "#"+test.want+`"`) {
			t.Errorf("%s = %s, %s, %v, want 400 and %s", test.name, response.Status, answer, err, test.want)
		}
	}
}
