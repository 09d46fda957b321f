package main

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic"
)

// A tick must come after every file that was delivered before it, or the story isn't one.
func TestCalendar(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 20, 13, minute, 0, 0, time.UTC) }
	afternoon := &traffic.Traffic{LogBucket: "logs", Files: []traffic.File{
		{Key: "a", Delivered: at(1)}, {Key: "b", Delivered: at(1)}, {Key: "c", Delivered: at(3)},
	}}
	for name, test := range map[string]struct {
		ticks []time.Time
		want  []string
	}{
		"every minute": {everyMinute(at(0), at(3)), []string{
			"the tick of 2026-11-20T13:00:00Z", "s3://logs/a", "s3://logs/b", "the tick of 2026-11-20T13:01:00Z",
			"the tick of 2026-11-20T13:02:00Z", "s3://logs/c", "the tick of 2026-11-20T13:03:00Z",
		}},
		"after each delivery": {afterEach(afternoon.Files), []string{
			"s3://logs/a", "s3://logs/b", "the tick of 2026-11-20T13:02:00Z", "s3://logs/c", "the tick of 2026-11-20T13:04:00Z",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range calendar(afternoon, test.ticks) {
				got = append(got, e.String())
			}
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("calendar (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTickPayload(t *testing.T) {
	got, err := entry{at: time.Date(2026, 11, 20, 14, 35, 0, 0, time.FixedZone("KST", 9*3600))}.payload()
	if want := `{"bucketwatch":"tick","time":"2026-11-20T05:35:00Z"}`; err != nil || string(got) != want {
		t.Errorf("payload() = %s, %v, want %s", got, err, want)
	}
}
