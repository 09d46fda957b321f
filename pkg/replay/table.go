package replay

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
)

// severities are those of messages, the worst first.
var severities = []anomaly.Severity{anomaly.Critical, anomaly.High, anomaly.Medium, anomaly.Low}

// WriteTable writes what people read: how many messages there were a week, of which detectors, and which.
func (a *Alerts) WriteTable(w io.Writer) error {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	a.head(line)
	if len(a.Alerts) > 0 {
		a.weeks(line)
		line("\nMESSAGES  as subscribers would have got them; --format json has them whole")
	}
	for i := range a.Alerts {
		one := &a.Alerts[i]
		line("\n%s UTC  %s", one.Time.Format("2006-01-02 15:04"), one.Subject)
		line("  %s, by %s", one.Bucket, printable(one.Principal))
		line("  %s", one.sentence())
	}
	if len(a.Failures) > 0 {
		line("\n%s could not be read:", plural(len(a.Failures), "file"))
		for _, f := range a.Failures {
			line("  %s: %s", printable(f.File), printable(f.Error))
		}
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("cannot write the alerts: %w", err)
	}
	return nil
}

func (a *Alerts) head(line func(string, ...any)) {
	line("%s, %s", plural(a.All.Messages, "message"), perWeek(a.All))
	files := plural(a.Files, "log file") + " played"
	if a.Duplicates > 0 {
		files += ", " + plural(a.Duplicates, "duplicate") + " left out"
	}
	if !a.From.IsZero() {
		files += "; delivered from " + a.From.Format("2006-01-02 15:04") + " to " + a.Until.Format("2006-01-02 15:04") + " UTC"
	}
	line("%s", files)
	if a.Later.Weeks > 0 {
		line("first two weeks, while little is known of what is usual: %s, %s", plural(a.FirstTwoWeeks.Messages, "message"), perWeek(a.FirstTwoWeeks))
		line("after that: %s, %s", plural(a.Later.Messages, "message"), perWeek(a.Later))
	} else if !a.From.IsZero() {
		line("These are no more than the first two weeks, in which surges and new deleters are hardly told: what is usual is not known yet.")
	}
	severity := "AlertSeverity " + string(a.AlertSeverity)
	if a.AlertSeverity != anomaly.Critical {
		severity += " (and above)"
	}
	if a.ExpectedDeletes == "" {
		line("With %s, and no expected deletes: --alert-severity and --expected-deletes FILE change what is told.", severity)
	} else {
		line("With %s, and the deletes expected by %s.", severity, printable(a.ExpectedDeletes))
	}
}

// perWeek says how many a week.
func perWeek(r Rate) string {
	over := strconv.FormatFloat(r.Weeks, 'f', 1, 64) + " weeks"
	if r.Weeks < 1 {
		over = strconv.FormatFloat(r.Weeks*7, 'f', 1, 64) + " days"
	}
	if r.Messages == 0 || r.PerWeek == 0 {
		return "in " + over
	}
	if r.PerWeek < 0.1 {
		return "fewer than 0.1 a week in " + over
	}
	return strconv.FormatFloat(r.PerWeek, 'f', 1, 64) + " a week in " + over
}

// weeks is the table of weeks and detectors. Weeks without any message are in it, too: they are what one hopes for.
func (a *Alerts) weeks(line func(string, ...any)) {
	row := func(week, detector string, cell func(anomaly.Severity) string, messages string) {
		var b strings.Builder
		fmt.Fprintf(&b, "%-10s  %-22s", week, detector)
		for _, s := range severities {
			if s.Compare(a.AlertSeverity) >= 0 {
				fmt.Fprintf(&b, "  %8s", cell(s))
			}
		}
		fmt.Fprintf(&b, "  %8s", messages)
		line("%s", strings.TrimRight(b.String(), " "))
	}
	count := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	line("")
	row("WEEK FROM", "TOLD FIRST", func(s anomaly.Severity) string { return string(s) }, "MESSAGES")
	for i := 0; i < len(a.Weeks); i++ {
		w := &a.Weeks[i]
		from := w.From.Format(time.DateOnly)
		if w.Messages == 0 {
			quiet := 1
			for ; i+1 < len(a.Weeks) && a.Weeks[i+1].Messages == 0; i++ {
				quiet++
			}
			none := "none"
			if quiet > 1 {
				none += " in " + plural(quiet, "week")
			}
			row(from, none, func(anomaly.Severity) string { return "" }, "0")
			continue
		}
		for k, d := range w.Detectors {
			if k > 0 {
				from = ""
			}
			row(from, d.Anomaly, func(s anomaly.Severity) string { return count(d.Severities[s]) }, count(d.Messages))
		}
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// printable makes text harmless to a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, cmp.Or(text, "-"))
}
