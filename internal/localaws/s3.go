package localaws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// S3 stands for Amazon S3: objects in memory, served over HTTP with path-style
// addressing. It checks no signatures and sends no notifications.
type S3 struct {
	backend *s3mem.Backend
	server  *server
}

// NewS3 starts an empty S3.
func NewS3() (*S3, error) {
	backend := s3mem.New()
	server, err := serve(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	if err != nil {
		return nil, fmt.Errorf("cannot start S3: %w", err)
	}
	return &S3{backend: backend, server: server}, nil
}

// URL is the value for AWS_ENDPOINT_URL_S3. It holds an IP address, for which
// the SDK chooses path-style addressing by itself.
func (s *S3) URL() string { return "http://" + s.server.address }

// CreateBucket makes an empty bucket; one that is there already stays as it is.
func (s *S3) CreateBucket(name string) error {
	if err := gofakes3.ValidateBucketName(name); err != nil {
		return fmt.Errorf("cannot create bucket %q: %w", name, err)
	}
	// Created without asking first: of two concurrent callers one would fail.
	if err := s.backend.CreateBucket(name); err != nil && !gofakes3.HasErrorCode(err, gofakes3.ErrBucketAlreadyExists) {
		return fmt.Errorf("cannot create bucket %q: %w", name, err)
	}
	return nil
}

// Put stores an object under the key as it is written here, not URL-encoded, and
// creates the bucket when it is missing. An object whose key ends in ".gz" gets
// the Content-Encoding that CloudTrail gives its log files, so that a client
// which unpacks on its own would be found out.
func (s *S3) Put(ctx context.Context, bucket, key string, body []byte) error {
	if err := s.put(ctx, bucket, key, body); err != nil {
		return fmt.Errorf("cannot put object s3://%s/%s: %w", bucket, key, err)
	}
	return nil
}

func (s *S3) put(ctx context.Context, bucket, key string, body []byte) error {
	if key == "" {
		return errors.New("the key is empty")
	}
	if err := s.CreateBucket(bucket); err != nil {
		return err
	}
	object := url.URL{Scheme: "http", Host: s.server.address, Path: "/" + bucket + "/" + key}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, object.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if strings.HasSuffix(key, ".gz") {
		request.Header.Set("Content-Encoding", "gzip")
	}
	response, err := s.server.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, answer)
	}
	return nil
}

// Close stops the server and forgets the objects.
func (s *S3) Close() error { return s.server.close() }
