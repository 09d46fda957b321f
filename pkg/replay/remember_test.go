package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/replay"
	"bucketwatch/pkg/state"
)

// record is one of a role that deletes an object.
const record = `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA:session",
"arn":"arn:aws:sts::111122223333:assumed-role/ROLE/session","accountId":"111122223333",
"sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/ROLE","userName":"ROLE"}}},
"eventTime":"TIME","eventSource":"s3.amazonaws.com","eventName":"DeleteObject","awsRegion":"eu-central-1",
"sourceIPAddress":"10.0.2.61","userAgent":"[aws-sdk-go-v2]","requestParameters":{"bucketName":"BUCKET","key":"new/ID.jpg"},
"responseElements":null,"requestID":"R1","eventID":"ID","readOnly":false,
"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::BUCKET/new/ID.jpg"},
{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::BUCKET"}],
"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data"}`

// deletes is a log file in which a role deletes n objects of a bucket, shortly before it was delivered.
func deletes(delivered time.Time, who, bucket string, n int) (key string, body []byte) {
	var records []string
	for i := range n {
		at := delivered.Add(-time.Duration(n-i) * 100 * time.Millisecond).Truncate(time.Second)
		id := fmt.Sprintf("%s-%s-%d", who, delivered.Format("02T1504"), i)
		records = append(records, strings.NewReplacer("ROLE", who, "TIME", at.Format(time.RFC3339), "BUCKET", bucket, "ID", id).Replace(record))
	}
	key = traffic.Key("111122223333", "eu-central-1", delivered, fmt.Sprintf("%016x", delivered.Unix()))
	return key, []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}

// function is one that is deployed, and works on a table with the time of day.
type function struct {
	*pipeline.Pipeline
	t         testing.TB
	w         *world
	now       time.Time
	out       told
	published []string
}

func (w *world) function(t testing.TB, table state.Store) *function {
	t.Helper()
	f := &function{t: t, w: w}
	f.Pipeline = pipeline.New(config(t, "BUCKETWATCH_TABLE=table", "BUCKETWATCH_ALERTS_TOPIC=arn:aws:sns:eu-central-1:111122223333:alerts", "AWS_REGION=eu-central-1"),
		getObject(func(key string) ([]byte, error) { return w.bodies["s3://"+w.bucket+"/"+key], nil }),
		publish(func(subject, _ string) { f.published = append(f.published, subject) }),
		table, pipeline.NewOutput(&f.out.metrics, &f.out.log))
	f.Expected = w.declared(t)
	f.Now = func() time.Time { return f.now }
	return f
}

// run has ticks made until then, and returns the subjects of what was published.
func (f *function) run(until time.Time, every time.Duration) []string {
	f.t.Helper()
	for ; f.now.Before(until); f.now = f.now.Add(every) {
		if _, err := f.Handle(f.t.Context(), tickAt(f.now)); err != nil {
			f.t.Fatal(err)
		}
	}
	if text := f.out.log.String(); strings.Contains(text, `"level":"ERROR"`) {
		f.t.Fatalf("the function's log has an error: %s", text)
	}
	published := f.published
	f.published = nil
	return published
}

// read has it read a log file that is delivered now, and judge it.
func (f *function) read(who, bucket string, n int) []string {
	f.t.Helper()
	key, body := deletes(f.now, who, bucket, n)
	f.w.bodies["s3://"+f.w.bucket+"/"+key] = body
	f.now = f.now.Add(30 * time.Second)
	if _, err := f.Handle(f.t.Context(), notification(f.w.bucket, key)); err != nil {
		f.t.Fatal(err)
	}
	return f.run(f.now.Add(3*time.Minute), time.Minute)
}

// anomalies are the names of the anomalies that it wrote lines about.
func (f *function) anomalies() []string {
	var names []string
	for text := range strings.Lines(f.out.metrics.String()) {
		var l struct{ Type, Anomaly string }
		if json.Unmarshal([]byte(text), &l) == nil && l.Type == "Anomaly" {
			names = append(names, l.Anomaly)
		}
	}
	return names
}

// played returns a Player that has played the story until a moment.
func (w *world) playedUntil(t testing.TB, now time.Time) *replay.Player {
	t.Helper()
	p := w.player(t, new(told))
	p.Now = func() time.Time { return now }
	var files = w.files
	for i, f := range files {
		if f.Delivered.After(now) {
			files = files[:i]
			break
		}
	}
	if _, err := p.Play(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	return p
}

var story struct {
	sync.Once
	*replay.Player
}

// storyPlayed is the story, played until all of it was judged: once for all tests, since to remember it changes nothing.
func storyPlayed(t testing.TB) *replay.Player {
	t.Helper()
	story.Do(func() {
		w := vanished()
		story.Player = w.playedUntil(t, w.story.Judged)
	})
	if story.Player == nil {
		t.Fatal("the story could not be played")
	}
	return story.Player
}

func remember(t testing.TB, p *replay.Player, table state.Store) history.Adopted {
	t.Helper()
	done, err := p.Remember(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// partitions are all that the story's items are in.
var partitions = []string{
	"meta", "v1#pending#0", "v1#111122223333#photos", "v1#111122223333#backups", "v1#111122223333#invoices", "v1#111122223333#static-site",
	"v1#111122223333#trail-logs-111122223333", "v1#111122223333#_account", "v1#file#tick",
}

// itemsOf returns what there is in a table.
func itemsOf(t testing.TB, table state.Store) []state.Item {
	t.Helper()
	var all []state.Item
	for _, partition := range partitions {
		err := table.Query(t.Context(), partition, "", "\U0010ffff", func(item state.Item) bool {
			item.Data = slices.Clone(item.Data)
			all = append(all, item)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// withoutMarks are the items in short, without those whose versions are arbitrary.
func withoutMarks(items []state.Item) []string {
	var list []string
	for _, item := range items {
		if !strings.HasPrefix(item.Sort, "!late#") {
			list = append(list, fmt.Sprintf("%s %s %d %s %x", item.Partition, item.Sort, item.Version, item.Expires, item.Data))
		}
	}
	return list
}

// tables are what a replay does to any table. TestRememberInMemory and TestRememberInDynamoDB run them.
var tables = []struct {
	name string
	run  func(*testing.T, func(*testing.T) state.Store)
	slow bool // it plays the story for itself
}{
	{"the cold start is over", coldStartIsOver, false},
	{"twice", rememberTwice, false},
	{"a function at work", functionAtWork, true},
	{"nothing is told of the past", nothingOfThePast, true},
}

func TestRememberInMemory(t *testing.T) {
	for _, test := range tables {
		t.Run(test.name, func(t *testing.T) {
			if underRace && test.slow {
				t.Skip("it has no concurrency of its own")
			}
			t.Parallel()
			test.run(t, func(*testing.T) state.Store { return state.NewMemory() })
		})
	}
}

var tomorrow = today.AddDate(0, 0, 1)

// coldStartIsOver: who never deleted there is found the next day, and so is what is too much for who always does.
func coldStartIsOver(t *testing.T, newTable func(*testing.T) state.Store) {
	w := vanished()
	past := storyPlayed(t)
	for _, test := range []struct {
		who  string
		n    int
		want string // an anomaly; "" is none
	}{
		{"intern", 125, "NewDeleter"},
		{"app-web", 400, "DeleteSurge"},
		{"app-web", 15, ""},
	} {
		cold, warm := newTable(t), newTable(t)
		done := remember(t, past, warm)
		if done.Days == 0 || done.Items <= done.Days || done.Buckets < 3 || done.Changed != done.Buckets {
			t.Errorf("Remember = %+v", done)
		}
		for _, table := range []state.Store{cold, warm} {
			f := w.function(t, table)
			f.now = tomorrow.Add(10*time.Hour + 7*time.Minute)
			got := f.read(test.who, "photos", test.n)
			if table == cold || test.want == "" {
				if len(got) != 0 {
					t.Errorf("%s deletes %d, want no message: %q", test.who, test.n, got)
				}
			} else if begin := fmt.Sprintf("[HIGH] photos: %d objects deleted by role/%s", test.n, test.who); len(got) != 1 ||
				!strings.HasPrefix(got[0], begin) || !slices.Contains(f.anomalies(), test.want) {
				t.Errorf("%s deletes %d, messages = %q, anomalies = %q, want %q and %s", test.who, test.n, got, f.anomalies(), begin, test.want)
			}
		}
	}
}

// rememberTwice: the second time there is nothing new, and the table is the same.
func rememberTwice(t *testing.T, newTable func(*testing.T) state.Store) {
	table := newTable(t)
	dry := remember(t, storyPlayed(t), state.ReadOnly{Store: table})
	if items := itemsOf(t, table); len(items) != 0 {
		t.Fatalf("a dry run has written %d items", len(items))
	}
	first := remember(t, storyPlayed(t), table)
	if first.Items == 0 || first.Unchanged != 0 {
		t.Errorf("Remember = %+v, want nothing that was there", first)
	}
	if diff := gocmp.Diff(first, dry, gocmp.AllowUnexported(history.Incident{})); diff != "" {
		t.Errorf("a dry run says something else (-run +dry run):\n%s", diff)
	}
	want := itemsOf(t, table)
	second := remember(t, storyPlayed(t), table)
	if second.Items != 0 || second.Days != 0 || second.Changed != 0 || second.Unchanged != first.Items {
		t.Errorf("the second time Remember = %+v, want %d items unchanged", second, first.Items)
	}
	if diff := gocmp.Diff(want, itemsOf(t, table)); diff != "" {
		t.Errorf("the second time (-first +second):\n%s", diff)
	}
}

// functionAtWork: one that has worked on the table before loses nothing of what it knows, and sees what is new.
func functionAtWork(t *testing.T, newTable func(*testing.T) state.Store) {
	w := vanished()
	table := newTable(t)
	f := w.function(t, table)
	deployed := today.Add(10 * time.Hour)
	f.now = deployed
	for _, d := range w.files {
		if d.Delivered.Before(deployed) {
			continue
		}
		f.run(d.Delivered, 10*time.Minute)
		f.now = d.Delivered
		if _, err := f.Handle(t.Context(), notification(w.bucket, d.Key)); err != nil {
			t.Fatal(err)
		}
	}
	f.run(w.story.Judged, time.Minute)
	if got := f.read("intern", "photos", 125); len(got) != 0 {
		t.Fatalf("the function knows what is usual without a replay: %q", got)
	}
	before := itemsOf(t, table)

	remember(t, w.playedUntil(t, f.now), table)
	after := map[string]state.Item{}
	for _, item := range itemsOf(t, table) {
		after[item.Partition+" "+item.Sort] = item
	}
	for _, item := range before {
		if item.Sort == "b" {
			continue // since when it is known
		}
		if diff := gocmp.Diff(item, after[item.Partition+" "+item.Sort]); diff != "" {
			t.Errorf("what the function knows has changed (-before +after):\n%s", diff)
		}
	}
	if len(after) <= len(before) {
		t.Errorf("%d items after %d, want more", len(after), len(before))
	}
	// What it took for usual an hour ago, for want of knowing better, it judges again when the hour has waited.
	if got := f.run(tomorrow.Add(9*time.Hour), time.Minute); len(got) != 1 || !strings.Contains(got[0], "125 objects deleted by role/intern, 17:49") {
		t.Errorf("messages of the past: %q, want the one of role/intern", got)
	}
	if got := f.read("stranger", "photos", 125); len(got) != 1 || !strings.Contains(got[0], "role/stranger") {
		t.Errorf("messages = %q, want one of role/stranger", got)
	}
	// The day of the deployment, of which the function knew the second half, is whole.
	if got := f.run(today.AddDate(0, 0, 4), time.Hour); len(got) != 0 {
		t.Errorf("messages of the past: %q", got)
	}
	if item, err := table.Get(t.Context(), "v1#111122223333#photos", "d#2026-11-20"); err != nil || item.Version == 0 {
		t.Errorf("the day of the deployment isn't closed: %v", err)
	}
}

// nothingOfThePast: ticks that come after it find nothing to tell, and a later file nothing that isn't its own.
func nothingOfThePast(t *testing.T, newTable func(*testing.T) state.Store) {
	w := vanished()
	table := newTable(t)
	now := today.AddDate(0, 0, 3)
	done := remember(t, w.playedUntil(t, now), table)
	if len(done.GoingOn) != 0 {
		t.Errorf("incidents that go on: %+v, want none", done.GoingOn)
	}
	f := w.function(t, table)
	f.now = now
	got := f.run(now.Add(3*time.Hour), time.Minute)
	got = append(got, f.run(now.AddDate(0, 0, 4), 20*time.Minute)...)
	got = append(got, f.read("app-web", "photos", 5)...)
	if len(got) != 0 || len(f.anomalies()) != 0 {
		t.Errorf("messages %q, anomalies %q, want none", got, f.anomalies())
	}
}

// An incident of today that nobody was told of is told when it goes on, and one that was told isn't told again.
func TestRememberGoingOn(t *testing.T) {
	if underRace {
		t.Skip("it has no concurrency of its own")
	}
	w := vanished()
	key, body := deletes(tomorrow.Add(9*time.Hour), "intern", "photos", 125)
	w.add(key, body)
	for _, test := range []struct {
		name  string
		now   time.Time
		going int
		want  int // messages
	}{
		{"an hour later", tomorrow.Add(10 * time.Hour), 1, 1},
		{"the next day", tomorrow.Add(34 * time.Hour), 0, 0},
	} {
		table := state.NewMemory()
		done := remember(t, w.playedUntil(t, test.now), table)
		if len(done.GoingOn) != test.going {
			t.Errorf("%s: incidents that go on: %+v, want %d", test.name, done.GoingOn, test.going)
		}
		f := w.function(t, table)
		f.now = test.now
		if got := f.run(test.now.Add(2*time.Hour), time.Minute); len(got) != 0 {
			t.Errorf("%s: messages before it goes on: %q", test.name, got)
		}
		got := f.read("intern", "photos", 12)
		if len(got) != test.want {
			t.Errorf("%s: messages %q, want %d", test.name, got, test.want)
		}
		if got := f.read("intern", "photos", 3); len(got) != 0 {
			t.Errorf("%s: messages again: %q", test.name, got)
		}
	}
}

// breaking is a table that can be written to so many times.
type breaking struct {
	state.Store
	writes atomic.Int64
}

var errBroken = errors.New("the table can't be reached")

func (b *breaking) Put(ctx context.Context, items ...state.Item) error {
	if b.writes.Add(-1) < 0 {
		return errBroken
	}
	return b.Store.Put(ctx, items...)
}

func (b *breaking) PutIf(ctx context.Context, item state.Item) (state.Item, error) {
	if b.writes.Add(-1) < 0 {
		return state.Item{}, errBroken
	}
	return b.Store.PutIf(ctx, item)
}

// Wherever it ends, a bucket that is known has its days; and the next run puts the rest.
func TestRememberInterrupted(t *testing.T) {
	p := storyPlayed(t)
	whole := state.NewMemory()
	remember(t, p, whole)
	want := itemsOf(t, whole)
	for n := 0; ; n = 2*n + 1 {
		table := state.NewMemory()
		broken := &breaking{Store: table}
		broken.writes.Store(int64(n))
		_, err := p.Remember(t.Context(), broken)
		if err == nil {
			break
		}
		if !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		have := map[string]bool{}
		for _, item := range itemsOf(t, table) {
			have[item.Partition+" "+item.Sort] = true
		}
		for _, item := range want {
			if have[item.Partition+" b"] && !have[item.Partition+" "+item.Sort] {
				t.Errorf("after %d writes %s is known, and %s is missing", n, item.Partition, item.Sort)
			}
		}
		remember(t, p, table)
		if diff := gocmp.Diff(withoutMarks(want), withoutMarks(itemsOf(t, table))); diff != "" {
			t.Fatalf("after %d writes, and all (-at once +in two):\n%s", n, diff)
		}
	}
}
