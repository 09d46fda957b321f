package traffic

import "strconv"

// member is one member of a JSON object whose order matters for realism: encoding/json would sort a map.
type member struct {
	name, value string
	raw         bool // value is JSON already: a number, an object
}

type members []member

func text(name, value string) member     { return member{name: name, value: value} }
func raw(name, value string) member      { return member{name: name, value: value, raw: true} }
func number(name string, n int64) member { return raw(name, strconv.FormatInt(n, 10)) }

// appendTo appends the object, or null when ms is nil.
func (ms members) appendTo(b []byte) []byte {
	if ms == nil {
		return append(b, "null"...)
	}
	b = append(b, '{')
	for i, m := range ms {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, m.name), ':')
		if m.raw {
			b = append(b, m.value...)
		} else {
			b = appendString(b, m.value)
		}
	}
	return append(b, '}')
}

// appendString appends s as a JSON string. CloudTrail leaves <, > and & alone, which encoding/json would escape.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
