package anomaly

import (
	"fmt"
	"slices"
	"testing"

	"bucketwatch/pkg/s3event"
)

// Whatever happened to keys, the detectors' rules find what the same rules find when each is written as a question about
// all pairs of things that happened.
func FuzzKeys(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 1, 60, 0, 1, 3, 59, 0})
	f.Add([]byte{1, 1, 0, 0, 1, 2, 0, 1, 2, 3, 0, 1, 0, 0, 132, 3})
	f.Add([]byte{1, 1, 0, 0, 2, 3, 0, 200, 0, 0, 132, 204, 2, 4, 0, 204})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 400 {
			t.Skip() // the oracle's time grows with the third power
		}
		keys := keysOf(data)
		compare(t, "soon", ids(keys.soon()), ids(naiveSoon(keys)))
		compare(t, "again", ids(keys.again()), ids(naiveAgain(keys)))
		compare(t, "misses", missIDs(keys.misses()), missIDs(naiveMisses(keys)))
		for i := range data { // in another order: nothing changes
			if i+8 <= len(data) && i%4 == 0 {
				data[i], data[i+4] = data[i+4], data[i]
				data[i+1], data[i+5] = data[i+5], data[i+1]
				data[i+2], data[i+6] = data[i+6], data[i+2]
				data[i+3], data[i+7] = data[i+7], data[i+3]
			}
		}
		other := keysOf(data)
		compare(t, "soon in another order", ids(other.soon()), ids(keys.soon()))
		compare(t, "again in another order", ids(other.again()), ids(keys.again()))
		compare(t, "misses in another order", missIDs(other.misses()), missIDs(keys.misses()))
	})
}

var principals = [...]string{"role/app-web", "role/cleanup", "role/cdn", s3event.Unattributed}

// keysOf makes four bytes one thing that happened to one of four keys: within hours, or days apart.
func keysOf(data []byte) *Keys {
	var k Keys
	seen := map[[4]byte]int{} // no two events have one id
	for ; len(data) >= 4; data = data[4:] {
		var (
			hash  = uint64(data[0] >> 2 & 3)
			who   = principals[data[1]>>2&3]
			at    = int64(data[2]) * 15
			times = int64(data[3])
		)
		at += times % 16 * 900
		if times >= 128 {
			at += times / 16 % 8 * 24 * 60 * 60
		}
		switch data[0] & 3 {
		case 0:
			k.Uploads = append(k.Uploads, Upload{hash, at})
		case 1:
			id := [4]byte(data)
			seen[id]++
			k.Deletes = append(k.Deletes, KeyDelete{Hash: hash, At: at, Key: fmt.Sprint(hash), Principal: who, Expected: data[1]&3 == 0, EventID: fmt.Sprint(id, seen[id])})
		default:
			k.Refused = append(k.Refused, Refusal{hash, at, who})
		}
	}
	return &k
}

// uploadedBetween tells whether the key was uploaded after one moment and no later than another. What is uploaded in the
// second of a delete came before it.
func (k *Keys) uploadedBetween(hash uint64, after, until int64) bool {
	return slices.ContainsFunc(k.Uploads, func(u Upload) bool { return u.Hash == hash && u.At > after && u.At <= until })
}

// before tells whether d is the earlier of two deletes of a key.
func before(d, o *KeyDelete) bool { return d.Hash == o.Hash && d.compare(o) < 0 }

func naiveSoon(k *Keys) (found []*KeyDelete) {
	for i := range k.Deletes {
		d := &k.Deletes[i]
		soon := false
		for _, u := range k.Uploads {
			deletedBetween := slices.ContainsFunc(k.Deletes, func(o KeyDelete) bool { return before(&o, d) && o.At >= u.At })
			soon = soon || u.Hash == d.Hash && u.At <= d.At && d.At-u.At <= 3600 && !deletedBetween
		}
		if soon && !d.Expected {
			found = append(found, d)
		}
	}
	return found
}

func naiveAgain(k *Keys) (found []*KeyDelete) {
	for i := range k.Deletes {
		d := &k.Deletes[i]
		again := false
		for j := range k.Deletes {
			o := &k.Deletes[j]
			anotherBetween := slices.ContainsFunc(k.Deletes, func(b KeyDelete) bool { return before(o, &b) && before(&b, d) })
			again = again || before(o, d) && !anotherBetween && !k.uploadedBetween(d.Hash, o.At, d.At) && d.At-o.At >= 60 && d.At-o.At <= 7*24*3600
		}
		if again && !d.Expected {
			found = append(found, d)
		}
	}
	return found
}

func naiveMisses(k *Keys) (found []miss) {
	for _, r := range k.Refused {
		if r.Principal == s3event.Unattributed || k.uploadedBetween(r.Hash, r.At, r.At+15*60) {
			continue
		}
		var first *KeyDelete // since the object was last there
		byReader := false
		for i := range k.Deletes {
			d := &k.Deletes[i]
			if d.Hash != r.Hash || d.At > r.At || r.At-d.At > 7*24*3600 || k.uploadedBetween(r.Hash, d.At, r.At) {
				continue
			}
			byReader = byReader || d.Principal == r.Principal
			if first == nil || before(d, first) {
				first = d
			}
		}
		if first != nil && !byReader && !first.Expected && first.Principal != s3event.Unattributed {
			found = append(found, miss{first, r.Principal, r.At})
		}
	}
	return found
}

func ids(deletes []*KeyDelete) []string {
	list := []string{}
	for _, d := range deletes {
		list = append(list, fmt.Sprint(*d))
	}
	slices.Sort(list)
	return list
}

func missIDs(misses []miss) []string {
	list := []string{}
	for _, m := range misses {
		list = append(list, fmt.Sprint(*m.delete, m.reader, m.at))
	}
	slices.Sort(list)
	return list
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}
