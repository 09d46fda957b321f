package logfiles

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// atOnce is how many folders are listed at the same time: a trail of all Regions has as many.
const atOnce = 16

// walk goes through the folders of a bucket.
type walk struct {
	source *Source
	bucket string
	when   Delivered
	slots  chan struct{}

	group sync.WaitGroup
	mu    sync.Mutex
	files []File
	err   error
}

// run finds the log files below the prefix.
func (w *walk) run(ctx context.Context, prefix string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.source.locate(ctx, w.bucket)
	w.list(ctx, cancel, prefix)
	w.group.Wait()
	return w.err
}

// list lists a folder, and begins to list those in it.
func (w *walk) list(ctx context.Context, cancel context.CancelFunc, prefix string) {
	w.group.Go(func() {
		w.slots <- struct{}{}
		defer func() { <-w.slots }()
		err := w.source.list(ctx, w.bucket, prefix, func(out *s3.ListObjectsV2Output) {
			for _, folder := range out.CommonPrefixes {
				if name := aws.ToString(folder.Prefix); wantedFolder(name, w.when) {
					w.list(ctx, cancel, name)
				}
			}
			w.add(out)
		})
		if err != nil {
			w.fail(err)
			cancel()
		}
	})
}

func (w *walk) add(out *s3.ListObjectsV2Output) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, object := range out.Contents {
		key := aws.ToString(object.Key)
		f := newFile(scheme+w.bucket+"/"+key, key, aws.ToInt64(object.Size))
		f.Bucket = w.bucket
		if f.wanted(w.when) {
			w.files = append(w.files, f)
		}
	}
}

// fail keeps the first error, which is the reason for the others.
func (w *walk) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}
