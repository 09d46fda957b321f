package report

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/s3event"
)

// Query says what the report is to be about. Of each list one must match; an empty one matches all.
type Query struct {
	Since      time.Time // of the events, not of their delivery; zero is open
	Until      time.Time // not included
	Buckets    []string  // globs: * stands for any text, / included, ? for a character
	Keys       []string  // globs
	Principals []string  // an ARN, or a name as in role/app-web
	Operations []string  // as CloudTrail spells them, in any case
}

// MarshalJSON writes what is asked for, and leaves out what isn't.
func (q Query) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Since      time.Time `json:"since,omitzero"`
		Until      time.Time `json:"until,omitzero"`
		Buckets    []string  `json:"buckets,omitempty"`
		Keys       []string  `json:"keys,omitempty"`
		Principals []string  `json:"principals,omitempty"`
		Operations []string  `json:"operations,omitempty"`
	}(q))
}

// lead is how long before the time asked for log files are read: what happened just before tells the story of what
// happened then. lateness is how long after it records of it may be delivered.
const (
	lead     = time.Hour
	lateness = 2 * time.Hour
)

// DeliveredFrom returns from when on log files are needed; zero for all.
func (q *Query) DeliveredFrom() time.Time {
	if q.Since.IsZero() {
		return q.Since
	}
	return q.Since.Add(-lead)
}

// DeliveredUntil returns until when log files are needed; zero for all.
func (q *Query) DeliveredUntil() time.Time {
	if q.Until.IsZero() {
		return q.Until
	}
	return q.Until.Add(lateness)
}

// within tells whether the time is asked for.
func (q *Query) within(t time.Time) bool {
	return !t.Before(q.Since) && (q.Until.IsZero() || t.Before(q.Until))
}

// everything tells whether nothing but a time is asked for.
func (q *Query) everything() bool {
	return len(q.Buckets)+len(q.Keys)+len(q.Principals)+len(q.Operations) == 0
}

// bySight tells whether single objects are asked for, so that all that is done with them is of interest.
func (q *Query) bySight() bool { return len(q.Keys)+len(q.Buckets) > 0 }

func (q *Query) matchesBucket(bucket string) bool { return matchesGlob(q.Buckets, bucket) }

func (q *Query) matchesKey(key string) bool { return matchesGlob(q.Keys, key) }

func matchesGlob(globs []string, s string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(g string) bool { return expected.MatchGlob(g, s) })
}

func (q *Query) matchesOperation(operation string) bool {
	return len(q.Operations) == 0 || slices.ContainsFunc(q.Operations, func(o string) bool { return strings.EqualFold(o, operation) })
}

func (q *Query) matchesPrincipal(principal string) bool {
	return len(q.Principals) == 0 || slices.ContainsFunc(q.Principals, func(p string) bool { return samePrincipal(p, principal) })
}

// samePrincipal compares a principal that somebody asks for, by its ARN, that of a session or a short name, with one of
// the records.
func samePrincipal(asked, principal string) bool {
	switch {
	case asked == principal:
		return true
	case !strings.HasPrefix(asked, "arn:"):
		return expected.MatchGlob(asked, s3event.ShortName(principal))
	}
	// The ARN of a session, as a record has it: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.
	head, session, ok := strings.Cut(asked, ":assumed-role/")
	role, _, _ := strings.Cut(session, "/")
	return ok && s3event.ShortName(principal) == "role/"+role && s3event.AccountOf(principal) == head[strings.LastIndexByte(head, ':')+1:]
}

// matchesAnomaly tells whether an anomaly is about what is asked for. With keys it is if it names one of them or, since it
// names ten at the most, if one of the deletes that are asked for may be among its others.
func (q *Query) matchesAnomaly(a *anomaly.Anomaly, deletes []Delete) bool {
	switch {
	case !q.matchesBucket(a.Bucket):
		return false
	case !slices.ContainsFunc(a.Individuals(), q.matchesPrincipal):
		return false
	case len(q.Keys) > 0 && !slices.ContainsFunc(a.Keys, q.matchesKey) && !mayBeAbout(a, deletes):
		return false
	}
	return !a.Last.Before(q.Since) && (q.Until.IsZero() || a.First.Before(q.Until))
}

// mayBeAbout tells whether one of the deletes may be among the objects that the anomaly is about and doesn't name.
func mayBeAbout(a *anomaly.Anomaly, deletes []Delete) bool {
	return a.KeysInAll > int64(len(a.Keys)) && slices.ContainsFunc(deletes, func(d Delete) bool {
		return d.Bucket == a.Bucket && !d.Time.Before(a.First) && !d.Time.After(a.Last) && slices.Contains(a.Individuals(), d.Principal)
	})
}
