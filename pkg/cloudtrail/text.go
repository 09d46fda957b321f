package cloudtrail

import (
	"bytes"
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
	twos        = 0x02 * ones
	belowQuote  = 0x21 * ones
	backslashes = '\\' * ones
)

// quoted returns the index after the string whose opening quote stands before i, and whether it is plain: what stands
// between its quotes is what it says, in ASCII.
//
// Most bytes of a log file are in strings, so it steps over eight at a time until one of them is a quote, a
// backslash, a control character or not ASCII. The control characters and, once its second bit is flipped, the quote are
// the bytes below 33. A byte below the one that is subtracted from it borrows, which sets its highest bit; of these marks
// the lowest is always right, since only a marked byte borrows from those after it.
func (s *scanner) quoted(i int) (next int, plain bool) {
	plain = true
	for {
		for b := s.b; i+8 <= len(b); {
			w := binary.LittleEndian.Uint64(b[i : i+8])
			if marks := (w | (w ^ twos - belowQuote) | (w ^ backslashes - ones)) & highBits; marks != 0 {
				i += bits.TrailingZeros64(marks) / 8
				if b[i] == '"' {
					return i + 1, plain
				}
				break
			}
			i += 8
		}
		if i >= len(s.b) {
			return short, plain
		}
		switch c := s.b[i]; {
		case c == '"':
			return i + 1, plain
		case c == '\\':
			plain = false
			if i = s.escape(i + 1); i < 0 {
				return i, plain
			}
		case c < ' ':
			return s.fail(i, fmt.Sprintf("control character %q in a string", c)), plain
		case c < utf8.RuneSelf:
			i++
		default:
			plain = false
			for i++; i < len(s.b) && s.b[i] >= utf8.RuneSelf; i++ {
			}
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
func (s *scanner) text(start, end int) []byte {
	raw := s.b[start:end:end]
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
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
