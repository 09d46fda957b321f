package faults

import (
	"testing"

	"bucketwatch/internal/dynamodblocal"
	"bucketwatch/pkg/state/dynamodb"
)

// The seeded runs with AWS's own DynamoDB Local behind the proxy.
func TestSeededRunsDynamoDB(t *testing.T) {
	dynamodblocal.Start(t) // or the test is skipped
	seededRuns(t, func(t testing.TB) database {
		client, table := dynamodblocal.Start(t)
		return database{*client.Options().BaseEndpoint, table, dynamodb.New(client, table)}
	}, *runs)
}
