package s3event

// Group says which of S3's request metrics an operation adds to, besides AllRequests.
type Group uint8

// The groups follow the HTTP method, except that listing and selecting have metrics of their own and DeleteObjects,
// a POST, counts with the deletes.
const (
	Other Group = iota // OPTIONS, and operations that aren't known here: in AllRequests alone
	Get
	List
	Head
	Put
	Post
	Delete
	Select
)

// groupOf returns the group of an object-level operation by CloudTrail's eventName, and whether it is known here. That also
// decides which records of old log files, which lack eventCategory and managementEvent, are data events.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html for the names,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html for the metrics.
func groupOf(eventName []byte) (group Group, known bool) {
	switch string(eventName) {
	case "GetObject", "GetObjectAcl", "GetObjectAnnotation", "GetObjectAttributes", "GetObjectLegalHold",
		"GetObjectRetention", "GetObjectTagging", "GetObjectTorrent", "CreateSession":
		return Get, true
	case "ListMultipartUploads", "ListObjectAnnotations", "ListObjectVersions", "ListObjects", "ListParts":
		return List, true // ListObjects is both versions: the second has requestParameters.list-type 2
	case "HeadBucket", "HeadObject":
		return Head, true
	case "CopyObject", "PutObject", "PutObjectAcl", "PutObjectAnnotation", "PutObjectLegalHold",
		"PutObjectRetention", "PutObjectTagging", "RenameObject", "UpdateObjectEncryption", "UploadPart",
		"UploadPartCopy":
		return Put, true
	case "CompleteMultipartUpload", "CreateMultipartUpload", "RestoreObject", "WriteGetObjectResponse":
		return Post, true
	case "SelectObjectContent":
		return Select, true
	case "AbortMultipartUpload", "DeleteObject", "DeleteObjectAnnotation", "DeleteObjectTagging", "DeleteObjects":
		return Delete, true
	case "PreflightRequest":
		return Other, true
	}
	return Other, false
}
