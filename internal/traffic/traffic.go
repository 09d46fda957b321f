// Package traffic makes CloudTrail log files whose content is known beforehand, for the demo, the tests and the
// evaluation.
//
// Actors (an app, a person at the console, a clean-up, an intruder …) do things; each thing they do is counted in a
// [Truth] by what it was meant to be, and rendered as the records that CloudTrail writes about it. The truth is never
// derived from the rendered records, and nothing here uses the code it is a yardstick for: the package depends on the
// standard library alone.
//
// Everything follows from a seed and a time: the same two give the same bytes.
//
// The records have the members, the order and the lengths of real ones (event versions 1.05 and 1.09 to 1.11). Where
// no real record is public (the per-key records of a DeleteObjects call, lifecycle actions), their shape is an
// assumption and its comment says so. Left out: Insights and aggregated events, directory buckets, Outposts, access
// points, the signatures of digests.
package traffic

import "time"

// File is one log file as CloudTrail delivers it.
type File struct {
	Key       string
	Body      []byte    // gzipped
	Records   int       // how many records it holds
	Delivered time.Time // the minute in its key
}

// Traffic is what one trail delivered, and what it is about.
type Traffic struct {
	Account   string
	Region    string
	LogBucket string
	From, To  time.Time // when it happened; a few records may be older
	Files     []File    // in the order of delivery
	Truth     *Truth
}
