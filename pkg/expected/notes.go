package expected

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"bucketwatch/pkg/s3event"
)

// Note is what somebody should look at again in an entry that is in order.
type Note struct {
	Line int // of the entry
	Text string
}

// Notes returns what looks like a mistake, or like more than was meant, in the order of the lines.
func (l *List) Notes(now time.Time) []Note {
	if l == nil {
		return nil
	}
	var notes []Note
	for i := range l.entries {
		e := &l.entries[i].Entry
		for _, text := range e.notes(now) {
			notes = append(notes, Note{e.Line, text})
		}
	}
	return notes
}

const manyObjects = 10_000_000 // an hour; S3 deletes that many for few

func (e *Entry) notes(now time.Time) []string {
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if strings.ContainsFunc(e.Bucket, unicode.IsUpper) && !strings.ContainsAny(e.Bucket, "*?") {
		note("bucket: %s has capitals: only buckets of before 2018 may have", e.Bucket)
	}
	if lacksKind(e.Principal) {
		note("principal: %[1]s matches only a service of that name: did you mean role/%[1]s or user/%[1]s?", e.Principal)
	}
	if strings.HasPrefix(e.Prefix, "/") {
		note("prefix: %s begins with a slash: keys seldom do", e.Prefix)
	}
	if e.Cap > manyObjects {
		note("max_objects_per_hour: more than ten million keep hardly anything from being expected")
	}
	switch {
	case !e.holds(now):
		note("%s has passed, so that these deletes are unexpected again: extend the entry, or take it out", e.Until.Format(time.DateOnly))
	case e.Until.After(now.AddDate(2, 0, 1)):
		note("until: %s is more than two years away: will anybody look at it before?", e.Until.Format(time.DateOnly))
	}
	return notes
}

// lacksKind tells whether a principal looks like the name of a role or a user without what stands before the slash. Ids
// and account numbers have no small letters, and services have dots.
func lacksKind(principal string) bool {
	if strings.Contains(principal, "/") || strings.HasPrefix(principal, "arn:") || strings.Contains(principal, ".amazonaws.") ||
		principal == s3event.Anonymous || principal == "the root user" || !strings.ContainsFunc(principal, unicode.IsLower) {
		return false
	}
	begin, _, wild := strings.Cut(strings.ReplaceAll(principal, "?", "*"), "*")
	return !wild || !slices.ContainsFunc([]string{"role/", "user/", "account/", "federated-user/", "the root user"}, func(name string) bool {
		return strings.HasPrefix(name, begin)
	})
}
