package expected_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/expected"
)

const entry = `- bucket: photos
  principal: role/cleaner
  prefix: tmp/
  max_objects_per_hour: 20000
  permanent: false
  until: 2027-03-31
  reason: The nightly clean-up. (Team Images)
`

func parse(t testing.TB, text string) *expected.List {
	t.Helper()
	list, err := expected.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return list
}

// with returns the entry with the lines of some fields replaced; an empty line takes the field out.
func with(lines ...string) string {
	text := entry
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		var out []string
		for old := range strings.Lines(text) {
			if strings.HasPrefix(strings.TrimPrefix(strings.TrimLeft(old, "- "), " "), name+":") {
				indent := old[:2]
				if old = ""; value != "" {
					old = indent + name + ":" + value + "\n"
				}
			}
			out = append(out, old)
		}
		text = strings.Join(out, "")
	}
	return text
}

var at = time.Date(2026, 11, 20, 14, 2, 31, 0, time.UTC)

func deleted() expected.Delete {
	return expected.Delete{
		AccountID: "111122223333",
		Bucket:    "photos",
		Principal: "arn:aws:iam::111122223333:role/jobs/cleaner",
		Key:       "tmp/7.jpg",
		Time:      at,
	}
}

func TestParse(t *testing.T) {
	list := parse(t, "# a comment\n"+entry)
	got, ok := list.Match(deleted())
	want := expected.Entry{
		ID: got.ID, Bucket: "photos", Principal: "role/cleaner", Prefix: "tmp/", Cap: 20000, Until: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC),
		Reason: "The nightly clean-up. (Team Images)", Line: 2,
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("Match() = %t, of the entry (-want +got):\n%s", ok, diff)
	}
}

func TestParseNothing(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "comments": "# nothing\n", "an empty list": "[]\n", "a document's start": "---\n", "a byte order mark": "\ufeff# nothing\n",
	} {
		t.Run(name, func(t *testing.T) {
			if e, ok := parse(t, text).Match(deleted()); ok {
				t.Errorf("Match() = %v, want no entry", e)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	type change = func(*expected.Delete)
	none := func(*expected.Delete) {}
	principal := func(name string) change { return func(d *expected.Delete) { d.Principal = name } }
	key := func(name string) change { return func(d *expected.Delete) { d.Key = name } }
	bucket := func(name string) change { return func(d *expected.Delete) { d.Bucket = name } }
	day := func(date string) change {
		return func(d *expected.Delete) { d.Time, _ = time.Parse(time.RFC3339, date) }
	}
	permanent := func(d *expected.Delete) { d.Permanent = true }
	tests := []struct {
		name   string
		text   string
		change change
		want   bool
	}{
		{"as declared", entry, none, true},
		{"another bucket", entry, bucket("invoices"), false},
		{"a longer bucket", entry, bucket("photos-old"), false},
		{"a bucket by wildcard", with("bucket: photos-*"), bucket("photos-old"), true},
		{"any bucket", with(`bucket: "*"`), bucket("invoices"), true},
		{"another key", entry, key("a/7.jpg"), false},
		{"the prefix alone", entry, key("tmp/"), true},
		{"deeper", entry, key("tmp/a/b/7.jpg"), true},
		{"the key isn't told", entry, key(""), false},
		{"no prefix", with("prefix:"), key("a/7.jpg"), true},
		{"no prefix, and the key isn't told", with("prefix:"), key(""), true},
		{"empty prefix", with(`prefix: ""`), key("a/7.jpg"), true},
		{"wildcard over slashes", with(`prefix: "*/tmp/"`), key("a/b/tmp/7.jpg"), true},
		{"wildcard not fulfilled", with(`prefix: "*/tmp/"`), key("tmp/7.jpg"), false},

		{"another role", entry, principal("arn:aws:iam::111122223333:role/jobs/cleaner2"), false},
		{"the user of that name", entry, principal("arn:aws:iam::111122223333:user/cleaner"), false},
		{"another account's role of that name", entry, principal("arn:aws:iam::444455556666:role/cleaner"), false},
		{"by ARN", with("principal: arn:aws:iam::111122223333:role/jobs/cleaner"), none, true},
		{"by another ARN", with("principal: arn:aws:iam::111122223333:role/cleaner"), none, false},
		{"another account's role by ARN", with("principal: arn:aws:iam::444455556666:role/cleaner"), principal("arn:aws:iam::444455556666:role/cleaner"), true},
		{"by ARN with wildcards", with("principal: arn:aws:iam::*:role/*"), principal("arn:aws:iam::444455556666:role/cleaner"), true},
		{"by wildcard", with("principal: role/*"), none, true},
		{"by wildcard, a user", with("principal: role/*"), principal("arn:aws:iam::111122223333:user/alice"), false},
		{"root", with("principal: the root user"), principal("arn:aws:iam::111122223333:root"), true},
		{"a service", with("principal: batchoperations.s3.amazonaws.com"), principal("batchoperations.s3.amazonaws.com"), true},
		{"anybody", with(`principal: "*"`), none, true},
		{"anybody is no role of another account", with(`principal: "*"`), principal("arn:aws:iam::444455556666:role/cleaner"), false},
		{"anybody is nobody without an ARN of another account", with(`principal: "*"`), principal("account/444455556666/AROAEXAMPLE"), false},
		{"anybody is nobody without credentials", with(`principal: "*"`), principal("anonymous"), false},
		{"anybody is nobody unknown", with(`principal: "?*"`), principal("UNATTRIBUTED"), false},
		{"somebody unknown, nearly spelt", with("principal: UNATTRIBUTE*"), principal("UNATTRIBUTED"), false},
		{"another account, spelt", with("principal: account/444455556666/*"), principal("account/444455556666/AROAEXAMPLE"), true},
		{"no principal", entry, principal(""), false},
		{"the account isn't told", entry, func(d *expected.Delete) { d.AccountID = "" }, false},

		{"by version id", entry, permanent, false},
		{"by version id, as declared", with("permanent: true"), permanent, true},
		{"permanent covers delete markers too", with("permanent: true"), none, true},
		{"permanent left out", with("permanent:"), permanent, false},

		{"the last second", entry, day("2027-03-31T23:59:59Z"), true},
		{"the second after", entry, day("2027-04-01T00:00:00Z"), false},
		{"the last second, of another time zone", entry, day("2027-04-01T08:59:59+09:00"), true},
		{"a date in quotes", with(`until: "2027-03-31"`), none, true},
		{"the second of two", with("bucket: invoices") + entry, none, true},
		{"an expired one before", with("until: 2026-01-31", "max_objects_per_hour: 5", "prefix: tmp") + entry, none, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := deleted()
			test.change(&d)
			if _, got := parse(t, test.text).Match(d); got != test.want {
				t.Errorf("Match(%+v) = %t, want %t, with\n%s", d, got, test.want, test.text)
			}
		})
	}
}

func TestFirstEntryMatches(t *testing.T) {
	got, _ := parse(t, with("prefix: t", "max_objects_per_hour: 5")+entry).Match(deleted())
	if got.Cap != 5 || got.Line != 1 {
		t.Errorf("Match() = the entry of line %d, want that of line 1", got.Line)
	}
}

func TestNilMatchesNothing(t *testing.T) {
	var list *expected.List
	if e, ok := list.Match(deleted()); ok {
		t.Errorf("Match() of nil = %v, want no entry", e)
	}
}

// An hour's deletes are counted by the entry's ID, also if the file changes meanwhile.
func TestID(t *testing.T) {
	id := func(text string) string {
		d := deleted()
		d.Bucket, d.Key = "photos", "tmp/7.jpg"
		e, ok := parse(t, text).Match(d)
		if !ok || len(e.ID) != 16 {
			t.Fatalf("Match() = %+v, %t", e, ok)
		}
		return e.ID
	}
	own := id(entry)
	for _, line := range []string{"max_objects_per_hour: 1", "until: 2028-01-01", "reason: Another."} {
		if id("# moved\n"+with(line)) != own {
			t.Errorf("the ID with %q differs", line)
		}
	}
	for _, line := range []string{"bucket: photo*", "principal: role/clean*", "prefix: tmp", "permanent: true"} {
		if id(with(line)) == own {
			t.Errorf("the ID with %q is the same", line)
		}
	}
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, expected.FileName)
	if list, err := expected.Load(path); list != nil || err != nil {
		t.Errorf("Load of no file = %v, %v, want nil, nil", list, err)
	}
	if _, err := expected.Load(folder); err == nil || !strings.Contains(err.Error(), "cannot read the expected deletes") {
		t.Errorf("Load of a folder: %v", err)
	}
	if err := os.WriteFile(path, []byte(entry+"- x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := expected.Load(path); err == nil || !strings.HasPrefix(err.Error(), path+":8: ") {
		t.Errorf("Load of a bad file: %v, want the fault of line 8 with its path", err)
	}
	if err := os.WriteFile(path, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := expected.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := list.Match(deleted()); !ok {
		t.Error("Match() of what was loaded found no entry")
	}
}

// The file that is shipped is in order, and so is its example.
func TestShippedFile(t *testing.T) {
	text, err := os.ReadFile("../../" + expected.FileName)
	if err != nil {
		t.Fatal(err)
	}
	parse(t, string(text))
	_, example, ok := strings.Cut(string(text), "\n#\n# - bucket")
	if !ok {
		t.Fatal("there is no example")
	}
	example = strings.ReplaceAll("# - bucket"+example, "\n# ", "\n")[2:]
	d := deleted()
	d.Principal, d.Key = "arn:aws:iam::111122223333:role/thumbnail-cleaner", "thumbnails/7.jpg"
	if _, ok := parse(t, example).Match(d); !ok {
		t.Errorf("the example doesn't match %+v:\n%s", d, example)
	}
}

func BenchmarkMatch(b *testing.B) {
	var text strings.Builder
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		text.WriteString(with("prefix: " + name + "/"))
	}
	list := parse(b, text.String()+entry)
	d := deleted()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := list.Match(d); !ok {
			b.Fatal("Match() found no entry")
		}
	}
}
