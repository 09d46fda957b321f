package alert

import (
	"fmt"
	"strings"
	"time"
)

// HeldBack is the message that says that others wait: most have been sent in the hour of now.
func HeldBack(most int, now time.Time, region, logGroup string) Message {
	until := now.UTC().Truncate(time.Hour).Add(time.Hour).Format("15:04 UTC")
	p := &paper{}
	p.text("There are more incidents than %d in this hour. Messages about further ones wait until %s, save for CRITICAL ones. Nothing is "+
		"lost: they are found, counted and listed all the same.", most, until)
	p.text("So many at once have a common cause more often than not: one principal in many buckets, or a deployment.")
	p.text("In CloudWatch Logs Insights (Region %s), log group %s:", harmless(region), harmless(logGroup))
	p.query(`filter Type = "Anomaly" and Severity in ["HIGH", "CRITICAL"]
| stats count(*) as Found, count_distinct(BucketName) as Buckets
  by Principal, Anomaly
| sort Found desc`)
	return Message{
		Subject: ascii(fmt.Sprintf("[HIGH] More than %d incidents in an hour: further messages wait until %s", most, until)),
		Body:    strings.TrimLeft(p.String(), "\n"),
	}
}
