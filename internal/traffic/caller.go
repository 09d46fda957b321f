package traffic

import (
	"strings"
	"time"
)

type kind int

const (
	role      kind = iota // a session of a role
	user                  // an IAM user's own access key
	person                // an IAM user at the console: temporary credentials
	service               // an AWS service on its own account
	anonymous             // nobody signed the request
)

// caller is somebody who sends requests: who, from where, with what.
type caller struct {
	kind      kind
	principal string // the name it is counted under: never holds a session
	address   string
	agent     string
	identity  []byte // userIdentity, rendered once: it is the same in every record
}

// newRole makes a session of a role.
func newRole(r ids, account, name, session, address, agent string, since time.Time) *caller {
	id, arn := r.unique("AROA"), "arn:aws:iam::"+account+":role/"+name
	bare := name[strings.LastIndexByte(name, '/')+1:] // the session's ARN leaves the role's path out
	identity := members{
		text("type", "AssumedRole"),
		text("principalId", id+":"+session),
		text("arn", "arn:aws:sts::"+account+":assumed-role/"+bare+"/"+session),
		text("accountId", account),
		text("accessKeyId", r.accessKey("ASIA")),
		raw("sessionContext", render(members{
			raw("sessionIssuer", render(members{
				text("type", "Role"),
				text("principalId", id),
				text("arn", arn),
				text("accountId", account),
				text("userName", bare),
			})),
			raw("attributes", render(members{
				text("creationDate", since.UTC().Format(time.RFC3339)),
				text("mfaAuthenticated", "false"),
			})),
		})),
	}
	return &caller{kind: role, principal: arn, address: address, agent: agent, identity: identity.appendTo(nil)}
}

// newUser makes an IAM user with an access key.
func newUser(r ids, account, name, address, agent string) *caller {
	arn := "arn:aws:iam::" + account + ":user/" + name
	identity := members{
		text("type", "IAMUser"),
		text("principalId", r.unique("AIDA")),
		text("arn", arn),
		text("accountId", account),
		text("accessKeyId", r.accessKey("AKIA")),
		text("userName", name),
	}
	return &caller{kind: user, principal: arn, address: address, agent: agent, identity: identity.appendTo(nil)}
}

// newPerson makes an IAM user who is signed in to the console.
func newPerson(r ids, account, name, address string, since time.Time) *caller {
	arn := "arn:aws:iam::" + account + ":user/" + name
	identity := members{
		text("type", "IAMUser"),
		text("principalId", r.unique("AIDA")),
		text("arn", arn),
		text("accountId", account),
		text("accessKeyId", r.accessKey("ASIA")),
		text("userName", name),
		raw("sessionContext", render(members{
			raw("attributes", render(members{
				text("creationDate", since.UTC().Format(time.RFC3339)),
				text("mfaAuthenticated", "true"),
			})),
		})),
	}
	return &caller{kind: person, principal: arn, address: address, agent: agentConsole, identity: identity.appendTo(nil)}
}

// newService makes an AWS service: no account, no ARN, and its DNS name for address and user agent.
func newService(name string) *caller {
	identity := members{text("type", "AWSService"), text("invokedBy", name)}
	return &caller{kind: service, principal: name, address: name, agent: name, identity: identity.appendTo(nil)}
}

// newVisitor makes somebody without credentials.
func newVisitor(address, agent string) *caller {
	identity := members{text("type", "AWSAccount"), text("principalId", ""), text("accountId", "anonymous")}
	return &caller{kind: anonymous, principal: "anonymous", address: address, agent: agent, identity: identity.appendTo(nil)}
}

func render(ms members) string { return string(ms.appendTo(nil)) }
