package traffic

import "time"

// Accounts and Region of the scenarios are made up.
const (
	account = "111122223333"
	partyOf = "444455556666" // the partner's account
	region  = "eu-central-1"
)

// Hour is an hour of an account with six buckets, delivered by end: an app and a person who deletes in bulk (photos),
// a nightly job (backups), an intruder (invoices), a public site (static-site), the log bucket, and another account's
// bucket.
func Hour(seed uint64, end time.Time) *Traffic {
	own := func(name string, versioned bool) *bucket {
		return &bucket{name: name, owner: account, region: region, versioned: versioned}
	}
	var (
		photos   = own("photos", true)
		archive  = own("backups", true)
		invoices = own("invoices", true)
		site     = own("static-site", false)
		log      = own("trail-logs-"+account, true)
		exchange = &bucket{name: "partner-exchange", owner: partyOf, region: region}
	)
	last := end.UTC().Truncate(slot)
	s := &stage{trail: newTrail(seed, account, log), seed: seed}
	s.to = last.Add(-slot) // what happens later is delivered after the end
	s.from = s.to.Add(-time.Hour)

	app(s, photos, account)
	consoleUser(s, photos, account, "alice")
	backups(s, archive, account)
	billing(s, invoices, account)
	intruder(s, invoices, account)
	visitors(s, site, account)
	partner(s, exchange, account)
	noise(s, photos, account)
	oddities(s, invoices, account)

	return &Traffic{
		Account: account, Region: region, LogBucket: log.name, From: s.from, To: s.to,
		Files: s.trail.deliver(s.from, last),
		Truth: s.trail.truth,
	}
}
