package alert

import (
	"time"

	"bucketwatch/pkg/anomaly"
)

// Test returns a message in the shape of a real one, headed TEST, about things that didn't happen: so that one can see
// whether messages arrive, and what they look like.
func Test(now time.Time, accountID, region, logGroup string) Message {
	now = now.UTC().Truncate(time.Hour)
	example := Incident{
		Severity:          anomaly.High,
		Bucket:            "photos",
		Headline:          "1,240 objects deleted by role/app-web",
		First:             now.Add(-time.Hour),
		Last:              now.Add(-25 * time.Minute),
		AccountID:         accountID,
		Region:            region,
		Principal:         "arn:aws:iam::" + accountID + ":role/app-web",
		SourceIPAddresses: []string{"192.0.2.10"},
		UserAgents:        []string{"aws-sdk-go-v2/1.47.7"},
		Keys:              []string{"a/7.jpg", "a/8.jpg"},
		KeysInAll:         1240,
		Explanations:      []string{"1,240 objects deleted from photos by role/app-web."},
		LogGroup:          logGroup,
	}
	m := example.Message()
	m.Subject = "TEST " + m.Subject
	m.Body = "TEST: this message was asked for, and nothing happened. A real one looks like this:\n\n" + m.Body
	return m
}
