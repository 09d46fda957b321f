package alert

import (
	"slices"
	"strings"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// stop says how to end what may go on: in one sentence for each kind of principal.
func (p *paper) stop(i *Incident) {
	if i.Severity.Compare(anomaly.High) < 0 || i.onlyAboutDigests() {
		return
	}
	p.heading("IF IT MAY GO ON")
	var ways []string
	of := map[string][]string{} // principals, by their way
	principals := i.principals()
	if len(principals) == 0 {
		principals = []string{s3event.Unattributed}
	}
	for _, principal := range principals {
		way := wayToStop(i, principal)
		if !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
		of[way] = append(of[way], cut(whom(i, principal), maxName))
	}
	if len(ways) == 1 {
		p.text("Unless you know that it is harmless, stop %s first: %s.", few(of[ways[0]]), ways[0])
		return
	}
	p.text("Unless you know that it is harmless, stop each of them first.")
	for _, way := range ways {
		p.text("%s: %s.", few(of[way]), way)
	}
}

// whom is the principal as one may be told to stop it.
func whom(i *Incident, principal string) string {
	switch principal {
	case "", s3event.Unattributed, "_other":
		return "whoever did it"
	}
	return name(i, principal)
}

// few is a list in a sentence, of which the end is left out if it is long.
func few(names []string) string {
	const most = 3
	if more := len(names) - most; more > 0 {
		names = append(slices.Clip(names[:most]), group(int64(more))+" more")
	}
	return enumerate(names)
}

// wayToStop is what keeps the principal from doing more of it. Credentials that it has already must be of no use either:
// a session outlives the key or the password that began it.
func wayToStop(i *Incident, principal string) string {
	actions := "s3:Delete* and s3:Put*"
	if slices.ContainsFunc(i.Anomalies, isAboutTrail) {
		actions = "cloudtrail:*, s3:Delete* and s3:Put*"
	}
	name := s3event.ShortName(principal)
	switch {
	case isForeign(i, principal):
		return "deny it s3:Delete* and s3:Put* in the bucket's policy, and take out what lets it in"
	case principal == s3event.Anonymous:
		return "switch on the bucket's public access block"
	case name == "the root user":
		return "change the password, delete root access keys, sign out"
	case strings.HasPrefix(name, "role/AWSReservedSSO_"):
		return "in IAM Identity Center remove the assignment (a session that has begun lasts up to 12 hours more, unless a service " +
			"control policy denies it " + actions + ")"
	case strings.Contains(principal, ":role/aws-service-role/"):
		return "it is a service's own role, which IAM cannot change; find what the service was told to do, and take it back there"
	case strings.HasPrefix(name, "role/"):
		return "attach a policy that denies " + actions + " (this also stops the app), then revoke its active sessions"
	case strings.HasPrefix(name, "user/"):
		return "deactivate the access keys and the console password, and attach a policy that denies " + actions + " (sessions outlive the keys)"
	case strings.HasSuffix(name, ".amazonaws.com"):
		return "find what the service was told to do, and take it back there"
	case i.Bucket == anomaly.Account:
		return "find out with CloudTrail whose credentials these were, and deny them " + actions
	}
	return "deny s3:DeleteObject* and s3:PutObject* in the bucket's policy, to everybody if it has to be (this also stops apps)"
}
