package s3event

import "bucketwatch/pkg/cloudtrail"

// statuses are the HTTP statuses of the error codes that aren't a 4xx, and of those that say that something isn't there,
// since what asks for an object in vain is looked at by itself. All other codes are a 4xx, unknown ones included.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. It doesn't have NotFound and Forbidden:
// the answer to a HEAD has no body that could name a code, so that it is called as its status is.
var statuses = map[string]int{
	"NotModified":       304,
	"PermanentRedirect": 301,
	"Redirect":          307,
	"TemporaryRedirect": 307,

	"Forbidden": 403,

	"NoSuchBucket":                         404,
	"NoSuchKey":                            404,
	"NoSuchObjectLockConfiguration":        404,
	"NoSuchTagSet":                         404,
	"NoSuchUpload":                         404,
	"NoSuchVersion":                        404,
	"NotFound":                             404,
	"ObjectLockConfigurationNotFoundError": 404,

	"InternalError":        500,
	"NotImplemented":       501,
	"ServiceUnavailable":   503,
	"SlowDown":             503,
	"InsufficientCapacity": 507,
}

// status returns the HTTP status of the answer: the record's own where it has one, otherwise what its error code
// stands for (the class is right; the number is 400 where only the class is known, and 200 for success).
func status(r *cloudtrail.Record) int {
	if n := r.AdditionalEventData.HTTPStatusCode; n.Set && n.Value >= 100 && n.Value < 600 {
		return int(n.Value)
	}
	switch code := r.ErrorCode; string(code) {
	case "":
		return 200
	case accessDenied:
		return 403
	default:
		if n, ok := statuses[string(code)]; ok {
			return n
		}
		return 400
	}
}

const accessDenied = "AccessDenied"
