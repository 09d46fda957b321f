// Package expected reads expected-deletes.yaml, in which the owners of buckets declare the deletes that are no anomaly,
// and tells which entry a delete matches.
//
// It counts nothing: how many an hour an entry allows is for whoever counts.
package expected

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"bucketwatch/pkg/s3event"
)

// FileName is the name of the file, which stands beside the function's binary.
const FileName = "expected-deletes.yaml"

// List is what is expected. A nil List expects nothing. It is safe for concurrent use.
type List struct {
	entries []compiled
}

// Entry is one declaration.
type Entry struct {
	// ID stands for what the entry matches, and is the same wherever it stands in the file and however long it holds:
	// so an hour's deletes are counted together, also if the file changes within the hour.
	ID        string
	Bucket    string // a glob
	Principal string // a glob; see List.Match
	Prefix    string // a glob; what keys begin with
	Cap       int64  // how many objects an hour are allowed
	Permanent bool   // deletes by version id too
	Until     time.Time
	Reason    string
	Line      int // of the file
}

// holds tells whether the entry holds at a time: it does to the end of the day Until, in UTC.
func (e *Entry) holds(at time.Time) bool { return at.Before(e.Until.AddDate(0, 0, 1)) }

type compiled struct {
	Entry
	bucket, principal, prefix glob
}

// Delete is a deleted object that may be expected.
type Delete struct {
	AccountID string // of the bucket's owner: principals may be named in short only within it
	Bucket    string
	Principal string // see s3event.AppendPrincipal
	Key       string
	Permanent bool // by version id
	Time      time.Time
}

// Match returns the first entry that the delete matches and that holds at its time.
//
// A principal that begins with arn: is compared with ARNs. Any other is compared with the name that sentences have for
// a principal of the bucket's own account ("role/app-web"): else everybody could make a role in an account of their own
// that is called like an expected one. Nor does a wildcard at the beginning mean somebody without credentials or
// somebody of another account: those must be spelt. Nobody can be expected whom the records don't name.
func (l *List) Match(d Delete) (Entry, bool) {
	if l == nil || d.Principal == s3event.Unattributed {
		return Entry{}, false
	}
	var name string // made for the first entry that asks for it
	for i := range l.entries {
		e := &l.entries[i]
		if (d.Permanent && !e.Permanent) || !e.bucket.match(d.Bucket) || !e.holds(d.Time) || !e.prefix.match(d.Key) {
			continue
		}
		if strings.HasPrefix(e.Principal, "arn:") {
			if e.principal.match(d.Principal) {
				return e.Entry, true
			}
			continue
		}
		if name == "" {
			if name = shortName(&d); name == "" {
				continue
			}
		}
		if e.principal.match(name) && (!e.principal.startsWild() || !isOutsider(name)) {
			return e.Entry, true
		}
	}
	return Entry{}, false
}

// shortName is the name that entries without an ARN are compared with: empty for an ARN of another account.
func shortName(d *Delete) string {
	if strings.HasPrefix(d.Principal, "arn:") && s3event.AccountOf(d.Principal) != d.AccountID {
		return ""
	}
	return s3event.ShortName(d.Principal)
}

func isOutsider(name string) bool {
	return name == s3event.Anonymous || strings.HasPrefix(name, "account/")
}

// Load reads the file of the given path. If there is none, nothing is expected.
func Load(path string) (*List, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the expected deletes: %w", err)
	}
	return parse(path, text)
}

// MatchGlob tells whether the pattern matches all of text: * stands for any text, / included, and ? for one character.
func MatchGlob(pattern, text string) bool { return glob(pattern).match(text) }
