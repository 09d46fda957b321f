package expected

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"

	"bucketwatch/pkg/s3event"
)

type field struct {
	name     string
	required bool
	read     func(p *parser, e *Entry, n *yaml.Node)
}

var fields = []field{
	{"bucket", true, (*parser).bucket},
	{"principal", true, (*parser).principal},
	{"prefix", false, (*parser).prefix},
	{"max_objects_per_hour", true, (*parser).maxObjectsPerHour},
	{"permanent", false, (*parser).permanent},
	{"until", true, (*parser).until},
	{"reason", true, (*parser).reason},
}

func fieldNames() string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

func (p *parser) bucket(e *Entry, n *yaml.Node) {
	value, ok := p.text(n, "bucket")
	if ok && strings.ContainsFunc(value, func(r rune) bool { return !isBucketRune(r) }) {
		p.fault(n.Line, "bucket: %q can't be a bucket's name: there are letters, digits, . - _ and the wildcards * and ?", value)
		return
	}
	e.Bucket = value
}

func isBucketRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(".-_*?", r)
}

func (p *parser) principal(e *Entry, n *yaml.Node) {
	value, ok := p.text(n, "principal")
	switch {
	case !ok:
	case strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.TrimSpace(value) != value:
		p.fault(n.Line, "principal: %q can't be a principal's name", value)
	case strings.Contains(value, ":assumed-role/"):
		p.fault(n.Line, "principal: sessions aren't told apart: name the role, as arn:aws:iam::ACCOUNT:role/NAME or as role/NAME")
	case value == "PEOPLE":
		p.fault(n.Line, "principal: PEOPLE stands for several persons: name each in an entry of its own")
	case value == s3event.Unattributed:
		p.fault(n.Line, "principal: %s is nobody: an entry must say who", value)
	default:
		e.Principal = value
	}
}

func (p *parser) prefix(e *Entry, n *yaml.Node) {
	if isNull(n) || n.Value == "" && n.ShortTag() == "!!str" {
		return // all keys
	}
	value, ok := p.text(n, "prefix")
	switch {
	case !ok:
	case strings.HasPrefix(value, "s3://") || strings.HasPrefix(value, "arn:"):
		p.fault(n.Line, "prefix: is what keys begin with, without the bucket")
	default:
		e.Prefix = value
	}
}

func (p *parser) maxObjectsPerHour(e *Entry, n *yaml.Node) {
	// Not what YAML makes of 0777 or 1_000: who reviews it must see at once how many.
	value, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || value <= 0 || strconv.FormatInt(value, 10) != n.Value {
		p.fault(n.Line, "max_objects_per_hour: must be a whole number above 0, in digits only")
		return
	}
	e.Cap = value
}

func (p *parser) permanent(e *Entry, n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || (n.Value != "true" && n.Value != "false") {
		p.fault(n.Line, "permanent: must be true or false")
		return
	}
	e.Permanent = n.Value == "true"
}

func (p *parser) until(e *Entry, n *yaml.Node) {
	value, err := time.Parse(time.DateOnly, n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		p.fault(n.Line, "until: must be the last day that the entry is for, as in 2027-03-31")
		return
	}
	e.Until = value
}

func (p *parser) reason(e *Entry, n *yaml.Node) {
	if value, ok := p.text(n, "reason"); ok {
		e.Reason = strings.TrimSpace(value)
	}
}

// text returns the value of a field that must have some.
func (p *parser) text(n *yaml.Node, name string) (string, bool) {
	switch {
	case isNull(n) || n.Kind == yaml.ScalarNode && strings.TrimSpace(n.Value) == "":
		p.fault(n.Line, "%s: is empty", name)
	case n.Kind != yaml.ScalarNode:
		p.fault(n.Line, "%s: must be one text", name)
	case n.ShortTag() != "!!str":
		p.fault(n.Line, "%s: must be a text: put it in quotes", name)
	default:
		return n.Value, true
	}
	return "", false
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func onlyWildcards(s string) bool { return s != "" && strings.Trim(s, "*?") == "" }
