package anomaly_test

import (
	"fmt"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// Somebody suspends versioning, and then deletes log files with one call, of whose objects two are known.
func ExampleProtectionRemoved() {
	at := func(minute int) anomaly.Evidence {
		return anomaly.Evidence{
			Time:   time.Date(2026, 11, 20, 14, minute, 0, 0, time.UTC),
			Caller: s3event.Caller{Principal: "arn:aws:iam::111122223333:user/alice", SourceIPAddress: "192.0.2.7"},
		}
	}
	var detector anomaly.ProtectionRemoved
	detector.Change(s3event.Removal{Bucket: "photos", What: "suspended versioning of photos"}, at(2))
	detector.DeleteObjectsCalled("logs", at(31))
	for _, key := range []string{"AWSLogs/a.json.gz", "AWSLogs/b.json.gz"} {
		e := at(31)
		e.Key = key
		detector.LogFilesDeleted("logs", e, 1)
	}
	for _, a := range detector.Anomalies() {
		fmt.Println(a.Severity, a.Name, a.WindowStart.Format(time.RFC3339), a.Keys)
		fmt.Println(" ", a.Explanation)
	}
	// Output:
	// HIGH ProtectionRemoved 2026-11-20T14:00:00Z [AWSLogs/a.json.gz AWSLogs/b.json.gz]
	//   user/alice deleted 2 objects from the log bucket logs at 14:31 UTC.
	// HIGH ProtectionRemoved 2026-11-20T14:00:00Z []
	//   user/alice suspended versioning of photos at 14:02 UTC.
}
