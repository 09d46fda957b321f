package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"bucketwatch/internal/cputime"
	"bucketwatch/internal/localaws"
)

// maxBinary is between what the binary has, 16 MB, and what it had while methods that nobody calls were in it, 28.
const maxBinary = 20e6

// The linker leaves out methods that nobody calls, unless some code that is linked asks for methods by a name that it finds
// out later: then all of them are kept, of all types. X-Ray's gRPC did so, with golang.org/x/net/trace, which the build
// tag grpcnotrace leaves out, and its protobuf, until 1.36.12. Another library, or the next version of one, may again.
func TestBinaryHasNoMethodsThatNobodyCalls(t *testing.T) {
	bootstrap, err := localaws.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.Stat(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	if binary.Size() > maxBinary {
		t.Errorf("the binary has %.1f MB, want at most %.0f; go build -ldflags=-dumpdep says who has <ReflectMethod>", float64(binary.Size())/1e6, maxBinary/1e6)
	}
}

// BenchmarkColdStart starts the real binary until it asks for its first invocation. What is told is the median: of the
// CPU time of all its threads, and of the memory that it has resident then.
func BenchmarkColdStart(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc")
	}
	bootstrap, err := localaws.Build(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	binary, err := os.Stat(bootstrap)
	if err != nil {
		b.Fatal(err)
	}
	env := map[string]string{
		"AWS_ACCESS_KEY_ID":               "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":           "secret",
		"AWS_REGION":                      "eu-central-1",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_XRAY_DAEMON_ADDRESS":         "127.0.0.1:2000",
		"BUCKETWATCH_TABLE":               "table",
	}
	var cpu, resident []float64
	for b.Loop() {
		f, err := localaws.StartFunction(b.Context(), localaws.FunctionConfig{Bootstrap: bootstrap, Env: env})
		if err != nil {
			b.Fatal(err)
		}
		cpu = append(cpu, threadTime(b, f.Pid())/1e6)
		resident = append(resident, float64(peakMemory(b, f.Pid()))/(1<<20))
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(cputime.Median(cpu), "cpu-ms")
	b.ReportMetric(cputime.Median(resident), "resident-MiB")
	b.ReportMetric(float64(binary.Size())/1e6, "binary-MB")
}

// threadTime returns the nanoseconds of CPU time that the process's threads have had, finer than their ticks.
func threadTime(tb testing.TB, pid int) (ns float64) {
	tb.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		tb.Fatalf("no threads of process %d: %v", pid, err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		of, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseFloat(of, 64)
		if err != nil {
			tb.Fatal(err)
		}
		ns += n
	}
	return ns
}
