package labelled

import (
	"fmt"
	"time"

	"bucketwatch/internal/traffic"
)

// scripts are the cases that no number of deletes shows: each has one detector that must find it.
var scripts = []struct {
	name, anomaly string
	run           func(b *bucket, a *Attack, who *traffic.Caller)
	by            By
}{
	{"images vanish", "DeletedSoonAfterUpload", vanish, UsualPrincipal},
	{"deleted again", "RepeatedDelete", repeat, UsualPrincipal},
	{"the wrong images", "ReadAfterDelete", wrong, UsualPrincipal},
	{"versions deleted", "PermanentDelete", forGood, KnownHuman},
	{"held to ransom", "EncryptedOverwrite", ransom, NewPrincipal},
	{"protection removed", "ProtectionRemoved", unprotect, KnownHuman},
	{"tried and denied", "DeniedDelete", denied, NewPrincipal},
	{"records left out", "OpaqueBulkDelete", opaque, UsualPrincipal},
	{"unprotected, then deleted", "AttackSequence", sequence, NewPrincipal},
}

func (b *bucket) script(name string, at time.Time) {
	for _, s := range scripts {
		if s.name != name {
			continue
		}
		who := b.attacker(s.by)
		a := b.attackBy(s.by, who, at)
		a.Case, a.Anomaly, a.Form = s.name, s.anomaly, "single"
		s.run(b, &a, who)
		if a.End.Before(b.s.Until()) {
			b.s.Labels.Attacks = append(b.s.Labels.Attacks, a)
		}
	}
}

// vanish deletes 10 … 40 objects minutes after their upload. The software may do that to temporary files all day.
func vanish(b *bucket, a *Attack, who *traffic.Caller) {
	var keys []string
	at := a.Start.Truncate(time.Hour).Add(2 * time.Minute) // within an hour
	for range 10 + b.r.IntN(31) {
		put := at.Add(within(b.r, 20*time.Minute))
		n := b.upload(put)
		gone := put.Add(3*time.Minute + within(b.r, 30*time.Minute))
		b.gone[n] = true
		b.delete(gone, who, key(n))
		keys = append(keys, key(n))
		if gone.After(a.End) {
			a.End = gone
		}
	}
	a.Start, a.Objects, a.Minutes = at, len(keys), 55
	a.Until = b.miss(a.End, keys)
}

// repeat deletes objects, and an hour later again.
func repeat(b *bucket, a *Attack, who *traffic.Caller) {
	at := a.Start.Truncate(time.Hour).Add(5 * time.Minute)
	for _, i := range b.some(5 + b.r.IntN(15)) {
		b.delete(at.Add(within(b.r, 20*time.Minute)), who, key(i))
		a.End = at.Add(time.Hour + within(b.r, 20*time.Minute))
		b.delete(a.End, who, key(i))
		a.Objects++
	}
	a.Start, a.Until, a.Minutes = at, at.Add(90*time.Minute), 80
	a.End = a.Until
}

// wrong deletes a few objects that others ask for within the next hour but one.
func wrong(b *bucket, a *Attack, who *traffic.Caller) {
	at := a.Start.Truncate(time.Hour).Add(5 * time.Minute)
	for _, i := range b.some(8 + b.r.IntN(20)) {
		b.delete(at.Add(within(b.r, 20*time.Minute)), who, key(i))
		b.refused(at.Add(time.Hour+within(b.r, 40*time.Minute)), key(i))
		a.Objects++
	}
	a.Start, a.End, a.Until, a.Minutes = at, at.Add(20*time.Minute), at.Add(100*time.Minute), 20
}

// forGood deletes versions by their ids: there, deleting leaves no marker.
func forGood(b *bucket, a *Attack, who *traffic.Caller) {
	for i, n := range b.some(1 + b.r.IntN(5)) {
		at := a.Start.Add(time.Duration(i) * time.Second)
		b.count(at, who, 1)
		b.do(traffic.Deed{At: at, Who: who, Operation: "DeleteObject", Key: key(n), Version: fmt.Sprintf("v%031d", n)})
		a.Objects, a.End, a.Until = a.Objects+1, at, at
	}
}

// ransom writes objects anew with a key that S3 doesn't keep.
func ransom(b *bucket, a *Attack, who *traffic.Caller) {
	for i := range 5 + b.r.IntN(40) {
		at := a.Start.Add(time.Duration(2*i) * time.Second)
		b.do(traffic.Deed{At: at, Who: who, Operation: "PutObject", Key: key(b.newest - b.r.IntN(stock)), Size: 100_000, OwnKey: true})
		a.End, a.Until = at, at
	}
}

// changes are ways to take a protection away.
var changes = []struct{ operation, document string }{
	{"PutBucketVersioning", `{"Status":"Suspended","xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"}`},
	{"DeleteBucketPolicy", `""`},
	{"DeletePublicAccessBlock", `""`},
	{"PutBucketLifecycle", `{"Rule":{"ID":"all","Status":"Enabled","Filter":"","Expiration":{"Days":1}}}`},
	{"DeleteBucketReplication", `""`},
}

func unprotect(b *bucket, a *Attack, who *traffic.Caller) {
	c := changes[b.r.IntN(len(changes))]
	b.do(traffic.Deed{At: a.Start, Who: who, Operation: c.operation, Document: c.document})
}

// denied tries to delete and may not.
func denied(b *bucket, a *Attack, who *traffic.Caller) {
	for i := range 5 + b.r.IntN(40) {
		at := a.Start.Add(time.Duration(i) * time.Second)
		b.do(traffic.Deed{At: at, Who: who, Operation: "DeleteObject", Key: key(b.newest - b.r.IntN(stock)), Code: "AccessDenied"})
		a.End, a.Until = at, at
	}
}

// opaque deletes a few hundred with a call whose objects have no records. They aren't among the objects that count.
func opaque(b *bucket, a *Attack, who *traffic.Caller) {
	var keys []string
	for _, i := range b.some(300 + b.r.IntN(600)) {
		keys = append(keys, key(i))
	}
	a.Form = string(traffic.Old)
	b.do(traffic.Deed{At: a.Start, Who: who, Operation: "DeleteObjects", Keys: keys, Form: traffic.Old})
}

// sequence suspends versioning, and then deletes.
func sequence(b *bucket, a *Attack, who *traffic.Caller) {
	b.do(traffic.Deed{At: a.Start, Who: who, Operation: changes[0].operation, Document: changes[0].document})
	var keys []string
	for _, i := range b.some(30 + b.r.IntN(100)) {
		keys = append(keys, key(i))
	}
	a.Objects, a.Minutes = len(keys), 5
	a.End = b.work(a.Start.Add(2*time.Minute), who, keys, false, 5*time.Minute)
	a.Until = b.miss(a.End, keys)
}
