package cloudtrail

import (
	"bytes"
	"hash/maphash"
)

// identities are the userIdentity objects that were read before. A quarter of a log file are these, and few of them
// differ: one that was read is known again by its bytes, without looking into it.
type identities struct {
	seed  maphash.Seed
	known map[uint64]*identity // by key; nil for one that was seen once: where each is another, to keep them is in vain

	shapes shapes // of those that aren't
	record Record // to read one into; reused
}

type identity struct {
	raw   []byte
	value UserIdentity // its slices are of raw
}

// How many are kept, and how long they may be: real ones have 200 to 900 bytes.
const (
	maxIdentities   = 2048
	maxIdentitySize = 2 << 10
)

func newIdentities() identities {
	return identities{seed: maphash.MakeSeed(), known: map[uint64]*identity{}, shapes: newShapes(userIdentity)}
}

// key returns the hash of so many of the first bytes of b as tell most identities from others: of a role's session up to
// its access key, of all others up to the principal's name. It returns 0 if b is shorter.
func (k *identities) key(b []byte) uint64 {
	n := 128
	if bytes.HasPrefix(b, []byte(`{"type":"AssumedRole"`)) {
		n = 320
	}
	if len(b) < n {
		return 0
	}
	return maphash.Bytes(k.seed, b[:n])
}

// find reads the identity that b begins with into u and returns its length; 0 if it isn't known.
func (k *identities) find(b []byte, key uint64, u *UserIdentity) int {
	known := k.known[key]
	if known == nil || !bytes.HasPrefix(b, known.raw) {
		return 0
	}
	*u = known.value
	return len(known.raw)
}

// add notes the identity that was read from raw with s.
func (k *identities) add(s *scanner, key uint64, raw []byte) {
	if key == 0 || len(raw) > maxIdentitySize {
		return
	}
	known, again := k.known[key]
	switch {
	case !again:
		if len(k.known) >= maxIdentities {
			clear(k.known)
		}
		k.known[key] = nil
		return
	case known == nil:
		known = new(identity)
		k.known[key] = known
	}
	known.raw = append(known.raw[:0], raw...)
	k.record.UserIdentity = UserIdentity{}
	window, decoded := s.b, len(s.scratch)
	s.b = known.raw
	k.shapes.read(s, 0, &k.record)
	known.value = k.record.UserIdentity
	s.b = window
	if len(s.scratch) > decoded { // some of it isn't in raw, but where the next record will be
		k.known[key] = nil
	}
}

// userIdentity reads the value at i into r.
func (s *scanner) userIdentity(i int, r *Record) int {
	key := s.identities.key(s.b[i:])
	if n := s.identities.find(s.b[i:], key, &r.UserIdentity); n > 0 {
		return i + n
	}
	r.UserIdentity = UserIdentity{}
	end := s.identities.shapes.read(s, i, r)
	if end >= 0 && s.b[i] == '{' {
		s.identities.add(s, key, s.b[i:end])
	}
	return end
}
