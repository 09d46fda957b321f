package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"bucketwatch/internal/traffic"
)

// entry is one invocation of the function: the notification of a log file or, without one, a tick.
type entry struct {
	at      time.Time
	traffic *traffic.Traffic
	file    *traffic.File
}

// calendar puts the notifications of the traffic's files and the ticks in the order of time: a tick comes after all
// files that were delivered by then.
func calendar(t *traffic.Traffic, ticks []time.Time) []entry {
	var entries []entry
	for i := range t.Files {
		entries = append(entries, entry{at: t.Files[i].Delivered, traffic: t, file: &t.Files[i]})
	}
	for _, at := range ticks {
		entries = append(entries, entry{at: at})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.at.Compare(b.at) })
	return entries
}

// everyMinute is when the schedule ticks, from one time to another.
func everyMinute(from, to time.Time) []time.Time {
	var ticks []time.Time
	for at := from; !at.After(to); at = at.Add(time.Minute) {
		ticks = append(ticks, at)
	}
	return ticks
}

// afterEach is the first tick after each delivery: those in between would find nothing else to do than the next.
func afterEach(files []traffic.File) []time.Time {
	var ticks []time.Time
	for _, f := range files {
		ticks = append(ticks, f.Delivered.Add(time.Minute))
	}
	return slices.CompactFunc(ticks, time.Time.Equal)
}

func (e entry) payload() ([]byte, error) {
	if e.file != nil {
		return notification(e.traffic, *e.file)
	}
	return json.Marshal(map[string]string{"bucketwatch": "tick", "time": e.at.UTC().Format(time.RFC3339)})
}

func (e entry) String() string {
	if e.file != nil {
		return fmt.Sprintf("s3://%s/%s", e.traffic.LogBucket, e.file.Key)
	}
	return "the tick of " + e.at.UTC().Format(time.RFC3339)
}
