package traffic

import (
	"slices"
	"strings"
	"time"
)

// slot is how often CloudTrail delivers.
const slot = 5 * time.Minute

// trail stands for CloudTrail in one account: it takes what happened and delivers log files.
type trail struct {
	account string
	log     *bucket // where the log files go
	ids     ids
	truth   *Truth
	pending []event // what happened and wasn't delivered yet
	every   time.Duration
	// logOmitted: the selectors leave the log bucket out. Otherwise one log file follows the other for ever.
	logOmitted bool
}

func newTrail(seed uint64, account string, log *bucket) *trail {
	return &trail{account: account, log: log, ids: ids{newRand(seed, "trail")}, truth: newTruth(), every: slot}
}

func (t *trail) add(e event) { t.pending = append(t.pending, e) }

// deliver writes log files for the slots after from, to and with to, of what is pending by then: two to eight minutes
// after it happened, where a slot is five minutes. CloudTrail's own writing of each file is an event again, which the next slots deliver. What is
// counted is what was delivered.
func (t *trail) deliver(from, to time.Time) []File {
	var files []File
	for at := from.Add(t.every); !at.After(to); at = at.Add(t.every) {
		due := t.due(at)
		for _, region := range regions(due) {
			for _, batch := range t.split(due, region) {
				f := t.file(at, region, batch)
				files = append(files, f)
				if !t.logOmitted {
					t.add(t.ownPut(f))
				}
			}
		}
	}
	return files
}

// due takes out of pending what a delivery at a time holds, in the order of time.
func (t *trail) due(at time.Time) []event {
	var due, rest []event
	for _, e := range t.pending {
		delay := 2*time.Minute + time.Duration(t.ids.Int64N(int64(90*time.Second)))
		if e.when().Add(delay).After(at) {
			rest = append(rest, e)
		} else {
			due = append(due, e)
		}
	}
	t.pending = rest
	slices.SortStableFunc(due, func(a, b event) int { return a.when().Compare(b.when()) })
	return due
}

func regions(due []event) []string {
	var names []string
	for _, e := range due {
		if !slices.Contains(names, e.where()) {
			names = append(names, e.where())
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names
}

// split deals a Region's events over as many files as a busy account gets. The records of one event stay together.
func (t *trail) split(due []event, region string) [][]event {
	var own []event
	for _, e := range due {
		if e.where() == region {
			own = append(own, e)
		}
	}
	batches := make([][]event, 1+len(own)/120)
	for _, e := range own {
		i := t.ids.IntN(len(batches))
		batches[i] = append(batches[i], e)
	}
	return slices.DeleteFunc(batches, func(b []event) bool { return len(b) == 0 })
}

// file renders and counts one log file. Its records are only roughly in the order of time.
func (t *trail) file(at time.Time, region string, batch []event) File {
	var records []record
	for _, e := range batch {
		records = e.records(t, records)
		e.count(t)
	}
	for i := range records {
		if j := i + t.ids.IntN(8); j < len(records) {
			records[i], records[j] = records[j], records[i]
		}
	}
	return File{Key: Key(t.account, region, at, t.ids.pick(alphanum, 16)), Body: pack(records), Records: len(records), Delivered: at}
}

// ownPut is CloudTrail's own request that put a file into the log bucket.
func (t *trail) ownPut(f File) event {
	return &request{
		at:        f.Delivered.Add(time.Duration(1+t.ids.IntN(40)) * time.Second),
		who:       newService("cloudtrail.amazonaws.com"),
		bucket:    t.log,
		operation: "PutObject",
		key:       f.Key,
		in:        int64(700 + 190*f.Records), // about len(f.Body), which another version of the gzip library would change
		params:    members{text("x-amz-acl", "bucket-owner-full-control"), text("x-amz-server-side-encryption", "AES256")},
	}
}
