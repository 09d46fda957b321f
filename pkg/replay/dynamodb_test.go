package replay_test

import (
	"testing"

	"bucketwatch/internal/dynamodblocal"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/dynamodb"
)

// TestRememberInDynamoDB runs in make test-dynamodb.
func TestRememberInDynamoDB(t *testing.T) {
	dynamodblocal.Start(t) // skips the test where there is none, before anything is played
	for _, test := range tables {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, func(t *testing.T) state.Store {
				client, table := dynamodblocal.Start(t)
				return dynamodb.New(client, table)
			})
		})
	}
}
