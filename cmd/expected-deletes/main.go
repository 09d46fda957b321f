// Command expected-deletes checks a file of expected deletes: make runs it before it builds the function, so that a bad
// line fails the build and not the function.
//
//	expected-deletes FILE
//
// It writes every fault to standard error with its line, and exits with 1 if there is any. An entry that has run out, or
// that looks like a mistake, is no fault, since it must not keep an urgent build from being deployed; but it is noted, on
// standard output: of a build that succeeds, sam shows nothing else.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"bucketwatch/pkg/expected"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, notes io.Writer, now time.Time) error {
	if len(args) != 1 {
		return errors.New("usage: expected-deletes FILE")
	}
	list, err := expected.Load(args[0])
	if err != nil {
		return err
	}
	if list == nil {
		return fmt.Errorf("cannot find %s: a file of comments alone expects nothing", args[0])
	}
	for _, n := range list.Notes(now) {
		fmt.Fprintf(notes, "%s:%d: note: %s\n", args[0], n.Line, n.Text)
	}
	return nil
}
