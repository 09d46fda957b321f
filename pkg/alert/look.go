package alert

import (
	"fmt"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
)

// look says where to find out more.
func (p *paper) look(i *Incident) {
	p.text("In CloudWatch Logs Insights (Region %s), log group %s, from %s on:", harmless(i.Region), harmless(i.LogGroup),
		i.First.UTC().Format("2 January 15:04 UTC"))
	p.query(query(i))
	p.text("Or, from the log files themselves:")
	p.command(report(i))
}

// query is for Logs Insights. It asks for deletes if there were any, else for all that was found in the bucket.
func query(i *Incident) string {
	if sum(deleted(i.Anomalies)) == 0 && !i.has(anomaly.NameDeniedDelete) {
		return fmt.Sprintf(`fields @timestamp, Severity, Anomaly, Principal, Explanation
| filter Type = "Anomaly" and BucketName = %s
| sort @timestamp desc`, quoted(bucketName(i)))
	}
	filter := `filter Type = "Delete" and BucketName = ` + quoted(bucketName(i))
	if names := i.principals(); pasteable(names) {
		list := make([]string, len(names))
		for k, n := range names {
			list[k] = quoted(n)
		}
		if len(list) == 1 {
			filter += "\n| filter Principal = " + list[0]
		} else {
			filter += "\n| filter Principal in [" + strings.Join(list, ",\n    ") + "]"
		}
	}
	if days := beginnings(i.First, i.Last); days != "" {
		filter += "\n| filter Time like /^" + days + "/"
	}
	return "fields Time, Key, VersionId, ErrorCode, Principal, SourceIPAddress\n| " + filter + "\n| sort Time | limit 10000"
}

// bucketName is the bucket as lines name it.
func bucketName(i *Incident) string {
	if i.Bucket == anomaly.Account {
		return anomaly.Account
	}
	return bucketOf(i)
}

// pasteable tells whether names can be copied out of the message. None of a principal begins with a hyphen, or a command
// would take it for an option.
func pasteable(names []string) bool {
	for _, n := range names {
		if n == "" || len(n) > maxName || !isHarmless(n) || n[0] == '-' {
			return false
		}
	}
	return len(names) > 0 && len(names) <= maxPersons
}

// beginnings is a regular expression for what times of a span begin with. Logs Insights doesn't say that it compares texts
// by their order.
func beginnings(first, last time.Time) string {
	first, last = first.UTC(), last.UTC()
	list := func(layout string, from time.Time, step time.Duration) string {
		var times []string
		for at := from; !at.After(last); at = at.Add(step) {
			times = append(times, at.Format(layout))
		}
		if len(times) == 1 {
			return times[0]
		}
		return "(" + strings.Join(times, "|") + ")"
	}
	switch length := last.Sub(first); {
	case length < 0 || length > 10*24*time.Hour:
		return ""
	case !sameDay(first, last):
		return list(time.DateOnly, first.Truncate(24*time.Hour), 24*time.Hour)
	case length > 6*time.Hour:
		return first.Format(time.DateOnly)
	}
	return first.Format(time.DateOnly) + "T" + list("15", first.Truncate(time.Hour), time.Hour)
}

// report is the operator's command.
func report(i *Incident) string {
	parts := []string{
		"bucketwatch report " + shell(logFiles(i)),
		"--since " + i.First.UTC().Truncate(time.Minute).Format(time.RFC3339) +
			" --until " + i.Last.UTC().Truncate(time.Minute).Add(time.Minute).Format(time.RFC3339),
	}
	if i.Bucket != anomaly.Account {
		parts = append(parts, "--bucket "+shell(bucketOf(i)))
	}
	if names := i.principals(); len(names) == 1 && pasteable(names) && !i.onlyAboutDigests() {
		parts = append(parts, "--principal "+shell(names[0]))
	}
	return strings.Join(parts, " \\\n  ")
}

// logFiles is where all log files of the trail are: s3://BUCKET, and what stands before AWSLogs/.
func logFiles(i *Incident) string {
	for _, a := range i.Anomalies {
		for _, file := range a.LogFiles {
			if place, _, ok := strings.Cut(file, "/AWSLogs/"); ok && strings.HasPrefix(file, "s3://") && isHarmless(place) && len(place) <= maxName {
				return place
			}
		}
	}
	return "s3://LOG-BUCKET"
}

var isRegion = pattern(`^[a-z][a-z0-9-]{1,30}$`)

// regionOf is the Region that a log file of the anomaly is of, by its key.
func regionOf(a *anomaly.Anomaly) string {
	for _, file := range a.LogFiles {
		if _, rest, ok := strings.Cut(file, "/CloudTrail/"); ok {
			if region, _, ok := strings.Cut(rest, "/"); ok && isRegion().MatchString(region) {
				return region
			}
		}
	}
	return ""
}
