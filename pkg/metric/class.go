package metric

import "bucketwatch/pkg/s3event"

// Class returns a record's class, named by the metric that counts it: the first that fits, in the order of the cases
// below. (RecordsTooOld is not among them: what is too old is known when the file was read, see Counts.)
//
// duplicate tells whether the record stood in the file before; inLogBucket whether it is about the bucket that the
// log file came from: CloudTrail's own deliveries and our own reading would drown all else there, but a delete of log
// files matters.
func Class(e *s3event.Event, duplicate, inLogBucket bool) int {
	switch {
	case e.Kind == s3event.Malformed:
		return RecordsMalformed
	case e.Kind == s3event.NotS3:
		return RecordsNotS3
	case duplicate:
		return RecordsDuplicate
	case e.Ownership == s3event.ForeignBucket:
		return RecordsForeignBucket
	case inLogBucket && !e.IsDelete():
		return RecordsLogBucket
	case e.Kind != s3event.Request:
		return RecordsNotARequest
	}
	return RecordsCounted
}

// Unaccounted returns how far the records read are from the sum of their classes. It is 0 unless there is a fault in
// counting.
func Unaccounted(health *[healthMetrics]int64) int64 {
	difference := health[RecordsRead]
	for class := RecordsRead + 1; class < RecordsUnaccounted; class++ {
		difference -= health[class]
	}
	return max(difference, -difference)
}
