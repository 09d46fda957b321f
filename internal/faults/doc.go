// Package faults drives the real binary through Lambda's runtime API while what it depends on fails: S3, DynamoDB and
// SNS answer late, wrongly, in part or not at all, and the process is killed at any moment. It has tests only.
//
// What must hold afterwards is in verdict_test.go. Left out: the client's own retries, with their pauses of up to
// seconds (the clients try once), and everything that only AWS shows; docs/RELIABILITY.md says which that is.
package faults
