package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Both READMEs show what make demo shows: who deleted the image, and how the mail begins.
func TestReadme(t *testing.T) {
	var text bytes.Buffer
	if err := run(t.Context(), []string{"-out", filepath.Join(t.TempDir(), "out")}, &text, today); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	who := between(t, text.String(), "Who deleted a/7.jpg?\n", "\n  Each of the")
	mail := between(t, text.String(), "  Subject: ", "\n\n  IF IT MAY GO ON")
	for _, name := range []string{"README.md", "README.ko.md"} {
		t.Run(name, func(t *testing.T) { checkReadme(t, name, "\n```\n"+who+"\n"+mail+"\n  …\n```\n\n") })
	}
}

// checkReadme wants the excerpt in a file of the repository's root.
func checkReadme(t *testing.T, name, excerpt string) {
	t.Helper()
	path := filepath.Join("../..", name)
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- demo:begin -->\n", "<!-- demo:end -->\n"
	want := strings.Replace(string(readme), between(t, string(readme), begin, end), begin+excerpt, 1)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(readme)); diff != "" {
		t.Errorf("%s doesn't show what the demo does (-want +got), go test -update writes it:\n%s", name, diff)
	}
}

// between returns what stands in the text from a beginning, included, to an end.
func between(t *testing.T, text, begin, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, begin)
	found, _, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("there is nothing between %q and %q in:\n%s", begin, end, text)
	}
	return begin + found
}
