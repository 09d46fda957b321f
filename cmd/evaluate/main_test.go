package main

import (
	"io"
	"strings"
	"testing"
)

func TestEvaluate(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"-seed", "1", "-buckets", "1", "-kinds", "zero", "-weeks", "2", "-fleet", "0", "-list", "MEDIUM"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"more than 50 an hour", "BucketWatch, HIGH (the default)", "| DeleteSurge", "| zero", "Seed 1: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
}

func TestEvaluateFails(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"x"}, "none of its own"},
		{[]string{"-kinds", "loud"}, `"loud" is no kind of bucket`},
		{[]string{"-weeks", "1"}, "want at least"},
		{[]string{"-every", "7m"}, "no part of an hour"},
		{[]string{"-list", "high"}, "HIGH or MEDIUM"},
	} {
		if err := run(t.Context(), tt.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("run(%q) = %v, want %q", tt.args, err, tt.want)
		}
	}
}
