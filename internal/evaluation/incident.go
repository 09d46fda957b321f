package evaluation

import (
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
)

// quiet is how much time without anomalies ends an incident.
const quiet = 6 * time.Hour

// Incident is what a subscriber gets messages about: the anomalies of one bucket and actor without six quiet hours
// between them.
type Incident struct {
	Bucket, Actor string
	First, Last   time.Time
	Severity      anomaly.Severity
	Messages      []Message // each more severe than the one before
	Names         []string  // of its anomalies, each once
	Explanation   string    // of the first of its most severe ones
}

// Message is one that a subscriber to that severity, or a lesser one, gets.
type Message struct {
	At       time.Time
	Severity anomaly.Severity
}

// at returns when a subscriber to a severity gets the first message about the incident, if at all.
func (i *Incident) at(s anomaly.Severity) (time.Time, bool) {
	for _, m := range i.Messages {
		if m.Severity.Compare(s) >= 0 {
			return m.At, true
		}
	}
	return time.Time{}, false
}

// incidents returns what the findings amount to, by the rules of package history, and which messages the pipeline sends
// about it. They are told a second time so that those can be told, too, that there would be without a detector; for all
// findings together Messages are those that were sent, which Run holds against each other.
func incidents(findings []Finding) []*Incident {
	type place struct{ bucket, actor string }
	open := map[place][]*Incident{}
	var all []*Incident
	for len(findings) > 0 {
		n := 1 // that were told by one tick
		for n < len(findings) && findings[n].Tick.Equal(findings[0].Tick) {
			n++
		}
		var touched []*Incident
		for i := range findings[:n] {
			f := &findings[i]
			at := place{f.Bucket, f.actor()}
			var into *Incident
			var left []*Incident
			for _, in := range open[at] {
				switch {
				case f.First.Sub(in.Last) >= quiet || in.First.Sub(f.Last) >= quiet:
				case into == nil:
					into = in
				default:
					into.merge(in)
					all = slices.DeleteFunc(all, func(o *Incident) bool { return o == in })
					touched = slices.DeleteFunc(touched, func(o *Incident) bool { return o == in })
					continue
				}
				left = append(left, in)
			}
			if into == nil {
				into = &Incident{Bucket: f.Bucket, Actor: f.actor(), First: f.First, Last: f.Last}
				left, all = append(left, into), append(all, into)
			}
			open[at] = left
			into.add(f)
			if !slices.Contains(touched, into) {
				touched = append(touched, into)
			}
		}
		for _, in := range touched {
			if sent := in.sent(); in.Severity.Compare(anomaly.Medium) >= 0 && in.Severity.Compare(sent) > 0 {
				in.Messages = append(in.Messages, Message{findings[0].Tick, in.Severity})
			}
		}
		findings = findings[n:]
	}
	return all
}

// actor is whose incident a finding belongs to.
func (f *Finding) actor() string {
	if f.Kind == anomaly.Human || f.Kind == anomaly.Persons {
		return anomaly.People
	}
	return f.Principal
}

func (i *Incident) add(f *Finding) {
	i.extend(f.First, f.Last)
	if f.Severity.Compare(i.Severity) > 0 {
		i.Severity, i.Explanation = f.Severity, f.Name+": "+f.Explanation
	}
	if !slices.Contains(i.Names, f.Name) {
		i.Names = append(i.Names, f.Name)
	}
}

func (i *Incident) extend(first, last time.Time) {
	if first.Before(i.First) {
		i.First = first
	}
	if last.After(i.Last) {
		i.Last = last
	}
}

// merge makes another incident part of i: what was sent of one was sent of both.
func (i *Incident) merge(o *Incident) {
	i.extend(o.First, o.Last)
	if o.Severity.Compare(i.Severity) > 0 {
		i.Severity, i.Explanation = o.Severity, o.Explanation
	}
	i.Messages = append(i.Messages, o.Messages...)
	slices.SortStableFunc(i.Messages, func(a, b Message) int { return a.At.Compare(b.At) })
	for _, name := range o.Names {
		if !slices.Contains(i.Names, name) {
			i.Names = append(i.Names, name)
		}
	}
}

// sent is the highest severity of which a message was sent.
func (i *Incident) sent() (s anomaly.Severity) {
	for _, m := range i.Messages {
		if m.Severity.Compare(s) > 0 {
			s = m.Severity
		}
	}
	return s
}
