package cloudtrail

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// learn reads on from i, after at's value, up to the next value that varies, to the end of the object, or until the text is
// long enough, and remembers the step. It returns the step and the index where it leads (or short, or bad).
//
// When nothing known follows at for the first time it reads to the end of the object and remembers nothing: what comes once
// may never come again.
func (k *shapes) learn(s *scanner, at *step, i int, r *Record) (t *step, after int) {
	start, depth := i, s.depth
	keep := at.missed && !k.full
	at.missed = true
	t = &k.draft
	*t = step{in: at.in, depth: at.depth, read: at.read, effects: t.effects[:0], values: t.values[:0]}
	first := t.in == nil
	if first {
		t.in = k.object
		i++
	}
	for {
		if keep && i-start > maxText && !first {
			t.kind = toMore
			break
		}
		var more bool
		if i, more = s.element(i, first, t.in.bracket()); i < 0 {
			return nil, i
		}
		first = false
		if !more {
			if t.in.end != nil {
				t.does(s, i, i-start, r, t.in.end, keep)
			}
			if t.in == k.object {
				t.kind = toEnd
				break
			}
			t.in = t.in.in
			continue
		}
		var name []byte
		if t.in.element == nil {
			if name, i = s.name(i); i < 0 {
				return nil, i
			}
		}
		m := t.in.of(name)
		if place := t.in.into(m, s.b[i]); place != nil {
			if t.read&place.bit != 0 {
				t.does(s, i, i-start, r, func(_ *scanner, _ int, r *Record) { place.reset(r) }, keep)
			}
			if place.begin != nil {
				t.does(s, i, i-start, r, place.begin, keep)
			}
			t.in, t.read = place, t.read|place.bit
			first = true
			i++
			continue
		}
		if !keep {
			if i = s.value(i, m, r); i < 0 {
				return nil, i
			}
			continue
		}
		end, known := k.constant(s, i, valueID{t.in, maphash.Bytes(k.seed, name)})
		if end < 0 {
			return nil, end
		}
		if known == nil {
			i = t.leadsTo(m, i, s.b[i])
			break
		}
		t.says(s, i, i-start, end-i, r, m)
		t.values = append(t.values, known)
		i = end
	}
	if !keep {
		return t, i
	}
	t.depth += s.depth - depth
	t.text = s.b[start:i]
	next := k.remember(at)
	k.draft.text = nil // it is of the window, which a large record must not keep
	return next, i
}

// does has do done at i and, if it is to be kept, notes that this is what stands at from in the text.
func (t *step) does(s *scanner, i, from int, r *Record, do func(s *scanner, i int, r *Record), keep bool) {
	do(s, i, r)
	if keep {
		t.effects = append(t.effects, effect{from: from, do: do})
	}
}

// says reads the constant at i, of so many bytes, as m says, and notes what it says at from in the text.
func (t *step) says(s *scanner, i, from, size int, r *Record, m *member) {
	switch {
	case m == nil:
	case m.text != nil && s.b[i] == '"':
		*m.text(r) = s.b[i+1 : i+size-1 : i+size-1]
		t.effects = append(t.effects, effect{from: from + 1, to: from + size - 1, text: m.text})
	case m.place != nil && m.place.bit&^t.read != 0: // a place that isn't there, and wasn't before: nothing to reset
	default:
		t.does(s, i, from, r, func(s *scanner, i int, r *Record) { s.value(i, m, r) }, true)
	}
}

// leadsTo notes that t leads to the value of m at i, which begins with c, and returns the index after t's text.
func (t *step) leadsTo(m *member, i int, c byte) int {
	t.member = m
	switch {
	case m != nil && m.place != nil:
		t.kind = toNoPlace
	case c == '"' && (m == nil || m.text != nil):
		t.kind = toString
	default:
		return i
	}
	return i + 1
}

// constant returns what is known of the value at i, and the index after it (or short, or bad); nil if it is one that varies, as
// far as is known, or isn't looked into.
func (k *shapes) constant(s *scanner, i int, id valueID) (end int, d *distinct) {
	d = k.values[id]
	if d == nil && len(k.values) > maxSteps || d != nil && d.n > k.few || s.b[i] == '{' || s.b[i] == '[' {
		return i, nil
	}
	plain := true
	if s.b[i] == '"' {
		end, plain = s.quoted(i + 1)
	} else {
		end = s.skip(i)
	}
	if end < 0 || !plain || end-i > maxConstant {
		return end, nil
	}
	if d == nil {
		d = new(distinct)
		k.values[id] = d
	}
	hash := maphash.Bytes(k.seed, s.b[i:end])
	if slices.Contains(d.hashes[:d.n], hash) {
		return end, d
	}
	if d.n < k.few {
		d.hashes[d.n] = hash
	}
	if d.n++; d.n > k.few {
		return end, nil
	}
	return end, d
}

// remember keeps the draft, which comes after at's value, and returns it as it is kept.
func (k *shapes) remember(at *step) *step {
	t := &k.draft
	if k.steps++; k.steps > maxSteps || k.bytes+t.size() > maxShapeBytes || len(k.values) > maxSteps {
		k.full = k.few == 1
		k.start.next, k.steps, k.bytes, k.few = nil, 0, 0, 1
		clear(k.values)
		return t
	}
	p := &at.next
	for n := 1; n < maxSiblings && *p != nil; {
		if k.isOver(*p) {
			*p = (*p).sibling
		} else {
			p = &(*p).sibling
			n++
		}
	}
	*p = nil // what didn't come for the longest time, if there are too many
	kept := *t
	kept.text, kept.effects, kept.values = bytes.Clone(t.text), slices.Clone(t.effects), slices.Clone(t.values)
	k.bytes += t.size()
	kept.sibling, at.next = at.next, &kept
	return &kept
}

// size is about what t takes of memory. A text of two bytes, an element of resources, may have an effect.
func (t *step) size() int { return len(t.text) + 48*len(t.effects) + 8*len(t.values) }

// isOver tells whether there is a value in t's text that varies, as was found out since: it will hardly come again.
func (k *shapes) isOver(t *step) bool {
	return slices.ContainsFunc(t.values, func(d *distinct) bool { return d.n > k.few })
}
