package metric_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

// Expected deletes count where the bucket's deletes do.
func TestAddExpected(t *testing.T) {
	c := metric.NewCounts(buckets("photos,drafts"), false)
	for _, e := range []*s3event.Event{
		keyDelete(), keyDelete(at(minute.Add(time.Minute))), keyDelete(on("invoices")), keyDelete(on("drafts"), ofOwner(s3event.UnknownOwner)),
	} {
		c.Add(e)
	}
	c.Finish()
	c.AddExpected("photos", minute, 3)
	c.AddExpected("photos", minute, 4)
	c.AddExpected("photos", minute.Add(time.Minute), 5)
	c.AddExpected("invoices", minute, 6) // which has no metrics of its own
	c.AddExpected("drafts", minute, 7)   // whose owner isn't known
	c.AddExpected("", minute, 8)
	c.AddExpected("photos", minute.Add(time.Hour), 9) // a minute without anything else
	got := map[place]int64{}
	for _, row := range c.Rows() {
		got[place{row.Bucket, row.Minute}] = row.Values[metric.ExpectedDeletes]
	}
	want := map[place]int64{
		{"photos", minute}: 7, {"photos", minute.Add(time.Minute)}: 5, {"photos", minute.Add(time.Hour)}: 9, {"_other", minute}: 21,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ExpectedDeletes (-want +got)\n%s", diff)
	}
}
