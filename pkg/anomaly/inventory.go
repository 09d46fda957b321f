package anomaly

import (
	"fmt"
	"time"

	"bucketwatch/pkg/s3event"
)

// Inventory is a digest of CloudTrail's: what one trail says that it delivered from one Region to the log bucket.
type Inventory struct {
	Digest     string // s3://BUCKET/KEY of the digest itself
	Bucket     Bucket // of the log files
	Region     string // that they are of
	Start, End time.Time
	InAll      int64        // log files that are compared
	Files      []ListedFile // those of them that are left to be looked at
}

// ListedFile is a log file that a digest names.
type ListedFile struct {
	Key    string
	SHA256 string `json:",omitempty"` // in hexadecimal; "" if it isn't known
}

// MissingLogFiles is about log files that a digest names, and of which nothing was counted though they had the time. Those
// of them that were begun have failed; of the others the function was never told, or they are gone.
func MissingLogFiles(i *Inventory, keys []string, begun int64, waited time.Duration) Anomaly {
	n := int64(len(keys))
	why := "the function was told of none of them"
	switch {
	case begun == n && n == 1:
		why = "it was begun, and failed"
	case begun == n:
		why = "all were begun, and failed"
	case n == 1:
		why = "the function was never told of it"
	case begun > 0:
		why = fmt.Sprintf("%s begun, and failed, of %s the function was never told", were(begun), group(n-begun))
	}
	return i.anomaly(NameMissingLogFiles, keys, fmt.Sprintf("%s not been processed %s after the digest that names them; %s.",
		hasOrHave(n), hoursLong(waited), why))
}

// AlteredLogFiles is about log files whose content, as it was counted, isn't what the digest says that CloudTrail delivered.
func AlteredLogFiles(i *Inventory, keys []string) Anomaly {
	n := int64(len(keys))
	return i.anomaly(NameAlteredLogFiles, keys, fmt.Sprintf("%s another content, when counted, than CloudTrail delivered: the SHA-256 is not that of the digest.", had(n)))
}

// anomaly is one about log files of the inventory. Nobody is known who did it.
func (i *Inventory) anomaly(name string, keys []string, what string) Anomaly {
	a := Anomaly{
		Name:        name,
		Family:      Protection,
		Severity:    High,
		AccountID:   i.Bucket.AccountID,
		Bucket:      i.Bucket.Name,
		Principal:   s3event.Unattributed,
		Kind:        Unattributed,
		WindowStart: i.Start.UTC().Truncate(time.Hour),
		Count:       int64(len(keys)),
		KeysInAll:   int64(len(keys)),
	}
	a.WindowEnd = a.WindowStart.Add(time.Hour)
	a.First, a.Last = i.Start.UTC(), i.End.UTC()
	a.Keys = appendFirst(nil, keys...)
	a.LogFiles = []string{i.Digest}
	a.Explanation = fmt.Sprintf("%s of the %s delivered to %s from %s %s %s", group(a.Count), plural(i.InAll, "log file"), i.Bucket.Name, i.Region, a.Sample.when(), what)
	return a
}

func hasOrHave(n int64) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

func had(n int64) string {
	if n == 1 {
		return "had"
	}
	return "each had"
}

func were(n int64) string {
	if n == 1 {
		return "1 was"
	}
	return group(n) + " were"
}

func hoursLong(d time.Duration) string { return plural(int64(d/time.Hour), "hour") }
