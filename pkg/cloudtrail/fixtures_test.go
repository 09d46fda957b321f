package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the made files and the verdicts in testdata anew")

// The files in testdata say in their names what becomes of them: ok is read to its end, skip is whole but holds no
// records, bad is refused. Those of madeFixtures are made from the others by `go test -run TestFixtures -update`,
// which gives the same bytes each time; all others are written by hand. verdicts.golden holds the number of records
// and the error.

// gzipped returns the documents, each in a gzip member of its own.
func gzipped(docs ...[]byte) []byte {
	var object bytes.Buffer
	z := gzip.NewWriter(nil)
	for _, doc := range docs {
		z.Reset(&object)
		z.Write(doc)
		z.Close()
	}
	return object.Bytes()
}

// flipped returns b with a bit of the byte at i flipped; i below zero counts from the end.
func flipped(b []byte, i int) []byte {
	b = slices.Clone(b)
	if i < 0 {
		i += len(b)
	}
	b[i] ^= 1
	return b
}

// cutBefore returns what stands in doc before the nth place where text stands.
func cutBefore(doc []byte, text string, n int) []byte {
	parts := bytes.SplitN(doc, []byte(text), n+1)
	if len(parts) <= n {
		panic(fmt.Sprintf("%q stands in %q only %d times", text, doc, len(parts)-1))
	}
	return doc[:len(doc)-len(parts[n])-len(text)]
}

// nameInHeader is a gzip header with a file name, up to the middle of the name.
const nameInHeader = "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xffrecords.js"

// madeFixtures returns the files that are made of two, the document two-records, and shapes, a larger one.
func madeFixtures(two, shapes []byte) map[string][]byte {
	packed := gzipped(two)
	half := len(two) / 2
	return map[string][]byte{
		"shapes.ok.json.gz":                gzipped(shapes),
		"two-records.ok.json.gz":           packed,
		"two-members.ok.json.gz":           gzipped(two[:half], two[half:]),
		"empty-members.ok.json.gz":         gzipped(nil, two[:1], nil, two[1:], nil),
		"white-space-after.ok.json.gz":     gzipped(two, []byte(" \r\n\t")),
		"cut-gzip.bad.json.gz":             packed[:len(packed)/2],
		"cut-gzip-header.bad.json.gz":      packed[:7],
		"cut-gzip-trailer.bad.json.gz":     packed[:len(packed)-1],
		"cut-between-records.bad.json.gz":  gzipped(cutBefore(two, `,{"eventVersion"`, 1)),
		"cut-after-comma.bad.json.gz":      gzipped(cutBefore(two, `{"eventVersion"`, 2)),
		"cut-in-record.bad.json.gz":        gzipped(cutBefore(two, `DeleteObject`, 1)),
		"cut-before-last-brace.bad.json":   two[:len(two)-1],
		"cut-between-members.bad.json.gz":  gzipped(two[:half]),
		"wrong-checksum.bad.json.gz":       flipped(packed, -8),
		"wrong-length.bad.json.gz":         flipped(packed, -4),
		"damaged-data.bad.json.gz":         flipped(packed, len(packed)/2),
		"damaged-method.bad.json.gz":       flipped(packed, 2),
		"two-documents.bad.json":           append(slices.Clone(two), two...),
		"two-documents.bad.json.gz":        gzipped(append(slices.Clone(two), two...)),
		"document-in-each.bad.json.gz":     gzipped(two, two),
		"text-after-document.bad.json.gz":  gzipped(append(slices.Clone(two), "\n--\n"...)),
		"zeros-after-document.bad.json.gz": gzipped(append(slices.Clone(two), 0, 0, 0)),
		"text-after-gzip.bad.json.gz":      append(slices.Clone(packed), "some text that is no gzip"...),
		"brace-after-gzip.bad.json.gz":     append(slices.Clone(packed), '}'),
		"zeros-after-gzip.bad.json.gz":     append(slices.Clone(packed), make([]byte, 512)...),
		"member-cut.bad.json.gz":           append(slices.Clone(packed), gzipped([]byte(" "))[:20]...),
		"member-name-cut.bad.json.gz":      append(slices.Clone(packed), nameInHeader...),
		"member-checksum.bad.json.gz":      append(slices.Clone(packed), flipped(gzipped([]byte(" ")), -8)...),
		"packed-twice.bad.json.gz":         gzipped(packed),
		"nothing.bad.json.gz":              gzipped(nil),
		"zero-byte.bad.json":               bytes.Replace(two, []byte("photos"), []byte("photo\x00"), 1),
		"zeros.bad.json":                   make([]byte, 64),
		"byte-order-mark.bad.json":         append([]byte("\ufeff"), two...),
		"utf-16.bad.json":                  []byte("\xff\xfe{\x00}\x00"),
		"trailing-comma.bad.json":          bytes.Replace(two, []byte("]}"), []byte(",]}"), 1),
		"trailing-comma-member.bad.json":   bytes.Replace(two, []byte("]}"), []byte("],}"), 1),
		"no-comma.bad.json":                bytes.Replace(two, []byte("},{"), []byte("} {"), 1),
		"one-a-line.bad.json":              []byte("{\"eventName\":\"GetObject\"}\n{\"eventName\":\"PutObject\"}\n"),
		"records-twice.bad.json":           bytes.Replace(two, []byte("]}"), []byte(`],"Records":[]}`), 1),
		"records-twice-escaped.bad.json":   bytes.Replace(two, []byte("]}"), []byte(`],"Record\u0073":null}`), 1),
		"records-null.bad.json":            []byte(`{"Records":null}`),
		"records-object.bad.json":          []byte(`{"Records":{"0":{}}}`),
		"string.bad.json":                  []byte(`"Records"`),
		"number.bad.json":                  []byte(`7`),
		"access-denied.bad.json":           []byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>`),
		"white-space.bad.json":             []byte(" \r\n\t"),
		"one-magic-byte.bad.json.gz":       packed[:1],
		"other-case.skip.json":             bytes.Replace(two, []byte("Records"), []byte("records"), 1),
		"digest.skip.json.gz":              gzipped([]byte(`{"logFiles":[{"hashValue":"00"}]}`)),
	}
}

func TestFixtures(t *testing.T) {
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	made := madeFixtures(read("two-records.ok.json"), read("shapes.ok.json"))
	if *update {
		for name, object := range made {
			if err := os.WriteFile(filepath.Join("testdata", name), object, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	var names []string
	for _, pattern := range []string{"*.json", "*.json.gz"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			names = append(names, filepath.Base(file))
		}
	}
	slices.Sort(names)
	for name := range made {
		if !slices.Contains(names, name) {
			t.Errorf("testdata/%s is missing: go test -run TestFixtures -update", name)
		}
	}

	var verdicts strings.Builder
	d := NewReader(strings.NewReader("")) // one for all, in the order of their names: the good stand between the bad
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			object := read(name)
			d.Reset(bytes.NewReader(object))
			records, err := readAll(d)
			switch wantRecords, wantErr := oracleObject(object); {
			case strings.Contains(name, ".ok."):
				checkRead(t, records, err, wantRecords, io.EOF)
			case strings.Contains(name, ".skip."):
				if err != ErrNoRecords && err != ErrEmpty || err != wantErr {
					t.Errorf("Read = error %v, want %v", err, wantErr)
				}
			case strings.Contains(name, ".bad."):
				checkDamaged(t, err)
			default:
				t.Error("the name doesn't state a verdict")
			}
			fmt.Fprintf(&verdicts, "%s: %d records, %v\n", name, len(records), err)
		})
	}
	golden := filepath.Join("testdata", "verdicts.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(verdicts.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(read("verdicts.golden")), verdicts.String()); diff != "" {
		t.Errorf("the verdicts differ from testdata/verdicts.golden (-want +got):\n%s", diff)
	}
}

// TestFixturesShapes reads the documented shapes with and without the white space between the tokens.
func TestFixturesShapes(t *testing.T) {
	doc, err := os.ReadFile("testdata/shapes.ok.json")
	if err != nil {
		t.Fatal(err)
	}
	want, wantErr := oracle(doc)
	if len(want) != 9 {
		t.Fatalf("shapes.ok.json has %d records, want 9", len(want))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, doc); err != nil {
		t.Fatal(err)
	}
	records, err := readAll(NewReader(bytes.NewReader(doc)))
	checkRead(t, records, err, want, wantErr)
	records, err = readAll(NewReader(&compact))
	for i := range want { // but for the white space in Raw
		want[i], records[i] = withoutRaw(want[i]), withoutRaw(records[i])
	}
	checkRead(t, records, err, want, wantErr)
}

func withoutRaw(dump string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(dump, "\n"), func(line string) bool {
		return strings.HasPrefix(line, ".RequestParameters.Raw")
	}), "\n")
}
