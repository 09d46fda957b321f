package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Metrics is what is needed of CloudWatch's metrics.
type Metrics interface {
	GetMetricData(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
}

// health is the sum of the function's metrics of late.
type health struct {
	files, digests     float64 // of three hours
	ticks, ticksFailed float64 // of a quarter of an hour
	alertsFailed       float64 // likewise
	errors, throttles  float64 // of an hour
	eventsLost         float64 // of a day
	linesRefused       float64 // of a day
}

// sum is a metric, and over what time it is summed.
type sum struct {
	namespace, metric string
	of                string // the dimension
	span              time.Duration
	into              *float64
}

func (h *health) sums(s *Stack) []sum {
	ours, lambda, logs := s.Parameters["Namespace"], "AWS/Lambda", "AWS/Logs"
	const function, group = "FunctionName", "LogGroupName"
	return []sum{
		{ours, "FilesProcessed", function, silence, &h.files}, {ours, "DigestFiles", function, silence, &h.digests},
		{ours, "Ticks", function, 15 * time.Minute, &h.ticks}, {ours, "TicksFailed", function, 15 * time.Minute, &h.ticksFailed},
		{ours, "AlertsFailed", function, 15 * time.Minute, &h.alertsFailed},
		{lambda, "Errors", function, time.Hour, &h.errors}, {lambda, "Throttles", function, time.Hour, &h.throttles},
		{lambda, "AsyncEventsDropped", function, 24 * time.Hour, &h.eventsLost}, {lambda, "DeadLetterErrors", function, 24 * time.Hour, &h.eventsLost},
		{logs, "EMFParsingErrors", group, 24 * time.Hour, &h.linesRefused}, {logs, "EMFValidationErrors", group, 24 * time.Hour, &h.linesRefused},
	}
}

// readHealth asks for all metrics at once.
func readHealth(ctx context.Context, client Metrics, s *Stack, now time.Time) (health, error) {
	var h health
	sums := h.sums(s)
	in := &cloudwatch.GetMetricDataInput{StartTime: sdk.Time(now.Add(-24 * time.Hour)), EndTime: sdk.Time(now.Add(time.Minute))}
	for i, m := range sums {
		value := s.function()
		if m.of == "LogGroupName" {
			value = s.id("ProcessorLogGroup")
		}
		in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{
			Id: sdk.String(fmt.Sprintf("m%d", i)),
			MetricStat: &types.MetricStat{
				Period: sdk.Int32(300), Stat: sdk.String("Sum"),
				Metric: &types.Metric{Namespace: sdk.String(m.namespace), MetricName: sdk.String(m.metric), Dimensions: []types.Dimension{{Name: sdk.String(m.of), Value: &value}}},
			},
		})
	}
	pages := cloudwatch.NewGetMetricDataPaginator(client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return h, err
		}
		for _, r := range page.MetricDataResults {
			for i, m := range sums {
				if sdk.ToString(r.Id) != fmt.Sprintf("m%d", i) {
					continue
				}
				for k, at := range r.Timestamps {
					if k < len(r.Values) && at.Add(5*time.Minute).After(now.Add(-m.span)) {
						*m.into += r.Values[k]
					}
				}
			}
		}
	}
	return h, nil
}

// lookAtFlow looks whether files come, and whether they are processed: the one without the other says where it stops.
func lookAtFlow(ctx context.Context, objects Objects, metrics Metrics, s *Stack, now time.Time) ([]Finding, error) {
	arrived, arrivedErr := newest(ctx, objects, s, now)
	h, healthErr := readHealth(ctx, metrics, s, now)
	var findings []Finding
	if arrivedErr != nil {
		findings = append(findings, couldNotLook("files-arriving", arrivedErr))
	} else {
		findings = append(findings, judgeArrivals(s, arrived, now))
	}
	if healthErr != nil {
		return append(findings, couldNotLook("files-processed", healthErr)), nil
	}
	arriving := arrivedErr == nil && now.Sub(latest(arrived.logFile, arrived.digest)) <= silence
	return append(findings, judgeProcessing(s, &h, arriving, now), judgeErrors(s, &h), judgeTicks(s, &h, now), judgeMetricLines(s, &h)), nil
}

func judgeProcessing(s *Stack, h *health, arriving bool, now time.Time) Finding {
	f := Finding{Check: "files-processed", Verdict: OK}
	f.Fact = fmt.Sprintf("In the last three hours the function processed %s and %s.", count(int64(h.files), "log file", "log files"), count(int64(h.digests), "digest", "digests"))
	switch {
	case h.files+h.digests > 0:
	case s.isNew(now, 30*time.Minute):
		f.Verdict, f.Fact, f.Fix = Warning, "The function has processed no file yet: the stack is new.", "Look again in a quarter of an hour."
	case arriving:
		f.Verdict, f.Fact = Fault, fmt.Sprintf("Files come into %s, and the function %s processed none in three hours.", s.logBucket(), s.function())
		f.Fix, f.Command = "See what is said of the notification and the function; its log of the last day says what failed:", errorsInLog(s)
	default:
		f.Verdict, f.Fact, f.Fix = Fault, "The function processed no log file and no digest in three hours.", "See what is said of the files that should come."
	}
	return f
}

func judgeErrors(s *Stack, h *health) Finding {
	f := Finding{Check: "function-errors", Verdict: OK, Fact: "In the last hour no invocation of the function failed."}
	switch {
	case h.eventsLost > 0:
		f.Verdict, f.Fact = Fault, fmt.Sprintf("Lambda lost %s in the last day: their log files were not read.", count(int64(h.eventsLost), "event", "events"))
		f.Fix = "Put the log files of that time again under their keys (docs/RELIABILITY.md, What isn't protected). Was the function throttled, or the dead-letter queue out of reach?"
	case h.errors > 0:
		f.Verdict, f.Fact = Warning, fmt.Sprintf("In the last hour %s failed; Lambda tries each again, then it is in the dead-letter queue.", count(int64(h.errors), "invocation of the function", "invocations of the function"))
		f.Fix, f.Command = "The log says why:", errorsInLog(s)
	case h.throttles > 0:
		f.Verdict, f.Fact = Warning, fmt.Sprintf("In the last hour Lambda put off %s for want of concurrency; each is tried again for six hours.", count(int64(h.throttles), "invocation", "invocations"))
		f.Fix, f.Command = "See how many invocations the account may have at once; a new one has ten.", aws(s.Region, "lambda", "get-account-settings")
	}
	return f
}

func judgeTicks(s *Stack, h *health, now time.Time) Finding {
	f := Finding{Check: "ticks", Verdict: OK, Fact: fmt.Sprintf("In the last quarter of an hour %s ended well.", count(int64(h.ticks), "tick", "ticks"))}
	switch {
	case h.alertsFailed > 0:
		f.Verdict, f.Fact = Fault, fmt.Sprintf("%s not be sent in the last quarter of an hour; the next tick tries again.", count(int64(h.alertsFailed), "message could", "messages could"))
		f.Fix, f.Command = "The log says why the Alerts topic refused:", errorsInLog(s)
	case h.ticks > h.ticksFailed:
	case h.ticks+h.ticksFailed > 0:
		f.Verdict, f.Fact = Fault, fmt.Sprintf("In the last quarter of an hour %s failed and %.0f ended well: people are told late, or not at all.", count(int64(h.ticksFailed), "tick", "ticks"), h.ticks)
		f.Fix, f.Command = "The log says why; mostly it is the table, the topic or a permission:", errorsInLog(s)
	case s.isNew(now, 15*time.Minute):
		f.Verdict, f.Fact, f.Fix = Warning, "There was no tick yet: the stack is new.", "Look again in a quarter of an hour."
	default:
		f.Verdict, f.Fact = Fault, "For a quarter of an hour there was no tick: nothing is judged, and nobody is told of anything."
		f.Fix = "See what is said of the schedule and the function."
	}
	return f
}

func judgeMetricLines(s *Stack, h *health) Finding {
	if h.linesRefused == 0 {
		return Finding{Check: "metric-lines", Verdict: OK, Fact: "CloudWatch refused none of the function's metric lines in the last day."}
	}
	return Finding{
		Check: "metric-lines", Verdict: Fault, Fact: fmt.Sprintf("CloudWatch refused %s of the function in the last day: metrics are missing.", count(int64(h.linesRefused), "metric line", "metric lines")),
		Fix: strings.Join([]string{"It is a fault of BucketWatch: please report it, with a line of type Health or Bucket of that time from", s.id("ProcessorLogGroup") + "."}, " "),
	}
}
