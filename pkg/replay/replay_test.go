package replay_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/logfiles"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/replay"
	"bucketwatch/pkg/state"
)

var update = flag.Bool("update", false, "write the golden files anew")

var today = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// world is a story's log files, where they are.
type world struct {
	story  *traffic.Story
	bucket string
	files  []logfiles.File
	bodies map[string][]byte
}

// vanished is the story of the vanished images, with the two weeks before.
func vanished() *world {
	story := traffic.Vanished(7, today)
	return worldOf(story, slices.Concat(story.Before.Files, story.During.Files))
}

// afternoon is the story without the weeks before, which its anomalies don't need.
func afternoon() *world {
	story := traffic.Vanished(7, today)
	return worldOf(story, story.During.Files)
}

func worldOf(story *traffic.Story, files []traffic.File) *world {
	w := &world{story: story, bucket: story.During.LogBucket, bodies: map[string][]byte{}}
	for _, f := range files {
		w.add(f.Key, f.Body)
	}
	slices.SortFunc(w.files, func(a, b logfiles.File) int {
		return cmp.Or(a.Delivered.Compare(b.Delivered), cmp.Compare(a.Key, b.Key))
	})
	return w
}

func (w *world) add(key string, body []byte) { w.addTo(w.bucket, key, body) }

// addTo adds a log file of this machine, where the bucket has no name.
func (w *world) addTo(bucket, key string, body []byte) {
	k := cloudtrail.ParseKey(key)
	f := logfiles.File{Name: "s3://" + bucket + "/" + key, Bucket: bucket, Key: key, Kind: k.Kind, AccountID: k.AccountID, Region: k.Region, Delivered: k.Delivered, Size: int64(len(body))}
	w.files = append(w.files, f)
	w.bodies[f.Name] = body
}

func (w *world) open(_ context.Context, f logfiles.File) (io.ReadCloser, error) {
	body, ok := w.bodies[f.Name]
	if !ok {
		return nil, os.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

func (w *world) declared(t testing.TB) *expected.List {
	t.Helper()
	list, err := expected.Parse(strings.NewReader(w.story.ExpectedDeletes))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func config(t testing.TB, env ...string) pipeline.Config {
	t.Helper()
	c, err := pipeline.ConfigFromEnv(func(name string) string {
		for _, e := range env {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// told is what came of log files.
type told struct {
	metrics, log bytes.Buffer
	messages     []string
	alerts       replay.Alerts
	played       *replay.Played
}

func (w *world) player(t testing.TB, got *told) *replay.Player {
	t.Helper()
	p := replay.NewPlayer(config(t, "AWS_REGION=eu-central-1"), &got.metrics, &got.log)
	p.Expected, p.Open, p.LogBucket = w.declared(t), w.open, w.bucket
	p.Now = func() time.Time { return w.story.Judged }
	got.alerts = replay.Alerts{AlertSeverity: "HIGH", ExpectedDeletes: "expected-deletes.yaml"}
	p.Alerted = func(i *alert.Incident, m alert.Message) {
		got.messages = append(got.messages, m.Subject+"\n"+m.Body)
		got.alerts.Add(i, m)
	}
	return p
}

func (w *world) play(t testing.TB) *told {
	t.Helper()
	got := new(told)
	var err error
	if got.played, err = w.player(t, got).Play(t.Context(), w.files); err != nil {
		t.Fatal(err)
	}
	got.alerts.Finish(got.played)
	return got
}

var plain struct {
	sync.Once
	*told
}

// plainly is what comes of the story's log files, played once for all tests.
func plainly(t testing.TB) *told {
	t.Helper()
	plain.Do(func() { plain.told = vanished().play(t) })
	if plain.told == nil {
		t.Fatal("the story could not be played")
	}
	return plain.told
}

// lines are the metric lines, without those that only say that a tick came, and the lines beside the log.
func (g *told) lines(t testing.TB) []string {
	t.Helper()
	var all []string
	for text := range strings.Lines(g.metrics.String() + g.log.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		if _, logged := l["msg"]; logged {
			continue
		}
		if l["Type"] == "Health" && l["LogFile"] == nil && l["AlertsPublished"] == nil {
			continue
		}
		all = append(all, text)
	}
	return all
}

type getObject func(key string) ([]byte, error)

func (f getObject) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	body, err := f(aws.ToString(in.Key))
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(body))}, err
}

type publish func(subject, body string)

func (f publish) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	f(aws.ToString(in.Subject), aws.ToString(in.Message))
	return new(sns.PublishOutput), nil
}

func notification(bucket, key string) []byte {
	return fmt.Appendf(nil, `{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": %q}, "object": {"key": %q}}}]}`, bucket, key)
}

func tickAt(at time.Time) []byte {
	return fmt.Appendf(nil, `{"bucketwatch": "tick", "time": %q}`, at.Format(time.RFC3339))
}

// everyMinute is what the function itself makes of the log files, with a tick each minute.
func (w *world) everyMinute(t testing.TB) *told {
	t.Helper()
	got := new(told)
	topic := "arn:aws:sns:eu-central-1:111122223333:alerts"
	p := pipeline.New(config(t, "BUCKETWATCH_CLOCK=delivery", "BUCKETWATCH_ALERTS_TOPIC="+topic, "AWS_REGION=eu-central-1"),
		getObject(func(key string) ([]byte, error) { return w.bodies["s3://"+w.bucket+"/"+key], nil }),
		publish(func(subject, body string) { got.messages = append(got.messages, subject+"\n"+body) }),
		state.NewMemory(), pipeline.NewOutput(&got.metrics, &got.log))
	p.Expected = w.declared(t)
	handle := func(payload []byte) {
		if _, err := p.Handle(t.Context(), payload); err != nil {
			t.Fatal(err)
		}
	}
	files := w.files
	for at := files[0].Delivered; !at.After(w.story.Judged); at = at.Add(time.Minute) {
		p.Now = func() time.Time { return at }
		handle(tickAt(at))
		for len(files) > 0 && !files[0].Delivered.After(at) {
			handle(notification(w.bucket, files[0].Key))
			files = files[1:]
		}
	}
	return got
}

// A replay leaves ticks out, and nothing else.
func TestReplayIsTheFunction(t *testing.T) {
	w, got := vanished(), (*told)(nil)
	if underRace { // which takes ten times as long
		w = afternoon()
		got = w.play(t)
	} else {
		got = plainly(t)
	}
	want := w.everyMinute(t)
	if diff := gocmp.Diff(want.lines(t), got.lines(t)); diff != "" {
		t.Errorf("lines (-function +replay):\n%s", diff)
	}
	if diff := gocmp.Diff(want.messages, got.messages); diff != "" || len(got.messages) != len(w.story.Messages) {
		t.Errorf("messages (-function +replay), want %d:\n%s", len(w.story.Messages), diff)
	}
	if got.played.Files != len(w.files) || got.played.Duplicates != 0 || len(got.played.Failures) != 0 {
		t.Errorf("played %+v, want %d log files", got.played, len(w.files))
	}
}

// The same log files give the same bytes, wherever they are, in whatever order, and however often.
func TestReplayAgain(t *testing.T) {
	w := afternoon()
	want := w.play(t)
	other := afternoon()
	other.files = nil
	for i, f := range w.files {
		body := w.bodies[f.Name]
		other.addTo("", "home/trail/"+f.Key, body)
		if i%10 == 0 { // copied out of its folders, and renamed
			other.addTo("", "home/downloads/"+path.Base(f.Key), body)
			other.addTo("", fmt.Sprintf("home/downloads/copy (%d).json.gz", i), body)
		}
	}
	slices.Reverse(other.files)
	got := other.play(t)
	if diff := gocmp.Diff(want.metrics.String(), got.metrics.String()); diff != "" {
		t.Errorf("metric lines (-in order +reversed, with copies):\n%s", diff)
	}
	if diff := gocmp.Diff(want.log.String(), got.log.String()); diff != "" {
		t.Errorf("log (-in order +reversed, with copies):\n%s", diff)
	}
	if n := 2 * ((len(w.files) + 9) / 10); got.played.Duplicates != n {
		t.Errorf("%d duplicates, want %d", got.played.Duplicates, n)
	}
}

// A log file that was unpacked is known by its name, one that was renamed by its content, also where nothing says when
// it was delivered.
func TestReplayCopies(t *testing.T) {
	w := afternoon()
	f := w.files[0]
	body := w.bodies[f.Name]
	unpacker, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(unpacker)
	if err != nil {
		t.Fatal(err)
	}
	w.files = w.files[:1]
	for name, copies := range map[string]map[string][]byte{
		"unpacked": {"home/" + strings.TrimSuffix(path.Base(f.Key), ".gz"): unpacked},
		"renamed":  {"home/a.json": unpacked, "home/b.json": unpacked},
	} {
		two := worldOf(w.story, nil)
		if name == "unpacked" {
			two.addTo("", f.Key, body)
		}
		for key, content := range copies {
			two.addTo("", key, content)
		}
		if got := two.play(t); got.played.Files != 1 || got.played.Duplicates != 1 {
			t.Errorf("%s: played %+v, want one log file and one duplicate", name, got.played)
		}
	}
}

// What can't be read is told at the end, and the rest is played.
func TestReplayGoesOn(t *testing.T) {
	w := afternoon()
	want := w.play(t)
	whole := w.bodies[w.files[20].Name]
	w.addTo("", "cut.json.gz", whole[:len(whole)-20])
	w.addTo("", "gone.json.gz", nil)
	delete(w.bodies, "s3:///gone.json.gz")
	got := w.play(t)
	if len(got.played.Failures) != 2 || got.metrics.String() != want.metrics.String() {
		t.Errorf("failures %+v, want two, and the same lines: %v", got.played.Failures, got.metrics.String() == want.metrics.String())
	}

	ctx, cancel := context.WithCancel(t.Context())
	interrupted := new(told)
	p := w.player(t, interrupted)
	p.Progress = cancel
	if played, err := p.Play(ctx, w.files); err != context.Canceled {
		t.Errorf("Play when it is interrupted = %+v, %v, want %v", played, err, context.Canceled)
	}
	if text := interrupted.metrics.String(); !strings.HasPrefix(want.metrics.String(), text) {
		t.Errorf("interrupted, it wrote other lines: %.500s", text)
	}
	full := replay.NewPlayer(config(t), failing{}, nil)
	full.Open = w.open
	if played, err := full.Play(t.Context(), w.files); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("Play to a full disk = %+v, %v, want an error", played, err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fmt.Errorf("no space") }

func TestAlerts(t *testing.T) {
	if underRace {
		t.Skip("it has no concurrency of its own")
	}
	got := plainly(t)
	alerts := got.alerts
	alerts.Failures = []replay.Failure{{File: "cut\x1b.json.gz", Error: "unexpected EOF"}}
	var table bytes.Buffer
	if err := alerts.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	golden(t, "alerts.txt", table.Bytes())
	var document bytes.Buffer
	if err := alerts.WriteJSON(&document); err != nil {
		t.Fatal(err)
	}
	golden(t, "alerts.json", document.Bytes())
}

// Messages of many weeks, by whom they tell first.
func TestAlertsByWeek(t *testing.T) {
	a := replay.Alerts{AlertSeverity: "MEDIUM"}
	start := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	for i, severity := range []anomaly.Severity{anomaly.High, anomaly.Medium, anomaly.High, anomaly.Critical, anomaly.High} {
		a.Alerts = append(a.Alerts, replay.Alert{
			Time: start.AddDate(0, 0, 10*i), Severity: severity, Bucket: "photos", Anomaly: "DeleteSurge",
			Subject: "[" + string(severity) + "] photos: many", Message: "Many.\nAnd more. [DeleteSurge, HIGH]\n\nWho",
		})
	}
	a.Finish(&replay.Played{Files: 9, First: start, Last: start.AddDate(0, 0, 70)})
	if a.All.Messages != 5 || a.All.Weeks != 10 || a.All.PerWeek != 0.5 || a.FirstTwoWeeks.Messages != 2 || a.Later.Messages != 3 || len(a.Weeks) != 11 {
		t.Errorf("Finish = %+v, %+v, %+v of %d weeks", a.All, a.FirstTwoWeeks, a.Later, len(a.Weeks))
	}
	var table bytes.Buffer
	if err := a.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	golden(t, "weeks.txt", table.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), go test -update writes it:\n%s", file, diff)
	}
}
