// Package printable makes texts safe to show that anybody may have chosen: whoever can make a request to a bucket chooses
// keys and user agents, and log files, messages and reports hold them.
//
// Not printable is what could end a line, act on a terminal (the control characters of ASCII and of ISO 6429, U+0080 to
// U+009F), or show a text in another order than it has (Unicode's bidirectional controls), and all else that leaves
// nothing to see: what unicode.IsPrint says no to. Letters of any language, marks, numbers, symbols and the plain space
// are printable.
//
// Quoting for a shell, a query, a page or a spreadsheet is the business of who writes there.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns s with U+FFFD in place of each character that is not printable, and of each byte that is no UTF-8.
func Text(s string) string { return replace(s, false) }

// Lines is Text for a text of several lines: it keeps the new lines.
func Lines(s string) string { return replace(s, true) }

func replace(s string, keepLines bool) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || keepLines && r == '\n' {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// Is tells whether s can be shown as it is, and so be copied.
func Is(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// JSON returns a JSON text with each character that is not printable escaped: the same values, and safe to show. It keeps
// the new lines, tabs and spaces between values; encoding/json leaves no others raw. The result may share memory with text.
func JSON(text []byte) []byte {
	clean := 0 // how far nothing has to be done
	for clean < len(text) {
		r, size := utf8.DecodeRune(text[clean:])
		if mustEscape(r, size) {
			break
		}
		clean += size
	}
	if clean == len(text) {
		return text
	}
	out := append(make([]byte, 0, len(text)+64), text[:clean]...)
	for rest := text[clean:]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if mustEscape(r, size) {
			out = appendEscaped(out, r)
		} else {
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	return out
}

// mustEscape tells whether the character, which has so many bytes, can't stand in a JSON text as it is. What is ASCII and
// must be escaped is so already, except DEL.
func mustEscape(r rune, size int) bool {
	return r >= 0x7f && (!unicode.IsPrint(r) || r == unicode.ReplacementChar && size == 1)
}

// appendEscaped appends the escape sequence, or the two of a character that UTF-16 has two units for.
func appendEscaped(out []byte, r rune) []byte {
	units := []rune{r}
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		units = []rune{high, low}
	}
	const digits = "0123456789abcdef"
	for _, u := range units {
		out = append(out, '\\', 'u', digits[u>>12&15], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	return out
}
