package faults

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
)

const topic = "arn:aws:sns:eu-central-1:111122223333:bucketwatch-alerts"

// day is that of all scenarios: the same seed gives the same log files.
var day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// scenario is log files of which is known what must come of them.
type scenario struct {
	*traffic.Traffic
	name      string
	s3        *localaws.S3
	bootstrap string
	ticks     []time.Time
	found     []traffic.Found // all anomalies, where they are known

	once        sync.Once // see ready
	right       bool
	undisturbed result // of a run without faults
	telling     int    // a log file that shows an anomaly by itself
}

// alone returns a scenario of a log file of s that shows an anomaly by itself, and of the ticks after it, with what was
// done in its run without faults.
func (s *scenario) alone(t *testing.T) (one *scenario, file, tick *attempt) {
	t.Helper()
	s.ready(t)
	part := *s.Traffic
	one = &scenario{Traffic: &part, name: s.name, s3: s.s3, bootstrap: s.bootstrap}
	part.Files = s.Files[s.telling : s.telling+1]
	for n := range 3 {
		one.ticks = append(one.ticks, part.Files[0].Delivered.Add(time.Duration(5*n+1)*time.Minute))
	}
	w := newWorld(t, one, inMemory(t), 1)
	w.announceAll()
	w.lambda(rand.New(rand.NewPCG(0, 0)), false)
	w.judge(t, 0, false)
	one.undisturbed = w.told()
	for _, a := range w.attempts {
		switch {
		case a.file >= 0:
			file = a
		case tick == nil:
			tick = a
		}
	}
	if file == nil || tick == nil || len(one.undisturbed.anomalies) == 0 || len(one.undisturbed.messages) == 0 {
		t.Fatalf("one log file and its ticks tell of %v: that shows nothing", one.undisturbed)
	}
	return one, file, tick
}

// scenarios are made once, from seeds.
var scenarios = sync.OnceValues(newScenarios)

var folder string // TestMain's

func newScenarios() ([]*scenario, error) {
	binary, err := localaws.Build(context.Background(), folder)
	if err != nil {
		return nil, err
	}
	var list []*scenario
	add := func(name string, t *traffic.Traffic, expected string, every time.Duration, last time.Time) error {
		s3, err := localaws.NewS3()
		if err != nil {
			return err
		}
		s := &scenario{Traffic: t, name: name, s3: s3, bootstrap: filepath.Join(folder, name, "bootstrap")}
		for at := t.Files[0].Delivered; !at.After(last); at = at.Add(every) {
			s.ticks = append(s.ticks, at)
		}
		if err := os.Mkdir(filepath.Dir(s.bootstrap), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(binary, s.bootstrap); err != nil {
			return err
		}
		if expected != "" {
			if err := os.WriteFile(filepath.Join(filepath.Dir(s.bootstrap), "expected-deletes.yaml"), []byte(expected), 0o644); err != nil {
				return err
			}
		}
		for _, f := range t.Files {
			if err := s3.Put(context.Background(), s.LogBucket, f.Key, f.Body); err != nil {
				return err
			}
		}
		list = append(list, s)
		return nil
	}
	// An hour of six buckets, with an intruder: most of the runs, in three kinds.
	for seed := range uint64(3) {
		hour := traffic.Hour(seed+1, day.Add(15*time.Hour))
		if err := add(fmt.Sprint("hour-", seed+1), hour, "", 10*time.Minute, day.Add(16*time.Hour+50*time.Minute)); err != nil {
			return nil, err
		}
	}
	// An afternoon in which images vanish, found by what becomes of single objects.
	story := traffic.Vanished(1, day)
	if err := add("vanished", story.During, story.ExpectedDeletes, 10*time.Minute, story.Judged); err != nil {
		return nil, err
	}
	list[len(list)-1].found = story.Anomalies
	return list, nil
}

// payload is what Lambda gives the function.
func (s *scenario) payload(it *invocation) []byte {
	if it.file < 0 {
		return fmt.Appendf(nil, `{"bucketwatch":"tick","time":%q}`, it.at.Format(time.RFC3339))
	}
	return localaws.Notification(s.LogBucket, s.Files[it.file].Key)
}

func (s *scenario) uri(file int) string { return "s3://" + s.LogBucket + "/" + s.Files[file].Key }

// checkTruth holds what came of an undisturbed run against the oracle.
func (s *scenario) checkTruth(t *testing.T, w *world) {
	t.Helper()
	want := map[string]int64{}
	for bucket, counts := range s.Truth.Buckets {
		for name, n := range counts.Metrics {
			want[bucket+" "+name] = n
		}
		if counts.Timed > 0 {
			want[bucket+" timed"] = counts.Timed
		}
	}
	if diff := cmp.Diff(want, s.undisturbed.counted); diff != "" {
		t.Errorf("%s, undisturbed, is counted otherwise than the truth (-want +got):\n%s", s.name, diff)
	}
	for _, a := range s.found {
		// The window is the day: nothing is known of the days before.
		key := strings.Join([]string{a.Bucket, a.Name, a.Principal, day.Format(time.RFC3339)}, " ")
		got := ""
		for found, severity := range s.undisturbed.anomalies {
			if strings.HasPrefix(found, key) {
				got, _, _ = strings.Cut(severity, " ")
			}
		}
		if got != a.Severity {
			t.Errorf("%s, undisturbed: anomaly %s is %q, want %s, of\n%s", s.name, key, got, a.Severity, sortedOf(s.undisturbed.anomalies))
		}
	}
	if s.found != nil && (len(s.undisturbed.anomalies) != len(s.found) || len(s.undisturbed.messages) != 1) {
		t.Errorf("%s, undisturbed: anomalies\n%smessages\n%swant %d and one message", s.name,
			sortedOf(s.undisturbed.anomalies), fmt.Sprint(s.undisturbed.messages), len(s.found))
	}
	for _, a := range s.Truth.Anomalies {
		found := false
		for key := range s.undisturbed.anomalies {
			found = found || strings.HasPrefix(key, strings.Join([]string{a.Bucket, a.Name, a.Principal}, " "))
		}
		if !found {
			t.Errorf("%s, undisturbed: %v is not among the anomalies %v", s.name, a, sortedOf(s.undisturbed.anomalies))
		}
	}
	for _, a := range w.attempts {
		if a.err != nil || a.failed {
			t.Errorf("%s, undisturbed: %v failed: %v, %v", s.name, a.invocation, a.err, a.befallen)
		}
	}
}

func sortedOf[V any](m map[string]V) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "  %s: %v\n", key, m[key])
	}
	return b.String()
}
