package history

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"bucketwatch/pkg/anomaly"
)

// packed is the form of keys in an item: a byte that says so, and deflated
//
//	delivered                           when the log file was, in seconds
//	n, n texts                          principals
//	n uploads                           all times, then all hashes
//	n deletes                           all times, hashes, flags, principals, event ids, then all keys
//	n refused                           all times, hashes, principals
//
// Numbers are varints, times are the difference from the one before, hashes are 8 bytes. An event id as CloudTrail writes
// them is a byte 16 and 16 bytes; any other is its length plus 17 and itself. Of all columns the hashes and event ids are
// the ones that deflating can't make shorter.
const packed = 2

const (
	flagHuman = 1 << iota
	flagExpected
)

var errPacked = errors.New("the packed keys are damaged")

func pack(delivered time.Time, k *anomaly.Keys) []byte {
	b := binary.AppendVarint(nil, delivered.Unix())

	index := map[string]uint64{}
	var principals []string
	name := func(principal string) {
		if _, ok := index[principal]; !ok {
			index[principal] = uint64(len(principals))
			principals = append(principals, principal)
		}
	}
	for i := range k.Deletes {
		name(k.Deletes[i].Principal)
	}
	for i := range k.Refused {
		name(k.Refused[i].Principal)
	}
	b = binary.AppendUvarint(b, uint64(len(principals)))
	for _, p := range principals {
		b = appendText(b, p)
	}

	b = appendColumns(b, len(k.Uploads), func(i int) (int64, uint64) { return k.Uploads[i].At, k.Uploads[i].Hash })
	b = appendColumns(b, len(k.Deletes), func(i int) (int64, uint64) { return k.Deletes[i].At, k.Deletes[i].Hash })
	for i := range k.Deletes {
		var flags byte
		if k.Deletes[i].Human {
			flags |= flagHuman
		}
		if k.Deletes[i].Expected {
			flags |= flagExpected
		}
		b = append(b, flags)
	}
	for i := range k.Deletes {
		b = binary.AppendUvarint(b, index[k.Deletes[i].Principal])
	}
	for i := range k.Deletes {
		b = appendEventID(b, k.Deletes[i].EventID)
	}
	for i := range k.Deletes {
		b = appendText(b, k.Deletes[i].Key)
	}
	b = appendColumns(b, len(k.Refused), func(i int) (int64, uint64) { return k.Refused[i].At, k.Refused[i].Hash })
	for i := range k.Refused {
		b = binary.AppendUvarint(b, index[k.Refused[i].Principal])
	}
	return deflate(packed, b)
}

// appendColumns appends how many there are, their times and their hashes.
func appendColumns(b []byte, n int, at func(int) (at int64, hash uint64)) []byte {
	b = binary.AppendUvarint(b, uint64(n))
	var before int64
	for i := range n {
		t, _ := at(i)
		b = binary.AppendVarint(b, t-before)
		before = t
	}
	for i := range n {
		_, hash := at(i)
		b = binary.BigEndian.AppendUint64(b, hash)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

const uuidBytes = 16

func appendEventID(b []byte, id string) []byte {
	if raw, ok := parseUUID(id); ok {
		return append(append(b, uuidBytes), raw[:]...)
	}
	return append(binary.AppendUvarint(b, uint64(len(id))+uuidBytes+1), id...)
}

// parseUUID takes only the form that formatUUID gives.
func parseUUID(id string) (raw [uuidBytes]byte, ok bool) {
	if len(id) != 36 {
		return raw, false
	}
	digits := id[:8] + id[9:13] + id[14:18] + id[19:23] + id[24:]
	if n, err := hex.Decode(raw[:], []byte(digits)); err != nil || n != uuidBytes {
		return raw, false
	}
	return raw, formatUUID(raw) == id
}

func formatUUID(raw [uuidBytes]byte) string {
	d := hex.EncodeToString(raw[:])
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:]
}

func unpack(data []byte) (delivered time.Time, k anomaly.Keys, err error) {
	if len(data) == 0 || data[0] != packed {
		return delivered, k, fmt.Errorf("%w: they are in an unknown form", errPacked)
	}
	plain, err := inflate(data[1:])
	if err != nil {
		return delivered, k, fmt.Errorf("%w: %w", errPacked, err)
	}
	u := unpacker{rest: plain}
	delivered = time.Unix(u.varint(), 0).UTC()
	u.principals = make([]string, u.count(1))
	for i := range u.principals {
		u.principals[i] = u.text()
	}

	times, hashes := u.columns()
	k.Uploads = make([]anomaly.Upload, len(times))
	for i := range times {
		k.Uploads[i] = anomaly.Upload{Hash: hashes[i], At: times[i]}
	}

	times, hashes = u.columns()
	k.Deletes = make([]anomaly.KeyDelete, len(times))
	for i := range times {
		k.Deletes[i] = anomaly.KeyDelete{Hash: hashes[i], At: times[i]}
	}
	for i := range k.Deletes {
		flags := u.byte()
		k.Deletes[i].Human, k.Deletes[i].Expected = flags&flagHuman != 0, flags&flagExpected != 0
	}
	for i := range k.Deletes {
		k.Deletes[i].Principal = u.principal()
	}
	for i := range k.Deletes {
		k.Deletes[i].EventID = u.eventID()
	}
	for i := range k.Deletes {
		k.Deletes[i].Key = u.text()
	}

	times, hashes = u.columns()
	k.Refused = make([]anomaly.Refusal, len(times))
	for i := range times {
		k.Refused[i] = anomaly.Refusal{Hash: hashes[i], At: times[i]}
	}
	for i := range k.Refused {
		k.Refused[i].Principal = u.principal()
	}
	if u.damaged || len(u.rest) > 0 {
		return time.Time{}, anomaly.Keys{}, errPacked
	}
	return delivered, k, nil
}

// unpacker reads what pack wrote. After damage it reads zeros.
type unpacker struct {
	rest       []byte
	principals []string
	damaged    bool
}

func (u *unpacker) fail() {
	u.rest, u.damaged = nil, true
}

func (u *unpacker) take(n int) []byte {
	if n > len(u.rest) {
		u.fail()
		return nil
	}
	taken := u.rest[:n]
	u.rest = u.rest[n:]
	return taken
}

func (u *unpacker) byte() byte {
	if b := u.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (u *unpacker) varint() int64 {
	v, n := binary.Varint(u.rest)
	if n <= 0 {
		u.fail()
		return 0
	}
	u.rest = u.rest[n:]
	return v
}

func (u *unpacker) uvarint() uint64 {
	v, n := binary.Uvarint(u.rest)
	if n <= 0 {
		u.fail()
		return 0
	}
	u.rest = u.rest[n:]
	return v
}

// count reads how many things follow that take at least size bytes each, so that damage can't ask for more memory than
// there is data.
func (u *unpacker) count(size int) int {
	n := u.uvarint()
	if n > uint64(len(u.rest)/size) {
		u.fail()
		return 0
	}
	return int(n)
}

func (u *unpacker) text() string { return string(u.take(u.count(1))) }

func (u *unpacker) principal() string {
	if i := u.uvarint(); i < uint64(len(u.principals)) {
		return u.principals[i]
	}
	u.fail()
	return ""
}

func (u *unpacker) eventID() string {
	n := u.uvarint()
	switch {
	case n == uuidBytes:
		raw := u.take(uuidBytes)
		if raw == nil {
			return ""
		}
		return formatUUID([uuidBytes]byte(raw))
	case n < uuidBytes || n-uuidBytes-1 > uint64(len(u.rest)):
		u.fail()
		return ""
	}
	return string(u.take(int(n - uuidBytes - 1)))
}

func (u *unpacker) columns() (times []int64, hashes []uint64) {
	n := u.count(1 + 8)
	times, hashes = make([]int64, n), make([]uint64, n)
	var before int64
	for i := range times {
		before += u.varint()
		times[i] = before
	}
	for i := range hashes {
		if raw := u.take(8); raw != nil {
			hashes[i] = binary.BigEndian.Uint64(raw)
		}
	}
	return times, hashes
}
