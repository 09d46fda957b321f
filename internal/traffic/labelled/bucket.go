package labelled

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"bucketwatch/internal/traffic"
)

// stock is how many objects a bucket has when it begins, beside those that a clean-up finds.
const stock = 20_000

// bucket is one bucket with those who use it.
type bucket struct {
	*traffic.Bucket
	usage
	s     *Stream
	r     *rand.Rand
	kind  Kind
	label *Bucket
	form  traffic.Form
	zone  int // hours from UTC of those who use it

	app     []*traffic.Caller // the software that uploads, and deletes where any does
	cdn     *traffic.Caller   // reads
	persons []*traffic.Caller
	scripts []*traffic.Caller // of people
	deploys *traffic.Caller   // sets the bucket up
	names   int               // of new principals so far
	at      int               // the hour of its clean-up, UTC
	weekday time.Weekday      // of its clean-up
	newest  int               // the number of the last upload
	oldest  int               // the number of the first object that no clean-up has taken
	gone    map[int]bool      // numbers above stock
	level   float64           // by how much more is deleted than at first, from a release on
	backlog float64           // objects that a stalled queue has kept
	stalled int               // hours for which it still is
	missed  bool              // last night's clean-up failed
	newJob  *job
	attacks []planned
}

// job is a clean-up that came later.
type job struct {
	who  *traffic.Caller
	size float64
	at   int
}

func newBucket(s *Stream, kind Kind, name string) *bucket {
	r := source(s.Seed, name)
	b := &bucket{
		Bucket: s.recorder.Bucket(name, r.IntN(3) == 0), usage: kind.usage(r), s: s, r: r, kind: kind,
		zone: []int{-8, -5, 0, 1, 1, 2, 8, 9}[r.IntN(8)], at: r.IntN(24), weekday: time.Weekday(r.IntN(7)),
		newest: stock, gone: map[int]bool{}, level: 1,
	}
	if r.IntN(5) > 0 { // at night, there
		b.at = (24 + 1 + r.IntN(5) - b.zone) % 24
	}
	// What fields per-key records have isn't documented. Most say who made the call, it is assumed; and a few trails leave
	// them out. A call and its objects in two files are rare, since they are of the same second.
	switch p := r.IntN(100); {
	case p < 75:
		b.form = traffic.Full
	case p < 96:
		b.form = traffic.Minimal
	case p < 98:
		b.form = traffic.Absent
	default:
		b.form = traffic.Old
	}
	b.staff()
	b.label = &Bucket{
		Name: name, Kind: kind, Versioned: b.Versioned(), Form: string(b.form),
		Objects: map[string]int{}, Hours: make([]int, 24*(s.Learn+s.Scored)),
	}
	b.plan()
	return b
}

// staff hires those who use the bucket.
func (b *bucket) staff() {
	rec, since := b.s.recorder, b.s.From
	for i := range services {
		b.app = append(b.app, rec.Role(fmt.Sprintf("%s-app%d", b.Name(), i), since))
	}
	b.cdn = rec.Role(b.Name()+"-cdn", since)
	b.deploys = rec.Role(b.Name()+"-deploy", since)
	for i := range 3 {
		b.scripts = append(b.scripts, rec.Role(fmt.Sprintf("%s-script%d", b.Name(), i), since))
	}
	for _, name := range []string{"alice", "bob"} {
		b.persons = append(b.persons, rec.Console(b.Name()+"-"+name, since))
	}
	for _, permissions := range []string{"Engineer", "Support"} {
		b.persons = append(b.persons, rec.Employee(permissions+b.Name(), "carol", since))
	}
}

// stranger is somebody who was never seen before.
func (b *bucket) stranger() *traffic.Caller {
	b.names++
	name := fmt.Sprintf("%s-new%d", b.Name(), b.names)
	if b.r.IntN(2) == 0 {
		return b.s.recorder.User(name)
	}
	return b.s.recorder.Role(name, b.s.From)
}

// live is one day.
func (b *bucket) live(day int, date time.Time) {
	b.noise(day, date)
	b.use(date)
	for hour := range 24 {
		b.hour(day, date.Add(time.Duration(hour)*time.Hour))
	}
	b.clean(date)
	b.burst(date)
	b.byPeople(date)
	b.attack(day, date)
}

// weight is how much of what users do in an hour by day they do in this one: most in the afternoon, little at night.
func (b *bucket) weight(at time.Time) float64 {
	local := at.Add(time.Duration(b.zone) * time.Hour)
	w := b.night
	if h := local.Hour(); h >= 7 && h < 22 {
		w += (1 - b.night) * math.Sin(math.Pi*float64(h-6)/16)
	}
	if d := local.Weekday(); d == time.Saturday || d == time.Sunday {
		w *= b.weekend
	}
	return w
}

// office is a time of the day at which people are at work.
func (b *bucket) office(date time.Time) time.Time {
	return date.Add(time.Duration(8-b.zone)*time.Hour + within(b.r, 10*time.Hour))
}

// moment is a time of the day by how much is done then.
func (b *bucket) moment(date time.Time) time.Time {
	for {
		at := date.Add(within(b.r, 24*time.Hour))
		if b.r.Float64() < b.weight(at) || b.r.IntN(20) == 0 {
			return at
		}
	}
}

func (b *bucket) do(d traffic.Deed) {
	d.Bucket = b.Bucket
	b.s.add(d)
}

// key is the key of an object by its number.
func key(n int) string {
	return fmt.Sprintf("media/%04d/%08x-%d.jpg", n/500, uint32(n)*2654435761, n)
}

// upload puts a new object, and returns its number.
func (b *bucket) upload(at time.Time) int {
	b.newest++
	b.put(at, key(b.newest))
	return b.newest
}

func (b *bucket) put(at time.Time, key string) {
	who := b.app[0]
	if b.checks {
		b.do(traffic.Deed{At: at.Add(-time.Second), Who: who, Operation: "HeadObject", Key: key, Code: "NoSuchKey"})
	}
	b.do(traffic.Deed{At: at, Who: who, Operation: "PutObject", Key: key, Size: 10_000 + b.r.Int64N(2_000_000)})
}

// some returns the numbers of n objects that are there: those next to each other, as under one prefix, or from all over.
func (b *bucket) some(n int) []int {
	var numbers []int
	take := func(i int) {
		if !b.gone[i] && i > 0 && i <= b.newest {
			b.gone[i] = true
			numbers = append(numbers, i)
		}
	}
	if n > 30 || b.r.IntN(2) == 0 {
		for i := b.newest - b.r.IntN(stock/2) - n; len(numbers) < n && i <= b.newest; i++ {
			take(i)
		}
	}
	for tries := 0; len(numbers) < n && tries < 20*n; tries++ {
		take(b.newest - b.r.IntN(stock+b.newest-stock))
	}
	return numbers
}

// use is what is done beside deleting.
func (b *bucket) use(date time.Time) {
	for range poisson(b.r, b.uploads) {
		b.upload(b.moment(date))
	}
	for range poisson(b.r, b.reads) {
		b.do(traffic.Deed{At: b.moment(date), Who: b.cdn, Operation: "GetObject", Key: key(b.newest - b.r.IntN(stock)), Size: 300_000})
	}
	for range poisson(b.r, b.probes) {
		b.refused(b.moment(date), fmt.Sprintf("wp-content/%d.php", b.r.IntN(1000)))
	}
	for range poisson(b.r, b.swaps) {
		at, name := b.moment(date), fmt.Sprintf("state/latest-%d.json", b.r.IntN(3))
		b.delete(at, b.app[0], name)
		b.put(at.Add(time.Second+within(b.r, 3*time.Second)), name)
	}
}

// refused is a read of what isn't there, by the site's cache or a visitor.
func (b *bucket) refused(at time.Time, key string) {
	d := traffic.Deed{At: at, Who: b.cdn, Operation: "GetObject", Key: key, Code: "NoSuchKey"}
	if b.r.IntN(3) == 0 {
		d.Who, d.Code = b.s.recorder.Visitor(), "AccessDenied"
	}
	b.do(d)
}

// delete deletes one object.
func (b *bucket) delete(at time.Time, who *traffic.Caller, key string) {
	b.count(at, who, 1)
	b.do(traffic.Deed{At: at, Who: who, Operation: "DeleteObject", Key: key, Marker: b.Versioned()})
}

// batch is a DeleteObjects call.
func (b *bucket) batch(at time.Time, who *traffic.Caller, keys []string) {
	b.count(at, who, len(keys))
	b.do(traffic.Deed{At: at, Who: who, Operation: "DeleteObjects", Keys: keys, Form: b.form, Marker: b.Versioned()})
}

// count counts objects that were deleted. What happens after the end isn't delivered, so it doesn't count.
func (b *bucket) count(at time.Time, who *traffic.Caller, n int) {
	if at.Before(b.s.From) || !at.Before(b.s.Until()) {
		return
	}
	b.label.Objects[who.Principal()] += n
	b.label.Hours[int(at.Sub(b.s.From)/time.Hour)] += n
}
