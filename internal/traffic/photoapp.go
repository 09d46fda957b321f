package traffic

import (
	"fmt"
	"time"
)

// photoApp is an account whose users put pictures up, look at them, and delete old ones. Its callers are the same
// every day.
type photoApp struct {
	trail           *trail
	seed            uint64
	photos, backups *bucket

	web         *caller // the app's own role
	mobile      *caller // reads for the users' telephones, and may list: what isn't there is a 404
	cdn         *caller // reads for the users' browsers, and may not list: what isn't there is a 403
	thumbnailer *caller
	cleaner     *caller
}

func newPhotoApp(seed uint64, day time.Time) *photoApp {
	own := func(name string) *bucket {
		return &bucket{name: name, owner: account, region: region, versioned: true}
	}
	r := ids{newRand(seed, "photo app")}
	machine := func(name, address, agent string) *caller {
		return newRole(r, account, name, r.instance(), address, agent, day.Add(-time.Hour))
	}
	return &photoApp{
		trail: newTrail(seed, account, own("trail-logs-"+account)), seed: seed,
		photos: own("photos"), backups: own("backups"),
		web:         machine("app-web", "10.0.2.61", agentGo),
		mobile:      machine("api-mobile", "10.0.5.12", agentJava),
		cdn:         newService("cloudfront.amazonaws.com"),
		thumbnailer: machine("thumbnailer", "10.0.6.40", agentPython),
		cleaner:     machine("service-role/backup-cleaner", "10.0.9.18", agentPython),
	}
}

// usual is an hour like any other.
func (p *photoApp) usual(hour time.Time) {
	s := &stage{trail: p.trail, seed: p.seed ^ uint64(hour.Unix()), from: hour, to: hour.Add(time.Hour)}
	p.users(s)
	p.thumbnails(s)
	if hour.Hour() == int(vanishing.Hours()) {
		p.cleanUp(s)
	}
}

// users put new pictures up, look at pictures, and delete old ones: one at a time, and once an album at a stroke.
func (p *photoApp) users(s *stage) {
	r := s.ids("users")
	s.times(r, 4, func(at time.Time) { p.upload(r, at, imageKey(r, at)) })
	s.times(r, 4, func(at time.Time) {
		who := []*caller{p.mobile, p.cdn}[r.IntN(2)]
		s.trail.add(&request{
			at: at, who: who, bucket: p.photos,
			operation: "GetObject", key: imageKey(r, at.AddDate(0, 0, -r.IntN(90))), out: 40_000 + r.Int64N(4_000_000),
		})
	})
	s.times(r, 2, func(at time.Time) { p.refused(p.mobile, "GetObject", "robots.txt", at) })
	old := func(at time.Time) string { return imageKey(r, at.AddDate(0, 0, -100-r.IntN(400))) }
	album := make([]deletedKey, 3+r.IntN(3))
	at := s.part(0.4)
	for i := range album {
		album[i] = deletedKey{key: old(at), marker: true, minimal: r.IntN(2) == 0}
	}
	p.deleteAtOnce(at, album)
	s.times(r, 15+r.IntN(11), func(at time.Time) { p.deleteOne(p.web, p.photos, at, old(at)) })
	// An answer was lost, so the client asks again.
	at = s.part(0.7)
	key := old(at)
	for i := range 2 {
		p.deleteOne(p.web, p.photos, at.Add(time.Duration(4*i)*time.Second), key)
	}
}

// thumbnails are made with the help of temporary files, whose deletes are declared.
func (p *photoApp) thumbnails(s *stage) {
	r := s.ids("thumbnailer")
	s.times(r, 8+r.IntN(5), func(at time.Time) {
		tmp := "tmp/" + r.hex(24) + ".part"
		s.trail.add(&request{at: at, who: p.thumbnailer, bucket: p.photos, operation: "PutObject", key: tmp, in: r.Int64N(900_000)})
		s.trail.add(declared{&request{
			at: at.Add(30 * time.Second), who: p.thumbnailer, bucket: p.photos, operation: "DeleteObject", key: tmp, marker: true,
		}})
	})
}

// cleanUp is a daily job that deletes old backups, one object at a time.
func (p *photoApp) cleanUp(s *stage) {
	r := s.ids("clean-up")
	at, old := s.part(0.15), s.from.AddDate(0, 0, -35).Format(time.DateOnly)
	for i := range 120 + r.IntN(21) {
		at = at.Add(time.Duration(100+r.IntN(1900)) * time.Millisecond)
		p.deleteOne(p.cleaner, p.backups, at, fmt.Sprintf("db/%s/part-%04d.zst", old, i))
	}
}

func (p *photoApp) upload(r ids, at time.Time, key string) {
	p.trail.add(&request{at: at, who: p.web, bucket: p.photos, operation: "PutObject", key: key, in: 40_000 + r.Int64N(4_000_000)})
}

// deleteOne deletes an object. All buckets are versioned: it leaves a marker.
func (p *photoApp) deleteOne(who *caller, b *bucket, at time.Time, key string) {
	p.trail.add(&request{at: at, who: who, bucket: b, operation: "DeleteObject", key: key, marker: true})
}

// deleteAtOnce deletes pictures with one call of the app's.
func (p *photoApp) deleteAtOnce(at time.Time, keys []deletedKey) {
	call := request{
		at: at, who: p.web, bucket: p.photos,
		operation: "DeleteObjects", in: bulkBytes(keys), out: int64(140 + 60*len(keys)),
	}
	p.trail.add(&bulkDelete{request: call, keys: keys})
}

// refused is a request for an object that isn't there.
func (p *photoApp) refused(who *caller, operation, key string, at time.Time) {
	code := "NoSuchKey"
	if who == p.cdn {
		code = "AccessDenied"
	}
	p.trail.add(&request{at: at, who: who, bucket: p.photos, operation: operation, key: key, code: code, out: 280})
}
