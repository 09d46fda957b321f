package emf_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"bucketwatch/internal/emftest"
	"bucketwatch/internal/hostile"
	"bucketwatch/pkg/emf"
	"bucketwatch/pkg/printable"
)

// FuzzEncode writes lines whose names and values are hostile. Whatever goes in is refused with nothing written, or is
// one line that holds exactly the members given, and of which CloudWatch extracts the declared metric alone.
func FuzzEncode(f *testing.F) {
	for _, s := range hostile.Values() {
		f.Add("Key", s, "photos", s, 1.0, 0)
		f.Add(s, "x", "photos", "GetRequests", 1.0, 1)
		f.Add("Key", "x", s, "GetRequests", 1.0, 2)
	}
	f.Add("Key", "\xff\xc0\x80", "photos", "GetRequests", 1e300, 100)
	f.Add("\xff", "\xed\xa0\x80", "\xff", "\xff", 0.0, 101)
	f.Add("AllRequests", "1", "photos", "BucketName", 0.1, 99)

	f.Fuzz(func(t *testing.T, name, value, bucket, metric string, number float64, values int) {
		var published any = number
		if n := uint(values) % 103; n > 0 {
			published = slices.Repeat([]float64{number}, int(n))
		}
		members := []emf.Member{
			{Name: "BucketName", Value: bucket},
			{Name: metric, Value: published},
			{Name: name, Value: value},
			{Name: "List", Value: []string{value, name}},
			{Name: "Table", Value: map[string]int64{value: 1}},
		}
		line := &emf.Line{
			Timestamp: minute,
			Directives: []emf.MetricDirective{{
				Namespace:  "BucketWatch",
				Dimensions: [][]string{{"BucketName"}, {}},
				Metrics:    []emf.MetricDefinition{{Name: metric}},
			}},
			Members: members,
		}
		var w writes
		err := emf.NewEncoder(&w).Encode(line)
		if err != nil {
			if !errors.Is(err, emf.ErrInvalid) || len(w) > 0 {
				t.Fatalf("Encode = %v in %d writes, want ErrInvalid and nothing written", err, len(w))
			}
		} else {
			checkEncoded(t, line, w)
		}

		var plain writes
		err = emf.NewEncoder(&plain).Encode(&emf.Line{Members: members[2:]})
		if err != nil {
			if !errors.Is(err, emf.ErrInvalid) || len(plain) > 0 {
				t.Fatalf("plain line: Encode = %v in %d writes, want ErrInvalid and nothing written", err, len(plain))
			}
			return
		}
		if len(plain) != 1 || emftest.Check([]byte(plain[0])) == nil || !isLine(plain[0]) {
			t.Fatalf("plain line is %q, want one line that is no metric", plain)
		}
	})
}

// isLine tells whether a terminal shows text as one line, whatever it is about.
func isLine(text string) bool {
	text, ok := strings.CutSuffix(text, "\n")
	return ok && len(text) < emf.MaxLine && printable.Is(text)
}

// checkEncoded holds what was written against the line.
func checkEncoded(t *testing.T, line *emf.Line, w writes) {
	t.Helper()
	if len(w) != 1 || !isLine(w[0]) {
		t.Fatalf("%d writes: %q, want one line", len(w), w)
	}
	got, err := emftest.Parse([]byte(w[0]))
	if err != nil {
		t.Fatalf("%v: %s", err, w[0])
	}
	var names []string
	for _, m := range line.Members {
		names = append(names, m.Name)
		want, err := json.Marshal(m.Value)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := canonical(t, got.Values[m.Name]), canonical(t, want); a != b {
			t.Fatalf("member %q = %s, want %s", m.Name, a, b)
		}
	}
	if !slices.Equal(got.Members, names) {
		t.Fatalf("members = %q, want %q", got.Members, names)
	}
	d := line.Directives[0]
	if len(got.Samples) != len(d.Dimensions) || !got.Timestamp.Equal(line.Timestamp) {
		t.Fatalf("%d samples at %v, want %d at %v", len(got.Samples), got.Timestamp, len(d.Dimensions), line.Timestamp)
	}
	for i, s := range got.Samples {
		if s.Namespace != d.Namespace || s.Name != d.Metrics[0].Name || s.Unit != "None" {
			t.Fatalf("sample %+v, want only %+v", s, d.Metrics[0])
		}
		if dimensions := slices.Sorted(maps.Keys(s.Dimensions)); !slices.Equal(dimensions, d.Dimensions[i]) {
			t.Fatalf("dimensions = %q, want %q", dimensions, d.Dimensions[i])
		}
		want, ok := line.Members[1].Value.([]float64)
		if !ok {
			want = []float64{line.Members[1].Value.(float64)}
		}
		if !slices.Equal(s.Values, want) {
			t.Fatalf("values = %v, want %v", s.Values, want)
		}
	}
}

// canonical is the value without the freedom that JSON leaves in how it is written.
func canonical(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
