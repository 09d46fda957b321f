package anomaly

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"slices"
)

// HashKey is how an object's key is remembered: the first 8 bytes of its SHA-256, the same in every process and version.
// Nobody can cheaply choose a key that is taken for a given other.
func HashKey(key []byte) uint64 {
	sum := sha256.Sum256(key)
	return binary.BigEndian.Uint64(sum[:8])
}

// Merge adds what o holds, in no order: see Sort. It keeps none of o's memory but the strings.
func (k *Keys) Merge(o *Keys) {
	k.Uploads = append(k.Uploads, o.Uploads...)
	k.Deletes = append(k.Deletes, o.Deletes...)
	k.Refused = append(k.Refused, o.Refused...)
}

// Sort restores the order of time. Things of the same second are in an order of their own, whatever order they were
// added in.
func (k *Keys) Sort() {
	slices.SortFunc(k.Uploads, func(a, b Upload) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Hash, b.Hash))
	})
	slices.SortFunc(k.Deletes, func(a, b KeyDelete) int { return a.compare(&b) })
	slices.SortFunc(k.Refused, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Principal, b.Principal))
	})
}

// compare orders deletes by their time, and those of one second somehow.
func (d *KeyDelete) compare(o *KeyDelete) int {
	if d.At != o.At {
		return cmp.Compare(d.At, o.At)
	}
	return cmp.Or(
		cmp.Compare(d.Key, o.Key),
		cmp.Compare(d.Hash, o.Hash),
		cmp.Compare(d.Principal, o.Principal),
		cmp.Compare(d.EventID, o.EventID),
		compareBool(d.Human, o.Human),
		compareBool(d.Expected, o.Expected),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// happening is one thing that happened to a key.
type happening struct {
	hash   uint64
	at     int64
	what   happened
	delete *KeyDelete // if it was deleted
	reader string     // if it was asked for in vain
}

// happened says what happened to a key. Records tell whole seconds, so it isn't known what came first within one: it is
// taken to have been an upload, then a delete, then a refused read. After that second the object counts as gone, as it
// does in the worse of the two cases, and a read that was refused as an object was put in its place is not held against
// whom deleted it before.
type happened uint8

const (
	wasUploaded happened = iota
	wasDeleted
	wasRefused
)

// lives returns what happened to each key, in the order of time.
func (k *Keys) lives() iter.Seq[[]happening] {
	all := make([]happening, 0, len(k.Uploads)+len(k.Deletes)+len(k.Refused))
	for _, u := range k.Uploads {
		all = append(all, happening{hash: u.Hash, at: u.At, what: wasUploaded})
	}
	for i := range k.Deletes {
		d := &k.Deletes[i]
		all = append(all, happening{hash: d.Hash, at: d.At, what: wasDeleted, delete: d})
	}
	for _, r := range k.Refused {
		all = append(all, happening{hash: r.Hash, at: r.At, what: wasRefused, reader: r.Principal})
	}
	slices.SortFunc(all, func(a, b happening) int {
		switch {
		case a.hash != b.hash:
			return cmp.Compare(a.hash, b.hash)
		case a.at != b.at:
			return cmp.Compare(a.at, b.at)
		case a.what != b.what:
			return cmp.Compare(a.what, b.what)
		case a.what == wasDeleted:
			return a.delete.compare(b.delete)
		}
		return cmp.Compare(a.reader, b.reader)
	})
	return func(yield func([]happening) bool) {
		for len(all) > 0 {
			n := 1
			for n < len(all) && all[n].hash == all[0].hash {
				n++
			}
			if !yield(all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}
