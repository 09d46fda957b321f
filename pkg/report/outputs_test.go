package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	strangers "bucketwatch/internal/hostile"
	"bucketwatch/pkg/logfiles"
	"bucketwatch/pkg/printable"
)

// chosen are texts that whoever makes requests may choose, and a few that only AWS does.
type chosen struct{ bucket, key, principal, agent, code, file string }

var honest = chosen{"photos", "a/7.jpg", "app-web", "[Mobile/7.1]", "NoSuchKey", "testdata/photos.json"}

// report is that of the fixture with these values in place of its own, and of a file of such a name that can't be read.
func (c *chosen) report(t testing.TB, fixture []byte) *Report {
	t.Helper()
	quoted := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[1 : len(b)-1])
	}
	body := strings.NewReplacer(
		`"photos"`, `"`+quoted(c.bucket)+`"`, `:::photos`, `:::`+quoted(c.bucket),
		"a/7.jpg", quoted(c.key), "=cmd|'/c calc'!A1", quoted(c.key)+"2",
		"role/service/app-web", "role/service/"+quoted(c.principal), "user/mallory", quoted(c.principal),
		"[Mobile/7.1]", quoted(c.agent), "203.0.113.9", quoted(c.agent), "e0000006", quoted(c.code), "v1", quoted(c.code),
		"NoSuchKey", quoted(c.code), "HeadObject", quoted(c.code),
	).Replace(string(fixture))
	var p pile
	at := time.Date(2026, 11, 20, 11, 5, 0, 0, time.UTC)
	p.add(logfiles.File{Name: c.file, AccountID: "111122223333", Delivered: at}, []byte(body))
	p.add(logfiles.File{Name: c.file + "2", Delivered: at}, []byte(`{"Records":[`+c.key))
	m := Maker{Query: Query{Keys: []string{"*"}}, Open: p.open, Now: func() time.Time { return evening }, Parallel: 1}
	r, err := m.Make(t.Context(), p.files)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// FuzzOutputs makes a report of hostile values, and writes it in each format: it can be read as that, and is shown as text.
func FuzzOutputs(f *testing.F) {
	fixture, err := os.ReadFile("testdata/photos.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(honest.bucket, honest.key, honest.principal, honest.agent, honest.code, honest.file)
	for k, s := range strangers.Values() {
		bucket := honest.bucket
		if k%4 == 0 {
			bucket = s
		}
		f.Add(bucket, s, s, s, s, s)
	}
	vocabulary := tagsOf(f, honest.report(f, fixture))
	f.Fuzz(func(t *testing.T, bucket, key, principal, agent, code, file string) {
		c := chosen{bucket, key, principal, agent, code, file}
		r := c.report(t, fixture)
		checkTable(t, r)
		checkSheets(t, r)
		checkJSON(t, r)
		for tag := range tagsOf(t, r) {
			if !vocabulary[tag] {
				t.Errorf("the page has the tag %s", tag)
			}
		}
	})
}

// checkTable wants a terminal to be told of nothing but texts, and of the colours that are ours.
func checkTable(t *testing.T, r *Report) {
	t.Helper()
	ours := strings.NewReplacer(bold, "", red, "", yellow, "", plain, "", "\n", "")
	for _, style := range []Style{{}, {Width: 80, Color: true, Rows: 2}} {
		var b bytes.Buffer
		if err := r.WriteTable(&b, style); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if style.Color {
			text = ours.Replace(text)
		} else {
			text = strings.ReplaceAll(text, "\n", "")
		}
		if !printable.Is(text) {
			t.Errorf("the table of %+v can't be shown: %q", style, text)
		}
	}
}

// formulas are what cells begin with that a spreadsheet computes.
const formulas = "=+-@\t\r＝＋－＠"

// checkSheets wants CSV that holds texts alone, whichever of two separators a spreadsheet goes by.
func checkSheets(t *testing.T, r *Report) {
	t.Helper()
	for _, s := range sheets {
		var b bytes.Buffer
		if err := r.WriteCSV(&b, s.name); err != nil {
			t.Fatal(err)
		}
		if text := strings.ReplaceAll(b.String(), "\n", ""); !printable.Is(text) {
			t.Errorf("the list %s can't be shown: %q", s.name, text)
		}
		rows, err := csv.NewReader(&b).ReadAll() // of as many cells each as the first
		if err != nil || len(rows) == 0 || !slices.Equal(rows[0], s.heading) {
			t.Fatalf("the list %s: %v, %q", s.name, err, rows)
		}
		for _, row := range rows[1:] {
			for _, cell := range row {
				for part := range strings.SplitSeq(cell, ";") {
					if part = strings.TrimLeft(part, ` "`); part != "" && strings.ContainsRune(formulas, []rune(part)[0]) {
						t.Errorf("the list %s has the cell %q", s.name, cell)
					}
				}
			}
		}
	}
}

// checkJSON wants one document that can be shown, and says the same as the report.
func checkJSON(t *testing.T, r *Report) {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if text := strings.ReplaceAll(b.String(), "\n", ""); !printable.Is(text) {
		t.Errorf("the document can't be shown: %q", text)
	}
	want, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if err := json.Compact(&plain, b.Bytes()); err != nil {
		t.Fatal(err)
	}
	var a, z any
	if err := json.Unmarshal(want, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(plain.Bytes(), &z); err != nil {
		t.Fatal(err)
	}
	first, _ := json.Marshal(a)
	second, _ := json.Marshal(z)
	if !bytes.Equal(first, second) {
		t.Errorf("the document is %s, want %s", second, first)
	}
}

var (
	anyTag    = regexp.MustCompile(`<[^<>]*>`)
	anyValue  = regexp.MustCompile(`([\w-]+)="[^"]*"`)
	isFetched = regexp.MustCompile(`^(href|src|srcset|action|formaction|style|data|http-equiv|content)=`) // or acted upon
	anyNumber = regexp.MustCompile(`[0-9]+`)
)

// tagsOf are the tags of the report's page with the names of their attributes, and where links lead: what callers send must
// add none. Whatever is no tag must be escaped. It is empty as long as there is no page.
func tagsOf(t testing.TB, r *Report) map[string]bool {
	t.Helper()
	pages, ok := any(r).(interface{ WriteHTML(io.Writer) error })
	if !ok {
		return nil
	}
	var b bytes.Buffer
	if err := pages.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	// Style and script are the project's own, and their content is no tags. A second one stays, and is found.
	for _, name := range []string{"style", "script"} {
		before, rest, ok := strings.Cut(page, "<"+name+">")
		_, after, closed := strings.Cut(rest, "</"+name+">")
		if ok && closed {
			page = before + after
		}
	}
	if shown := strings.NewReplacer("\n", "", "\t", "").Replace(page); !printable.Is(shown) {
		t.Errorf("the page can't be shown: %q", shown)
	}
	tags := map[string]bool{}
	for _, tag := range anyTag.FindAllString(page, -1) {
		name := anyValue.ReplaceAllStringFunc(tag, func(value string) string {
			if isFetched.MatchString(value) {
				return anyNumber.ReplaceAllString(value, "0")
			}
			attribute, _, _ := strings.Cut(value, "=")
			return attribute
		})
		tags[name] = true
	}
	if rest := anyTag.ReplaceAllString(page, ""); strings.ContainsAny(rest, "<>") {
		t.Errorf("the page has a bare < or >: %.500q", rest)
	}
	return tags
}
