package printable_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"bucketwatch/internal/hostile"
	"bucketwatch/pkg/printable"
)

func TestText(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"a key", "a/7.jpg", "a/7.jpg"},
		{"Korean, an accent of its own, an emoji", "사진/e\u0301/🪣", "사진/e\u0301/🪣"},
		{"lines", "a\r\nb", "a\ufffd\ufffdb"},
		{"escape sequence", "\x1b[31m", "\ufffd[31m"},
		{"the same in one character", "\u009b31m", "\ufffd31m"},
		{"delete, NUL, tab", "\x7f\x00\t", "\ufffd\ufffd\ufffd"},
		{"order reversed", "\u202egpj.exe", "\ufffdgpj.exe"},
		{"order by isolates and marks", "\u2066\u2069\u200e\u200f\u061c", "\ufffd\ufffd\ufffd\ufffd\ufffd"},
		{"line and paragraph separators", "\u2028\u2029\u0085", "\ufffd\ufffd\ufffd"},
		{"invisible", "\u200b\ufeff\u00ad\U000e0041", "\ufffd\ufffd\ufffd\ufffd"},
		{"no UTF-8", "a\xffb\xc0\xaf", "a\ufffdb\ufffd\ufffd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := printable.Text(tt.in); got != tt.want {
				t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
			}
			if got, want := printable.Is(tt.in), tt.in == tt.want; got != want {
				t.Errorf("Is(%q) = %t, want %t", tt.in, got, want)
			}
		})
	}
	if got, want := printable.Lines("a\nb\r\x1b"), "a\nb\ufffd\ufffd"; got != want {
		t.Errorf("Lines = %q, want %q", got, want)
	}
}

func TestJSON(t *testing.T) {
	for in, want := range map[string]string{
		"{\n\t\"a\": \"사진\"\n}": "{\n\t\"a\": \"사진\"\n}",
		"\"\u009b\u202e\x7f\"":  `"\u009b\u202e\u007f"`,
		"\"\U000e0041\"":        `"\udb40\udc41"`,
		"\"\xff\"":              `"\ufffd"`,
		"\"\ufffd\"":            "\"\ufffd\"",
		`"\u009b\\u009b"`:       `"\u009b\\u009b"`,
		"{\"a\u202eb\":1}" + "\n" + "{\"c\":2}\n": `{"a\u202eb":1}` + "\n" + "{\"c\":2}\n",
	} {
		if got := string(printable.JSON([]byte(in))); got != want {
			t.Errorf("JSON(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzPrintable holds what is shown against its promise, and escaped JSON against encoding/json.
func FuzzPrintable(f *testing.F) {
	for _, s := range hostile.Values() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := printable.Text(s)
		if !printable.Is(text) || !utf8.ValidString(text) || utf8.RuneCountInString(text) != utf8.RuneCountInString(s) {
			t.Errorf("Text(%q) = %q", s, text)
		}
		if printable.Is(s) && text != s {
			t.Errorf("Text(%q) = %q, though it was printable", s, text)
		}
		if lines := printable.Lines(s); strings.Count(lines, "\n") != strings.Count(s, "\n") || strings.ReplaceAll(lines, "\n", "\ufffd") != text {
			t.Errorf("Lines(%q) = %q", s, lines)
		}
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string]string{s: s, "other": "x"}); err != nil {
			t.Fatal(err)
		}
		var want, got map[string]string
		if err := json.Unmarshal(b.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		escaped := printable.JSON(bytes.Clone(b.Bytes()))
		if bytes.ContainsFunc(escaped, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("JSON(%q) = %q", b.String(), escaped)
		}
		if err := json.Unmarshal(escaped, &got); err != nil || len(got) != len(want) || got[asRead(s)] != want[asRead(s)] {
			t.Errorf("JSON(%q) = %q, which holds %q: %v", b.String(), escaped, got, err)
		}
	})
}

// asRead is s as encoding/json reads it back.
func asRead(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
