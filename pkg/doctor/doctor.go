// Package doctor looks in an AWS account whether a deployed stack works, and says what is wrong and how to mend it. It
// only reads: Calls has every request that it makes.
//
// What it finds are values; printing them is the caller's. Each file is about one subject: it asks AWS through interfaces
// in the SDK's own form, and judges the answers in functions of their own. What the stack should be like is template.yaml's
// to say, and what its parts are for docs/ARCHITECTURE.md's.
package doctor

import (
	"context"
	"sync"
	"time"
)

// Verdict says how what was looked at is.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Warning Verdict = "warning" // it works, and not as one may think
	Fault   Verdict = "fault"   // it doesn't work
	Unknown Verdict = "unknown" // it could not be looked at
)

// Finding is the answer to one question.
type Finding struct {
	Subject string  `json:"subject"` // what it is about, such as "Trail"
	Check   string  `json:"check"`   // the question's name, such as "trail-logging"; stable
	Verdict Verdict `json:"verdict"`
	Fact    string  `json:"fact"`              // what is, in a sentence
	Fix     string  `json:"fix,omitempty"`     // what to do about it; empty if the verdict is OK
	Command string  `json:"command,omitempty"` // does it, in a Unix shell with the AWS CLI
}

// Check answers some questions.
type Check struct {
	Subject string
	Name    string // of what is found, unless a finding has a name of its own; and of the check, if it fails
	Run     func(context.Context) ([]Finding, error)
}

// Runner runs checks.
type Runner struct {
	Parallel int           // how many run at the same time; 8 if 0
	Timeout  time.Duration // of each; half a minute if 0
}

// Run runs all checks, and returns what they find in the checks' order. One that fails is a finding too, and stops no other.
func (r *Runner) Run(ctx context.Context, checks []Check) []Finding {
	parallel, timeout := r.Parallel, r.Timeout
	if parallel <= 0 {
		parallel = 8
	}
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	found := make([][]Finding, len(checks))
	slots := make(chan struct{}, parallel)
	var group sync.WaitGroup
	for i := range checks {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i] = checks[i].run(ctx, timeout)
		})
	}
	group.Wait()
	var all []Finding
	for _, f := range found {
		all = append(all, f...)
	}
	return all
}

func (c *Check) run(ctx context.Context, timeout time.Duration) []Finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	findings, err := c.Run(ctx)
	if err != nil {
		findings = append(findings, couldNotLook(c.Name, err))
	}
	for i := range findings {
		findings[i].Subject = c.Subject
		if findings[i].Check == "" {
			findings[i].Check = c.Name
		}
	}
	return findings
}

// Worst is the gravest verdict: a fault, else what could not be looked at, else a warning.
func Worst(findings []Finding) Verdict {
	for _, v := range []Verdict{Fault, Unknown, Warning} {
		for i := range findings {
			if findings[i].Verdict == v {
				return v
			}
		}
	}
	return OK
}

// Unseen is what nobody can tell by looking into the account.
var Unseen = []string{
	"Whether messages arrive: run the stack's output TestAlertCommand, and see that one headed TEST comes.",
	"Trails of other accounts, such as an organization's: whether they log, what they record, and whether they write into the same folder.",
	"Whether a log file was never announced: nothing compares the digests' lists with what was read.",
	"Whether expected-deletes.yaml declares what is right.",
}
