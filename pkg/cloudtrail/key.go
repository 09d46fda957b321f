package cloudtrail

import (
	"path"
	"strings"
	"time"
)

// Kind says what CloudTrail delivers under a key.
type Kind string

// The kinds of object in a trail's bucket. All but LogFile and Digest are left unread.
const (
	LogFile         Kind = "LogFile"
	Digest          Kind = "Digest"          // inventories for log file validation
	Insight         Kind = "Insight"         // Insights events
	NetworkActivity Kind = "NetworkActivity" // requests refused by a VPC endpoint policy
	Aggregated      Kind = "Aggregated"      // events summed up
	Folder          Kind = "Folder"          // a folder marker: the key ends with a slash
	Foreign         Kind = "Foreign"         // nothing of CloudTrail's
)

// kinds are the names of the folders below an account's.
var kinds = map[string]Kind{
	"CloudTrail":                 LogFile,
	"CloudTrail-Digest":          Digest,
	"CloudTrail-Insight":         Insight,
	"CloudTrail-NetworkActivity": NetworkActivity,
	"CloudTrail-Aggregated":      Aggregated,
}

// Key is what an object's key tells of a delivered file:
//
//	[prefix/]AWSLogs/[o-xxxx/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_xxxx.json.gz
//
// What a key in another form doesn't tell is empty.
type Key struct {
	Kind      Kind
	AccountID string    // whose account the records are of
	Region    string    // where the recorded requests were made
	Delivered time.Time // by the file's name, in minutes; the records are older
}

// ParseKey says what the object under key is. It decides on the folder below the account's, since nothing else keeps
// the kinds apart: all their names end alike, and the trail's prefix may hold any of them.
func ParseKey(key string) Key {
	if strings.HasSuffix(key, "/") {
		return Key{Kind: Folder}
	}
	folders := strings.Split(key, "/")
	name := folders[len(folders)-1]
	folders = folders[:len(folders)-1]

	k := Key{Kind: Foreign, Delivered: delivered(name)}
	i := serviceFolder(folders)
	if i < 0 {
		return k
	}
	if kind, ok := kinds[folders[i]]; ok {
		k.Kind = kind
	}
	if i > 0 && IsAccountID(folders[i-1]) {
		k.AccountID = folders[i-1]
		if i+1 < len(folders) {
			k.Region = folders[i+1]
		}
	}
	return k
}

// serviceFolder returns the index of the folder that names what was delivered: the one after AWSLogs, perhaps an
// organization, and the account. Files that somebody copied elsewhere may lack these; then it is the last folder with
// one of CloudTrail's names, or -1.
func serviceFolder(folders []string) int {
	for i := len(folders) - 1; i >= 0; i-- {
		if folders[i] != "AWSLogs" {
			continue
		}
		for account := i + 1; account <= i+2 && account+1 < len(folders); account++ {
			if IsAccountID(folders[account]) {
				return account + 1
			}
		}
	}
	for i := len(folders) - 1; i >= 0; i-- {
		if _, ok := kinds[folders[i]]; ok {
			return i
		}
	}
	return -1
}

// delivered returns the time in a file's name, zero if there is none.
func delivered(name string) time.Time {
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSuffix(name, path.Ext(name)), ".json"), "_") {
		if t, err := time.Parse("20060102T1504Z", part); err == nil {
			return t
		}
	}
	return time.Time{}
}

// IsAccountID tells whether s has the form of an AWS account id: twelve digits.
func IsAccountID[T string | []byte](s T) bool {
	return len(s) == 12 && strings.Trim(string(s), "0123456789") == ""
}
