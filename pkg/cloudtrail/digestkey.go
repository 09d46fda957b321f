package cloudtrail

import (
	"strings"
	"time"
)

// DigestKey is what a digest file's key tells:
//
//	[prefix/]AWSLogs/[o-xxxx/]ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHmmssZ[_backfill].json.gz
//
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
type DigestKey struct {
	Root         string // all that is before the account: [prefix/]AWSLogs/[o-xxxx/]
	Prefix       string // the trail's own, without the slash
	Organization string // its id, if the trail is that of one: then the trail may be of another account
	AccountID    string
	Region       string // whose log files it lists
	Trail        string
	HomeRegion   string    // of the trail
	End          time.Time // of what it covers
}

// ParseDigestKey returns what the key of a digest tells; ok says whether it has all of it.
func ParseDigestKey(key string) (k DigestKey, ok bool) {
	if ParseKey(key).Kind != Digest {
		return k, false
	}
	before, rest, _ := cutLast(key, "/CloudTrail-Digest/")
	root, account, found := cutLast(before, "/")
	if !found || !IsAccountID(account) {
		return k, false
	}
	k.Root, k.AccountID = root+"/", account
	prefix, organization, found := cutLast(k.Root, "AWSLogs/")
	if !found || prefix != "" && !strings.HasSuffix(prefix, "/") {
		return k, false
	}
	k.Prefix, k.Organization = strings.TrimSuffix(prefix, "/"), strings.TrimSuffix(organization, "/")

	_, name, _ := cutLast(rest, "/")
	k.Region, _, _ = strings.Cut(rest, "/")
	name, found = strings.CutPrefix(name, account+"_CloudTrail-Digest_"+k.Region+"_")
	name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".json"), "_backfill")
	name, end, _ := cutLast(name, "_")
	var err error
	k.End, err = time.Parse("20060102T150405Z", end)
	k.Trail, k.HomeRegion, ok = cutLast(name, "_") // a trail's name may have underscores, a Region's has none
	return k, found && err == nil && ok && k.Region != "" && k.Trail != "" && k.HomeRegion != ""
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
