package main

import (
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/dynamodblocal"
)

// TestReplayIntoDynamoDB runs in make test-dynamodb.
func TestReplayIntoDynamoDB(t *testing.T) {
	server, _, table := dynamodblocal.StartOwn(t)
	root, declared, story := trail(t, time.Now().AddDate(0, 0, -3))
	useS3(t, "http://127.0.0.1:1", "eu-central-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", server.URL)
	args := []string{"replay", root, "--expected-deletes", declared, "--log-bucket", story.During.LogBucket, "--table"}
	for _, want := range []string{"table " + table + ": ", ": nothing new, it has all "} {
		if r := command(t, append(args, table)...); r.code != 0 || !strings.Contains(r.stdout, want) {
			t.Errorf("exit code %d, said %q and %q, want %q", r.code, r.stdout, r.stderr, want)
		}
	}
	if r := command(t, append(args, "no-such-table")...); r.code != exitFailed || !strings.Contains(r.stderr, "is the table's name right") {
		t.Errorf("another table: exit code %d, %q, want 1 and what to do", r.code, r.stderr)
	}
	t.Setenv("AWS_REGION", "")
	if r := command(t, append(args, table)...); r.code != exitFailed || !strings.Contains(r.stderr, "in which Region is the table?") {
		t.Errorf("no Region: exit code %d, %q, want 1 and what to do", r.code, r.stderr)
	}
}
