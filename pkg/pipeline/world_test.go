package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bucketwatch/pkg/state"
)

// world is a pipeline with its log files and what it remembers. Its clock is that of deliveries and ticks.
type world struct {
	*run
	files map[string][]byte
}

// newWorld returns a world that remembers in the store, with the variables given as NAME=value.
func newWorld(t testing.TB, store state.Store, env ...string) *world {
	t.Helper()
	w := &world{files: map[string][]byte{}}
	env = append(slices.Clone(env), "BUCKETWATCH_CLOCK=delivery", "BUCKETWATCH_ALERTS_TOPIC="+topic, "AWS_REGION=us-east-1", "AWS_LAMBDA_LOG_GROUP_NAME=bw-log")
	w.run = newRunWith(t, store, getObject(func(_, key string) ([]byte, error) { return w.files[key], nil }), env...)
	w.Now = time.Now
	return w
}

// announce has a log file read, as S3's notification does.
func (w *world) announce(t testing.TB, d delivery) error {
	t.Helper()
	w.files[d.key] = d.body
	_, err := w.Handle(t.Context(), notification(d.key))
	return err
}

// read has log files read that nothing is wrong with.
func (w *world) read(t testing.TB, files ...delivery) {
	t.Helper()
	for _, d := range files {
		if err := w.announce(t, d); err != nil {
			t.Fatalf("Handle(%s) = %v", d.key, err)
		}
	}
}

// tick judges what is due at each of the times.
func (w *world) tick(t testing.TB, times ...time.Time) {
	t.Helper()
	for _, at := range times {
		if _, err := w.Handle(t.Context(), tickAt(at)); err != nil {
			t.Fatalf("tick of %v = %v", at, err)
		}
	}
}

func tickAt(at time.Time) []byte {
	return fmt.Appendf(nil, `{"bucketwatch":"tick","time":%q}`, at.Format(time.RFC3339))
}

// take returns the lines that were written since the last call, and forgets them. The log's are not among them.
func (w *world) take(t testing.TB) []line {
	t.Helper()
	all := lines(t, w.metrics.Bytes())
	for _, l := range lines(t, w.log.Bytes()) {
		if _, ok := l["Type"]; ok {
			all = append(all, l)
		}
	}
	w.metrics.Reset()
	w.log.Reset()
	return all
}

// takeHealth returns the one Health line that was written since the last take, and the anomalies' lines.
func (w *world) takeHealth(t testing.TB) (health line, anomalies []line) {
	t.Helper()
	all := w.take(t)
	found := ofType(all, "Health")
	if len(found) != 1 {
		t.Fatalf("%d Health lines, want 1", len(found))
	}
	return found[0], ofType(all, "Anomaly")
}

// subjects returns the subjects of the messages since the last call, and forgets them.
func (w *world) subjects() []string {
	var list []string
	for _, m := range w.published {
		list = append(list, *m.Subject)
	}
	w.published = nil
	return list
}

// sum adds up a number of lines.
func sum(all []line, name string) int64 {
	var n int64
	for _, l := range all {
		v, _ := l[name].(float64)
		n += int64(v)
	}
	return n
}

// named returns the anomaly lines of one name.
func named(all []line, name string) []line {
	return slices.DeleteFunc(ofType(all, "Anomaly"), func(l line) bool { return l["Anomaly"] != name })
}

// short says in short what an anomaly line tells.
func short(l line) string {
	return fmt.Sprintf("%v %v of %v in %v", l["Severity"], l["Anomaly"], l["Principal"], l["BucketName"])
}

func shorts(all []line) []string {
	var list []string
	for _, l := range all {
		list = append(list, short(l))
	}
	slices.Sort(list)
	return list
}

// noted is a store that knows which partitions it has, so that it can be copied.
type noted struct {
	state.Store

	mu         sync.Mutex
	partitions map[string]bool
}

func newNoted() *noted { return &noted{Store: state.NewMemory(), partitions: map[string]bool{}} }

func (n *noted) note(partition string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.partitions[partition] = true
}

func (n *noted) Put(ctx context.Context, items ...state.Item) error {
	for _, item := range items {
		n.note(item.Partition)
	}
	return n.Store.Put(ctx, items...)
}

func (n *noted) PutIf(ctx context.Context, item state.Item) (state.Item, error) {
	n.note(item.Partition)
	return n.Store.PutIf(ctx, item)
}

// all returns the items that want chooses, all if it is nil.
func (n *noted) all(t testing.TB, want func(state.Item) bool) []state.Item {
	t.Helper()
	var items []state.Item
	for _, partition := range slices.Sorted(maps.Keys(n.partitions)) {
		err := n.Query(t.Context(), partition, "", "\U0010ffff", func(item state.Item) bool {
			if want == nil || want(item) {
				items = append(items, item)
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return items
}

// put puts items of another store.
func put(t testing.TB, store state.Store, items []state.Item) {
	t.Helper()
	if err := store.Put(t.Context(), items...); err != nil {
		t.Fatal(err)
	}
}

// calm is what is remembered after calmDays.
var calm struct {
	sync.Once
	items []state.Item
}

// calmItems plays calmDays once and returns what is remembered of them.
func calmItems(t testing.TB) []state.Item {
	t.Helper()
	calm.Do(func() { calm.items = playCalmDays(t, inTurn(calmDays(), calmTicks())) })
	return calm.items
}

// playCalmDays returns what is remembered of calmDays in the order of the steps.
func playCalmDays(t testing.TB, steps []step) []state.Item {
	t.Helper()
	store := newNoted()
	if got := play(t, store, steps); len(got.Anomalies) > 0 {
		t.Fatalf("the calm days have anomalies: %v", got.Anomalies)
	}
	return store.all(t, nil)
}

// afterCalmDays returns a store in which photos is known for sixteen calm days.
func afterCalmDays(t testing.TB) state.Store {
	t.Helper()
	store := state.NewMemory()
	put(t, store, calmItems(t))
	return store
}

// endLeases makes claims that nobody gave back look as if their time were over: the log files' of deliveries, and the
// ticks'.
func endLeases(t testing.TB, store state.Store, files ...delivery) {
	t.Helper()
	names := []string{"tick"}
	for _, d := range files {
		names = append(names, "s3://"+logBucket+"/"+d.key)
	}
	for _, name := range names {
		item, err := store.Get(t.Context(), "v1#file#"+name, "f")
		if err != nil {
			t.Fatal(err)
		}
		if item.Version == 0 {
			continue
		}
		var claim map[string]any
		if err := json.Unmarshal(item.Data, &claim); err != nil {
			t.Fatal(err)
		}
		if _, ok := claim["until"]; !ok {
			continue
		}
		claim["until"] = time.Now().Add(-time.Second).UTC()
		item.Data, _ = json.Marshal(claim)
		if _, err := store.PutIf(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	}
}

// logged returns the log's lines with a message, of all since the last take.
func (w *world) logged(t testing.TB, message string) []line {
	t.Helper()
	var some []line
	for text := range strings.Lines(w.log.String()) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		if l["msg"] == message {
			some = append(some, l)
		}
	}
	return some
}
