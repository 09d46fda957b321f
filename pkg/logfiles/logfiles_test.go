package logfiles_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"bucketwatch/internal/localaws"
	"bucketwatch/pkg/logfiles"
)

// tree is a bucket's keys, or a folder's files.
var tree = []string{
	"AWSLogs/111122223333/CloudTrail/eu-central-1/2025/11/20/111122223333_CloudTrail_eu-central-1_20251120T1000Z_0123456789abcdef.json.gz",
	"AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/19/111122223333_CloudTrail_eu-central-1_20261119T2355Z_0123456789abcdef.json.gz",
	"AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20/111122223333_CloudTrail_eu-central-1_20261120T1000Z_0123456789abcdef.json.gz",
	"AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20/111122223333_CloudTrail_eu-central-1_20261120T1005Z_0123456789abcdef.json.gz",
	"AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/111122223333_CloudTrail_us-east-1_20261120T0955Z_0123456789abcdef.json.gz",
	"AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/2026/11/20/111122223333_CloudTrail-Digest_eu-central-1_t_20261120T1000Z.json.gz",
	"AWSLogs/111122223333/elasticloadbalancing/eu-central-1/2026/11/20/balancer.json.gz",
	"AWSLogs/o-exampleorg/444455556666/CloudTrail/eu-central-1/2026/11/20/444455556666_CloudTrail_eu-central-1_20261120T1010Z_0123456789abcdef.json.gz",
	"copies/20261120T1000Z.json",
	"copies/notes.txt",
	"copies/records.json",
}

const gz = "Z_0123456789abcdef.json.gz"

// short is a key without what all have in common.
func short(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return strings.TrimSuffix(strings.ReplaceAll(name, "_CloudTrail_", " "), gz)
}

var finds = []struct {
	name string
	path string // below the tree
	when logfiles.Delivered
	want []string
}{
	{"all, by delivery", "", logfiles.Delivered{}, []string{
		"records.json", "111122223333 eu-central-1_20251120T1000", "111122223333 eu-central-1_20261119T2355",
		"111122223333 us-east-1_20261120T0955", "111122223333 eu-central-1_20261120T1000", "20261120T1000Z.json",
		"111122223333 eu-central-1_20261120T1005", "444455556666 eu-central-1_20261120T1010",
	}},
	{"of a time", "", logfiles.Delivered{From: at("2026-11-20T10:00"), Until: at("2026-11-20T10:05")}, []string{
		"records.json", "111122223333 eu-central-1_20261120T1000", "20261120T1000Z.json", "111122223333 eu-central-1_20261120T1005",
	}},
	{"since", "AWSLogs/", logfiles.Delivered{From: at("2026-11-20T10:05")}, []string{
		"111122223333 eu-central-1_20261120T1005", "444455556666 eu-central-1_20261120T1010",
	}},
	{"until", "AWSLogs", logfiles.Delivered{Until: at("2026-01-01T00:00")}, []string{"111122223333 eu-central-1_20251120T1000"}},
	{"a day's folder", "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20/", logfiles.Delivered{}, []string{
		"111122223333 eu-central-1_20261120T1000", "111122223333 eu-central-1_20261120T1005",
	}},
	{"a file", tree[2], logfiles.Delivered{}, []string{"111122223333 eu-central-1_20261120T1000"}},
	{"a file of another time", tree[2], logfiles.Delivered{Until: at("2026-01-01T00:00")}, nil},
}

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestFindInFolders(t *testing.T) {
	root := t.TempDir()
	for _, key := range tree {
		name := filepath.Join(root, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(key), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range finds {
		t.Run(tt.name, func(t *testing.T) {
			var s logfiles.Source
			check(t, &s, filepath.Join(root, filepath.FromSlash(tt.path)), tt.when, tt.want)
		})
	}
	var s logfiles.Source
	if files, err := s.Find(t.Context(), []string{root + "/no such"}, logfiles.Delivered{}); err == nil {
		t.Errorf("Find of what isn't there = %v, want an error", files)
	}
	// Whoever names a file means it, whatever it is called; the same file is found once.
	notes := filepath.Join(root, "copies", "notes.txt")
	if files, err := s.Find(t.Context(), []string{notes, notes}, logfiles.Delivered{}); err != nil || len(files) != 1 {
		t.Errorf("Find(%s) twice = %v, %v, want one file", notes, files, err)
	}
}

// recorder notes what is listed.
type recorder struct {
	logfiles.S3
	mu     sync.Mutex
	listed []string
}

func (r *recorder) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, opts ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	r.mu.Lock()
	r.listed = append(r.listed, aws.ToString(in.Prefix))
	r.mu.Unlock()
	return r.S3.ListObjectsV2(ctx, in, opts...)
}

func TestFindInS3(t *testing.T) {
	store, err := localaws.NewS3()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	for _, key := range tree {
		if err := store.Put(t.Context(), "trail", key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	client := s3.New(s3.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(store.URL()), UsePathStyle: true,
		Credentials: aws.AnonymousCredentials{},
	})
	for _, tt := range finds {
		t.Run(tt.name, func(t *testing.T) {
			s := logfiles.Source{S3: func(context.Context) (logfiles.S3, error) { return client, nil }}
			check(t, &s, "s3://trail/"+tt.path, tt.when, tt.want)
		})
	}
	t.Run("by the folders of the date", func(t *testing.T) {
		r := &recorder{S3: client}
		s := logfiles.Source{S3: func(context.Context) (logfiles.S3, error) { return r, nil }}
		when := logfiles.Delivered{From: at("2026-11-20T00:00"), Until: at("2026-11-20T23:00")}
		if _, err := s.Find(t.Context(), []string{"s3://trail/AWSLogs/111122223333/"}, when); err != nil {
			t.Fatal(err)
		}
		for _, prefix := range r.listed {
			for _, other := range []string{"/2025/", "/11/19/", "Digest", "elastic"} {
				if strings.Contains(prefix, other) {
					t.Errorf("%s was listed", prefix)
				}
			}
		}
	})
	t.Run("none", func(t *testing.T) {
		s := logfiles.Source{S3: func(context.Context) (logfiles.S3, error) { return client, nil }}
		for _, path := range []string{"s3://no-such-bucket/", "s3://"} {
			if files, err := s.Find(t.Context(), []string{path}, logfiles.Delivered{}); err == nil {
				t.Errorf("Find(%s) = %v, want an error", path, files)
			}
		}
	})
}

// check finds the files and reads each of them: what is in it is its key.
func check(t *testing.T, s *logfiles.Source, path string, when logfiles.Delivered, want []string) {
	t.Helper()
	files, err := s.Find(t.Context(), []string{path}, when)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, short(f.Name))
		body, err := s.Open(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		body.Close()
		if err != nil || !slices.Contains(tree, string(text)) || !strings.HasSuffix(f.Name, string(text)) || f.Size != int64(len(text)) {
			t.Errorf("%+v holds %q, %v, want its key", f, text, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Find(%s, %v) (-want +got):\n%s", path, when, diff)
	}
}
