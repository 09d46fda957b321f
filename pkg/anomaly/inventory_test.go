package anomaly_test

import (
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
)

func TestInventoryExplanations(t *testing.T) {
	i := &anomaly.Inventory{
		Digest: "s3://logs/d", Bucket: anomaly.Bucket{AccountID: "111122223333", Name: "logs"}, Region: "us-east-1", InAll: 1200,
		Start: time.Date(2026, 11, 20, 14, 1, 31, 0, time.UTC), End: time.Date(2026, 11, 20, 15, 1, 31, 0, time.UTC),
	}
	const of = " of the 1,200 log files delivered to logs from us-east-1 between 14:01 and 15:01 UTC "
	missing := func(begun int64, keys ...string) anomaly.Anomaly {
		return anomaly.MissingLogFiles(i, keys, begun, 2*time.Hour)
	}
	for _, tt := range []struct {
		got  anomaly.Anomaly
		want string
	}{
		{missing(0, "a"), "1" + of + "has not been processed 2 hours after the digest that names them; the function was never told of it."},
		{missing(1, "a"), "1" + of + "has not been processed 2 hours after the digest that names them; it was begun, and failed."},
		{missing(0, "a", "b"), "2" + of + "have not been processed 2 hours after the digest that names them; the function was told of none of them."},
		{missing(2, "a", "b"), "2" + of + "have not been processed 2 hours after the digest that names them; all were begun, and failed."},
		{missing(1, "a", "b", "c"), "3" + of + "have not been processed 2 hours after the digest that names them; 1 was begun, and failed, of 2 the function was never told."},
		{anomaly.AlteredLogFiles(i, []string{"a"}), "1" + of + "had another content, when counted, than CloudTrail delivered: the SHA-256 is not that of the digest."},
		{anomaly.AlteredLogFiles(i, []string{"a", "b"}), "2" + of + "each had another content, when counted, than CloudTrail delivered: the SHA-256 is not that of the digest."},
	} {
		if tt.got.Explanation != tt.want {
			t.Errorf("the explanation is\n%s\nwant\n%s", tt.got.Explanation, tt.want)
		}
		if a := tt.got; a.Family != anomaly.Protection || a.Severity != anomaly.High || a.Objects() != 0 || a.WindowEnd.Sub(a.WindowStart) != time.Hour || a.LogFiles[0] != i.Digest {
			t.Errorf("the anomaly is %+v", a)
		}
	}
}
