package s3event_test

import (
	"fmt"
	"testing"

	"bucketwatch/pkg/s3event"
)

func TestHuman(t *testing.T) {
	const (
		root = `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}`
		user = `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","userName":"alice"}`
		role = `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app-web/i-0abc","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/app-web"},"webIdFederationData":{}}}`

		sdk     = `"[aws-sdk-go-v2/1.41.1 os/linux lang/go#1.25.5]"`
		browser = `"[Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0]"`
		console = `"[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10]"`
	)
	oidc := func(provider string) string {
		return fmt.Sprintf(`{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/deploy/x","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/deploy"},"webIdFederationData":{"federatedProvider":%q,"attributes":{}}}}`, provider)
	}
	webIdentity := func(provider string) string {
		return fmt.Sprintf(`{"type":"WebIdentityUser","principalId":"p:app:user","userName":"user","identityProvider":%q}`, provider)
	}
	tests := []struct {
		name, identity string
		agent, more    string // JSON: the user agent, and members of the record
		want           bool
	}{
		{"root", root, sdk, ``, true},
		{"root by way of a service", `{"type":"Root","arn":"arn:aws:iam::111122223333:root","invokedBy":"athena.amazonaws.com"}`, `"athena.amazonaws.com"`, ``, true},
		{"user with keys", user, sdk, ``, false},
		{"user with keys and multi-factor authentication", `{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/alice","sessionContext":{"attributes":{"mfaAuthenticated":"true"}}}`, sdk, ``, false},
		{"role", role, sdk, ``, false},
		{"role, no user agent", role, `null`, ``, false},
		{"IAM user's federated user", `{"type":"FederatedUser","arn":"arn:aws:sts::111122223333:federated-user/alice"}`, sdk, ``, false},

		{"console session", user, browser, `"sessionCredentialFromConsole":"true"`, true},
		{"console session, a boolean", user, browser, `"sessionCredentialFromConsole":true`, true},
		{"console session, CloudShell", role, `"aws-cli/2.13.5 exec-env/CloudShell"`, `"sessionCredentialFromConsole":"true"`, true},
		{"no console session", user, sdk, `"sessionCredentialFromConsole":"false"`, false},
		{"console session of another type", user, sdk, `"sessionCredentialFromConsole":1`, false},
		{"console's user agent before the flag", user, console, `"eventVersion":"1.07"`, true},
		{"console's user agent without brackets before the flag", role, `"S3Console/0.4, aws-internal/3"`, `"eventVersion":"1.05"`, true},
		{"sign-in's user agent before the flag", role, `"signin.amazonaws.com"`, `"eventVersion":"1.02"`, true},
		{"console's host as user agent before the flag", role, `"console.amazonaws.com"`, `"eventVersion":"1.0"`, true},
		{"console's user agent in the first version", role, console, `"eventVersion":"1.00"`, true},
		{"console's user agent before the flag, with the flag", role, console, `"eventVersion":"1.07","sessionCredentialFromConsole":"false"`, true},
		{"another account's caller in the console before the flag", `{"type":"AWSAccount","principalId":"AIDAOTHER","accountId":"444455556666"}`, console, `"eventVersion":"1.05"`, true},
		{"forged console", role, console, `"eventVersion":"1.11"`, false},
		{"console's user agent, the flag's first version", role, console, `"eventVersion":"1.08"`, true},
		{"console's user agent, the last version seen without the flag", role, console, `"eventVersion":"1.10"`, true},
		{"forged console, a later version", role, console, `"eventVersion":"1.12"`, false},
		{"forged console, flag false", role, console, `"eventVersion":"1.11","sessionCredentialFromConsole":"false"`, false},
		{"forged console, later format", role, console, `"eventVersion":"2.0"`, false},
		{"forged console, version that is none", role, console, `"eventVersion":"1.0x"`, false},
		{"forged console, version empty", role, console, `"eventVersion":""`, false},
		{"forged console, version as a number", role, console, `"eventVersion":1.05`, false},
		{"forged console, no version", role, console, `"eventVersion":"(absent)"`, false},
		{"forged sign-in", role, `"signin.amazonaws.com"`, `"eventVersion":"1.11"`, false},
		{"forged console's host", role, `"console.amazonaws.com"`, `"eventVersion":"1.11"`, false},
		{"browser with a signed link", role, browser, ``, false},
		{"agent that mentions the console", role, `"[Boto3/1.40.61 for S3Console/0.4]"`, ``, false},
		{"AWS's own agent", role, `"[AWSCloudTrail, aws-internal/3 aws-sdk-java/1.12.433]"`, ``, false},

		{"Identity Center's role", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/bob","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef"}}}`, sdk, ``, true},
		{"Identity Center's role, no issuer", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/bob@example.com"}`, sdk, ``, true},
		{"session called like such a role", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app-web/AWSReservedSSO_Admin"}`, sdk, ``, false},
		{"Identity Center's user", `{"type":"IdentityCenterUser","accountId":"111122223333"}`, sdk, ``, true},
		{"directory's user", `{"type":"Directory","principalId":"d-1234567890:S-1","userName":"alice"}`, sdk, ``, true},

		{"SAML", `{"type":"SAMLUser","principalId":"x:SamlExample","userName":"SamlExample","identityProvider":"bdGOnTesti4+ExamplexL/jEvs="}`, sdk, ``, true},
		{"Google login", webIdentity("accounts.google.com"), sdk, ``, true},
		{"login of whatever provider", `{"type":"WebIdentityUser","userName":"user"}`, sdk, ``, true},
		{"role after a Google login", oidc("https://accounts.google.com"), sdk, ``, true},
		{"role after a company's login", oidc("arn:aws:iam::111122223333:oidc-provider/login.example.com/oauth2/default"), sdk, ``, true},
		{"pod", oidc("arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E"), sdk, ``, false},
		{"pod, in the call that gets the role", webIdentity("arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"), sdk, ``, false},
		{"GitHub Actions", oidc("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"), sdk, ``, false},
		{"GitHub Actions of a company", oidc("https://token.actions.example.ghe.com"), sdk, ``, false},
		{"GitLab of a company", oidc("arn:aws:iam::111122223333:oidc-provider/GitLab.example.com"), sdk, ``, false},
		{"Spacelift", oidc("acme.app.spacelift.io"), sdk, ``, false},
		{"app's visitors", oidc("cognito-identity.amazonaws.com"), sdk, ``, false},
		{"pod's role used in the console", oidc("oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"), console, `"sessionCredentialFromConsole":"true"`, true},

		{"service", `{"type":"AWSService","invokedBy":"delivery.logs.amazonaws.com"}`, `"delivery.logs.amazonaws.com"`, ``, false},
		{"service in a console session", `{"type":"AWSService","invokedBy":"delivery.logs.amazonaws.com"}`, console, `"sessionCredentialFromConsole":"true"`, false},
		{"anonymous", `{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}`, browser, ``, false},
		{"anonymous with the console's user agent", `{"type":"AWSAccount","principalId":"anonymous","accountId":"anonymous"}`, console, `"eventVersion":"1.05"`, false},
		{"nobody", `null`, sdk, ``, false},
		{"per-key record that names S3", `{"accountId":"111122223333","invokedBy":"s3.amazonaws.com"}`, `"s3.amazonaws.com"`, ``, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			patch := `{"userIdentity":` + test.identity + `,"userAgent":` + test.agent
			if test.more != "" {
				patch += "," + test.more
			}
			doc := patched(t, record(t, "get-object", `{"userIdentity":"(absent)"}`), patch+"}")
			if got := s3event.NewCaller(read(t, doc), "somebody").Human; got != test.want {
				t.Errorf("NewCaller(%s}).Human = %t, want %t", patch, got, test.want)
			}
		})
	}
}
