package alert_test

import (
	"fmt"
	"time"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
)

const (
	appWeb  = "arn:aws:iam::111122223333:role/service/app-web"
	alice   = "arn:aws:iam::111122223333:user/alice"
	bob     = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123456789abcdef"
	logFile = "s3://bucketwatch-111122223333-eu-central-1-0a1b2c3d/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/" +
		"111122223333_CloudTrail_us-east-1_20261120T1440Z_AbCdEfGhIjKlMnOp.json.gz"
)

// clock returns the time of day on the 20th of November 2026.
func clock(at string) time.Time {
	t, err := time.Parse(time.TimeOnly, at)
	if err != nil {
		panic(err)
	}
	return t.AddDate(2026, 10, 19)
}

func keys(from, n int) []string {
	list := make([]string, n)
	for k := range list {
		list[k] = fmt.Sprintf("a/%d.jpg", from+k)
	}
	return list
}

// found returns an anomaly of app-web, from and until a time of the 20th, about n objects: its name, severity and
// sentence. What else it has is for the caller.
func found(name string, s anomaly.Severity, from, until string, n int64, sentence string) anomaly.Anomaly {
	first := clock(from)
	hour := first.Truncate(time.Hour)
	return anomaly.Anomaly{
		Name: name, Severity: s, AccountID: "111122223333", Bucket: "photos", Principal: appWeb, Kind: anomaly.Machine,
		WindowStart: hour, WindowEnd: hour.Add(time.Hour), Count: n, KeysInAll: n,
		Sample: anomaly.Sample{
			First: first, Last: clock(until), Keys: keys(7, int(min(n, 10))), EventIDs: []string{"8e1f4f0e-3c5a-4a0b-9d6e-2f1b7c9a1d42"},
			SourceIPAddresses: []string{"192.0.2.10", "192.0.2.11"}, UserAgents: []string{"[aws-sdk-go-v2/1.47.7 ua/2.1 os/linux lang/go#1.26.8]"},
			LogFiles: []string{logFile},
		},
		Deleted:     []anomaly.Deleted{{Principal: appWeb, Hour: hour, Objects: n}},
		Explanation: sentence,
	}
}

func surge() anomaly.Anomaly {
	return found("DeleteSurge", anomaly.High, "14:00:12", "14:35:03", 1240,
		"1,240 objects deleted from photos between 14:00 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had 310 (threshold 620).")
}

func suspended() anomaly.Anomaly {
	a := found("ProtectionRemoved", anomaly.High, "13:58:40", "13:58:40", 1, "role/app-web suspended versioning of photos at 13:58 UTC.")
	a.Deleted, a.Keys, a.KeysInAll = nil, nil, 0
	return a
}

func by(a anomaly.Anomaly, principal string, kind anomaly.Kind) anomaly.Anomaly {
	a.Principal, a.Kind = principal, kind
	for k := range a.Deleted {
		a.Deleted[k].Principal = principal
	}
	return a
}

// incident returns that of the anomalies, as history has it.
func incident(anomalies ...anomaly.Anomaly) alert.Incident {
	i := alert.Incident{
		AccountID: "111122223333", Region: "eu-central-1", Bucket: "photos", Principal: anomalies[0].Principal,
		First: anomalies[0].First, Last: anomalies[0].Last, Anomalies: anomalies,
		LogGroup: "/aws/lambda/bucketwatch-ProcessorFunction-Ab1Cd2Ef3Gh4", Now: clock("14:46:00"),
	}
	for _, a := range anomalies {
		if a.Severity.Compare(i.Severity) > 0 {
			i.Severity = a.Severity
		}
		if a.First.Before(i.First) {
			i.First = a.First
		}
		if a.Last.After(i.Last) {
			i.Last = a.Last
		}
	}
	return i
}

// inventory is a digest of the hour before 15:01, of an organization if it is given.
func inventory(organization string) *anomaly.Inventory {
	return &anomaly.Inventory{
		Digest: "s3://logs/AWSLogs/" + organization + "111122223333/CloudTrail-Digest/us-east-1/2026/11/20/" +
			"111122223333_CloudTrail-Digest_us-east-1_main_eu-central-1_20261120T150131Z.json.gz",
		Bucket: anomaly.Bucket{AccountID: "111122223333", Name: "logs"}, Region: "us-east-1", Start: clock("14:01:31"), End: clock("15:01:31"), InAll: 14,
	}
}

func logKey(n int) string {
	return fmt.Sprintf("AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/111122223333_CloudTrail_us-east-1_20261120T1440Z_%016d.json.gz", n)
}

// incidents are one of each kind.
func incidents() map[string]alert.Incident {
	all := map[string]alert.Incident{}

	all["surge"] = incident(surge())

	i := incident(surge())
	i.DeleteMarkers = 1240
	all["surge-versioned"] = i

	people := found("DeleteSurge", anomaly.High, "14:00:12", "14:35:03", 180,
		"180 objects deleted from photos between 14:00 and 14:35 UTC by role/AWSReservedSSO_Admin_0123456789abcdef and user/alice; people's busiest hour of the last 28 days had 12 (threshold 24).")
	people.Principal, people.Kind, people.Persons = anomaly.People, anomaly.Persons, []string{bob, alice}
	people.Deleted = []anomaly.Deleted{{Principal: bob, Hour: clock("14:00:00"), Objects: 150}, {Principal: alice, Hour: clock("14:00:00"), Objects: 30}}
	people.Keys = []string{"2025/a.jpg", "2026/b.jpg"}
	all["people"] = incident(people)

	fresh := found("NewDeleter", anomaly.High, "22:10:00", "23:55:59", 40,
		"40 objects deleted from photos on 19 November between 22:10 and 23:55 UTC by user/alice, which deleted none there in the 90 days before.")
	fresh = by(fresh, alice, anomaly.Human)
	fresh.First, fresh.Last = fresh.First.AddDate(0, 0, -1), fresh.Last.AddDate(0, 0, -1)
	fresh.WindowStart, fresh.WindowEnd = clock("00:00:00").AddDate(0, 0, -1), clock("00:00:00")
	fresh.Deleted = []anomaly.Deleted{
		{Principal: alice, Hour: clock("22:00:00").AddDate(0, 0, -1), Objects: 25}, {Principal: alice, Hour: clock("23:00:00").AddDate(0, 0, -1), Objects: 15}}
	i = incident(fresh)
	i.Now = clock("00:06:00")
	all["new-deleter"] = i

	denied := by(found("DeniedDelete", anomaly.High, "14:00:12", "14:02:00", 60,
		"60 deletes in photos by user/alice denied between 14:00 and 14:02 UTC; people's busiest hour of the last 28 days had none (threshold 5)."), alice, anomaly.Human)
	denied.Deleted = nil
	all["denied"] = incident(denied)

	opaque := found("OpaqueBulkDelete", anomaly.Medium, "14:00:12", "14:35:03", 1200,
		"3 DeleteObjects calls on photos between 14:00 and 14:35 UTC by role/app-web left no record of the objects: between 3 and 3,000 were deleted, by the size of the calls about 1,200; the bucket's trail usually records each object.")
	opaque.Deleted, opaque.Keys, opaque.KeysInAll = nil, nil, 0
	all["opaque"] = incident(opaque)

	soon := found("DeletedSoonAfterUpload", anomaly.High, "14:02:00", "14:31:00", 12,
		"12 objects of photos were deleted by role/app-web within 60 minutes of their upload, between 14:02 and 14:31 UTC, the first of them a/7.jpg; the most in an hour of the last 28 days was 0.")
	again := found("RepeatedDelete", anomaly.Low, "14:12:00", "14:40:00", 4,
		"4 objects of photos were deleted again by role/app-web, though nothing had been uploaded in their place, between 14:12 and 14:40 UTC, the first of them a/7.jpg; the most in an hour of the last 28 days was 0.")
	read := found("ReadAfterDelete", anomaly.High, "14:02:00", "14:31:00", 9,
		"9 objects that role/app-web deleted from photos were asked for afterwards by role/cdn between 14:05 and 14:50 UTC, and S3 refused (404 or 403), so somebody still needed them: the first deleted is a/7.jpg, at 14:02 UTC on 20 November.")
	all["vanished-images"] = incident(soon, read, again)

	few := found("RepeatedDelete", anomaly.High, "14:12:00", "14:40:00", 3,
		"3 objects of photos were deleted again by role/app-web, though nothing had been uploaded in their place, between 14:12 and 14:40 UTC, the first of them it's 7.jpg; the most in an hour of the last 28 days was 0.")
	few.Keys = []string{"user uploads/it's/7 7.jpg", "user uploads/it's/8.jpg", "user uploads/it's/한글.jpg"}
	all["all-keys-known"] = incident(few)

	permanent := found("PermanentDelete", anomaly.High, "14:00:12", "14:35:03", 40,
		"40 versions deleted for good from photos between 14:00 and 14:35 UTC by role/app-web; its busiest hour of the last 28 days had none.")
	all["permanent"] = incident(permanent)

	i = incident(suspended())
	i.Now = clock("14:06:00")
	all["protection-removed"] = i

	trail := suspended()
	trail.Kind = anomaly.Human
	trail.Bucket, trail.Principal, trail.Explanation = anomaly.Account, "arn:aws:iam::111122223333:root", "the root user stopped the logging of the trail main at 13:58 UTC."
	i = incident(trail)
	i.Bucket = anomaly.Account
	all["trail-stopped"] = i

	overwritten := found("EncryptedOverwrite", anomaly.High, "14:00:12", "14:35:03", 40,
		"40 objects written to photos between 14:00 and 14:35 UTC by role/app-web with an encryption key that the bucket's owner may not have; its busiest hour of the last 28 days had none.")
	overwritten = by(overwritten, "arn:aws:iam::444455556666:role/app-web", anomaly.Machine)
	overwritten.Deleted = nil
	all["overwritten"] = incident(overwritten)

	first, second := suspended(), surge()
	sequence := found("AttackSequence", anomaly.Critical, "13:58:40", "14:35:03", 1240,
		"Two steps of role/app-web that together look like an attack: (1) role/app-web suspended versioning of photos at 13:58 UTC; (2) "+
			"1,240 objects deleted from photos between 14:00 and 14:35 UTC by role/app-web; its busiest 13–15 h hour of the last 28 days had 310 (threshold 620).")
	sequence.Deleted = nil
	all["attack"] = incident(first, sequence, second)

	nobody := by(surge(), "UNATTRIBUTED", anomaly.Unattributed)
	nobody.Explanation = "1,240 objects deleted from photos between 14:00 and 14:35 UTC by callers whom the records do not name; their busiest 13–15 h hour of the last 28 days had 310 (threshold 620)."
	all["unattributed"] = incident(nobody)

	logs := found("ProtectionRemoved", anomaly.High, "14:02:31", "14:02:31", 41, "user/alice deleted 41 objects from the log bucket logs at 14:02 UTC.")
	logs = by(logs, alice, anomaly.Human)
	logs.Bucket = "logs"
	i = incident(logs)
	i.Bucket = "logs"
	all["log-files-deleted"] = i

	missing := anomaly.MissingLogFiles(inventory(""), []string{logKey(1), logKey(2), logKey(3)}, 1, 2*time.Hour)
	i = incident(missing)
	i.Bucket, i.Now = "logs", clock("17:06:00")
	all["log-files-missing"] = i

	altered := anomaly.AlteredLogFiles(inventory("o-a1b2c3d4e5/"), []string{logKey(1)})
	i = incident(altered)
	i.Bucket, i.Now = "logs", clock("15:06:00")
	all["log-file-altered"] = i
	return all
}
