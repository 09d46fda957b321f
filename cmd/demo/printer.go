package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"bucketwatch/internal/traffic"
)

// printer writes the demo's text. It keeps the first error, for the end.
type printer struct {
	w    io.Writer
	err  error
	open bool // a step has begun, and its line not ended
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// paragraph prints text in lines of the right width, indented.
func (p *printer) paragraph(indent int, text string) {
	for _, line := range wrap(text, width-indent) {
		p.printf("%*s%s\n", indent, "", line)
	}
}

func (p *printer) heading(text string) {
	p.printf("\n%s\n%s\n", text, strings.Repeat("─", len([]rune(text))))
}

// note prints a paragraph below a table.
func (p *printer) note(text string) {
	p.printf("\n")
	p.paragraph(2, text)
}

// step prints what begins, and done how it went, on one line.
func (p *printer) step(text string) {
	p.printf("  %s … ", text)
	p.open = true
}

func (p *printer) done(format string, args ...any) {
	p.printf(format+"\n", args...)
	p.open = false
}

// close ends the line of a step that failed.
func (p *printer) close() {
	if p.open {
		p.printf("\n")
	}
}

func (p *printer) intro(seed uint64) {
	p.paragraph(0, fmt.Sprintf("BucketWatch turns CloudTrail's log files into metrics for each S3 bucket. This demo runs the real Lambda"+
		" binary on this machine, without AWS: an S3 in this process holds the log files of one generated hour (seed %d), and a"+
		" Lambda runtime API sends the function the notification of each file. What happened in that hour:", seed))
	p.printf("\n")
	p.write(cast())
	p.printf("\n")
}

// cast says who does what in the generated hour.
func cast() string {
	t := &table{align: "ll"}
	t.row("photos", "an app uploads, reads and clears up; alice deletes in bulk at the S3 console")
	t.row("backups", "a nightly job deletes what is old, some of it by version id")
	t.row("invoices", "mallory tries to delete, is refused, and suspends versioning")
	t.row("static-site", "anybody reads, without credentials")
	t.row("trail-logs-…", "the log files themselves: mallory deletes one")
	return t.String()
}

func (p *printer) results(r *results, from, to time.Time) {
	p.heading(fmt.Sprintf("Metrics by bucket, %s to %s UTC", from.Format("15:04"), to.Format("15:04")))
	p.write(bucketTable(r))
	p.note("CloudWatch has them in the namespace BucketWatch, for each minute, with the dimension BucketName. The function ran" +
		" with BUCKETWATCH_METRICS=full; the default, essential, publishes those with a * alone, since a metric costs about $0.30 a" +
		" month for each bucket. Requests and deleted objects are two numbers: one DeleteObjects request deletes up to a" +
		" thousand objects. A dot is no data.")
	p.heading("Who sent most requests")
	p.write(callerTable(r, 8))
	p.heading(fmt.Sprintf("Anomalies: %d", len(r.anomalies)))
	for _, a := range r.anomalies {
		p.printf("  %s  %s  %s\n", a.Severity, a.Anomaly, a.BucketName)
		p.paragraph(4, a.Explanation)
	}
	p.note("BucketWatch reports what needs no history to judge: a protection removed, a log file deleted.")
	p.heading(fmt.Sprintf("Deletes: %s, the first of each sort", grouped(int64(len(r.deletes)))))
	p.write(deleteTable(r, 8))
}

func (p *printer) verdict(r *results, truth *traffic.Truth, differences []string) {
	p.heading("Do the numbers hold?")
	p.write(classTable(r))
	p.printf("\n")
	if r.reconcile() {
		p.paragraph(2, "The counts reconcile: each record read is of one class.")
	} else {
		p.paragraph(2, "The counts DO NOT RECONCILE: the classes don't add up to the records read.")
	}
	if len(differences) == 0 {
		p.paragraph(2, fmt.Sprintf("The counts match the generated traffic: every metric, operation, error code, caller, anomaly and"+
			" delete of %d buckets. The generator knew them before it wrote the log files, and shares no code with the function.",
			len(truth.Buckets)))
	} else {
		p.paragraph(2, "The counts DIFFER from the generated traffic:")
	}
	for i, d := range differences {
		if i == 20 {
			p.printf("    and %d more\n", len(differences)-i)
			break
		}
		p.printf("    %s\n", d)
	}
	if len(r.problems) > 0 {
		p.paragraph(2, "The function's log has warnings or errors:")
	}
	for _, problem := range r.problems {
		p.printf("    %s\n", problem)
	}
}

func (p *printer) next(out outputs) {
	p.heading("Look further")
	p.paragraph(2, "The lines that CloudWatch makes these metrics of (embedded metric format), and the function's log:")
	p.printf("    %s\n    %s\n", out.metrics, out.log)
	p.paragraph(2, "All about the anomalies; who deleted an invoice; how one log file was processed:")
	p.printf("    grep '\"Type\":\"Anomaly\"' %s\n", out.metrics)
	p.printf("    grep '\"Type\":\"Delete\"' %s | grep INV-00017.pdf\n", out.log)
	p.printf("    grep '\"Type\":\"Health\"' %s | tail -1\n", out.metrics)
	p.paragraph(2, "The same for the buckets of your AWS account, with the AWS SAM CLI:")
	p.printf("    sam build && sam deploy\n")
}

func (p *printer) write(text string) { p.printf("%s", text) }
