package pipeline

import (
	"strings"
	"testing"

	"bucketwatch/pkg/metric"
)

func TestConfigDefaults(t *testing.T) {
	c, err := ConfigFromEnv(func(string) string { return "" })
	if err != nil {
		t.Fatalf("ConfigFromEnv(nothing) = %v", err)
	}
	if c.Namespace != "BucketWatch" || c.Metrics != metric.Essential || c.Clock != SystemClock || c.FunctionName != "bucketwatch" {
		t.Errorf("ConfigFromEnv(nothing) = %+v", c)
	}
	if !c.Buckets.Match("photos") {
		t.Error("by default a bucket has no metrics of its own")
	}
}

// A bad value must fail the start in words, and never become a default; all faults are told at once.
func TestConfigTellsAllFaults(t *testing.T) {
	bad := map[string]string{
		"BUCKETWATCH_NAMESPACE":    "AWS/S3",
		"BUCKETWATCH_METRICS":      "Full",
		"BUCKETWATCH_BUCKETS":      "photos,[",
		"BUCKETWATCH_CLOCK":        "utc",
		"BUCKETWATCH_ALERTS_TOPIC": "alerts",

		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "lots",
	}
	_, err := ConfigFromEnv(func(name string) string { return bad[name] })
	if err == nil {
		t.Fatal("ConfigFromEnv(all bad) = nil")
	}
	for name, value := range bad {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("ConfigFromEnv(%s=%q) = %q, which does not name the variable", name, value, err)
		}
	}
}

func TestConfigNamespace(t *testing.T) {
	tests := map[string]bool{
		"BucketWatch": true, "team-a/Bucket.Watch_2#x:y": true, strings.Repeat("n", 255): true,
		"AWS/S3": false, ":a": false, "Bucket Watch": false, "Größe": false, strings.Repeat("n", 256): false,
	}
	for name, ok := range tests {
		if err := validNamespace(name); (err == nil) != ok {
			t.Errorf("validNamespace(%q) = %v, want valid: %v", name, err, ok)
		}
	}
}
