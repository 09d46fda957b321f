// Package alert writes the message that a person reads: what happened, who did it, why it was thought unexpected, and
// where to look. It publishes nothing and remembers nothing.
package alert

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"bucketwatch/pkg/anomaly"
)

// Incident is what one message is about.
type Incident struct {
	Severity          anomaly.Severity
	Bucket            string
	Headline          string // what was done and by whom, in a few words
	First, Last       time.Time
	AccountID         string
	Region            string
	Principal         string
	SourceIPAddresses []string
	UserAgents        []string
	Keys              []string // the first of them
	KeysInAll         int64
	Explanations      []string // why it was thought unexpected: a sentence for each anomaly
	LogGroup          string   // of the function, to look further
}

// Message is plain text for e-mail.
type Message struct {
	Subject string // at most 100 ASCII characters, as SNS takes them
	Body    string
}

// Message returns the message about the incident.
func (i *Incident) Message() Message {
	return Message{Subject: subject(i), Body: body(i)}
}

// maxSubject is SNS's limit. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const maxSubject = 100

// subject is one line, so the time stands at its end whatever the length of the rest.
func subject(i *Incident) string {
	end := ", " + span(i.First, i.Last, "-")
	start := ascii(fmt.Sprintf("[%s] %s: %s", i.Severity, i.Bucket, i.Headline))
	if room := maxSubject - len(end); len(start) > room {
		start = start[:room-3] + "..."
	}
	return start + end
}

func body(i *Incident) string {
	var b strings.Builder
	for _, sentence := range i.Explanations {
		fmt.Fprintln(&b, harmless(sentence))
	}
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-9s%s\n", name, value)
		}
	}
	b.WriteByte('\n')
	row("Who", harmless(i.Principal))
	row("From", list(i.SourceIPAddresses))
	row("With", list(i.UserAgents))
	row("When", i.First.UTC().Format("2 January 2006, ")+span(i.First, i.Last, " to "))
	row("Bucket", fmt.Sprintf("%s (account %s, %s)", harmless(i.Bucket), i.AccountID, i.Region))
	if len(i.Keys) > 0 {
		fmt.Fprintf(&b, "\nObjects%s:\n", of(len(i.Keys), i.KeysInAll))
		for _, key := range i.Keys {
			fmt.Fprintf(&b, "  %s\n", harmless(key))
		}
	}
	fmt.Fprintf(&b, `
To see every delete, in CloudWatch Logs Insights, log group
%s:

  fields Time, Key, VersionId, Principal, SourceIPAddress, ErrorCode
  | filter Type = "Delete" and BucketName = "%s"
  | sort Time desc
`, i.LogGroup, harmless(i.Bucket))
	return b.String()
}

// of says of how many the first n are.
func of(n int, all int64) string {
	switch {
	case int64(n) >= all:
		return ""
	case n == 1:
		return fmt.Sprintf(" (the first of %d)", all)
	}
	return fmt.Sprintf(" (the first %d of %d)", n, all)
}

// span says from when to when, in UTC.
func span(first, last time.Time, to string) string {
	from, until := first.UTC().Format("15:04"), last.UTC().Format("15:04")
	if from == until {
		return from + " UTC"
	}
	return from + to + until + " UTC"
}

func list(values []string) string {
	clean := make([]string, len(values))
	for i, v := range values {
		clean[i] = harmless(v)
	}
	return strings.Join(clean, ", ")
}

// harmless replaces what could end a line or act on a terminal: log files hold what callers sent.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// ascii replaces what SNS does not take in a subject.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
