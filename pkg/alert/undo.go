package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
)

// undo says whether what happened can be undone, and how.
func (p *paper) undo(i *Incident) {
	p.setAgain(i)
	if i.has(anomaly.NameMissingLogFiles, anomaly.NameAlteredLogFiles) {
		p.logFilesWrong(i)
	}
	if i.has(anomaly.NameEncryptedOverwrite) {
		p.uncover(i)
	}
	objects, gone := sum(deleted(i.Anomalies)), i.count(anomaly.NamePermanentDelete)
	if gone > 0 {
		p.text("No, for what was deleted by version id: it is gone for good, unless it was a delete marker, whose removal brings the "+
			"object back. Other versions of the same %s may still be there; else look for a replica or a backup.", objectsOrObject(gone))
	}
	switch {
	case objects > gone || slices.ContainsFunc(i.Anomalies, isUnrecorded):
		p.restore(i)
	case i.has(anomaly.NameDeniedDelete) && objects == 0:
		p.text("Nothing has to be: the refused deletes deleted nothing.")
	}
}

// isUnrecorded tells whether the anomaly is about deletes of objects that no record names.
func isUnrecorded(a anomaly.Anomaly) bool {
	return a.Name == anomaly.NameOpaqueBulkDelete || a.Name == anomaly.NameProtectionRemoved && len(a.Deleted) == 0 && isAboutLogFiles(&a)
}

func objectsOrObject(n int64) string {
	if n == 1 {
		return "object"
	}
	return "objects"
}

// suspension is from when on the bucket's versioning was suspended, as far as the incident tells.
func suspension(i *Incident) (from time.Time, ok bool) {
	for _, a := range i.named(anomaly.NameProtectionRemoved) {
		if strings.Contains(a.Explanation, suspendedVersioning) && (!ok || a.First.Before(from)) {
			from, ok = a.First, true
		}
	}
	return from, ok
}

// suspended says so, and what is still there. To ask S3 would mislead: the answer is Enabled as soon as somebody set it
// again, as the message says to do first.
func (p *paper) suspended(i *Incident, from time.Time, below string) {
	at := from.UTC().Format("15:04 UTC")
	if !sameDay(from, i.now()) {
		at = from.UTC().Format("2 January 15:04 UTC")
	}
	p.text("Versioning of %s was suspended from %s on. Versions uploaded while versioning was enabled are still there, below %s. "+
		"Objects uploaded at any other time are gone: look for a replica or a backup.", cut(i.Bucket, maxName), at, below)
}

// uncover says what is under overwritten objects.
func (p *paper) uncover(i *Incident) {
	p.text("Overwritten objects can be read with that key alone.")
	if from, ok := suspension(i); ok {
		p.suspended(i, from, "the new ones")
	} else {
		p.text("In a versioned bucket the versions before are still there, below the new ones. Whether it is:")
		p.command(getVersioning(i))
		p.lines("  \"Enabled\"    Yes.\n" +
			"  \"Suspended\"  Only what was uploaded while it was enabled.\n" +
			"  no answer    No, they are gone. Look for a replica or a backup.")
	}
	command := "aws s3api list-object-versions --bucket " + shell(bucketOf(i))
	if key := firstKey(i, anomaly.NameEncryptedOverwrite); key != "" {
		p.text("The versions of the first one:")
		command += " \\\n  --prefix=" + shell(key)
	} else {
		p.text("The versions are at, with the --prefix of one of them:")
	}
	p.command(command)
}

func getVersioning(i *Incident) string {
	return "aws s3api get-bucket-versioning --bucket " + shell(bucketOf(i))
}

func firstKey(i *Incident, name string) string {
	for _, a := range i.named(name) {
		for _, key := range a.Keys {
			if isHarmless(key) && len(key) <= maxKey && !isFetched(key) {
				return key
			}
		}
	}
	return ""
}

// isFetched tells whether AWS's CLI would take the value of an option for the place where to get it: whoever chose the key
// would have it read a file, or ask a server.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html
func isFetched(value string) bool {
	scheme, _, ok := strings.Cut(value, "://")
	return ok && slices.Contains([]string{"file", "fileb", "http", "https"}, strings.ToLower(scheme))
}

// restore says how deleted objects come back.
func (p *paper) restore(i *Incident) {
	first, last := deletes(i)
	switch from, ok := suspension(i); {
	case ok:
		p.suspended(i, from, "delete markers")
	case i.DeleteMarkers > 0:
		// A suspended bucket leaves delete markers too, in the place of what had no version id.
		p.text("Very likely: the deletes left delete markers, as was seen of %s. If versioning is Enabled (`%s`), they hide the objects and "+
			"keep them, until somebody or a lifecycle rule removes the versions; if Suspended, only what was "+
			"uploaded while it was enabled.", markersSeen(i), strings.ReplaceAll(getVersioning(i), " ", noBreak))
	default:
		p.text("If the bucket is versioned. The records do not tell; this does:")
		p.command(getVersioning(i))
		p.lines("  \"Enabled\"    Yes: delete markers hide the objects, and keep them.\n" +
			"  \"Suspended\"  Only what was uploaded while it was enabled.\n" +
			"  no answer    No, they are gone. Look for a replica or a backup.")
	}
	prefix := deletedPrefix(i)
	large, later := "", "put in a later time and take out --prefix"
	if prefix == "" {
		large, later = " In a large bucket add --prefix.", "put in a later time"
	}
	p.text("To restore what was deleted at that time, first list it. This changes nothing.%s", large)
	p.command(listMarkers(i, prefix, first, last))
	p.text("The file restore.txt then holds whatever anybody deleted %s; for later deletes, %s. If that is what you want back, "+
		"remove the delete markers:", between(first, last), later)
	p.command(removeMarkers(i))
	p.text("(Removing delete markers is a delete by version id. A message that names you, at the time of your restore, may be about that. " +
		"One that names anybody else is not.)")
}

// markersSeen is of how many deletes the records tell that they left a delete marker.
func markersSeen(i *Incident) string {
	switch objects := sum(deleted(i.Anomalies)); {
	case objects == 0: // no record names them
		return group(i.DeleteMarkers)
	case i.DeleteMarkers < objects:
		return group(i.DeleteMarkers) + " of " + group(objects)
	case objects == 1:
		return "the one"
	default:
		return "all " + group(objects)
	}
}

func between(first, last time.Time) string {
	if sameDay(first, last) {
		return fmt.Sprintf("from %s to %s UTC", first.Format("15:04:05"), last.Format("15:04:05"))
	}
	return fmt.Sprintf("from %s to %s UTC", first.Format("2 January, 15:04:05,"), last.Format("2 January, 15:04:05"))
}

// A delete marker is as old as its delete, but the record of the delete has the time of the answer.
const (
	markersBefore = 10 * time.Second // a call may delete a thousand objects before it answers
	markersAfter  = 2 * time.Second  // clocks
)

// deletes returns from when to when objects were deleted that the anomalies are about.
func deletes(i *Incident) (first, last time.Time) {
	extend := func(from, until time.Time) {
		if first.IsZero() || from.Before(first) {
			first = from
		}
		if until.After(last) {
			last = until
		}
	}
	for _, a := range i.Anomalies {
		if len(a.Deleted) == 0 && !isUnrecorded(a) {
			continue
		}
		extend(a.First, a.Last)
		for _, d := range a.Deleted { // ReadAfterDelete may be about deletes of days ago
			if end := d.Hour.Add(time.Hour - time.Second); end.Before(a.First) || d.Hour.After(a.Last) {
				extend(d.Hour, end)
			}
		}
	}
	return first.UTC().Add(-markersBefore), last.UTC().Add(markersAfter)
}

// listMarkers is the command that lists the delete markers of a time. AWS's CLI writes what it finds a page of at most
// 1,000 versions at a time, each page as one line of ASCII that is the input of one DeleteObjects call: so there is no
// limit, nothing to install, and no key that a shell or a locale could spoil. Its versions 1 and 2 end a time in
// different ways, and compare it as a text: hence the beginning of the second after the last.
// The prefix is joined to its option, since a key may begin with a hyphen.
func listMarkers(i *Incident, prefix string, first, last time.Time) string {
	const second = "2006-01-02T15:04:05"
	return fmt.Sprintf(`aws s3api list-object-versions --bucket %s%s \
  --output text --query 'to_string({Quiet: `+"`true`"+`, Objects: DeleteMarkers[?
  LastModified >= `+"`\"%s\"`"+` &&
  LastModified < `+"`\"%s\"`"+`
  ].{Key: Key, VersionId: VersionId}})' | sed -n '/"VersionId"/p' >restore.txt
awk -F '"VersionId"' '{n += NF - 1} END {print n + 0, "found"}' restore.txt`,
		shell(bucketOf(i)), option(" --prefix=", prefix), first.Format(second), last.Add(time.Second).Format(second))
}

func removeMarkers(i *Incident) string {
	return fmt.Sprintf(`while read -r page; do printf %%s "$page" |
  aws s3api delete-objects --bucket %s --delete file:///dev/stdin
done <restore.txt`, shell(bucketOf(i)))
}

// deletedPrefix is what the keys of all deleted objects begin with, if they are all known.
func deletedPrefix(i *Incident) string {
	if keys, all := deletedKeys(i); all {
		if prefix := commonFolder(keys); !isFetched(prefix) {
			return prefix
		}
	}
	return ""
}

func option(name, value string) string {
	if value == "" {
		return ""
	}
	return name + shell(value)
}

// isBucketName is as wide as the rules of old buckets. What begins with a hyphen would be taken for an option.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var isBucketName = pattern(`^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$`)

// bucketOf is the bucket as commands name it.
func bucketOf(i *Incident) string {
	if !isBucketName().MatchString(i.Bucket) {
		return "BUCKET"
	}
	return i.Bucket
}

// deletedKeys returns the keys known of the objects deleted, and whether they are all.
func deletedKeys(i *Incident) (keys []string, all bool) {
	all = true
	for _, a := range i.Anomalies {
		if len(a.Deleted) > 0 || isUnrecorded(a) {
			keys = append(keys, a.Keys...)
			all = all && a.Objects() <= int64(len(a.Keys)) && a.KeysInAll <= int64(len(a.Keys))
		}
	}
	return keys, all && len(keys) > 0
}

// commonFolder returns what all keys begin with, to its last slash.
func commonFolder(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	common := keys[0]
	for _, key := range keys[1:] {
		n := 0
		for n < len(common) && n < len(key) && common[n] == key[n] {
			n++
		}
		common = common[:n]
	}
	for {
		common = common[:strings.LastIndexByte(common, '/')+1]
		if len(common) <= maxKey && isHarmless(common) {
			return common
		}
		common = strings.TrimSuffix(common, "/")
	}
}
