package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the command's part of docs/REFERENCE.md anew")

const reference = "../../docs/REFERENCE.md"

// The reference has the command's own help.
func TestReference(t *testing.T) {
	var help strings.Builder
	help.WriteString("\n| Exit code | Meaning |\n|---|---|\n")
	for code, meaning := range exitCodes {
		fmt.Fprintf(&help, "| %d | %s |\n", code, meaning)
	}
	help.WriteString("\n")
	for _, sub := range newCommand(io.Discard, io.Discard, os.Getenv).Commands() {
		name := sub.Name()
		r := command(t, name, "--help")
		if r.code != 0 {
			t.Fatalf("%s --help: exit code %d", name, r.code)
		}
		help.WriteString("### bucketwatch " + name + "\n\n```\n" + strings.TrimRight(r.stdout, "\n") + "\n```\n\n")
	}
	compare(t, "command", help.String())
	compare(t, "doctor policy", "```json\n"+command(t, "doctor", "--policy").stdout+"```\n")
}

// compare holds a part of the reference against what it should be, or writes it anew.
func compare(t *testing.T, part, want string) {
	t.Helper()
	begin, end := "<!-- "+part+":begin -->\n", "<!-- "+part+":end -->\n"
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no part between %q and %q", reference, begin, end)
	}
	want = before + begin + want + end + after
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s is not as the command has it (-want +got), go test -update writes it:\n%s", reference, diff)
	}
}
