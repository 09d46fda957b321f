package emftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxBytes  = 1 << 20
	unlimited = 1 << 30
)

// root reads a line's root members. It accepts one JSON object on one line and nothing else, each member once at any
// depth: which of two counts is left open by JSON.
func root(line []byte) (names []string, values map[string]json.RawMessage, err error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	switch {
	case len(line) > maxBytes:
		return nil, nil, fmt.Errorf("%d bytes, more than %d", len(line), maxBytes)
	case bytes.ContainsAny(line, "\r\n"):
		return nil, nil, errors.New("more than one line")
	case !utf8.Valid(line):
		return nil, nil, errors.New("not UTF-8")
	case len(line) == 0 || line[0] != '{' || line[len(line)-1] != '}':
		return nil, nil, errors.New("not an object and nothing else")
	}
	if err := json.Unmarshal(line, &values); err != nil {
		return nil, nil, fmt.Errorf("not JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	names, err = walk(d)
	if err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, errors.New("something follows the object")
	}
	return names, values, nil
}

// walk reads one value and returns its members' names, if it is an object.
func walk(d *json.Decoder) ([]string, error) {
	token, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	opening, ok := token.(json.Delim)
	if !ok {
		return nil, nil
	}
	var names []string
	seen := map[string]bool{}
	for d.More() {
		if opening == '{' {
			token, err := d.Token()
			if err != nil {
				return nil, fmt.Errorf("not JSON: %w", err)
			}
			name := token.(string)
			if seen[name] {
				return nil, fmt.Errorf("member %q stands twice", name)
			}
			seen[name] = true
			names = append(names, name)
		}
		if _, err := walk(d); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return names, nil
}

// object reads an object with these members and no others; those with a question mark may be absent.
func object(raw json.RawMessage, what string, members ...string) (map[string]json.RawMessage, error) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(raw, &o); err != nil || o == nil {
		return nil, fmt.Errorf("%s is %.100s, not an object", what, raw)
	}
	for _, name := range members {
		name, optional := strings.CutSuffix(name, "?")
		if _, ok := o[name]; !ok && !optional {
			return nil, fmt.Errorf("%s has no member %s", what, name)
		}
	}
	for name := range o {
		if !slices.Contains(members, name) && !slices.Contains(members, name+"?") {
			return nil, fmt.Errorf("%s has the member %q, which the specification doesn't know", what, name)
		}
	}
	return o, nil
}

// array reads an array of so many elements.
func array(raw json.RawMessage, what string, atLeast, atMost int) ([]json.RawMessage, error) {
	var a []json.RawMessage
	if err := json.Unmarshal(raw, &a); err != nil || a == nil {
		return nil, fmt.Errorf("%s is %.100s, not an array", what, raw)
	}
	if len(a) < atLeast || len(a) > atMost {
		return nil, fmt.Errorf("%s has %d elements, want %d to %d", what, len(a), atLeast, atMost)
	}
	return a, nil
}

// text reads a string that CloudWatch takes as a name or a dimension's value.
func text(raw json.RawMessage, what string, atMost int) (string, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || isNull(raw) {
		return "", fmt.Errorf("%s is %.100q, not a string", what, raw)
	}
	switch {
	case len(s) > atMost:
		return "", fmt.Errorf("%s has %d characters, more than %d", what, len(s), atMost)
	case strings.TrimSpace(s) == "":
		return "", fmt.Errorf("%s is blank", what)
	case strings.HasPrefix(s, ":"):
		return "", fmt.Errorf("%s is %.100q, which begins with a colon", what, s)
	case strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }):
		return "", fmt.Errorf("%s is %.100q, which has other characters than printable ASCII", what, s)
	}
	return s, nil
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }
