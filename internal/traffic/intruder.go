package traffic

import (
	"fmt"
	"time"
)

// intruder holds a leaked access key: tries to delete invoices and is refused, tries to remove the bucket's policy and
// is refused, suspends versioning, and deletes the log file that would show it. The last two have to be told, the
// refused change not.
func intruder(s *stage, b *bucket, account string) {
	r := s.ids("intruder:" + b.name)
	who := newUser(r, account, "mallory", "198.51.100.77", agentCLI)
	year := s.from.UTC().Format("2006")
	at := s.part(0.55)
	next := func() time.Time {
		at = at.Add(time.Duration(1+r.IntN(6)) * time.Second)
		return at
	}
	s.trail.add(badSignature(next(), newVisitor(who.address, who.agent), b, year+"/INV-00017.pdf"))
	s.trail.add(&request{at: next(), who: who, bucket: b, operation: "ListObjects", out: 24_000, params: list(year + "/")})
	for i := range 14 {
		s.trail.add(&request{
			at: next(), who: who, bucket: b,
			operation: "DeleteObject", key: fmt.Sprintf("%s/INV-%05d.pdf", year, 17+i), code: "AccessDenied", out: 243,
		})
	}
	change := func(name, code string, params members) {
		s.trail.add(&management{
			at: next(), who: who, region: b.region, bucket: b,
			source: "s3", name: name, params: params, code: code, weakens: true,
		})
	}
	change("DeleteBucketPolicy", "AccessDenied", members{text("policy", "")})
	change("PutBucketVersioning", "", members{
		text("versioning", ""),
		raw("VersioningConfiguration", `{"Status":"Suspended","xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"}`),
	})
	s.trail.add(&request{
		at: next().Add(4 * time.Minute), who: who, bucket: s.trail.log,
		operation: "DeleteObject", key: Key(account, b.region, s.from.Add(-2*slot).Truncate(slot), r.pick(alphanum, 16)),
	})
}
