package traffic

import (
	"fmt"
	"time"
)

// backups is the nightly job of a backup bucket: one role writes tonight's archives, another deletes what is too old,
// one object at a time, old versions by their ids. A lifecycle rule works beside it.
func backups(s *stage, b *bucket, account string) {
	r := s.ids("backups:" + b.name)
	writer := newRole(r, account, "backup-writer", "nightly", "10.0.9.17", agentPython, s.from.Add(-5*time.Minute))
	cleaner := newRole(r, account, "service-role/backup-cleaner", "nightly", "10.0.9.18", agentPython, s.from.Add(-5*time.Minute))
	by := func(who *caller) func(request) {
		return func(q request) {
			q.who, q.bucket = who, b
			s.trail.add(&q)
		}
	}
	put, clean := by(writer), by(cleaner)

	s.times(r, 6, func(at time.Time) {
		multipart(r, put, at, fmt.Sprintf("db/%s/orders-%s.dump.zst", at.UTC().Format(time.DateOnly), r.hex(8)), 5)
	})

	old := s.from.AddDate(0, 0, -35).UTC()
	at := s.part(0.1)
	versions := members{text("versions", ""), text("prefix", old.Format("db/2006-01-"))}
	clean(request{at: at, operation: "ListObjectVersions", out: 92_000, params: versions})
	for i := range 140 {
		at = at.Add(time.Duration(100+r.IntN(1900)) * time.Millisecond)
		q := request{at: at, operation: "DeleteObject", key: fmt.Sprintf("db/%s/part-%04d.zst", old.Format(time.DateOnly), i)}
		switch {
		case i < 90: // a marker on the current version
			q.marker = b.versioned
		case i < 130: // an old version, for good
			q.version = r.version()
		default: // a marker with nothing left below it
			q.version, q.marker = r.version(), true
		}
		clean(q)
	}
	for i := range 8 {
		s.trail.add(expired(s.part(0.7), b, fmt.Sprintf("tmp/session-%03d.lock", i)))
	}
}
