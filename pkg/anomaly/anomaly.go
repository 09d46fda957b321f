// Package anomaly judges what s3event understood: what is unexpected, how severe it is, and why, in one sentence.
//
// Each detector stands in a file of its own and in one line of a list. It holds no clock and does no I/O: the same
// evidence gives the same anomalies. Evidence is gathered by package evidence and remembered by package history; when
// to judge, and writing anomalies down, is the pipeline's.
package anomaly

import (
	"cmp"
	"slices"
	"time"

	"bucketwatch/pkg/s3event"
)

// Severity orders anomalies by how soon somebody should look.
type Severity string

// The severities.
const (
	Low      Severity = "LOW"
	Medium   Severity = "MEDIUM"
	High     Severity = "HIGH"
	Critical Severity = "CRITICAL" // of AttackSequence alone
)

var severities = []Severity{"", Low, Medium, High, Critical}

// ParseSeverity returns the severity of that name.
func ParseSeverity(name string) (Severity, bool) {
	s := Severity(name)
	return s, s != "" && slices.Contains(severities, s)
}

// Compare is negative if s is less severe than t, positive if more, and 0 if both are the same. No severity at all is
// the least.
func (s Severity) Compare(t Severity) int {
	return slices.Index(severities, s) - slices.Index(severities, t)
}

// Family groups detectors by what they look at. Two families that find something about the same bucket and principal
// are worse than one.
type Family string

// The families.
const (
	Volume     Family = "volume"     // how many, by whom
	Key        Family = "key"        // what became of single objects
	Protection Family = "protection" // what kept objects from being lost
)

// Kind says what sort of principal it is.
type Kind string

// The kinds of principal.
const (
	Machine      Kind = "machine"
	Human        Kind = "human"        // one person
	Persons      Kind = "people"       // several persons
	Unattributed Kind = "unattributed" // the records don't say
)

// Anomaly is what a detector found.
type Anomaly struct {
	Name      string // of the detector
	Family    Family
	Severity  Severity
	AccountID string
	Bucket    string // Account if it concerns no single bucket
	Principal string // see s3event.AppendPrincipal; or People
	Kind      Kind
	Persons   []string `json:",omitempty"` // the principals of a People anomaly, sorted
	// WindowStart and WindowEnd are the UTC hour (or day) in which it happened, whenever in it.
	WindowStart, WindowEnd time.Time
	Count                  int64 // how often, or of how many objects
	Threshold              int64 `json:",omitempty"` // from which Count on it is an anomaly; 0: it always is
	Record                 int64 `json:",omitempty"` // the largest Count of the days before
	KeysInAll              int64 `json:",omitempty"` // of how many objects Keys are the first
	// DeleteMarkers is how many of the deletes are known to have left a delete marker, so that the bucket is versioned. 0 says
	// nothing: not every record tells.
	DeleteMarkers int64 `json:",omitempty"`
	Sample              // when exactly, by what, with what
	// Cold says that the bucket was too new to say what is usual of it, so that numbers alone say little.
	Cold        bool      `json:",omitempty"`
	Deleted     []Deleted `json:",omitempty"`
	Explanation string    // one sentence, with its numbers
}

// Deleted is how many of the objects that a principal deleted in an hour an anomaly is about: what UnexpectedDeletes
// counts. They are among those that the bucket's metric DeletedObjects counts.
type Deleted struct {
	Principal string
	Hour      time.Time
	Objects   int64
}

// Objects returns how many deleted objects the anomaly is about.
func (a *Anomaly) Objects() int64 {
	var n int64
	for _, d := range a.Deleted {
		n += d.Objects
	}
	return n
}

// Individuals returns the principals that the anomaly is about: the persons of a People anomaly, else the one.
func (a *Anomaly) Individuals() []string {
	if a.Principal == People {
		return a.Persons
	}
	return []string{a.Principal}
}

// Merge takes over what o, a later judgement of the same anomaly, adds: an anomaly never becomes less. It tells
// whether its severity rose.
func (a *Anomaly) Merge(o *Anomaly) (rose bool) {
	rose = o.Severity.Compare(a.Severity) > 0
	persons := append(slices.Clone(a.Persons), o.Persons...)
	slices.Sort(persons)
	deleted := mergeDeleted(a.Deleted, o.Deleted)
	sample := o.Sample // of the one that isn't kept
	if rose || o.Count >= a.Count {
		severity := a.Severity
		count := a.Count
		sample = a.Sample
		*a = *o
		if !rose {
			a.Severity = severity
		}
		a.Count = max(count, o.Count)
	}
	a.Persons, a.Deleted = slices.Compact(persons), deleted
	if a.WindowEnd.Sub(a.WindowStart) > time.Hour {
		a.mergeHours(sample)
	}
	return rose
}

// mergeHours adds what an anomaly of a day lacks as long as it was judged by one of the day's hours alone.
func (a *Anomaly) mergeHours(sample Sample) {
	both := Sample{} // writes to neither
	both.Merge(&a.Sample)
	both.Merge(&sample)
	a.Sample = both
	if n := a.Objects(); n > a.Count {
		a.Count = n
		if a.KeysInAll > 0 {
			a.KeysInAll = n
		}
	}
}

// mergeDeleted returns the larger number of each principal and hour: where a window is a day, each of its hours may be
// judged by itself.
func mergeDeleted(a, b []Deleted) []Deleted {
	merged := slices.Clone(a)
	for _, d := range b {
		i := slices.IndexFunc(merged, func(m Deleted) bool { return m.Principal == d.Principal && m.Hour.Equal(d.Hour) })
		if i < 0 {
			merged = append(merged, d)
		} else {
			merged[i].Objects = max(merged[i].Objects, d.Objects)
		}
	}
	slices.SortFunc(merged, func(a, b Deleted) int { return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Principal, b.Principal)) })
	return merged
}

// Account is the bucket of anomalies that concern a trail or the account as a whole. No bucket can be called so.
const Account = "_account"

// kindOf says what sort of principal an actor is.
func kindOf(principal string, human bool) Kind {
	switch {
	case principal == s3event.Unattributed:
		return Unattributed
	case principal == People:
		return Persons
	case human:
		return Human
	}
	return Machine
}
