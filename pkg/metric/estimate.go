package metric

// The body of a DeleteObjects call is XML of a known form: so many bytes for the call, and for each key beside the
// key itself. At most 1,000 keys go into one call.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
const (
	callBytes      = 122
	keyBytes       = 28
	usualKeyLength = 40 // where the file shows none of the bucket's keys
	maxKeysPerCall = 1000
)

// addCall notes a DeleteObjects call, whose objects may or may not have records of their own.
func (s *source) addCall(row *Row, bytes int64) {
	if s.callsWithoutKey == nil {
		s.callsWithoutKey = map[*Row]*calls{}
	}
	c := s.callsWithoutKey[row]
	if c == nil {
		c = new(calls)
		s.callsWithoutKey[row] = c
	}
	if bytes <= callBytes { // not recorded
		c.unsized++
		return
	}
	c.n++
	c.bytes += bytes
}

// estimate adds to the rows how many objects the bucket's DeleteObjects calls deleted, if the file has no per-key
// record of the bucket at all.
func (s *source) estimate() {
	if s.hasKeyDeletes {
		return
	}
	length := int64(usualKeyLength)
	if s.keys > 0 {
		length = s.keyBytes / s.keys
	}
	for row, c := range s.callsWithoutKey {
		objects := (c.bytes - c.n*callBytes) / (keyBytes + length)
		row.Values[DeletedObjectsEstimated] += min(max(objects, c.n), c.n*maxKeysPerCall) + c.unsized
	}
}
