package main

import (
	"io"
	"strings"
	"testing"
)

func TestSimulate(t *testing.T) {
	var out strings.Builder
	args := []string{"-files", "12,24", "-deliveries", "1", "-burst", "0", "-records", "12", "-buckets", "4", "-environments", "2", "-latency", "0"}
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"12 log files an hour", "each counted exactly once", "| 12 | 4 | 1 | 0 | 0 | 0 | 0 |", "| 24 | 4 | 2 | 0 | 0 | 0 | 0 |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
}

func TestSimulateFails(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"x"}, "none of its own"},
		{[]string{"-files", "many"}, `-files "many" is no number`},
		{[]string{"-files", "10,0"}, "0 files an hour are none"},
		{[]string{"-hot", "2"}, "a share of 2"},
		{[]string{"-environments", "0"}, "0 environments"},
	} {
		if err := run(t.Context(), tt.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("run(%q) = %v, want %q", tt.args, err, tt.want)
		}
	}
}
