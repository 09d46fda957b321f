package logfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// S3 is what is needed of S3.
type S3 interface {
	ListObjectsV2(ctx context.Context, params *s3.ListObjectsV2Input, optFns ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObject(ctx context.Context, params *s3.GetObjectInput, optFns ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

const scheme = "s3://"

// findS3 finds the log files at s3://BUCKET/PREFIX, folder by folder. A prefix without a slash at its end is a folder's
// name or a key's beginning.
func (s *Source) findS3(ctx context.Context, path string, when Delivered) ([]File, error) {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(path, scheme), "/")
	if bucket == "" {
		return nil, cannotFind(path, errors.New("it names no bucket: s3://BUCKET/PREFIX"))
	}
	if err := s.connect(ctx); err != nil {
		return nil, cannotFind(path, err)
	}
	w := &walk{source: s, bucket: bucket, when: when, slots: make(chan struct{}, atOnce)}
	if err := w.run(ctx, prefix); err != nil {
		return nil, cannotFind(path, err)
	}
	return w.files, nil
}

func (s *Source) connect(ctx context.Context) (err error) {
	if s.client == nil {
		s.client, err = s.S3(ctx)
		s.regions = map[string]string{}
	}
	return err
}

// list calls yield with the objects and folders right below a prefix.
func (s *Source) list(ctx context.Context, bucket, prefix string, yield func(*s3.ListObjectsV2Output)) error {
	in := &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(prefix), Delimiter: aws.String("/")}
	for {
		out, err := s.client.ListObjectsV2(ctx, in, s.region(bucket))
		if err != nil {
			return fmt.Errorf("cannot list s3://%s/%s: %w", bucket, prefix, err)
		}
		yield(out)
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// locate finds out in which Region a bucket is, if the client would ask another. Only the refusal tells.
func (s *Source) locate(ctx context.Context, bucket string) {
	_, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), MaxKeys: aws.Int32(1)})
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		if region := response.Response.Header.Get("x-amz-bucket-region"); region != "" {
			s.regions[bucket] = region
		}
	}
}

func (s *Source) region(bucket string) func(*s3.Options) {
	return func(o *s3.Options) {
		if region := s.regions[bucket]; region != "" {
			o.Region = region
		}
	}
}

func (s *Source) get(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}, s.region(bucket))
	if err != nil {
		return nil, err
	}
	return out.Body, nil
}
