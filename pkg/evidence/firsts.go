package evidence

import (
	"cmp"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// firsts become a sample: of each sort the values that came first by their time, not by their place in the file, whose
// records are in no order.
type firsts struct {
	n           int64
	from, until int64 // seconds since the Unix epoch

	keys, eventIDs, addresses, agents values
}

func (f *firsts) add(at int64, key, eventID string, who *s3event.Caller) {
	if f.n == 0 || at < f.from {
		f.from = at
	}
	if f.n == 0 || at > f.until {
		f.until = at
	}
	f.n++
	f.keys.add(at, key)
	f.eventIDs.add(at, eventID)
	f.addresses.add(at, who.SourceIPAddress)
	f.agents.add(at, who.UserAgent)
}

func (f *firsts) sample() *anomaly.Sample {
	var s anomaly.Sample
	s.Merge(&anomaly.Sample{
		First:             time.Unix(f.from, 0).UTC(),
		Last:              time.Unix(f.until, 0).UTC(),
		Keys:              f.keys.texts(),
		EventIDs:          f.eventIDs.texts(),
		SourceIPAddresses: f.addresses.texts(),
		UserAgents:        f.agents.texts(),
	})
	return &s
}

// values are different texts in the order of the time at which each was seen first.
type values []value

type value struct {
	at   int64
	text string
}

func (v value) compare(o value) int {
	return cmp.Or(cmp.Compare(v.at, o.at), cmp.Compare(v.text, o.text))
}

// add adds a text that was seen. It doesn't matter in which order texts are added: one that was pushed out comes back
// if it was seen earlier, too.
func (l *values) add(at int64, text string) {
	text = clip(text)
	n := value{at, text}
	full := len(*l) == anomaly.MaxListed
	if text == "" || full && n.compare((*l)[anomaly.MaxListed-1]) >= 0 {
		return
	}
	if i := slices.IndexFunc(*l, func(v value) bool { return v.text == text }); i >= 0 {
		if (*l)[i].at <= at {
			return
		}
		*l = slices.Delete(*l, i, i+1)
	} else if full {
		*l = (*l)[:anomaly.MaxListed-1]
	}
	i, _ := slices.BinarySearchFunc(*l, n, value.compare)
	*l = slices.Insert(*l, i, n)
}

func (l values) texts() []string {
	texts := make([]string, len(l))
	for i, v := range l {
		texts[i] = v.text
	}
	return texts
}
