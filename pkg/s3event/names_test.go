package s3event_test

import (
	"testing"

	"bucketwatch/pkg/s3event"
)

func TestNames(t *testing.T) {
	tests := []struct{ principal, short, account string }{
		{"arn:aws:iam::111122223333:role/app-web", "role/app-web", "111122223333"},
		{"arn:aws:iam::111122223333:role/service/app-web", "role/app-web", "111122223333"},
		{"arn:aws:sts::111122223333:assumed-role/app-web", "role/app-web", "111122223333"},
		{"arn:aws:iam::111122223333:user/staff/ops/alice", "user/alice", "111122223333"},
		{"arn:aws:iam::111122223333:root", "the root user", "111122223333"},
		{"arn:aws-cn:iam::111122223333:role/a:b", "role/a:b", "111122223333"},
		{"arn:aws:iam::111122223333:something", "something", "111122223333"},
		{"cloudtrail.amazonaws.com", "cloudtrail.amazonaws.com", ""},
		{"account/444455556666/AROAEXAMPLE", "account/444455556666/AROAEXAMPLE", "444455556666"},
		{"account/444455556666", "account/444455556666", "444455556666"},
		{"UNATTRIBUTED", "UNATTRIBUTED", ""},
		{"a:b:c:d:e:f/g", "a:b:c:d:e:f/g", ""},
		{"arn:aws:iam", "arn:aws:iam", ""},
		{"arn:::::", "", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		if got := s3event.ShortName(test.principal); got != test.short {
			t.Errorf("ShortName(%q) = %q, want %q", test.principal, got, test.short)
		}
		if got := s3event.AccountOf(test.principal); got != test.account {
			t.Errorf("AccountOf(%q) = %q, want %q", test.principal, got, test.account)
		}
	}
}
