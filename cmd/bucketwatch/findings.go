package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"bucketwatch/pkg/doctor"
)

// marks are how the verdicts stand at the beginning of a line.
var marks = map[doctor.Verdict]struct {
	word   string
	colors text.Colors
}{
	doctor.OK:      {"ok", text.Colors{text.FgGreen}},
	doctor.Warning: {"WARNING", text.Colors{text.FgYellow}},
	doctor.Fault:   {"FAULT", text.Colors{text.FgRed, text.Bold}},
	doctor.Unknown: {"UNKNOWN", text.Colors{text.FgMagenta}},
}

// margin is the width of a mark.
const margin = 9

// writeText writes the answers for people. A command stands in lines of its own, as it is to be copied.
func (d *diagnosis) writeText(w io.Writer, t *terminal, profile string) {
	p := &page{w: w, color: t.color, width: 100}
	if t.width > 0 {
		p.width = min(t.width, 120)
	}
	fmt.Fprintf(w, "Stack %s in %s of account %s, %s\n", d.Stack, d.Region, d.Account, d.Time.Format("2006-01-02 15:04 UTC"))
	subject := ""
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.Subject != subject {
			subject = f.Subject
			fmt.Fprintf(w, "\n%s\n", p.paint(text.Colors{text.Bold}, strings.ToUpper(subject)))
		}
		mark := marks[f.Verdict]
		fmt.Fprint(w, p.paint(mark.colors, mark.word), strings.Repeat(" ", margin-len(mark.word)))
		p.indented(f.Fact, true)
		if f.Fix != "" {
			p.indented("→ "+f.Fix, false)
		}
		for line := range strings.Lines(f.Command) {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", margin+2), strings.TrimSuffix(line, "\n"))
		}
	}
	fmt.Fprintf(w, "\n%s\n", p.paint(text.Colors{text.Bold}, "NOT TO BE TOLD FROM THE ACCOUNT"))
	for _, u := range d.Unseen {
		fmt.Fprint(w, "-", strings.Repeat(" ", margin-1))
		p.indented(u, true)
	}
	fmt.Fprintf(w, "\n%s\n", upperFirst(d.summary())+".")
	if profile != "" && d.Verdict != doctor.OK {
		fmt.Fprintf(w, "The commands take your shell's credentials: export AWS_PROFILE=%s\n", profile)
	}
}

// page is what is written for people.
type page struct {
	w     io.Writer
	color bool
	width int
}

func (p *page) paint(c text.Colors, s string) string {
	if !p.color {
		return s
	}
	// Sprint of the library would look at the process's own standard output.
	return c.EscapeSeq() + s + text.EscapeReset
}

// indented writes a text beside the margin; begun says that the margin stands there already.
func (p *page) indented(s string, begun bool) {
	for line := range strings.Lines(text.WrapSoft(s, max(p.width-margin, 30))) {
		if !begun {
			fmt.Fprint(p.w, strings.Repeat(" ", margin))
		}
		begun = false
		fmt.Fprintln(p.w, strings.TrimRight(line, " \n"))
	}
}

// summary counts the verdicts.
func (d *diagnosis) summary() string {
	n := map[doctor.Verdict]int{}
	for i := range d.Findings {
		n[d.Findings[i].Verdict]++
	}
	parts := []string{plural(n[doctor.Fault], "fault", "faults"), plural(n[doctor.Warning], "warning", "warnings")}
	if n[doctor.Unknown] > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be looked at", n[doctor.Unknown]))
	}
	return strings.Join(append(parts, fmt.Sprintf("%d in order", n[doctor.OK])), ", ")
}

func plural(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + many
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
