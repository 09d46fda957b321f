package traffic

import (
	"fmt"
	"time"
)

// app is the web application that owns a bucket of pictures: it uploads, reads, looks, and clears its own temporary
// files away.
func app(s *stage, b *bucket, account string) {
	r := s.ids("app:" + b.name)
	var sessions []*caller
	for i := range 3 {
		address := fmt.Sprintf("10.0.%d.%d", i, 20+r.IntN(200))
		sessions = append(sessions, newRole(r, account, "app-web", r.instance(), address, agentGo, s.from.Add(-3*time.Hour)))
	}
	do := func(q request) {
		q.who, q.bucket = sessions[r.IntN(len(sessions))], b
		if q.key != "" && q.operation != "DeleteObject" {
			q.params = append(q.params, text("x-id", q.operation))
		}
		if r.IntN(3) > 0 {
			timed(r, &q)
		}
		s.trail.add(&q)
	}
	var keys []string
	for range 200 {
		keys = append(keys, imageKey(r, s.from.AddDate(0, 0, -r.IntN(90))))
	}
	key := func() string { return keys[r.IntN(len(keys))] }
	s.times(r, 150, func(at time.Time) {
		do(request{at: at, operation: "PutObject", key: imageKey(r, at), in: 40_000 + r.Int64N(4_000_000)})
	})
	s.times(r, 700, func(at time.Time) {
		do(request{at: at, operation: "GetObject", key: key(), out: 40_000 + r.Int64N(4_000_000)})
	})
	s.times(r, 200, func(at time.Time) { do(request{at: at, operation: "HeadObject", key: key()}) })
	s.times(r, 24, func(at time.Time) {
		do(request{at: at, operation: "GetObject", key: imageKey(r, at), code: "NoSuchKey", out: 280})
	})
	s.times(r, 3, func(at time.Time) {
		do(request{at: at, operation: "PutObject", key: imageKey(r, at), in: 40_000, out: 320, code: "SlowDown"})
	})
	s.times(r, 1, func(at time.Time) {
		do(request{at: at, operation: "GetObject", key: key(), out: 320, code: "InternalError"})
	})
	s.times(r, 12, func(at time.Time) {
		do(request{at: at, operation: "ListObjects", out: 4_000 + r.Int64N(200_000), params: list("images/")})
	})
	// A temporary file lives for half a minute. The bucket is versioned: deleting one leaves a marker.
	s.times(r, 60, func(at time.Time) {
		tmp := "tmp/" + r.hex(24) + ".part"
		do(request{at: at, operation: "PutObject", key: tmp, in: 1_000_000 + r.Int64N(9_000_000)})
		if gone := at.Add(30 * time.Second); gone.Before(s.to) {
			do(request{at: gone, operation: "DeleteObject", key: tmp, marker: b.versioned})
		}
	})
	s.times(r, 3, func(at time.Time) {
		multipart(r, do, at, "videos/"+r.hex(16)+".mp4", 3)
	})
}

// list is the parameters of a ListObjectsV2, which CloudTrail calls ListObjects.
func list(prefix string) members {
	return members{
		text("list-type", "2"),
		text("encoding-type", "url"),
		text("max-keys", "1000"),
		text("prefix", prefix),
		text("delimiter", "/"),
	}
}

// multipart uploads one object in parts.
func multipart(r ids, do func(request), at time.Time, key string, parts int) {
	upload := text("uploadId", r.pick(alphanum+"._", 128))
	do(request{at: at, operation: "CreateMultipartUpload", key: key, out: 330, params: members{text("uploads", "")}})
	for i := range parts {
		at = at.Add(time.Second)
		part := text("partNumber", fmt.Sprint(i+1))
		do(request{at: at, operation: "UploadPart", key: key, in: 8 << 20, params: members{upload, part}})
	}
	at = at.Add(time.Second)
	do(request{at: at, operation: "CompleteMultipartUpload", key: key, in: int64(90 * parts), out: 480, params: members{upload}})
}
