package alert

import (
	"fmt"
	"strings"
)

// paper is what a message is written on.
type paper struct {
	strings.Builder
	example  bool // nothing of it happened, so that nothing may be copied
	commands bool // a command stands on it
}

// heading begins a section.
func (p *paper) heading(title string) { fmt.Fprintf(p, "\n\n%s\n", title) }

// section writes a section. The first with a command says what commands are for.
func (p *paper) section(i *Incident, title string, write func(*paper, *Incident)) {
	p.heading(title)
	s := &paper{example: p.example}
	write(s, i)
	if s.commands && !p.commands {
		p.commands = true
		p.text("The commands are for a Unix shell such as CloudShell, with credentials of account %s.", harmless(i.AccountID))
	}
	p.WriteString(s.String())
}

// text writes a paragraph.
func (p *paper) text(format string, args ...any) {
	fmt.Fprintf(p, "\n%s\n", wrap(fmt.Sprintf(format, args...), ""))
}

// lines writes lines as they are.
func (p *paper) lines(lines string) { fmt.Fprintf(p, "\n%s\n", strings.TrimRight(lines, "\n")) }

// command writes what is to be copied into a shell.
func (p *paper) command(lines string) {
	p.commands = true
	if p.example {
		lines = "(a command is here in a real message)"
	}
	p.lines(lines)
}

// query writes what is to be copied into Logs Insights.
func (p *paper) query(lines string) {
	if p.example {
		lines = "(a query is here in a real message)"
	}
	p.lines(lines)
}

// row writes a fact, each value in a line.
func (p *paper) row(name string, values ...string) {
	const indent = "         "
	for k, value := range values {
		if k > 0 {
			name = ""
		}
		lead := name + indent[len(name):]
		fmt.Fprintln(p, lead+strings.TrimPrefix(wrap(indent+value, indent), indent))
	}
}
