// Package hostile holds, for tests, texts that somebody may choose who wants to break an output: the name of an object, a
// user agent, whatever a log file has of callers.
//
// A shell, a query, a page or a spreadsheet that is taken in by one of them does, shows or fetches something with
// the word Canary in it.
package hostile

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// Canary is what a text that got out of its quotes would name: a file made, a command run, a tag, an attribute.
const Canary = "pwned"

//go:embed values.txt
var values string // one JSON string a line

// Values returns the texts, some of which are no UTF-8.
func Values() []string {
	list := []string{"\xff\xc0\x80", "a\xff\"; touch pwned; \"", "\xed\xa0\x80\x1b]8;;http://pwned\x07"}
	for line := range strings.Lines(values) {
		var s string
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			panic(fmt.Sprintf("values.txt: %s: %v", line, err))
		}
		list = append(list, s)
	}
	return list
}
