package emf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"bucketwatch/pkg/printable"
)

// Limits of the specification and of CloudWatch's metrics, and MaxLine, which is our own: far below the 1 MB of the
// specification, so that no log agent on the way cuts a line.
const (
	MaxMetrics        = 100 // per directive
	MaxDimensions     = 30  // per set
	MaxDimensionName  = 250
	MaxDimensionValue = 1024
	MaxName           = 255
	MaxValues         = 100 // per metric
	MaxLine           = 64 << 10
)

// ErrInvalid is wrapped by the errors about lines that CloudWatch would not take.
var ErrInvalid = errors.New("invalid metric line")

// Encoder writes lines. It must not be used by several goroutines at once.
type Encoder struct {
	w    io.Writer
	buf  bytes.Buffer
	json *json.Encoder // writes to buf
}

// NewEncoder returns an Encoder that writes to w.
func NewEncoder(w io.Writer) *Encoder {
	e := &Encoder{w: w}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false) // a line is read by people too
	return e
}

// Encode writes line and a newline in one Write, or nothing and an error that wraps ErrInvalid if a limit is broken.
func (e *Encoder) Encode(line *Line) error {
	values := make(map[string]any, len(line.Members))
	e.buf.Reset()
	e.buf.WriteByte('{')
	if len(line.Directives) > 0 {
		if line.Timestamp.Unix() < 0 {
			return fmt.Errorf("%w: timestamp %v", ErrInvalid, line.Timestamp)
		}
		if err := e.member("_aws", metadata{line.Timestamp.UnixMilli(), line.Directives}); err != nil {
			return err
		}
	}
	for _, m := range line.Members {
		// Names that are no UTF-8 would be replaced, and then two might be one.
		if _, twice := values[m.Name]; twice || m.Name == "_aws" || m.Name == "" || !utf8.ValidString(m.Name) {
			return fmt.Errorf("%w: member %q stands twice, or its name is reserved or no text", ErrInvalid, m.Name)
		}
		values[m.Name] = m.Value
		if err := e.member(m.Name, m.Value); err != nil {
			return err
		}
	}
	for i := range line.Directives {
		if err := check(&line.Directives[i], values); err != nil {
			return err
		}
	}
	e.buf.WriteString("}\n")
	text := printable.JSON(e.buf.Bytes()) // lines are read on terminals too
	if n := len(text); n > MaxLine {
		return fmt.Errorf("%w: %d bytes, more than %d", ErrInvalid, n, MaxLine)
	}
	if _, err := e.w.Write(text); err != nil {
		return fmt.Errorf("cannot write metric line: %w", err)
	}
	return nil
}

// member appends one member to the line.
func (e *Encoder) member(name string, value any) error {
	if e.buf.Len() > 1 {
		e.buf.WriteByte(',')
	}
	e.text(name)
	e.buf.WriteByte(':')
	if err := e.value(value); err != nil {
		return fmt.Errorf("%w: member %q: %w", ErrInvalid, name, err)
	}
	return nil
}

// value appends a value. Most are numbers and plain texts, which need none of encoding/json's reflection.
func (e *Encoder) value(v any) error {
	switch v := v.(type) {
	case int64:
		e.buf.Write(strconv.AppendInt(e.buf.AvailableBuffer(), v, 10))
		return nil
	case string:
		e.text(v)
		return nil
	}
	if err := e.json.Encode(v); err != nil {
		return err
	}
	e.buf.Truncate(e.buf.Len() - 1) // the newline that Encode adds
	return nil
}

// text appends a string.
func (e *Encoder) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			e.json.Encode(s) // of a string it can't fail, nor can a Buffer
			e.buf.Truncate(e.buf.Len() - 1)
			return
		}
	}
	e.buf.WriteByte('"')
	e.buf.WriteString(s)
	e.buf.WriteByte('"')
}

// check holds a directive against the limits and the values of the line's members.
func check(d *MetricDirective, values map[string]any) error {
	if !isText(d.Namespace, MaxName) {
		return fmt.Errorf("%w: namespace %q", ErrInvalid, d.Namespace)
	}
	if len(d.Metrics) == 0 || len(d.Metrics) > MaxMetrics {
		return fmt.Errorf("%w: %d metrics in a directive", ErrInvalid, len(d.Metrics))
	}
	if len(d.Dimensions) == 0 {
		return fmt.Errorf("%w: no dimension set", ErrInvalid)
	}
	for _, set := range d.Dimensions {
		if set == nil { // it would be written as null
			return fmt.Errorf("%w: a dimension set is nil, which is not the empty set", ErrInvalid)
		}
		if len(set) > MaxDimensions {
			return fmt.Errorf("%w: %d dimensions in a set", ErrInvalid, len(set))
		}
		for _, name := range set {
			if !isText(name, MaxDimensionName) {
				return fmt.Errorf("%w: dimension name %q", ErrInvalid, name)
			}
			if v, ok := values[name].(string); !ok || !isText(v, MaxDimensionValue) {
				return fmt.Errorf("%w: dimension %s has the value %#v", ErrInvalid, name, values[name])
			}
		}
	}
	for _, m := range d.Metrics {
		if !isText(m.Name, MaxName) {
			return fmt.Errorf("%w: metric name %q", ErrInvalid, m.Name)
		}
		if !isMetricValue(values[m.Name]) {
			return fmt.Errorf("%w: metric %s has the value %#v", ErrInvalid, m.Name, values[m.Name])
		}
		switch m.Unit {
		case "", Count, Bytes, Seconds, Milliseconds:
		default:
			return fmt.Errorf("%w: metric %s has the unit %q", ErrInvalid, m.Name, m.Unit)
		}
	}
	return nil
}

// isText tells whether CloudWatch takes v as a name or a dimension's value: 1 to max ASCII characters, not all white
// space, no control characters, no colon at the start.
func isText(v string, max int) bool {
	if v == "" || len(v) > max || v[0] == ':' {
		return false
	}
	blank := true
	for _, c := range []byte(v) {
		if c < ' ' || c > '~' {
			return false
		}
		blank = blank && c == ' '
	}
	return !blank
}

// isMetricValue tells whether v is a number, or 1 to MaxValues numbers, that CloudWatch takes.
func isMetricValue(v any) bool {
	switch v := v.(type) {
	case int64:
		return true
	case float64:
		return isInRange(v)
	case []float64:
		for _, f := range v {
			if !isInRange(f) {
				return false
			}
		}
		return len(v) > 0 && len(v) <= MaxValues
	}
	return false
}

// isInRange tells whether CloudWatch takes f: neither NaN nor infinite, nor beyond 2^360.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
func isInRange(f float64) bool { return math.Abs(f) <= 1<<360 }
