// Package anomaly judges what s3event understood: what is unexpected, how severe it is, and why, in one sentence.
//
// Each detector stands in a file of its own. It holds no clock and does no I/O: the same evidence gives the same
// anomalies. Counting is package metric's, writing anomalies down is the pipeline's.
package anomaly

import "time"

// Severity orders anomalies by how soon somebody should look.
type Severity string

// The severities in use.
const High Severity = "HIGH"

// Anomaly is what a detector found.
type Anomaly struct {
	Name      string // of the detector
	Severity  Severity
	Bucket    string // Account if it concerns no single bucket
	Principal string // see s3event.AppendPrincipal
	// WindowStart and WindowEnd are the UTC hour (or day) in which it happened, whenever in it.
	WindowStart, WindowEnd time.Time
	Count                  int64 // how often, or of how many objects
	DeletedObjects         int64 // of those that Bucket's metric DeletedObjects counts, too
	Keys                   []string
	KeysInAll              int64
	EventIDs               []string
	SourceIPAddresses      []string
	UserAgents             []string
	Explanation            string // one sentence, with its numbers
}

// Account is the bucket of anomalies that concern a trail or the account as a whole. No bucket can be called so.
const Account = "_account"
