package labelled

import (
	"fmt"
	"time"

	"bucketwatch/internal/traffic"
)

// How often a year something happens in a bucket that looks odd and is harmless. No public numbers exist. These are what
// an operator of a few hundred buckets would call a usual year: of 300 buckets each week three get a role of a new name,
// and three are tidied up by somebody who tells nobody.
const (
	tidied   = 0.5  // a person deletes about 15 objects, now and then hundreds
	renamed  = 0.5  // a deployment gives the deleting role a new name
	jobAdded = 0.2  // a new clean-up begins, every night from then on
	migrated = 0.1  // a script of its own role moves objects away, once: about 60
	released = 0.5  // from a release on the software deletes 1.3 … 3 times as much
	stalled  = 1.0  // a queue stands still for hours, and is then worked off in one
	refused  = 0.5  // a role lacks a permission, for hours
	scanned  = 1.0  // somebody from outside tries to delete, and may not
	changed  = 0.15 // a deployment sets rules for temporary files that delete within days
	replaced = 0.1  // a deployment deletes the policy and sets another
)

func (b *bucket) noise(day int, date time.Time) {
	r := b.r
	quiet := 1.0 // where nothing is deleted, nobody tidies up often
	if b.kind == Zero {
		quiet = 0.5
	}
	if perYear(r, tidied*quiet) {
		at, who := b.office(date), b.person()
		n := min(5000, max(1, lognormal(r, 15, 1.2)))
		end, _ := b.tidy(at, who, n)
		b.note("tidied up by a person", who, n, at, end)
	}
	if perYear(r, renamed) && b.kind.deletes() && day > 0 {
		b.names++
		b.app[0] = b.s.recorder.Role(fmt.Sprintf("%s-app-v%d", b.Name(), b.names), date)
		b.note("role renamed", b.app[0], 0, date, date.AddDate(0, 0, 8))
	}
	if perYear(r, jobAdded) && b.kind.deletes() && b.newJob == nil {
		b.newJob = &job{who: b.stranger(), size: between(r, 5, 200), at: b.at}
		b.note("new clean-up", b.newJob.who, 0, date, date.AddDate(0, 0, 8))
	}
	if perYear(r, migrated*quiet) {
		at, who := b.office(date), b.stranger()
		n := max(1, lognormal(r, 60, 1))
		b.sweep(at, who, n, 0)
		b.note("migrated by a script", who, n, at, at.Add(time.Hour))
	}
	if perYear(r, released) {
		b.level *= between(r, 1.3, 3)
		b.note("release deletes more", b.app[0], 0, date, date.AddDate(0, 0, 14))
	}
	if perYear(r, stalled) && b.hourly > 0 {
		b.stalled = 2 + r.IntN(8)
		b.note("queue worked off", b.app[0], 0, date, date.AddDate(0, 0, 1))
	}
	b.setting(date)
}

// setting is noise of other sorts than deleting.
func (b *bucket) setting(date time.Time) {
	r := b.r
	if perYear(r, refused) {
		at, who, n := b.office(date), b.app[1], 5+r.IntN(60)
		for range n {
			b.do(traffic.Deed{At: at.Add(within(r, 3*time.Hour)), Who: who, Operation: "DeleteObject", Key: key(b.newest - r.IntN(stock)), Code: "AccessDenied"})
		}
		b.note("role lacks a permission", who, 0, at, at.Add(3*time.Hour))
	}
	if perYear(r, scanned) {
		at, who, n := date.Add(within(r, 24*time.Hour)), b.s.recorder.Visitor(), 1+r.IntN(12)
		for range n {
			b.do(traffic.Deed{At: at.Add(within(r, 5*time.Minute)), Who: who, Operation: "DeleteObject", Key: key(b.newest - r.IntN(stock)), Code: "AccessDenied"})
		}
		b.note("scanned from outside", who, 0, at, at.Add(5*time.Minute))
	}
	if perYear(r, changed) {
		at := b.office(date)
		b.do(traffic.Deed{At: at, Who: b.deploys, Operation: "PutBucketLifecycle", Document: expiresTemporary})
		b.note("deployment of rules", b.deploys, 0, at, at)
	}
	if perYear(r, replaced) {
		at := b.office(date)
		b.do(traffic.Deed{At: at, Who: b.deploys, Operation: "DeleteBucketPolicy", Document: `""`})
		b.note("deployment of rules", b.deploys, 0, at, at)
	}
}

const expiresTemporary = `{"Rule":{"ID":"tmp","Status":"Enabled","Filter":{"Prefix":"tmp/"},"Expiration":{"Days":3}}}`

func (b *bucket) note(what string, who *traffic.Caller, n int, start, end time.Time) {
	b.s.Labels.Noise = append(b.s.Labels.Noise, Noise{
		Bucket: b.Name(), What: what, Principal: who.Principal(), Human: who.Human(), Objects: n, Start: start, End: end,
	})
}
