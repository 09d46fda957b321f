package metric_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

// oracle says what an event adds to each metric, one at a time.
var oracle = map[string]func(e *s3event.Event) int64{
	"AllRequests":            func(e *s3event.Event) int64 { return requests(e, true) },
	"GetRequests":            func(e *s3event.Event) int64 { return requests(e, e.Group == s3event.Get) },
	"PutRequests":            func(e *s3event.Event) int64 { return requests(e, e.Group == s3event.Put) },
	"DeleteRequests":         func(e *s3event.Event) int64 { return requests(e, e.Group == s3event.Delete) },
	"HeadRequests":           func(e *s3event.Event) int64 { return requests(e, e.Group == s3event.Head) },
	"PostRequests":           func(e *s3event.Event) int64 { return requests(e, e.Group == s3event.Post) },
	"SelectRequests":         func(e *s3event.Event) int64 { return requests(e, e.Group == s3event.Select) },
	"ListRequests":           func(e *s3event.Event) int64 { return requests(e, e.Group == s3event.List) },
	"4xxErrors":              func(e *s3event.Event) int64 { return requests(e, e.Status >= 400 && e.Status < 500) },
	"5xxErrors":              func(e *s3event.Event) int64 { return requests(e, e.Status >= 500 && e.Status < 600) },
	"BytesDownloaded":        func(e *s3event.Event) int64 { return requests(e, true) * e.BytesOut },
	"BytesUploaded":          func(e *s3event.Event) int64 { return requests(e, true) * e.BytesIn },
	"SelectBytesReturned":    func(e *s3event.Event) int64 { return requests(e, e.Group == s3event.Select) * e.BytesOut },
	"AnonymousRequests":      func(e *s3event.Event) int64 { return requests(e, e.Anonymous) },
	"DeletedObjects":         func(e *s3event.Event) int64 { return deletions(e, s3event.Deleted, s3event.PermanentlyDeleted) },
	"PermanentDeletes":       func(e *s3event.Event) int64 { return deletions(e, s3event.PermanentlyDeleted) },
	"DeleteMarkersRemoved":   func(e *s3event.Event) int64 { return deletions(e, s3event.MarkerRemoved) },
	"DeniedDeletes":          func(e *s3event.Event) int64 { return deletions(e, s3event.Denied) },
	"LifecycleActions":       func(e *s3event.Event) int64 { return ifTrue(e.Kind == s3event.LifecycleAction) },
	"AuthenticationFailures": func(e *s3event.Event) int64 { return ifTrue(e.Kind == s3event.AuthenticationFailure) },
}

func requests(e *s3event.Event, counts bool) int64 {
	return ifTrue(e.Kind == s3event.Request && counts)
}

func deletions(e *s3event.Event, of ...s3event.Deletion) int64 {
	return ifTrue((e.Kind == s3event.Request || e.Kind == s3event.KeyDelete) && slices.Contains(of, e.Deletion))
}

func ifTrue(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// oracleRow is a row as the oracle has it.
type oracleRow struct {
	Counts     map[string]int64
	Operations map[string]int64
	ErrorCodes map[string]int64
	Latencies  [2][]float32
}

// recount counts all over again from the list of events. has tells which buckets have metrics of their own.
func recount(events []*s3event.Event, has func(bucket string) bool) map[place]*oracleRow {
	rows := map[place]*oracleRow{}
	known := map[string]bool{} // buckets whose owner some record tells
	for _, e := range events {
		if e.Ownership == s3event.Owned {
			known[string(e.Bucket)] = true
		}
	}
	owned := func(e *s3event.Event) bool {
		return e.Ownership == s3event.Owned || e.Kind == s3event.KeyDelete && known[string(e.Bucket)]
	}
	rowOf := func(e *s3event.Event) *oracleRow {
		p := place{string(e.Bucket), e.Time.Truncate(time.Minute)}
		if !owned(e) || !has(p.Bucket) {
			p.Bucket = "_other"
		}
		if rows[p] == nil {
			rows[p] = &oracleRow{Counts: map[string]int64{}, Operations: map[string]int64{}, ErrorCodes: map[string]int64{}}
		}
		return rows[p]
	}
	type sum struct{ n, bytes, unsized int64 }
	type name struct {
		bucket string
		owned  bool
	}
	keys := map[name]sum{}                  // of requests
	perKey := map[name]bool{}               // there are per-key records
	calls := map[name]map[*oracleRow]*sum{} // without an answer of failure
	for _, e := range events {
		row := rowOf(e)
		for name, adds := range oracle {
			row.Counts[name] += adds(e)
		}
		bucket := name{string(e.Bucket), owned(e)}
		if e.Kind == s3event.KeyDelete {
			perKey[bucket] = true
		}
		if e.Kind != s3event.Request {
			continue
		}
		tally(row.Operations, string(e.Operation))
		if len(e.ErrorCode) > 0 {
			tally(row.ErrorCodes, string(e.ErrorCode))
		}
		for i, ms := range []float64{e.FirstByteLatency, e.TotalLatency} {
			if ms >= 0 {
				row.Latencies[i] = append(row.Latencies[i], float32(ms))
			}
		}
		if len(e.Key) > 0 {
			keys[bucket] = sum{n: keys[bucket].n + 1, bytes: keys[bucket].bytes + int64(len(e.Key))}
		}
		if string(e.Operation) == "DeleteObjects" && e.Status < 400 {
			if calls[bucket] == nil {
				calls[bucket] = map[*oracleRow]*sum{}
			}
			if calls[bucket][row] == nil {
				calls[bucket][row] = &sum{}
			}
			if e.BytesIn <= 122 {
				calls[bucket][row].unsized++
				continue
			}
			calls[bucket][row].n++
			calls[bucket][row].bytes += e.BytesIn
		}
	}
	for bucket, rows := range calls {
		length := int64(40)
		if k := keys[bucket]; k.n > 0 {
			length = k.bytes / k.n
		}
		for row, c := range rows {
			if !perKey[bucket] {
				row.Counts["DeletedObjectsEstimated"] += c.unsized + max(c.n, min(1000*c.n, (c.bytes-122*c.n)/(28+length)))
			}
		}
	}
	for p, row := range rows {
		maps.DeleteFunc(row.Counts, func(_ string, n int64) bool { return n == 0 })
		if len(row.Counts) == 0 {
			delete(rows, p)
		}
	}
	return rows
}

// tally counts the 29 names that come first, and all others as _other.
func tally(names map[string]int64, name string) {
	_, has := names[name]
	_, full := names["_other"]
	if !has && (full || len(names) == 29) {
		name = "_other"
	}
	names[name]++
}

// randomEvents are n events of any combination, likely or not.
func randomEvents(r *rand.Rand, n int) []*s3event.Event {
	pick := func(of ...string) []byte {
		s := of[r.IntN(len(of))]
		if s == "" {
			return nil
		}
		return []byte(s)
	}
	start := minute
	if r.IntN(4) == 0 {
		start = time.Unix(0, 0).UTC()
	}
	perKey := r.IntN(2) == 0
	events := make([]*s3event.Event, n)
	for i := range events {
		e := &s3event.Event{
			Kind:             s3event.Request,
			Operation:        pick("GetObject", "DeleteObject", "DeleteObjects", "DeleteObjects", fmt.Sprint("Operation", r.IntN(50))),
			Group:            s3event.Group(r.IntN(int(s3event.Select) + 1)),
			Time:             start.Add(time.Duration(r.IntN(600)-300) * time.Second),
			Bucket:           pick("photos", "photos", "invoices", "logs-a", "logs-b", "x", "사진", "_other", ""),
			Ownership:        s3event.Owned,
			Key:              pick("", "a", "a/b/c.jpg", "사진/1.jpg"),
			Status:           []int{200, 200, 204, 307, 403, 404, 500, 503}[r.IntN(8)],
			ErrorCode:        pick("", "", "AccessDenied", "NoSuchKey", fmt.Sprint("Code", r.IntN(40))),
			Deletion:         s3event.Deletion(r.IntN(int(s3event.Denied) + 1)),
			BytesIn:          r.Int64N(70_000),
			BytesOut:         r.Int64N(1 << 40),
			FirstByteLatency: float64(r.IntN(1000) - 500),
			TotalLatency:     float64(r.IntN(1000) - 100),
			Anonymous:        r.IntN(3) == 0,
		}
		if r.IntN(5) == 0 {
			e.Kind = []s3event.Kind{s3event.LifecycleAction, s3event.AuthenticationFailure, s3event.NotARequest}[r.IntN(3)]
		} else if perKey && r.IntN(5) == 0 {
			e.Kind = s3event.KeyDelete
		}
		if e.Kind == s3event.NotARequest {
			e.Deletion = s3event.NoDeletion // see s3event.Interpret
		}
		if r.IntN(8) == 0 {
			e.Ownership = s3event.UnknownOwner
		}
		events[i] = e
	}
	return events
}

func TestCountsAgreeWithRecount(t *testing.T) {
	has := func(bucket string) bool { return bucket == "photos" || bucket == "invoices" }
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			events := randomEvents(r, 1+r.IntN(1500))
			want := recount(events, has)

			c := metric.NewCounts(buckets("*,!logs-*"), true)
			for _, e := range events {
				c.Add(e)
			}
			c.Finish()
			rows := c.Rows()
			got := map[place]*oracleRow{}
			for _, row := range rows {
				got[place{row.Bucket, row.Minute}] = &oracleRow{
					Counts: named(row), Operations: row.Operations.Map(), ErrorCodes: row.ErrorCodes.Map(),
					Latencies: [2][]float32{row.Latencies[0].Kept, row.Latencies[1].Kept},
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("counts (-want +got)\n%s", diff)
			}
			if order := slices.SortedFunc(maps.Keys(want), comparePlaces); !slices.Equal(places(rows), order) {
				t.Errorf("rows in the order %v, want %v", places(rows), order)
			}
		})
	}
}

// What is counted depends on the events, not on their order.
func TestCountsAreOfNoOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	events := randomEvents(r, 500)
	for _, e := range events { // Tallies keep the names that come first
		e.Operation, e.ErrorCode = e.Operation[:min(4, len(e.Operation))], nil
	}
	counts := func() (all []map[string]int64) {
		for _, row := range count(events...).Rows() {
			all = append(all, named(row), row.Operations.Map())
		}
		return all
	}
	want := counts()
	for range 5 {
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if diff := cmp.Diff(want, counts()); diff != "" {
			t.Fatalf("counts in another order (-want +got)\n%s", diff)
		}
	}
}

// In the steady state an event costs no memory.
func TestAddAllocatesNothing(t *testing.T) {
	for _, keep := range []bool{false, true} {
		c, events := steady(keep)
		i := 0
		if n := testing.AllocsPerRun(2000, func() {
			c.Add(events[i%len(events)])
			i++
		}); n != 0 {
			t.Errorf("Add with latencies kept = %t: %v allocations an event, want 0", keep, n)
		}
	}
}

// steady returns events and Counts that have seen them all, with latencies up to the limit if they are kept.
func steady(keepLatencies bool) (*metric.Counts, []*s3event.Event) {
	events := randomEvents(rand.New(rand.NewPCG(1, 1)), 1000)
	c := metric.NewCounts(allBuckets(), keepLatencies)
	for _, e := range events {
		if keepLatencies { // one row, which is soon full
			e.Bucket, e.Ownership, e.Time, e.FirstByteLatency, e.TotalLatency = []byte("photos"), s3event.Owned, minute, 1, 2
		}
	}
	rounds := 1
	if keepLatencies {
		rounds = 20
	}
	for range rounds {
		for _, e := range events {
			c.Add(e)
		}
	}
	return c, events
}

func BenchmarkAdd(b *testing.B) {
	for _, keep := range []bool{false, true} {
		b.Run(fmt.Sprint("latencies=", keep), func(b *testing.B) {
			c, events := steady(keep)
			var before, want int64
			c.Finish()
			for _, row := range c.Rows() {
				before += row.Values[metric.AllRequests]
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.Add(events[i%len(events)])
				want += ifTrue(events[i%len(events)].Kind == s3event.Request)
			}
			var got int64
			c.Finish()
			for _, row := range c.Rows() {
				got += row.Values[metric.AllRequests]
			}
			if got-before != want {
				b.Fatalf("AllRequests = %d, want %d", got-before, want)
			}
		})
	}
}
