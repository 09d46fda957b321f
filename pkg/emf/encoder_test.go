package emf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/emftest"
	"bucketwatch/pkg/emf"
)

var minute = time.Date(2026, 11, 20, 10, 37, 0, 0, time.UTC)

// writes keeps what each Write was given.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

// valid is a line with one metric and one dimension, and then as the change says.
func valid(change func(l *emf.Line)) *emf.Line {
	l := &emf.Line{
		Timestamp: minute,
		Directives: []emf.MetricDirective{{
			Namespace:  "BucketWatch",
			Dimensions: [][]string{{"BucketName"}},
			Metrics:    []emf.MetricDefinition{{Name: "AllRequests", Unit: emf.Count}},
		}},
		Members: []emf.Member{{Name: "BucketName", Value: "photos"}, {Name: "AllRequests", Value: int64(12)}},
	}
	if change != nil {
		change(l)
	}
	return l
}

func set(l *emf.Line, name string, value any) {
	for i := range l.Members {
		if l.Members[i].Name == name {
			l.Members[i].Value = value
			return
		}
	}
	l.Members = append(l.Members, emf.Member{Name: name, Value: value})
}

func TestEncode(t *testing.T) {
	full := valid(func(l *emf.Line) {
		l.Timestamp = minute.Add(1234567 * time.Nanosecond)
		l.Directives[0].Dimensions = [][]string{{"BucketName", "Anomaly"}, {"BucketName"}, {}}
		l.Directives[0].Metrics = append(l.Directives[0].Metrics, emf.MetricDefinition{Name: "4xxErrors"})
		l.Directives = append(l.Directives, emf.MetricDirective{
			Namespace: "Other", Dimensions: [][]string{{}}, Metrics: []emf.MetricDefinition{{Name: "Latency", Unit: emf.Milliseconds}},
		})
		set(l, "Anomaly", "None")
		set(l, "4xxErrors", 0.5)
		set(l, "Latency", []float64{1, 2.5})
		set(l, "Zulu", map[string]int64{"b": 1, "a": 2})
		set(l, "Alpha", "<&>\n\"\u2028")
		set(l, "Nothing", nil)
	})
	for _, tt := range []struct {
		name string
		line *emf.Line
		want string
	}{
		{"one metric", valid(nil), `{"_aws":{"Timestamp":1795171020000,"CloudWatchMetrics":[{"Namespace":"BucketWatch",` +
			`"Dimensions":[["BucketName"]],"Metrics":[{"Name":"AllRequests","Unit":"Count"}]}]},"BucketName":"photos","AllRequests":12}` + "\n"},
		{"order as given, sets, arrays, no unit", full, `{"_aws":{"Timestamp":1795171020001,"CloudWatchMetrics":[{"Namespace":"BucketWatch",` +
			`"Dimensions":[["BucketName","Anomaly"],["BucketName"],[]],"Metrics":[{"Name":"AllRequests","Unit":"Count"},{"Name":"4xxErrors"}]},` +
			`{"Namespace":"Other","Dimensions":[[]],"Metrics":[{"Name":"Latency","Unit":"Milliseconds"}]}]},` +
			`"BucketName":"photos","AllRequests":12,"Anomaly":"None","4xxErrors":0.5,"Latency":[1,2.5],"Zulu":{"a":2,"b":1},` +
			`"Alpha":"<&>\n\"\u2028","Nothing":null}` + "\n"},
		{"no directive", valid(func(l *emf.Line) { l.Directives = nil }), `{"BucketName":"photos","AllRequests":12}` + "\n"},
		{"no directive, no metric value", &emf.Line{Members: []emf.Member{{Name: "Key", Value: "사진/1.jpg"}}}, `{"Key":"사진/1.jpg"}` + "\n"},
		{"nothing", &emf.Line{}, "{}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var w writes
			e := emf.NewEncoder(&w)
			for range 2 { // equal lines are equal, whatever was encoded before
				if err := e.Encode(tt.line); err != nil {
					t.Fatal(err)
				}
			}
			if len(w) != 2 {
				t.Fatalf("2 lines in %d writes", len(w))
			}
			for i, got := range w {
				if got != tt.want {
					t.Errorf("line %d =\n%s want\n%s", i, got, tt.want)
				}
			}
			if len(tt.line.Directives) > 0 {
				if err := emftest.Check([]byte(w[0])); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// limits are lines at a limit: what is written, and what isn't.
var limits = []struct {
	name   string
	change func(l *emf.Line)
	want   bool // it is written
}{
	{"1 metric", nil, true},
	{"100 metrics", withMetrics(100), true},
	{"101 metrics", withMetrics(101), false},
	{"0 metrics", func(l *emf.Line) { l.Directives[0].Metrics = nil }, false},
	{"100 metrics in each of two directives", func(l *emf.Line) {
		withMetrics(100)(l)
		d := l.Directives[0]
		d.Namespace = "Other"
		l.Directives = append(l.Directives, d)
	}, true},
	{"101 metrics in the second directive", func(l *emf.Line) {
		first := l.Directives[0]
		withMetrics(101)(l)
		first.Namespace = "Other"
		l.Directives = []emf.MetricDirective{first, l.Directives[0]}
	}, false},

	{"30 dimensions", withDimensions(30), true},
	{"31 dimensions", withDimensions(31), false},
	{"empty dimension set", func(l *emf.Line) { l.Directives[0].Dimensions = [][]string{{}} }, true},
	{"nil dimension set", func(l *emf.Line) { l.Directives[0].Dimensions = [][]string{nil} }, false},
	{"no dimension set", func(l *emf.Line) { l.Directives[0].Dimensions = [][]string{} }, false},
	{"no dimension sets", func(l *emf.Line) { l.Directives[0].Dimensions = nil }, false},
	{"second set at fault", func(l *emf.Line) {
		l.Directives[0].Dimensions = append(l.Directives[0].Dimensions, []string{"Region"})
	}, false},

	{"dimension without member", func(l *emf.Line) { l.Directives[0].Dimensions[0][0] = "Region" }, false},
	{"dimension name empty", func(l *emf.Line) { l.Directives[0].Dimensions[0][0] = "" }, false},
	{"dimension is a number", withValue("BucketName", int64(1)), false},
	{"dimension is null", withValue("BucketName", nil), false},
	{"dimension is a list", withValue("BucketName", []string{"photos"}), false},
	{"dimension of 1", withValue("BucketName", "x"), true},
	{"dimension of 1024", withValue("BucketName", strings.Repeat("x", 1024)), true},
	{"dimension of 1025", withValue("BucketName", strings.Repeat("x", 1025)), false},
	{"dimension empty", withValue("BucketName", ""), false},
	{"dimension blank", withValue("BucketName", "   "), false},
	{"dimension with blanks", withValue("BucketName", " a b "), true},
	{"dimension not ASCII", withValue("BucketName", "사진"), false},
	{"dimension is no UTF-8", withValue("BucketName", "a\xff"), false},
	{"dimension with newline", withValue("BucketName", "a\nb"), false},
	{"dimension with NUL", withValue("BucketName", "a\x00"), false},
	{"dimension with DEL", withValue("BucketName", "a\x7f"), false},
	{"dimension with tilde and quotes", withValue("BucketName", `~"\<&>'`), true},
	{"colon first", withValue("BucketName", ":a"), false},
	{"colon inside", withValue("BucketName", "a:b:"), true},
	{"dimension name of 250", withDimensionName(strings.Repeat("x", 250)), true},
	{"dimension name of 251", withDimensionName(strings.Repeat("x", 251)), false},
	{"dimension name not ASCII", withDimensionName("Größe"), false},
	{"dimension name with colon first", withDimensionName(":a"), false},

	{"metric name of 255", withMetricName(strings.Repeat("x", 255)), true},
	{"metric name of 256", withMetricName(strings.Repeat("x", 256)), false},
	{"metric name empty", func(l *emf.Line) { l.Directives[0].Metrics[0].Name = "" }, false},
	{"metric name blank", withMetricName(" "), false},
	{"metric name with newline", withMetricName("a\nb"), false},
	{"metric without member", func(l *emf.Line) { l.Directives[0].Metrics[0].Name = "GetRequests" }, false},
	{"metric of another case", func(l *emf.Line) { l.Directives[0].Metrics[0].Name = "allrequests" }, false},
	{"metric is text", withValue("AllRequests", "12"), false},
	{"metric is null", withValue("AllRequests", nil), false},
	{"metric is true", withValue("AllRequests", true), false},
	{"metric is an object", withValue("AllRequests", map[string]int64{"a": 1}), false},
	{"metric is the largest int64", withValue("AllRequests", int64(math.MaxInt64)), true},
	{"metric is negative", withValue("AllRequests", int64(-1)), true},
	{"metric is zero", withValue("AllRequests", int64(0)), true},
	{"metric is minus zero", withValue("AllRequests", math.Copysign(0, -1)), true},
	{"metric is NaN", withValue("AllRequests", math.NaN()), false},
	{"metric is infinite", withValue("AllRequests", math.Inf(1)), false},
	{"metric is 2^360", withValue("AllRequests", 0x1p360), true},
	{"metric is -2^360", withValue("AllRequests", -0x1p360), true},
	{"metric is beyond 2^360", withValue("AllRequests", math.Nextafter(0x1p360, math.Inf(1))), false},
	{"metric is beyond -2^360", withValue("AllRequests", -math.MaxFloat64), false},

	{"1 value", withValue("AllRequests", []float64{1}), true},
	{"100 values", withValue("AllRequests", make([]float64, 100)), true},
	{"101 values", withValue("AllRequests", make([]float64, 101)), false},
	{"0 values", withValue("AllRequests", []float64{}), false},
	{"nil values", withValue("AllRequests", []float64(nil)), false},
	{"NaN among the values", withValue("AllRequests", []float64{1, math.NaN()}), false},
	{"-Inf among the values", withValue("AllRequests", []float64{1, math.Inf(-1)}), false},

	{"unit none", func(l *emf.Line) { l.Directives[0].Metrics[0].Unit = "" }, true},
	{"unit unknown", func(l *emf.Line) { l.Directives[0].Metrics[0].Unit = "Requests" }, false},
	{"namespace of 255", func(l *emf.Line) { l.Directives[0].Namespace = strings.Repeat("x", 255) }, true},
	{"namespace of 256", func(l *emf.Line) { l.Directives[0].Namespace = strings.Repeat("x", 256) }, false},
	{"namespace empty", func(l *emf.Line) { l.Directives[0].Namespace = "" }, false},
	{"namespace with colon first", func(l *emf.Line) { l.Directives[0].Namespace = ":a" }, false},
	{"timestamp 1970", func(l *emf.Line) { l.Timestamp = time.Unix(0, 0) }, true},
	{"timestamp before 1970", func(l *emf.Line) { l.Timestamp = time.Unix(0, -1) }, false},
	{"timestamp forgotten", func(l *emf.Line) { l.Timestamp = time.Time{} }, false},
	{"timestamp forgotten in a plain line", func(l *emf.Line) { l.Timestamp, l.Directives = time.Time{}, nil }, true},

	{"member twice", func(l *emf.Line) { l.Members = append(l.Members, l.Members[0]) }, false},
	{"member twice in a plain line", func(l *emf.Line) { l.Members, l.Directives = append(l.Members, l.Members[0]), nil }, false},
	{"member _aws", withValue("_aws", "x"), false},
	{"member _aws in a plain line", func(l *emf.Line) { l.Directives = nil; set(l, "_aws", 1) }, false},
	{"member of another case", withValue("_AWS", "x"), true},
	{"member without name", withValue("", "x"), false},
	{"member name is no UTF-8", withValue("a\xff", "x"), false},
	{"member name with newline", withValue("a\nb", "x"), true},
	{"member that JSON has not", withValue("x", func() {}), false},
	{"member that cannot be encoded", withValue("x", unencodable{}), false},
	{"member of raw JSON over lines", withValue("x", json.RawMessage("{\n\"a\":\r\n1}")), true},
	{"member of raw no JSON", withValue("x", json.RawMessage("{}{}")), false},

	{"64 KB", withLength(emf.MaxLine), true},
	{"64 KB and 1", withLength(emf.MaxLine + 1), false},
	{"1 MB", withLength(1 << 20), false},
	{"plain line of 64 KB", func(l *emf.Line) { l.Directives = nil; withLength(emf.MaxLine)(l) }, true},
	{"plain line of 64 KB and 1", func(l *emf.Line) { l.Directives = nil; withLength(emf.MaxLine + 1)(l) }, false},
}

type unencodable struct{}

func (unencodable) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }

func withValue(name string, value any) func(*emf.Line) {
	return func(l *emf.Line) { set(l, name, value) }
}

func withMetrics(n int) func(*emf.Line) {
	return func(l *emf.Line) {
		l.Directives[0].Metrics = nil
		for i := range n {
			name := fmt.Sprint("Metric", i)
			set(l, name, int64(i))
			l.Directives[0].Metrics = append(l.Directives[0].Metrics, emf.MetricDefinition{Name: name})
		}
	}
}

func withDimensions(n int) func(*emf.Line) {
	return func(l *emf.Line) {
		l.Directives[0].Dimensions = [][]string{{}}
		for i := range n {
			name := fmt.Sprint("Dimension", i)
			set(l, name, "x")
			l.Directives[0].Dimensions[0] = append(l.Directives[0].Dimensions[0], name)
		}
	}
}

func withDimensionName(name string) func(*emf.Line) {
	return func(l *emf.Line) {
		set(l, name, "x")
		l.Directives[0].Dimensions[0][0] = name
	}
}

func withMetricName(name string) func(*emf.Line) {
	return func(l *emf.Line) {
		set(l, name, int64(1))
		l.Directives[0].Metrics[0].Name = name
	}
}

// withLength fills the line up to n bytes, the newline among them.
func withLength(n int) func(*emf.Line) {
	return func(l *emf.Line) {
		var w writes
		set(l, "Filler", "")
		if err := emf.NewEncoder(&w).Encode(l); err != nil {
			panic(err)
		}
		set(l, "Filler", strings.Repeat("x", n-len(w[0])))
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range limits {
		t.Run(tt.name, func(t *testing.T) {
			var w writes
			err := emf.NewEncoder(&w).Encode(valid(tt.change))
			if !tt.want {
				if !errors.Is(err, emf.ErrInvalid) || len(w) > 0 {
					t.Errorf("Encode = %v in %d writes, want ErrInvalid and nothing written", err, len(w))
				}
				return
			}
			if err != nil || len(w) != 1 {
				t.Fatalf("Encode = %v in %d writes, want one", err, len(w))
			}
			if n := len(w[0]); n > emf.MaxLine || strings.IndexByte(w[0], '\n') != n-1 {
				t.Errorf("%d bytes, not one line within the limit", n)
			}
			if line := valid(tt.change); len(line.Directives) > 0 {
				if err := emftest.Check([]byte(w[0])); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A line that was refused must leave nothing behind for the next one.
func TestEncodeAfterRefusal(t *testing.T) {
	var w writes
	e := emf.NewEncoder(&w)
	for _, tt := range limits {
		if !tt.want {
			if err := e.Encode(valid(tt.change)); err == nil {
				t.Errorf("%s: Encode = nil, want an error", tt.name)
			}
		}
	}
	if err := e.Encode(valid(nil)); err != nil {
		t.Fatal(err)
	}
	var alone writes
	if err := emf.NewEncoder(&alone).Encode(valid(nil)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(w, alone) {
		t.Errorf("after refused lines: %q, want %q", w, alone)
	}
}

// Encode leaves its argument as it is.
func TestEncodeChangesNothing(t *testing.T) {
	line, same := valid(nil), valid(nil)
	if err := emf.NewEncoder(io.Discard).Encode(line); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(line), fmt.Sprint(same); got != want {
		t.Errorf("line afterwards = %s, want %s", got, want)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestWriteError(t *testing.T) {
	full := errors.New("disk full")
	fails := true
	var written bytes.Buffer
	e := emf.NewEncoder(writerFunc(func(p []byte) (int, error) {
		if fails {
			return 3, full
		}
		return written.Write(p)
	}))
	err := e.Encode(valid(nil))
	if !errors.Is(err, full) || errors.Is(err, emf.ErrInvalid) {
		t.Errorf("Encode = %v, want the writer's error alone", err)
	}
	fails = false
	if err := e.Encode(valid(nil)); err != nil {
		t.Fatal(err)
	}
	if err := emftest.Check(written.Bytes()); err != nil {
		t.Errorf("line after a failed one: %v", err)
	}
}

func BenchmarkEncode(b *testing.B) {
	line := valid(func(l *emf.Line) {
		withMetrics(20)(l)
		set(l, "Operations", map[string]int64{"GetObject": 12, "PutObject": 3, "DeleteObject": 1})
	})
	var w writes
	if err := emf.NewEncoder(&w).Encode(line); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(w[0])))
	b.ReportAllocs()
	var n int
	e := emf.NewEncoder(writerFunc(func(p []byte) (int, error) {
		n += len(p)
		return len(p), nil
	}))
	for b.Loop() {
		if err := e.Encode(line); err != nil {
			b.Fatal(err)
		}
	}
	if want := b.N * len(w[0]); n != want {
		b.Fatalf("%d bytes written, want %d", n, want)
	}
}
