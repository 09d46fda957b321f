package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

func TestHealthy(t *testing.T) {
	for _, own := range []bool{true, false} {
		found := healthy(own).run(t)
		if len(found) < 20 {
			t.Errorf("own trail %v: %d findings, want at least 20", own, len(found))
		}
		for _, f := range found {
			if f.Verdict != OK || f.Fact == "" || f.Fix != "" || f.Command != "" || f.Subject == "" || f.Check == "" {
				t.Errorf("own trail %v: %+v, want a fact in order", own, f)
			}
		}
		if Worst(found) != OK {
			t.Errorf("own trail %v: worst is %s", own, Worst(found))
		}
	}
}

// broken is an account of which something is broken, and what doctor must say of it.
type broken struct {
	name    string
	own     bool
	change  func(w *world)
	check   string
	verdict Verdict
	fact    string   // part of it
	command string   // part of it, or of the fix
	also    []string // checks of which something is to be said besides
}

func TestBroken(t *testing.T) {
	for _, tt := range slices.Concat(brokenTrails, brokenParts, brokenWatch) {
		t.Run(tt.name, func(t *testing.T) {
			w := healthy(tt.own)
			tt.change(w)
			said := false
			for _, f := range w.run(t) {
				switch {
				case f.Verdict == OK:
				case f.Check == tt.check && !said:
					said = true
					if f.Verdict != tt.verdict || !strings.Contains(f.Fact, tt.fact) || !strings.Contains(f.Fix+"\n"+f.Command, tt.command) || f.Fix == "" {
						t.Errorf("%+v, want %s, %q and %q", f, tt.verdict, tt.fact, tt.command)
					}
				case !slices.Contains(tt.also, f.Check):
					t.Errorf("also %+v", f)
				}
			}
			if !said {
				t.Errorf("nothing is said of %s", tt.check)
			}
		})
	}
}

// Whatever is refused is said, with the permission that is missing, and stops nothing else.
func TestDenied(t *testing.T) {
	for _, own := range []bool{true, false} {
		for _, call := range Calls {
			if call.Service == "CloudFormation" || call.Operation == "HeadBucket" || own && call.Service == "EventBridge" {
				continue
			}
			w := healthy(own)
			w.err[call.Operation] = code("AccessDeniedException", "no")
			found := w.run(t)
			if Worst(found) != Unknown {
				t.Errorf("%s denied: worst is %s, want %s", call.Action, Worst(found), Unknown)
			}
			unknown := 0
			for _, f := range found {
				if f.Verdict == Unknown {
					unknown++
					if !strings.Contains(f.Fact, "your credentials lack "+call.Action) {
						t.Errorf("%s denied: %q", call.Action, f.Fact)
					}
				}
			}
			if got := len(found) - unknown; got < 15 {
				t.Errorf("%s denied: %d findings besides", call.Action, got)
			}
		}
	}
	for err, want := range map[error]string{
		code("ThrottlingException", "Rate exceeded."): "SNS ListSubscriptionsByTopic answered ThrottlingException (Rate exceeded)",
		context.DeadlineExceeded:                      "SNS ListSubscriptionsByTopic did not answer in time",
		errors.New("no such host"):                    "no such host",
	} {
		w := healthy(true)
		w.err["ListSubscriptionsByTopic"] = err
		if found := w.run(t); !slices.ContainsFunc(found, func(f Finding) bool { return f.Check == "subscribers-alerts" && strings.Contains(f.Fact, want) }) {
			t.Errorf("%v: want %q in %+v", err, want, found)
		}
	}
}

// The reference has every check.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{"trails-of-other-regions": true}
	for _, f := range slices.Concat(healthy(true).run(t), healthy(false).run(t)) {
		names[f.Check] = true
	}
	for _, b := range slices.Concat(brokenTrails, brokenParts, brokenWatch) {
		names[b.check] = true
	}
	for name := range names {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/REFERENCE.md lacks `%s`", name)
		}
	}
}

func TestReadStack(t *testing.T) {
	w := healthy(false)
	s := w.stack()
	for got, want := range map[string]string{
		s.Region: region, s.Account: account, s.Partition: "aws", s.logBucket(): existing, s.prefix(): "logs/", s.function(): "bw-fn",
		s.id("Monitoring/Silence"): "bw-Silence", s.queueARN("RetryQueue"): "arn:aws:sqs:eu-central-1:111122223333:bw-retry",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := ReadStack(t.Context(), w, "other"); !errors.Is(err, ErrNoStack) {
		t.Errorf("ReadStack of none = %v, want %v", err, ErrNoStack)
	}
	w.resources[stackID("bucketwatch")] = map[string]string{"Bucket": "b"}
	if _, err := ReadStack(t.Context(), w, "bucketwatch"); !errors.Is(err, ErrNoStack) || !strings.Contains(err.Error(), "of BucketWatch") {
		t.Errorf("ReadStack of another stack = %v, want %v", err, ErrNoStack)
	}
	w.err["ListStackResources"] = code("AccessDenied", "no")
	var call *smithy.OperationError
	if _, err := ReadStack(t.Context(), w, "bucketwatch"); !errors.As(err, &call) {
		t.Errorf("ReadStack without the permission = %v, want the call's error", err)
	}
}

// A check that hangs is given up, and one that waits for it runs all the same.
func TestRunnerTimeout(t *testing.T) {
	r := Runner{Parallel: 1, Timeout: time.Millisecond}
	found := r.Run(t.Context(), []Check{
		{"A", "hangs", func(ctx context.Context) ([]Finding, error) { <-ctx.Done(); return nil, ctx.Err() }},
		{"B", "works", func(context.Context) ([]Finding, error) { return []Finding{{Verdict: OK, Fact: "x"}}, nil }},
	})
	if len(found) != 2 || found[0].Verdict != Unknown || found[0].Check != "hangs" || found[1].Verdict != OK || found[1].Subject != "B" {
		t.Errorf("Run = %+v, want one given up, and one in order", found)
	}
}

func TestPolicy(t *testing.T) {
	var policy struct {
		Statement []struct {
			Effect   string
			Action   []string
			Resource string
		}
	}
	if err := json.Unmarshal([]byte(Policy("aws", "my-logs")), &policy); err != nil {
		t.Fatal(err)
	}
	if len(policy.Statement) != 2 || policy.Statement[1].Resource != "arn:aws:s3:::my-logs" {
		t.Fatalf("%+v, want two statements, the second of the bucket", policy)
	}
	allowed := slices.Concat(policy.Statement[0].Action, policy.Statement[1].Action)
	for _, c := range Calls {
		if !slices.Contains(allowed, c.Action) {
			t.Errorf("%s isn't allowed", c.Action)
		}
		verb := strings.SplitN(c.Action, ":", 2)[1]
		if !slices.ContainsFunc([]string{"Get", "List", "Describe"}, func(v string) bool { return strings.HasPrefix(verb, v) }) || verb == "GetObject" {
			t.Errorf("%s isn't reading what is set up", c.Action)
		}
	}
}

// No client sends what isn't among the calls.
func TestOnlyCalls(t *testing.T) {
	client := s3.New(s3.Options{Region: region, BaseEndpoint: sdk.String("http://127.0.0.1:1"), APIOptions: nil, Credentials: sdk.AnonymousCredentials{}, RetryMaxAttempts: 1},
		func(o *s3.Options) { o.APIOptions = append(o.APIOptions, OnlyCalls) })
	_, err := client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: sdk.String("x")})
	if err == nil || !strings.Contains(err.Error(), "doctor must not ask S3 for DeleteBucket") {
		t.Errorf("DeleteBucket: %v, want a refusal", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.ListBuckets(ctx, &s3.ListBucketsInput{}); err == nil || strings.Contains(err.Error(), "must not") {
		t.Errorf("ListBuckets: %v, want it to be tried", err)
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{"photos": "photos", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'", "arn:aws:s3:::x/*": "'arn:aws:s3:::x/*'"} {
		if got := quote(text); got != want {
			t.Errorf("quote(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestListed(t *testing.T) {
	var names []string
	for n, want := range []string{"", "b1", "b1 and b2", "b1, b2 and b3"} {
		if got := listed(names); got != want {
			t.Errorf("listed(%q) = %q, want %q", names, got, want)
		}
		names = append(names, fmt.Sprintf("b%d", n+1))
	}
	names = append(names, "b5", "b6", "b7")
	if got, want := listed(names), "b1, b2, b3, b4, b5 and 2 others"; got != want {
		t.Errorf("listed(%q) = %q, want %q", names, got, want)
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "a minute ago", 5 * time.Minute: "5 minutes ago", 5 * time.Hour: "5 hours ago", 72 * time.Hour: "3 days ago"} {
		if got := ago(now, now.Add(-d)); got != want {
			t.Errorf("ago(%v) = %q, want %q", d, got, want)
		}
	}
}
