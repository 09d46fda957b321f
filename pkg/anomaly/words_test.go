package anomaly_test

import (
	"strings"
	"testing"

	"bucketwatch/pkg/anomaly"
)

// Whoever deleted whatever is named in the sentence, on one line and not at any length.
func TestKeyWords(t *testing.T) {
	many := []string{alice, bob, carol, dave}
	tests := []struct {
		name string
		who  []string // the deleter of each fifth key
		key  string   // the first key
		want string
	}{
		{"machine", []string{appWeb}, "a/1.jpg", "deleted by role/app-web within 60 minutes of their upload, at 14:02 UTC, the first of them a/1.jpg;"},
		{"nobody known", []string{nobody}, "a/1.jpg", "deleted by somebody (the records do not say who) within"},
		{"anonymous", []string{"anonymous"}, "a/1.jpg", "deleted by anonymous callers within"},
		{"three persons", many[:3], "a/1.jpg", "deleted by user/alice, user/bob and user/carol within"},
		{"four persons", many, "a/1.jpg", "deleted by user/alice, user/bob and 2 others within"},
		{"blanks", []string{appWeb}, "a b.jpg", "the first of them a b.jpg;"},
		{"percent signs", []string{appWeb}, "a%20b%d.jpg", "the first of them a%20b%d.jpg;"},
		{"other scripts", []string{appWeb}, "写真/é.jpg", "the first of them 写真/é.jpg;"},
		{"lines", []string{appWeb}, "a\n[HIGH] b\x1b[0m\u202e.jpg", "the first of them a\uFFFD[HIGH] b\uFFFD[0m\uFFFD.jpg;"},
		{"no UTF-8", []string{appWeb}, "a\xff.jpg", "the first of them a\uFFFD.jpg;"},
		{"120 characters", []string{appWeb}, strings.Repeat("é", 120), "the first of them " + strings.Repeat("é", 120) + ";"},
		{"more", []string{appWeb}, strings.Repeat("é", 121), "the first of them " + strings.Repeat("é", 120) + "…;"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var h remembered
			all := []done{uploads("14:00:00", 5*len(test.who))}
			for i, who := range test.who {
				all = append(all, done{'d', "14:02:31", who, 5 * i, 5 * (i + 1)})
			}
			list := shares(t, all)
			for i := range list {
				for j := range list[i].Keys.Deletes {
					list[i].Keys.Deletes[j].Key = test.key
				}
			}
			h.add(list...)
			got := h.atOnce(t, on(t, "14:00:00"), "DeletedSoonAfterUpload")
			if len(got) != 1 || !strings.Contains(got[0].Explanation, test.want) {
				t.Errorf("Judge = %+v, want an anomaly explained with %q", got, test.want)
			}
			if len(got) == 1 && got[0].Keys[0] != test.key && got[0].Principal != anomaly.People {
				t.Errorf("Keys = %q, want the key as it is", got[0].Keys)
			}
		})
	}
}
