// Package simulation runs many real bootstraps at the same time against one table with DynamoDB's limits, feeds them log
// files as CloudTrail delivers them, and holds what comes of it against what is in the files.
//
// It shows what throttling does to the function: which partition of the table is the first to be throttled, what Lambda
// has to repeat, and that nothing is lost or counted twice. Left out: Lambda's cold starts, its own limits on how fast it
// scales, its memory limit; partitions that DynamoDB splits, and its burst capacity; the network.
package simulation

import (
	"errors"
	"fmt"
	"time"
)

// slot is how often CloudTrail delivers.
const slot = 5 * time.Minute

// What one partition of a DynamoDB table takes in a second.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
const (
	partitionWrites = 1000
	partitionReads  = 3000
)

// Plan says what is simulated.
type Plan struct {
	Seed uint64

	Files         int           // an hour
	Deliveries    int           // of five minutes' files each
	Burst         time.Duration // in which the files of a delivery come
	Records       int           // of a log file
	Buckets       int           // of all log files
	BucketsInFile int
	Hot           float64 // share of the log files that have requests to the first bucket
	Deletes       float64 // share of the buckets in a log file from which objects are deleted

	Environments int           // execution environments, each a process: Lambda's concurrency
	Partitions   int           // of the table; a new one on demand has four: 4,000 writes and 12,000 reads a second
	Latency      time.Duration // of a call of DynamoDB
	Attempts     int           // of a call, by the AWS client; zero leaves it to the function
	Pause        time.Duration // before Lambda's first retry; before the second it is twice as long

	// Scale makes all of it smaller, so that it fits a machine: a Scale-th of the files, with a Scale-th of the capacity. What
	// is measured is told as if it were whole. Zero is the smallest that has less than filesASecond.
	Scale int

	Progress func(done, of int) // called after each log file, by one goroutine at a time; nil: nobody looks
}

// filesASecond is how many small log files two processors get through, DynamoDB's and S3's work included.
const filesASecond = 60

// Validate joins all faults of the plan.
func (p *Plan) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(p.Files >= 1, "%d files an hour are none", p.Files)
	check(p.Deliveries >= 1 && p.Deliveries <= 12, "%d deliveries are not from 1 to 12", p.Deliveries)
	check(p.Burst >= 0 && p.Burst <= slot, "a burst of %s is not from 0 to %s", p.Burst, slot)
	check(p.Records >= 1 && p.Records <= 100_000, "%d records of a file are not from 1 to 100,000", p.Records)
	check(p.BucketsInFile >= 1 && p.BucketsInFile <= p.Buckets, "%d buckets in a file are not from 1 to %d, which are all", p.BucketsInFile, p.Buckets)
	check(p.BucketsInFile <= p.Records, "%d records can't be of %d buckets", p.Records, p.BucketsInFile)
	check(p.Hot >= 0 && p.Hot <= 1, "a share of %v is not from 0 to 1", p.Hot)
	check(p.Deletes >= 0 && p.Deletes <= 1, "a share of %v is not from 0 to 1", p.Deletes)
	check(p.Environments >= 1 && p.Environments <= 200, "%d environments are not from 1 to 200: each is a process of 20 MB", p.Environments)
	check(p.Partitions >= 0, "%d partitions are less than none, which is no limit", p.Partitions)
	check(p.Latency >= 0 && p.Latency <= time.Second, "a latency of %s is not from 0 to 1s", p.Latency)
	check(p.Attempts >= 0, "%d attempts are less than none", p.Attempts)
	check(p.Pause >= 0, "a pause of %s is less than none", p.Pause)
	check(p.Scale >= 0, "a scale of %d is less than 1", p.Scale)
	return errors.Join(faults...)
}

// scale is the Scale, chosen if it is zero.
func (p *Plan) scale() int {
	if p.Scale > 0 {
		return p.Scale
	}
	most := filesASecond * max(1, p.Burst.Seconds())
	return max(1, int(float64(p.Files)/float64(time.Hour/slot)/most+0.999))
}

// inDelivery is how many files the n-th delivery has: all of them together have what is due by then.
func (p *Plan) inDelivery(n int) int {
	by := func(n int) int { return n * p.Files / int(time.Hour/slot) / p.scale() }
	if p.Files < int(time.Hour/slot) {
		return by(n+1) - by(n)
	}
	return max(1, by(n+1)-by(n))
}
