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
	seen        hashes
	notCompared int64
}

func newDuplicates() duplicates { return duplicates{seed: maphash.MakeSeed()} }

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
	if d.seen.n >= maxCompared {
		d.notCompared++
		return false
	}
	return !d.seen.add(maphash.Bytes(d.seed, r.EventID))
}

// hashes is a set of hashes. A map would hash them again, and move them about more often as it grows.
type hashes struct {
	slots []uint64 // each hash in the first free slot from the one that its low bits name; 0 is free
	n     int
}

// add adds h and tells whether it is new. (0 counts as 1.)
func (s *hashes) add(h uint64) bool {
	if 4*s.n >= 3*len(s.slots) {
		s.grow()
	}
	h = max(h, 1)
	mask := uint64(len(s.slots) - 1)
	i := h & mask
	for ; s.slots[i] != 0; i = (i + 1) & mask {
		if s.slots[i] == h {
			return false
		}
	}
	s.slots[i] = h
	s.n++
	return true
}

func (s *hashes) grow() {
	old := s.slots
	*s = hashes{slots: make([]uint64, max(1<<10, 2*len(old)))}
	for _, h := range old {
		if h != 0 {
			s.add(h)
		}
	}
}
