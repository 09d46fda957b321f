package alert

import (
	"slices"
	"strings"

	"bucketwatch/pkg/anomaly"
)

// What sentences say of changes. Package s3event words them.
const (
	suspendedVersioning = " suspended versioning of "
	fromLogBucket       = " from the log bucket "
)

// remedy is what to do about a change that took a protection away.
type remedy struct {
	text     string
	commands []string // each once
}

// setAgain says how to bring back what changes took away.
func (p *paper) setAgain(i *Incident) {
	const most = 3 // commands of one kind
	var remedies []remedy
	var records []string
	addTo := func(list []string, command string) []string {
		if command == "" || len(list) >= most || slices.Contains(list, command) {
			return list
		}
		return append(list, command)
	}
	for _, a := range i.named(anomaly.NameProtectionRemoved) {
		if isAboutLogFiles(&a) {
			continue // restored like other objects
		}
		text, command := remedyOf(i, &a)
		k := slices.IndexFunc(remedies, func(r remedy) bool { return r.text == text })
		if k < 0 {
			k = len(remedies)
			remedies = append(remedies, remedy{text: text})
		}
		remedies[k].commands = addTo(remedies[k].commands, command)
		for _, id := range a.EventIDs {
			records = addTo(records, lookUp(&a, id))
		}
	}
	for _, r := range remedies {
		p.text("%s", r.text)
		for _, command := range r.commands {
			p.command(command)
		}
	}
	if len(records) > 0 {
		p.text("CloudTrail's record says exactly what was asked for:")
		for _, command := range records {
			p.command(command)
		}
	}
}

// remedyOf returns what to do about a change, and the command that does it, if there is one for all cases.
func remedyOf(i *Incident, a *anomaly.Anomaly) (text, command string) {
	says := func(what string) bool { return strings.Contains(a.Explanation, what) }
	switch {
	case says(suspendedVersioning):
		return "What was changed can be set again, and should be before anything else: until then, deletes may be final.",
			"aws s3api put-bucket-versioning --bucket " + shell(bucketOf(i)) + " \\\n  --versioning-configuration Status=Enabled"
	case says(" disabled MFA delete of "), says(" disabled Object Lock of "), says(" disabled an Object Lock rule of "):
		return "What was changed can be set again, and should be before anything else: until then, deletes may be final.", ""
	case says(" stopped the logging of "):
		return "If it is the trail that BucketWatch reads, then until it logs again BucketWatch sees nothing of what is done and sends no " +
				"message about it. Start it:",
			"aws cloudtrail start-logging" + option(" --region ", regionOf(a)) + " --name " + trailOf(a)
	case says(" left S3 data events out of the selectors of "):
		return "If it is the trail that BucketWatch reads, then until its event selectors have S3 data events again BucketWatch sees no " +
			"delete of an object and sends no message about any.", ""
	case isAboutTrail(*a): // DeleteTrail
		// A stack that is deployed again leaves it at that: CloudFormation doesn't look whether what it made is still there.
		return "If it is the trail that BucketWatch reads, then until there is one again BucketWatch sees nothing of what is done and sends " +
			"no message about it. Make it again with the same name, log bucket and S3 data events. Deploying the stack again does not: " +
			"CloudFormation takes the trail to be there.", ""
	case says(" deleted the bucket ") && !says(" deleted the bucket policy of "):
		return "A deleted bucket is gone, and its name can be taken by anybody; make it again under the same name if something still " +
			"writes there.", ""
	case says(" to expire after "):
		return "S3 deletes what a lifecycle rule says for as long as it stands, and no message tells of that: take the rule away.", ""
	}
	return "What was changed can be set again.", ""
}

// aboutTrail is what sentences say of a change to a trail, with the trail's name if it can be copied.
var aboutTrail = pattern(` (?:stopped the logging of|deleted|left S3 data events out of the selectors of) (?:a trail|the trail (?:([A-Za-z0-9][A-Za-z0-9._-]*) )?)`)

func isAboutTrail(a anomaly.Anomaly) bool {
	return a.Name == anomaly.NameProtectionRemoved && aboutTrail().MatchString(a.Explanation)
}

func trailOf(a *anomaly.Anomaly) string {
	if m := aboutTrail().FindStringSubmatch(a.Explanation); m != nil && m[1] != "" {
		return m[1]
	}
	return "TRAIL"
}

// isAboutLogFiles tells whether the anomaly is about deletes in the log bucket, which changed no setting.
func isAboutLogFiles(a *anomaly.Anomaly) bool {
	return len(a.Deleted) > 0 || strings.Contains(a.Explanation, fromLogBucket)
}

var isEventID = pattern(`^[A-Za-z0-9-]{1,100}$`)

// lookUp is the command that shows the record of a change.
func lookUp(a *anomaly.Anomaly, eventID string) string {
	if !isEventID().MatchString(eventID) { // a comma would begin another attribute
		return ""
	}
	return "aws cloudtrail lookup-events" + option(" --region ", regionOf(a)) +
		" \\\n  --query 'Events[].CloudTrailEvent' --output text \\\n  --lookup-attributes " + shell("AttributeKey=EventId,AttributeValue="+eventID)
}
