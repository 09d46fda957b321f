package s3event

import "strings"

// ShortName is a principal as people call it: "role/app-web" of arn:aws:iam::111122223333:role/service/app-web.
func ShortName(principal string) string {
	fields := strings.SplitN(principal, ":", 6)
	if len(fields) < 6 || fields[0] != "arn" {
		return principal
	}
	resource := fields[5]
	if resource == "root" {
		return "the root user"
	}
	kind, rest, ok := strings.Cut(resource, "/")
	if !ok {
		return resource
	}
	if kind == "assumed-role" {
		kind = "role"
	}
	return kind + "/" + rest[strings.LastIndexByte(rest, '/')+1:]
}

// AccountOf returns the account that a principal tells it belongs to, empty if it tells none.
func AccountOf(principal string) string {
	if rest, ok := strings.CutPrefix(principal, "account/"); ok {
		account, _, _ := strings.Cut(rest, "/")
		return account
	}
	if fields := strings.SplitN(principal, ":", 6); len(fields) == 6 && fields[0] == "arn" {
		return fields[4]
	}
	return ""
}
