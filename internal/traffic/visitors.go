package traffic

import (
	"fmt"
	"time"
)

// visitors are the readers of a public web site, without credentials, and the pipeline that publishes it.
func visitors(s *stage, b *bucket, account string) {
	r := s.ids("visitors:" + b.name)
	agents := []string{agentChrome, agentPhone, agentRobot}
	do := func(q request) {
		q.who = newVisitor(fmt.Sprintf("192.0.2.%d", 1+r.IntN(254)), agents[r.IntN(len(agents))])
		q.bucket = b
		if r.IntN(2) == 0 {
			timed(r, &q)
		}
		s.trail.add(&q)
	}
	pages := []string{
		"index.html", "css/site.css", "js/app.js", "img/logo.svg", "favicon.ico", "blog/index.html", "blog/hello-world.html",
	}
	s.times(r, 620, func(at time.Time) {
		do(request{at: at, operation: "GetObject", key: pages[r.IntN(len(pages))], out: 2_000 + r.Int64N(90_000)})
	})
	s.times(r, 48, func(at time.Time) {
		do(request{at: at, operation: "GetObject", key: "blog/2019/" + r.pick("abcdefghij-", 12) + ".html", code: "NoSuchKey", out: 300})
	})
	s.times(r, 17, func(at time.Time) {
		do(request{at: at, operation: "GetObject", key: ".env", code: "AccessDenied", out: 243})
	})
	s.times(r, 5, func(at time.Time) {
		do(request{at: at, operation: "ListObjects", code: "AccessDenied", out: 243, params: list("")})
	})

	deploy := newRole(r, account, "ci/site-deploy", "GitHubActions", "172.183.131.9", agentSync, s.part(0.2))
	at := s.part(0.25)
	for _, page := range pages {
		at = at.Add(400 * time.Millisecond)
		s.trail.add(&request{at: at, who: deploy, bucket: b, operation: "PutObject", key: page, in: 2_000 + r.Int64N(90_000)})
	}
}
