package cloudtrail

import (
	"testing"
	"time"
)

// cloudTrailFolders are the folders' names, as the bucket policy and the key layouts of the user guide spell them.
var cloudTrailFolders = map[Kind]string{
	LogFile:         "CloudTrail",
	Digest:          "CloudTrail-Digest",
	Insight:         "CloudTrail-Insight",
	NetworkActivity: "CloudTrail-NetworkActivity",
	Aggregated:      "CloudTrail-Aggregated",
}

var keyTests = []struct {
	name string
	key  string
	want Key
}{
	{
		"log file",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"prefix",
		"trails/main/AWSLogs/111122223333/CloudTrail/eu-central-1/2026/12/31/111122223333_CloudTrail_eu-central-1_20261231T2359Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "eu-central-1", time.Date(2026, 12, 31, 23, 59, 0, 0, time.UTC)},
	},
	{
		"organization",
		"AWSLogs/o-a1b2c3d4e5/444455556666/CloudTrail/eu-west-1/2026/01/02/444455556666_CloudTrail_eu-west-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "444455556666", "eu-west-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"prefix and organization",
		"o-a1b2c3d4e5/AWSLogs/o-a1b2c3d4e5/444455556666/CloudTrail/eu-west-1/2026/01/02/444455556666_CloudTrail_eu-west-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "444455556666", "eu-west-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"prefix AWSLogs",
		"AWSLogs/AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"prefix CloudTrail-Digest",
		"CloudTrail-Digest/AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"GovCloud",
		"AWSLogs/111122223333/CloudTrail/us-gov-west-1/2026/01/02/111122223333_CloudTrail_us-gov-west-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-gov-west-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"China",
		"AWSLogs/111122223333/CloudTrail/cn-northwest-1/2026/01/02/111122223333_CloudTrail_cn-northwest-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "cn-northwest-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"unpacked",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"underscore in the unique part",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8b_oHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"leap day",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2028/02/29/111122223333_CloudTrail_us-east-1_20280229T0000Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC)},
	},
	{
		"no such day",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/02/29/111122223333_CloudTrail_us-east-1_20260229T0000Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Time{}},
	},
	{
		"name without time",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/replayed.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Time{}},
	},
	{
		"digest",
		"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/02/111122223333_CloudTrail-Digest_us-east-1_main_us-east-1_20260102T030500Z.json.gz",
		Key{Digest, "111122223333", "us-east-1", time.Time{}},
	},
	{
		"digest below prefix CloudTrail",
		"CloudTrail/AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/02/111122223333_CloudTrail-Digest_us-east-1_main_us-east-1_20260102T030500Z.json.gz",
		Key{Digest, "111122223333", "us-east-1", time.Time{}},
	},
	{
		"Insights events",
		"AWSLogs/111122223333/CloudTrail-Insight/us-east-1/2026/01/02/111122223333_CloudTrail-Insight_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{Insight, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"network activity events",
		"AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail-NetworkActivity/us-east-1/2026/01/02/111122223333_CloudTrail-NetworkActivity_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{NetworkActivity, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"aggregated events",
		"AWSLogs/111122223333/CloudTrail-Aggregated/us-east-1/2026/01/02/111122223333_CloudTrail-Aggregated_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{Aggregated, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{"folder of the log files", "AWSLogs/111122223333/CloudTrail/", Key{Kind: Folder}},
	{"folder of digest files", "AWSLogs/111122223333/CloudTrail-Digest/", Key{Kind: Folder}},
	{"slash", "/", Key{Kind: Folder}},
	{
		"copied elsewhere",
		"evidence/CloudTrail/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "", "", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"copied without AWSLogs",
		"111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"digest copied elsewhere below a folder CloudTrail",
		"CloudTrail/CloudTrail-Digest/us-east-1/x.json.gz",
		Key{Kind: Digest},
	},
	{
		"copied with its whole key",
		"backup/AWSLogs/444455556666/s3/AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"no folder of CloudTrail's",
		"exports/111122223333_CloudTrail_us-east-1_20260102T0305Z_Jf8bKoHYxeY1bVBm.json.gz",
		Key{Foreign, "", "", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"load balancer's log below prefix CloudTrail",
		"CloudTrail/AWSLogs/111122223333/elasticloadbalancing/us-east-1/2026/01/02/111122223333_elasticloadbalancing_us-east-1_app.shop.f00d_20260102T0305Z_198.51.100.7_5hbnf1qp.log.gz",
		Key{Foreign, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"load balancer's log of an organization below prefix CloudTrail",
		"CloudTrail/AWSLogs/o-a1b2c3d4e5/111122223333/elasticloadbalancing/us-east-1/2026/01/02/x.log.gz",
		Key{Foreign, "111122223333", "us-east-1", time.Time{}},
	},
	{
		"name without unique part",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0305Z.json.gz",
		Key{LogFile, "111122223333", "us-east-1", time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)},
	},
	{
		"Config's snapshot",
		"AWSLogs/111122223333/Config/us-east-1/2026/1/2/ConfigSnapshot/111122223333_Config_us-east-1_ConfigSnapshot_20260102T030500Z_f00d.json.gz",
		Key{Foreign, "111122223333", "us-east-1", time.Time{}},
	},
	{
		"CloudTrail's folder must be spelled so",
		"AWSLogs/111122223333/cloudtrail/us-east-1/2026/01/02/x.json.gz",
		Key{Foreign, "111122223333", "us-east-1", time.Time{}},
	},
	{
		"folder that only begins with CloudTrail",
		"AWSLogs/111122223333/CloudTrail-Lake/us-east-1/x.json.gz",
		Key{Foreign, "111122223333", "us-east-1", time.Time{}},
	},
	{"the test file of CloudTrail's set-up", "AWSLogs/111122223333/CloudTrail", Key{Kind: Foreign}},
	{"photo", "photos/7.jpg", Key{Kind: Foreign}},
	{"photo whose name says CloudTrail", "photos/CloudTrail.json.gz", Key{Kind: Foreign}},
	{"nothing", "", Key{Kind: Foreign}},
	{"slashes", "//AWSLogs//CloudTrail//x", Key{Kind: LogFile}},
	{"eleven digits are no account", "AWSLogs/11112222333/Config/CloudTrail/x.json.gz", Key{Kind: LogFile}},
}

func TestParseKey(t *testing.T) {
	for _, tt := range keyTests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ParseKey(tt.key); got != tt.want {
				t.Errorf("ParseKey(%q) = %+v, want %+v", tt.key, got, tt.want)
			}
		})
	}
}
