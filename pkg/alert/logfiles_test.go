package alert_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
)

// The message names the command that looks at the signatures, ready to be copied: of each trail and Region, for all of
// the time.
func TestValidateLogs(t *testing.T) {
	of := func(digest string, hour int) anomaly.Anomaly {
		i := inventory("")
		i.Digest, i.Start, i.End = digest, i.Start.Add(time.Duration(hour)*time.Hour), i.End.Add(time.Duration(hour)*time.Hour)
		return anomaly.AlteredLogFiles(i, []string{logKey(1)})
	}
	digest := func(root, region, trail, home string) string {
		return fmt.Sprintf("s3://logs/%s111122223333/CloudTrail-Digest/%s/2026/11/20/111122223333_CloudTrail-Digest_%s_%s_%s_20261120T150131Z.json.gz",
			root, region, region, trail, home)
	}
	for _, tt := range []struct {
		name      string
		anomalies []anomaly.Anomaly
		want      []string
	}{
		{"two hours of one trail", []anomaly.Anomaly{of(digest("AWSLogs/", "us-east-1", "my_trail", "eu-west-1"), 0), of(digest("AWSLogs/", "us-east-1", "my_trail", "eu-west-1"), 1)},
			[]string{`aws cloudtrail validate-logs --region us-east-1 \
  --trail-arn arn:aws:cloudtrail:eu-west-1:111122223333:trail/my_trail \
  --start-time 2026-11-20T14:01:31Z --end-time 2026-11-20T16:01:31Z
`}},
		{"two trails, of other partitions", []anomaly.Anomaly{of(digest("p/AWSLogs/", "cn-north-1", "a", "cn-northwest-1"), 0), of(digest("AWSLogs/", "us-gov-west-1", "b", "us-gov-east-1"), 1)},
			[]string{"--trail-arn arn:aws-cn:cloudtrail:cn-northwest-1:111122223333:trail/a \\\n  --start-time 2026-11-20T14:01:31Z --end-time 2026-11-20T15:01:31Z\n",
				"--trail-arn arn:aws-us-gov:cloudtrail:us-gov-east-1:111122223333:trail/b \\\n  --start-time 2026-11-20T15:01:31Z --end-time 2026-11-20T16:01:31Z\n"}},
		{"no digest's key", []anomaly.Anomaly{of("s3://logs/x", 0)}, []string{"--trail-arn TRAIL-ARN --start-time 2026-11-20T14:01:31Z\n"}},
		{"a trail that no shell may see", []anomaly.Anomaly{of(digest("AWSLogs/", "us-east-1", "$(reboot)", "eu-west-1"), 0)},
			[]string{"--trail-arn 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/$(reboot)' "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := incident(tt.anomalies...)
			i.Bucket = "logs"
			m := i.Message()
			checkHarmless(t, m)
			for _, want := range tt.want {
				if !strings.Contains(m.Body, want) {
					t.Errorf("the message lacks %q:\n%s", want, m.Body)
				}
			}
		})
	}
}

// Beside deletes that nobody is known to have made the message says how to stop them, too.
func TestLogFilesBesideDeletes(t *testing.T) {
	nobody := by(surge(), "UNATTRIBUTED", anomaly.Unattributed)
	nobody.Bucket = "logs"
	i := incident(nobody, anomaly.MissingLogFiles(inventory(""), []string{logKey(1)}, 0, 2*time.Hour))
	i.Bucket = "logs"
	body := i.Message().Body
	for _, want := range []string{"IF IT MAY GO ON", "validate-logs", "To restore what was deleted"} {
		if !strings.Contains(body, want) {
			t.Errorf("the message lacks %q:\n%s", want, body)
		}
	}
}
