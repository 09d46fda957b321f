package history

import (
	"testing"

	"bucketwatch/internal/dynamodblocal"
	"bucketwatch/pkg/state/dynamodb"
)

// TestDynamoDB runs in make test-dynamodb.
func TestDynamoDB(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			client, table := dynamodblocal.Start(t)
			b.run(t, dynamodb.New(client, table))
		})
	}
}
