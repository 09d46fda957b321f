// Package metric counts what S3 events amount to: the requests of each bucket and minute, who made them, and what
// became of a log file's records. The catalogue names each metric that is published.
//
// It doesn't know how metrics are written down (package emf), nor what is unexpected (package anomaly).
package metric

import "fmt"

// Level says how many of a bucket's metrics are published: each costs about $0.30 a month for each bucket.
type Level uint8

// The levels. What isn't a metric at a level is a property of the same log line.
const (
	None      Level = iota // anomalies and health only
	Essential              // what a bucket's owner looks at
	Full                   // all that the records can tell
)

// ParseLevel reads "none", "essential" or "full".
func ParseLevel(s string) (Level, error) {
	for level, name := range levelNames {
		if s == name {
			return Level(level), nil
		}
	}
	return 0, fmt.Errorf("%q is not one of none, essential, full", s)
}

func (l Level) String() string { return levelNames[l] }

var levelNames = [...]string{None: "none", Essential: "essential", Full: "full"}

// Definition describes one metric. Users' alarms name it: it can't be renamed.
type Definition struct {
	Name        string
	Unit        string // as CloudWatch spells it
	Level       Level  // the lowest level that publishes it; only a bucket's metrics differ
	Description string
}

// The metrics of a bucket, dimension BucketName, statistic Sum. Those that S3 has too have its names and units.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
const (
	AllRequests = iota
	GetRequests
	PutRequests
	DeleteRequests
	DeletedObjects
	DeniedDeletes
	Errors4xx
	Errors5xx
	HeadRequests
	PostRequests
	SelectRequests
	ListRequests
	BytesDownloaded
	BytesUploaded
	SelectBytesReturned
	DeletedObjectsEstimated
	ExpectedDeletes
	PermanentDeletes
	DeleteMarkersRemoved
	LifecycleActions
	AuthenticationFailures
	AnonymousRequests
	bucketMetrics // how many
)

// Bucket defines the metrics of a bucket, in the order of the constants.
var Bucket = [bucketMetrics]Definition{
	AllRequests:    {"AllRequests", "Count", Essential, "Requests of any kind."},
	GetRequests:    {"GetRequests", "Count", Essential, "GET requests for objects and their properties, without lists."},
	PutRequests:    {"PutRequests", "Count", Essential, "PUT requests, copies included."},
	DeleteRequests: {"DeleteRequests", "Count", Essential, "DELETE and DeleteObjects requests, not objects."},
	DeletedObjects: {"DeletedObjects", "Count", Essential,
		"Objects deleted, one by one or by DeleteObjects. Lifecycle expirations and removed delete markers are not counted."},
	DeniedDeletes: {"DeniedDeletes", "Count", Essential, "Deletes refused for lack of permission: of an object, or of a whole DeleteObjects call."},
	Errors4xx:     {"4xxErrors", "Count", Essential, "Requests answered with a client error. The error rate is 100 * 4xxErrors / AllRequests."},
	Errors5xx:     {"5xxErrors", "Count", Essential, "Requests answered with a server error."},

	HeadRequests:        {"HeadRequests", "Count", Full, "HEAD requests."},
	PostRequests:        {"PostRequests", "Count", Full, "POST requests, without DeleteObjects and SelectObjectContent."},
	SelectRequests:      {"SelectRequests", "Count", Full, "SelectObjectContent requests."},
	ListRequests:        {"ListRequests", "Count", Full, "Requests that list objects, versions, uploads, parts or annotations."},
	BytesDownloaded:     {"BytesDownloaded", "Bytes", Full, "Bytes of answers' bodies."},
	BytesUploaded:       {"BytesUploaded", "Bytes", Full, "Bytes of requests' bodies."},
	SelectBytesReturned: {"SelectBytesReturned", "Bytes", Full, "Bytes of the answers to SelectObjectContent."},
	DeletedObjectsEstimated: {"DeletedObjectsEstimated", "Count", Full,
		"Objects deleted by DeleteObjects calls whose objects were not recorded, estimated from the size of the call's body."},
	ExpectedDeletes: {"ExpectedDeletes", "Count", Full, "Objects deleted that expected-deletes.yaml declares."},
	PermanentDeletes: {"PermanentDeletes", "Count", Full,
		"Objects deleted by version id. In an unversioned bucket every delete is permanent and not counted here."},
	DeleteMarkersRemoved:   {"DeleteMarkersRemoved", "Count", Full, "Delete markers removed: the object is back."},
	LifecycleActions:       {"LifecycleActions", "Count", Full, "Actions of S3 under the bucket's lifecycle rules."},
	AuthenticationFailures: {"AuthenticationFailures", "Count", Full, "Requests with a signature or credentials that S3 refused. They are not in AllRequests."},
	AnonymousRequests:      {"AnonymousRequests", "Count", Full, "Requests without credentials."},
}

// The latencies of a bucket's requests, where the records carry timing. Published as single values, so that
// percentiles are right.
const (
	FirstByteLatency = iota
	TotalRequestLatency
	latencyMetrics // how many
)

// Latency defines the latency metrics, in the order of the constants.
var Latency = [latencyMetrics]Definition{
	FirstByteLatency:    {"FirstByteLatency", "Milliseconds", Full, "From the complete request to the first byte of the answer."},
	TotalRequestLatency: {"TotalRequestLatency", "Milliseconds", Full, "From the first byte of the request to the last of the answer."},
}

// Anomalies define the metrics of anomaly lines: Anomalies for each bucket and anomaly, and all of them for each
// bucket and for the whole account. They carry the time of detection.
var (
	Anomalies             = Definition{"Anomalies", "Count", None, "Anomalies found."}
	HighSeverityAnomalies = Definition{"HighSeverityAnomalies", "Count", None, "Anomalies of severity HIGH or above."}
	UnexpectedDeletes     = Definition{"UnexpectedDeletes", "Count", None, "Objects deleted that an anomaly is about."}
)

// The metrics of the function, dimension FunctionName: what became of the log files and of their records.
const (
	FilesProcessed = iota
	FilesSkipped
	DigestFiles
	RecordsRead
	RecordsCounted
	RecordsNotS3
	RecordsNotARequest
	RecordsDuplicate
	RecordsForeignBucket
	RecordsLogBucket
	RecordsTooOld
	RecordsMalformed
	RecordsUnaccounted
	RecordsNotCompared
	LatenciesNotKept
	BucketsNotTold
	CallersNotTold
	DeletesNotListed
	DeletesUnattributed
	KeysNotKept
	FilesTakenOver
	DeliveryDelay
	ProcessingTime
	Ticks
	TicksFailed
	KeysNotJudged
	AlertsPublished
	AlertsFailed
	AlertsHeldBack
	FilesRefused
	MissingLogFiles
	AlteredLogFiles
	DigestsNotCompared
	ChangesNotTold
	healthMetrics // how many
)

// Health defines the metrics of the function, in the order of the constants.
var Health = [healthMetrics]Definition{
	FilesProcessed: {"FilesProcessed", "Count", None, "Log files read to their end."},
	FilesSkipped:   {"FilesSkipped", "Count", None, "Objects that are no log file, or hold no records; SkipReason says why."},
	DigestFiles:    {"DigestFiles", "Count", None, "Digest files seen (they are among FilesSkipped): one an hour where log file validation is on, even when nothing happens."},

	RecordsRead:          {"RecordsRead", "Count", None, "Records read. Equal to the sum of the classes that follow, or numbers are wrong."},
	RecordsCounted:       {"RecordsCounted", "Count", None, "Requests counted in a bucket's metrics."},
	RecordsNotS3:         {"RecordsNotS3", "Count", None, "Records of other services, and S3 management events."},
	RecordsNotARequest:   {"RecordsNotARequest", "Count", None, "Per-key deletes, lifecycle actions, failed authentications, network activity."},
	RecordsDuplicate:     {"RecordsDuplicate", "Count", None, "Records that stood in the file before, or that correct an earlier one."},
	RecordsForeignBucket: {"RecordsForeignBucket", "Count", None, "Requests to another account's bucket, which that account counts."},
	RecordsLogBucket:     {"RecordsLogBucket", "Count", None, "Requests to the bucket of the log files, other than deletes."},
	RecordsTooOld:        {"RecordsTooOld", "Count", None, "Requests of a minute that CloudWatch takes no metrics for: over two weeks ago, or over two hours ahead."},
	RecordsMalformed:     {"RecordsMalformed", "Count", None, "Records without a source, a name or a readable time."},

	RecordsUnaccounted: {"RecordsUnaccounted", "Count", None, "How far RecordsRead is from the sum of its classes in a file: a fault in counting. An alarm can't add up that many metrics itself."},

	RecordsNotCompared: {"RecordsNotCompared", "Count", None, "Records not looked at for duplicates, since the file had over a million."},
	LatenciesNotKept:   {"LatenciesNotKept", "Count", None, "Latencies left out of a minute with over 10,000, at random."},
	BucketsNotTold:     {"BucketsNotTold", "Count", None, "Not 0: events counted under _other, since the file had over 10,000 buckets and minutes."},
	CallersNotTold:     {"CallersNotTold", "Count", None, "Not 0: requests and deleted objects told under the caller _other, since the file had over 10,000 callers."},
	DeletesNotListed:   {"DeletesNotListed", "Count", None, "Deletes without a Delete line, since the file had over 1,000."},

	DeletesUnattributed: {"DeletesUnattributed", "Count", None, "Objects deleted by DeleteObjects calls of which the file does not tell the caller."},
	KeysNotKept:         {"KeysNotKept", "Count", None, "Uploads, deletes and refused reads whose keys are not remembered, since the file had over 100,000, 20,000 or 20,000 of them."},
	FilesTakenOver:      {"FilesTakenOver", "Count", None, "Log files and ticks that an earlier invocation began and did not end. If it had written its lines, or sent messages, these are there twice."},

	DeliveryDelay:  {"DeliveryDelay", "Seconds", None, "From the newest record of the file to its processing."},
	ProcessingTime: {"ProcessingTime", "Milliseconds", None, "From the beginning of a file's processing to its lines."},

	Ticks:           {"Ticks", "Count", None, "Ticks that ended well: what was due is judged. One a minute."},
	TicksFailed:     {"TicksFailed", "Count", None, "Ticks that could not judge or tell all that was due. The next one does."},
	KeysNotJudged:   {"KeysNotJudged", "Count", None, "Hours of a bucket with too many keys to find those deleted soon, again or while needed: over 20,000 deletes or 100,000 uploads a day."},
	AlertsPublished: {"AlertsPublished", "Count", None, "Messages about incidents sent to the Alerts topic."},
	AlertsFailed:    {"AlertsFailed", "Count", None, "Messages about incidents that could not be sent. The next tick tries again."},
	AlertsHeldBack:  {"AlertsHeldBack", "Count", None, "Not 0: messages about incidents that wait, since 30 were sent within the hour. Each tick counts them."},

	FilesRefused:       {"FilesRefused", "Count", None, "Attempts at a file that ended at a limit: of its records, of what it unpacks to, of its nesting, of time or memory. The log says which, and the event goes to the dead-letter queue."},
	MissingLogFiles:    {"MissingLogFiles", "Count", None, "Log files that a digest names and that were not processed two hours after it."},
	AlteredLogFiles:    {"AlteredLogFiles", "Count", None, "Log files that had another content, when processed, than the digest says."},
	DigestsNotCompared: {"DigestsNotCompared", "Count", None, "Digest files whose log files were not, or not all, looked for: a trail's first ones among them. The log says why."},
	ChangesNotTold:     {"ChangesNotTold", "Count", None, "Not 0: changes and deletes of ProtectionRemoved told together, since the file had over 1,000 kinds of them."},
}
