package report

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/logfiles"
)

// pile is log files in memory, in the order of their delivery.
type pile struct {
	files  []logfiles.File
	bodies map[string][]byte
}

func (p *pile) add(f logfiles.File, body []byte) {
	if p.bodies == nil {
		p.bodies = map[string][]byte{}
	}
	p.files = append(p.files, f)
	p.bodies[f.Name] = body
}

func (p *pile) open(_ context.Context, f logfiles.File) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(p.bodies[f.Name])), nil
}

// fixture is the hand-written log file, delivered at 11:05.
func fixture(t *testing.T) *pile {
	t.Helper()
	body, err := os.ReadFile("testdata/photos.json")
	if err != nil {
		t.Fatal(err)
	}
	var p pile
	p.add(logfiles.File{
		Name: "testdata/photos.json", AccountID: "111122223333", Size: int64(len(body)), Delivered: time.Date(2026, 11, 20, 11, 5, 0, 0, time.UTC),
	}, body)
	return &p
}

// evening is when all of the fixture has been judged.
var evening = time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)

func reportOf(t *testing.T, p *pile, q Query) *Report {
	t.Helper()
	m := Maker{Query: q, Open: p.open, Now: func() time.Time { return evening }}
	r, err := m.Make(t.Context(), p.files)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStory(t *testing.T) {
	r := reportOf(t, fixture(t), Query{Keys: []string{"a/7.jpg"}})
	if len(r.Buckets) != 1 || len(r.Buckets[0].Keys) != 1 {
		t.Fatalf("buckets = %+v, want photos with one key", r.Buckets)
	}
	const want = "uploaded 10:02:11 by role/app-web, deleted 10:06:40 by role/app-web, asked for 2 times since: 404 (user/mobile)"
	if got := r.Buckets[0].Keys[0].story(clock{}); got != want {
		t.Errorf("story = %q\nwant    %q", got, want)
	}
}

func TestQuery(t *testing.T) {
	at := func(clock string) time.Time {
		t, err := time.Parse(time.RFC3339, "2026-11-20T"+clock+"Z")
		if err != nil {
			panic(err)
		}
		return t
	}
	for _, tt := range []struct {
		name      string
		query     Query
		requests  map[string]int64 // by bucket
		deletes   string
		anomalies string
	}{
		{"everything", Query{}, map[string]int64{"photos": 6, "invoices": 1}, "a/7.jpg =cmd|'/c calc'!A1 b/\x1b[31m한글.jpg", "PermanentDelete ProtectionRemoved"},
		{"a bucket", Query{Buckets: []string{"invoices"}}, map[string]int64{"invoices": 1}, "", ""},
		{"a glob of buckets", Query{Buckets: []string{"pho*"}}, map[string]int64{"photos": 6}, "a/7.jpg =cmd|'/c calc'!A1 b/\x1b[31m한글.jpg", "PermanentDelete ProtectionRemoved"},
		{"a role by its ARN", Query{Principals: []string{"arn:aws:iam::111122223333:role/service/app-web"}}, map[string]int64{"photos": 2}, "a/7.jpg", ""},
		{"a role in short", Query{Principals: []string{"role/app-web"}}, map[string]int64{"photos": 2}, "a/7.jpg", ""},
		{"a role by a session", Query{Principals: []string{"arn:aws:sts::111122223333:assumed-role/app-web/i-9"}}, map[string]int64{"photos": 2}, "a/7.jpg", ""},
		{"a role of another account", Query{Principals: []string{"arn:aws:sts::444455556666:assumed-role/app-web/i-9"}}, nil, "", ""},
		{"a person", Query{Principals: []string{"user/alice"}}, map[string]int64{"photos": 1}, "b/\x1b[31m한글.jpg", "PermanentDelete ProtectionRemoved"},
		{"two persons", Query{Principals: []string{"user/alice", "user/mallory"}}, map[string]int64{"photos": 2}, "=cmd|'/c calc'!A1 b/\x1b[31m한글.jpg", "PermanentDelete ProtectionRemoved"},
		{"a key", Query{Keys: []string{"*.jpg"}, Operations: []string{"getobject"}}, map[string]int64{"photos": 2}, "", "PermanentDelete"},
		{"an operation", Query{Operations: []string{"DeleteObject"}}, map[string]int64{"photos": 2}, "a/7.jpg =cmd|'/c calc'!A1 b/\x1b[31m한글.jpg", "PermanentDelete ProtectionRemoved"},
		{"since", Query{Since: at("10:21:30")}, map[string]int64{"photos": 1, "invoices": 1}, "b/\x1b[31m한글.jpg", "PermanentDelete ProtectionRemoved"},
		{"until", Query{Until: at("10:06:40")}, map[string]int64{"photos": 1}, "", ""},
		{"nothing", Query{Buckets: []string{"photo"}}, nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := reportOf(t, fixture(t), tt.query)
			var requests map[string]int64
			for _, b := range r.Buckets {
				if requests == nil {
					requests = map[string]int64{}
				}
				requests[b.Bucket] = b.Metrics["AllRequests"]
			}
			if diff := cmp.Diff(tt.requests, requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			var keys []string
			for _, d := range r.Deletes {
				keys = append(keys, d.Key)
			}
			if got := strings.Join(keys, " "); got != tt.deletes {
				t.Errorf("deletes = %q, want %q", got, tt.deletes)
			}
			var names []string
			for _, a := range r.Anomalies {
				names = append(names, a.Anomaly)
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != tt.anomalies {
				t.Errorf("anomalies = %q, want %q", got, tt.anomalies)
			}
		})
	}
}

// The story of an object has others in it than those that are asked for, and what was before the time asked for.
func TestStoryBeyondTheQuery(t *testing.T) {
	r := reportOf(t, fixture(t), Query{
		Since: time.Date(2026, 11, 20, 10, 6, 0, 0, time.UTC), Until: time.Date(2026, 11, 20, 10, 7, 0, 0, time.UTC),
		Buckets: []string{"photos"}, Principals: []string{"role/app-web"},
	})
	if len(r.Buckets) != 1 || len(r.Buckets[0].Keys) != 1 {
		t.Fatalf("buckets = %+v, want one with one key", r.Buckets)
	}
	k := r.Buckets[0].Keys[0]
	if len(k.History) != 3 || k.Requests != 0 || k.DeletedObjects != 1 {
		t.Errorf("key = %+v, want a story of three steps, and one object deleted", k)
	}
}

func TestUnreadableFiles(t *testing.T) {
	p := fixture(t)
	whole := p.bodies[p.files[0].Name]
	for name, body := range map[string][]byte{"cut.json": whole[:len(whole)-9], "digest.json": []byte(`{"logFiles":[]}`), "nothing.json": nil} {
		p.add(logfiles.File{Name: name, Delivered: p.files[0].Delivered}, body)
	}
	slices.SortFunc(p.files, func(a, b logfiles.File) int { return strings.Compare(a.Name, b.Name) }) // the cut one is first
	got := reportOf(t, p, Query{})
	want := reportOf(t, fixture(t), Query{})
	want.Files = Files{Read: 1, Skipped: 2, Failed: 1, Bytes: want.Files.Bytes}
	want.Failures = []Failure{{"cut.json", fmt.Sprintf("unexpected EOF at byte %d of the unpacked document", len(whole)-9)}}
	want.Notes = append([]string{"2 files without records: digest.json, nothing.json."}, want.Notes...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// What two trails write, or somebody copies, counts once, and is charged for twice.
func TestFilesTwice(t *testing.T) {
	p := fixture(t)
	p.add(logfiles.File{Name: "copy.json", Delivered: p.files[0].Delivered}, p.bodies[p.files[0].Name])
	got := reportOf(t, p, Query{})
	want := reportOf(t, fixture(t), Query{})
	if diff := cmp.Diff(want.Buckets, got.Buckets); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Deletes, got.Deletes); diff != "" {
		t.Errorf("deletes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Anomalies, got.Anomalies); diff != "" {
		t.Errorf("anomalies (-want +got):\n%s", diff)
	}
	if got.DataEvents.Count != 2*want.DataEvents.Count {
		t.Errorf("data events = %d, want %d", got.DataEvents.Count, 2*want.DataEvents.Count)
	}
}

func TestFilesFailTogether(t *testing.T) {
	p := fixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := Maker{Open: p.open}
	if r, err := m.Make(ctx, p.files); err == nil {
		t.Errorf("Make of an interrupted context = %+v, want an error", r)
	}
	m = Maker{Open: func(context.Context, logfiles.File) (io.ReadCloser, error) { return nil, os.ErrPermission }}
	r, err := m.Make(t.Context(), p.files)
	if err != nil || len(r.Failures) != 1 || r.Failures[0].Error != os.ErrPermission.Error() {
		t.Errorf("Make of a file that can't be opened = %+v, %v, want one failure", r, err)
	}
}

// name of a log file as logfiles.Find has it.
func nameOf(bucket, key string) string { return "s3://" + path.Join(bucket, key) }
