package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bucketwatch/internal/hostile"
	"bucketwatch/pkg/printable"
)

// Whatever files and places are called, what the command prints can be shown.
func TestHostileNames(t *testing.T) {
	for _, s := range hostile.Values() {
		root := t.TempDir()
		if err := os.WriteFile(filepath.Join(root, strings.Trim(strings.NewReplacer("/", "", "\x00", "").Replace(s), ".")+".json"), []byte(`{"Records":[`+s), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"report", root},
			{"report", filepath.Join(root, "none", s)},
			{"report", root, "--since", s},
			{"report", root, "--format", s},
			{"report", root, "--bucket", s, "--key", s, "--principal", s, "--operation", s},
			{"report", root, "--output", filepath.Join(root, s, "none", "x")},
			{"report", root, "--output", filepath.Join(t.TempDir(), "x."+s)},
			{"report", "--" + s},
			{s},
		} {
			r := command(t, args...)
			if shown := strings.ReplaceAll(r.stdout+r.stderr, "\n", ""); !printable.Is(shown) {
				t.Errorf("bucketwatch %q prints %q and %q", args, r.stdout, r.stderr)
			}
		}
	}
}
