// Package alert writes the message that a person reads: what happened, who did it, why it was thought unexpected, whether
// it can be undone, where to look, and how to say that it was expected. It publishes nothing and remembers nothing.
package alert

import (
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
)

// Incident is what one message is about.
type Incident struct {
	Severity    anomaly.Severity
	AccountID   string
	Region      string // of the function, where its log group is
	Bucket      string // anomaly.Account if it concerns no single bucket
	Principal   string // who did it, or anomaly.People
	First, Last time.Time
	Anomalies   []anomaly.Anomaly // oldest first
	// DeleteMarkers is how many of the deletes are known to have left a delete marker, so that the bucket is versioned. 0
	// says nothing: not every record tells.
	DeleteMarkers int64
	LogGroup      string    // of the function
	Now           time.Time // of the message: what happened on another day says its date. Zero: soon after Last
}

// Message is plain text for e-mail.
type Message struct {
	Subject string // at most 100 printable ASCII characters, as SNS takes them
	Body    string // printable characters and new lines
}

// Message returns the message about the incident.
func (i *Incident) Message() Message {
	return Message{Subject: subject(i, ""), Body: body(i, "")}
}

// now is the time of the message.
func (i *Incident) now() time.Time {
	if i.Now.IsZero() {
		return i.Last
	}
	return i.Now
}

// has tells whether one of the anomalies has one of the names.
func (i *Incident) has(names ...string) bool {
	return slices.ContainsFunc(i.Anomalies, func(a anomaly.Anomaly) bool { return slices.Contains(names, a.Name) })
}

// principals returns who it was, one by one.
func (i *Incident) principals() []string {
	if i.Principal != anomaly.People {
		return []string{i.Principal}
	}
	var all []string
	for k := range i.Anomalies {
		all = append(all, i.Anomalies[k].Individuals()...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(p string) bool { return p == anomaly.People })
}

type principalHour struct {
	principal string
	hour      int64
}

// deleted returns how many objects each principal deleted in each hour. Several anomalies may be about the same objects,
// so of each hour the largest number counts.
func deleted(anomalies []anomaly.Anomaly) map[principalHour]int64 {
	objects := map[principalHour]int64{}
	for k := range anomalies {
		one := map[principalHour]int64{}
		for _, d := range anomalies[k].Deleted {
			one[principalHour{d.Principal, d.Hour.Unix()}] += d.Objects
		}
		for at, n := range one {
			objects[at] = max(objects[at], n)
		}
	}
	return objects
}

func sum(objects map[principalHour]int64) int64 {
	var n int64
	for _, k := range objects {
		n += k
	}
	return n
}

// named returns the anomalies of one name.
func (i *Incident) named(name string) []anomaly.Anomaly {
	var list []anomaly.Anomaly
	for _, a := range i.Anomalies {
		if a.Name == name {
			list = append(list, a)
		}
	}
	return list
}

// count returns how often, or of how many objects, the anomalies of one name tell. Those of an hour may be about the
// same as those of its day.
func (i *Incident) count(name string) int64 {
	list := i.named(name)
	if n := sum(deleted(list)); n > 0 {
		return n
	}
	byWindow := map[time.Duration]int64{}
	var most int64
	for k := range list {
		length := list[k].WindowEnd.Sub(list[k].WindowStart)
		byWindow[length] += list[k].Count
		most = max(most, byWindow[length])
	}
	return most
}
