package doctor

import (
	"encoding/json"
	"regexp"
	"strings"
)

var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quote makes a text one word of a Unix shell's command line, whatever is in it.
func quote(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// aws is a command of the AWS CLI.
func aws(region, service, operation string, arguments ...string) string {
	words := []string{"aws", service, operation, "--region", quote(region)}
	for _, a := range arguments {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

// compact is a value as JSON in one line.
func compact(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // only values of this package get here
	}
	return string(text)
}

// listed names some of the names, and says how many there are besides.
func listed(names []string) string {
	const most = 5
	if len(names) > most+1 {
		return strings.Join(names[:most], ", ") + " and " + count(len(names)-most, "other", "others")
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
