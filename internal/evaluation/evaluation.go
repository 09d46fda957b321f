// Package evaluation says how good the detectors are: how many messages a subscriber would have got for nothing, how many
// attacks would have been missed, and how soon a message would have come.
//
// It runs generated log files (package labelled) through the pipeline that the Lambda function runs, tick by tick on the
// clock of their delivery, and takes down what comes out: the lines of anomalies, and the messages. What is scored is
// messages. A detector that fires in one hour of an attack has not found the other hours too: there is no point adjustment.
package evaluation

import (
	"time"

	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/anomaly"
)

// Outcome is what came out of one account's log files.
type Outcome struct {
	Labels    *labelled.Labels
	Findings  []Finding // in the order in which they were told
	Published []Published
	// Sequences returns which AttackSequences there would have been without a detector's anomalies, by the bucket, the
	// principal and the day.
	found []anomaly.Anomaly

	Files   int
	Records int64
	Took    time.Duration // of the pipeline alone
}

// Finding is an anomaly that was told: for the first time, or because it had become more.
type Finding struct {
	At          time.Time // when it was told: by a tick, or by the log file that shows it by itself
	Tick        time.Time // that sees to its message
	Name        string
	Severity    anomaly.Severity
	Bucket      string
	Principal   string
	Kind        anomaly.Kind
	WindowStart time.Time
	WindowEnd   time.Time
	First, Last time.Time
	Count       int64
	Explanation string
}

// Published is a message that was sent.
type Published struct {
	At      time.Time
	Subject string
}

// waits tells whether the detector waits for its hour's end and longer.
func (f *Finding) waits() bool {
	switch f.Name {
	case anomaly.NameReadAfterDelete, anomaly.NameRepeatedDelete, anomaly.NameOpaqueBulkDelete:
		return true
	case anomaly.NameDeleteSurge:
		return f.WindowEnd.Sub(f.WindowStart) > time.Hour
	}
	return false
}
