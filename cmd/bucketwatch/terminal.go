package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// terminal is where the command writes to, and what may be written there.
type terminal struct {
	stdout, stderr io.Writer
	width          int  // of standard output; 0 if it isn't a terminal
	color          bool // standard output is a terminal, and nobody asked for none
	lively         bool // standard error is a terminal
}

// newTerminal looks at where standard output and error go.
func newTerminal(stdout, stderr io.Writer, getenv func(string) string) *terminal {
	t := &terminal{stdout: stdout, stderr: stderr}
	if f, ok := stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.color = colorful(getenv)
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			t.width = width
		}
	}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.lively = capable(getenv)
	}
	return t
}

// capable tells whether a terminal takes more than lines of text.
func capable(getenv func(string) string) bool { return getenv("TERM") != "dumb" }

// colorful tells whether a terminal may have colours. Source: https://no-color.org
func colorful(getenv func(string) string) bool { return capable(getenv) && getenv("NO_COLOR") == "" }

// say writes what is being done, on a terminal, until unsay.
func (t *terminal) say(what string) {
	if t.lively {
		fmt.Fprint(t.stderr, what)
	}
}

func (t *terminal) unsay() {
	if t.lively {
		fmt.Fprint(t.stderr, "\r\x1b[K")
	}
}

// progress shows how far it has come, on a terminal.
type progress struct{ bar *progressbar.ProgressBar }

func (t *terminal) progress(n int, what string) progress {
	if !t.lively {
		return progress{}
	}
	return progress{progressbar.NewOptions(n,
		progressbar.OptionSetWriter(t.stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(30),
	)}
}

// A terminal that the bar can't be drawn on doesn't keep the report from being made.
func (p progress) step() {
	if p.bar != nil {
		_ = p.bar.Add(1)
	}
}

func (p progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
