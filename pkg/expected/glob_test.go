package expected

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGlob(t *testing.T) {
	tests := []struct {
		glob, s string
		want    bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "b", false},
		{"a", "", false},
		{"a", "ab", false},
		{"*", "", true},
		{"*", "a/b/c", true},
		{"a*", "a", true},
		{"a*", "ba", false},
		{"*a", "bca", true},
		{"*a", "ab", false},
		{"a*c", "abbc", true},
		{"a*c", "abcb", false},
		{"a*b*c", "a1b2b3c", true},
		{"a**c", "ac", true},
		{"?", "a", true},
		{"?", "", false},
		{"?", "ab", false},
		{"?", "한", true},
		{"??", "한", false},
		{"*?", "한", true},
		{"*??", "한", false},
		{"*??", "é한", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"?", "\xff", true},
		{"[a]", "a", false},
		{"[a]", "[a]", true},
		{".", "a", false},
		{`\*`, `\x`, true},
	}
	for _, test := range tests {
		if got := glob(test.glob).match(test.s); got != test.want {
			t.Errorf("glob(%q).match(%q) = %t, want %t", test.glob, test.s, got, test.want)
		}
	}
}

// The one hostile input: many stars that each could take more.
func TestGlobTakesNoLongTime(t *testing.T) {
	if glob(strings.Repeat("*a", 500) + "b").match(strings.Repeat("a", 1024)) {
		t.Error("match found a b where there is none")
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("a*?c", "abcc")
	f.Add("*한?", "x한글")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(s) || len(pattern) > 100 || len(s) > 1000 {
			return
		}
		var quoted strings.Builder
		for _, r := range pattern {
			switch r {
			case '*':
				quoted.WriteString(".*")
			case '?':
				quoted.WriteString(".")
			default:
				quoted.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		want := regexp.MustCompile("(?s)^" + quoted.String() + "$").MatchString(s)
		if got := glob(pattern).match(s); got != want {
			t.Errorf("glob(%q).match(%q) = %t, want %t", pattern, s, got, want)
		}
	})
}
