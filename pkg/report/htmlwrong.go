package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// How much of what is wrong the page has: so many open, so many that can be opened.
const (
	openCards = 12
	maxCards  = 200
)

// verdict says in a line whether anything is wrong.
type verdict struct{ Class, Text string }

func newVerdict(r *Report) verdict {
	unread := ""
	if n := len(r.Failures); n > 0 {
		unread = plural(n, "log file") + " could not be read"
	}
	if len(r.Anomalies) == 0 {
		switch {
		case unread != "":
			return verdict{"medium", "Nothing unexpected was found, but " + unread + "."}
		case len(r.Buckets) == 0:
			return verdict{"low", "Nothing was found."}
		}
		return verdict{"good", "Nothing unexpected was found."}
	}
	count := map[anomaly.Severity]int64{}
	buckets := []string{}
	for i := range r.Anomalies {
		a := &r.Anomalies[i]
		count[a.Severity]++
		if b := harmless(a.Bucket); a.Bucket != anomaly.Account && !slices.Contains(buckets, b) {
			buckets = append(buckets, b)
		}
	}
	var parts []string
	for _, s := range []anomaly.Severity{anomaly.Critical, anomaly.High, anomaly.Medium, anomaly.Low} {
		if n := count[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", group3(n), s))
		}
	}
	text := plural(len(r.Anomalies), "anomaly")
	if len(buckets) > 0 {
		text += " in " + few(buckets)
	}
	if len(r.Anomalies) > 1 {
		text += " (" + strings.Join(parts, ", ") + ")"
	} else {
		text += " of severity " + string(r.Anomalies[0].Severity)
	}
	text += aboutAll(r.Anomalies)
	if unread != "" {
		text += ". And " + unread
	}
	return verdict{class(r.Anomalies[0].Severity), text + "."}
}

// aboutAll says who it was, if it was one, and when.
func aboutAll(all []Anomaly) string {
	text := ""
	first, last := all[0].First, all[0].Last
	principals := map[string]bool{}
	for i := range all {
		a := &all[i]
		for _, p := range a.individuals() {
			principals[p] = true
		}
		first, last = earlier(first, a.First), later(last, a.Last)
	}
	if one := all[0].individuals(); len(principals) == 1 && one[0] != s3event.Unattributed {
		text = ", by " + name(one[0])
		if len(all) > 1 {
			text = ", all by " + name(one[0])
		}
	}
	return text + ", " + during(first, last)
}

// individuals are the principals that the anomaly is about.
func (a *Anomaly) individuals() []string {
	if a.Kind == anomaly.Persons && len(a.Persons) > 0 {
		return a.Persons
	}
	return []string{a.Principal}
}

func class(s anomaly.Severity) string { return strings.ToLower(string(s)) }

// card is an anomaly as the page shows it.
type card struct {
	Class, Severity, Title, Sentence string
	Facts, More                      []fact
}

func (d *document) addCards(r *Report) {
	for i := range r.Anomalies[:min(len(r.Anomalies), maxCards)] {
		c := newCard(&r.Anomalies[i])
		if i < openCards || len(r.Anomalies) == openCards+1 {
			d.Cards = append(d.Cards, c)
		} else {
			d.MoreCards = append(d.MoreCards, c)
		}
	}
	if more := len(r.Anomalies) - maxCards; more > 0 {
		d.CardsLeftOut = "Not on this page: " + plural(more, "less severe anomaly") + ". --format json has all, --bucket and --since narrow it."
	}
}

func newCard(a *Anomaly) card {
	c := card{Class: class(a.Severity), Severity: string(a.Severity), Title: title(a), Sentence: harmless(a.Explanation)}
	if c.Sentence == "" {
		c.Sentence = c.Title + "."
	}
	add := func(name string, values []string, all bool) {
		if len(values) > 0 {
			c.Facts = append(c.Facts, fact{Name: name, Values: values, All: all})
		}
	}
	add("Who", whoOf(a), false)
	add("When", []string{during(a.First, a.Last)}, false)
	add("From", limited(a.SourceIPAddresses, harmless), false)
	add("With", limited(a.UserAgents, agentOnPage), false)
	if a.Count != 1 || a.Threshold > 0 {
		add("How many", []string{howMany(a)}, false)
	}
	keys := limited(a.Keys, harmless)
	if more := a.KeysInAll - int64(len(a.Keys)); more > 0 && len(keys) > 0 {
		keys = append(keys, "and "+group3(more)+" more")
	}
	add("Objects", keys, true)
	more := func(name string, values []string) {
		if len(values) > 0 {
			c.More = append(c.More, fact{Name: name, Values: harmlessAll(values)})
		}
	}
	if a.Principal != anomaly.People && name(a.Principal) != harmless(a.Principal) {
		more("Principal", []string{a.Principal})
	}
	more("Persons", a.Persons)
	more("Event ids", a.EventIDs)
	more("Log files", a.LogFiles)
	return c
}

// title is what an anomaly is called, as words: "Deleted soon after upload in photos".
func title(a *Anomaly) string {
	var b strings.Builder
	for i, r := range harmless(a.Anomaly) {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	if a.Bucket != anomaly.Account {
		b.WriteString(" in " + harmless(a.Bucket))
	}
	return b.String()
}

func whoOf(a *Anomaly) []string {
	switch a.Kind {
	case anomaly.Persons:
		return limited(a.Persons, name)
	case anomaly.Human:
		return []string{name(a.Principal) + " (person)"}
	case anomaly.Unattributed:
		return []string{"the records don't say"}
	}
	return []string{name(a.Principal)}
}

func howMany(a *Anomaly) string {
	s := group3(a.Count)
	if a.Threshold > 0 {
		s += " (threshold " + group3(a.Threshold)
		if a.Record > 0 {
			s += ", most before " + group3(a.Record)
		}
		s += ")"
	}
	return s
}

func limited(list []string, short func(string) string) []string {
	var out []string
	for _, s := range list {
		out = append(out, short(s))
	}
	return out
}

// agentOnPage is a user agent in short, however long its product is.
func agentOnPage(s string) string { return shortened(agent(s), 60) }

// during says from when to when, to the minute: the day once, if it is the same.
func during(from, until time.Time) string {
	from, until = from.UTC(), until.UTC()
	const date, minute = "2 January 2006", "15:04"
	switch {
	case from.Format(date+minute) == until.Format(date+minute):
		return from.Format(date + ", " + minute + " UTC")
	case from.Format(date) == until.Format(date):
		return from.Format(date+", "+minute) + " to " + until.Format(minute+" UTC")
	}
	return from.Format(date+" "+minute) + " to " + until.Format(date+" "+minute+" UTC")
}

// deleterLine is who deleted how much.
type deleterLine struct{ Objects, Who, Text string }

// maxDeleters is how many of those who deleted most stand at the top of the page; a table has all.
const maxDeleters = 5

func newDeleters(r *Report) []deleterLine {
	var lines []deleterLine
	for _, f := range deleters(r.DeletedBy) {
		if len(lines) == maxDeleters || f.DeletedObjects == 0 {
			break
		}
		lines = append(lines, deleterLine{plural(f.DeletedObjects, "object"), who(f.Principal, f.Kind), fmt.Sprintf("in %s, from %s, %s", harmless(f.Bucket),
			shortened(first(f.addresses, harmless), 60), during(f.First, f.Last))})
	}
	return lines
}
