package project

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/metric"
)

// What is assumed of a log file in docs/PERFORMANCE.md's table of rates, beside what is assumed in README's.
const (
	fileBuckets  = 3      // of a log file
	fileMinutes  = 5      // whose requests a log file has: CloudTrail delivers every five minutes
	smallRecords = 100    // of an ordinary account and Region
	fullRecords  = 29_376 // internal/traffic's LargeRecords: 50 MB
	listed       = 1_000  // deletes of a log file that have a line, at most
	keyBytes     = 2.0    // remembered of a record, where a fifth are uploads: as make simulate measured it with full files
)

// rate is a row of the table: so many log files an hour, of so many records.
type rate struct{ files, records, buckets int }

var rates = []rate{
	{10, smallRecords, 10}, {10, fullRecords, 10},
	{1_000, smallRecords, 100}, {1_000, fullRecords, 100},
	{100_000, smallRecords, 1_000}, {100_000, fullRecords, 1_000},
}

// rateCost is what a rate costs in a month, in dollars, with the eight metrics of Metrics=essential.
type rateCost struct {
	function, table, logs, metrics, logFiles, dataEvents float64
	logBytes                                             float64 // of a log file
}

func (c *rateCost) sum() float64 {
	return c.function + c.table + c.logs + c.metrics + c.logFiles + c.dataEvents
}

func newRateCost(r rate, perBucket, own int, m measured) rateCost {
	files, records := float64(r.files)*hours, float64(r.files)*hours*float64(r.records)
	deleted := min(float64(r.records)*deletes/requests, listed)
	var c rateCost
	weight := func(lines float64, bytes int) float64 { return lines * float64(bytes+lineOverhead) }
	c.logBytes = weight(fileBuckets*fileMinutes, m.bucket) + weight(fileBuckets*callers, m.caller) + weight(deleted, m.delete) +
		weight(1, m.health) + weight(1, m.log) + weight(1, platformBytes)
	c.function = files*(priceInvocations+priceTraces) + (files*invocationTime+records*recordTime)*memoryGB*priceGBSecond
	c.table = files*(fileBuckets*(stateWrites*priceWriteUnits+stateReads*priceReadUnits)+claimWrites*priceWriteUnits+listReads*priceReadUnits) +
		records*keyBytes/1024*priceWriteUnits
	c.logs = files * c.logBytes / 1e9 * (priceLogGB + compressed*logMonths*priceLogGBMonth)
	c.metrics = metricsCost(r.buckets*perBucket + own)
	c.logFiles = files*(pricePuts+priceGets) + records*float64(m.record)/1e9*fileMonths*priceStorageGB
	c.dataEvents = records * priceDataEvents
	return c
}

const ratesBegin, ratesEnd = "<!-- rates:begin -->\n", "<!-- rates:end -->\n"

// The table of what rates cost is computed as the README's is, from the same prices and weights.
func TestRates(t *testing.T) {
	b, err := os.ReadFile(inRoot("docs/PERFORMANCE.md"))
	if err != nil {
		t.Fatal(err)
	}
	before := string(b)
	section := ratesText(t)
	after, ok := replacePart(before, ratesBegin, ratesEnd, section)
	if !ok {
		t.Fatalf("docs/PERFORMANCE.md lacks the part %s:\n%s", strings.TrimSpace(ratesBegin), ratesBegin+section+ratesEnd)
	}
	if *update {
		if err := os.WriteFile(inRoot("docs/PERFORMANCE.md"), []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(after, before); diff != "" {
		t.Errorf("docs/PERFORMANCE.md has other costs (-want +got), go test -update writes it:\n%s", diff)
	}
}

func ratesText(t *testing.T) string {
	m := measure(t, metric.Essential)
	usual := newCost(1, metric.Essential, m, watched{})
	var s strings.Builder
	s.WriteString("| Files an hour | Records of each | Function | Table | Logs | Metrics | Log files in S3 | BucketWatch and S3 | CloudTrail's data events |\n" +
		"|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	dollars := func(d float64) string {
		if d >= 100 {
			return thousands(int(math.Round(d)))
		}
		return fmt.Sprintf("%.2f", d)
	}
	var small, full rateCost
	for _, r := range rates {
		c := newRateCost(r, usual.perBucket, usual.own, m)
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %s | %s | %s | **%s** | %s |\n", thousands(r.files), thousands(r.records),
			dollars(c.function), dollars(c.table), dollars(c.logs), dollars(c.metrics), dollars(c.logFiles), dollars(c.sum()-c.dataEvents), dollars(c.dataEvents))
		if r.records == smallRecords {
			small = c
		} else {
			full = c
		}
	}
	s.WriteString("\n" + wrap("", "Dollars a month of %d hours, with the prices and assumptions of the [README](../README.md#what-it-costs), in %s, %s and %s buckets "+
		"at `essential`, %d of them in each file; the ticks, the digests and what is watched, about $7, are left out. For a file: $%.2f a million "+
		"invocations, traced, and %.1f s and %.1f ms a record, so %.2f s or %.2f s, of %.2f GB; at most %d × (%.1f write and %.1f read units) and %d write units of "+
		"its claim and %d read unit of its digest, and a write unit for each KB of keys, %.0f bytes a record; %d lines about buckets and minutes, %d about callers, 1%% of the records as deletes (at most %s), and three: "+
		"%.1f KB, or %.0f KB where the file is full.",
		hours, thousands(10), thousands(100), thousands(1000), fileBuckets, (priceInvocations+priceTraces)*1e6, invocationTime, recordTime*1000,
		invocationTime+smallRecords*recordTime, invocationTime+fullRecords*recordTime, memoryGB, fileBuckets, stateWrites, stateReads, claimWrites, listReads, keyBytes,
		fileBuckets*fileMinutes, fileBuckets*callers, thousands(listed), small.logBytes/1e3, full.logBytes/1e3))
	return s.String()
}

// A row by hand, so that a slip in the formula shows: 730,000 files of 100 records a month.
func TestNewRateCost(t *testing.T) {
	c := newRateCost(rate{1_000, 100, 100}, 8, 13, measured{bucket: 74, caller: 74, delete: 74, health: 74, log: 74, tick: 74, record: 100})
	for _, tt := range []struct {
		name      string
		got, want float64
	}{
		{"bytes of log of a file", c.logBytes, 15*100 + 6*100 + 1*100 + 100 + 100 + 626},
		{"function", c.function, 730_000*0.0000052 + (73_000+7_300)*0.25*0.0000133334},
		{"table", c.table, 730_000 * (3*(4.2*0.000000625+8.9*0.000000125) + 2*0.000000625 + 0.000000125 + 200.0/1024*0.000000625)},
		{"logs", c.logs, 730_000 * 3026 / 1e9 * 0.5135},
		{"metrics", c.metrics, 813 * 0.30},
		{"log files", c.logFiles, 730_000*0.0000054 + 7.3*13*0.023},
		{"data events", c.dataEvents, 73},
	} {
		if math.Abs(tt.got-tt.want) > 0.001 {
			t.Errorf("%s = %.4f, want %.4f", tt.name, tt.got, tt.want)
		}
	}
}
