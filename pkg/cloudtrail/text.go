package cloudtrail

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// Eight equal bytes, for looking at eight bytes of a string at a time.
const (
	ones        = 0x0101010101010101
	highBits    = 0x80 * ones
	spaces      = ' ' * ones
	quotes      = '"' * ones
	backslashes = '\\' * ones
)

// quoted returns the index after the string whose opening quote stands before i, and whether it holds escapes.
//
// Most bytes of a log file are in strings, so it steps over eight at a time until one of them is a quote, a
// backslash or a control character; of the marks that the arithmetic sets, the lowest is always right
// (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord).
func (s *scanner) quoted(i int) (next int, escaped bool) {
	for {
		for i+8 <= len(s.b) {
			w := binary.LittleEndian.Uint64(s.b[i:])
			q, e := w^quotes, w^backslashes
			if marks := ((q-ones)&^q | (e-ones)&^e | (w-spaces)&^w) & highBits; marks != 0 {
				i += bits.TrailingZeros64(marks) / 8
				break
			}
			i += 8
		}
		if i >= len(s.b) {
			return short, escaped
		}
		switch c := s.b[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			if i = s.escape(i + 1); i < 0 {
				return i, escaped
			}
		case c < ' ':
			return s.fail(i, fmt.Sprintf("control character %q in a string", c)), escaped
		default:
			i++
		}
	}
}

// escape returns the index after the escape sequence whose backslash stands before i.
func (s *scanner) escape(i int) int {
	if i >= len(s.b) {
		return short
	}
	switch s.b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for j := i + 1; j <= i+4; j++ {
			if j >= len(s.b) || !isHex(s.b[j]) {
				return s.unexpected(j, "a hexadecimal digit")
			}
		}
		return i + 5
	}
	return s.unexpected(i, "an escape sequence")
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// text returns the decoded string b[start:end] (without its quotes), in place where that is what it says already.
func (s *scanner) text(start, end int, escaped bool) []byte {
	raw := s.b[start:end:end] // so that an append to it can't write into what isn't read yet
	if !escaped && utf8.Valid(raw) {
		return raw
	}
	from := len(s.scratch)
	s.scratch = appendText(s.scratch, raw)
	return s.scratch[from:len(s.scratch):len(s.scratch)]
}

// appendText appends what the string raw (checked, without quotes) says. As in encoding/json, invalid UTF-8 and
// surrogates that are not a pair become U+FFFD.
func appendText(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == '\\' && raw[i+1] == 'u':
			r := hex4(raw[i+2:])
			i += 6
			if utf16.IsSurrogate(r) {
				pair := rune(utf8.RuneError)
				if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
					pair = utf16.DecodeRune(r, hex4(raw[i+2:]))
				}
				if r = pair; pair != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		case c == '\\':
			dst = append(dst, unescaped(raw[i+1]))
			i += 2
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, size := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
		}
	}
	return dst
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// hex4 is the value of four hexadecimal digits.
func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		if isDigit(c) {
			c -= '0'
		} else {
			c = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(c)
	}
	return r
}
