// Package logfiles finds CloudTrail's log files, in folders and in S3, and opens them. It goes by the folders of the date
// in their keys, so that a day's files are found without listing the year's.
//
// It doesn't read them: that is package cloudtrail's.
package logfiles

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/cloudtrail"
)

// File is one log file.
type File struct {
	Name   string // its path, or s3://BUCKET/KEY
	Bucket string // "" if it isn't in S3
	Key    string // in the bucket
	Size   int64
	Kind   cloudtrail.Kind
	// What its name tells; empty where it doesn't.
	AccountID string
	Region    string
	Delivered time.Time
}

// Delivered is a time from which until which log files were delivered. A zero end is open.
type Delivered struct {
	From, Until time.Time
}

// contains tells whether what was delivered from first until last, by its folder or name, may be of the time.
func (d Delivered) contains(first, last time.Time) bool {
	return (d.Until.IsZero() || !first.After(d.Until)) && (d.From.IsZero() || !last.Before(d.From))
}

// Source is where log files are.
type Source struct {
	// S3 returns a client for S3. It is called once, and not before an address in S3 is asked for.
	S3 func(context.Context) (S3, error)

	client  S3
	regions map[string]string // of buckets that aren't where the client thought
}

// Find returns the log files at the paths that were delivered in the given time, in the order of delivery: those whose
// names don't tell when come first. A path is a file, which is taken for a log file whatever it is called, a folder, or
// s3://BUCKET/PREFIX.
func (s *Source) Find(ctx context.Context, paths []string, when Delivered) ([]File, error) {
	var all []File
	for _, path := range paths {
		find := findLocal
		if strings.HasPrefix(path, scheme) {
			find = s.findS3
		}
		files, err := find(ctx, path, when)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	slices.SortFunc(all, func(a, b File) int { return cmp.Or(a.Delivered.Compare(b.Delivered), cmp.Compare(a.Name, b.Name)) })
	return slices.CompactFunc(all, func(a, b File) bool { return a.Name == b.Name }), nil
}

// Open opens a log file that Find has found. It may be called by several goroutines at once.
func (s *Source) Open(ctx context.Context, f File) (io.ReadCloser, error) {
	if f.Bucket != "" {
		return s.get(ctx, f.Bucket, f.Key)
	}
	return os.Open(f.Name)
}

// newFile says what the name of a file tells.
func newFile(name, key string, size int64) File {
	k := cloudtrail.ParseKey(key)
	return File{Name: name, Key: key, Size: size, Kind: k.Kind, AccountID: k.AccountID, Region: k.Region, Delivered: k.Delivered}
}

// wanted tells whether a file that is found in a folder is a log file, of the time: one in CloudTrail's folder or, where
// somebody has put it elsewhere, one that is called like JSON.
func (f *File) wanted(when Delivered) bool {
	switch f.Kind {
	case cloudtrail.LogFile:
	case cloudtrail.Foreign:
		if otherService(f.Key) {
			return false
		}
	default:
		return false
	}
	name := strings.TrimSuffix(f.Key, ".gz")
	if !strings.HasSuffix(name, ".json") {
		return false
	}
	return f.within(when)
}

// within tells whether the file was delivered in the time, as far as its name tells.
func (f *File) within(when Delivered) bool {
	return f.Delivered.IsZero() || when.contains(f.Delivered, f.Delivered)
}

// wantedFolder tells whether a folder may hold log files of the time. It goes by CloudTrail's folders,
// …AWSLogs/[o-xxxx/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/. Any other may hold some.
func wantedFolder(folder string, when Delivered) bool {
	if otherService(folder) {
		return false
	}
	_, rest, ok := strings.Cut("/"+folder, "/CloudTrail/")
	if !ok {
		kind := cloudtrail.ParseKey(folder + "x.json.gz").Kind
		return kind == cloudtrail.LogFile || kind == cloudtrail.Foreign
	}
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/") // REGION, YYYY, MM, DD
	if len(parts) < 2 || len(parts) > 4 {
		return true
	}
	date := strings.Join(parts[1:], "/")
	first, err := time.Parse("2006/01/02"[:min(len(date), 10)], date)
	if err != nil {
		return true
	}
	last := first.AddDate(0, 0, 1)
	switch len(parts) {
	case 2:
		last = first.AddDate(1, 0, 0)
	case 3:
		last = first.AddDate(0, 1, 0)
	}
	return when.contains(first, last.Add(-time.Second))
}

// otherService tells whether the key or folder is that of another service's logs in the same bucket: load balancers and
// VPCs may write there a thousand times as many as CloudTrail.
func otherService(key string) bool {
	_, rest, ok := strings.Cut("/"+key, "/AWSLogs/")
	if !ok {
		return false
	}
	parts := strings.Split(rest, "/")
	for i := 0; i < 2 && i+1 < len(parts); i++ {
		if cloudtrail.IsAccountID(parts[i]) {
			service := parts[i+1]
			return service != "" && service != "CloudTrail" && (i+2 < len(parts))
		}
	}
	return false
}

// cannotFind is the error for a path.
func cannotFind(path string, err error) error {
	return fmt.Errorf("cannot find log files at %s: %w", path, err)
}
