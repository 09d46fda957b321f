package evidence

import (
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/s3event"
)

// actor is a principal as a person or as software: what a role does by the console and what it does by a program are
// two activities, since they are judged by what is usual of others.
type actor struct {
	principal string
	human     bool
}

// activity is what an actor did in an hour.
type activity struct {
	actor
	measured
	bodies   s3event.Bodies            // of its DeleteObjects calls
	expected map[string]*expectedCount // by the entry's id
}

// expectedCount is what of it an entry of expected-deletes.yaml declares.
type expectedCount struct {
	cap int64
	measured
}

// measured is how much was done, and what of it came first.
type measured struct {
	counts  anomaly.Counts
	samples [anomaly.Measures]*firsts
}

func (m *measured) add(measure anomaly.Measure, at int64, key, eventID string, who *s3event.Caller) {
	m.counts[measure]++
	if m.samples[measure] == nil {
		m.samples[measure] = new(firsts)
	}
	m.samples[measure].add(at, key, eventID, who)
}

// addDeletion counts the deletion of an object.
func (m *measured) addDeletion(d *deletion, who *s3event.Caller) {
	m.add(anomaly.Objects, d.at.Unix(), d.key, d.eventID, who)
	switch {
	case d.maybe:
		m.add(anomaly.MaybeByVersion, d.at.Unix(), d.key, d.eventID, who)
	case d.what == s3event.PermanentlyDeleted:
		m.add(anomaly.ByVersion, d.at.Unix(), d.key, d.eventID, who)
	case d.marker:
		m.counts[anomaly.DeleteMarkers]++
	}
}

func (m *measured) toSamples() map[anomaly.Measure]*anomaly.Sample {
	var to map[anomaly.Measure]*anomaly.Sample
	for measure, f := range m.samples {
		if f == nil {
			continue
		}
		if to == nil {
			to = map[anomaly.Measure]*anomaly.Sample{}
		}
		to[anomaly.Measure(measure)] = f.sample()
	}
	return to
}

func (a *activity) expect(entry *expected.Entry) *expectedCount {
	x, ok := a.expected[entry.ID]
	if !ok {
		if a.expected == nil {
			a.expected = map[string]*expectedCount{}
		}
		x = &expectedCount{cap: entry.Cap}
		a.expected[entry.ID] = x
	}
	return x
}
