package emftest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// specified is the specification's own example.
const specified = `{"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[{"Namespace":"lambda-function-metrics",` +
	`"Dimensions":[["functionVersion"]],"Metrics":[{"Name":"time","Unit":"Milliseconds","StorageResolution":60}]}]},` +
	`"functionVersion":"$LATEST","time":100,"requestId":"989ffbf8-9ace-4817-a57c-e4dd734019ee"}`

func TestParse(t *testing.T) {
	got, err := Parse([]byte(specified))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.UnixMilli(1574109732004).UTC(); got.Timestamp != want {
		t.Errorf("timestamp = %v, want %v", got.Timestamp, want)
	}
	if want := []string{"functionVersion", "time", "requestId"}; !slices.Equal(got.Members, want) {
		t.Errorf("members = %q, want %q", got.Members, want)
	}
	want := []Sample{{"lambda-function-metrics", map[string]string{"functionVersion": "$LATEST"}, "time", "Milliseconds", []float64{100}}}
	if diff := cmp.Diff(want, got.Samples); diff != "" {
		t.Errorf("samples (-want +got)\n%s", diff)
	}
	if got, want := got.Text("functionVersion"), "$LATEST"; got != want {
		t.Errorf("Text(functionVersion) = %q, want %q", got, want)
	}
	if got := got.Text("time"); got != "" {
		t.Errorf("Text(time) = %q, want none of a number", got)
	}
}

func TestSums(t *testing.T) {
	line := func(bucket, value string) string {
		return `{"_aws":{"Timestamp":0,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["B"],["B","A"],[]],"Metrics":[{"Name":"M"}]}]},` +
			`"A":"a","B":"` + bucket + `","M":` + value + "}\n"
	}
	lines, err := ParseAll([]byte(line("photos", "3") + line("invoices", "[1,2.5]") + line("photos", "4")))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name       string
		metric     string
		dimensions []string
		want       map[string]float64
	}{
		{"one dimension", "M", []string{"B"}, map[string]float64{"photos": 7, "invoices": 3.5}},
		{"two dimensions", "M", []string{"A", "B"}, map[string]float64{"a photos": 7, "a invoices": 3.5}},
		{"none", "M", nil, map[string]float64{"": 10.5}},
		{"dimension without metric", "M", []string{"A"}, map[string]float64{}},
		{"member that is no metric", "A", []string{"B"}, map[string]float64{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Sums(lines, tt.metric, tt.dimensions...)); diff != "" {
				t.Errorf("Sums (-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseAllNeedsNewlines(t *testing.T) {
	lines, err := ParseAll([]byte(specified + "\n" + specified))
	if len(lines) != 1 || err == nil {
		t.Errorf("ParseAll = %d lines, %v, want the first and an error", len(lines), err)
	}
}

func TestCheckRefuses(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		name     string
		old, new string // replaced in the specification's example
		want     string // in the error
	}{
		{"two lines", `,"time"`, ",\n\"time\"", "more than one line"},
		{"before the object", `{"_aws"`, `x{"_aws"`, "not an object"},
		{"blank before the object", `{"_aws"`, ` {"_aws"`, "not an object"},
		{"two objects", `{"_aws"`, `{}{"_aws"`, "not JSON"},
		{"no UTF-8", "$LATEST", "\xff", "not UTF-8"},
		{"not JSON", `"time":100`, `"time":NaN`, "not JSON"},
		{"too long", "989f", strings.Repeat("x", 1<<20), "bytes, more than"},
		{"member twice", `"requestId":`, `"time":1,"requestId":`, "stands twice"},
		{"member twice, spelt otherwise", `"requestId":`, `"tim\u0065":1,"requestId":`, "stands twice"},
		{"nested member twice", `"requestId":`, `"x":[{"a":1,"a":2}],"requestId":`, "stands twice"},
		{"no _aws", `"_aws"`, `"aws"`, "no member _aws"},
		{"_aws of another case", `"_aws"`, `"_AWS"`, "no member _aws"},
		{"no timestamp", `"Timestamp":1574109732004,`, "", "no member Timestamp"},
		{"timestamp with fraction", "1574109732004", "1574109732004.5", "Timestamp"},
		{"timestamp as text", "1574109732004", `"1574109732004"`, "Timestamp"},
		{"timestamp null", "1574109732004", `null`, "Timestamp"},
		{"timestamp before 1970", "1574109732004", `-1`, "Timestamp"},
		{"unknown member of _aws", `"Timestamp"`, `"LogGroupName":"x","Timestamp"`, "doesn't know"},
		{"unknown member of a directive", `"Namespace"`, `"Properties":1,"Namespace"`, "doesn't know"},
		{"unknown member of a metric", `"Name":`, `"Counts":[1],"Name":`, "doesn't know"},
		{"no namespace", `"Namespace":"lambda-function-metrics",`, "", "no member Namespace"},
		{"empty namespace", `lambda-function-metrics`, "", "blank"},
		{"namespace with colon", `lambda-function-metrics`, ":x", "colon"},
		{"no dimensions", `"Dimensions":[["functionVersion"]],`, ``, "no member Dimensions"},
		{"no dimension set", `[["functionVersion"]]`, `[]`, "0 elements"},
		{"dimension set null", `[["functionVersion"]]`, `[null]`, "not an array"},
		{"dimension set is text", `[["functionVersion"]]`, `["functionVersion"]`, "not an array"},
		{"31 dimensions", `["functionVersion"]`, "[" + many(31, `"d%d"`) + "]", "31 elements"},
		{"dimension is a number", `["functionVersion"]`, `["time"]`, "not a string"},
		{"dimension without member", `["functionVersion"]`, `["region"]`, "not a string"},
		{"dimension of another case", `["functionVersion"]`, `["functionversion"]`, "not a string"},
		{"dimension twice in a set", `["functionVersion"]`, `["functionVersion","functionVersion"]`, "twice in a set"},
		{"dimension name too long", `["functionVersion"]`, `["` + strings.Repeat("x", 251) + `"]`, "251 characters"},
		{"same set twice", `["functionVersion"]`, `["functionVersion"],["functionVersion"]`, "extracted twice"},
		{"empty dimension", "$LATEST", "", "blank"},
		{"blank dimension", "$LATEST", "  ", "blank"},
		{"long dimension", "$LATEST", strings.Repeat("x", 1025), "1025 characters"},
		{"dimension not ASCII", "$LATEST", "사진", "ASCII"},
		{"control character in dimension", "$LATEST", `a\u007f`, "ASCII"},
		{"colon before dimension", "$LATEST", ":x", "colon"},
		{"no metrics", `,"Metrics":[{"Name":"time","Unit":"Milliseconds","StorageResolution":60}]`, "", "no member Metrics"},
		{"101 metrics", `{"Name":"time","Unit":"Milliseconds","StorageResolution":60}`, many(101, `{"Name":"m%d"}`), "101 elements"},
		{"metric without name", `"Name":"time",`, "", "no member Name"},
		{"name of 256", `"Name":"time"`, `"Name":"` + strings.Repeat("x", 256) + `"`, "256 characters"},
		{"metric without member", `"Name":"time"`, `"Name":"Time"`, "no member of the line"},
		{"metric twice", `{"Name":"time",`, `{"Name":"time"},{"Name":"time",`, "extracted twice"},
		{"unknown unit", `"Milliseconds"`, `"ms"`, "does not know"},
		{"resolution", `60`, `30`, "StorageResolution"},
		{"metric is text", `"time":100`, `"time":"100"`, "no number"},
		{"metric is null", `"time":100`, `"time":null`, "no number"},
		{"metric is an object", `"time":100`, `"time":{}`, "no number"},
		{"metric beyond range", `"time":100`, `"time":1e109`, "no number"},
		{"no values", `"time":100`, `"time":[]`, "0 elements"},
		{"101 values", `"time":100`, `"time":[` + many(101, "%d") + `]`, "101 elements"},
		{"array with text", `"time":100`, `"time":[1,"2"]`, "no number"},
		{"array with null", `"time":100`, `"time":[null]`, "no number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			line := strings.Replace(specified, tt.old, tt.new, 1)
			if line == specified {
				t.Fatalf("%q is not in the example", tt.old)
			}
			if err := Check([]byte(line)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check = %v, want an error with %q", err, tt.want)
			}
		})
	}
}
