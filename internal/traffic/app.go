package traffic

import (
	"fmt"
	"time"
)

// app is the web application that owns a bucket of pictures: it uploads, reads, looks, and clears its own temporary
// files away.
func app(s *stage, b *bucket, account string) {
	a := newWebApp(s, b, account)
	a.pictures()
	a.temporary(60)
	a.videos(3)
}

// webApp is a role at work on several instances.
type webApp struct {
	*stage
	bucket   *bucket
	r        ids
	sessions []*caller
}

func newWebApp(s *stage, b *bucket, account string) *webApp {
	a := &webApp{stage: s, bucket: b, r: s.ids("app:" + b.name)}
	for i := range 3 {
		address := fmt.Sprintf("10.0.%d.%d", i, 20+a.r.IntN(200))
		a.sessions = append(a.sessions, newRole(a.r, account, "app-web", a.r.instance(), address, agentGo, s.from.Add(-3*time.Hour)))
	}
	return a
}

// do sends a request from some instance.
func (a *webApp) do(q request) {
	q.who, q.bucket = a.sessions[a.r.IntN(len(a.sessions))], a.bucket
	if q.key != "" && q.operation != "DeleteObject" {
		q.params = append(q.params, text("x-id", q.operation))
	}
	if a.r.IntN(3) > 0 {
		timed(a.r, &q)
	}
	a.trail.add(&q)
}

// pictures come and are looked at. A few aren't there, and a few requests fail.
func (a *webApp) pictures() {
	r := a.r
	var keys []string
	for range 200 {
		keys = append(keys, imageKey(r, a.from.AddDate(0, 0, -r.IntN(90))))
	}
	key := func() string { return keys[r.IntN(len(keys))] }
	a.times(r, 150, func(at time.Time) {
		a.do(request{at: at, operation: "PutObject", key: imageKey(r, at), in: 40_000 + r.Int64N(4_000_000)})
	})
	a.times(r, 700, func(at time.Time) {
		a.do(request{at: at, operation: "GetObject", key: key(), out: 40_000 + r.Int64N(4_000_000)})
	})
	a.times(r, 200, func(at time.Time) { a.do(request{at: at, operation: "HeadObject", key: key()}) })
	a.times(r, 24, func(at time.Time) {
		a.do(request{at: at, operation: "GetObject", key: imageKey(r, at), code: "NoSuchKey", out: 280})
	})
	a.times(r, 3, func(at time.Time) {
		a.do(request{at: at, operation: "PutObject", key: imageKey(r, at), in: 40_000, out: 320, code: "SlowDown"})
	})
	a.times(r, 1, func(at time.Time) {
		a.do(request{at: at, operation: "GetObject", key: key(), out: 320, code: "InternalError"})
	})
	a.times(r, 12, func(at time.Time) {
		a.do(request{at: at, operation: "ListObjects", out: 4_000 + r.Int64N(200_000), params: list("images/")})
	})
}

// temporary makes n temporary files, which live for half a minute. The bucket is versioned: deleting one leaves a
// marker.
func (a *webApp) temporary(n int) {
	a.times(a.r, n, func(at time.Time) {
		tmp := "tmp/" + a.r.hex(24) + ".part"
		a.do(request{at: at, operation: "PutObject", key: tmp, in: 1_000_000 + a.r.Int64N(9_000_000)})
		if gone := at.Add(30 * time.Second); gone.Before(a.to) {
			a.do(request{at: gone, operation: "DeleteObject", key: tmp, marker: a.bucket.versioned})
		}
	})
}

// videos uploads n videos in parts.
func (a *webApp) videos(n int) {
	a.times(a.r, n, func(at time.Time) {
		multipart(a.r, a.do, at, "videos/"+a.r.hex(16)+".mp4", 3)
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
