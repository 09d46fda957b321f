package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/metric"
)

// Style says how the table is to look.
type Style struct {
	Width int  // columns of the terminal; 0: as many as it takes
	Color bool // of a terminal
	Rows  int  // of each list; 0: all
}

// WriteTable writes the report for people: first who deleted what, then what was unexpected, then each bucket, and last
// what the events cost.
func (r *Report) WriteTable(w io.Writer, style Style) error {
	p := &page{style: style, clock: newClock(r.First, r.Last), byKey: len(r.Query.Keys) > 0}
	p.head(r)
	p.deletes(r)
	p.anomalies(r)
	for i := range r.Buckets {
		p.bucket(&r.Buckets[i])
	}
	p.end(r)
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

// page is what a table is written on.
type page struct {
	bytes.Buffer
	style Style
	clock clock
	byKey bool // the query is for single objects
}

func (p *page) head(r *Report) {
	requests := int64(0)
	for i := range r.Buckets {
		requests += r.Buckets[i].Metrics["AllRequests"]
	}
	p.line("%s, %s read; %s to %s", plural(r.Files.Read, "log file"), plural(r.Records["RecordsRead"], "record"),
		plural(requests, "S3 request"), plural(len(r.Buckets), "bucket"))
	if !r.First.IsZero() {
		only := ""
		if a := asks(&r.Query); a != "" {
			only = ", only " + a
		}
		p.line("%s to %s UTC%s", r.First.Format("2006-01-02 15:04:05"), p.clock.time(r.Last), only)
	} else if a := asks(&r.Query); a != "" {
		p.line("Nothing was found for %s.", a)
	}
}

// asks says what the report is narrowed to.
func asks(q *Query) string {
	var parts []string
	for _, part := range []struct {
		name   string
		values []string
	}{{"bucket", q.Buckets}, {"key", q.Keys}, {"principal", q.Principals}, {"operation", q.Operations}} {
		if len(part.values) > 0 {
			parts = append(parts, part.name+" "+harmless(strings.Join(part.values, " or ")))
		}
	}
	return strings.Join(parts, ", ")
}

// deletes say who deleted which objects, when and from where.
func (p *page) deletes(r *Report) {
	if len(r.DeletedBy) == 0 {
		return
	}
	var objects, denied int64
	for i := range r.DeletedBy {
		objects += r.DeletedBy[i].DeletedObjects
		denied += r.DeletedBy[i].DeniedDeletes
	}
	title := plural(objects, "object") + " deleted"
	if denied > 0 {
		title += ", " + plural(denied, "delete") + " refused"
	}
	p.heading("DELETES", title)
	t := p.table(column{"Objects", number}, column{"Refused", number}, column{"Bucket", plainText}, column{"Who", plainText}, column{"From", plainText},
		column{"With", flexible}, column{"First", plainText}, column{"Last", plainText})
	all := deleters(r.DeletedBy)
	for i := range p.some(len(all)) {
		d := all[i]
		t.row(group3(d.DeletedObjects), some(d.DeniedDeletes), harmless(d.Bucket), who(d.Principal, d.Kind), first(d.addresses, harmless),
			first(d.agents, agent), p.clock.time(d.First), p.clock.time(d.Last))
	}
	t.write()
	p.more(len(all), "caller", "callers")

	p.line("")
	n := p.some(len(r.Deletes))
	t = p.table(column{"Time", plainText}, column{"Bucket", plainText}, column{"Key", flexible}, column{"Who", plainText}, column{"From", plainText}, column{"", plainText})
	for _, d := range r.Deletes[len(r.Deletes)-n:] {
		t.row(p.clock.time(d.Time), harmless(d.Bucket), harmless(d.Key), who(d.Principal, d.Kind), harmless(d.SourceIPAddress), result(&d))
	}
	t.write()
	if more := len(r.Deletes) - n; more > 0 {
		p.line("%s before these: --rows 0 shows all, --format json and csv have them.", plural(more, "delete"))
	}
}

// deletedFrom is what one caller deleted, from wherever.
type deletedFrom struct {
	DeletedBy
	addresses, agents tally
}

// deleters returns who deleted, most objects first: an app that runs on a hundred machines must not hide a person.
func deleters(list []DeletedBy) []*deletedFrom {
	type caller struct {
		bucket, principal string
		kind              anomaly.Kind
	}
	byCaller := map[caller]*deletedFrom{}
	var all []*deletedFrom
	for i := range list {
		d := &list[i]
		key := caller{d.Bucket, d.Principal, d.Kind}
		f, ok := byCaller[key]
		if !ok {
			f = &deletedFrom{DeletedBy: *d}
			byCaller[key] = f
			all = append(all, f)
		} else {
			f.DeletedObjects += d.DeletedObjects
			f.DeniedDeletes += d.DeniedDeletes
			f.First, f.Last = earlier(f.First, d.First), later(f.Last, d.Last)
		}
		f.addresses.add(d.SourceIPAddress, d.DeletedObjects+d.DeniedDeletes)
		f.agents.add(d.UserAgent, d.DeletedObjects+d.DeniedDeletes)
	}
	slices.SortStableFunc(all, func(a, b *deletedFrom) int { return cmp.Compare(b.DeletedObjects, a.DeletedObjects) })
	return all
}

// result says what came of a delete, if that isn't the usual.
func result(d *Delete) string {
	switch {
	case d.ErrorCode != "":
		return "refused: " + harmless(d.ErrorCode)
	case d.VersionID != "":
		return "a version, for good"
	}
	return ""
}

// who is a principal, and that it is a person.
func who(principal string, kind anomaly.Kind) string {
	if kind == anomaly.Human {
		return name(principal) + " (person)"
	}
	return name(principal)
}

// agent is a user agent as short as it can be told from others: its product, and the command.
func agent(s string) string {
	s = harmless(strings.Trim(s, "[]"))
	product, rest, _ := strings.Cut(s, " ")
	product = strings.TrimSuffix(product, ",")
	if _, command, ok := strings.Cut(rest, "md/command#"); ok {
		command, _, _ = strings.Cut(command, " ")
		return product + " " + command
	}
	if product == "Mozilla/5.0" { // all browsers are
		return shortened(s, maxAgent)
	}
	return product
}

// maxAgent is how much of a browser's user agent a table shows.
const maxAgent = 40

func some(n int64) string {
	if n == 0 {
		return ""
	}
	return group3(n)
}

func (p *page) anomalies(r *Report) {
	if len(r.Anomalies) == 0 {
		return
	}
	p.heading("ANOMALIES", fmt.Sprint(len(r.Anomalies)))
	for i := range r.Anomalies {
		a := &r.Anomalies[i]
		when := a.First.UTC().Format("2006-01-02 15:04")
		label := fmt.Sprintf("%-8s %s  %s", a.Severity, when, a.Anomaly)
		if a.Bucket != anomaly.Account {
			label += " in " + harmless(a.Bucket)
		}
		if len(a.SourceIPAddresses) > 0 {
			label += " from " + few(harmlessAll(a.SourceIPAddresses))
		}
		p.line("%s", p.severity(a.Severity, label))
		p.paragraph("         ", harmless(a.Explanation))
	}
}

func (p *page) bucket(b *Bucket) {
	p.heading("BUCKET "+harmless(b.Bucket), plural(b.Metrics["AllRequests"], "request"))
	c := p.clock
	facts := []string{c.time(b.First) + " to " + c.time(b.Last) + " UTC"}
	if n := b.BusiestHour.Metrics["AllRequests"]; n > 1 && len(b.Hours) > 1 {
		facts = append(facts, fmt.Sprintf("busiest hour %s with %s", b.BusiestHour.Start.Format("2006-01-02 15:04"), plural(n, "request")))
	}
	p.paragraph("", strings.Join(facts, "; "))
	p.fact("Operations", list(b.Operations))
	p.fact("Errors", list(b.ErrorCodes))
	if b.Metrics["BytesDownloaded"]+b.Metrics["BytesUploaded"] > 0 {
		p.fact("Bytes", fmt.Sprintf("%s downloaded, %s uploaded", size(b.Metrics["BytesDownloaded"]), size(b.Metrics["BytesUploaded"])))
	}
	var other []string
	for _, m := range inCatalogue(b.Metrics) {
		if isTold[m.name] {
			other = append(other, m.name+" "+group3(m.n))
		}
	}
	p.fact("Also", strings.Join(other, ", "))
	p.callers(b)
	p.keys(b)
}

// isTold are the metrics that say more than the operations, errors and bytes do.
var isTold = map[string]bool{
	"DeletedObjects": true, "DeniedDeletes": true, "DeletedObjectsEstimated": true, "ExpectedDeletes": true, "PermanentDeletes": true,
	"DeleteMarkersRemoved": true, "LifecycleActions": true, "AuthenticationFailures": true, "AnonymousRequests": true,
}

// list is names with their numbers.
func list(counts map[string]int64) string {
	var parts []string
	for _, c := range most(counts) {
		parts = append(parts, harmless(c.name)+" "+group3(c.n))
	}
	return strings.Join(parts, ", ")
}

func (p *page) callers(b *Bucket) {
	if len(b.Callers) == 0 {
		return
	}
	p.line("")
	t := p.table(column{"Requests", number}, column{"Deleted", number}, column{"Errors", number}, column{"Who", plainText}, column{"From", plainText},
		column{"With", flexible}, column{"First", plainText}, column{"Last", plainText})
	for i := range p.some(len(b.Callers)) {
		c := &b.Callers[i]
		t.row(group3(c.Requests), some(c.DeletedObjects), some(c.Errors), who(c.Principal, c.Kind), first(c.SourceIPAddresses, harmless),
			first(c.UserAgents, agent), p.clock.time(c.First), p.clock.time(c.Last))
	}
	t.write()
	p.more(len(b.Callers), "caller", "callers")
}

// first is the most frequent name, and how many others there are.
func first(counts map[string]int64, short func(string) string) string {
	names := most(counts)
	switch len(names) {
	case 0:
		return ""
	case 1:
		return short(names[0].name)
	}
	if names[len(names)-1].name == metric.OtherName { // of whom it isn't known how many they are
		return fmt.Sprintf("%s +%d…", short(names[0].name), len(names)-2)
	}
	return fmt.Sprintf("%s +%d", short(names[0].name), len(names)-1)
}

// keys say which objects were asked for most, and what became of those that were deleted or that are asked for.
func (p *page) keys(b *Bucket) {
	busy := slices.Clone(b.Keys)
	slices.SortStableFunc(busy, func(a, b Key) int { return cmp.Compare(b.Requests, a.Requests) })
	if len(busy) > 1 && busy[0].Requests > 1 {
		p.line("")
		t := p.table(column{"Requests", number}, column{"Key", flexible})
		for i := range p.some(len(busy)) {
			t.row(group3(busy[i].Requests), harmless(busy[i].Key))
		}
		t.write()
		if more := b.KeysInAll - int64(p.some(len(busy))); more > 0 {
			p.line("and %s", plural(more, "more key"))
		}
	}
	var told []*Key
	for i := range b.Keys {
		if k := &b.Keys[i]; len(k.History) > 0 && (p.byKey || k.DeletedObjects > 0) {
			told = append(told, k)
		}
	}
	if len(told) == 0 {
		return
	}
	p.line("")
	for _, k := range told[:p.some(len(told))] {
		p.line("%s", p.bold(harmless(k.Key)))
		p.paragraph("  ", k.story(p.clock))
	}
	p.more(len(told), "such object", "such objects")
}

// end says what is not in the report, and what the events cost.
func (p *page) end(r *Report) {
	p.line("")
	for _, note := range r.Notes {
		p.paragraph("", "Note: "+harmless(note))
	}
	if n := len(r.Failures); n > 0 {
		p.line("%s", p.severity(anomaly.High, plural(n, "file")+" could not be read:"))
		for _, f := range r.Failures {
			p.line("  %s: %s", harmless(f.File), harmless(f.Error))
		}
	}
	p.line("%s", r.DataEvents.String())
}

// String says what the events cost.
func (d DataEvents) String() string {
	if d.Count == 0 {
		return "No data events, so nothing that CloudTrail charges for."
	}
	over := fmt.Sprintf("%.1f days", d.Days)
	if d.Days < 2 {
		over = plural(int64(d.Days*24+0.5), "hour")
	}
	return fmt.Sprintf("%s in %s, about $%.2f a month at $0.10 per 100,000.", plural(d.Count, "data event"), over, d.USDAMonth)
}
