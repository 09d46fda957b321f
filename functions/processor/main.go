// The processor is the Lambda function: it wires the pipeline to Lambda, S3, SNS and X-Ray, and holds no rule of its own.
//
// Standard output carries metric lines (CloudWatch's embedded metric format) and nothing else; the log goes to standard
// error. Configuration: see pipeline.Config.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/logging"

	"bucketwatch/pkg/expected"
	"bucketwatch/pkg/pipeline"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/dynamodb"
)

func main() {
	// Reading allocates next to nothing, so to collect twice as often costs little time, and saves some megabytes.
	debug.SetGCPercent(50)

	out := pipeline.NewOutput(os.Stdout, os.Stderr)
	handler := newLogHandler(out.Log())
	logger := slog.New(handler)

	log.SetFlags(0)
	log.SetOutput(libraryLog{slog.NewLogLogger(handler, slog.LevelError).Writer()})

	if err := run(context.Background(), out, logger); err != nil {
		logger.Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
}

// run serves invocations. It returns only if it can't begin to.
func run(ctx context.Context, out *pipeline.Output, logger *slog.Logger) error {
	trace, err := newTracing(os.Getenv)
	if err != nil {
		return err
	}
	settings, err := pipeline.ConfigFromEnv(os.Getenv)
	if err != nil {
		return fmt.Errorf("cannot use the configuration: %w", err)
	}
	if most := settings.GoMemory(); most > 0 {
		debug.SetMemoryLimit(most / 10 * 9) // to collect sooner rather than be killed
	}
	declared, err := expected.Load(filepath.Join(os.Getenv("LAMBDA_TASK_ROOT"), expected.FileName))
	if err != nil {
		return err
	}
	awsConfig, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return fmt.Errorf("cannot load the AWS configuration: %w", err)
	}
	trace.instrument(&awsConfig)

	p := pipeline.New(settings, s3.NewFromConfig(awsConfig), sns.NewFromConfig(awsConfig), newStore(settings.Table, awsConfig), out)
	p.Log = logger
	p.Expected = declared
	p.Step = trace.step
	lambda.StartWithOptions(func(ctx context.Context, payload json.RawMessage) (any, error) {
		return p.Handle(ctx, payload)
	})
	return nil
}

// newStore returns what remembers from one invocation to the next, nil if nothing is to be remembered.
func newStore(table string, awsConfig aws.Config) state.Store {
	switch table {
	case "":
		return nil
	case pipeline.MemoryTable:
		return state.NewMemory()
	}
	return dynamodb.New(awsdynamodb.NewFromConfig(awsConfig, dynamodb.Patient), table)
}
