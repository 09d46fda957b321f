package project

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Whatever is fetched has an exact version, so that the same commit is built, checked and tested alike at any time.
func TestPins(t *testing.T) {
	for _, file := range []struct {
		path    string
		fetches *regexp.Regexp // what asks for something
		pinned  *regexp.Regexp // the same, with an exact version
	}{
		{"Makefile", regexp.MustCompile(`[a-z.]+\.[a-z]+/[\w./-]+@\S*`), regexp.MustCompile(`@v\d+\.\d+\.\d+$`)},
		{"e2e/requirements.txt", regexp.MustCompile(`(?m)^[^#\s].*$`), regexp.MustCompile(`^[\w.-]+(\[\w+\])?==[\w.]+$`)},
		{"internal/dynamodblocal/pom.xml", regexp.MustCompile(`<version>.*</version>`), regexp.MustCompile(`>\d+(\.\d+)*<`)},
		{"go.mod", regexp.MustCompile(`(?m)^(toolchain|replace|exclude) .*$`), regexp.MustCompile(`^toolchain go\d+\.\d+\.\d+$`)},
	} {
		text, err := os.ReadFile(inRoot(file.path))
		if err != nil {
			t.Fatal(err)
		}
		fetches := file.fetches.FindAllString(string(text), -1)
		if len(fetches) == 0 {
			t.Errorf("%s fetches nothing: the test shows nothing about it", file.path)
		}
		for _, what := range fetches {
			if !file.pinned.MatchString(what) {
				t.Errorf("%s: %q has no exact version", file.path, what)
			}
		}
	}
}

// No tool is fetched in any other file that is run, or in a version that isn't named.
func TestToolsAreInTheMakefile(t *testing.T) {
	fetches := regexp.MustCompile(`go (run|install) [\w./-]*\.[\w./-]+@|@latest\b|pip3? install (?:[^-]|-[^-q])|curl |wget `)
	for _, path := range []string{"Makefile", ".ci/run"} {
		text, err := os.ReadFile(inRoot(path))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if found := fetches.FindString(line); found != "" && !strings.Contains(line, "-r e2e/requirements.txt") {
				t.Errorf("%s fetches by %q", path, found)
			}
		}
	}
}
