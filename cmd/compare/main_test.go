//go:build unix

package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestRun: each way finds what was generated; how long it takes is no test's business.
func TestRun(t *testing.T) {
	for _, args := range [][]string{{"-records", "500", "-rounds", "1"}, {"-records", "500", "-rounds", "1", "-busy"}} {
		var out bytes.Buffer
		if err := run(args, &out, io.Discard); err != nil {
			t.Fatalf("run(%q) = %v", args, err)
		}
		for _, want := range []string{"500 records", "1.00", inflateAlone, "this reader", "a whole invocation", "encoding/json"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("run(%q) doesn't print %q:\n%s", args, want, &out)
			}
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{"-records", "0"}, {"-rounds", "0"}, {"-fast"}, {"file.json.gz"}} {
		if err := run(args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "usage:") {
			t.Errorf("run(%q) = %v, want an error with the usage", args, err)
		}
	}
}

// TestCheck: a way that counts wrong is no way.
func TestCheck(t *testing.T) {
	f := &logFile{path: t.TempDir() + "/a.json.gz"}
	if err := f.write(10, true); err != nil {
		t.Fatal(err)
	}
	if err := f.check(map[string]int64{"photos": 10}); err != nil {
		t.Error(err)
	}
	if err := f.check(map[string]int64{"photos": 9}); err == nil {
		t.Error("check(9 requests of 10) = nil")
	}
}
