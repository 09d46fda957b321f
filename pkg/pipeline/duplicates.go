package pipeline

import (
	"hash/maphash"

	"bucketwatch/pkg/cloudtrail"
)

// maxCompared is how many records of a file are compared; a log file of 50 MB has about 30,000.
const maxCompared = 1_000_000

// duplicates recognises records that stood in the file before, by eventID. It keeps a hash of each, with a seed of
// its own so that nobody can choose ids that collide.
type duplicates struct {
	seed        maphash.Seed
	seen        map[uint64]struct{}
	notCompared int64
}

func newDuplicates() duplicates {
	return duplicates{seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
}

// has tells whether the record was there before. One that corrects an earlier record counts as such: the earlier one
// may be in another file.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
func (d *duplicates) has(r *cloudtrail.Record) bool {
	if string(r.Addendum.Reason) == "UPDATED_DATA" {
		return true
	}
	if len(r.EventID) == 0 {
		return false
	}
	if len(d.seen) >= maxCompared {
		d.notCompared++
		return false
	}
	before := len(d.seen)
	d.seen[maphash.Bytes(d.seed, r.EventID)] = struct{}{}
	return len(d.seen) == before
}
