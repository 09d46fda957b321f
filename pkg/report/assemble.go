package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/replay"
)

// usdPerEvent is CloudTrail's price of a data event. https://aws.amazon.com/cloudtrail/pricing/
const usdPerEvent = 0.10 / 100_000

// assemble makes the report out of what was counted and found.
func (m *Maker) assemble(found []anomaly.Anomaly) *Report {
	r := &m.report
	r.Schema = Schema
	r.Query = m.Query
	r.Records = m.classes()
	r.DataEvents = m.cost()
	r.Buckets = m.buckets()
	for i := range r.Buckets {
		b := &r.Buckets[i]
		if r.First.IsZero() || b.First.Before(r.First) {
			r.First = b.First
		}
		if b.Last.After(r.Last) {
			r.Last = b.Last
		}
	}
	r.DeletedBy = m.deletedBy()
	m.tallies.deletes.trim()
	r.Deletes = m.tallies.deletes.list
	for i := range found {
		if m.Query.matchesAnomaly(&found[i], r.Deletes) {
			r.Anomalies = append(r.Anomalies, newAnomaly(&found[i]))
		}
	}
	slices.SortStableFunc(r.Anomalies, func(a, b Anomaly) int {
		return cmp.Or(b.Severity.Compare(a.Severity), a.First.Compare(b.First))
	})
	r.Notes = m.notes()
	r.fill()
	return r
}

// fill makes lists of what isn't there: programs needn't look for null.
func (r *Report) fill() {
	orEmpty(&r.Buckets)
	orEmpty(&r.Anomalies)
	orEmpty(&r.DeletedBy)
	orEmpty(&r.Deletes)
	orEmpty(&r.Notes)
	orEmpty(&r.Failures)
	for i := range r.Buckets {
		orEmpty(&r.Buckets[i].Callers)
		orEmpty(&r.Buckets[i].Keys)
		orEmpty(&r.Buckets[i].Hours)
	}
}

func orEmpty[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// classes returns what became of the records.
func (m *Maker) classes() map[string]int64 {
	counts := map[string]int64{"RecordsLeftOut": m.leftOut}
	for class := metric.RecordsRead; class <= metric.RecordsMalformed; class++ {
		if class != metric.RecordsTooOld { // a report has no such limit
			counts[metric.Health[class].Name] = m.records[class]
		}
	}
	return counts
}

// cost says what the events cost. What they are spread over is taken for an hour at the least.
func (m *Maker) cost() DataEvents {
	s := m.charged
	if s.n == 0 {
		return DataEvents{}
	}
	if since := m.Query.Since; !since.IsZero() {
		s.first = max(s.first, since.Unix())
	}
	if until := m.Query.Until; !until.IsZero() {
		s.last = min(s.last, until.Unix())
	}
	days := max(float64(s.last-s.first)/86400, 1.0/24)
	return DataEvents{
		Count:     s.n,
		Days:      math.Round(days*100) / 100,
		USDAMonth: math.Round(float64(s.n)/days*30*usdPerEvent*100) / 100,
	}
}

func (m *Maker) buckets() []Bucket {
	keys, inAll := m.objects.byBucket()
	var list []Bucket
	for _, name := range slices.Sorted(maps.Keys(m.tallies.buckets)) {
		t := m.tallies.buckets[name]
		if t.n == 0 && t.total == (values{}) {
			continue
		}
		b := Bucket{
			Bucket: name, First: at(t.first), Last: at(t.last), Metrics: t.total.byName(),
			Operations: orNone(t.operations), ErrorCodes: orNone(t.errorCodes),
			Keys: keys[name], KeysInAll: inAll[name],
		}
		most := int64(-1)
		for _, start := range slices.Sorted(maps.Keys(t.hours)) {
			v := t.hours[start]
			h := Hour{Start: at(start), Metrics: v.byName()}
			b.Hours = append(b.Hours, h)
			if n := v[metric.AllRequests]; n > most {
				most, b.BusiestHour = n, h
			}
		}
		for principal, c := range t.callers {
			b.Callers = append(b.Callers, Caller{
				Principal: principal, Kind: kindOf(principal, c.human), Requests: c.requests, DeletedObjects: c.deletedObjects,
				DeniedDeletes: c.denied, Errors: c.errors, First: at(c.first), Last: at(c.last),
				Operations: orNone(c.operations), SourceIPAddresses: orNone(c.addresses), UserAgents: orNone(c.agents),
			})
		}
		slices.SortFunc(b.Callers, func(a, b Caller) int {
			return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(b.DeletedObjects, a.DeletedObjects), cmp.Compare(a.Principal, b.Principal))
		})
		list = append(list, b)
	}
	return list
}

func orNone(t tally) map[string]int64 {
	if t == nil {
		return map[string]int64{}
	}
	return t
}

func (m *Maker) deletedBy() []DeletedBy {
	var list []DeletedBy
	for key, g := range m.tallies.groups {
		list = append(list, DeletedBy{
			Bucket: key.bucket, Principal: key.principal, Kind: kindOf(key.principal, key.human), SourceIPAddress: key.address,
			UserAgent: key.agent, DeletedObjects: g.objects, DeniedDeletes: g.denied, First: at(g.first), Last: at(g.last),
		})
	}
	slices.SortFunc(list, func(a, b DeletedBy) int {
		return cmp.Or(cmp.Compare(b.DeletedObjects, a.DeletedObjects), cmp.Compare(b.DeniedDeletes, a.DeniedDeletes),
			cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.SourceIPAddress, b.SourceIPAddress),
			cmp.Compare(a.UserAgent, b.UserAgent), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}

func newAnomaly(a *anomaly.Anomaly) Anomaly {
	return Anomaly{
		Bucket: a.Bucket, Anomaly: a.Name, Severity: a.Severity, Principal: a.Principal, Kind: a.Kind, Persons: a.Persons,
		WindowStart: a.WindowStart, WindowEnd: a.WindowEnd, First: a.First.UTC(), Last: a.Last.UTC(), Count: a.Count,
		Threshold: a.Threshold, Record: a.Record, DeletedObjects: a.Objects(), Explanation: a.Explanation,
		Keys: a.Keys, KeysInAll: a.KeysInAll, SourceIPAddresses: a.SourceIPAddresses, UserAgents: a.UserAgents,
		EventIDs: a.EventIDs, LogFiles: a.LogFiles,
	}
}

// notes say where the report is not the whole truth.
func (m *Maker) notes() []string {
	var notes []string
	note := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	if n := len(m.skipped); n > 0 {
		names := strings.Join(m.skipped[:min(n, 3)], ", ")
		if n > 3 {
			names += fmt.Sprintf(" and %d more", n-3)
		}
		note(true, "%s without records: %s.", plural(n, "file"), names)
	}
	if days := (m.charged.last-m.charged.first)/86400 + 1; m.charged.n > 0 && days < 14 {
		note(true, "What is usual of a bucket takes 14 days to know, and the log files read tell of %s: surges and new deleters may be missing "+
			"among the anomalies. Reading more (--since 30d) finds them.", plural(days, "day"))
	}
	d := &m.tallies.deletes
	note(d.n > maxDeletes, "%s of %s deletes are listed: the newest.", group3(maxDeletes), group3(d.n))
	note(m.objects.forgotten || m.touchesNotKept > 0, "There were over %s objects: the numbers and stories of those that were not deleted, "+
		"and seldom asked for, may not be complete. Ask for them with --bucket or --key.", group3(maxObjects))
	note(m.tallies.callersNotTold > 0, "There were over %s callers: the rest is told as %s.", group3(maxCallers), metric.OtherName)
	note(m.tallies.groupsNotTold > 0, "Deletes came from over %s callers and addresses: the rest is told as %s.", group3(maxGroups), metric.OtherName)
	note(m.tallies.hoursNotTold > 0, "There were over %s hours of buckets: the rest is in the totals only.", group3(maxHours))
	note(m.records[metric.RecordsNotCompared] > 0, "Over %s records: %s were not looked at for duplicates of others.", group3(maxSeen),
		group3(m.records[metric.RecordsNotCompared]))
	return notes
}

func sortByDelivery(files []replay.LogFile) {
	slices.SortStableFunc(files, func(a, b replay.LogFile) int {
		return cmp.Or(a.Delivered.Compare(b.Delivered), cmp.Compare(a.URI, b.URI))
	})
}
