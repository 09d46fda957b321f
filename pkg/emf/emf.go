// Package emf writes the CloudWatch embedded metric format: log lines from which CloudWatch extracts metrics.
//
// The types have the specification's names, and the Encoder refuses what the specification, or CloudWatch, would
// refuse in silence: a line that CloudWatch cannot read is a metric lost without an error anywhere. What to write, and
// when, is the caller's.
//
// The specification:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package emf

import "time"

// A Line is one log line. Its members are written in the order given, so equal lines are equal to the byte.
type Line struct {
	Timestamp  time.Time         // of the metrics; CloudWatch keeps milliseconds
	Directives []MetricDirective // none: a plain JSON line, without _aws
	Members    []Member          // the root members: dimension values, metric values, and everything else
}

// MetricDirective names the metrics that CloudWatch is to extract from a line, and their dimensions.
type MetricDirective struct {
	Namespace  string
	Dimensions [][]string // sets of names of root members; the empty set, not nil, is a metric without dimensions
	Metrics    []MetricDefinition
}

// MetricDefinition names a root member that is a metric: an int64, a float64, or 1 to MaxValues of them in a []float64.
type MetricDefinition struct {
	Name string
	Unit Unit `json:",omitempty"`
}

// Unit is a unit as CloudWatch spells it.
type Unit string

// The units in use.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
const (
	Count        Unit = "Count"
	Bytes        Unit = "Bytes"
	Seconds      Unit = "Seconds"
	Milliseconds Unit = "Milliseconds"
)

// Member is a member of a line's root: anything that encoding/json can encode.
type Member struct {
	Name  string
	Value any
}

// metadata is the line's _aws.
type metadata struct {
	Timestamp         int64 // milliseconds since the Unix epoch
	CloudWatchMetrics []MetricDirective
}
