package traffic

import "strings"

// Truth is what the generated records say, counted from what the actors meant to do.
type Truth struct {
	// Records has the number of records of each class, by the name of the health metric: RecordsRead is their sum.
	Records map[string]int64
	// Buckets has the counts of each bucket that was used in a way that counts.
	Buckets map[string]*Counts
	// Anomalies that need no history: they must be found in the file that holds them.
	Anomalies []Anomaly
	// Deletes has one entry per object deleted or refused deletion; lifecycle and removed delete markers are left out.
	Deletes []Delete
}

// Counts is what happened to one bucket.
type Counts struct {
	Metrics    map[string]int64 // by metric name, counts and bytes; zeros are absent
	Operations map[string]int64 // requests by event name
	ErrorCodes map[string]int64 // requests by error code
	Callers    map[string]int64 // requests by principal, those too old for a metric too
	Timed      int64            // requests whose records carry timing: one value of each latency
}

// Anomaly is one that a detector without memory has to report.
type Anomaly struct {
	Bucket, Name, Principal string
}

// Delete is one object that somebody deleted, or was refused to.
type Delete struct {
	Bucket, Key, VersionID string
	Principal              string // who did it, whether or not its record says so
	ErrorCode              string // empty when it was not refused
}

// metricOf says which metric counts an operation beside AllRequests.
var metricOf = map[string]string{
	"GetObject":               "GetRequests",
	"GetObjectTagging":        "GetRequests",
	"HeadObject":              "HeadRequests",
	"HeadBucket":              "HeadRequests",
	"PutObject":               "PutRequests",
	"CopyObject":              "PutRequests",
	"UploadPart":              "PutRequests",
	"CreateMultipartUpload":   "PostRequests",
	"CompleteMultipartUpload": "PostRequests",
	"DeleteObject":            "DeleteRequests",
	"DeleteObjects":           "DeleteRequests",
	"ListObjects":             "ListRequests",
	"ListObjectVersions":      "ListRequests",
}

// statusOf says what HTTP status a request was answered with that failed with an error code.
var statusOf = map[string]int{
	"AccessDenied":  403,
	"NoSuchKey":     404,
	"NotModified":   304,
	"SlowDown":      503,
	"InternalError": 500,
}

func newTruth() *Truth {
	return &Truth{Records: make(map[string]int64), Buckets: make(map[string]*Counts)}
}

// record counts one record of a class, "Counted" for one.
func (t *Truth) record(class string) {
	t.Records["RecordsRead"]++
	t.Records["Records"+class]++
}

func (t *Truth) bucket(name string) *Counts {
	c := t.Buckets[name]
	if c == nil {
		c = &Counts{
			Metrics:    make(map[string]int64),
			Operations: make(map[string]int64),
			ErrorCodes: make(map[string]int64),
			Callers:    make(map[string]int64),
		}
		t.Buckets[name] = c
	}
	return c
}

// add adds to a metric; a metric of zero stays absent.
func (c *Counts) add(metric string, n int64) {
	if n != 0 {
		c.Metrics[metric] += n
	}
}

// request counts one request of a bucket.
func (t *Truth) request(q *request) {
	c := t.bucket(q.bucket.name)
	c.Operations[q.operation]++
	c.Callers[q.who.principal]++
	c.add("AllRequests", 1)
	c.add(metricOf[q.operation], 1)
	c.add("BytesUploaded", q.in)
	c.add("BytesDownloaded", q.out)
	if q.code != "" {
		c.ErrorCodes[q.code]++
	}
	switch status := statusOf[q.code]; {
	case status >= 500:
		c.add("5xxErrors", 1)
	case status >= 400:
		c.add("4xxErrors", 1)
	}
	if q.who.kind == anonymous {
		c.add("AnonymousRequests", 1)
	}
	if q.took > 0 {
		c.Timed++
	}
	if q.operation == "DeleteObject" {
		t.deleted(q.bucket.name, q.key, q.version, q.who, q.code, q.marker)
	}
}

// deleted counts what became of one object that somebody wanted deleted.
func (t *Truth) deleted(bucket, key, version string, who *caller, code string, marker bool) {
	c := t.bucket(bucket)
	switch {
	case version != "" && marker && code == "":
		c.add("DeleteMarkersRemoved", 1) // which brings an object back, or nothing: no object is lost
		return
	case code == "AccessDenied":
		c.add("DeniedDeletes", 1)
	case code != "":
		return
	case version != "":
		c.add("PermanentDeletes", 1)
		c.add("DeletedObjects", 1)
	default:
		c.add("DeletedObjects", 1)
	}
	t.Deletes = append(t.Deletes, Delete{Bucket: bucket, Key: key, VersionID: version, Principal: who.principal, ErrorCode: code})
}

func (t *Truth) anomaly(bucket, name string, who *caller) {
	t.Anomalies = append(t.Anomalies, Anomaly{Bucket: bucket, Name: name, Principal: who.principal})
}

// isDelete says whether a request is one that deletes objects.
func isDelete(operation string) bool { return strings.HasPrefix(operation, "DeleteObject") }
