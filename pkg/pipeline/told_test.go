package pipeline

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"bucketwatch/pkg/state"
)

// told is what came of a story, in a form that can be compared.
type told struct {
	Anomalies map[string]string // bucket, name, principal, window: severity and persons
	Deleted   map[string]int64  // objects, by bucket
	Counted   map[string]int64  // all metrics of buckets but UnexpectedDeletes

	unexpected map[string]int64 // UnexpectedDeletes, by bucket
	opened     map[string]int64 // how many lines said of an anomaly that it is new
}

// toldBy returns what the lines tell.
func toldBy(all []line) told {
	got := told{map[string]string{}, map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}}
	for _, l := range all {
		bucket, _ := l["BucketName"].(string)
		switch l["Type"] {
		case "Anomaly":
			key := strings.Join([]string{bucket, l["Anomaly"].(string), l["Principal"].(string), l["WindowStart"].(string), l["WindowEnd"].(string)}, " ")
			persons, _ := json.Marshal(l["Persons"])
			value := l["Severity"].(string) + " " + string(persons)
			if before, ok := got.Anomalies[key]; !ok || rank(value) > rank(before) || rank(value) == rank(before) && len(value) > len(before) {
				got.Anomalies[key] = value
			}
			if n, ok := l["UnexpectedDeletes"].(float64); ok {
				got.unexpected[bucket] += int64(n)
			}
			if n, ok := l["Anomalies"].(float64); ok {
				got.opened[key] += int64(n)
			}
		case "Bucket":
			for name, v := range l {
				if n, ok := v.(float64); ok && name != "Schema" {
					got.Counted[bucket+" "+name] += int64(n)
				}
			}
			n, _ := l["DeletedObjects"].(float64)
			got.Deleted[bucket] += int64(n)
		}
	}
	return got
}

func rank(severity string) int {
	name, _, _ := strings.Cut(severity, " ")
	return slices.Index([]string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}, name)
}

// play goes through the steps with eight workers.
func play(t testing.TB, store state.Store, steps []step) told {
	t.Helper()
	w := newWorld(t, store)
	for _, s := range steps {
		for _, f := range s.files {
			w.files[f.key] = f.body
		}
	}
	for _, s := range steps {
		w.read(t, w.inParallel(t, s.files)...)
		w.tick(t, s.tick)
	}
	for l := range strings.Lines(w.log.String()) {
		if strings.Contains(l, `"level":"ERROR"`) && !strings.Contains(l, state.ErrClaimed.Error()) {
			t.Fatalf("an error was logged: %s", l)
		}
	}
	return toldBy(w.take(t))
}

// inParallel reads the files with eight workers and returns those that another worker was reading at the same time.
func (w *world) inParallel(t testing.TB, files []delivery) (again []delivery) {
	queue := make(chan delivery)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for f := range queue {
				if _, err := w.Handle(t.Context(), notification(f.key)); err != nil {
					if !errors.Is(err, state.ErrClaimed) {
						t.Errorf("Handle(%s) = %v", f.key, err)
					}
					mu.Lock()
					again = append(again, f)
					mu.Unlock()
				}
			}
		})
	}
	for _, f := range files {
		queue <- f
	}
	close(queue)
	workers.Wait()
	return again
}
