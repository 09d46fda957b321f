package metric

import "bucketwatch/pkg/s3event"

// addCall notes a DeleteObjects call, whose objects may or may not have records of their own.
func (s *source) addCall(row *Row, bytes int64) {
	if s.calls == nil {
		s.calls = map[*Row]*s3event.Bodies{}
	}
	bodies := s.calls[row]
	if bodies == nil {
		bodies = new(s3event.Bodies)
		s.calls[row] = bodies
	}
	bodies.Add(bytes)
}

// estimate adds to the rows how many objects the bucket's DeleteObjects calls deleted, if the file has no per-key
// record of the bucket at all.
func (s *source) estimate() {
	if s.hasKeyDeletes {
		return
	}
	for row, bodies := range s.calls {
		row.Values[DeletedObjectsEstimated] += bodies.EstimateKeys(&s.keys)
	}
}
