package dynamodb

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func TestPatient(t *testing.T) {
	for _, test := range []struct {
		name       string
		configured int
		want       int
	}{
		{"by default", 0, 6},
		{"configured", 1, 1}, // AWS_MAX_ATTEMPTS, as the tests of faults have it
	} {
		client := dynamodb.NewFromConfig(aws.Config{RetryMaxAttempts: test.configured}, Patient)
		if got := client.Options().Retryer.MaxAttempts(); got != test.want {
			t.Errorf("%s the client tries %d times, want %d", test.name, got, test.want)
		}
	}
}
