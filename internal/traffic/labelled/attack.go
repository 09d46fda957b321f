package labelled

import (
	"time"

	"bucketwatch/internal/traffic"
)

// class is a sort of attack: who deletes how many in what time.
type class struct {
	by      By
	objects int
	over    time.Duration
}

// Named classes are those that the targets are about: each bucket has one of each.
var named = []class{
	{NewPrincipal, 100, 5 * time.Minute},
	{KnownHuman, 100, 5 * time.Minute},
	{KnownHuman, 1000, 5 * time.Minute},
	{UsualPrincipal, 1000, 5 * time.Minute},
}

// Of each bucket's other attacks, each is equally often of one of these.
var (
	sizes     = []int{1, 3, 10, 30, 100, 300, 1000, 3000, 10_000}
	durations = []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
	attackers = []By{NewPrincipal, KnownHuman, UsualPrincipal}
)

const (
	others   = 4 // attacks of a bucket beside the named ones
	scripted = 2 // cases of a bucket
)

// planned is an attack to come.
type planned struct {
	day int
	class
	script string
}

// plan spreads a bucket's attacks over the scored days: each begins on a day of its own, with most of a week between,
// so that one doesn't become what is usual when the next begins.
func (b *bucket) plan() {
	if !b.s.Attacks {
		return
	}
	var list []planned
	for _, c := range named {
		list = append(list, planned{class: c})
	}
	for range others {
		list = append(list, planned{class: class{
			attackers[b.r.IntN(len(attackers))], sizes[b.r.IntN(len(sizes))], durations[b.r.IntN(len(durations))],
		}})
	}
	for range scripted {
		list = append(list, planned{script: scripts[b.r.IntN(len(scripts))].name})
	}
	b.r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	space := b.s.Scored / len(list)
	for i := range list {
		list[i].day = b.s.Learn + i*space + b.r.IntN(max(1, space/3))
	}
	b.attacks = list[:min(len(list), b.s.Scored)]
}

// attack begins what is planned for a day, at any hour of it.
func (b *bucket) attack(day int, date time.Time) {
	for _, p := range b.attacks {
		if p.day != day {
			continue
		}
		at := date.Add(within(b.r, 24*time.Hour)).Truncate(time.Second)
		if p.script != "" {
			b.script(p.script, at)
			continue
		}
		b.raid(p.class, at)
	}
}

// raid deletes so many objects in about so much time.
func (b *bucket) raid(c class, at time.Time) {
	who := b.attacker(c.by)
	var keys []string
	for _, i := range b.some(c.objects) {
		keys = append(keys, key(i))
	}
	a := b.attackBy(c.by, who, at)
	a.Objects, a.Minutes, a.Form = len(keys), int(c.over/time.Minute), "single"
	// Whoever means it takes batches where there is much to delete. One by one a thousand take longer than five minutes.
	batches := c.objects > 300 && c.over < time.Hour || b.r.IntN(2) == 0
	if batches {
		a.Form = string(b.form)
	}
	a.End = b.work(at, who, keys, batches, c.over*time.Duration(80+b.r.IntN(20))/100)
	a.Until = b.miss(a.End, keys)
	b.s.Labels.Attacks = append(b.s.Labels.Attacks, a)
}

func (b *bucket) attacker(by By) *traffic.Caller {
	switch by {
	case NewPrincipal:
		return b.stranger()
	case KnownHuman:
		return b.person()
	}
	return b.app[0]
}

func (b *bucket) attackBy(by By, who *traffic.Caller, at time.Time) Attack {
	return Attack{
		Bucket: b.Name(), Kind: b.kind, By: by, Principal: who.Principal(), Human: who.Human(), Start: at, End: at, Until: at,
	}
}

// miss has those asked for who would have been asked for on the next day, and returns when the last was. From then on
// whoever looks for them has noticed.
func (b *bucket) miss(from time.Time, keys []string) time.Time {
	last := from
	for _, name := range keys {
		for range min(3, poisson(b.r, b.asked)) {
			at := b.moment(from)
			b.refused(at, name)
			if at.After(last) {
				last = at
			}
		}
	}
	return last
}
