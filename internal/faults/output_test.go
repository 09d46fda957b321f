package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Standard output is full, or has nobody who reads it: the log file is read again when that is over. Nothing was
// written, so that nothing is doubled. (Where there is none at all, Go writes to /dev/null instead; Lambda always has
// one.)
func TestStandardOutputTakesNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	one, _, _ := allScenarios(t)[0].alone(t)
	for name, command := range map[string]string{
		"full": `exec "$BINARY" >/dev/full`,
		// The reader leaves as soon as there is a writer.
		"nobody reads": `mkfifo "$FIFO"; : <"$FIFO" & exec "$BINARY" >"$FIFO"`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			script := fmt.Sprintf("#!/bin/sh\nBINARY='%s' FIFO='%s'\n%s\n", one.bootstrap, filepath.Join(dir, "fifo"), command)
			spoilt := &scenario{Traffic: one.Traffic, s3: one.s3, bootstrap: filepath.Join(dir, "bootstrap")}
			if err := os.WriteFile(spoilt.bootstrap, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, spoilt, inMemory(t), 1)
			w.pass(one.Files[0].Delivered)
			first := w.environments[0].invoke(t, &invocation{at: one.Files[0].Delivered})
			w.ended(first)
			if some, _ := first.wroteLines(); first.err == nil || some {
				t.Errorf("the first try = %v and wrote %d lines, want an error and none", first.err, len(first.lines))
			}
			w.environments[0].close()
			w.scenario = one
			for _, at := range one.ticks {
				w.announce(at, -1)
			}
			w.lambda(rand.New(rand.NewPCG(0, 0)), false)
			if sum := w.judge(t, 0, false); sum.doubled+sum.partly != 0 || len(w.dead) > 0 {
				t.Errorf("%v", &sum)
			}
		})
	}
}
