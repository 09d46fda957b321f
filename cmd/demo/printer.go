package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/printable"
)

// printer writes the demo's text, of which no more reaches the terminal than can be shown: it has keys and user agents in
// it. It keeps the first error, for the end.
type printer struct {
	w    io.Writer
	err  error
	open bool // a step has begun, and its line not ended
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, printable.Lines(fmt.Sprintf(format, args...)))
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

func (p *printer) intro(seed uint64, story *traffic.Story) {
	p.paragraph(0, fmt.Sprintf("BucketWatch turns CloudTrail's log files into metrics for each S3 bucket, and says so when objects"+
		" are deleted that nobody expected to lose. This demo runs the real Lambda binary on this machine, without AWS: an S3 in"+
		" this process holds generated log files (seed %d), a Lambda runtime API sends the function the notification of each"+
		" file, and ticks, and an SNS takes its messages. First come two quiet weeks, which show what is usual, then the"+
		" afternoon of %s:", seed, story.During.From.Format("2 January 2006")))
	p.printf("\n")
	p.write(cast())
	p.printf("\n")
}

// cast says who does what in the generated afternoon.
func cast() string {
	t := &table{align: "ll"}
	t.row("photos", "users put pictures up, look at them, and delete old ones: all by the app's role;")
	t.row("", "a thumbnailer deletes its temporary files, as expected-deletes.yaml says;")
	t.row("", "and new images vanish minutes after they came, a/7.jpg among them. Who deletes them?")
	t.row("backups", "a daily job deletes more objects in minutes than all the others in an hour")
	t.row("invoices", "are written and read")
	t.row("static-site", "anybody reads, without credentials")
	return t.String()
}

func (p *printer) results(r *results, from, to time.Time) {
	p.heading(fmt.Sprintf("Metrics by bucket, %s to %s UTC", from.Format("15:04"), to.Format("15:04")))
	p.write(bucketTable(r))
	p.note("In CloudWatch they would be in the namespace BucketWatch, for each minute, with the dimension BucketName. The function ran" +
		" with BUCKETWATCH_METRICS=full; the default, essential, publishes those with a * alone, since a metric costs about $0.30 a" +
		" month for each bucket. Requests and deleted objects are two numbers: one DeleteObjects request deletes up to a" +
		" thousand objects. A dot is no data.")
	p.heading("Who sent most requests")
	p.write(callerTable(r, 8))
	p.heading("Objects deleted, by hour")
	p.write(hourTable(r, from, to))
	p.note("The numbers show nothing: the users delete that many old pictures on other days too. What shows it is what became of" +
		" single objects.")
	p.heading(fmt.Sprintf("Anomalies: %d", len(r.anomalies)))
	for _, a := range r.anomalies {
		p.printf("  %s\n", printable.Text(a.Severity+"  "+a.Anomaly+"  "+a.BucketName))
		p.paragraph(4, a.Explanation)
		if len(a.Keys) > 0 {
			p.paragraph(4, fmt.Sprintf("Keys, %d of %d: %s", len(a.Keys), a.KeysInAll, strings.Join(a.Keys, ", ")))
		}
	}
	p.heading("Who deleted a/7.jpg?")
	p.write(historyTable(r, "photos", "a/7.jpg"))
	p.note(fmt.Sprintf("Each of the %s deletes is a line of its own, whether or not it is part of an anomaly. The first of each sort:",
		grouped(int64(len(r.deletes)))))
	p.printf("\n")
	p.write(deleteTable(r, 8))
}

func (p *printer) verdict(r *results, story *traffic.Story, differences, problems []string) {
	p.heading("Do the numbers hold?")
	p.write(classTable(r))
	p.printf("\n")
	if r.reconcile() {
		p.paragraph(2, "The counts reconcile: each record read is of one class.")
	} else {
		p.paragraph(2, "The counts DO NOT RECONCILE: the classes don't add up to the records read.")
	}
	if len(differences) == 0 {
		p.paragraph(2, fmt.Sprintf("All of it matches the generated traffic: every metric, operation, error code, caller and delete of"+
			" %d buckets, the anomalies with their severity, principal and keys, no other in the afternoon or the two weeks before,"+
			" and the messages. The generator knew them before it wrote the log files, and shares no code with the function.",
			len(story.During.Truth.Buckets)))
	} else {
		p.paragraph(2, "It DIFFERS from the generated traffic:")
	}
	for i, d := range differences {
		if i == 20 {
			p.printf("    and %d more\n", len(differences)-i)
			break
		}
		p.printf("    %s\n", printable.Text(d))
	}
	if len(problems) > 0 {
		p.paragraph(2, "The function's log has warnings or errors:")
	}
	for _, problem := range problems {
		p.printf("    %s\n", printable.Text(problem))
	}
}

func (p *printer) next(out outputs) {
	p.heading("Look further")
	p.paragraph(2, "The operator's command reads the log files themselves, here or in S3. What happened to one image, and all of it as a page:")
	p.printf("    go run ./cmd/bucketwatch report %s --bucket photos --key a/7.jpg\n", out.trail)
	p.printf("    go run ./cmd/bucketwatch report %s \\\n      --expected-deletes %s \\\n      --output report.html\n", out.trail, out.expected)
	p.paragraph(2, "The lines that CloudWatch makes these metrics of (embedded metric format), and the function's log:")
	p.printf("    %s\n    %s\n", out.during.metrics, out.during.log)
	p.paragraph(2, "All about the anomalies; who deleted one image; how one log file was processed:")
	p.printf("    grep '\"Type\":\"Anomaly\"' %s\n", out.during.metrics)
	p.printf("    grep '\"Type\":\"Delete\"' %s | grep a/7.jpg\n", out.during.log)
	p.printf("    grep '\"Type\":\"Health\"' %s | grep LogFile | tail -1\n", out.during.metrics)
	p.paragraph(2, "The same for the buckets of your AWS account, with the AWS SAM CLI:")
	p.printf("    sam build && sam deploy --parameter-overrides AlertEmail=you@example.com\n")
}

// mail shows the messages as the subscriber of the Alerts topic would have got them.
func (p *printer) mail(messages []localaws.Message, r *results) {
	p.heading(fmt.Sprintf("The mail that you would have got: %s", plural(len(messages), "message")))
	for i, m := range messages {
		if i > 0 {
			p.printf("\n")
		}
		p.printf("  Subject: %s\n", m.Subject)
		if sent := whenSent(m, r); sent != "" {
			p.printf("  (%s)\n", sent)
		}
		p.printf("\n")
		for text := range strings.Lines(m.Body) {
			p.printf("%s\n", strings.TrimRight("  "+strings.TrimRight(text, "\n"), " "))
		}
	}
}

// What a message says about itself.
var (
	knownAt      = regexp.MustCompile(`(?m)^As known at ([0-9]{2}:[0-9]{2}) UTC`)
	knownObjects = regexp.MustCompile(`(?m)^Objects  ([0-9,]+), `)
)

// whenSent says when the message was sent, and how many of the objects were known then. How many there were the anomalies
// say that were found in the end.
func whenSent(m localaws.Message, r *results) string {
	at := knownAt.FindStringSubmatch(m.Body)
	if at == nil {
		return ""
	}
	sent := "sent at " + at[1]
	objects := knownObjects.FindStringSubmatch(m.Body)
	if objects == nil {
		return sent
	}
	known, err := strconv.ParseInt(strings.ReplaceAll(objects[1], ",", ""), 10, 64)
	var all int64
	for _, a := range r.anomalies {
		if strings.Contains(m.Subject, "] "+a.BucketName+": ") && strings.Contains(m.Body, "["+a.Anomaly+",") && strings.Contains(m.Body, a.Principal) {
			all = max(all, a.KeysInAll)
		}
	}
	if err == nil && known < all {
		sent += fmt.Sprintf(", when %s of the %s were known", grouped(known), grouped(all))
	}
	return sent
}

func (p *printer) write(text string) { p.printf("%s", text) }
