package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// What a message shows of each, at most. SNS takes 256 KB; nobody reads that.
const (
	maxSentences = 8
	maxSentence  = 600 // characters
	maxKeys      = 10
	maxKey       = 200
	maxAddresses = 10
	maxAgents    = 5
	maxAgent     = 120
	maxPersons   = 10
	maxName      = 250
)

// body is the message under a first line, if that isn't empty.
func body(i *Incident, first string) string {
	p := &paper{}
	if first != "" {
		p.example = true
		p.text("%s", first)
	}
	p.sentences(i)
	p.text("As known at %s. It may be going on: the dashboard and the query below have what came later.", known(i))
	p.facts(i)
	p.stop(i)
	p.section(i, "CAN IT BE UNDONE?", (*paper).undo)
	p.section(i, "WHERE TO LOOK", (*paper).look)
	p.section(i, "IF IT WAS EXPECTED", (*paper).expect)
	p.closing(i)
	return strings.Map(func(r rune) rune { // whatever was overlooked
		if r != '\n' && !isHarmless(string(r)) {
			return -1
		}
		return r
	}, strings.TrimPrefix(p.String(), "\n"))
}

// known is when the message was written. Most incidents are told of while they last.
func known(i *Incident) string {
	now := i.now().UTC()
	if sameDay(now, i.Last) {
		return now.Format("15:04 UTC")
	}
	return now.Format("15:04 UTC on 2 January")
}

// closing says which messages will follow.
func (p *paper) closing(i *Incident) {
	when := "another message about this incident only if its severity rises"
	if i.Severity == anomaly.Critical {
		when = "no other message about this incident"
	}
	p.text("You get %s, however many objects follow. It ends when six hours pass without another anomaly.", when)
}

// sentences say what happened, and why it was thought unexpected.
func (p *paper) sentences(i *Incident) {
	list := shown(i.Anomalies)
	days := !sameDay(i.First, i.Last)
	for _, a := range list {
		label := a.Name + ", " + string(a.Severity)
		if days && !a.First.IsZero() {
			label += ", " + a.First.UTC().Format("2 January")
		}
		p.text("%s [%s]", capital(unbroken(cut(a.Explanation, maxSentence), a.Keys)), strings.ReplaceAll(harmless(label), " ", noBreak))
	}
	if more := len(i.Anomalies) - len(list); more > 0 && len(list) == maxSentences {
		p.text("And %s, told in the log.", plural(int64(more), "more such finding"))
	}
}

// unbroken is the sentence in which no line ends within a key: whoever chose it must not choose what a line of the message
// begins with.
func unbroken(sentence string, keys []string) string {
	const most = 120 // characters of a key that package anomaly puts into a sentence
	for _, key := range keys {
		shown := []rune(harmless(key))
		if key = string(shown[:min(len(shown), most)]); strings.Contains(key, " ") {
			sentence = strings.ReplaceAll(sentence, key, strings.ReplaceAll(key, " ", noBreak))
		}
	}
	return sentence
}

// capital is the sentence with a capital, unless it begins with a name, which is to be shown as it is spelt.
func capital(sentence string) string {
	for _, first := range []string{"the root user ", "somebody ", "several callers "} {
		if strings.HasPrefix(sentence, first) {
			return strings.ToUpper(sentence[:1]) + sentence[1:]
		}
	}
	return sentence
}

// shown returns the most telling anomalies in the order of time, behind a sequence that they are part of; those whose
// sentence is part of the sequence's are left out.
func shown(anomalies []anomaly.Anomaly) []*anomaly.Anomaly {
	var list []*anomaly.Anomaly
	for k := range anomalies {
		list = append(list, &anomalies[k])
	}
	list = slices.DeleteFunc(list, func(a *anomaly.Anomaly) bool {
		sentence := strings.TrimSuffix(a.Explanation, ".")
		return slices.ContainsFunc(anomalies, func(s anomaly.Anomaly) bool {
			return s.Name == anomaly.NameAttackSequence && a.Name != s.Name && len(s.Explanation) <= maxSentence && strings.Contains(s.Explanation, sentence)
		})
	})
	slices.SortStableFunc(list, compareTelling)
	list = list[:min(len(list), maxSentences)]
	slices.SortStableFunc(list, func(a, b *anomaly.Anomaly) int {
		if order := compareSequence(a, b); order != 0 {
			return order
		}
		return a.First.Compare(b.First)
	})
	return list
}

// compareSequence is negative if a alone is a sequence.
func compareSequence(a, b *anomaly.Anomaly) int {
	switch is, other := a.Name == anomaly.NameAttackSequence, b.Name == anomaly.NameAttackSequence; {
	case is == other:
		return 0
	case is:
		return -1
	}
	return 1
}

// facts say who, from where, with what, when, where and which objects.
func (p *paper) facts(i *Incident) {
	p.WriteByte('\n')
	if !i.onlyAboutDigests() {
		p.who(i)
	}
	var addresses, agents, keys []string
	inAll := int64(0)
	for _, a := range byTelling(i.Anomalies) {
		addresses = add(addresses, maxAddresses, maxAgent, a.SourceIPAddresses)
		agents = add(agents, maxAgents, maxAgent, a.UserAgents)
		keys = add(keys, maxKeys, maxKey, a.Keys)
		inAll = max(inAll, a.KeysInAll)
	}
	if len(addresses) > 0 {
		p.row("From", strings.Join(addresses, ", "))
	}
	p.row("With", agents...)
	p.row("When", when(i.First, i.Last))
	if i.Bucket == anomaly.Account {
		p.row("Where", "account "+harmless(i.AccountID)+", no single bucket")
	} else {
		p.row("Bucket", fmt.Sprintf("%s, of account %s", cut(i.Bucket, maxName), harmless(i.AccountID)))
	}
	if len(keys) == 0 {
		return
	}
	inAll = max(inAll, sum(deleted(i.Anomalies)))
	switch n := int64(len(keys)); {
	case inAll <= n:
		p.row("Objects", group(n)+", all of them:")
	case n == 1:
		p.row("Objects", group(inAll)+", the first:")
	default:
		p.row("Objects", fmt.Sprintf("%s, the first %d:", group(inAll), n))
	}
	for _, key := range keys {
		fmt.Fprintf(p, "           %s\n", key) // not wrapped: it may hold spaces
	}
}

// who writes the row of that name.
func (p *paper) who(i *Incident) {
	principals := i.principals()
	if len(principals) != 1 {
		rows := []string{plural(int64(len(principals)), "person")}
		if len(principals) != 1 {
			rows[0] = group(int64(len(principals))) + " people"
		}
		for k, principal := range principals {
			if k == maxPersons {
				rows = append(rows, fmt.Sprintf("and %d more", len(principals)-k))
				break
			}
			rows = append(rows, cut(principal, maxName)+foreign(i, principal))
		}
		p.row("Who", rows...)
		return
	}
	principal := principals[0]
	rows := []string{cut(name(i, principal), maxName)}
	switch kind(i) {
	case anomaly.Human, anomaly.Persons:
		rows[0] += ", a person"
	case anomaly.Machine:
		rows[0] += ", software"
	case anomaly.Unattributed:
		rows[0] += ": the records do not say who"
	}
	if strings.HasPrefix(principal, "arn:") {
		rows = append(rows, cut(principal, maxName)+foreign(i, principal))
	}
	p.row("Who", rows...)
}

// foreign says so of a principal of another account.
func foreign(i *Incident, principal string) string {
	if isForeign(i, principal) {
		return " (of ANOTHER account)"
	}
	return ""
}

// kind says what sort of principal a single one is.
func kind(i *Incident) anomaly.Kind {
	if i.Principal == s3event.Unattributed {
		return anomaly.Unattributed
	}
	var kind anomaly.Kind
	for _, a := range i.Anomalies {
		if kind == "" || a.Kind == anomaly.Human || a.Kind == anomaly.Persons {
			kind = a.Kind
		}
	}
	return kind
}

func byTelling(anomalies []anomaly.Anomaly) []*anomaly.Anomaly {
	var list []*anomaly.Anomaly
	for k := range anomalies {
		list = append(list, &anomalies[k])
	}
	slices.SortStableFunc(list, compareTelling)
	return list
}

// add adds those of the values, cut, that the list doesn't have, up to n.
func add(list []string, n, length int, values []string) []string {
	for _, v := range values {
		if v = cut(v, length); len(list) < n && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// when says from when to when, to the second.
func when(first, last time.Time) string {
	first, last = first.UTC(), last.UTC()
	from, until := first.Format("2 January 2006, 15:04:05"), last.Format("15:04:05")
	if !sameDay(first, last) {
		until = last.Format("2 January 2006, 15:04:05")
	}
	if first.Equal(last) {
		return from + " UTC"
	}
	return from + " to " + until + " UTC"
}
