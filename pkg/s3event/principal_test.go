package s3event_test

import (
	"testing"

	"bucketwatch/pkg/s3event"
)

// identities are every type of userIdentity, as CloudTrail's reference shows them, and who that is.
var identities = []struct {
	name, identity string
	want           string
	anonymous      bool
	identified     bool
}{
	{"Root", `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":""}`,
		"arn:aws:iam::111122223333:root", false, true},
	{"Root in the console", `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{},"attributes":{"mfaAuthenticated":"true"}}}`,
		"arn:aws:iam::111122223333:root", false, true},
	{"IAMUser", `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"alice"}`,
		"arn:aws:iam::111122223333:user/alice", false, true},
	{"IAMUser with a path", `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/staff/ops/alice","accountId":"111122223333","userName":"alice"}`,
		"arn:aws:iam::111122223333:user/staff/ops/alice", false, true},
	{"IAMUser with temporary credentials", `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","userName":"alice","sessionContext":{"attributes":{"mfaAuthenticated":"true"}}}`,
		"arn:aws:iam::111122223333:user/alice", false, true},
	{"IAMUser by way of a service", `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","userName":"alice","invokedBy":"athena.amazonaws.com"}`,
		"arn:aws:iam::111122223333:user/alice", false, true},
	{"AssumedRole", `{"type":"AssumedRole","principalId":"AROAEXAMPLE:i-0abc","arn":"arn:aws:sts::111122223333:assumed-role/app-web/i-0abc","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/app-web","accountId":"111122223333","userName":"app-web"}}}`,
		"arn:aws:iam::111122223333:role/app-web", false, true},
	{"AssumedRole with a path", `{"type":"AssumedRole","principalId":"AROAEXAMPLE:nightly","arn":"arn:aws:sts::111122223333:assumed-role/cleaner/nightly","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/service/batch/cleaner"}}}`,
		"arn:aws:iam::111122223333:role/service/batch/cleaner", false, true},
	{"AssumedRole without issuer", `{"type":"AssumedRole","principalId":"AROAEXAMPLE:i-0abc","arn":"arn:aws:sts::111122223333:assumed-role/app-web/i-0abc","accountId":"111122223333"}`,
		"arn:aws:sts::111122223333:assumed-role/app-web", false, true},
	{"AssumedRole with an empty issuer", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app-web/i-0abc","sessionContext":{"sessionIssuer":{}}}`,
		"arn:aws:sts::111122223333:assumed-role/app-web", false, true},
	{"AssumedRole, session like an address", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Admin/bob@example.com"}`,
		"arn:aws:sts::111122223333:assumed-role/Admin", false, true},
	{"AssumedRole without ARN", `{"type":"AssumedRole","principalId":"AROAEXAMPLE:i-0abc","accountId":"111122223333"}`,
		"AROAEXAMPLE", false, true},
	{"AssumedRole in China", `{"type":"AssumedRole","arn":"arn:aws-cn:sts::111122223333:assumed-role/app-web/i-0abc"}`,
		"arn:aws-cn:sts::111122223333:assumed-role/app-web", false, true},
	{"service-linked role", `{"type":"AssumedRole","principalId":"AROAEXAMPLE:ScheduledDataProtection","arn":"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForBackup/AWSBackup","invokedBy":"backup.amazonaws.com","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"}}}`,
		"arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup", false, true},
	{"Role", `{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/app-web","accountId":"111122223333"}`,
		"arn:aws:iam::111122223333:role/app-web", false, true},
	{"FederatedUser", `{"type":"FederatedUser","principalId":"111122223333:alice","arn":"arn:aws:sts::111122223333:federated-user/alice","accountId":"111122223333"}`,
		"arn:aws:sts::111122223333:federated-user/alice", false, true},
	{"FederatedUser of an IAM user", `{"type":"FederatedUser","principalId":"111122223333:alice","arn":"arn:aws:sts::111122223333:federated-user/alice","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/broker","accountId":"111122223333","userName":"broker"}}}`,
		"arn:aws:iam::111122223333:user/broker", false, true},
	{"WebIdentityUser", `{"type":"WebIdentityUser","principalId":"accounts.google.com:app-id.apps.example.com:user-id","userName":"user-id","identityProvider":"accounts.google.com"}`,
		"user-id", false, true},
	{"SAMLUser", `{"type":"SAMLUser","principalId":"SampleUkh1i4+ExamplexL/jEvs=:SamlExample","userName":"SamlExample","identityProvider":"bdGOnTesti4+ExamplexL/jEvs="}`,
		"SamlExample", false, true},
	{"Directory", `{"type":"Directory","principalId":"d-1234567890:S-1-1-12-1234567890","accountId":"111122223333","userName":"alice"}`,
		"alice", false, true},
	{"Directory without name", `{"type":"Directory","principalId":"d-1234567890:S-1-1-12-1234567890","accountId":"111122223333"}`,
		"d-1234567890", false, true},
	{"IdentityCenterUser", `{"type":"IdentityCenterUser","accountId":"111122223333","onBehalfOf":{"userId":"544894e8-80c1-707f-60e3-3ba6510dfac1","identityStoreArn":"arn:aws:identitystore::111122223333:identitystore/d-9067642ac7"},"credentialId":"EXAMPLEVHULjJdTUdPJfofVa1sufHDoj7aYcOYcxFVllWR_Whr1fEXAMPLE"}`,
		"111122223333", false, false},
	{"AWSAccount", `{"type":"AWSAccount","principalId":"AIDAEXAMPLEOTHER","accountId":"444455556666"}`,
		"account/444455556666/AIDAEXAMPLEOTHER", false, true},
	{"AWSAccount, a role's session", `{"type":"AWSAccount","principalId":"AROAEXAMPLEOTHER:nightly","accountId":"444455556666"}`,
		"account/444455556666/AROAEXAMPLEOTHER", false, true},
	{"AWSAccount alone", `{"type":"AWSAccount","accountId":"444455556666"}`,
		"account/444455556666", false, false},
	{"anonymous in older records", `{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}`,
		"anonymous", true, false},
	{"anonymous in newer records", `{"type":"AWSAccount","principalId":"anonymous","accountId":"anonymous"}`,
		"anonymous", true, true},
	{"AWSService", `{"type":"AWSService","invokedBy":"delivery.logs.amazonaws.com"}`,
		"delivery.logs.amazonaws.com", false, false},
	{"Unknown", `{"type":"Unknown"}`, "UNATTRIBUTED", false, false},
	{"Unknown with its account", `{"type":"Unknown","principalId":"","accountId":"111122223333"}`, "111122223333", false, false},
	{"a type to come", `{"type":"Robot","userName":"r2"}`, "r2", false, false},
	{"no type", `{"accountId":"111122223333","invokedBy":"s3.amazonaws.com"}`, "s3.amazonaws.com", false, false},
	{"empty", `{}`, "UNATTRIBUTED", false, false},
	{"null", `null`, "UNATTRIBUTED", false, false},
	{"of another type", `"alice"`, "UNATTRIBUTED", false, false},
	{"members of other types", `{"type":7,"arn":["arn:aws:iam::111122223333:user/alice"],"principalId":{},"sessionContext":"x"}`, "UNATTRIBUTED", false, false},
}

func TestPrincipal(t *testing.T) {
	for _, test := range identities {
		t.Run(test.name, func(t *testing.T) {
			doc := patched(t, record(t, "get-object", `{"userIdentity":"(absent)"}`), `{"userIdentity":`+test.identity+`}`)
			if got := principal(t, doc); got != test.want {
				t.Errorf("AppendPrincipal(%s) = %q, want %q", test.identity, got, test.want)
			}
			e := interpret(t, doc)
			if e.Anonymous != test.anonymous {
				t.Errorf("Interpret(%s).Anonymous = %t, want %t", test.identity, e.Anonymous, test.anonymous)
			}
			if e.Identified != test.identified {
				t.Errorf("Interpret(%s).Identified = %t, want %t", test.identity, e.Identified, test.identified)
			}
		})
	}
}

func TestAppendPrincipal(t *testing.T) {
	r := read(t, record(t, "put-object", ""))
	if got, want := string(s3event.AppendPrincipal([]byte("by "), &r.UserIdentity)), "by arn:aws:iam::111122223333:user/alice"; got != want {
		t.Errorf("AppendPrincipal(by, alice) = %q, want %q", got, want)
	}
	if got, want := string(r.UserIdentity.ARN), "arn:aws:iam::111122223333:user/alice"; got != want {
		t.Errorf("AppendPrincipal changed the record's ARN to %q, want %q", got, want)
	}
}

// The stable name is the same for every session of a role, or a role would be a new caller each hour.
func TestPrincipalOfSessions(t *testing.T) {
	for _, issuer := range []string{`{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/app-web"}}`, `null`} {
		names := map[string]bool{}
		for _, session := range []string{"a", "b", "bob@example.com", "botocore-session-1795183351"} {
			names[principal(t, record(t, "get-object", `{"userIdentity":{"principalId":"AROAEXAMPLE:`+session+
				`","arn":"arn:aws:sts::111122223333:assumed-role/app-web/`+session+`","sessionContext":`+issuer+`}}`))] = true
		}
		if len(names) != 1 {
			t.Errorf("AppendPrincipal(sessions with issuer %s) = %v, want one name", issuer, names)
		}
	}
}
