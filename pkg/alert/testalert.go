package alert

import (
	"time"

	"bucketwatch/pkg/anomaly"
)

// Test returns a message in the shape of a real one, headed TEST, about things that didn't happen: so that one can see
// whether messages arrive, and what they look like.
func Test(now time.Time, accountID, region, logGroup string) Message {
	hour := now.UTC().Truncate(time.Hour).Add(-time.Hour)
	role := "arn:aws:iam::" + accountID + ":role/service/app-web"
	example := Incident{
		Severity:  anomaly.High,
		AccountID: accountID,
		Region:    region,
		Bucket:    "example-bucket", // one that nobody has: a restore of a real one must not begin with this message
		Principal: role,
		First:     hour,
		Last:      hour.Add(35 * time.Minute),
		Anomalies: []anomaly.Anomaly{{
			Name:        anomaly.NameDeleteSurge,
			Severity:    anomaly.High,
			Principal:   role,
			Kind:        anomaly.Machine,
			WindowStart: hour,
			WindowEnd:   hour.Add(time.Hour),
			Count:       1240,
			Threshold:   620,
			Record:      310,
			KeysInAll:   1240,
			Sample: anomaly.Sample{
				First:             hour,
				Last:              hour.Add(35 * time.Minute),
				Keys:              []string{"a/7.jpg", "a/8.jpg", "a/9.jpg"},
				SourceIPAddresses: []string{"192.0.2.10"},
				UserAgents:        []string{"aws-sdk-go-v2/1.47.7"},
			},
			Deleted: []anomaly.Deleted{{Principal: role, Hour: hour, Objects: 1240}},
			Explanation: "1,240 objects deleted from example-bucket between " + hour.Format("15:04") + " and " + hour.Add(35*time.Minute).Format("15:04") +
				" UTC by role/app-web; its busiest hour of the last 28 days had 310 (threshold 620).",
		}},
		DeleteMarkers: 1240,
		LogGroup:      logGroup,
		Now:           now,
	}
	return Message{
		Subject: subject(&example, "TEST "),
		Body:    body(&example, "TEST: this message was asked for, and nothing happened. There is nothing to do. A real one looks like this:"),
	}
}
