package traffic

import (
	"fmt"
	"time"
)

// consoleUser is a person who tidies a bucket up at the console: looks, selects, deletes. The console always uses
// DeleteObjects. The per-key records of the first call are full, those of the second poor, so that a reader meets both.
func consoleUser(s *stage, b *bucket, account, name string) {
	r := s.ids("console:" + b.name)
	who := newPerson(r, account, name, "203.0.113.42", s.from.Add(-20*time.Minute))
	at := s.part(0.4)
	do := func(q request) {
		q.at, q.who, q.bucket = at, who, b
		s.trail.add(&q)
		at = at.Add(time.Duration(2+r.IntN(5)) * time.Second)
	}
	for _, folder := range []string{"images/2024/05/", "images/2024/06/"} {
		do(request{operation: "HeadBucket"})
		do(request{operation: "ListObjects", out: 18_000, params: list(folder)})
		minimal := folder == "images/2024/06/"
		keys := make([]deletedKey, 24+r.IntN(24))
		for i := range keys {
			keys[i] = deletedKey{key: fmt.Sprintf("%sDSC%05d.jpg", folder, 1000+7*i), marker: b.versioned, minimal: minimal}
		}
		if !minimal { // a bucket policy keeps this one: the call succeeds without it
			keys[len(keys)-1] = deletedKey{key: folder + "keep/cover.jpg", code: "AccessDenied"}
		}
		call := request{at: at, who: who, bucket: b, operation: "DeleteObjects", in: bulkBytes(keys), out: int64(140 + 60*len(keys))}
		s.trail.add(&bulkDelete{request: call, keys: keys})
		at = at.Add(3 * time.Minute)
		do(request{operation: "ListObjects", out: 700, params: list(folder)})
	}
}
