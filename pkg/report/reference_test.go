package report

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Programs are built on the documented members: docs/REFERENCE.md has each, with its type, in the order of the report.
func TestReferenceHasTheMembers(t *testing.T) {
	text, err := os.ReadFile("../../docs/REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "<!-- members -->\n")
	part, _, _ = strings.Cut(part, "\n\n")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (\\w+) \\| (.+) \\|$").FindAllStringSubmatch(part, -1) {
		optional := ""
		if strings.Contains(row[3], "if ") {
			optional = " if"
		}
		documented = append(documented, row[1]+" "+row[2]+optional)
	}
	if diff := cmp.Diff(members(reflect.TypeFor[Report](), ""), documented); diff != "" {
		t.Errorf("the report's members and those of docs/REFERENCE.md (-code +documentation):\n%s", diff)
	}
}

// members are the paths of a type's members, their types, and "if" for those that may be absent.
func members(of reflect.Type, prefix string) []string {
	var list []string
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		path, optional := prefix+name, ""
		if strings.HasPrefix(options, "omit") {
			optional = " if"
		}
		if f.Type == reflect.TypeFor[Query]() { // which writes its own
			list = append(list, path+" object if")
			continue
		}
		list = append(list, path+" "+jsonType(f.Type)+optional)
		switch {
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			list = append(list, members(f.Type.Elem(), path+"[].")...)
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[time.Time]():
			list = append(list, members(f.Type, path+".")...)
		}
	}
	return list
}

func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	}
	if t == reflect.TypeFor[time.Time]() {
		return "string"
	}
	return "object"
}
