package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"bucketwatch/pkg/doctor"
)

// inAccount sets the environment of a command that talks to a server of the test's, and to nobody else.
func inAccount(t *testing.T, answer http.HandlerFunc) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "", "AWS_REGION": "eu-central-1",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

// refuse answers as CloudFormation does.
func refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		w.Write([]byte("<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>no</Message></Error></ErrorResponse>"))
	}
}

func TestDoctorWithoutStack(t *testing.T) {
	for code, want := range map[string]string{
		"ValidationError": "there is no such stack: bucketwatch\nIs it in another Region or account",
		"AccessDenied":    "Your credentials need cloudformation:DescribeStacks",
		"ExpiredToken":    "sign in again",
	} {
		inAccount(t, refuse(http.StatusForbidden, code))
		r := command(t, "doctor")
		if r.code != exitFailed || r.stdout != "" || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: exit code %d, %q, want %d and %q", code, r.code, r.stderr, exitFailed, want)
		}
	}
}

// A Region that doesn't answer ends the command in the time that it was given.
func TestDoctorTimeout(t *testing.T) {
	over := make(chan struct{})
	inAccount(t, func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) }) // before the server, which waits for what it has begun, is closed
	r := command(t, "doctor", "--timeout", "50ms")
	if r.code != exitFailed || !strings.Contains(r.stderr, "AWS did not answer within 50ms") {
		t.Errorf("exit code %d, %q, want %d and that it did not answer", r.code, r.stderr, exitFailed)
	}
}

func TestDoctorWrongUse(t *testing.T) {
	inAccount(t, refuse(http.StatusForbidden, "AccessDenied"))
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"doctor", "bucketwatch"}, "unknown command"},
		{[]string{"doctor", "--format", "xml"}, `--format: "xml" is not one of text, json`},
		{[]string{"doctor", "--timeout", "0s"}, "--timeout"},
		{[]string{"doctor"}, "in which Region is the stack? Give --region"},
	} {
		if r := command(t, tt.args...); r.code != exitUsage || !strings.Contains(r.stderr, tt.want) || r.stdout != "" {
			t.Errorf("%q: exit code %d, %q, want %d and %q", tt.args, r.code, r.stderr, exitUsage, tt.want)
		}
	}
	if r := command(t, "doctor", "--region", "eu-central-1", "--profile", "none"); r.code != exitFailed || !strings.Contains(r.stderr, "cannot read the AWS configuration") {
		t.Errorf("--profile none: exit code %d, %q", r.code, r.stderr)
	}
}

func TestDoctorPolicy(t *testing.T) {
	r := command(t, "doctor", "--policy")
	if r.code != 0 || !json.Valid([]byte(r.stdout)) || !strings.Contains(r.stdout, `"cloudtrail:GetTrailStatus"`) {
		t.Errorf("--policy: exit code %d, %q, want a policy", r.code, r.stdout)
	}
}

func TestFindingsAsText(t *testing.T) {
	d := diagnosis{Schema: 1, Time: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), Stack: "bucketwatch", Region: "eu-central-1", Account: "111122223333", Unseen: []string{"Whether messages arrive."}, Findings: []doctor.Finding{
		{Subject: "Trail", Check: "a", Verdict: doctor.OK, Fact: "The trail logs."},
		{Subject: "Trail", Check: "b", Verdict: doctor.Fault, Fact: "It is stopped, and what is said of it takes more than one line of a narrow terminal.", Fix: "Start it.", Command: "aws cloudtrail start-logging --name a-name-that-is-longer-than-the-terminal-is-wide\naws second"},
		{Subject: "Function", Check: "c", Verdict: doctor.Unknown, Fact: "The check c could not be made.", Fix: "Try again."},
		{Subject: "Function", Check: "d", Verdict: doctor.Warning, Fact: "Look.", Fix: "Look again."},
	}}
	d.Verdict = doctor.Worst(d.Findings)
	var out bytes.Buffer
	d.writeText(&out, &terminal{width: 50}, "prod")
	want := `Stack bucketwatch in eu-central-1 of account 111122223333, 2026-11-20 10:00 UTC

TRAIL
ok       The trail logs.
FAULT    It is stopped, and what is said of it
         takes more than one line of a narrow
         terminal.
         → Start it.
           aws cloudtrail start-logging --name a-name-that-is-longer-than-the-terminal-is-wide
           aws second

FUNCTION
UNKNOWN  The check c could not be made.
         → Try again.
WARNING  Look.
         → Look again.

NOT TO BE TOLD FROM THE ACCOUNT
-        Whether messages arrive.

1 fault, 1 warning, 1 could not be looked at, 1 in order.
The commands take your shell's credentials: export AWS_PROFILE=prod
`
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
	out.Reset()
	d.writeText(&out, &terminal{width: 50, color: true}, "")
	for _, want := range []string{"\x1b[31;1mFAULT\x1b[0m", "\x1b[32mok\x1b[0m"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("with colour the text lacks %q:\n%q", want, out.String())
		}
	}
	out.Reset()
	if err := d.writeJSON(&out); err != nil {
		t.Fatal(err)
	}
	var parsed diagnosis
	if err := json.Unmarshal(out.Bytes(), &parsed); err != nil || parsed.Schema != 1 || parsed.Verdict != doctor.Fault || len(parsed.Findings) != 4 {
		t.Errorf("as JSON: %v, %+v", err, parsed)
	}
}
