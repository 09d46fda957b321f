package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"bucketwatch/internal/traffic"
)

const (
	account = "111122223333"
	region  = "eu-central-1"
)

// counts is what is in log files of one bucket.
type counts struct{ Requests, Deleted int64 }

// logFile is one, and what is in it.
type logFile struct {
	traffic.File
	truth map[string]counts // by bucket
}

// generator makes log files.
type generator struct {
	plan     *Plan
	rnd      *rand.Rand
	recorder *traffic.Recorder
	buckets  []*traffic.Bucket
	apps     []*traffic.Caller // one of each bucket
}

func newGenerator(p *Plan, since time.Time) *generator {
	g := &generator{plan: p, rnd: rand.New(rand.NewPCG(p.Seed, 1)), recorder: traffic.NewRecorder(p.Seed, account, region)}
	for i := range p.Buckets {
		g.buckets = append(g.buckets, g.recorder.Bucket(fmt.Sprintf("bucket-%05d", i), true))
		g.apps = append(g.apps, g.recorder.Role(fmt.Sprintf("app-%05d", i), since))
	}
	return g
}

// file makes a log file of what happened in the slot before it was delivered.
func (g *generator) file(delivered time.Time) (logFile, error) {
	f := logFile{truth: map[string]counts{}}
	chosen := g.choose()
	var deeds []traffic.Deed
	for i, n := range chosen {
		records := g.plan.Records / len(chosen)
		if i < g.plan.Records%len(chosen) {
			records++
		}
		deletes := 0
		if g.rnd.Float64() < g.plan.Deletes {
			deletes = max(1, records/20)
		}
		c := counts{Requests: int64(records), Deleted: int64(deletes)}
		f.truth[g.buckets[n].Name()] = c
		for j := range records {
			d := traffic.Deed{
				At:  delivered.Add(-slot + time.Duration(g.rnd.Int64N(int64(slot)))).Truncate(time.Millisecond),
				Who: g.apps[n], Bucket: g.buckets[n], Operation: "GetObject", Size: g.rnd.Int64N(1 << 20),
				Key: fmt.Sprintf("images/%016x.jpg", g.rnd.Uint64()),
			}
			switch {
			case j < deletes:
				d.Operation, d.Size, d.Marker = "DeleteObject", 0, true
			case j%5 == 0:
				d.Operation = "PutObject"
			}
			deeds = append(deeds, d)
		}
	}
	var err error
	f.File, err = g.recorder.File(delivered, deeds)
	return f, err
}

// choose chooses the buckets of a log file, each of the others as likely as any.
func (g *generator) choose() []int {
	chosen := map[int]bool{}
	var list []int
	take := func(n int) {
		if !chosen[n] {
			chosen[n] = true
			list = append(list, n)
		}
	}
	if g.rnd.Float64() < g.plan.Hot {
		take(0)
	}
	for len(list) < g.plan.BucketsInFile {
		take(g.rnd.IntN(g.plan.Buckets))
	}
	return list
}
