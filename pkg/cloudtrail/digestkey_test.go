package cloudtrail

import (
	"testing"
	"time"
)

var digestKeyTests = []struct {
	name, key string
	want      DigestKey
}{
	{
		"as documented",
		"AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/111122223333_CloudTrail-Digest_us-east-2_your-trail-name_us-east-1_20150817T150131Z.json.gz",
		DigestKey{"AWSLogs/", "", "", "111122223333", "us-east-2", "your-trail-name", "us-east-1", time.Date(2015, 8, 17, 15, 1, 31, 0, time.UTC)},
	},
	{
		"backfill",
		"AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/111122223333_CloudTrail-Digest_us-east-2_main_us-east-2_20150817T150131Z_backfill.json.gz",
		DigestKey{"AWSLogs/", "", "", "111122223333", "us-east-2", "main", "us-east-2", time.Date(2015, 8, 17, 15, 1, 31, 0, time.UTC)},
	},
	{
		"organization, prefix, a trail's name with underscores",
		"o-abc/x/AWSLogs/o-a1b2c3d4e5/444455556666/CloudTrail-Digest/eu-west-1/2026/01/02/444455556666_CloudTrail-Digest_eu-west-1_all_of.it_us-east-1_20260102T030500Z.json.gz",
		DigestKey{"o-abc/x/AWSLogs/o-a1b2c3d4e5/", "o-abc/x", "o-a1b2c3d4e5", "444455556666", "eu-west-1", "all_of.it", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"prefix AWSLogs",
		"AWSLogs/AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/111122223333_CloudTrail-Digest_us-east-2_main_us-east-2_20150817T150131Z.json.gz",
		DigestKey{"AWSLogs/AWSLogs/", "AWSLogs", "", "111122223333", "us-east-2", "main", "us-east-2", time.Date(2015, 8, 17, 15, 1, 31, 0, time.UTC)},
	},
}

func TestParseDigestKey(t *testing.T) {
	for _, tt := range digestKeyTests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := ParseDigestKey(tt.key); !ok || got != tt.want {
				t.Errorf("ParseDigestKey(%q) = %+v, %t, want %+v", tt.key, got, ok, tt.want)
			}
		})
	}
}

func TestParseDigestKeyOfOthers(t *testing.T) {
	for _, key := range []string{
		"",
		"AWSLogs/111122223333/CloudTrail/us-east-2/2015/08/17/111122223333_CloudTrail_us-east-2_20150817T1501Z_AbCdEfGhIjKlMnOp.json.gz",
		"AWSLogs/111122223333/CloudTrail-Digest/x.json.gz",
		"AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/111122223333_CloudTrail-Digest_us-east-2_20150817T150131Z.json.gz",
		"AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/111122223333_CloudTrail-Digest_us-east-2_main_us-east-2_yesterday.json.gz",
		"AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/444455556666_CloudTrail-Digest_us-east-2_main_us-east-2_20150817T150131Z.json.gz",
		"copies/CloudTrail-Digest/us-east-2/111122223333_CloudTrail-Digest_us-east-2_main_us-east-2_20150817T150131Z.json.gz",
		"otherAWSLogs/111122223333/CloudTrail-Digest/us-east-2/111122223333_CloudTrail-Digest_us-east-2_main_us-east-2_20150817T150131Z.json.gz",
	} {
		if got, ok := ParseDigestKey(key); ok {
			t.Errorf("ParseDigestKey(%q) = %+v, want that it is none", key, got)
		}
	}
}
