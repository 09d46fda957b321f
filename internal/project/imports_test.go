package project

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which packages each package may import: of this module by their path, of others by their module's path
// (or the beginning of it). The standard library is open to all. docs/ARCHITECTURE.md says why.
var allowed = map[string][]string{
	"pkg/cloudtrail":      {"github.com/klauspost/compress/gzip"},
	"pkg/s3event":         {"pkg/cloudtrail"},
	"pkg/metric":          {"pkg/s3event"},
	"pkg/emf":             {"pkg/printable"},
	"pkg/printable":       {},
	"pkg/anomaly":         {"pkg/s3event"},
	"pkg/state":           {},
	"pkg/state/dynamodb":  {"pkg/state", "github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service/dynamodb", "golang.org/x/sync/errgroup"},
	"pkg/state/statetest": {"pkg/state"},
	"pkg/trigger":         {},
	"pkg/history":         {"pkg/anomaly", "pkg/state", "golang.org/x/sync/errgroup"},
	"pkg/expected":        {"pkg/s3event", "go.yaml.in/yaml/v4"},
	"pkg/evidence":        {"pkg/anomaly", "pkg/cloudtrail", "pkg/expected", "pkg/s3event"},
	"pkg/alert":           {"pkg/anomaly", "pkg/cloudtrail", "pkg/printable", "pkg/s3event"},
	"pkg/pipeline": {"pkg/alert", "pkg/anomaly", "pkg/cloudtrail", "pkg/emf", "pkg/evidence", "pkg/expected", "pkg/history", "pkg/metric", "pkg/printable", "pkg/s3event", "pkg/state", "pkg/trigger",
		"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service/s3", "github.com/aws/aws-sdk-go-v2/service/sns", "golang.org/x/sync/errgroup"},
	"pkg/logfiles": {"pkg/cloudtrail", "github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service/s3", "github.com/aws/smithy-go"},
	"pkg/replay": {"pkg/alert", "pkg/anomaly", "pkg/cloudtrail", "pkg/expected", "pkg/history", "pkg/logfiles", "pkg/pipeline", "pkg/state",
		"github.com/aws/aws-sdk-go-v2/service/s3", "github.com/aws/aws-sdk-go-v2/service/sns"},
	"pkg/report": {"pkg/anomaly", "pkg/cloudtrail", "pkg/evidence", "pkg/expected", "pkg/logfiles", "pkg/metric", "pkg/printable", "pkg/replay", "pkg/s3event",
		"github.com/jedib0t/go-pretty/v6", "gonum.org/v1/plot"},
	"pkg/doctor": {"pkg/cloudtrail", "github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service", "github.com/aws/smithy-go"},
	"functions/processor": {"pkg/expected", "pkg/pipeline", "pkg/state", "github.com/aws/aws-lambda-go", "github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go",
		"github.com/aws/aws-xray-sdk-go/v2"},
	"internal/chromium":         {"github.com/chromedp/chromedp", "github.com/chromedp/cdproto"},
	"internal/dynamodblocal":    {"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service/dynamodb"},
	"internal/localaws":         {"github.com/johannesboyne/gofakes3"},
	"internal/traffic":          {},
	"internal/traffic/labelled": {"internal/traffic"},
	"internal/evaluation": {"internal/traffic", "internal/traffic/labelled", "pkg/anomaly", "pkg/history", "pkg/pipeline", "pkg/s3event", "pkg/state",
		"github.com/aws/aws-sdk-go-v2/service/s3", "github.com/aws/aws-sdk-go-v2/service/sns"},
	"cmd/evaluate":     {"internal/evaluation", "internal/traffic/labelled", "pkg/anomaly", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
	"cmd/traffic":      {"internal/traffic/labelled", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
	"internal/cputime": {},
	"internal/emftest": {},
	"internal/hostile": {},
	"internal/faults":  {}, // tests only
	"internal/project": {}, // tests only
	"cmd/bucketwatch": {"pkg/doctor", "pkg/expected", "pkg/history", "pkg/logfiles", "pkg/pipeline", "pkg/printable", "pkg/replay", "pkg/report", "pkg/state", "github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go",
		"github.com/jedib0t/go-pretty/v6", "github.com/spf13/cobra", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
	"cmd/expected-deletes": {"pkg/expected"},
	"cmd/compare": {"internal/cputime", "internal/traffic", "pkg/cloudtrail", "pkg/metric", "pkg/pipeline", "pkg/s3event", "pkg/state",
		"github.com/aws/aws-sdk-go-v2/service/s3", "github.com/klauspost/compress/gzip", "golang.org/x/term"},
	"internal/simulation": {"internal/localaws", "internal/traffic"},
	"cmd/simulate":        {"internal/simulation", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
	"cmd/demo":            {"internal/localaws", "internal/traffic", "pkg/printable"},
	"e2e/logfiles":        {"internal/traffic"},
}

func TestImports(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	list.Dir = inRoot("")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("cannot list the packages: %v", err)
	}
	seen := map[string]bool{}
	for text := range strings.Lines(string(out)) {
		fields := strings.Fields(strings.ReplaceAll(text, "bucketwatch/", ""))
		name, imports := fields[0], fields[1:]
		seen[name] = true
		may, ok := allowed[name]
		if !ok {
			t.Errorf("package %s isn't in the list: say what it may import, here and in docs/ARCHITECTURE.md", name)
			continue
		}
		for _, imported := range imports {
			first, _, _ := strings.Cut(imported, "/")
			ours := slices.Contains([]string{"pkg", "internal", "functions", "cmd"}, first)
			if !ours && !strings.Contains(first, ".") {
				continue // the standard library
			}
			if !slices.ContainsFunc(may, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") }) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
	for name := range allowed {
		if !seen[name] {
			t.Errorf("package %s is in the list and not in the module", name)
		}
	}
}
