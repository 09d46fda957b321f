package traffic

import (
	"time"
)

// partner is our app at work in another account's bucket: our trail records it too, but the requests are the owner's
// to count.
func partner(s *stage, b *bucket, account string) {
	r := s.ids("partner:" + b.name)
	who := newRole(r, account, "app-web", r.instance(), "10.0.1.77", agentGo, s.from)
	s.times(r, 12, func(at time.Time) {
		key := "feed/" + at.UTC().Format("15-04-05") + ".csv"
		s.trail.add(&request{at: at, who: who, bucket: b, operation: "GetObject", key: key, out: 30_000})
	})
}

// noise is what a trail records beside S3 requests: management events of S3 and of other services, here and in
// us-east-1, where the global services write.
func noise(s *stage, b *bucket, account string) {
	r := s.ids("noise")
	admin := newPerson(r, account, "alice", "203.0.113.42", s.from.Add(-20*time.Minute))
	tasks := newRole(r, account, "app-web", r.instance(), "10.0.1.77", agentGo, s.from)
	ec2 := newService("ec2.amazonaws.com")
	add := func(n int, e management) {
		s.times(r, n, func(at time.Time) {
			e := e
			e.at = at
			if e.region == "" {
				e.region = b.region
			}
			s.trail.add(&e)
		})
	}
	add(60, management{who: tasks, source: "kms", name: "GenerateDataKey", params: members{
		text("keySpec", "AES_256"),
		raw("encryptionContext", render(members{text("aws:s3:arn", b.arn())})),
	}})
	add(25, management{
		who: ec2, source: "sts", name: "AssumeRole",
		params: members{text("roleArn", tasks.principal), text("roleSessionName", r.instance())},
		response: members{raw("credentials", render(members{
			text("accessKeyId", r.accessKey("ASIA")),
			text("sessionToken", r.pick(alphanum+"+/", 480)),
		}))},
	})
	add(18, management{
		who: admin, source: "ec2", name: "DescribeInstances",
		params: members{raw("filterSet", "{}"), raw("instancesSet", "{}")},
	})
	add(6, management{who: admin, source: "s3", name: "ListBuckets"})
	add(4, management{who: admin, source: "s3", name: "GetBucketVersioning", bucket: b, params: members{text("versioning", "")}})
	add(4, management{who: admin, source: "s3", name: "PutBucketTagging", bucket: b, params: members{text("tagging", "")}})
	add(5, management{who: admin, source: "iam", name: "ListUsers", region: "us-east-1"})
}

// oddities are the records that a reader has to know about: one that was delivered twice, one that was corrected, one
// of the old form without managementEvent and eventCategory, one that comes too late for CloudWatch.
func oddities(s *stage, b *bucket, account string) {
	r := s.ids("oddities")
	who := newUser(r, account, "report-job", "10.0.7.5", agentJava1)
	get := func(at time.Time) request {
		key := "reports/" + r.hex(8) + ".csv"
		return request{at: at, who: who, bucket: b, operation: "GetObject", key: key, out: 1_000 + r.Int64N(9_000)}
	}
	twice, again, old, late := get(s.some(r)), get(s.some(r)), get(s.some(r)), get(s.from.AddDate(0, 0, -16))
	old.form = "1.05"
	late.late = true
	s.trail.add(repeated{&twice})
	s.trail.add(corrected{&again})
	s.trail.add(&old)
	s.trail.add(&late)
}
