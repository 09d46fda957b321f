package localaws

import (
	"debug/buildinfo"
	"os"
	"strings"
	"testing"
)

func TestBuild(t *testing.T) {
	bootstrap, err := Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	if want := "bucketwatch/functions/processor"; info.Path != want {
		t.Errorf("package = %s, want %s", info.Path, want)
	}
	got := make(map[string]string)
	for _, setting := range info.Settings {
		got[setting.Key] = setting.Value
	}
	for key, want := range map[string]string{"CGO_ENABLED": "0", "-tags": "lambda.norpc,grpcnotrace", "-trimpath": "true"} {
		if got[key] != want {
			t.Errorf("%s = %q, want %q", key, got[key], want)
		}
	}
	if stat, err := os.Stat(bootstrap); err != nil || stat.Mode()&0o111 == 0 {
		t.Errorf("Stat(bootstrap) = %v, %v, want an executable", stat, err)
	}
}

func TestBuildError(t *testing.T) {
	t.Chdir(t.TempDir()) // outside of the module
	_, err := Build(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "cannot build bootstrap") {
		t.Errorf("Build outside of the module = %v, want an error", err)
	}
}
