package localaws

import (
	"bytes"
	"context"
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

// What AWS's own DynamoDB Local is held to (make test-dynamodb), through the same client.
func TestDynamoDBIsAStore(t *testing.T) {
	d := newDynamoDB(t)
	client := sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(d.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	var tables atomic.Int64
	statetest.Run(t, func(t *testing.T) state.Store {
		name := fmt.Sprint("table-", tables.Add(1))
		d.CreateTable(name)
		return dynamodb.New(client, name)
	})
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
