package cloudtrail

import (
	"bytes"
	"hash/maphash"
)

// Shapes are how the objects looked that were read before: records, or the identities in them. CloudTrail writes them all
// alike. A few values differ from record to record, such as the time and the key, and what stands between two of these is
// the same bytes again, or one of a few texts. So a record is read by some twenty comparisons.
//
// They are a tree. A path from its start is how one kind of record goes on, and each step of it leads over a text to the
// next value that differs. What the text says was found out when it was read for the first time, with all the care of
// learn. Where it stands after the same path it says the same again, since nothing else decides what JSON means.
type shapes struct {
	object *place // whose shapes they are
	seed   maphash.Seed
	start  step
	steps  int // that are remembered, or were since it was too much
	bytes  int // that they take
	// values are those in the texts, and those that vary and so end them.
	values map[valueID]*distinct
	few    int  // how many different ones a value may have that doesn't vary
	full   bool // no more is learned of this file
	draft  step // the one that is being learned; its lists are reused
}

// What is remembered at most. Beyond it all is forgotten, and from then on, in later files, too, a value that has a second
// one varies: several of each make too many combinations. Where that doesn't help, no more is learned of the file.
const (
	maxSteps      = 4096 // and values
	maxShapeBytes = 1 << 20
	maxText       = 4 << 10 // about; all between two values of a usual record is far shorter
	maxSiblings   = 64      // steps after the same value, tried one after another: of more the last ones are forgotten
	maxDistinct   = 3       // values in the same place, each with a step of its own
	maxConstant   = 64      // a longer value varies, or might as well
)

// A step leads from one value that varies to the next one, or to the end of the object.
type step struct {
	text    []byte   // what stands between them
	effects []effect // what it says
	kind    stepKind
	member  *member // whose value comes next; nil if nobody looks for it
	in      *place  // where that value is
	depth   int     // how many objects and arrays are open there, those around the object not counted
	read    uint16  // the bits of the places that stand before it

	values  []*distinct // in text
	missed  bool        // something else than next has come
	next    *step       // what may come after the value: first what came last time
	sibling *step       // what may come instead of this one
}

// stepKind says what a step leads to.
type stepKind uint8

const (
	toValue   stepKind = iota
	toString           // whose opening quote is in the text
	toNoPlace          // a value in place of a place: its first byte is in the text, since after another it may be one
	toMore             // to another step: the text is long enough
	toEnd
)

// An effect is what a part of a text says: a string, or what do makes of it.
type effect struct {
	from, to int
	text     func(r *Record) *[]byte
	do       func(s *scanner, i int, r *Record)
}

// A valueID stands for all the values of one name in one place.
type valueID struct {
	in   *place
	name uint64 // its hash
}

// distinct are the hashes of the different values that there were; it varies if n is more than are told apart.
type distinct struct {
	n      int
	hashes [maxDistinct]uint64
}

func newShapes(object *place) shapes {
	return shapes{object: object, seed: maphash.MakeSeed(), values: map[valueID]*distinct{}, few: maxDistinct}
}

// read reads the object at i, whose shapes they are, into r. Any other value is skipped.
func (k *shapes) read(s *scanner, i int, r *Record) int {
	if s.b[i] != '{' {
		return s.skip(i)
	}
	around := s.depth
	at := &k.start
	for {
		next := at.following(s.b[i:])
		if next == nil {
			if next, i = k.learn(s, at, i, r); i < 0 {
				return i
			}
		} else {
			for n := range next.effects {
				if e := &next.effects[n]; e.text != nil {
					*e.text(r) = s.b[i+e.from : i+e.to : i+e.to]
				} else {
					e.do(s, i+e.from, r)
				}
			}
			i += len(next.text)
			s.depth = around + next.depth
		}
		switch next.kind {
		case toEnd:
			return i
		case toString:
			if next.member != nil {
				i = s.unquoted(i, next.member.text(r))
			} else {
				i, _ = s.quoted(i)
			}
		case toMore:
		case toNoPlace:
			i = s.value(i-1, next.member, r)
		default:
			if i = s.space(i); i >= 0 { // most often there is none, and the text had none
				i = s.value(i, next.member, r)
			}
		}
		if i < 0 {
			return i
		}
		at = next
	}
}

// following returns the step that b begins with the text of, of those after t; nil if there is none.
func (t *step) following(b []byte) *step {
	for p := &t.next; *p != nil; p = &(*p).sibling {
		next := *p
		if !bytes.HasPrefix(b, next.text) {
			continue
		}
		if p != &t.next {
			*p = next.sibling
			t.next, next.sibling = next, t.next
		}
		return next
	}
	return nil
}
