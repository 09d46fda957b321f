package s3event

// The body of a DeleteObjects call is XML of a known form: so many bytes for the call, and for each key beside the
// key itself. At most 1,000 keys go into one call.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
const (
	callBytes      = 122
	keyBytes       = 28
	usualKeyLength = 40 // where nothing shows any of the bucket's keys
	maxKeysPerCall = 1000
)

// Bodies are the bodies of DeleteObjects calls, from whose sizes one can tell about how many objects they deleted where
// the objects have no records of their own. The zero value is ready for use.
type Bodies struct{ n, bytes, unsized int64 }

// Add adds the body of a call, of so many bytes.
func (b *Bodies) Add(bytes int64) {
	if bytes <= callBytes { // not recorded
		b.unsized++
		return
	}
	b.n++
	b.bytes += bytes
}

// EstimateKeys returns about how many keys are in the bodies, at least one in each, if those of the bucket are as long as
// lengths says.
func (b *Bodies) EstimateKeys(lengths *KeyLengths) int64 {
	keys := (b.bytes - b.n*callBytes) / (keyBytes + lengths.mean())
	return min(max(keys, b.n), b.n*maxKeysPerCall) + b.unsized
}

// KeyLengths are the lengths of a bucket's keys. The zero value is ready for use.
type KeyLengths struct{ n, bytes int64 }

// Add adds a key, if the request has one.
func (l *KeyLengths) Add(key []byte) {
	if len(key) > 0 {
		l.n++
		l.bytes += int64(len(key))
	}
}

func (l *KeyLengths) mean() int64 {
	if l.n == 0 {
		return usualKeyLength
	}
	return l.bytes / l.n
}
