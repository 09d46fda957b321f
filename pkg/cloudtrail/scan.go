package cloudtrail

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ErrSyntax is wrapped by the errors about a document that is not the JSON of a log file.
var ErrSyntax = errors.New("invalid JSON")

// maxDepth is how deep encoding/json nests; a document is refused here exactly when it is refused there. It bounds the
// stack: each level is a call.
const maxDepth = 10000

// ErrTooDeep is wrapped by the error about a document that nests deeper than any log file. It is an ErrSyntax too.
var ErrTooDeep = fmt.Errorf("%w: objects and arrays nested deeper than %d", ErrSyntax, maxDepth)

// What the scanning functions return instead of an index.
const (
	short = -1 - iota // the window ends inside the value: scan again from its start when there is more
	bad               // scanner.err says what is wrong
)

// scanner reads JSON (RFC 8259) from a window of the document, strictly, and decodes only what it is asked for. Its
// functions take the index where a value starts and return the index after it, or short, or bad.
type scanner struct {
	b          []byte
	depth      int // open objects and arrays
	records    shapes
	identities identities
	day        day
	parameters int    // index in b of the requestParameters that are being read
	scratch    []byte // decoded strings that are not in b as they should be read
	err        error
	at         int // index in b of err
}

func (s *scanner) fail(i int, problem string) int {
	s.at, s.err = i, fmt.Errorf("%w: %s", ErrSyntax, problem)
	return bad
}

// unexpected fails at i, or is short if the window ends there.
func (s *scanner) unexpected(i int, wanted string) int {
	if i >= len(s.b) {
		return short
	}
	return s.fail(i, fmt.Sprintf("found %q where %s was expected", s.b[i], wanted))
}

// space returns the index of the first byte from i on that isn't white space.
func (s *scanner) space(i int) int {
	for ; i < len(s.b); i++ {
		switch s.b[i] {
		case ' ', '\n', '\r', '\t':
		default:
			return i
		}
	}
	return short
}

// name reads the name of the member at i and returns it with the index of the member's value.
func (s *scanner) name(i int) (name []byte, next int) {
	if s.b[i] != '"' {
		return nil, s.unexpected(i, "a member name")
	}
	start := i + 1
	i, plain := s.quoted(start)
	if i < 0 {
		return nil, i
	}
	if name = s.b[start : i-1]; !plain {
		name = s.text(start, i-1)
	}
	if i = s.space(i); i < 0 {
		return nil, i
	}
	if s.b[i] != ':' {
		return nil, s.unexpected(i, "a colon")
	}
	return name, s.space(i + 1)
}

// element finds the next element of an array (or member of an object) that ends with the given bracket: first tells
// whether i is the index after the opening bracket or after an earlier element. At the end more is false, and next
// the index after it (or short, or bad).
func (s *scanner) element(i int, first bool, end byte) (next int, more bool) {
	if i = s.space(i); i < 0 {
		return i, false
	}
	if first {
		if s.depth++; s.depth > maxDepth {
			s.at, s.err = i, ErrTooDeep
			return bad, false
		}
	}
	if s.b[i] == end {
		s.depth--
		return i + 1, false
	}
	if first {
		return i, true
	}
	if s.b[i] != ',' {
		return s.unexpected(i, "a comma or the end"), false
	}
	if i = s.space(i + 1); i < 0 {
		return i, false
	}
	return i, true
}

// skip returns the index after the value that starts at i.
func (s *scanner) skip(i int) int {
	switch c := s.b[i]; c {
	case '"':
		i, _ = s.quoted(i + 1)
		return i
	case '{':
		i, more := s.element(i+1, true, '}')
		for more {
			if _, i = s.name(i); i < 0 {
				return i
			}
			if i = s.skip(i); i < 0 {
				return i
			}
			i, more = s.element(i, false, '}')
		}
		return i
	case '[':
		i, more := s.element(i+1, true, ']')
		for more {
			if i = s.skip(i); i < 0 {
				return i
			}
			i, more = s.element(i, false, ']')
		}
		return i
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	default:
		if c == '-' || isDigit(c) {
			return s.number(i)
		}
		return s.unexpected(i, "a value")
	}
}

func (s *scanner) literal(i int, word string) int {
	for j := range len(word) {
		if i+j >= len(s.b) || s.b[i+j] != word[j] {
			return s.unexpected(i+j, word)
		}
	}
	return i + len(word)
}

func (s *scanner) number(i int) int {
	if s.b[i] == '-' {
		i++
	}
	switch {
	case i < len(s.b) && s.b[i] == '0':
		i++
	default:
		if i = s.digits(i); i < 0 {
			return i
		}
	}
	if i < len(s.b) && s.b[i] == '.' {
		if i = s.digits(i + 1); i < 0 {
			return i
		}
	}
	if i < len(s.b) && (s.b[i] == 'e' || s.b[i] == 'E') {
		i++
		if i < len(s.b) && (s.b[i] == '+' || s.b[i] == '-') {
			i++
		}
		if i = s.digits(i); i < 0 {
			return i
		}
	}
	if i >= len(s.b) {
		return short // the next byte may be another digit
	}
	return i
}

// digits passes over one digit or more.
func (s *scanner) digits(i int) int {
	start := i
	for i < len(s.b) && isDigit(s.b[i]) {
		i++
	}
	if i == start {
		return s.unexpected(i, "a digit")
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// string reads the value at i into dst: nil if it isn't a string.
func (s *scanner) string(i int, dst *[]byte) int {
	if s.b[i] != '"' {
		*dst = nil
		return s.skip(i)
	}
	return s.unquoted(i+1, dst)
}

// unquoted reads the string whose opening quote stands before i into dst.
func (s *scanner) unquoted(i int, dst *[]byte) int {
	next, plain := s.quoted(i)
	switch {
	case next < 0:
	case plain:
		*dst = s.b[i : next-1 : next-1] // so that an append to it can't write into what isn't read yet
	default:
		*dst = s.text(i, next-1)
	}
	return next
}

// time reads the value at i into dst, in UTC: the zero time if it isn't a string in RFC 3339.
func (s *scanner) time(i int, dst *time.Time) int {
	if t, next, ok := s.day.time(s.b, i); ok {
		*dst = t
		return next
	}
	var text []byte
	next := s.string(i, &text)
	if next < 0 || dst.UnmarshalText(text) != nil {
		*dst = time.Time{}
		return next
	}
	*dst = dst.UTC()
	s.day.remember(text, *dst)
	return next
}

// bool reads the value at i into dst.
func (s *scanner) bool(i int, dst *Bool) int {
	switch *dst = Absent; s.b[i] {
	case 't':
		*dst = True
	case 'f':
		*dst = False
	}
	return s.skip(i)
}

// flag reads the value at i into dst: a boolean or, as CloudTrail writes some of them, the text of one.
func (s *scanner) flag(i int, dst *Bool) int {
	if s.b[i] != '"' {
		return s.bool(i, dst)
	}
	var text []byte
	next := s.string(i, &text)
	switch *dst = Absent; string(text) {
	case "true":
		*dst = True
	case "false":
		*dst = False
	}
	return next
}

// float reads the value at i into dst.
func (s *scanner) float(i int, dst *Number) int {
	// Nearly all are whole numbers of few digits, which a float64 holds exactly.
	var n int64
	j := i
	for ; j < len(s.b) && j < i+15 && isDigit(s.b[j]); j++ {
		n = 10*n + int64(s.b[j]-'0')
	}
	if j > i && j < len(s.b) && (s.b[j] == ',' || s.b[j] == '}') && (s.b[i] != '0' || j == i+1) {
		*dst = Number{Value: float64(n), Set: true}
		return j
	}
	*dst = Number{}
	next := s.skip(i)
	if next < 0 || s.b[i] != '-' && !isDigit(s.b[i]) {
		return next
	}
	if v, err := strconv.ParseFloat(string(s.b[i:next]), 64); err == nil {
		*dst = Number{Value: v, Set: true}
	}
	return next
}
