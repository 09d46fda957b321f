package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// width is how many columns the demo's text takes at most.
const width = 100

// grouped writes a number with commas between the thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes a number of things.
func plural(n int, thing string) string {
	switch n {
	case 0:
		return "no " + thing
	case 1:
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// byteSize writes a number of bytes with three digits at most.
func byteSize(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	x, unit := float64(n)/1000, 0
	for x >= 999.5 && unit < 3 {
		x, unit = x/1000, unit+1
	}
	decimals := 0
	if x < 9.95 {
		decimals = 1
	}
	return fmt.Sprintf("%.*f %cB", decimals, x, "kMGT"[unit])
}

// shortName is a principal as people call it: "role/app-web", without account and path.
func shortName(principal string) string {
	arn := strings.SplitN(principal, ":", 6)
	if len(arn) < 6 {
		return principal
	}
	kind, rest, _ := strings.Cut(arn[5], "/")
	return strings.TrimSuffix(kind+"/"+rest[strings.LastIndexByte(rest, '/')+1:], "/")
}

// clock is the time of day in a line's Time.
func clock(rfc3339 string) string {
	t, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return rfc3339
	}
	return t.UTC().Format(time.TimeOnly)
}

// shorten takes characters out of the middle of s until it has at most n.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	head := (n - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}

// wrap breaks text into lines of at most n characters, where a single word isn't longer.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > n:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
