// Package report says what happened to buckets, as a value and in the formats that people and programs read: who did
// what, when and from where, which objects were deleted and what their story is, and what was unexpected.
//
// A Report is made by Make out of log files, which package logfiles finds. What a record means is package s3event's, how
// it counts package metric's, what is unexpected package anomaly's: nothing of that is decided here.
//
// Each format stands in a file of its own: table.go, json.go, csv.go, html.go.
package report

import (
	"time"

	"bucketwatch/pkg/anomaly"
)

// Schema is the version of the JSON members below. Programs are built on them.
const Schema = 1

// Report is what happened. Its members are documented in docs/REFERENCE.md.
type Report struct {
	Schema     int              `json:"schema"`
	Query      Query            `json:"query"`
	First      time.Time        `json:"first,omitzero"` // of the requests that the report is about
	Last       time.Time        `json:"last,omitzero"`
	Files      Files            `json:"files"`
	Records    map[string]int64 `json:"records"` // by class, as the health metrics call them
	DataEvents DataEvents       `json:"dataEvents"`
	Buckets    []Bucket         `json:"buckets"`
	Anomalies  []Anomaly        `json:"anomalies"`
	DeletedBy  []DeletedBy      `json:"deletedBy"`
	Deletes    []Delete         `json:"deletes"`
	Notes      []string         `json:"notes"`
	Failures   []Failure        `json:"failures"`
}

// Files are the log files.
type Files struct {
	Read    int   `json:"read"`
	Skipped int   `json:"skipped"` // hold no records
	Failed  int   `json:"failed"`
	Bytes   int64 `json:"bytes"`
}

// DataEvents are what CloudTrail charges for.
type DataEvents struct {
	Count     int64   `json:"count"`
	Days      float64 `json:"days"`
	USDAMonth float64 `json:"usdAMonth"`
}

// Bucket is what happened to one bucket.
type Bucket struct {
	Bucket      string           `json:"bucket"`
	First       time.Time        `json:"first"`
	Last        time.Time        `json:"last"`
	BusiestHour Hour             `json:"busiestHour"`
	Metrics     map[string]int64 `json:"metrics"` // as CloudWatch would have them
	Operations  map[string]int64 `json:"operations"`
	ErrorCodes  map[string]int64 `json:"errorCodes"`
	Callers     []Caller         `json:"callers"`
	Keys        []Key            `json:"keys"`
	KeysInAll   int64            `json:"keysInAll"` // that were counted
	Hours       []Hour           `json:"hours"`
}

// Hour is a bucket's UTC hour.
type Hour struct {
	Start   time.Time        `json:"start"`
	Metrics map[string]int64 `json:"metrics"`
}

// Caller is who used a bucket.
type Caller struct {
	Principal         string           `json:"principal"`
	Kind              anomaly.Kind     `json:"kind"`
	Requests          int64            `json:"requests"`
	DeletedObjects    int64            `json:"deletedObjects"`
	DeniedDeletes     int64            `json:"deniedDeletes"`
	Errors            int64            `json:"errors"`
	First             time.Time        `json:"first"`
	Last              time.Time        `json:"last"`
	Operations        map[string]int64 `json:"operations"`
	SourceIPAddresses map[string]int64 `json:"sourceIPAddresses"` // by how many records
	UserAgents        map[string]int64 `json:"userAgents"`
}

// Key is one object.
type Key struct {
	Key            string `json:"key"`
	Requests       int64  `json:"requests"`
	DeletedObjects int64  `json:"deletedObjects"`
	History        []Step `json:"history,omitempty"`
	StepsLeftOut   int64  `json:"stepsLeftOut,omitempty"`
}

// Step is what somebody did with an object, once or several times in a row.
type Step struct {
	What            What      `json:"what"`
	Operation       string    `json:"operation"` // the first of them
	Time            time.Time `json:"time"`
	LastTime        time.Time `json:"lastTime,omitzero"` // where it was done several times
	Count           int64     `json:"count"`
	Principal       string    `json:"principal"`
	SourceIPAddress string    `json:"sourceIPAddress,omitempty"` // of the first
	VersionID       string    `json:"versionId,omitempty"`
	Status          int       `json:"status"`
	ErrorCode       string    `json:"errorCode,omitempty"`
}

// What says what was done with an object.
type What string

// What is done with objects.
const (
	Uploaded      What = "uploaded"
	Deleted       What = "deleted"
	MarkerRemoved What = "markerRemoved" // the delete marker: the object is back
	DeleteRefused What = "deleteRefused"
	AskedFor      What = "askedFor" // read, or looked at
	Refused       What = "refused"  // asked for, in vain
	Other         What = "other"
)

// DeletedBy is what one caller deleted from one address.
type DeletedBy struct {
	Bucket          string       `json:"bucket"`
	Principal       string       `json:"principal"`
	Kind            anomaly.Kind `json:"kind"`
	SourceIPAddress string       `json:"sourceIPAddress"`
	UserAgent       string       `json:"userAgent"`
	DeletedObjects  int64        `json:"deletedObjects"`
	DeniedDeletes   int64        `json:"deniedDeletes"`
	First           time.Time    `json:"first"`
	Last            time.Time    `json:"last"`
}

// Delete is one object that was deleted, or a refusal to delete.
type Delete struct {
	Time            time.Time    `json:"time"`
	Bucket          string       `json:"bucket"`
	Key             string       `json:"key"`
	VersionID       string       `json:"versionId,omitempty"`
	Principal       string       `json:"principal"`
	Kind            anomaly.Kind `json:"kind"`
	SourceIPAddress string       `json:"sourceIPAddress"`
	UserAgent       string       `json:"userAgent"`
	ErrorCode       string       `json:"errorCode,omitempty"`
	EventID         string       `json:"eventId"`
}

// Anomaly is something unexpected.
type Anomaly struct {
	Bucket            string           `json:"bucket"`
	Anomaly           string           `json:"anomaly"`
	Severity          anomaly.Severity `json:"severity"`
	Principal         string           `json:"principal"`
	Kind              anomaly.Kind     `json:"kind"`
	Persons           []string         `json:"persons,omitempty"`
	WindowStart       time.Time        `json:"windowStart"`
	WindowEnd         time.Time        `json:"windowEnd"`
	First             time.Time        `json:"first"`
	Last              time.Time        `json:"last"`
	Count             int64            `json:"count"`
	Threshold         int64            `json:"threshold,omitempty"`
	Record            int64            `json:"record,omitempty"`
	DeletedObjects    int64            `json:"deletedObjects,omitempty"`
	Explanation       string           `json:"explanation"`
	Keys              []string         `json:"keys,omitempty"`
	KeysInAll         int64            `json:"keysInAll,omitempty"`
	SourceIPAddresses []string         `json:"sourceIPAddresses,omitempty"`
	UserAgents        []string         `json:"userAgents,omitempty"`
	EventIDs          []string         `json:"eventIds,omitempty"`
	LogFiles          []string         `json:"logFiles,omitempty"`
}

// Failure is a log file that could not be read.
type Failure struct {
	File  string `json:"file"`
	Error string `json:"error"`
}
