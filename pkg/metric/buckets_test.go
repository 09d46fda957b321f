package metric_test

import (
	"slices"
	"strings"
	"testing"

	"bucketwatch/pkg/metric"
)

func TestParseBuckets(t *testing.T) {
	names := []string{"photos", "photos-eu", "invoices", "logs-a", "logs-b", "logs.c", "My_Old"}
	for _, tt := range []struct {
		list string
		want []string
	}{
		{"*", names},
		{"photos", []string{"photos"}},
		{"photos*", []string{"photos", "photos-eu"}},
		{"photos, invoices", []string{"photos", "invoices"}},
		{" photos ,\tinvoices\n", []string{"photos", "invoices"}},
		{"*,!logs-*", []string{"photos", "photos-eu", "invoices", "logs.c", "My_Old"}},
		{"!logs-*", []string{"photos", "photos-eu", "invoices", "logs.c", "My_Old"}},
		{"! logs-*", []string{"photos", "photos-eu", "invoices", "logs.c", "My_Old"}},
		{"!logs-*,*", []string{"photos", "photos-eu", "invoices", "logs.c", "My_Old"}},
		{"!logs-*,logs-a,photos", []string{"photos"}},
		{"!photos,!logs*", []string{"photos-eu", "invoices", "My_Old"}},
		{"logs?c", []string{"logs.c"}},
		{"logs-[ab]", []string{"logs-a", "logs-b"}},
		{"logs-[^a]", []string{"logs-b"}},
		{`logs[\-.][a-c]`, []string{"logs-a", "logs-b", "logs.c"}},
		{`\p\hotos`, []string{"photos"}},
		{"PHOTOS", nil},
		{"photo", nil},
		{"!*", nil},
		{"photos,!photos", nil},
	} {
		t.Run(tt.list, func(t *testing.T) {
			b, err := metric.ParseBuckets(tt.list)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, name := range names {
				if b.Match(name) {
					got = append(got, name)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("matches %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseBucketsRefuses(t *testing.T) {
	for _, list := range []string{
		"", " ", ",", "photos,", ",photos", "photos,,invoices", "!", "photos,!", "! ", "!!photos",
		"[", "photos[", "photos[a", "*[", "photos[]", `photos\`, "[a-", "photos,[", "![",
		"photos invoices", "photos;invoices", "photos/", "photos/*", "s3://photos", "arn:aws:s3:::photos", "사진", `"photos"`, "{a,b}",
	} {
		if _, err := metric.ParseBuckets(list); err == nil {
			t.Errorf("ParseBuckets(%q) = nil error, want one", list)
		}
	}
	_, err := metric.ParseBuckets("photos, ![x ,invoices")
	if err == nil || !strings.Contains(err.Error(), `"![x"`) {
		t.Errorf("error %v does not name the glob at fault", err)
	}
}

func TestMatchImpossibleNames(t *testing.T) {
	b := buckets("*")
	for _, name := range []string{
		"", "a", "ab", strings.Repeat("x", 256), "_other", "_account", "a b c", "a/b", "a:b", ":ab", "ab\n", "ab\x00", "사진첩", "a\xffb",
	} {
		if b.Match(name) {
			t.Errorf("Match(%q) = true: it would become a dimension", name)
		}
	}
	for _, name := range []string{"abc", "a.b", "123", "a_b", "ABC", "data--use1-az4--x-s3", strings.Repeat("x", 255)} {
		if !b.Match(name) {
			t.Errorf("Match(%q) = false, want true", name)
		}
	}
}
