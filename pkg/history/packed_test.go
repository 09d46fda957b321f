package history

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bucketwatch/pkg/anomaly"
)

var sampleKeys = anomaly.Keys{
	Uploads: []anomaly.Upload{{Hash: 1, At: 1795183500}, {Hash: 1<<64 - 1, At: 1795183500}, {Hash: 3, At: 1795183499}},
	Deletes: []anomaly.KeyDelete{
		{Hash: 1, At: 1795183501, Key: "a/1.jpg", Principal: appWeb, EventID: eventID(1)},
		{Hash: 2, At: 1795183501, Key: "", Principal: alice, Human: true, EventID: "not a UUID"},
		{Hash: 3, At: 0, Key: "\xff\x00", Principal: "", Expected: true, EventID: ""},
		{Hash: 4, At: -1, Key: "ü", Principal: appWeb, Human: true, Expected: true, EventID: "0000000A-1111-4222-8333-00000000000A"},
	},
	Refused: []anomaly.Refusal{{Hash: 9, At: 1795183600, Principal: bob}, {Hash: 9, At: 1795183600, Principal: alice}},
}

func TestPack(t *testing.T) {
	delivered := clock(14, 10).Add(7 * time.Second)
	for name, keys := range map[string]anomaly.Keys{
		"all":     sampleKeys,
		"none":    {},
		"uploads": {Uploads: sampleKeys.Uploads},
		"deletes": {Deletes: sampleKeys.Deletes},
		"refused": {Refused: sampleKeys.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			data := pack(delivered, &keys)
			at, got, err := unpack(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(keys, got, cmpopts.EquateEmpty()); diff != "" || !at.Equal(delivered) {
				t.Errorf("delivered %v, want %v; keys (-want +got):\n%s", at, delivered, diff)
			}
			if again := pack(at, &got); !bytes.Equal(again, data) {
				t.Error("packed again, they are other bytes")
			}
		})
	}
}

func TestUnpackDamaged(t *testing.T) {
	whole := pack(clock(14, 10), &sampleKeys)
	damaged := map[string][]byte{
		"nothing":         {},
		"another form":    append([]byte{packed + 1}, whole[1:]...),
		"more":            deflate(packed, append(inflated(t, whole), 0)),
		"a huge count":    deflate(packed, binary.AppendUvarint([]byte{0}, 1<<62)),
		"no principal":    deflate(packed, []byte{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}),
		"a long event id": deflate(packed, append([]byte{0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1)),
	}
	for n := range len(inflated(t, whole)) {
		damaged[fmt.Sprintf("cut after %d", n)] = deflate(packed, inflated(t, whole)[:n])
	}
	for name, data := range damaged {
		if _, _, err := unpack(data); !errors.Is(err, errPacked) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func inflated(t testing.TB, data []byte) []byte {
	plain, err := inflate(data[1:])
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// What can be read at all is read as it would be written.
func FuzzUnpack(f *testing.F) {
	f.Add(inflated(f, pack(clock(14, 10), &sampleKeys)))
	f.Add(inflated(f, pack(clock(14, 10), &anomaly.Keys{})))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, plain []byte) {
		delivered, keys, err := unpack(deflate(packed, plain))
		if err != nil {
			return
		}
		at, again, err := unpack(pack(delivered, &keys))
		if err != nil || !at.Equal(delivered) {
			t.Fatalf("packed again: delivered %v, want %v, error %v", at, delivered, err)
		}
		if diff := cmp.Diff(keys, again); diff != "" {
			t.Errorf("packed again (-want +got):\n%s", diff)
		}
	})
}

func BenchmarkUnpack(b *testing.B) {
	var keys anomaly.Keys
	for i := range 100 {
		keys.Deletes = append(keys.Deletes, anomaly.KeyDelete{Hash: uint64(i) * 0x9e3779b97f4a7c15, At: int64(i), Key: fmt.Sprintf("2026/11/%d.jpg", i), Principal: appWeb, EventID: eventID(i)})
		keys.Uploads = append(keys.Uploads, anomaly.Upload{Hash: uint64(i) * 0xbf58476d1ce4e5b9, At: int64(i)})
	}
	data := pack(clock(14, 10), &keys)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, got, err := unpack(data); err != nil || len(got.Deletes) != 100 {
			b.Fatal(len(got.Deletes), err)
		}
	}
}
