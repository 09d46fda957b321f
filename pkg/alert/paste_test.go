package alert_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"bucketwatch/internal/hostile"
	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
)

// chosen are texts that whoever makes requests may choose, and a few that only AWS does.
type chosen struct{ bucket, key, principal, id, place string }

// in returns the incident as if it had been about these values, all of whose keys are known.
func (c *chosen) in(i alert.Incident) alert.Incident {
	rename := func(principal string) string {
		if principal == appWeb {
			return c.principal
		}
		return principal
	}
	if i.Bucket != anomaly.Account {
		i.Bucket = c.bucket
	}
	i.Principal = rename(i.Principal)
	i.Anomalies = slices.Clone(i.Anomalies)
	for k := range i.Anomalies {
		a := &i.Anomalies[k]
		a.Bucket, a.Principal = i.Bucket, rename(a.Principal)
		a.EventIDs, a.UserAgents, a.SourceIPAddresses = []string{c.id}, []string{c.key}, []string{c.id}
		a.LogFiles = []string{c.place + "/AWSLogs/111122223333/CloudTrail/" + c.id + "/2026"}
		if len(a.Keys) > 0 {
			a.Keys = []string{c.key + "/7.jpg", c.key + "/8.jpg"}
			a.KeysInAll, a.Count = 2, 2
		}
		a.Deleted = slices.Clone(a.Deleted)
		for d := range a.Deleted {
			a.Deleted[d].Principal, a.Deleted[d].Objects = rename(a.Deleted[d].Principal), 2
		}
	}
	return i
}

// stand-ins for all that the commands call: each call is noted, and nothing else is there to be run.
const standIns = `
note() { printf '%s\0' "$@" '(end)' >&9; }
aws() { note aws "$@"; }
sam() { note sam "$@"; }
bucketwatch() { note bucketwatch "$@"; }
sed() { printf '{"Key":"VersionId"}\n'; }
awk() { :; }
cat() { while IFS= read -r line; do printf '%s\n' "$line"; done; }
`

// shells are those that this machine has. Bash reads commands as an interactive one does, in which an exclamation mark may
// stand for an earlier command.
func shells() map[string][]string {
	all := map[string][]string{}
	for name, args := range map[string][]string{"sh": {"-s"}, "bash": {"--norc", "--noprofile", "-s"}} {
		if path, err := exec.LookPath(name); err == nil {
			all[name] = append([]string{path}, args...)
		}
	}
	return all
}

// paste has a shell read the commands as if they had been copied there. It returns the words of each call, and what stands
// in expected-deletes.yaml then. That anything else is run, said or written is an error.
func paste(t *testing.T, name string, shell, commands []string) (calls [][]string, declared string) {
	t.Helper()
	folder := t.TempDir()
	script := standIns
	if name == "bash" {
		script = "HISTFILE=\nset -o history\nset -H\necho earlier >/dev/null\n" + script
	}
	script += strings.Join(commands, "\n") + "\n"
	words, err := os.Create(filepath.Join(folder, "words"))
	if err != nil {
		t.Fatal(err)
	}
	defer words.Close()
	run := exec.Command(shell[0], shell[1:]...)
	run.Dir, run.Stdin = folder, strings.NewReader(script)
	run.Env = []string{"PATH=" + filepath.Join(folder, "nothing"), "HOME=/nowhere"}
	run.ExtraFiles = []*os.File{nil, nil, nil, nil, nil, nil, words} // descriptor 9
	out, err := run.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Fatalf("%s: %v, and it says %q, of\n%s", name, err, out, strings.Join(commands, "\n"))
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch e.Name() {
		case "words", "restore.txt":
		case "expected-deletes.yaml":
			declared = read(t, folder, e.Name())
		default:
			t.Fatalf("%s made the file %s, of\n%s", name, e.Name(), strings.Join(commands, "\n"))
		}
	}
	for call := range strings.SplitSeq(read(t, folder, "words"), "(end)\x00") {
		if call != "" {
			calls = append(calls, strings.Split(strings.TrimSuffix(call, "\x00"), "\x00"))
		}
	}
	return calls, declared
}

// vocabulary is every word that the commands of the examples have, but for their values.
func vocabulary(t testing.TB) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	honest := chosen{bucket: "photos", key: "a", principal: appWeb, id: "id", place: "s3://logs"}
	plain := regexp.MustCompile(`'[^']*'|[^\s']+`)
	for _, i := range incidents() {
		about := honest.in(i)
		for _, c := range commands(about.Message().Body) {
			for _, word := range plain.FindAllString(strings.ReplaceAll(c, "\\\n", ""), -1) {
				words[strings.Trim(word, "'")] = true
			}
		}
	}
	for _, value := range []string{"photos", "--prefix=a/7.jpg", "--prefix=a/", appWeb, "s3://logs", "AttributeKey=EventId,AttributeValue=id", "id"} {
		delete(words, value)
	}
	for _, word := range []string{"--query", "BUCKET", "s3://LOG-BUCKET", "TRAIL", "--prefix=KEY"} { // where a value can't be shown
		words[word] = true
	}
	return words
}

// jmespath is what the commands ask the CLI for: nothing of a caller's is in it.
var jmespath = regexp.MustCompile("^to_string\\({Quiet: `true`, Objects: DeleteMarkers\\[\\?\n  LastModified >= `\"[0-9T:-]*\"` &&\n  LastModified < `\"[0-9T:-]*\"`\n  \\]\\.{Key: Key, VersionId: VersionId}}\\)$|^Events\\[\\]\\.CloudTrailEvent$")

// is tells whether a word is the values' own.
func (c *chosen) is(word string) bool {
	prefix, ok := strings.CutPrefix(word, "--prefix=")
	return word == c.bucket || word == c.principal || word == c.place || word == c.id ||
		word == "AttributeKey=EventId,AttributeValue="+c.id && !strings.Contains(c.id, ",") ||
		ok && strings.HasPrefix(c.key+"/7.jpg", prefix) && !regexp.MustCompile(`(?i)^(fileb?|https?)://`).MatchString(prefix)
}

// FuzzPaste copies all commands of a message into each shell, and its query into what Logs Insights reads: whatever the
// values are, each call has the words it is meant to have and nothing else happens.
func FuzzPaste(f *testing.F) {
	examples := incidents()
	names := slices.Sorted(maps.Keys(examples))
	for k, s := range hostile.Values() {
		if k%3 > 0 {
			f.Add(uint8(k), "photos", s, "arn:aws:iam::111122223333:user/"+s, "id", "s3://logs")
		} else {
			f.Add(uint8(k), s, "a/"+s, s, s, "s3://logs/"+s)
		}
	}
	for k := range names {
		f.Add(uint8(k), "photos", "it's/$(x)!", appWeb, "id", "s3://logs")
		f.Add(uint8(k), "photos", "*/a?", "arn:aws:iam::111122223333:user/*!", "id", "s3://logs")
	}
	words, ways := vocabulary(f), shells()
	f.Fuzz(func(t *testing.T, which uint8, bucket, key, principal, id, place string) {
		if len(bucket)+len(key)+len(principal)+len(id)+len(place) > 4<<10 {
			return
		}
		c := chosen{bucket, key, principal, id, place}
		i := c.in(examples[names[int(which)%len(names)]])
		body := i.Message().Body
		checkQuery(t, &c, &i, body)
		list := commands(body)
		for _, c := range list { // bash before 5 looks for earlier commands even there
			if strings.HasPrefix(c, "cat") && strings.Contains(c, "!") {
				t.Errorf("a here-document has an exclamation mark:\n%s", c)
			}
		}
		for name, shell := range ways {
			calls, declared := paste(t, name, shell, list)
			if len(list) > 0 && len(calls) == 0 && declared == "" {
				t.Errorf("%s ran nothing of %q", name, list)
			}
			for _, call := range calls {
				for _, word := range call {
					if !words[word] && !jmespath.MatchString(word) && !c.is(word) {
						t.Errorf("%s: a word is %q, in %q", name, word, call)
					}
					if word != "" && word[0] == '-' && (word == c.bucket || word == c.principal || word == c.id) {
						t.Errorf("%s: %q would be taken for an option, in %q", name, word, call)
					}
				}
			}
			checkDeclared(t, &c, &i, declared)
		}
	})
}

// checkDeclared wants the entries to be about the bucket and those who deleted, and none else.
func checkDeclared(t *testing.T, c *chosen, i *alert.Incident, text string) {
	t.Helper()
	var entries []map[string]any
	if err := yaml.Unmarshal([]byte(text), &entries); err != nil {
		t.Fatalf("%v, in\n%s", err, text)
	}
	for _, e := range entries {
		for member := range e {
			if !slices.Contains([]string{"bucket", "principal", "prefix", "max_objects_per_hour", "permanent", "until", "reason"}, member) {
				t.Errorf("an entry has the member %q, in\n%s", member, text)
			}
		}
		prefix, _ := e["prefix"].(string)
		principal, _ := e["principal"].(string)
		known := slices.ContainsFunc(i.Anomalies, func(a anomaly.Anomaly) bool {
			return slices.ContainsFunc(a.Deleted, func(d anomaly.Deleted) bool { return d.Principal == principal })
		})
		if e["bucket"] != i.Bucket || !known || !strings.HasPrefix(c.key+"/", prefix) || strings.ContainsAny(prefix+principal+i.Bucket, "*?") {
			t.Errorf("an entry is %q", e)
		}
	}
}

// literal is a text in a query of Logs Insights.
var literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// queries are the forms that a query has when its literals are taken out.
var queries = regexp.MustCompile(`^(?:` +
	`fields @timestamp, Severity, Anomaly, Principal, Explanation\n\| filter Type = "" and BucketName = ""\n\| sort @timestamp desc|` +
	`fields Time, Key, VersionId, ErrorCode, Principal, SourceIPAddress\n\| filter Type = "" and BucketName = ""` +
	`(?:\n\| filter Principal = ""|\n\| filter Principal in \[""(?:,\n    "")*\])?(?:\n\| filter Time like /\^[0-9T()|-]*/)?\n\| sort Time \| limit 10000)$`)

// checkQuery wants the query to have no more than its form, and literals that are the values.
func checkQuery(t *testing.T, c *chosen, i *alert.Incident, body string) {
	t.Helper()
	_, query, ok := strings.Cut(body, "\n\nfields ")
	if !ok {
		t.Fatalf("the message has no query:\n%s", body)
	}
	query, _, _ = strings.Cut("fields "+query, "\n\n")
	if form := literal.ReplaceAllString(query, `""`); !queries.MatchString(form) {
		t.Fatalf("the query is\n%s", query)
	}
	for _, quoted := range literal.FindAllString(query, -1) {
		text, err := strconv.Unquote(quoted)
		known := slices.Contains([]string{"Delete", "Anomaly", "BUCKET", anomaly.Account, alice, bob, c.bucket, c.principal, i.Principal}, text)
		if err != nil || !known {
			t.Errorf("the query has the text %s, %v", quoted, err)
		}
	}
}

// The shells see what they are meant to see: otherwise the fuzz target shows nothing.
func TestPasteFinds(t *testing.T) {
	for name, shell := range shells() {
		t.Run(name, func(t *testing.T) {
			calls, declared := paste(t, name, shell, []string{"aws s3api x --bucket 'a b'", "cat >>expected-deletes.yaml <<'END'\n- $x\nEND"})
			if fmt.Sprintf("%q", calls) != `[["aws" "s3api" "x" "--bucket" "a b"]]` || declared != "- $x\n" {
				t.Errorf("calls %q, declared %q", calls, declared)
			}
		})
	}
}
