package labelled

import "time"

// Labels say what the traffic is about. What they count is what was meant to happen until the end, delivered or not.
type Labels struct {
	Seed       uint64    `json:"seed"`
	Account    string    `json:"account"`
	LogBucket  string    `json:"logBucket"`
	From       time.Time `json:"from"`
	ScoredFrom time.Time `json:"scoredFrom"`
	Until      time.Time `json:"until"`
	Buckets    []*Bucket `json:"buckets"`
	Attacks    []Attack  `json:"attacks"`
	Noise      []Noise   `json:"noise"`
}

// Bucket is what is known of one bucket.
type Bucket struct {
	Name      string         `json:"name"`
	Kind      Kind           `json:"kind"`
	Versioned bool           `json:"versioned"`
	Form      string         `json:"form"`    // how batch deletes are recorded
	Objects   map[string]int `json:"objects"` // that each principal deleted
	Hours     []int          `json:"hours"`   // objects deleted in each hour from the first on, by everybody
}

// Attack is something that has to be told.
type Attack struct {
	Bucket    string    `json:"bucket"`
	Kind      Kind      `json:"kind"` // of the bucket
	By        By        `json:"by"`
	Principal string    `json:"principal"`
	Human     bool      `json:"human"`
	Objects   int       `json:"objects"`
	Minutes   int       `json:"minutes"`
	Form      string    `json:"form"` // single, or how batch deletes are recorded
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`   // of the last delete
	Until     time.Time `json:"until"` // when the last of what follows from it happened: reads of what is gone
	// Case is the scripted case that it is, "" if it is deletes and nothing else; Anomaly is what must find it.
	Case    string `json:"case,omitempty"`
	Anomaly string `json:"anomaly,omitempty"`
}

// By says who attacks.
type By string

// Who attacks.
const (
	NewPrincipal   By = "new principal"   // was never seen to delete in the bucket
	KnownHuman     By = "known human"     // works with the bucket
	UsualPrincipal By = "usual principal" // the software that deletes, or uploads, anyway
)

// Noise is what looks odd and is harmless.
type Noise struct {
	Bucket    string    `json:"bucket"`
	What      string    `json:"what"`
	Principal string    `json:"principal"`
	Human     bool      `json:"human"`
	Objects   int       `json:"objects"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
}
