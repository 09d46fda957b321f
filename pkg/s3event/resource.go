package s3event

import (
	"bytes"

	"bucketwatch/pkg/cloudtrail"
)

// bucket returns the bucket that the request was for and the account that owns it, nil where the record doesn't say.
//
// The resources know both, in any order; requestParameters.bucketName may be an access point's alias or ARN, and is
// only used where no resource tells. A copy has resources of two buckets: that of its source isn't meant.
func bucket(r *cloudtrail.Record) (name, account []byte) {
	asked := lastSegment(r.RequestParameters.BucketName)
	source := copySourceBucket(r.RequestParameters.CopySource)
	for i := range r.Resources {
		res := &r.Resources[i]
		if !isBucket(res.Type) || len(res.ARN) == 0 {
			continue
		}
		n := lastSegment(res.ARN)
		if len(n) == 0 { // as in the S3 on Outposts User Guide's example: …/bucket/
			n = asked
		}
		switch {
		case len(n) == 0:
		case bytes.Equal(n, asked):
			return n, res.AccountID
		case name == nil || bytes.Equal(name, source):
			name, account = n, res.AccountID
		}
	}
	if name == nil && len(asked) > 0 {
		name = asked
	}
	return name, account
}

// copySourceBucket returns the bucket in x-amz-copy-source: BUCKET/KEY with or without a slash before it. Most SDKs
// leave the encoding to their callers, so that the slashes may be encoded, too.
func copySourceBucket(source []byte) []byte {
	if len(source) == 0 {
		return nil
	}
	for _, slash := range [...]string{"/", "%2F", "%2f"} {
		source = bytes.TrimPrefix(source, []byte(slash))
	}
	if i := bytes.IndexAny(source, "/%"); i >= 0 { // a bucket's name has neither
		return source[:i]
	}
	return source
}

func isBucket(resourceType []byte) bool {
	switch string(resourceType) {
	case "AWS::S3::Bucket", "AWS::S3Express::DirectoryBucket", "AWS::S3Outposts::Bucket":
		return true
	}
	return false
}

// lastSegment returns what follows the last colon and slash of an ARN: the name, with or without "bucket/" before it.
func lastSegment(arn []byte) []byte {
	i := len(arn)
	for i > 0 && arn[i-1] != ':' && arn[i-1] != '/' { // bytes.LastIndexAny would first make a set of two
		i--
	}
	return arn[i:]
}

// key returns the object's key, nil where the record doesn't say.
func key(r *cloudtrail.Record) []byte {
	if r.RequestParameters.Key != nil {
		return r.RequestParameters.Key
	}
	for i := range r.Resources {
		res := &r.Resources[i]
		if bytes.HasSuffix(res.Type, []byte("::Object")) && len(res.ARN) > 0 {
			return keyOfARN(res.ARN)
		}
	}
	return nil
}

// keyOfARN returns the key in an object's ARN, which comes in three forms:
//
//	arn:aws:s3:::BUCKET/KEY
//	arn:aws:s3express:REGION:ACCOUNT:bucket/BUCKET/KEY
//	arn:aws:s3-outposts:REGION:ACCOUNT:outpost/ID/bucket/BUCKET/object/KEY
func keyOfARN(arn []byte) []byte {
	fields := bytes.SplitN(arn, []byte(":"), 6)
	if len(fields) < 6 {
		return nil
	}
	before := 1 // segments before the key
	switch {
	case string(fields[2]) == "s3-outposts":
		before = 5
	case string(fields[2]) != "s3" && bytes.HasPrefix(fields[5], []byte("bucket/")):
		before = 2
	}
	segments := bytes.SplitN(fields[5], []byte("/"), before+1)
	if len(segments) <= before {
		return nil
	}
	return segments[before]
}
