package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"bucketwatch/internal/localaws"
	"bucketwatch/internal/traffic"
)

// topic is where the function publishes messages to.
const topic = "arn:aws:sns:eu-central-1:111122223333:bucketwatch-alerts"

// simulate builds the function, has it process the log files, each when its notification comes, and judge when a tick
// comes. It returns the messages that were published.
func simulate(ctx context.Context, p *printer, story *traffic.Story, out outputs) ([]localaws.Message, error) {
	dir, err := os.MkdirTemp("", "bucketwatch-build-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for the binary: %w", err)
	}
	defer os.RemoveAll(dir)

	p.step("Building the Lambda's binary")
	started := time.Now()
	bootstrap, err := localaws.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	p.done("%s, %.1f s", fileSize(bootstrap), time.Since(started).Seconds())
	// As in the function's zip: beside the binary.
	if err := os.WriteFile(filepath.Join(dir, expectedDeletes), []byte(story.ExpectedDeletes), 0o644); err != nil {
		return nil, fmt.Errorf("cannot write the expected deletes: %w", err)
	}

	p.step("Putting the CloudTrail log files into S3")
	store, err := localaws.NewS3()
	if err != nil {
		return nil, err
	}
	defer store.Close()
	files := slices.Concat(story.Before.Files, story.During.Files)
	var size, records int
	for _, f := range files {
		if err := store.Put(ctx, story.During.LogBucket, f.Key, f.Body); err != nil {
			return nil, err
		}
		size, records = size+len(f.Body), records+f.Records
	}
	p.done("%d files, %s records, %s", len(files), grouped(int64(records)), byteSize(int64(size)))

	alerts, err := localaws.NewSNS(topic)
	if err != nil {
		return nil, err
	}
	defer alerts.Close()
	f, err := startFunction(ctx, bootstrap, story.During.Region, store.URL(), alerts.URL())
	if err != nil {
		return nil, err
	}
	err = f.tell(ctx, p, story, out, alerts)
	return alerts.Messages(), errors.Join(err, f.Close())
}

func fileSize(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "no size"
	}
	return byteSize(info.Size())
}

// function is the running Lambda function.
type function struct {
	*localaws.Function
	stdout, stderr *redirected
}

func startFunction(ctx context.Context, bootstrap, region, s3, sns string) (*function, error) {
	f := &function{stdout: new(redirected), stderr: new(redirected)}
	var err error
	f.Function, err = localaws.StartFunction(ctx, localaws.FunctionConfig{
		Bootstrap: bootstrap,
		Env: map[string]string{
			"AWS_REGION":                region,
			"AWS_ACCESS_KEY_ID":         "demo",
			"AWS_SECRET_ACCESS_KEY":     "demo",
			"AWS_ENDPOINT_URL_S3":       s3,
			"AWS_ENDPOINT_URL_SNS":      sns,
			"AWS_LAMBDA_FUNCTION_NAME":  "bucketwatch-demo",
			"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bucketwatch-demo",
			"BUCKETWATCH_ALERTS_TOPIC":  topic,
			"BUCKETWATCH_CLOCK":         "delivery", // it is always now when a log file was delivered, or the tick's time
			"BUCKETWATCH_METRICS":       "full",
			"BUCKETWATCH_TABLE":         ":memory:", // the process remembers, instead of DynamoDB
		},
		Stdout: f.stdout,
		Stderr: f.stderr,
	})
	return f, err
}

// tell has the function live through the story.
func (f *function) tell(ctx context.Context, p *printer, story *traffic.Story, out outputs, alerts *localaws.SNS) error {
	p.step("The two quiet weeks: each file's notification, and a tick")
	started := time.Now()
	quiet := calendar(story.Before, afterEach(story.Before.Files))
	if err := f.run(ctx, quiet, out.before); err != nil {
		return err
	}
	p.done("%d invocations, %.1f s, %s", len(quiet), time.Since(started).Seconds(), plural(len(alerts.Messages()), "message"))
	known := len(alerts.Messages())

	p.step("The afternoon: the same, and a tick every minute")
	started = time.Now()
	afternoon := calendar(story.During, everyMinute(story.During.From, story.Judged))
	if err := f.run(ctx, afternoon, out.during); err != nil {
		return err
	}
	p.done("%d invocations, %.1f s, %s", len(afternoon), time.Since(started).Seconds(), plural(len(alerts.Messages())-known, "message"))
	return nil
}

// run sends the function what a calendar holds, and leaves its output in the files.
func (f *function) run(ctx context.Context, entries []entry, out output) (err error) {
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
	f.stdout.to(metrics)
	f.stderr.to(log)
	defer f.stdout.to(nil)
	defer f.stderr.to(nil)
	for _, e := range entries {
		payload, err := e.payload()
		if err != nil {
			return err
		}
		if _, err := f.Invoke(ctx, payload); err != nil {
			return fmt.Errorf("the function failed on %s (its log is %s): %w", e, out.log, err)
		}
	}
	return nil
}
