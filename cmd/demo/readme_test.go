package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The README shows what make demo shows: who deleted the image, and how the mail begins.
func TestReadme(t *testing.T) {
	var text bytes.Buffer
	if err := run(t.Context(), []string{"-out", filepath.Join(t.TempDir(), "out")}, &text, today); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	who := between(t, text.String(), "Who deleted a/7.jpg?\n", "\n  Each of the")
	mail := between(t, text.String(), "  Subject: ", "\n\n  IF IT MAY GO ON")
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- demo:begin -->\n", "<!-- demo:end -->\n"
	shown := between(t, string(readme), begin, end)
	want := strings.Replace(string(readme), shown, begin+"\n```\n"+who+"\n"+mail+"\n  …\n```\n\n", 1)
	if *update {
		if err := os.WriteFile("../../README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(readme)); diff != "" {
		t.Errorf("README.md doesn't show what the demo does (-want +got), go test -update writes it:\n%s", diff)
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
