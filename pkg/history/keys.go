package history

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
)

// The items' keys are for ever. Their parts stand between number signs, which are in no part.
//
//	partition            sort
//	v1#ACCOUNT#BUCKET    e#HOUR#DELIVERED#FILE#N           evidence
//	                     k#HOUR#DELIVERED#FILE#N           keys
//	                     d#DAY                             a complete day
//	                     b                                 the bucket
//	                     a#WINDOW#NAME#ACTOR               an anomaly
//	                     a#WINDOW#NAME#ACTOR#FILE#N        an anomaly that a log file shows by itself
//	                     i#ACTOR#FIRST                     an incident
//	                     u#HOUR#PRINCIPAL                  a tally
//	v1#pending#0         DUE#KIND#ACCOUNT#BUCKET#HOUR      what is to be judged
//	                     FIRST#message#ACCOUNT#BUCKET#HOUR#INCIDENT   a message that is to be sent
//	                     !late#ACCOUNT#BUCKET              that something was put late
//
// Evidence is in the order of its delivery, so that what is new of an hour can be read alone.
const (
	version          = "v1"
	pendingPartition = version + "#pending#0"
	bucketSort       = "b"
)

// Times in keys are UTC, and sort as the times do.
const (
	dayFormat    = "2006-01-02"
	hourFormat   = "2006-01-02T15"
	minuteFormat = "2006-01-02T15:04"
	secondFormat = "2006-01-02T15:04:05"
)

func format(t time.Time, layout string) string { return t.UTC().Format(layout) }

func bucketPartition(b anomaly.Bucket) string {
	return version + "#" + accountPart(b.AccountID) + "#" + part(b.Name)
}

// isBucketPartition tells whether it is a bucket's.
func isBucketPartition(partition string) bool {
	account, _, _ := strings.Cut(strings.TrimPrefix(partition, version+"#"), "#")
	return account == "-" || strings.HasPrefix(account, "~") || account != "" && strings.Trim(account, "0123456789") == ""
}

// bucketOf returns the bucket of a partition, if that has its name as it is: all that S3 has can have theirs.
func bucketOf(partition string) (anomaly.Bucket, bool) {
	account, name, _ := strings.Cut(strings.TrimPrefix(partition, version+"#"), "#")
	b := anomaly.Bucket{AccountID: strings.TrimPrefix(account, "-"), Name: name}
	return b, bucketPartition(b) == partition
}

// accountPart can't be taken for the name of another sort of partition: those are words.
func accountPart(id string) string {
	switch {
	case id == "":
		return "-"
	case strings.Trim(id, "0123456789") != "" || len(id) > maxPart:
		return hashed(id)
	}
	return id
}

// maxPart is how long a part may be. A sort key has two long ones at most, and 1,024 bytes.
const maxPart = 400

// part returns text as a part of a key: unambiguous, not long, ASCII, and readable where it can be.
func part(text string) string {
	if len(text) > maxPart {
		return hashed(text)
	}
	plain := func(c byte) bool { return c > ' ' && c < 0x7f && c != '#' && c != '%' && c != '~' }
	for i := range len(text) {
		if !plain(text[i]) {
			return escaped(text, plain)
		}
	}
	return text
}

func escaped(text string, plain func(byte) bool) string {
	var b strings.Builder
	for i := range len(text) {
		if plain(text[i]) {
			b.WriteByte(text[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", text[i])
		}
	}
	if b.Len() > maxPart {
		return hashed(text)
	}
	return b.String()
}

// hashed is what stands for a text that can't be a part. No other part begins with its first character.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "~" + hex.EncodeToString(sum[:])
}

// filePart is what stands for a log file.
func filePart(logFile string) string {
	sum := sha256.Sum256([]byte(logFile))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// The kinds of what a log file tells of an hour.
const (
	evidenceKind = "e"
	keysKind     = "k"
)

// hourPrefix is what the sort keys of an hour begin with.
func hourPrefix(kind string, hour time.Time) string {
	return kind + "#" + format(hour, hourFormat) + "#"
}

// shareSort is the sort key of the n-th part of a log file's share.
func shareSort(kind string, s *anomaly.Share, n int) string {
	return fmt.Sprintf("%s%s#%s#%d", hourPrefix(kind, s.Hour), format(s.Delivered, minuteFormat), filePart(s.LogFile), n)
}

// shareOf returns what shareSort made a sort key of that stands for the hour, and for the log file.
func shareOf(sort string) (hour, file string) {
	parts := strings.Split(sort, "#")
	if len(parts) != 5 {
		return "", ""
	}
	return parts[1], parts[3]
}

// hourOf returns the hour of the day in the sort key of a share.
func hourOf(sort string) int {
	hour, _ := shareOf(sort)
	t, err := time.Parse(hourFormat, hour)
	if err != nil {
		return 0
	}
	return t.Hour()
}

func daySort(date time.Time) string { return "d#" + format(date, dayFormat) }

func anomalySort(a *anomaly.Anomaly) string {
	window := format(a.WindowStart, dayFormat)
	if a.WindowEnd.Sub(a.WindowStart) <= time.Hour {
		window = format(a.WindowStart, hourFormat)
	}
	return "a#" + window + "#" + part(a.Name) + "#" + part(a.Principal)
}

// ownAnomalySort is the sort key of the n-th anomaly that a log file shows by itself.
func ownAnomalySort(a *anomaly.Anomaly, logFile string, n int) string {
	return fmt.Sprintf("%s#%s#%d", anomalySort(a), filePart(logFile), n)
}

func incidentPrefix(actor string) string { return "i#" + part(actor) + "#" }

func incidentSort(actor string, first time.Time) string {
	return incidentPrefix(actor) + format(first, secondFormat)
}

func tallyPrefix(hour time.Time) string { return "u#" + format(hour, hourFormat) + "#" }

func tallySort(principal string, hour time.Time) string { return tallyPrefix(hour) + part(principal) }

// after is the end of a range of all sort keys that begin with prefix.
func after(prefix string) string { return prefix + "\x7f" }
