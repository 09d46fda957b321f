package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
)

// outputs are the files that the function's output goes to.
type outputs struct {
	metrics string // its standard output: metric lines
	log     string // its standard error: the log, and the Caller and Delete lines
}

func newOutputs(dir string) (outputs, error) {
	var err error
	if dir == "" {
		dir, err = os.MkdirTemp("", "bucketwatch-demo-")
	} else {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return outputs{}, fmt.Errorf("cannot make a folder for the output: %w", err)
	}
	return outputs{metrics: filepath.Join(dir, "metrics.jsonl"), log: filepath.Join(dir, "log.jsonl")}, nil
}

// simulate builds the function and has it process the log files, each when its notification comes.
func simulate(ctx context.Context, p *printer, hour *traffic.Traffic, out outputs) error {
	dir, err := os.MkdirTemp("", "bucketwatch-build-")
	if err != nil {
		return fmt.Errorf("cannot make a folder for the binary: %w", err)
	}
	defer os.RemoveAll(dir)

	p.step("Building the Lambda's binary")
	started := time.Now()
	bootstrap, err := localaws.Build(ctx, dir)
	if err != nil {
		return err
	}
	p.done("%s, %.1f s", fileSize(bootstrap), time.Since(started).Seconds())

	p.step("Putting the hour's CloudTrail log files into S3")
	store, err := localaws.NewS3()
	if err != nil {
		return err
	}
	defer store.Close()
	var size, records int
	for _, f := range hour.Files {
		if err := store.Put(ctx, hour.LogBucket, f.Key, f.Body); err != nil {
			return err
		}
		size, records = size+len(f.Body), records+f.Records
	}
	p.done("%d files, %s records, %s", len(hour.Files), grouped(int64(records)), byteSize(int64(size)))

	p.step("Sending the function the notification of each")
	started = time.Now()
	if err := invoke(ctx, hour, bootstrap, store.URL(), out); err != nil {
		return err
	}
	p.done("%d invocations, %.1f s", len(hour.Files), time.Since(started).Seconds())
	return nil
}

func fileSize(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "no size"
	}
	return byteSize(info.Size())
}

// invoke runs the function, and leaves its output in the files.
func invoke(ctx context.Context, hour *traffic.Traffic, bootstrap, endpoint string, out outputs) (err error) {
	metrics, err := os.Create(out.metrics)
	if err != nil {
		return fmt.Errorf("cannot write the function's standard output: %w", err)
	}
	defer func() { err = errors.Join(err, metrics.Close()) }()
	log, err := os.Create(out.log)
	if err != nil {
		return fmt.Errorf("cannot write the function's standard error: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()

	function, err := localaws.StartFunction(ctx, localaws.FunctionConfig{
		Bootstrap: bootstrap,
		Env: map[string]string{
			"AWS_REGION":               hour.Region,
			"AWS_ACCESS_KEY_ID":        "demo",
			"AWS_SECRET_ACCESS_KEY":    "demo",
			"AWS_ENDPOINT_URL_S3":      endpoint,
			"AWS_LAMBDA_FUNCTION_NAME": "bucketwatch-demo",
			"BUCKETWATCH_METRICS":      "full",
		},
		Stdout: metrics,
		Stderr: log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, function.Close()) }()
	for _, f := range hour.Files {
		payload, err := notification(hour, f)
		if err != nil {
			return err
		}
		if _, err := function.Invoke(ctx, payload); err != nil {
			return fmt.Errorf("the function failed on s3://%s/%s (its log is %s): %w", hour.LogBucket, f.Key, out.log, err)
		}
	}
	return nil
}
