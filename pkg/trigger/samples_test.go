package trigger_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/trigger"
)

const samplesDir = "../../events"

// TestParseSamples reads every sample invocation of the repository. A sample without an expectation here fails, and so
// does an expectation without a sample.
func TestParseSamples(t *testing.T) {
	const (
		bucket = "bucketwatch-logs-111122223333-us-east-1"
		folder = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/"
		id     = "059f36b4-87a3-44ab-83d2-661975830a7d"
		id2    = "2e1424d4-f796-459a-8184-9c92662be6da"
	)
	first := trigger.Object{Bucket: bucket, Key: folder + "111122223333_CloudTrail_us-east-1_20261120T1035Z_AbCdEfGhIjKlMnOp.json.gz"}
	second := trigger.Object{Bucket: bucket, Key: folder + "111122223333_CloudTrail_us-east-1_20261120T1040Z_QrStUvWxYz012345.json.gz"}
	prefixed := trigger.Object{Bucket: bucket, Key: "감사 로그/a+b/" + first.Key}

	created := func(os ...trigger.Object) trigger.Message { return trigger.Message{Objects: os} }
	removed := ignored(bucket, first.Key, "ObjectRemoved:Delete")
	deleted := ignored(bucket, first.Key, "Object Deleted")
	tested := ignored(bucket, "", "s3:TestEvent")
	validated := ignored("", "", "CloudTrail validation message")
	ticked := tick(time.Date(2026, 11, 20, 10, 35, 0, 0, time.UTC))

	want := map[string]trigger.Invocation{
		"test-alert":                           one(trigger.Message{TestAlert: true}),
		"s3-notification":                      one(created(first)),
		"s3-notification-several-records":      one(created(first, second)),
		"s3-notification-encoded-key":          one(created(prefixed)),
		"s3-notification-removed":              one(removed),
		"s3-test-event":                        one(tested),
		"eventbridge-object-created":           one(created(first)),
		"eventbridge-object-created-plain-key": one(created(prefixed)),
		"eventbridge-object-deleted":           one(deleted),
		"cloudtrail-message":                   one(created(first, second)),
		"sns-s3":                               one(created(first)),
		"sns-s3-test-event":                    one(tested),
		"sns-eventbridge":                      one(created(first)),
		"sns-cloudtrail":                       one(created(first, second)),
		"sns-cloudtrail-validation":            one(validated),
		"sns-envelope-s3":                      one(created(first)),
		"sqs-s3":                               batch(withID(id, created(first))),
		"sqs-s3-several-messages":              batch(withID(id, created(first)), withID(id2, created(second))),
		"sqs-s3-encoded-key":                   batch(withID(id, created(prefixed))),
		"sqs-s3-test-event":                    batch(withID(id, tested)),
		"sqs-eventbridge":                      batch(withID(id, created(first))),
		"sqs-cloudtrail":                       batch(withID(id, created(first, second))),
		"sqs-cloudtrail-validation":            batch(withID(id, validated)),
		"sqs-sns-s3":                           batch(withID(id, created(first))),
		"sqs-sns-eventbridge":                  batch(withID(id, created(first))),
		"sqs-sns-cloudtrail":                   batch(withID(id, created(first, second))),
		"sqs-sns-cloudtrail-validation":        batch(withID(id, validated)),
		"sqs-on-failure":                       batch(withID(id, created(first))),
		"sqs-on-failure-sns-s3":                batch(withID(id, created(first))),
		"sqs-on-failure-sqs-sns-s3":            batch(withID(id, created(first))),
		"sqs-sns-on-failure-sns-s3":            batch(withID(id, created(first))),
		"sqs-dead-letter-sns-s3":               batch(withID(id, created(first))),
		"sqs-dead-letter-sqs-s3":               batch(withID(id, created(first))),
		"sqs-tick":                             batch(withID(id, ticked)),
		"on-failure":                           one(created(first)),
		"tick":                                 one(ticked),
	}

	entries, err := os.ReadDir(samplesDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if !isJSON {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want, ok := want[name]
			if !ok {
				t.Fatalf("no expectation for the sample %s: add one", entry.Name())
			}
			payload, err := os.ReadFile(filepath.Join(samplesDir, entry.Name()))
			if err != nil {
				t.Fatal(err)
			}
			got, err := trigger.Parse(payload)
			if err != nil {
				t.Fatalf("Parse(%s) = error %v", entry.Name(), err)
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(sameError)); diff != "" {
				t.Errorf("Parse(%s) = (-want +got)\n%s", entry.Name(), diff)
			}
		})
	}
	for name := range want {
		if _, err := os.Stat(filepath.Join(samplesDir, name+".json")); err != nil {
			t.Errorf("expectation without a sample: %v", err)
		}
	}
}
