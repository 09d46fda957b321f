package replay

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/logfiles"
)

// turn is a log file that has its turn on the clock.
type turn struct {
	logfiles.File                   // Delivered is known, or nothing in it tells
	bucket, key   string            // as the function knows the object
	unique        string            // the name, if CloudTrail gave it: no other log file has it
	sum           [sha256.Size]byte // of the content, where the name doesn't tell when it was delivered
}

// noBucket is where log files of this machine are said to be. No bucket's name begins so.
const noBucket = "_local"

// ownName is the name that CloudTrail gives a log file.
var ownName = regexp.MustCompile(`^([0-9]{12})_CloudTrail_([a-z0-9-]+)_([0-9]{4})([0-9]{2})([0-9]{2})T[0-9]{4}Z_[0-9A-Za-z]+\.json(\.gz)?$`)

// inTurn returns the log files in the order of their delivery, which is the same wherever they are. What doesn't tell
// when it was delivered counts as delivered at the time of its newest record; where there is none it comes last. It would
// have its turn before the one that it may be a copy of, so copies are left out here.
func (p *Player) inTurn(ctx context.Context, files []logfiles.File) ([]turn, error) {
	turns := make([]turn, len(files))
	sizes := map[int64]bool{} // of those without a date
	for i, f := range files {
		turns[i] = p.turn(f)
		if f.Delivered.IsZero() {
			sizes[f.Size] = true
		}
	}
	var unclear []*turn
	for i := range turns {
		if sizes[turns[i].Size] {
			unclear = append(unclear, &turns[i])
		}
	}
	dated := map[[sha256.Size]byte]bool{}
	err := logfiles.InOrder(ctx, len(unclear), p.Parallel,
		func(i int) object { return p.fetch(ctx, unclear[i].File) },
		func(i int, o object) error {
			if t := unclear[i]; t.Delivered.IsZero() {
				t.Delivered, t.sum = newest(o.data), o.sum
			} else if o.err == nil {
				dated[o.sum] = true
			}
			return ctx.Err()
		})
	turns = slices.DeleteFunc(turns, func(t turn) bool { return dated[t.sum] })
	p.played.Duplicates = len(files) - len(turns)
	slices.SortStableFunc(turns, func(a, b turn) int {
		if a.Delivered.IsZero() != b.Delivered.IsZero() {
			return cmp.Compare(b.Delivered.Unix(), a.Delivered.Unix())
		}
		return cmp.Or(a.Delivered.Compare(b.Delivered), cmp.Compare(a.unique, b.unique), cmp.Compare(a.key, b.key), cmp.Compare(a.Name, b.Name))
	})
	return turns, err
}

// turn says under which address the function knows the log file.
func (p *Player) turn(f logfiles.File) turn {
	t := turn{File: f, bucket: cmp.Or(p.LogBucket, f.Bucket, noBucket), key: strings.TrimPrefix(f.Key, "/")}
	name := path.Base(f.Key)
	own := ownName.FindStringSubmatch(name)
	if own != nil {
		t.unique = strings.TrimSuffix(name, ".gz")
	}
	switch {
	case f.Kind == cloudtrail.Foreign && own != nil: // it was copied out of its folders
		t.key = path.Join("AWSLogs", own[1], "CloudTrail", own[2], own[3], own[4], own[5], t.unique+".gz")
	case f.Kind == cloudtrail.Foreign: // whoever names it means it
		t.key = "CloudTrail/" + t.key
		return t
	case f.Bucket != "" && p.LogBucket == "":
		return t
	}
	if i := strings.LastIndex("/"+t.key, "/AWSLogs/"); i >= 0 { // folders before it are where it was copied to
		t.key = path.Join(p.KeyPrefix, t.key[i:])
		if own != nil {
			t.key = strings.TrimSuffix(t.key, ".gz") + ".gz" // also if it is unpacked now
		}
	}
	return t
}

// newest returns the time of a log file's newest record; zero, if it can't be read. That is told when it is played.
func newest(data []byte) (at time.Time) {
	reader := cloudtrail.NewReader(bytes.NewReader(data))
	var record cloudtrail.Record
	for {
		err := reader.Read(&record)
		switch {
		case err == io.EOF:
			return at
		case err != nil:
			return time.Time{}
		}
		if t := record.EventTime; t.After(at) && t.Year() >= 2000 {
			at = t
		}
	}
}

// seen is what was played: a log file that was copied, renamed or unpacked is still the same.
type seen struct {
	names    map[string]bool
	contents map[[sha256.Size]byte]bool
}

func (s *seen) has(t *turn, o *object) bool { return s.names[t.unique] || s.contents[o.sum] }

func (s *seen) add(t *turn, o *object) {
	if s.contents == nil {
		s.names, s.contents = map[string]bool{}, map[[sha256.Size]byte]bool{}
	}
	if t.unique != "" {
		s.names[t.unique] = true
	}
	s.contents[o.sum] = true
}
