package s3event

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"bucketwatch/pkg/cloudtrail"
)

// policyStatement is one statement of a bucket policy.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type policyStatement struct {
	Effect       string
	Action       oneOrMore[string]
	NotAction    oneOrMore[string]
	Principal    principals
	NotPrincipal json.RawMessage
	Condition    json.RawMessage
}

// principals are whom a statement is about: the values of all kinds of principal, except AWS services, which act for
// an account and not by themselves.
type principals []string

func (p *principals) UnmarshalJSON(b []byte) error {
	var everyone string
	if json.Unmarshal(b, &everyone) == nil {
		*p = principals{everyone}
		return nil
	}
	var byKind map[string]oneOrMore[string]
	_ = json.Unmarshal(b, &byKind) // whatever doesn't fit is left out
	for kind, values := range byKind {
		if kind != "Service" {
			*p = append(*p, values...)
		}
	}
	slices.Sort(*p)
	return nil
}

// deletesAllowed looks for a statement that lets everyone, or another account, delete objects. Conditions are not
// evaluated; that there is one is said.
func deletesAllowed(r *cloudtrail.Record, subject string) string {
	var p struct {
		BucketPolicy struct{ Statement oneOrMore[policyStatement] }
	}
	decode(r, &p)
	for _, s := range p.BucketPolicy.Statement {
		if s.Effect != "Allow" || !s.allowsDelete() {
			continue
		}
		who := s.stranger(string(r.RecipientAccountID))
		if who == "" {
			continue
		}
		what := "let " + who + " delete objects by the policy of " + subject
		if present(s.Condition) {
			what += ", under a condition,"
		}
		return what
	}
	return ""
}

// deleteActions are the actions that delete objects or the bucket.
var deleteActions = []string{"s3:deleteobject", "s3:deleteobjectversion", "s3:deletebucket"}

func (s *policyStatement) allowsDelete() bool {
	if len(s.NotAction) > 0 {
		return slices.ContainsFunc(deleteActions, func(a string) bool { return !matchesAny(s.NotAction, a) })
	}
	return slices.ContainsFunc(deleteActions, func(a string) bool { return matchesAny(s.Action, a) })
}

// matchesAny tells whether one of the patterns, whose wildcards are * and ?, stands for the action.
func matchesAny(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), action)
		return ok && err == nil
	})
}

// stranger returns the first principal that isn't of the account, "" if all are.
func (s *policyStatement) stranger(account string) string {
	if present(s.NotPrincipal) {
		return "everyone but a few"
	}
	for _, p := range s.Principal {
		if p == "*" {
			return "everyone"
		}
		if p != account && accountOfARN(p) != account {
			return p
		}
	}
	return ""
}

// accountOfARN returns the account in an ARN, "" in anything else.
func accountOfARN(arn string) string {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 {
		return ""
	}
	return fields[4]
}
