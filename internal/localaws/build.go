package localaws

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Build makes the bootstrap binary in dir, with the flags of the template's build,
// for the machine it runs on. The working directory must be in this module.
func Build(ctx context.Context, dir string) (bootstrap string, err error) {
	bootstrap, err = filepath.Abs(filepath.Join(dir, "bootstrap"))
	if err != nil {
		return "", fmt.Errorf("cannot build bootstrap: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build",
		"-tags", "lambda.norpc,grpcnotrace", "-trimpath", "-ldflags", "-s -w",
		"-o", bootstrap, "bucketwatch/functions/processor")
	// A GOARCH for the deployment may be set, and would give a binary that can't run here.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build bootstrap: %w\n%s", err, output)
	}
	return bootstrap, nil
}
