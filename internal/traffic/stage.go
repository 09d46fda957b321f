package traffic

import (
	"fmt"
	"time"
)

// stage is where actors act: a trail that sees them, and the time they have.
type stage struct {
	trail    *trail
	seed     uint64
	from, to time.Time
}

// ids gives an actor a source of chance of its own.
func (s *stage) ids(actor string) ids { return ids{newRand(s.seed, actor)} }

// some is some moment of the stage's time.
func (s *stage) some(r ids) time.Time {
	return s.from.Add(time.Duration(r.Int64N(int64(s.to.Sub(s.from)))).Truncate(time.Millisecond))
}

// part is the moment when a part (0 … 1) of the stage's time is over.
func (s *stage) part(p float64) time.Time {
	return s.from.Add(time.Duration(p * float64(s.to.Sub(s.from)))).Truncate(time.Second)
}

// times lets something happen n times, at some time each.
func (s *stage) times(r ids, n int, do func(at time.Time)) {
	for range n {
		do(s.some(r))
	}
}

// timed gives a request a duration.
func timed(r ids, q *request) *request {
	q.first = time.Duration(8+r.ExpFloat64()*25) * time.Millisecond
	q.took = q.first + time.Duration(r.ExpFloat64()*float64(10+(q.in+q.out)/50_000))*time.Millisecond
	return q
}

// imageKey is the key of a picture; a few have the characters that make keys go wrong in careless code.
func imageKey(r ids, at time.Time) string {
	dir := at.UTC().Format("images/2006/01/02/")
	switch r.IntN(40) {
	case 0:
		return dir + fmt.Sprintf("여름 휴가 %d.jpg", r.IntN(1000))
	case 1:
		return dir + fmt.Sprintf("a+b (%d)%%20&copy.png", r.IntN(1000))
	}
	return dir + r.hex(32) + ".jpg"
}
