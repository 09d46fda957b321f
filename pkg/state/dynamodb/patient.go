package dynamodb

import "github.com/aws/aws-sdk-go-v2/service/dynamodb"

// attempts of a call. The client waits before each new one, for a random time of up to 1, 2, 4, 8 and 16 seconds: half a
// minute at most, in which a partition serves the burst of a delivery at its own pace. By itself the client tries three
// times in three seconds, which leaves too much to Lambda's two retries: docs/PERFORMANCE.md has what six are worth, by
// simulation.
const attempts = 6

// Patient is an option of the client that has it try throttled and failed calls again for longer, unless the
// configuration says how often (AWS_MAX_ATTEMPTS). A call still ends with its context.
func Patient(o *dynamodb.Options) {
	if o.RetryMaxAttempts == 0 {
		o.RetryMaxAttempts = attempts
	}
}
