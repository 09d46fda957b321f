package localaws

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func newS3(t *testing.T) *S3 {
	t.Helper()
	s, err := NewS3()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return s
}

func newS3Client(s *S3) *s3.Client {
	return s3.New(s3.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(s.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		UsePathStyle: true,
		DisableLogOutputChecksumValidationSkipped: true,
	})
}

func TestS3KeysSurvive(t *testing.T) {
	server := newS3(t)
	client := newS3Client(server)
	for _, test := range []struct{ name, key string }{
		{"log file", "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/03/01/111122223333_CloudTrail_eu-central-1_20260301T0005Z_abcDEF0123456789.json.gz"},
		{"plus", "a+b.json"},
		{"encoded plus", "a%2Bb.json"},
		{"spaces", "holiday photos/day 1.json"},
		{"Korean", "사진/로그 파일.json.gz"},
		{"delimiters", "a?b=c&d#e;f:g@h.json"},
		{"two slashes", "a//b.json"},
		{"dots", "a/../b/./c.json"},
		{"leading slash", "/a.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := []byte("content of " + test.key)
			if err := server.Put(t.Context(), "invoices", test.key, want); err != nil {
				t.Fatal(err)
			}
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("invoices"), Key: aws.String(test.key)})
			if err != nil {
				t.Fatalf("GetObject(%q) = %v", test.key, err)
			}
			defer out.Body.Close()
			got, err := io.ReadAll(out.Body)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("GetObject(%q) = %q, want %q", test.key, got, want)
			}
		})
	}
}

// The client has to see the packed bytes although the object is labelled as
// packed: whoever relies on the client to unpack would be wrong in production.
func TestS3GivesPackedBytes(t *testing.T) {
	server := newS3(t)
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	if _, err := io.WriteString(zw, `{"Records":[]}`); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.Put(t.Context(), "logs", "a.json.gz", packed.Bytes()); err != nil {
		t.Fatal(err)
	}
	out, err := newS3Client(server).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("logs"), Key: aws.String("a.json.gz")})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	got, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, packed.Bytes()) {
		t.Errorf("GetObject(a.json.gz) = %q, want the %d packed bytes", got, packed.Len())
	}
	if got := aws.ToString(out.ContentEncoding); got != "gzip" {
		t.Errorf("ContentEncoding = %q, want gzip", got)
	}
}

func TestS3Missing(t *testing.T) {
	server := newS3(t)
	client := newS3Client(server)
	if err := server.CreateBucket("photos"); err != nil {
		t.Fatal(err)
	}
	_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("photos"), Key: aws.String("7.jpg")})
	if _, ok := errors.AsType[*types.NoSuchKey](err); !ok {
		t.Errorf("GetObject of a missing key = %v, want NoSuchKey", err)
	}
	_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("invoices"), Key: aws.String("7.pdf")})
	if err == nil || !strings.Contains(err.Error(), "NoSuchBucket") {
		t.Errorf("GetObject of a missing bucket = %v, want NoSuchBucket", err)
	}
}

func TestS3PutOverwritesAndTakesNothing(t *testing.T) {
	server := newS3(t)
	client := newS3Client(server)
	for _, want := range []string{"first", ""} {
		if err := server.Put(t.Context(), "photos", "7.jpg", []byte(want)); err != nil {
			t.Fatal(err)
		}
		out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("photos"), Key: aws.String("7.jpg")})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(out.Body)
		out.Body.Close()
		if err != nil || string(got) != want {
			t.Errorf("GetObject(7.jpg) = %q, %v, want %q", got, err, want)
		}
	}
	if err := server.CreateBucket("photos"); err != nil {
		t.Errorf("CreateBucket of one that is there = %v, want nil", err)
	}
}

func TestS3PutErrors(t *testing.T) {
	server := newS3(t)
	for _, test := range []struct{ name, bucket, key, want string }{
		{"bucket name", "Photos_of_mine", "7.jpg", `cannot create bucket "Photos_of_mine"`},
		{"no key", "photos", "", "the key is empty"},
		{"key too long", "photos", strings.Repeat("k", 1025), "KeyTooLongError"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := server.Put(t.Context(), test.bucket, test.key, []byte("x"))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Put(%q, %q) = %v, want an error with %q", test.bucket, test.key, err, test.want)
			}
		})
	}
}

func TestS3Close(t *testing.T) {
	server, err := NewS3()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := server.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	if err := server.Put(t.Context(), "photos", "7.jpg", []byte("x")); err == nil {
		t.Error("Put after Close = nil, want an error")
	}
}
