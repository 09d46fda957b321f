package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/aws/smithy-go"
)

// hints say what to do about what AWS answers.
var hints = map[string]string{
	"NoSuchBucket":              "is its name right? aws s3 ls lists the buckets of your account",
	"AccessDenied":              "your credentials need s3:ListBucket on the log bucket, s3:GetObject on its objects and, if the trail encrypts with a key, kms:Decrypt",
	"Forbidden":                 "your credentials need s3:ListBucket on the log bucket and s3:GetObject on its objects",
	"InvalidAccessKeyId":        "these credentials are unknown: aws sts get-caller-identity tells whose they are",
	"ExpiredToken":              "your credentials have expired: sign in again (aws sso login)",
	"ResourceNotFoundException": "is the table's name right (the stack's output StateTableName), and is the Region the stack's? AWS_REGION sets it",
	"AccessDeniedException":     "your credentials need dynamodb:GetItem, Query, PutItem and BatchWriteItem on the table; with --dry-run, GetItem and Query",
	"SignatureDoesNotMatch":     "the secret key is wrong, or this machine's clock is",
}

// hint adds to an error what can be done about it.
func hint(err error) error {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		if what, ok := hints[answer.ErrorCode()]; ok {
			return fmt.Errorf("%w\n%s", err, what)
		}
		return err
	}
	var noCredentials *smithy.OperationError
	if errors.As(err, &noCredentials) {
		return fmt.Errorf("%w\ndoes aws sts get-caller-identity work? It takes the same credentials (AWS_PROFILE, aws sso login)", err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w\na PATH is a file, a folder, or s3://BUCKET/PREFIX", err)
	}
	return err
}
