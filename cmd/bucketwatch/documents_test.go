package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Commands in the documents are such as the command takes: in a block of code, in a table, or in a sentence.
func TestDocumentedCommands(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range append(documents, "../../README.md", "../../README.ko.md", "../../SECURITY.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range documented(string(text)) {
			n++
			if err := takes(line); err != nil {
				t.Errorf("%s: %s: %v", name, line, err)
			}
		}
	}
	if n < 10 {
		t.Errorf("there are %d commands in the documents, want 10 or more", n)
	}
}

func TestTakes(t *testing.T) {
	for line, want := range map[string]string{
		"bucketwatch report trail/ --since 7d":            "",
		"bucketwatch report s3://B --key 'a b' -o x.json": "",
		"bucketwatch reports trail/":                      "unknown command",
		"bucketwatch report trail/ --form json":           "unknown flag: --form",
		"bucketwatch report --since 7d":                   "needs a PATH",
	} {
		switch err := takes(line); {
		case want == "" && err != nil:
			t.Errorf("takes(%q) = %v, want nil", line, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("takes(%q) = %v, want %q", line, err, want)
		}
	}
}

var (
	inBlock = regexp.MustCompile(`(?m)^(?:\$ )?(bucketwatch [a-z-].*)$`)
	inText  = regexp.MustCompile("`(bucketwatch [^`]+)`")
	comment = regexp.MustCompile(`\s+#.*$`)
)

// documented returns the commands in a document.
func documented(text string) []string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	var lines []string
	for i, part := range strings.Split(text, "```") {
		found := inText
		if i%2 == 1 {
			found = inBlock
		}
		for _, m := range found.FindAllStringSubmatch(part, -1) {
			lines = append(lines, comment.ReplaceAllString(m[1], ""))
		}
	}
	return lines
}

var word = regexp.MustCompile(`'[^']*'|\S+`)

// takes tells whether the command line is one of the command's.
func takes(line string) error {
	var args []string
	for _, w := range word.FindAllString(line, -1)[1:] {
		args = append(args, strings.Trim(w, "'"))
	}
	root := newCommand(io.Discard, io.Discard, func(string) string { return "" })
	root.InitDefaultCompletionCmd()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	switch err := cmd.ParseFlags(rest); {
	case errors.Is(err, pflag.ErrHelp):
		return nil
	case err != nil:
		return err
	}
	if len(rest) == 0 { // a sentence that speaks of the command by its name
		return nil
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}
