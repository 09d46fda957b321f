package expected_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/expected"
)

func TestNotes(t *testing.T) {
	const kind = "1: principal: %[1]s matches only a service of that name: did you mean role/%[1]s or user/%[1]s?"
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"in order", entry, nil},
		{"no entry", "# nothing\n", nil},
		{"a bucket with capitals", with("bucket: Photos"), []string{"1: bucket: Photos has capitals: only buckets of before 2018 may have"}},
		{"a bucket with capitals and wildcards", with("bucket: Photos-*"), nil},
		{"a principal without kind", with("principal: app-web"), []string{fmt.Sprintf(kind, "app-web")}},
		{"a principal without kind, wild", with("principal: app-*"), []string{fmt.Sprintf(kind, "app-*")}},
		{"a principal with a dot", with("principal: app.web"), []string{fmt.Sprintf(kind, "app.web")}},
		{"a user", with("principal: user/alice"), nil},
		{"an ARN", with("principal: arn:aws:iam::111122223333:role/cleaner"), nil},
		{"any ARN", with("principal: 'arn:*'"), nil},
		{"a service", with("principal: batchoperations.s3.amazonaws.com"), nil},
		{"a service in China", with("principal: backup.amazonaws.com.cn"), nil},
		{"the root user", with("principal: the root user"), nil},
		{"somebody without credentials", with("principal: anonymous"), nil},
		{"an id", with("principal: AROAEXAMPLE"), nil},
		{"an account", with("principal: '111122223333'"), nil},
		{"anybody", with(`principal: "*"`), nil},
		{"any role", with("principal: r*"), nil},
		{"any user or role, with one character", with("principal: ????/*"), nil},
		{"a prefix with a slash", with("prefix: /tmp/"), []string{"1: prefix: /tmp/ begins with a slash: keys seldom do"}},
		{"two years", with("until: 2028-11-20"), nil},
		{"more than two years", with("until: 2028-11-22"), []string{"1: until: 2028-11-22 is more than two years away: will anybody look at it before?"}},
		{"the last day", with("until: 2026-11-20"), nil},
		{"passed", with("until: 2026-11-19"), []string{"1: 2026-11-19 has passed, so that these deletes are unexpected again: extend the entry, or take it out"}},
		{"ten million", with("max_objects_per_hour: 10000000"), nil},
		{"more", with("max_objects_per_hour: 10000001"), []string{"1: max_objects_per_hour: more than ten million keep hardly anything from being expected"}},
		{"several", with("prefix: /") + "\n" + with("principal: app", "until: 2030-01-01"), []string{
			"1: prefix: / begins with a slash: keys seldom do",
			"9: principal: app matches only a service of that name: did you mean role/app or user/app?",
			"9: until: 2030-01-01 is more than two years away: will anybody look at it before?"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, n := range parse(t, test.text).Notes(at) {
				got = append(got, fmt.Sprintf("%d: %s", n.Line, n.Text))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Notes(%v) of\n%s (-want +got):\n%s", at, test.text, diff)
			}
		})
	}
	var list *expected.List
	if got := list.Notes(at); len(got) > 0 {
		t.Errorf("Notes() of nil = %v, want none", got)
	}
}
