package replay_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// Programs are built on the documented members: docs/REFERENCE.md has each that the golden file has, with its type.
func TestReferenceHasTheMembers(t *testing.T) {
	text, err := os.ReadFile("../../docs/REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "<!-- alert members -->\n")
	part, _, _ = strings.Cut(part, "\n\n")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (\\w+) \\| .+ \\|$").FindAllStringSubmatch(part, -1) {
		documented = append(documented, row[1]+" "+row[2])
	}
	slices.Sort(documented)
	body, err := os.ReadFile("testdata/alerts.json")
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	members(document, "", found)
	if diff := gocmp.Diff(slices.Sorted(maps.Keys(found)), documented); diff != "" {
		t.Errorf("the members and those of docs/REFERENCE.md (-code +documentation):\n%s", diff)
	}
}

// members adds the paths of the members and their types. What is like another, or has members with names of its own,
// isn't looked into.
func members(object map[string]any, prefix string, found map[string]bool) {
	for name, value := range object {
		path := prefix + name
		kind := fmt.Sprintf("%T", value)
		switch v := value.(type) {
		case float64:
			kind = "number"
		case map[string]any:
			kind = "object"
			if name != "severities" && name != "firstTwoWeeks" && name != "later" {
				members(v, path+".", found)
			}
		case []any:
			kind = "array"
			for _, each := range v {
				if each, ok := each.(map[string]any); ok {
					members(each, path+"[].", found)
				}
			}
		}
		found[path+" "+kind] = true
	}
}
