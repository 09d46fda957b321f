package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/logfiles"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What is written stands in testdata, for people to look at.
func TestGolden(t *testing.T) {
	p := fixture(t)
	p.add(logfiles.File{Name: "trail/cut.json.gz", Delivered: p.files[0].Delivered}, []byte("\x1f\x8b"))
	for _, tt := range []struct {
		name  string
		query Query
		write func(*Report, io.Writer) error
	}{
		{"report.txt", Query{}, func(r *Report, w io.Writer) error { return r.WriteTable(w, Style{}) }},
		{"terminal.txt", Query{}, func(r *Report, w io.Writer) error { return r.WriteTable(w, Style{Width: 80, Color: true, Rows: 2}) }},
		{"key.txt", Query{Keys: []string{"a/7.jpg"}}, func(r *Report, w io.Writer) error { return r.WriteTable(w, Style{}) }},
		{"nothing.txt", Query{Buckets: []string{"nothing"}}, func(r *Report, w io.Writer) error { return r.WriteTable(w, Style{}) }},
		{"report.json", Query{}, (*Report).WriteJSON},
		{"deletes.csv", Query{}, func(r *Report, w io.Writer) error { return r.WriteCSV(w, "deletes") }},
		{"anomalies.csv", Query{}, func(r *Report, w io.Writer) error { return r.WriteCSV(w, "anomalies") }},
		{"callers.csv", Query{}, func(r *Report, w io.Writer) error { return r.WriteCSV(w, "callers") }},
		{"operations.csv", Query{}, func(r *Report, w io.Writer) error { return r.WriteCSV(w, "operations") }},
		{"metrics.csv", Query{}, func(r *Report, w io.Writer) error { return r.WriteCSV(w, "metrics") }},
		{"history.csv", Query{}, func(r *Report, w io.Writer) error { return r.WriteCSV(w, "history") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got bytes.Buffer
			if err := tt.write(reportOf(t, p, tt.query), &got); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", strings.TrimSuffix(tt.name, filepath.Ext(tt.name))+".golden"+filepath.Ext(tt.name))
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got), go test -update writes it:\n%s", file, diff)
			}
		})
	}
}

func TestCSVOfUnknownList(t *testing.T) {
	r := reportOf(t, fixture(t), Query{})
	if err := r.WriteCSV(io.Discard, "deleted"); err == nil || !strings.Contains(err.Error(), "deletes, anomalies") {
		t.Errorf(`WriteCSV("deleted") = %v, want an error that names the lists`, err)
	}
}

func TestWriteFails(t *testing.T) {
	r := reportOf(t, fixture(t), Query{})
	w := failing{}
	for name, err := range map[string]error{"table": r.WriteTable(w, Style{}), "json": r.WriteJSON(w), "csv": r.WriteCSV(w, "deletes")} {
		if err == nil {
			t.Errorf("%s to a full disk = nil, want an error", name)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// A spreadsheet is given texts, and no formulas.
func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"a/7.jpg":              "a/7.jpg",
		"a-b=c+d@e":            "a-b=c+d@e",
		"=1+1":                 "'=1+1",
		"+1":                   "'+1",
		"-1":                   "'-1",
		"@SUM(A1)":             "'@SUM(A1)",
		" =1+1":                "' =1+1",
		"\t=1+1":               "\ufffd=1+1",
		"\r\n=1+1":             "\ufffd\ufffd=1+1",
		"＝1":                   "'＝1",
		"a;=1;b":               "a;'=1;b",
		"a;;  +1":              "a;;'  +1",
		"a;\"=1\"":             "a;'\"=1\"",
		"Mozilla/5.0 (X11; U)": "Mozilla/5.0 (X11; U)",
		"\x1b[31m\u009b\u202e": "\ufffd[31m\ufffd\ufffd",
	} {
		if got := cell(in); got != want {
			t.Errorf("cell(%q) = %q, want %q", in, got, want)
		}
	}
	if got := cell(int64(-1)); got != "-1" {
		t.Errorf("cell(-1) = %q: a number stays one", got)
	}
}
