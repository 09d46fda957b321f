package project

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every failure in the document names a test that there is, and a test that has seen it with what it says.
func TestReliability(t *testing.T) {
	text, err := os.ReadFile(inRoot("docs/RELIABILITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	if rows, faults := checkReliability(string(text), hasTest); rows < 40 || len(faults) > 0 {
		t.Errorf("docs/RELIABILITY.md has %d failures and attacks, and these faults:\n%s", rows, strings.Join(faults, "\n"))
	}
}

func TestCheckReliability(t *testing.T) {
	known := func(where, name string) bool { return name == "TestA" || where == "e2e" && name == "test_b" }
	const begin = "| It fails | `pkg/a TestA` | code |\n## Failures and attacks\n| Failure | What happens | Shown by | Seen with |\n|---|---|---|---|\n"
	for name, test := range map[string]struct{ row, want string }{
		"in order":             {"| It fails | it is told | `pkg/a TestA` | code |", ""},
		"deployed":             {"| It fails | it is told | `pkg/a TestA`; `e2e test_b` | deployed |", ""},
		"binary":               {"| It fails | it is told | `internal/faults TestA` | binary |", ""},
		"no test":              {"| It fails | it is told | we are sure | code |", "names no test"},
		"a test that is gone":  {"| It fails | it is told | `pkg/a TestGone` | code |", "TestGone isn't there"},
		"a test of nowhere":    {"| It fails | it is told | `TestA` | code |", "names no test"},
		"not with the binary":  {"| It fails | it is told | `pkg/a TestA` | binary |", "no test has seen it with binary"},
		"not deployed":         {"| It fails | it is told | `internal/faults TestA` | deployed |", "no test has seen it with deployed"},
		"a column is missing":  {"| It fails | `pkg/a TestA` | code |", "3 columns"},
		"seen with a nonsense": {"| It fails | it is told | `pkg/a TestA` | dreams |", "dreams"},
	} {
		rows, faults := checkReliability(begin+test.row+"\n", known)
		// The row before the heading is another table's, but its test must be there, too.
		if got := strings.Join(faults, "\n"); rows != 1 || (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %d rows, faults %q, want 1 row and %q", name, rows, got, test.want)
		}
	}
	if _, faults := checkReliability("| AWS does | `pkg/a TestGone` |\n"+begin, known); len(faults) != 1 {
		t.Errorf("a test that is gone, in another table: %q", faults)
	}
}

var namedTest = regexp.MustCompile("`([a-z0-9/]+) ((?:Test|Fuzz|test_)\\w+)`")

// seenWith says where the tests stand that see a failure so.
var seenWith = map[string]*regexp.Regexp{
	"code":     regexp.MustCompile("`(pkg|internal|functions|cmd)/"),
	"binary":   regexp.MustCompile("`(internal/faults|internal/localaws|functions/processor) "),
	"deployed": regexp.MustCompile("`e2e "),
}

// checkReliability returns how many failures the document tells of, and what is wrong with it.
func checkReliability(text string, hasTest func(where, name string) bool) (rows int, faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	failures := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "## ") {
			failures = strings.HasPrefix(line, "## Failures")
		}
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, m := range namedTest.FindAllStringSubmatch(line, -1) {
			if !hasTest(m[1], m[2]) {
				fault("%s %s isn't there", m[1], m[2])
			}
		}
		if !failures || strings.HasPrefix(line, "| Failure |") {
			continue
		}
		rows++
		columns := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(columns) != 4 {
			fault("%s: %d columns", columns[0], len(columns))
			continue
		}
		if !namedTest.MatchString(columns[2]) {
			fault("%s: names no test", columns[0])
		}
		if place := seenWith[columns[3]]; place == nil || !place.MatchString(columns[2]) {
			fault("%s: no test has seen it with %s", columns[0], columns[3])
		}
	}
	return rows, faults
}

// hasTest tells whether there is a test of the name: in a Go package, or, for e2e, in Python.
func hasTest(where, name string) bool {
	pattern, definition := inRoot(where+"/*_test.go"), "func "+name+"("
	if where == "e2e" {
		pattern, definition = inRoot("e2e/test_*.py"), "def "+name+"("
	}
	files, _ := filepath.Glob(pattern) // the pattern is a good one
	for _, file := range files {
		if source, err := os.ReadFile(file); err == nil && strings.Contains(string(source), definition) {
			return true
		}
	}
	return false
}
