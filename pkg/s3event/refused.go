package s3event

import "bucketwatch/pkg/cloudtrail"

// ReadRefused tells whether e is a GET or HEAD of an object that isn't there, as far as the answer tells: 404, or the 403
// that S3 gives for it to all who may not list the bucket.
//
// It goes by the error code where there is one, since a 403 may also be about the request's signature or an object in an
// archive, and a 404 about the bucket.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (e *Event) ReadRefused() bool {
	if e.Kind != Request || string(e.Operation) != "GetObject" && string(e.Operation) != "HeadObject" {
		return false
	}
	switch string(e.ErrorCode) {
	case "NoSuchKey", "NoSuchVersion", "NotFound", accessDenied, "Forbidden":
		return true
	case "":
		return e.Status == 404 || e.Status == 403
	}
	return false
}

// noSuchBucket tells whether S3 answered that there is no such bucket. Whoever asked may have invented its name, so it
// must not become a metric's, whatever the record says of an owner. (It isn't confirmed that such a record can name one.)
//
// A copy is answered so for want of its source, too; nothing tells the two apart.
func noSuchBucket(r *cloudtrail.Record) bool {
	return string(r.ErrorCode) == "NoSuchBucket" || string(r.EventName) == "HeadBucket" && status(r) == 404
}
