package metric

import (
	"fmt"
	"path"
	"strings"
)

// OtherName is the bucket name, and the caller's, under which all is counted that has no metrics, or no line, of its
// own. No bucket can be called so.
const OtherName = "_other"

// Buckets says which buckets get metrics of their own: those that match a glob and none of the excluding globs.
type Buckets struct {
	include, exclude []string
}

// ParseBuckets reads a list of globs (as of path.Match) with commas between; "!" before a glob excludes. A list
// that only excludes includes all others.
func ParseBuckets(list string) (Buckets, error) {
	var b Buckets
	for glob := range strings.SplitSeq(list, ",") {
		glob = strings.TrimSpace(glob)
		name, excludes := strings.CutPrefix(glob, "!")
		if name = strings.TrimSpace(name); !isGlob(name) {
			return Buckets{}, fmt.Errorf("%q is not a bucket name with wildcards", glob)
		}
		if excludes {
			b.exclude = append(b.exclude, name)
		} else {
			b.include = append(b.include, name)
		}
	}
	if len(b.include) == 0 {
		b.include = []string{"*"}
	}
	return b, nil
}

// Match tells whether the bucket gets metrics of its own.
func (b Buckets) Match(bucket string) bool {
	return IsBucketName(bucket) && matches(b.include, bucket) && !matches(b.exclude, bucket)
}

func matches(globs []string, name string) bool {
	for _, g := range globs {
		if ok, _ := path.Match(g, name); ok { // ParseBuckets saw to the error
			return true
		}
	}
	return false
}

// isGlob tells whether name, with wildcards, may match a bucket's name. What can't (an ARN, "photos/") is a mistake, that
// would silently leave a bucket without metrics.
func isGlob(name string) bool {
	if _, err := path.Match(name, ""); err != nil || name == "" {
		return false
	}
	for _, c := range []byte(name) {
		if !isBucketByte(c) && strings.IndexByte(`*?[]^\`, c) < 0 {
			return false
		}
	}
	return true
}

// IsBucketName tells whether name can be a bucket's: only then may it become a dimension. Old buckets in us-east-1
// have up to 255 characters, and underscores.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func IsBucketName(name string) bool {
	if len(name) < 3 || len(name) > 255 {
		return false
	}
	for _, c := range []byte(name) {
		if !isBucketByte(c) {
			return false
		}
	}
	return name[0] != '_'
}

func isBucketByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}
