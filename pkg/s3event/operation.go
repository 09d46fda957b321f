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

// groups lists the object-level operations by CloudTrail's eventName. It also decides which records of old log files,
// which lack eventCategory and managementEvent, are data events.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html for the names,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html for the metrics.
var groups = map[string]Group{
	"GetObject":           Get,
	"GetObjectAcl":        Get,
	"GetObjectAnnotation": Get,
	"GetObjectAttributes": Get,
	"GetObjectLegalHold":  Get,
	"GetObjectRetention":  Get,
	"GetObjectTagging":    Get,
	"GetObjectTorrent":    Get,
	"CreateSession":       Get,

	"ListMultipartUploads":  List,
	"ListObjectAnnotations": List,
	"ListObjectVersions":    List,
	"ListObjects":           List, // both versions: the second has requestParameters.list-type 2
	"ListParts":             List,

	"HeadBucket": Head,
	"HeadObject": Head,

	"CopyObject":             Put,
	"PutObject":              Put,
	"PutObjectAcl":           Put,
	"PutObjectAnnotation":    Put,
	"PutObjectLegalHold":     Put,
	"PutObjectRetention":     Put,
	"PutObjectTagging":       Put,
	"RenameObject":           Put,
	"UpdateObjectEncryption": Put,
	"UploadPart":             Put,
	"UploadPartCopy":         Put,

	"CompleteMultipartUpload": Post,
	"CreateMultipartUpload":   Post,
	"RestoreObject":           Post,
	"WriteGetObjectResponse":  Post,

	"SelectObjectContent": Select,

	"AbortMultipartUpload":   Delete,
	"DeleteObject":           Delete,
	"DeleteObjectAnnotation": Delete,
	"DeleteObjectTagging":    Delete,
	"DeleteObjects":          Delete,

	"PreflightRequest": Other,
}
