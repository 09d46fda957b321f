package alert

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"bucketwatch/pkg/printable"
)

// noBreak is a space at which wrap doesn't break a line. It is not in harmless text.
const noBreak = "\u00a0"

// width is how many columns a plain-text mail has.
const width = 78

// harmless replaces what could end a line or act on a terminal: log files hold what callers sent.
func harmless(s string) string { return printable.Text(s) }

// isHarmless tells whether s can be shown as it is, and so be copied.
func isHarmless(s string) bool { return printable.Is(s) }

// cut is harmless s, with at most n characters.
func cut(s string, n int) string {
	s = harmless(s)
	for at := range s {
		if n == 0 {
			return s[:at] + "…"
		}
		n--
	}
	return s
}

// ascii replaces what SNS does not take in a subject.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// wrap breaks the text into lines at its spaces. What follows the first line is indented. A word that is longer than a
// line stays whole, so that it can be copied.
func wrap(text, indent string) string {
	var b strings.Builder
	if strings.HasPrefix(text, indent) { // its spaces are no gap between words
		text = text[len(indent):]
		b.WriteString(indent)
	}
	column := utf8.RuneCountInString(b.String())
	begun := false
	for word := range strings.SplitSeq(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case !begun:
			begun = true
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return strings.ReplaceAll(b.String(), noBreak, " ")
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return group(n) + " " + noun + "s"
}

// enumerate is a list in a sentence: a, b and c.
func enumerate(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

// group writes n with a comma before each three digits.
func group(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plainWord needs no quotes in any shell. Zsh takes a word that begins with = for a command's name.
var plainWord = pattern(`^[A-Za-z0-9._/-][A-Za-z0-9._/:@%+=,-]*$`)

// shell is s as one word of a POSIX shell. It must be harmless. That it isn't taken for an option is up to the caller.
func shell(s string) string {
	if plainWord().MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// quoted is s between double quotes, as JSON, YAML and Logs Insights read it. It must be harmless. An exclamation mark is
// written by its number, since an interactive shell may replace it even in a here-document.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `!`, `\u0021`).Replace(s) + `"`
}
