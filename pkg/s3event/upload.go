package s3event

// IsUpload tells whether an object was written under Key, whole: what was there before is replaced. Under its new name
// a renamed object is as good as written.
//
// The parts of a multipart upload are no objects until it is completed.
func (e *Event) IsUpload() bool {
	if e.Kind != Request || e.Status >= 300 || len(e.ErrorCode) > 0 {
		return false
	}
	switch string(e.Operation) {
	case "PutObject", "CopyObject", "CompleteMultipartUpload", "RenameObject":
		return true
	}
	return false
}
