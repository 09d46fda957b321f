package project

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/metric"
)

var update = flag.Bool("update", false, "write the cost section of README.md anew")

// List prices in dollars, us-east-1, as they stood in 2026.
const (
	priceDataEvents    = 0.10 / 100_000 // https://aws.amazon.com/cloudtrail/pricing/
	priceLogGB         = 0.50           // https://aws.amazon.com/cloudwatch/pricing/
	priceLogGBMonth    = 0.03
	priceAlarmMetric   = 0.10
	priceDashboard     = 3.00
	priceRule          = 0.50
	priceRuleEvents    = 0.02 / 1_000_000
	priceInvocations   = 0.20 / 1_000_000 // https://aws.amazon.com/lambda/pricing/, arm64
	priceGBSecond      = 0.0000133334
	priceTraces        = 5.00 / 1_000_000 // https://aws.amazon.com/xray/pricing/
	priceQueueRequests = 0.40 / 1_000_000 // https://aws.amazon.com/sqs/pricing/
	priceStorageGB     = 0.023            // https://aws.amazon.com/s3/pricing/
	pricePuts          = 0.005 / 1_000
	priceGets          = 0.0004 / 1_000
	priceWriteUnits    = 0.625 / 1_000_000 // https://aws.amazon.com/dynamodb/pricing/on-demand/
	priceReadUnits     = 0.125 / 1_000_000
	priceTableGB       = 0.25
	priceSchedule      = 1.00 / 1_000_000 // https://aws.amazon.com/eventbridge/pricing/, after 14 million a month
	pricePublish       = 0.50 / 1_000_000 // https://aws.amazon.com/sns/pricing/
	priceMail          = 2.00 / 100_000
)

// What the table is asked for each bucket in a log file, ticks that judge it included, as it was measured at 12 files an
// hour where each has deletes in each bucket: most have not, and ask for less. docs/ARCHITECTURE.md has other rates.
const (
	stateCalls  = 7.7
	stateWrites = 4.2 // write request units
	stateReads  = 8.9 // read request units
	claimCalls  = 2   // for each log file and digest
	claimWrites = 2
	digestReads = 1   // read unit for each digest
	listReads   = 1   // for each log file that a digest names
	dueReads    = 1   // for each tick, also if nothing is due
	stateStored = 3e6 // bytes of a bucket at a time; assumed
)

// priceMetrics are the tiers of custom metrics: so many, at so much each.
var priceMetrics = []struct {
	count int
	price float64
}{{10_000, 0.30}, {240_000, 0.10}, {750_000, 0.05}, {math.MaxInt, 0.02}}

func metricsCost(n int) (dollars float64) {
	for _, tier := range priceMetrics {
		in := min(n, tier.count)
		dollars += float64(in) * tier.price
		n -= in
	}
	return dollars
}

// What is assumed. A month has 730 hours.
const (
	hours            = 730
	requests         = 100_000 // of a bucket
	deletes          = 1_000   // of a bucket's requests
	filesAnHour      = 24      // log files, each with records of every bucket
	digestsAnHour    = 17      // one for each Region that an account has by default
	minutesInFiles   = 2       // log files that a minute's records come in
	callers          = 2       // of a bucket in a log file
	lineOverhead     = 26      // bytes that CloudWatch Logs adds to each
	platformBytes    = 600     // of Lambda's own lines about an invocation
	compressed       = 0.15    // of the log's bytes, as it is stored
	logMonths        = 3       // LogRetentionDays, 90
	fileMonths       = 13      // LogFileRetentionDays, 365, and 30 days as an old version
	memoryGB         = 0.25    // MemorySize, 256
	invocationTime   = 0.1     // seconds for a log file or a digest
	recordTime       = 0.0001  // seconds for a record
	tickTime         = 0.1     // seconds for a tick
	ticks            = 60 * hours
	pollsAMonth      = 5 * 3 * 60 * hours
	bucketsOfDeletes = 1 // buckets with unexpected deletes
)

// cost is one row of the table.
type cost struct {
	buckets                                                            int
	level                                                              metric.Level
	perBucket, own                                                     int // metrics
	dataEvents, metrics, logs, logFiles, function, table, watch, total float64
}

// absent are the health metrics that have no data while all is well, and so aren't billed: zeros are never published.
var absent = []int{
	metric.RecordsTooOld, metric.RecordsMalformed, metric.RecordsUnaccounted, metric.RecordsNotCompared, metric.LatenciesNotKept,
	metric.BucketsNotTold, metric.CallersNotTold, metric.DeletesNotListed, metric.DeletesUnattributed, metric.KeysNotKept,
	metric.FilesTakenOver, metric.TicksFailed, metric.KeysNotJudged, metric.AlertsPublished, metric.AlertsFailed, metric.AlertsHeldBack,
	metric.FilesRefused, metric.MissingLogFiles, metric.AlteredLogFiles, metric.DigestsNotCompared, metric.ChangesNotTold,
}

// measured is what lines and records weigh, in bytes, rounded up to 50.
type measured struct {
	bucket, caller, delete, health, log int
	tick                                int // the Health line of one
	record                              int // compressed in a log file
}

// watched counts what the nested stack has that costs.
type watched struct{ alarmMetrics, dashboards, rules int }

func newCost(buckets int, level metric.Level, m measured, w watched) cost {
	n := float64(buckets)
	c := cost{buckets: buckets, level: level, own: len(metric.Health) - len(absent)}
	for _, definitions := range [][]metric.Definition{metric.Bucket[:], metric.Latency[:]} {
		for _, d := range definitions {
			if d.Level <= level {
				c.perBucket++
			}
		}
	}
	const files = filesAnHour * hours
	const digests = digestsAnHour * hours
	callerLines := n * files * callers

	c.dataEvents = n * requests * priceDataEvents
	c.metrics = metricsCost(buckets*c.perBucket + c.own)
	weight := func(lines float64, bytes int) float64 { return lines * float64(bytes+lineOverhead) / 1e9 }
	logGB := weight(n*60*hours*minutesInFiles, m.bucket) +
		weight(callerLines, m.caller) +
		weight(n*deletes, m.delete) +
		weight(files+digests, m.health) + weight(files+digests, m.log) + weight(files+digests, platformBytes) +
		weight(ticks, m.tick) + weight(ticks, platformBytes)
	c.logs = logGB*priceLogGB + logGB*compressed*logMonths*priceLogGBMonth
	c.logFiles = n*requests*float64(m.record)/1e9*fileMonths*priceStorageGB + (files+digests)*pricePuts + (files+digests)*priceGets
	c.function = (files+digests+ticks)*(priceInvocations+priceTraces) + ticks*priceSchedule +
		((files+digests)*invocationTime+ticks*tickTime+n*requests*recordTime)*memoryGB*priceGBSecond + pollsAMonth*priceQueueRequests
	c.table = n*files*(stateWrites*priceWriteUnits+stateReads*priceReadUnits) + (files+digests)*claimWrites*priceWriteUnits +
		(digests*digestReads+files*listReads)*priceReadUnits +
		ticks*dueReads*priceReadUnits + n*stateStored/1e9*priceTableGB
	c.watch = float64(w.alarmMetrics+bucketsOfDeletes)*priceAlarmMetric + float64(w.dashboards)*priceDashboard +
		float64(w.rules)*(priceRule+callerLines*priceRuleEvents)
	for _, part := range []*float64{&c.dataEvents, &c.metrics, &c.logs, &c.logFiles, &c.function, &c.table, &c.watch} {
		*part = math.Round(*part*100) / 100 // so that the row adds up as it is read
	}
	c.total = c.dataEvents + c.metrics + c.logs + c.logFiles + c.function + c.table + c.watch
	return c
}

// measure weighs what the pipeline writes about an hour of log files.
func measure(t *testing.T, level metric.Level) measured {
	t.Helper()
	texts, err := written[level.String()]()
	if err != nil {
		t.Fatal(err)
	}
	type weight struct{ bytes, n int }
	weights := map[string]weight{}
	for _, text := range texts {
		var line struct{ Type, Message, LogFile string }
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		kind := line.Type + line.Message
		if kind == "Health" && line.LogFile == "" {
			kind = "tick"
		}
		w := weights[kind]
		weights[kind] = weight{w.bytes + len(text), w.n + 1}
	}
	var files weight
	for _, f := range hour().Files {
		files = weight{files.bytes + len(f.Body), files.n + f.Records}
	}
	mean := func(w weight) int {
		if w.n == 0 {
			t.Fatal("no such line was written")
		}
		return (w.bytes/w.n + 49) / 50 * 50
	}
	return measured{
		bucket: mean(weights["Bucket"]), caller: mean(weights["Caller"]), delete: mean(weights["Delete"]),
		health: mean(weights["Health"]), log: mean(weights["log file processed"]), tick: mean(weights["tick"]), record: mean(files),
	}
}

// count counts what costs in the nested stack.
func count(t *testing.T) (w watched) {
	t.Helper()
	s := deployMonitoring(t, nil)
	for _, r := range s.byKind("AWS::CloudWatch::Alarm") {
		uses, _, _ := alarmMetrics(r)
		w.alarmMetrics += len(uses)
	}
	w.dashboards = len(s.byKind("AWS::CloudWatch::Dashboard"))
	w.rules = len(s.byKind("AWS::CloudWatch::InsightRule"))
	return w
}

const (
	costBegin, costEnd       = "<!-- cost:begin -->\n", "<!-- cost:end -->\n"
	summaryBegin, summaryEnd = "<!-- cost summary:begin -->\n", "<!-- cost summary:end -->\n"
)

// The README's cost section is computed: metrics from the catalogue, lines from what the pipeline writes, alarms and
// rules from the template.
func TestCost(t *testing.T) {
	b, err := os.ReadFile(inRoot("README.md"))
	if err != nil {
		t.Fatal(err)
	}
	before := string(b)
	summary, section := costText(t)
	after, ok := replacePart(before, costBegin, costEnd, section)
	after, ok2 := replacePart(after, summaryBegin, summaryEnd, summary)
	if !ok || !ok2 {
		t.Fatalf("README.md lacks the parts %s and %s:\n%s\n%s", strings.TrimSpace(summaryBegin), strings.TrimSpace(costBegin),
			summaryBegin+summary+summaryEnd, costBegin+section+costEnd)
	}
	if *update {
		if err := os.WriteFile(inRoot("README.md"), []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(after, before); diff != "" {
		t.Errorf("README.md has other costs than the catalogue gives (-want +got), go test -update writes it:\n%s", diff)
	}
}

// replacePart replaces what stands between two markers.
func replacePart(text, begin, end, part string) (string, bool) {
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return text, false
	}
	return head + begin + part + end + tail, true
}

func costText(t *testing.T) (summary, section string) {
	w := count(t)
	weights := map[metric.Level]measured{}
	levels := []metric.Level{metric.None, metric.Essential, metric.Full}
	for _, level := range levels {
		weights[level] = measure(t, level)
	}
	m, f, none := weights[metric.Essential], weights[metric.Full], weights[metric.None]
	essential := newCost(10, metric.Essential, m, w)
	summary = wrap("", "**What it costs.** Ten buckets with 100,000 requests a month each cost about $%.0f a month with the default %d metrics each, and $%.0f "+
		"with `Metrics` at `none` (us-east-1, without free tiers). CloudWatch's price for metrics leads: $%.2f of it. "+
		"Each further million requests costs $1.00 for CloudTrail's data events: look at your busiest buckets first; `TrailBuckets` and "+
		"`TrailEvents` leave requests out. Beside a trail that records management events, changes to any resource cost $2.00 per 100,000 more "+
		"unless `ManagementEvents` is `none`. [What it costs](#what-it-costs) has more buckets, and the arithmetic.",
		essential.total, essential.perBucket, newCost(10, metric.None, none, w).total, essential.metrics)

	var s strings.Builder
	s.WriteString(wrap("", "Dollars a month, us-east-1, list prices as they stood in 2026 (check them before you rely on them), without free tiers:"))
	s.WriteString("\n| Buckets | `Metrics` | Metrics published | Metrics | Data events | Logs | Log files | Function | Table | Watching | Sum |\n" +
		"|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, buckets := range []int{10, 100, 300, 1000} {
		for _, level := range levels {
			c := newCost(buckets, level, weights[level], w)
			fmt.Fprintf(&s, "| %s | `%s` | %s × %d + %d = %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | **%.2f** |\n", thousands(buckets), level,
				thousands(buckets), c.perBucket, c.own, thousands(buckets*c.perBucket+c.own),
				c.metrics, c.dataEvents, c.logs, c.logFiles, c.function, c.table, c.watch, c.total)
		}
	}
	s.WriteString("\n" + wrap("", "Assumed is that each bucket is in use in every minute: %s requests a month by %d callers, %s objects deleted among "+
		"them. CloudTrail delivers %d log files an hour, with records of every bucket, a minute's records in %d of them, and a digest for "+
		"each of %d Regions. A month has %d hours. A metric is billed only for the hours in which it has data, so buckets with quiet hours "+
		"cost less.", thousands(requests), callers, thousands(deletes), filesAnHour, minutesInFiles, digestsAnHour, hours) + "\n")
	item := func(format string, args ...any) { s.WriteString(wrap("  ", "- "+format, args...)) }
	item("**Metrics**: those of each bucket and %d of the function, each $0.30; from the 10,001st on $0.10, from the 250,001st $0.05, "+
		"from the 1,000,001st $0.02. `Buckets` says which buckets have any. %d more of the function, and those of anomalies, have data "+
		"only when there is something to tell.", essential.own, len(absent))
	item("**Data events**: CloudTrail's $0.10 per 100,000. The record of each object that a `DeleteObjects` call deletes is one, too. " +
		"`TrailEvents` and `TrailBuckets` record fewer. Where another trail records management events already, the second copy costs " +
		"$2.00 per 100,000 that change something, unless `ManagementEvents` is `none`.")
	item("**Logs**: for each bucket %s minutes × %d lines of %d bytes (`none` %d, `full` %d), %s files × %d lines about callers of %d bytes, "+
		"and %s about deletes of %d; for each file and digest %d + %d bytes, and %d of Lambda's own; for each of %s ticks %d, and %d of "+
		"Lambda's own; for each line %d that CloudWatch adds. "+
		"$0.50 a gigabyte, and %.0f%% of it stored for %d months (`LogRetentionDays` 90) at $0.03.",
		thousands(60*hours), minutesInFiles, m.bucket, none.bucket, f.bucket, thousands(filesAnHour*hours), callers, m.caller,
		thousands(deletes), m.delete, m.health, m.log, platformBytes, thousands(ticks), m.tick, platformBytes, lineOverhead, 100*compressed, logMonths)
	item("**Log files** in S3: %d bytes a record, kept for %d months (`LogFileRetentionDays` 365, and 30 days as old versions) at $0.023 a "+
		"gigabyte; writing and reading %s files and %s digests.", m.record, fileMonths, thousands(filesAnHour*hours), thousands(digestsAnHour*hours))
	item("**Function**: an invocation for each file and digest, and for a tick each minute, %s a month, at $0.20 a million, traced by X-Ray at "+
		"$5.00 a million; %.1f seconds for a file, a digest or a tick and %.1f milliseconds for a record (assumed, not measured on Lambda) at 256 MB of "+
		"arm64, $%.10f a gigabyte-second; the schedule at $1.00 a million, of which the first 14 million a month are free; Lambda's %s looks "+
		"into the empty retry queue at $0.40 a million.", thousands(ticks), invocationTime, recordTime*1000, priceGBSecond, thousands(pollsAMonth))
	item("**Table**: at most, as if each log file had deletes in each bucket, it costs for each bucket in a file %.1f write units at $0.625 a "+
		"million and %.1f read units at $0.125 a million, in %.1f calls, those of the ticks that judge it included; and for each file and digest %d write "+
		"units in %d calls, for each digest %d read unit, and %d more for each log file that it names. A tick with nothing due is %d read unit, %s a month. It grows with files and buckets, hardly with objects: a kilobyte of packed keys is one write unit more. About "+
		"%.0f MB are kept of each bucket (assumed) at $0.25 a gigabyte.", stateWrites, stateReads, stateCalls, claimWrites, claimCalls, digestReads, listReads, dueReads,
		thousands(ticks*dueReads), stateStored/1e6)
	item("**Watching**: alarms on %d metrics at $0.10, and $0.10 for each bucket with unexpected deletes, here %d; the dashboard, $%.2f; "+
		"%d contributor rules at $0.50, and $0.02 per million lines about callers for each rule. Not counted: what an open dashboard's "+
		"queries read of the log, $0.005 a gigabyte; and messages, an e-mail of which costs $%.5f.", w.alarmMetrics, bucketsOfDeletes, priceDashboard*float64(w.dashboards), w.rules, pricePublish+priceMail)
	return summary, s.String()
}

// wrap breaks a text into lines of at most 120 characters, the second and later ones indented.
func wrap(indent, format string, args ...any) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(fmt.Sprintf(format, args...)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i > 0 && width+1+n > 120:
			b.WriteString("\n" + indent)
			width = len(indent)
		case i > 0:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += n
	}
	return b.String() + "\n"
}

// thousands writes a number as people read it: 1,000.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

func TestMetricsCost(t *testing.T) {
	for _, tt := range []struct {
		metrics int
		want    float64
	}{
		{0, 0}, {99, 29.70}, {10_000, 3_000}, {10_001, 3_000.10}, {250_000, 27_000}, {250_001, 27_000.05}, {1_000_001, 64_500.02},
	} {
		if got := metricsCost(tt.metrics); math.Abs(got-tt.want) > 0.001 {
			t.Errorf("metricsCost(%d) = %.3f, want %.3f", tt.metrics, got, tt.want)
		}
	}
}

// The smallest row by hand, so that a slip in the formula shows.
func TestNewCost(t *testing.T) {
	c := newCost(10, metric.Essential, measured{bucket: 74, caller: 74, delete: 74, health: 74, log: 74, tick: 74, record: 100}, watched{10, 1, 2})
	const asked = 175_200 // ten buckets in each of 17,520 files
	for _, tt := range []struct {
		name      string
		got, want float64
	}{
		{"data events", c.dataEvents, 1.00},                                                                         // 10 × $0.10
		{"metrics", c.metrics, float64(80+13) * 0.30},                                                               // 8 each
		{"logs", c.logs, (0.1*(0.8760+0.3504+0.01) + (200+626)*29_930/1e9 + (100+626)*43_800/1e9) * 0.5135},         // GB at $0.50 + 3 × 15 % × $0.03
		{"log files", c.logFiles, 0.1*13*0.023 + 29_930*0.000005 + 29_930*0.0000004},                                // 0.1 GB for 13 months
		{"function", c.function, 73_730*0.0000052 + 43_800*0.000001 + (2_993+4_380+100)*0.25*0.0000133334 + 0.2628}, // 657,000 polls
		{"table", c.table, asked*(4.2*0.000000625+8.9*0.000000125) + 29_930*2*0.000000625 + (12_410+17_520)*0.000000125 + 43_800*0.000000125 + 10*0.003*0.25},
		{"watching", c.watch, 1.10 + 3.00 + 2*(0.50+0.3504*0.02)},
		{"sum", c.total, c.dataEvents + c.metrics + c.logs + c.logFiles + c.function + c.table + c.watch},
	} {
		if math.Abs(tt.got-tt.want) > 0.00501 { // newCost rounds to cents
			t.Errorf("%s = %.4f, want %.4f", tt.name, tt.got, tt.want)
		}
	}
}

// What is left out of the health metrics' price is what an hour of log files without a fault doesn't publish.
func TestAbsentMetrics(t *testing.T) {
	texts, err := written["essential"]()
	if err != nil {
		t.Fatal(err)
	}
	// A generated hour has some of each: a record without a name, a request two weeks old, a call without its keys' caller, a
	// trail's first digests.
	odd := []int{metric.RecordsTooOld, metric.RecordsMalformed, metric.DeletesUnattributed, metric.AlertsPublished, metric.DigestsNotCompared}
	for _, text := range texts {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		for _, i := range absent {
			if _, ok := line[metric.Health[i].Name]; ok && line["Type"] == "Health" && !slices.Contains(odd, i) {
				t.Errorf("%s has data: it costs, too", metric.Health[i].Name)
			}
		}
	}
}
