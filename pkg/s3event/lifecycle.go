package s3event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"bucketwatch/pkg/cloudtrail"
)

// shortExpiration is how soon a lifecycle rule must delete to be a way of deleting: in days.
const shortExpiration = 7

// lifecycleRule is one rule of PutBucketLifecycleConfiguration, as CloudTrail writes it.
// See https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
type lifecycleRule struct {
	Status     string
	Prefix     text
	Filter     lifecycleFilter
	Expiration struct {
		Days days
		Date string
	}
	NoncurrentVersionExpiration struct{ NoncurrentDays days }
}

type lifecycleFilter struct {
	Prefix text
	Tag    json.RawMessage
	And    struct {
		Prefix text
		Tag    json.RawMessage
	}
}

// expirationSet looks for a rule that soon deletes objects, or that deletes the objects of the whole bucket. A rule
// for the objects with a tag is as narrow as one with a prefix; one for object sizes isn't.
func expirationSet(r *cloudtrail.Record, subject string) string {
	var p struct {
		LifecycleConfiguration struct{ Rule oneOrMore[lifecycleRule] }
	}
	decode(r, &p)
	for _, rule := range p.LifecycleConfiguration.Rule {
		if rule.Status == "Disabled" {
			continue
		}
		f := rule.Filter
		prefix := string(rule.Prefix + f.Prefix + f.And.Prefix)
		whole := prefix == "" && !present(f.Tag) && !present(f.And.Tag)
		of := "all objects"
		if prefix != "" {
			of = "objects under " + strconv.Quote(prefix)
		} else if !whole {
			of = "objects with a tag"
		}
		after, expires := rule.expiresAfter(r.EventTime)
		switch noncurrent := rule.NoncurrentVersionExpiration.NoncurrentDays; {
		case expires && (whole || after <= shortExpiration):
			return fmt.Sprintf("set %s of %s to expire after %v", of, subject, after)
		case noncurrent > 0 && noncurrent <= shortExpiration:
			return fmt.Sprintf("set old versions of %s of %s to expire after %v", of, subject, noncurrent)
		}
	}
	return ""
}

// expiresAfter returns in how many days the rule deletes current objects, if it does: their age, or the time until
// its date.
func (rule *lifecycleRule) expiresAfter(now time.Time) (d days, ok bool) {
	if rule.Expiration.Days > 0 {
		return rule.Expiration.Days, true
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if date, err := time.Parse(layout, rule.Expiration.Date); err == nil {
			return days(max(0, date.Sub(now)/(24*time.Hour))), true
		}
	}
	return 0, false
}

// days is a whole number, or the text of one, as CloudTrail writes what was XML.
type days int

func (d days) String() string {
	if d == 1 {
		return "1 day"
	}
	return strconv.Itoa(int(d)) + " days"
}

func (d *days) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseFloat(string(bytes.Trim(b, `"`)), 64) // 7.0 as well as 7
	if err != nil || n < 0 || n > math.MaxInt32 {
		n = 0
	}
	*d = days(n)
	return nil
}
