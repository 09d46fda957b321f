package cloudtrail

import "slices"

// A member is one that is looked for in an object, and what becomes of its value: either read reads it at i into dst, or
// text returns where its string goes, nil if it is none.
type member[T any] struct {
	name string
	text func(dst *T) *[]byte
	read func(s *scanner, i int, dst *T) (next int)
}

// An order is the members of one kind of object, and which of them followed which last time. CloudTrail writes them in the
// same order each time, leaving some out, so that the next member is most often found by one comparison.
type order[T any] struct {
	steps [maxSteps]step[T] // the first is no member, but where the object begins
	n     int
}

type step[T any] struct {
	member *member[T] // nil: nobody looks for it
	next   uint8      // the step that came after this one
	length uint8
	head   [54]byte // what stands before the value, such as "type":
}

// maxSteps is how many members are remembered; then the order is forgotten. An object in which each name is another one
// would fill any memory.
const maxSteps = 64

// is tells whether t's name and colon, and then a value, stand at i.
func (t *step[T]) is(s *scanner, i int) bool {
	end := i + int(t.length)
	return t.length > 0 && end < len(s.b) && string(s.b[i:end]) == string(t.head[:t.length]) && s.b[end] > ' '
}

// object reads the members of the object at i into dst, and skips those that nobody looks for. Any other value is skipped.
func object[T any](s *scanner, i int, members []member[T], o *order[T], dst *T) int {
	if s.b[i] != '{' {
		return s.skip(i)
	}
	t := &o.steps[0]
	i, more := s.element(i+1, true, '}')
	for more {
		var m *member[T]
		if next := &o.steps[t.next%maxSteps]; next.is(s, i) {
			t, m, i = next, next.member, i+int(next.length)
		} else if t, m, i = o.find(s, i, t, members); i < 0 {
			return i
		}
		switch {
		case m == nil:
			i = s.skip(i)
		case m.read != nil:
			i = m.read(s, i, dst)
		default:
			i = s.string(i, m.text(dst))
		}
		if i < 0 {
			return i
		}
		if i+1 < len(s.b) && s.b[i] == ',' && s.b[i+1] > ' ' { // as element does, for what is usual
			i++
		} else {
			i, more = s.element(i, false, '}')
		}
	}
	return i
}

// find finds the member at i, which isn't the one that came after t last time, and notes that it comes after t. It returns
// its step and the index of its value, or short, or bad.
func (o *order[T]) find(s *scanner, i int, t *step[T], members []member[T]) (found *step[T], m *member[T], next int) {
	for k := 1; k < o.n; k++ {
		if found = &o.steps[k]; found.is(s, i) {
			t.next = uint8(k)
			return found, found.member, i + int(found.length)
		}
	}
	name, next := s.name(i)
	if next < 0 {
		return nil, nil, next
	}
	if k := slices.IndexFunc(members, func(m member[T]) bool { return m.name == string(name) }); k >= 0 {
		m = &members[k]
	}
	if next-i > len(t.head) {
		return t, m, next // too long to be remembered
	}
	if o.n == 0 || o.n == maxSteps {
		*o = order[T]{n: 1}
		t = &o.steps[0]
	}
	found = &o.steps[o.n]
	found.member = m
	found.length = uint8(copy(found.head[:], s.b[i:next]))
	t.next = uint8(o.n)
	o.n++
	return found, m, next
}
