// Package emftest checks log lines against the specification of CloudWatch's embedded metric format, and reads from
// them the metrics that CloudWatch would extract.
//
// It is written from the specification and its JSON schema, not from package emf, whose lines it is to judge:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
//
// Stricter than the schema is what CloudWatch itself takes:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
package emftest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Line is one log line as CloudWatch reads it.
type Line struct {
	Timestamp time.Time
	Members   []string                   // the names of the root members but _aws, in the order of the line
	Values    map[string]json.RawMessage // of these members
	Samples   []Sample                   // one for each metric and dimension set
}

// Sample is what a line says about one metric with one set of dimensions.
type Sample struct {
	Namespace  string
	Dimensions map[string]string
	Name       string
	Unit       string // "None" where the line has none
	Values     []float64
}

// Sum adds up the sample's values.
func (s *Sample) Sum() float64 {
	var sum float64
	for _, v := range s.Values {
		sum += v
	}
	return sum
}

// Text returns the string that is the value of a root member, "" if the line has no such string.
func (l *Line) Text(member string) string {
	var s string
	if json.Unmarshal(l.Values[member], &s) != nil {
		return ""
	}
	return s
}

// Sums adds up a metric over the lines by the values of exactly these dimensions, joined by spaces: the statistic Sum
// of CloudWatch. A metric without dimensions has the value "".
func Sums(lines []Line, metric string, dimensions ...string) map[string]float64 {
	sums := map[string]float64{}
	for i := range lines {
		for _, s := range lines[i].Samples {
			if s.Name != metric || len(s.Dimensions) != len(dimensions) {
				continue
			}
			values := make([]string, 0, len(dimensions))
			for _, name := range dimensions {
				if v, ok := s.Dimensions[name]; ok {
					values = append(values, v)
				}
			}
			if len(values) == len(dimensions) {
				sums[strings.Join(values, " ")] += s.Sum()
			}
		}
	}
	return sums
}

// Check returns what CloudWatch would refuse the line for, nil if it takes it. A newline at its end is no fault.
func Check(line []byte) error {
	_, err := Parse(line)
	return err
}

// ParseAll reads a stream of lines, each of which must end with a newline.
func ParseAll(stream []byte) ([]Line, error) {
	var lines []Line
	text := string(stream)
	for text != "" {
		end := strings.IndexByte(text, '\n')
		if end < 0 {
			return lines, fmt.Errorf("line %d has no newline: %.200q", len(lines)+1, text)
		}
		line, err := Parse([]byte(text[:end]))
		if err != nil {
			return lines, fmt.Errorf("line %d: %w: %.200q", len(lines)+1, err, text[:end])
		}
		lines = append(lines, line)
		text = text[end+1:]
	}
	return lines, nil
}

// Parse checks a line and reads it.
func Parse(line []byte) (Line, error) {
	var l Line
	var err error
	l.Members, l.Values, err = root(line)
	if err != nil {
		return Line{}, err
	}
	aws, ok := l.Values["_aws"]
	if !ok {
		return Line{}, fmt.Errorf("no member _aws")
	}
	delete(l.Values, "_aws")
	l.Members = slices.DeleteFunc(l.Members, func(name string) bool { return name == "_aws" })

	metadata, err := object(aws, "_aws", "Timestamp", "CloudWatchMetrics")
	if err != nil {
		return Line{}, err
	}
	var ms int64
	if err := json.Unmarshal(metadata["Timestamp"], &ms); err != nil || isNull(metadata["Timestamp"]) || ms < 0 {
		return Line{}, fmt.Errorf("_aws.Timestamp is %s, not a number of milliseconds since 1970", metadata["Timestamp"])
	}
	l.Timestamp = time.UnixMilli(ms).UTC()

	directives, err := array(metadata["CloudWatchMetrics"], "_aws.CloudWatchMetrics", 0, unlimited)
	if err != nil {
		return Line{}, err
	}
	for i, raw := range directives {
		if err := l.directive(raw); err != nil {
			return Line{}, fmt.Errorf("directive %d: %w", i, err)
		}
	}
	return l, l.checkOnce()
}

// directive checks one MetricDirective and adds its samples.
func (l *Line) directive(raw json.RawMessage) error {
	d, err := object(raw, "directive", "Namespace", "Dimensions", "Metrics")
	if err != nil {
		return err
	}
	namespace, err := text(d["Namespace"], "Namespace", 255)
	if err != nil {
		return err
	}
	sets, err := array(d["Dimensions"], "Dimensions", 1, unlimited)
	if err != nil {
		return err
	}
	metrics, err := array(d["Metrics"], "Metrics", 0, 100)
	if err != nil {
		return err
	}
	for _, rawSet := range sets {
		dimensions, err := l.dimensions(rawSet)
		if err != nil {
			return err
		}
		for _, rawMetric := range metrics {
			s, err := l.metric(rawMetric)
			if err != nil {
				return err
			}
			s.Namespace, s.Dimensions = namespace, dimensions
			l.Samples = append(l.Samples, s)
		}
	}
	return nil
}

// dimensions reads a DimensionSet and the values that the line has for it.
func (l *Line) dimensions(raw json.RawMessage) (map[string]string, error) {
	set, err := array(raw, "dimension set", 0, 30)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, rawName := range set {
		name, err := text(rawName, "name of a dimension", 250)
		if err != nil {
			return nil, err
		}
		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("dimension %s stands twice in a set", name)
		}
		values[name], err = text(l.Values[name], "dimension "+name, 1024)
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

// metric reads a MetricDefinition and the values that the line has for it.
func (l *Line) metric(raw json.RawMessage) (Sample, error) {
	m, err := object(raw, "metric", "Name", "Unit?", "StorageResolution?")
	if err != nil {
		return Sample{}, err
	}
	s := Sample{Unit: "None"}
	if s.Name, err = text(m["Name"], "name of a metric", 255); err != nil {
		return Sample{}, err
	}
	if unit, ok := m["Unit"]; ok {
		if s.Unit, err = text(unit, "unit", 255); err != nil {
			return Sample{}, err
		}
		if !IsUnit(s.Unit) {
			return Sample{}, fmt.Errorf("metric %s has the unit %q, which CloudWatch does not know", s.Name, s.Unit)
		}
	}
	if r, ok := m["StorageResolution"]; ok && string(r) != "1" && string(r) != "60" {
		return Sample{}, fmt.Errorf("metric %s has the StorageResolution %s, not 1 or 60", s.Name, r)
	}
	value, ok := l.Values[s.Name]
	if !ok {
		return Sample{}, fmt.Errorf("metric %s is no member of the line", s.Name)
	}
	values := []json.RawMessage{value}
	if value[0] == '[' {
		if values, err = array(value, "metric "+s.Name, 1, 100); err != nil {
			return Sample{}, err
		}
	}
	for _, v := range values {
		var f float64
		if err := json.Unmarshal(v, &f); err != nil || isNull(v) || f > 0x1p360 || f < -0x1p360 {
			return Sample{}, fmt.Errorf("metric %s has the value %s, which is no number that CloudWatch takes", s.Name, v)
		}
		s.Values = append(s.Values, f)
	}
	return s, nil
}

// checkOnce looks for a metric that would be counted twice, which no schema finds.
func (l *Line) checkOnce() error {
	seen := map[string]bool{}
	for _, s := range l.Samples {
		id := strings.Join(append([]string{s.Namespace, s.Name}, slices.Sorted(maps.Keys(s.Dimensions))...), "\x00")
		if seen[id] {
			return fmt.Errorf("metric %s is extracted twice with the same dimensions", s.Name)
		}
		seen[id] = true
	}
	return nil
}

// IsUnit tells whether CloudWatch knows the unit.
func IsUnit(unit string) bool { return slices.Contains(units, unit) }

var units = strings.Split("Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|"+
	"Bits|Kilobits|Megabits|Gigabits|Terabits|Percent|Count|"+
	"Bytes/Second|Kilobytes/Second|Megabytes/Second|Gigabytes/Second|Terabytes/Second|"+
	"Bits/Second|Kilobits/Second|Megabits/Second|Gigabits/Second|Terabits/Second|Count/Second|None", "|")
