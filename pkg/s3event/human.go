package s3event

import (
	"bytes"
	"strconv"
	"strings"

	"bucketwatch/pkg/cloudtrail"
)

// isHuman tells whether a person made the request that r records, rather than software: the root user, a session of the
// console, a user or session of IAM Identity Center, or somebody who logged in with an identity provider. AWS's services
// and anonymous callers are no persons.
//
// A browser's user agent says nothing: with a link that an application signed, a browser makes the application's
// requests.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func isHuman(r *cloudtrail.Record) bool {
	u := &r.UserIdentity
	switch string(u.Type) {
	case "AWSService":
		return false
	case "Root", "SAMLUser", "Directory", "IdentityCenterUser":
		return true
	}
	return !isAnonymous(u) &&
		(isConsole(r) || isIdentityCenterRole(u) || isLogin(u))
}

// isConsole tells whether a session of the console made the request: by what CloudTrail says of the credentials, or by
// the user agent, in the brackets of S3's records or without, in records of a version that may not say it. In all later
// ones the user agent is no evidence, since whoever makes a request chooses it: a program that called itself the console
// would be judged by what is usual of people. Nobody chooses the version of a record.
func isConsole(r *cloudtrail.Record) bool {
	if r.SessionCredentialFromConsole == cloudtrail.True {
		return true
	}
	if !beforeConsoleFlag(r.EventVersion) {
		return false
	}
	agent := bytes.TrimPrefix(r.UserAgent, []byte("["))
	for _, name := range [...]string{"S3Console/", "signin.amazonaws.com", "console.amazonaws.com", "console.s3.amazonaws.com"} {
		if bytes.HasPrefix(agent, []byte(name)) {
			return true
		}
	}
	return false
}

// beforeConsoleFlag tells whether records of the version may lack sessionCredentialFromConsole. It came with 1.08, but
// the console's records of up to 1.10, of 2021 to 2024, were seen without. What is no version at all isn't an old one.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
func beforeConsoleFlag(version []byte) bool {
	const flagged = 11 // 1.11, which S3's records have since 2025
	minor, ok := bytes.CutPrefix(version, []byte("1."))
	n, err := strconv.ParseUint(string(minor), 10, 8)
	return ok && err == nil && n < flagged
}

// isIdentityCenterRole tells whether the role is one that IAM Identity Center made for its users.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
func isIdentityCenterRole(u *cloudtrail.UserIdentity) bool {
	role := u.SessionContext.SessionIssuer.ARN
	if len(role) == 0 {
		role = roleOfSession(u.ARN)
	}
	return bytes.HasPrefix(lastSegment(role), []byte("AWSReservedSSO_"))
}

// workloads are the hosts of identity providers whose tokens software holds: the beginning of the name or, after a dot,
// its end.
//
// OpenID Connect is how people log in, but also how a pod, a build job or an app gets a role without keys of its own.
// Taken for people's, its many deletes would be what is usual of people, and the few that people do would not stand
// out. The identities of Cognito's pools are an app's visitors: its code decides what they can delete.
//
// A provider that a company runs itself can't be known by its name; it counts as a login.
var workloads = []string{
	"oidc.eks.", // pods, by IAM roles for service accounts
	"container.googleapis.com",
	".openshiftapps.com",
	"token.actions.", // GitHub's: of githubusercontent.com, or a company's own
	"gitlab.",
	"api.bitbucket.org",
	"oidc.circleci.com",
	"agent.buildkite.com",
	"vstoken.dev.azure.com",
	"app.terraform.io",
	".spacelift.io",
	"oidc.vercel.com",
	"cognito-identity.",
}

// isLogin tells whether the credentials are those of somebody who logged in with an identity provider.
func isLogin(u *cloudtrail.UserIdentity) bool {
	provider := u.SessionContext.WebIDFederationData.FederatedProvider
	if len(provider) == 0 {
		provider = u.IdentityProvider
	}
	if len(provider) == 0 {
		return string(u.Type) == "WebIdentityUser"
	}
	host := providerHost(string(provider))
	for _, name := range workloads {
		if strings.HasPrefix(host, name) || name[0] == '.' && strings.HasSuffix(host, name) {
			return false
		}
	}
	return true
}

// providerHost returns the host in the name of an identity provider: HOST/PATH, https://HOST/PATH, or
// arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH.
func providerHost(name string) string {
	if _, after, ok := strings.Cut(name, ":oidc-provider/"); ok {
		name = after
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(name, "https://"), "/")
	return strings.ToLower(host)
}
