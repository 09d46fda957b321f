package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/printable"
	"bucketwatch/pkg/s3event"
)

// harmless replaces what could end a line or act on a terminal: log files hold what callers sent.
func harmless(s string) string { return printable.Text(s) }

func harmlessAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = harmless(s)
	}
	return out
}

// name is a principal as people call it.
func name(principal string) string { return harmless(s3event.ShortName(principal)) }

func plural[T int | int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "anomaly") { // the one that doesn't take an s alone
		noun = strings.TrimSuffix(noun, "y") + "ie"
	}
	return group3(n) + " " + noun + "s"
}

// group3 writes n with a comma before each three digits.
func group3[T int | int64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes a number of bytes as people read it.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB"} {
		if f /= 1000; f < 999.5 || unit == "TB" {
			return fmt.Sprintf("%.3g %s", f, unit)
		}
	}
	return ""
}

// clock writes times: with the day where they aren't all of the same.
type clock struct{ days bool }

func newClock(first, last time.Time) clock {
	return clock{days: first.UTC().Format(time.DateOnly) != last.UTC().Format(time.DateOnly)}
}

func (c clock) time(t time.Time) string {
	if c.days {
		return t.UTC().Format("2006-01-02 15:04:05")
	}
	return t.UTC().Format("15:04:05")
}

// story is an object's history as one sentence, with the days if they are asked for or there are several.
func (k *Key) story(c clock) string {
	if len(k.History) == 0 {
		return ""
	}
	last := &k.History[len(k.History)-1]
	c.days = c.days || newClock(k.History[0].Time, later(last.Time, last.LastTime)).days
	var parts []string
	gone := false
	for i := 0; i < len(k.History); i++ {
		s := &k.History[i]
		switch s.What {
		case Refused, AskedFor:
			n, by, until := s.Count, []string{name(s.Principal)}, later(s.Time, s.LastTime)
			for ; i+1 < len(k.History) && k.History[i+1].What == s.What && k.History[i+1].Status == s.Status; i++ {
				next := &k.History[i+1]
				n += next.Count
				until = later(until, later(next.Time, next.LastTime))
				if p := name(next.Principal); !slices.Contains(by, p) {
					by = append(by, p)
				}
			}
			parts = append(parts, asked(s, n, by, c, until, gone))
		default:
			parts = append(parts, s.did()+" "+c.time(s.Time)+s.by()+name(s.Principal)+s.version())
			switch s.What {
			case Deleted:
				gone = s.VersionID == ""
			case Uploaded, MarkerRemoved:
				gone = false
			}
		}
	}
	if k.StepsLeftOut > 0 {
		parts = append(parts, "and "+plural(k.StepsLeftOut, "step")+" more in between")
	}
	return strings.Join(parts, ", ")
}

// asked says that an object was asked for.
func asked(s *Step, n int64, by []string, c clock, until time.Time, gone bool) string {
	var b strings.Builder
	if s.What == Refused {
		b.WriteString("asked for")
	} else {
		b.WriteString("read")
	}
	switch {
	case n == 1:
		b.WriteString(" once")
	default:
		fmt.Fprintf(&b, " %s times", group3(n))
	}
	if gone {
		b.WriteString(" since")
	} else {
		b.WriteString(" " + c.time(s.Time))
		if until.After(s.Time) {
			b.WriteString(" to " + c.time(until))
		}
	}
	if s.What == Refused {
		fmt.Fprintf(&b, ": %d", s.Status)
		return b.String() + " (" + few(by) + ")"
	}
	return b.String() + " by " + few(by)
}

func few(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), len(names)-2)
}

func (s *Step) did() string {
	switch s.What {
	case Uploaded:
		return "uploaded"
	case Deleted:
		return "deleted"
	case MarkerRemoved:
		return "brought back"
	case DeleteRefused:
		return "delete refused"
	}
	if s.Status >= 300 {
		return fmt.Sprintf("%s (%d)", harmless(s.Operation), s.Status)
	}
	return harmless(s.Operation)
}

func (s *Step) by() string {
	if s.What == DeleteRefused {
		return " to "
	}
	return " by "
}

func (s *Step) version() string {
	if s.VersionID == "" || s.What != Deleted {
		return ""
	}
	return " (version " + harmless(s.VersionID) + ")"
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
