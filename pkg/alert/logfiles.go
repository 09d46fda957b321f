package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
)

// isAboutDigest tells whether the anomaly is about log files that aren't as a digest says. No record tells of it, and
// nobody who did it.
func isAboutDigest(a *anomaly.Anomaly) bool {
	return a.Name == anomaly.NameMissingLogFiles || a.Name == anomaly.NameAlteredLogFiles
}

// onlyAboutDigests tells whether there is nothing else.
func (i *Incident) onlyAboutDigests() bool {
	return len(i.Anomalies) > 0 && !slices.ContainsFunc(i.Anomalies, func(a anomaly.Anomaly) bool { return !isAboutDigest(&a) })
}

// logFilesWrong says what to do about log files that are missing or altered.
func (p *paper) logFilesWrong(i *Incident) {
	if missing := i.named(anomaly.NameMissingLogFiles); len(missing) > 0 {
		p.text("What stands in a log file that was not processed is in no number and no message. First look into the dead-letter queue "+
			"(alarm FilesFailed): what failed can be redriven. Then see whether the first one %s:", isThere(missing))
		p.command("aws s3api list-object-versions --bucket " + shell(bucketOf(i)) + " \\\n  --prefix=" + shell(cmp.Or(firstKey(i, anomaly.NameMissingLogFiles), "KEY")))
		p.lines("  Versions, the latest:   It is there, and was not announced, or failed.\n" +
			"  DeleteMarkers           It was deleted: remove the marker, and find out who.\n" +
			"  nothing                 It was deleted for good, or never delivered.")
		p.text("One that is there is read when the function is invoked with a notification of it: docs/RELIABILITY.md says how.")
	}
	if i.has(anomaly.NameAlteredLogFiles) {
		p.text("A log file that was altered may hide what was done. In a versioned log bucket the version that CloudTrail delivered is below the " +
			"one that was read. Find out who may write there.")
	}
	p.text("BucketWatch compares hashes and looks at no signature: whoever alters a log file could alter the digest too. This does, for " +
		"all log files of the time:")
	for _, command := range validations(i) {
		p.command(command)
	}
	told := ""
	if i.has(anomaly.NameMissingLogFiles) {
		told = " If all is valid that was missing here, BucketWatch was not told of it: look at the log bucket's notifications."
	}
	p.text("It says INVALID of what was altered or deleted.%s", told)
}

func isThere(missing []anomaly.Anomaly) string {
	if len(missing) == 1 && missing[0].Count == 1 {
		return "(the only one) is there"
	}
	return "is there"
}

// maxValidations is how many commands a message has: one for each trail and Region.
const maxValidations = 3

// validations are the commands that hold log files against the digests' signatures.
func validations(i *Incident) []string {
	type span struct{ start, end time.Time }
	spans := map[cloudtrail.DigestKey]span{}
	var order []cloudtrail.DigestKey
	for _, a := range i.Anomalies {
		if !isAboutDigest(&a) {
			continue
		}
		for _, file := range a.LogFiles {
			_, key, _ := strings.Cut(strings.TrimPrefix(file, "s3://"), "/")
			of, ok := cloudtrail.ParseDigestKey(key)
			of.End = time.Time{}
			if !ok || !isHarmless(key) {
				continue
			}
			s, known := spans[of]
			if !known {
				order = append(order, of)
				s = span{a.First, a.Last}
			}
			if a.First.Before(s.start) {
				s.start = a.First
			}
			if a.Last.After(s.end) {
				s.end = a.Last
			}
			spans[of] = s
		}
	}
	var commands []string
	for _, of := range order[:min(len(order), maxValidations)] {
		account, member := of.AccountID, ""
		if of.Organization != "" { // its trail is of the management account, or of a delegated one
			account, member = "TRAIL-ACCOUNT", of.AccountID
		}
		const format = "2006-01-02T15:04:05Z"
		commands = append(commands, fmt.Sprintf("aws cloudtrail validate-logs --region %s \\\n  --trail-arn %s \\\n  --start-time %s --end-time %s%s",
			shell(of.Region), shell("arn:"+partition(of.HomeRegion)+":cloudtrail:"+of.HomeRegion+":"+account+":trail/"+of.Trail),
			spans[of].start.UTC().Format(format), spans[of].end.UTC().Format(format), option(" \\\n  --account-id ", member)))
	}
	if len(commands) == 0 {
		return []string{"aws cloudtrail validate-logs --trail-arn TRAIL-ARN --start-time " + i.First.UTC().Format(time.RFC3339)}
	}
	return commands
}

// partition is that of a Region. https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
