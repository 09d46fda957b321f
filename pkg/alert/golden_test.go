package alert_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/alert"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The messages are for people: read the golden files as somebody who was just woken.
func TestMessages(t *testing.T) {
	messages := map[string]alert.Message{
		"test-alert": alert.Test(clock("14:46:00"), "111122223333", "eu-central-1", "/aws/lambda/bucketwatch"),
		"held-back":  alert.HeldBack(30, clock("14:46:00"), "eu-central-1", "/aws/lambda/bucketwatch")}
	for name, i := range incidents() {
		messages[name] = i.Message()
	}
	for name, m := range messages {
		t.Run(name, func(t *testing.T) {
			checkHarmless(t, m)
			if len(m.Body) > 8<<10 {
				t.Errorf("the body has %d bytes, want at most 8 KB", len(m.Body))
			}
			got := m.Subject + "\n\n" + m.Body
			path := filepath.Join("testdata", name+".golden.txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			for line := range strings.Lines(m.Body) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 78 && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "--") && !strings.Contains(line, "arn:") {
					t.Errorf("a line has %d columns, want at most 78: %s", n, line)
				}
			}
		})
	}
}
