package metric_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/metric"
)

func TestTop(t *testing.T) {
	type row = metric.CallerRow
	var twenty []row
	for i := range 20 {
		twenty = append(twenty, row{"photos", fmt.Sprintf("role/%02d", i), 100 - int64(i), 1, 1})
	}
	for _, tt := range []struct {
		name string
		rows []row
		want []row
	}{
		{"none", nil, nil},
		{"by bucket and requests", []row{
			{"photos", "b", 1, 0, 0}, {"invoices", "c", 1, 0, 0}, {"photos", "a", 2, 1, 1},
		}, []row{{"invoices", "c", 1, 0, 0}, {"photos", "a", 2, 1, 1}, {"photos", "b", 1, 0, 0}}},
		{"ties by deleted objects and name", []row{
			{"photos", "d", 5, 0, 9}, {"photos", "b", 5, 1, 0}, {"photos", "c", 5, 0, 0}, {"photos", "a", 5, 0, 0},
		}, []row{{"photos", "b", 5, 1, 0}, {"photos", "a", 5, 0, 0}, {"photos", "c", 5, 0, 0}, {"photos", "d", 5, 0, 9}}},
		{"deleted objects alone", []row{{"photos", "a", 0, 7, 0}}, []row{{"photos", "a", 0, 7, 0}}},
		{"20", twenty, twenty},
		{"21", append(slices.Clone(twenty), row{"photos", "last", 2, 3, 4}), append(slices.Clone(twenty), row{"photos", "_other", 2, 3, 4})},
		{"23, the first in the end", append([]row{{"photos", "x", 1, 2, 3}, {"photos", "y", 1, 2, 3}}, append(twenty, row{"photos", "first", 500, 0, 0})...),
			append(append([]row{{"photos", "first", 500, 0, 0}}, twenty[:19]...), row{"photos", "_other", 81 + 1 + 1, 1 + 2 + 2, 1 + 3 + 3})},
		{"of each bucket", append(slices.Clone(twenty), row{"invoices", "a", 1, 1, 1}), append([]row{{"invoices", "a", 1, 1, 1}}, twenty...)},
		{"_other is no caller, however many its requests", []row{{"photos", "_other", 99, 0, 0}, {"photos", "a", 1, 0, 0}},
			[]row{{"photos", "a", 1, 0, 0}, {"photos", "_other", 99, 0, 0}}},
		{"_other and 20", append([]row{{"photos", "_other", 99, 1, 2}}, twenty...), append(slices.Clone(twenty), row{"photos", "_other", 99, 1, 2})},
		{"no bucket, no principal", []row{{"", "", 1, 0, 0}}, []row{{"", "", 1, 0, 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows := slices.Clone(tt.rows)
			for seed := range uint64(3) { // in whatever order
				var c metric.Callers
				for _, r := range rows {
					got := c.Row([]byte(r.Bucket), []byte(r.Principal))
					got.Requests += r.Requests
					got.DeletedObjects += r.DeletedObjects
					got.Errors += r.Errors
				}
				if diff := cmp.Diff(tt.want, c.Top()); diff != "" {
					t.Fatalf("Top (-want +got)\n%s", diff)
				}
				if diff := cmp.Diff(tt.want, c.Top()); diff != "" {
					t.Fatalf("Top again (-want +got)\n%s", diff)
				}
				if c.NotTold() != 0 {
					t.Errorf("NotTold = %d, want 0", c.NotTold())
				}
				rand.New(rand.NewPCG(seed, 0)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			}
		})
	}
}

func TestRow(t *testing.T) {
	var c metric.Callers
	bucket, principal := []byte("photos"), []byte("role/app")
	a := c.Row(bucket, principal)
	a.Requests++
	for i := range principal { // the reader's memory
		principal[i] = 'x'
	}
	for i := range bucket {
		bucket[i] = 'x'
	}
	if b := c.Row([]byte("photos"), []byte("role/app")); b != a {
		t.Errorf("Row = %+v, want the row of before", b)
	}
	if b := c.Row([]byte("invoices"), []byte("role/app")); b == a {
		t.Error("Row of another bucket is the same")
	}
	if b := c.Row([]byte("photos"), []byte("role/App")); b == a {
		t.Error("Row of another principal is the same")
	}
	if n := testing.AllocsPerRun(100, func() { c.Row([]byte("photos"), []byte("role/app")).Requests++ }); n != 0 {
		t.Errorf("Row: %v allocations, want 0", n)
	}
}

func TestCallersCap(t *testing.T) {
	const kept = 10_000
	var c metric.Callers
	add := func(bucket, principal string) *metric.CallerRow {
		r := c.Row([]byte(bucket), []byte(principal))
		r.Requests++
		return r
	}
	for i := range kept {
		if r := add(fmt.Sprint("bucket", i%10), fmt.Sprint("role/", i)); r.Principal == "_other" {
			t.Fatalf("caller %d is _other", i)
		}
	}
	if got := c.NotTold(); got != 0 {
		t.Errorf("NotTold = %d after %d callers, want 0", got, kept)
	}
	if r := add("bucket3", "role/3"); r.Principal != "role/3" {
		t.Errorf("one of before is %s", r.Principal)
	}
	for i := range 100 {
		for _, bucket := range []string{"bucket3", "new"} {
			want := bucket
			if bucket == "new" {
				want = "_other" // or there would be a row for each new bucket
			}
			if r := add(bucket, fmt.Sprint("late/", i)); r.Principal != "_other" || r.Bucket != want {
				t.Fatalf("caller beyond is %s of %s, want _other of %s", r.Principal, r.Bucket, want)
			}
		}
	}
	if got, want := c.NotTold(), int64(200); got != want {
		t.Errorf("NotTold = %d, want %d", got, want)
	}
	var sum int64
	rows := map[string]int{}
	for _, r := range c.Top() {
		sum += r.Requests
		rows[r.Bucket]++
		if r.Bucket == "_other" && r.Requests != 100 || r.Bucket == "bucket3" && r.Principal == "_other" && r.Requests != 1000-20+100 {
			t.Errorf("%+v, want 100 of _other and 1080 others of bucket3", r)
		}
	}
	if want := int64(kept + 1 + 200); sum != want {
		t.Errorf("%d requests in all, want %d", sum, want)
	}
	if len(rows) != 11 || rows["bucket3"] != 21 || rows["_other"] != 1 {
		t.Errorf("rows by bucket = %v, want 21 of each, and 1 of _other", rows)
	}
}
