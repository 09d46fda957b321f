package traffic

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"math/rand/v2"
)

const (
	upperDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	alphanum    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base32      = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

// newRand gives each actor a source of its own, so that adding an actor to a scenario leaves what the others do as it
// was.
func newRand(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// ids makes the identifiers that AWS makes. They are what does not compress in a log file, so their lengths matter.
type ids struct{ *rand.Rand }

func (r ids) pick(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func (r ids) bytes(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b[:n]
}

func (r ids) hex(n int) string { return r.pick("0123456789abcdef", n) }

// instance makes the id of an EC2 instance, which names its role's session.
func (r ids) instance() string { return "i-0" + r.hex(16) }

// event makes an eventID: a version 4 UUID.
func (r ids) event() string {
	u := r.bytes(16)
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	h := hex.EncodeToString(u)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// request makes the requestID of an S3 request.
func (r ids) request() string { return r.pick(upperDigits, 16) }

// host makes the x-amz-id-2 of an S3 request.
func (r ids) host() string { return base64.StdEncoding.EncodeToString(r.bytes(56)) }

// version makes an object's version id.
func (r ids) version() string { return r.pick(alphanum+"._", 32) }

// unique makes the identifier of a role (AROA) or a user (AIDA).
func (r ids) unique(prefix string) string { return prefix + r.pick(base32, 17) }

// accessKey makes the id of an access key (AKIA, ASIA). It ends as those of AWS's documentation do, so that no scanner
// for leaked keys takes one for real.
func (r ids) accessKey(prefix string) string { return prefix + r.pick(base32, 9) + "EXAMPLE" }
