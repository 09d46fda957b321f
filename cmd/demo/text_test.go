package main

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -5: "-5", -123: "-123", -1234: "-1,234"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestByteSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 9951: "10 kB", 999_499: "999 kB", 999_500: "1.0 MB",
		1_442_620_534: "1.4 GB", 2_000_000_000_000: "2.0 TB", 5_000_000_000_000_000: "5000 TB",
	} {
		if got := byteSize(n); got != want {
			t.Errorf("byteSize(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestShortName(t *testing.T) {
	for principal, want := range map[string]string{
		"arn:aws:iam::111122223333:user/alice":              "user/alice",
		"arn:aws:iam::111122223333:role/service/backup-job": "role/backup-job",
		"arn:aws:iam::111122223333:root":                    "root",
		"anonymous":                                         "anonymous",
		"cloudtrail.amazonaws.com":                          "cloudtrail.amazonaws.com",
	} {
		if got := shortName(principal); got != want {
			t.Errorf("shortName(%s) = %s, want %s", principal, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"abcdefghij", 7, "abc…hij"},
		{"abcdefghij", 6, "ab…hij"},
		{"여름 휴가 사진.jpg", 7, "여름 …jpg"},
	} {
		if got := shorten(test.in, test.n); got != test.want {
			t.Errorf("shorten(%s, %d) = %s, want %s", test.in, test.n, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	got := wrap("a bc def  ghij veryverylong k", 6)
	if diff := gocmp.Diff([]string{"a bc", "def", "ghij", "veryverylong", "k"}, got); diff != "" {
		t.Errorf("wrap (-want +got):\n%s", diff)
	}
}

func TestClock(t *testing.T) {
	for in, want := range map[string]string{"2026-11-20T10:36:20Z": "10:36:20", "soon": "soon"} {
		if got := clock(in); got != want {
			t.Errorf("clock(%s) = %s, want %s", in, got, want)
		}
	}
}
