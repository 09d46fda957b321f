package expected

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Parse reads expected-deletes.yaml. Its error names every fault with its line, one below the other; of a file that is
// no YAML at all, the first.
func Parse(r io.Reader) (*List, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("cannot read the expected deletes: %w", err)
	}
	return parse(FileName, text)
}

func parse(name string, text []byte) (*List, error) {
	p := parser{lines: strings.Count(string(text), "\n") + 1}
	l := &List{}
	if p.isText(text) {
		if root := p.document(text); root != nil {
			l.entries = p.list(root)
		}
	}
	if len(p.faults) == 0 {
		return l, nil
	}
	slices.SortStableFunc(p.faults, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	errs := make([]error, len(p.faults))
	for i, f := range p.faults {
		errs[i] = fmt.Errorf("%s:%d: %s", name, f.line, f.text)
	}
	return nil, errors.Join(errs...)
}

type fault struct {
	line int
	text string
}

type parser struct {
	lines  int
	faults []fault
}

func (p *parser) fault(line int, format string, args ...any) {
	p.faults = append(p.faults, fault{line, fmt.Sprintf(format, args...)})
}

// isText looks for what the YAML library refuses without a line.
func (p *parser) isText(text []byte) bool {
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if !utf8.ValidString(line) {
			p.fault(i+1, "is no UTF-8")
		} else if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
			p.fault(i+1, "holds a control character")
		}
	}
	return len(p.faults) == 0
}

// document returns the root of the only document, nil if there is none: a file of comments is an empty list.
func (p *parser) document(text []byte) *yaml.Node {
	loader, err := yaml.NewLoader(strings.NewReader(string(text)))
	if err != nil {
		p.syntax(err)
		return nil
	}
	var first, second yaml.Node
	if err := loader.Load(&first); err != nil {
		if !errors.Is(err, io.EOF) {
			p.syntax(err)
		}
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		p.fault(second.Line, "begins a second document: keep all entries in one list, without ---")
	case !errors.Is(err, io.EOF):
		p.syntax(err)
	}
	root := &first
	if root.Kind == yaml.DocumentNode {
		root = root.Content[0]
	}
	if isNull(root) {
		return nil
	}
	return root
}

// syntax notes that the file is no YAML.
func (p *parser) syntax(err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		p.fault(1, "is no YAML: %v", err)
		return
	}
	line := e.Mark.Line
	if e.ContextMark.Line > 0 && (line == 0 || line >= p.lines) {
		line = e.ContextMark.Line // where what is never ended begins
	}
	message := e.Message
	if strings.Contains(e.ContextMsg, "alias") || strings.Contains(message, "unknown anchor") {
		message += ": a value that begins with * must be in quotes"
	}
	p.fault(max(line, 1), "is no YAML: %s", message)
}

func (p *parser) list(root *yaml.Node) []compiled {
	if root.Kind != yaml.SequenceNode {
		p.fault(root.Line, "must be a list: begin each entry with \"- \"")
		return nil
	}
	p.refuseReferences(root)
	entries := make([]compiled, 0, len(root.Content))
	lines := map[string]int{}
	for _, n := range root.Content {
		if n.Kind == yaml.AliasNode {
			continue // was refused
		}
		e, ok := p.entry(n)
		if !ok {
			continue
		}
		if line, ok := lines[e.ID]; ok {
			p.fault(e.Line, "is for the same deletes as line %d", line)
			continue
		}
		lines[e.ID] = e.Line
		entries = append(entries, compiled{e, glob(e.Bucket), glob(e.Principal), glob(e.Prefix + "*")})
	}
	return entries
}

// refuseReferences refuses what hides from who reviews an entry what it says.
func (p *parser) refuseReferences(n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		p.fault(n.Line, "*%s refers to another place: write it out, or put a * in quotes", n.Value)
		return
	case n.Anchor != "":
		p.fault(n.Line, "&%s marks a place to refer to: write everything out", n.Anchor)
	}
	for _, child := range n.Content {
		p.refuseReferences(child)
	}
}

// entry reads one entry, and tells whether it is free of faults.
func (p *parser) entry(n *yaml.Node) (Entry, bool) {
	before := len(p.faults)
	e := Entry{Line: n.Line}
	if n.Kind != yaml.MappingNode {
		p.fault(n.Line, "is no entry: it must have the fields %s", fieldNames())
		return e, false
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		k := slices.IndexFunc(fields, func(f field) bool { return f.name == name.Value })
		if k < 0 {
			p.fault(name.Line, "%q is no field: there are %s", name.Value, fieldNames())
			continue
		}
		if line, ok := seen[name.Value]; ok {
			p.fault(name.Line, "%s: stands in line %d already", name.Value, line)
			continue
		}
		seen[name.Value] = name.Line
		if value.Kind != yaml.AliasNode {
			fields[k].read(p, &e, value)
		}
	}
	for _, f := range fields {
		if _, ok := seen[f.name]; !ok && f.required {
			p.fault(n.Line, "%s: is missing", f.name)
		}
	}
	if onlyWildcards(e.Bucket) && onlyWildcards(e.Principal) {
		p.fault(n.Line, "bucket, principal: can't both be wildcards only: say where, or say who")
	}
	e.ID = id(&e)
	return e, len(p.faults) == before
}

// id stands for what the entry matches.
func id(e *Entry) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{e.Bucket, e.Principal, e.Prefix, strconv.FormatBool(e.Permanent)}, "\x00")))
	return hex.EncodeToString(sum[:8])
}
