package main

import "testing"

func TestColor(t *testing.T) {
	for _, tt := range []struct {
		noColor, term string
		want          bool
	}{
		{"", "xterm-256color", true},
		{"", "", true}, // Windows has none
		{"1", "xterm-256color", false},
		{"0", "xterm-256color", false}, // whatever its value is
		{"", "dumb", false},
	} {
		got := colorful(func(name string) string { return map[string]string{"NO_COLOR": tt.noColor, "TERM": tt.term}[name] })
		if got != tt.want {
			t.Errorf("NO_COLOR=%q TERM=%q: colour %v, want %v", tt.noColor, tt.term, got, tt.want)
		}
	}
}
