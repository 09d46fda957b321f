package alert_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/expected"
)

// commands returns the paragraphs of a message that are for a shell.
func commands(body string) []string {
	var list []string
	for paragraph := range strings.SplitSeq(body, "\n\n") {
		word, _, _ := strings.Cut(paragraph, " ")
		switch word {
		case "aws", "while", "bucketwatch", "sam":
			list = append(list, paragraph)
		case "cat":
			_, rest, _ := strings.Cut(body, paragraph) // a here-document with an empty line
			document, _, _ := strings.Cut(rest, "\nEND\n")
			list = append(list, paragraph+document+"\nEND\n")
		}
	}
	return list
}

func command(t *testing.T, body, begin string) string {
	t.Helper()
	for _, c := range commands(body) {
		if strings.HasPrefix(c, begin) {
			return c
		}
	}
	t.Fatalf("the message has no command %q:\n%s", begin, body)
	return ""
}

// sh runs a command in a folder, with what stands in for aws there first in the path.
func sh(t *testing.T, folder, command string) string {
	t.Helper()
	run := exec.Command("sh", "-eu", "-c", command)
	run.Dir = folder
	run.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH"), "HOME=" + folder}
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v: %s", command, err, out)
	}
	return string(out)
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The shell takes every command of every message, and each has the words it is meant to have.
func TestCommandsAreForAnyShell(t *testing.T) {
	for name, i := range incidents() {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for _, tool := range []string{"aws", "sam", "bucketwatch"} {
				write(t, folder, tool, "#!/bin/sh\nprintf '%s\\n' \"$@\" >>arguments\n")
			}
			for _, c := range commands(i.Message().Body) {
				sh(t, folder, c)
			}
			if got := read(t, folder, "arguments"); i.Bucket != anomaly.Account && !strings.Contains(got, "--bucket\n"+i.Bucket+"\n") {
				t.Errorf("the commands' words are\n%s", got)
			}
		})
	}
}

// What the CLI prints of each page of versions reaches DeleteObjects as it is, one call a page with delete markers.
func TestRestore(t *testing.T) {
	i := incident(surge())
	i.Bucket = "photos"
	body := i.Message().Body
	folder := t.TempDir()
	pages := []string{
		`{"Quiet":true,"Objects":[{"Key":"it's a \"key\"\\n%s\n\ud55c ` + "`id`" + ` $HOME","VersionId":"a"},{"Key":"\"VersionId\"","VersionId":"null"}]}`,
		`{"Quiet":true,"Objects":[]}`,
		`{"Quiet":true,"Objects":null}`,
		`{"Quiet":true,"Objects":[{"Key":" ","VersionId":"c"}]}`,
	}
	write(t, folder, "pages", strings.Join(pages, "\n")+"\n")
	write(t, folder, "aws", `#!/bin/sh
case "$2" in
list-object-versions) cat pages ;;
delete-objects) printf '%s: ' "$*" >>calls; cat >>calls; echo >>calls ;;
esac
`)
	if got, want := sh(t, folder, command(t, body, "aws s3api list-object-versions")), "3 found\n"; got != want {
		t.Errorf("listing prints %q, want %q", got, want)
	}
	sh(t, folder, command(t, body, "while"))
	const call = "s3api delete-objects --bucket photos --delete file:///dev/stdin: "
	if diff := cmp.Diff([]string{call + pages[0], call + pages[3], ""}, strings.Split(read(t, folder, "calls"), "\n")); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// Nothing to restore is no failure.
func TestRestoreNothing(t *testing.T) {
	i := incident(surge())
	body := i.Message().Body
	folder := t.TempDir()
	write(t, folder, "aws", "#!/bin/sh\nexit 0\n")
	if got, want := sh(t, folder, command(t, body, "aws s3api list-object-versions")), "0 found\n"; got != want {
		t.Errorf("listing prints %q, want %q", got, want)
	}
	if got := sh(t, folder, command(t, body, "while")); got != "" {
		t.Errorf("restoring prints %q", got)
	}
}

// The ready-made entry, with a reason written in, matches what the incident is about, also an hour as large.
func TestEntry(t *testing.T) {
	tests := []struct {
		name   string
		change func(i *alert.Incident)
	}{
		{"as it is", func(*alert.Incident) {}},
		{"by version id", func(i *alert.Incident) { i.Anomalies[0].Name = "PermanentDelete" }},
		{"keys without a folder", func(i *alert.Incident) { i.Anomalies[0].Keys = []string{"7.jpg", "a/8.jpg"} }},
		{"odd keys", func(i *alert.Incident) {
			i.Anomalies[0].Keys = []string{`it's "odd" \ # : * ? ! $HOME/한글/7.jpg`, `it's "odd" \ # : * ? ! $HOME/한글/8.jpg`}
		}},
		{"keys that can't be shown", func(i *alert.Incident) { i.Anomalies[0].Keys = []string{"a/\n/7.jpg", "a/\n/8.jpg"} }},
		{"keys cut in a character", func(i *alert.Incident) { i.Anomalies[0].Keys = []string{"a/한/7.jpg", "a/핝/8.jpg"} }},
		{"keys that would cover others", func(i *alert.Incident) { i.Anomalies[0].Keys = []string{"*/7.jpg", "*/8.jpg"} }},
		{"long keys", func(i *alert.Incident) {
			i.Anomalies[0].Keys = []string{"a/" + strings.Repeat("x", 500) + "/7.jpg", "a/" + strings.Repeat("x", 500) + "/8.jpg"}
		}},
		{"an odd principal", func(i *alert.Incident) {
			i.Principal = `arn:aws:iam::111122223333:user/a+b=c,d.e@f-g_h`
			i.Anomalies[0] = by(i.Anomalies[0], i.Principal, anomaly.Machine)
		}},
		{"a bucket that looks like a number", func(i *alert.Incident) { i.Bucket = "12345" }},
		{"two people", func(i *alert.Incident) {
			a := &i.Anomalies[0]
			a.Principal, a.Persons = anomaly.People, []string{alice, bob}
			a.Deleted = []anomaly.Deleted{{Principal: bob, Hour: a.First, Objects: 9}, {Principal: alice, Hour: a.First, Objects: 21}}
			i.Principal = anomaly.People
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i := incident(surge())
			test.change(&i)
			folder := t.TempDir()
			write(t, folder, "expected-deletes.yaml", "# no new line at its end")
			sh(t, folder, command(t, i.Message().Body, "cat"))
			text := read(t, folder, "expected-deletes.yaml")
			if _, err := expected.Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "reason: is empty") {
				t.Errorf("without a reason: %v, want a fault of the reason, in\n%s", err, text)
			}
			list, err := expected.Parse(strings.NewReader(strings.ReplaceAll(text, "reason:", "reason: It was me.")))
			if err != nil {
				t.Fatalf("%v, in\n%s", err, text)
			}
			for _, d := range i.Anomalies[0].Deleted {
				for _, key := range i.Anomalies[0].Keys {
					e, ok := list.Match(expected.Delete{AccountID: "111122223333", Bucket: i.Bucket, Principal: d.Principal, Key: key,
						Permanent: i.Anomalies[0].Name == "PermanentDelete", Time: i.Last})
					if !ok || e.Cap < d.Objects || e.Cap > 3*d.Objects || strings.ContainsAny(e.Prefix, "*?") {
						t.Errorf("Match(%q of %s) = %+v, %t, in\n%s", key, d.Principal, e, ok, text)
					}
				}
			}
		})
	}
}
