package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// maxSubject is SNS's limit. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const maxSubject = 100

// subject is one line, so the time stands at its end whatever the length of the rest.
func subject(i *Incident, lead string) string {
	place := i.Bucket
	if place == anomaly.Account {
		place = "account " + i.AccountID
	}
	end := ", " + span(i.First, i.Last, i.now())
	start := ascii(fmt.Sprintf("%s[%s] %s: %s", lead, i.Severity, place, headline(i)))
	if room := maxSubject - len(end); len(start) > room {
		start = start[:room-3] + "..."
	}
	return start + end
}

// headline says what was done and by whom, in a few words: what the most telling of the anomalies found.
func headline(i *Incident) string {
	by := " by " + who(i)
	a := i.MostTelling()
	if a == nil {
		return "something unexpected" + by
	}
	n := i.count(a.Name)
	switch a.Name {
	case anomaly.NameAttackSequence:
		line := "likely attack" + by
		if n := sum(deleted(i.Anomalies)); n > 0 {
			line += ", " + plural(n, "object") + " deleted"
		}
		return line
	case anomaly.NameEncryptedOverwrite:
		return plural(n, "object") + " overwritten with a foreign key" + by
	case anomaly.NamePermanentDelete:
		return plural(n, "version") + " deleted for good" + by
	case anomaly.NameProtectionRemoved:
		return change(i, a)
	case anomaly.NameMissingLogFiles:
		return plural(n, "log file") + " missing"
	case anomaly.NameAlteredLogFiles:
		return plural(n, "log file") + " altered"
	case anomaly.NameDeletedSoonAfterUpload:
		return plural(n, "new upload") + " deleted" + by
	case anomaly.NameReadAfterDelete:
		return plural(n, "object") + " deleted" + by + ", still asked for"
	case anomaly.NameDeleteSurge:
		return plural(n, "object") + " deleted" + by
	case anomaly.NameNewDeleter:
		return plural(n, "object") + " deleted" + by + ", new here"
	case anomaly.NameOpaqueBulkDelete:
		return unrecorded(n, a) + " deleted in bulk, not recorded," + by
	case anomaly.NameRepeatedDelete:
		return plural(n, "object") + " deleted again" + by
	case anomaly.NameDeniedDelete:
		return plural(n, "delete") + " refused to " + who(i)
	}
	return a.Name + by // of a detector that is younger than this list
}

// unrecorded says how many objects there are no records of. Without an estimate, a call deleted at least one.
func unrecorded(n int64, a *anomaly.Anomaly) string {
	if strings.Contains(a.Explanation, " by the size of the calls ") {
		return "about " + plural(n, "object")
	}
	return "at least " + plural(n, "object")
}

// telling orders the names of anomalies: what is worse, or what says more, comes first.
var telling = []string{
	anomaly.NameAttackSequence,
	// What is lost for good, or lets it be.
	anomaly.NameEncryptedOverwrite, anomaly.NamePermanentDelete, anomaly.NameProtectionRemoved,
	anomaly.NameAlteredLogFiles, anomaly.NameMissingLogFiles,
	// Of the same deletes, that which says more about them.
	anomaly.NameDeletedSoonAfterUpload, anomaly.NameReadAfterDelete, anomaly.NameDeleteSurge, anomaly.NameNewDeleter, anomaly.NameOpaqueBulkDelete, anomaly.NameRepeatedDelete, anomaly.NameDeniedDelete,
}

// compareTelling is negative if a tells more than b.
func compareTelling(a, b *anomaly.Anomaly) int {
	rank := func(a *anomaly.Anomaly) int {
		if r := slices.Index(telling, a.Name); r >= 0 {
			return r
		}
		return len(telling)
	}
	class := func(a *anomaly.Anomaly) int { return min(rank(a), 6) } // beyond, more objects tell more
	return cmp.Or(
		b.Severity.Compare(a.Severity),
		cmp.Compare(class(a), class(b)),
		cmp.Compare(b.Count, a.Count),
		cmp.Compare(rank(a), rank(b)),
		a.First.Compare(b.First),
	)
}

// MostTelling returns the anomaly that the subject is about; nil, if there is none at all.
func (i *Incident) MostTelling() *anomaly.Anomaly {
	if len(i.Anomalies) == 0 {
		return nil
	}
	return mostTelling(i.Anomalies)
}

func mostTelling(anomalies []anomaly.Anomaly) *anomaly.Anomaly {
	best := &anomalies[0]
	for k := range anomalies {
		if compareTelling(&anomalies[k], best) < 0 {
			best = &anomalies[k]
		}
	}
	return best
}

// whenOfSentence is where a sentence begins to say when something was done.
var whenOfSentence = pattern(`,? (at [0-9]{2}:[0-9]{2}|between [0-9]{2}:[0-9]{2} and [0-9]{2}:[0-9]{2}) UTC.*$`)

// change is what a sentence says that was changed, without what else is in the subject.
func change(i *Incident, a *anomaly.Anomaly) string {
	line := whenOfSentence().ReplaceAllString(harmless(a.Explanation), "")
	line = strings.Replace(line, " of "+i.Bucket, "", 1)
	if more := len(i.named(a.Name)) - 1; more > 0 {
		line += " (" + plural(int64(more), "more change") + ")"
	}
	return line
}

// who says who it was, in a few words.
func who(i *Incident) string {
	principals := i.principals()
	if len(principals) == 0 {
		return "several people"
	}
	if len(principals) == 1 {
		return name(i, principals[0])
	}
	if both := name(i, principals[0]) + " and " + name(i, principals[1]); len(principals) == 2 && len(both) <= 40 {
		return both
	}
	return group(int64(len(principals))) + " people"
}

// name is what people call a principal. One of another account has it told, or it would look like one's own.
func name(i *Incident, principal string) string {
	switch principal {
	case "":
		return "a caller without a name"
	case s3event.Unattributed:
		return "an unknown caller"
	case s3event.Anonymous:
		return "an anonymous caller"
	case "_other":
		return "several callers"
	}
	short := s3event.ShortName(principal)
	if isForeign(i, principal) && strings.HasPrefix(principal, "arn:") {
		return short + " of " + s3event.AccountOf(principal)
	}
	return short
}

func isForeign(i *Incident, principal string) bool {
	account := s3event.AccountOf(principal)
	return account != "" && account != i.AccountID
}

// span says from when to when, in UTC. The day is left out if it is today's.
func span(first, last, now time.Time) string {
	first, last = first.UTC(), last.UTC()
	from, until := first.Format("15:04"), last.Format("15:04")
	switch day := first.Format("2 Jan"); {
	case !sameDay(first, last):
		return day + " " + from + "-" + last.Format("2 Jan ") + until + " UTC"
	case !sameDay(last, now):
		from = day + " " + from
	}
	if first.Truncate(time.Minute).Equal(last.Truncate(time.Minute)) {
		return from + " UTC"
	}
	return from + "-" + until + " UTC"
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Truncate(24 * time.Hour).Equal(b.UTC().Truncate(24 * time.Hour))
}
