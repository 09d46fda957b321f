package expected_test

import (
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/expected"
)

func TestFaults(t *testing.T) {
	const isNoField = "is no field: there are bucket, principal, prefix, max_objects_per_hour, permanent, until, reason"
	const noName = "can't be a bucket's name: there are letters, digits, . - _ and the wildcards * and ?"
	const noCount = "max_objects_per_hour: must be a whole number above 0, in digits only"
	const noDay = "until: must be the last day that the entry is for, as in 2027-03-31"
	tests := []struct {
		name string
		text string
		want []string // without the file's name
	}{
		{"nothing but a dash", "-\n", []string{"1: is no entry: it must have the fields bucket, principal, prefix, max_objects_per_hour, permanent, until, reason"}},
		{"a text", "- photos\n", []string{"1: is no entry: it must have the fields bucket, principal, prefix, max_objects_per_hour, permanent, until, reason"}},
		{"an empty entry", "- {}\n", []string{"1: bucket: is missing", "1: principal: is missing", "1: max_objects_per_hour: is missing", "1: until: is missing", "1: reason: is missing"}},
		{"no list", "bucket: photos\n", []string{`1: must be a list: begin each entry with "- "`}},
		{"a text alone", "photos\n", []string{`1: must be a list: begin each entry with "- "`}},
		{"unknown field", entry + "  colour: red\n", []string{`8: "colour" ` + isNoField}},
		{"misspelt field", strings.Replace(entry, "until", "Until", 1), []string{"1: until: is missing", `6: "Until" ` + isNoField}},
		{"field twice", entry + "  until: 2028-01-01\n", []string{"8: until: stands in line 6 already"}},
		{"merge", entry + "  <<: {bucket: x}\n", []string{`8: "<<" ` + isNoField}},
		{"no field's name", entry + "  [a, b]: c\n", []string{`8: "" ` + isNoField}},
		{"entry twice", entry + "\n" + with("until: 2028-01-01"), []string{"9: is for the same deletes as line 1"}},

		{"bucket empty", with("bucket: "), []string{"1: bucket: is empty"}},
		{"bucket blank", with("bucket: ' '"), []string{"1: bucket: is empty"}},
		{"bucket a number", with("bucket: 123"), []string{"1: bucket: must be a text: put it in quotes"}},
		{"bucket a list", with("bucket: [a, b]"), []string{"1: bucket: must be one text"}},
		{"bucket with a slash", with("bucket: photos/tmp"), []string{`1: bucket: "photos/tmp" ` + noName}},
		{"bucket with brackets", with("bucket: 'photos-[a-z]'"), []string{`1: bucket: "photos-[a-z]" ` + noName}},
		{"principal empty", with("principal: ''"), []string{"2: principal: is empty"}},
		{"principal a session", with("principal: arn:aws:sts::111122223333:assumed-role/cleaner/i-0abc"), []string{"2: principal: sessions aren't told apart: name the role, as arn:aws:iam::ACCOUNT:role/NAME or as role/NAME"}},
		{"principal people", with("principal: PEOPLE"), []string{"2: principal: PEOPLE stands for several persons: name each in an entry of its own"}},
		{"principal nobody", with("principal: UNATTRIBUTED"), []string{"2: principal: UNATTRIBUTED is nobody: an entry must say who"}},
		{"principal in lines", with(`principal: "role/a\nrole/b"`), []string{`2: principal: "role/a\nrole/b" can't be a principal's name`}},
		{"principal with a space", with("principal: 'role/cleaner '"), []string{`2: principal: "role/cleaner " can't be a principal's name`}},
		{"prefix a number", with("prefix: 2026"), []string{"3: prefix: must be a text: put it in quotes"}},
		{"prefix a date", with("prefix: 2026-01-01"), []string{"3: prefix: must be a text: put it in quotes"}},
		{"prefix with the bucket", with("prefix: s3://photos/tmp/"), []string{"3: prefix: is what keys begin with, without the bucket"}},
		{"cap empty", with("max_objects_per_hour: "), []string{"4: " + noCount}},
		{"cap zero", with("max_objects_per_hour: 0"), []string{"4: " + noCount}},
		{"cap negative", with("max_objects_per_hour: -1"), []string{"4: " + noCount}},
		{"cap with a comma", with("max_objects_per_hour: 20,000"), []string{"4: " + noCount}},
		{"cap with an underscore", with("max_objects_per_hour: 20_000"), []string{"4: " + noCount}},
		{"cap octal", with("max_objects_per_hour: 0777"), []string{"4: " + noCount}},
		{"cap a fraction", with("max_objects_per_hour: 1.5"), []string{"4: " + noCount}},
		{"cap too large", with("max_objects_per_hour: 99999999999999999999"), []string{"4: " + noCount}},
		{"cap a text", with("max_objects_per_hour: '20000'"), []string{"4: " + noCount}},
		{"cap a list", with("max_objects_per_hour: [1]"), []string{"4: " + noCount}},
		{"permanent yes", with("permanent: yes"), []string{"5: permanent: must be true or false"}},
		{"permanent a text", with("permanent: 'true'"), []string{"5: permanent: must be true or false"}},
		{"until no date", with("until: never"), []string{"6: " + noDay}},
		{"until no such day", with("until: 2027-02-30"), []string{"6: " + noDay}},
		{"until a time", with("until: 2027-02-28T10:00:00Z"), []string{"6: " + noDay}},
		{"until empty", with("until: "), []string{"6: " + noDay}},
		{"reason empty", with("reason: "), []string{"7: reason: is empty"}},
		{"reason left to be filled in", with("reason: # why"), []string{"7: reason: is empty"}},
		{"everybody everywhere", with(`bucket: "*"`, `principal: "**?"`), []string{"1: bucket, principal: can't both be wildcards only: say where, or say who"}},

		{"star without quotes", with("bucket: *"), []string{"1: is no YAML: did not find expected alphabetic or numeric character: a value that begins with * must be in quotes"}},
		{"star and more without quotes", with("prefix: *tmp"), []string{"3: is no YAML: unknown anchor 'tmp' referenced: a value that begins with * must be in quotes"}},
		{"anchor and alias", with("bucket: &here photos", "prefix: *here"), []string{
			"1: &here marks a place to refer to: write everything out", "3: *here refers to another place: write it out, or put a * in quotes"}},
		{"alias of an entry", "- &a {}\n- *a\n", []string{
			"1: &a marks a place to refer to: write everything out", "1: bucket: is missing", "1: principal: is missing", "1: max_objects_per_hour: is missing",
			"1: until: is missing", "1: reason: is missing", "2: *a refers to another place: write it out, or put a * in quotes"}},
		{"a tag of one's own", with("bucket: !Ref photos"), []string{"1: bucket: must be a text: put it in quotes"}},
		{"two documents", entry + "---\n" + entry, []string{"8: begins a second document: keep all entries in one list, without ---"}},
		{"wrong indentation", entry + " - bucket: x\n", []string{"8: is no YAML: did not find expected '-' indicator"}},
		{"tab", entry + "\t- bucket: x\n", []string{"8: is no YAML: found a tab character that violates indentation"}},
		{"colon", with("reason: Clean-up: nightly"), []string{"7: is no YAML: mapping values are not allowed in this context"}},
		{"quote without end", with("prefix: 'tmp/") + "\n", []string{"3: is no YAML: found unexpected end of stream"}},
		{"bracket without end", "- bucket: [x\n", []string{"1: is no YAML: did not find expected ',' or ']'"}},
		{"control character", with("prefix: tmp\x07"), []string{"3: holds a control character"}},
		{"no UTF-8", with("prefix: tmp\xff", "reason: \xfe"), []string{"3: is no UTF-8", "7: is no UTF-8"}},
		{"lines of Windows", strings.ReplaceAll(with("until: never"), "\n", "\r\n"), []string{"6: " + noDay}},

		{"every fault at once", with("max_objects_per_hour: 0", "until: never") + "- bucket: 7\n  colour: red\n", []string{
			"4: " + noCount, "6: " + noDay, "8: bucket: must be a text: put it in quotes", "8: principal: is missing", "8: max_objects_per_hour: is missing",
			"8: until: is missing", "8: reason: is missing", `9: "colour" ` + isNoField}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := expected.Parse(strings.NewReader(test.text))
			if err == nil || list != nil {
				t.Fatalf("Parse(%q) = %v, %v, want an error", test.text, list, err)
			}
			want := "expected-deletes.yaml:" + strings.Join(test.want, "\nexpected-deletes.yaml:")
			if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("faults of\n%s (-want +got):\n%s", test.text, diff)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	if _, err := expected.Parse(iotest.ErrReader(iotest.ErrTimeout)); err == nil || !strings.Contains(err.Error(), "cannot read the expected deletes") {
		t.Errorf("Parse: %v", err)
	}
}

// Whatever the file holds, it is read or every fault has its line.
func FuzzParse(f *testing.F) {
	f.Add(entry)
	f.Add(entry + with("prefix: a/", "permanent: yes"))
	f.Add("- &a {bucket: *a}\n---\n")
	f.Add("- bucket: 'x\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := expected.Parse(strings.NewReader(text))
		if err == nil {
			list.Match(deleted())
			return
		}
		for line := range strings.Lines(err.Error()) {
			rest, ok := strings.CutPrefix(line, "expected-deletes.yaml:")
			number, _, found := strings.Cut(rest, ": ")
			if !ok || !found || number == "" || strings.Trim(number, "0123456789") != "" || number == "0" {
				t.Errorf("Parse(%q): %q has no line", text, line)
			}
		}
	})
}
