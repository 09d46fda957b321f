// Package labelled makes weeks of log files of an account with many buckets, and says what in them is an attack: the
// traffic that the detectors are evaluated on.
//
// Each bucket is of one of nine kinds, with software and people who do in it what they always do, not always as regularly
// as one would like, and with the noise that no detector can know to be harmless: a role gets a new name, somebody tidies
// up and tells nobody. Attacks are of every size, by somebody new, by a person who is known, or by the software that
// always deletes.
//
// Everything follows from a seed: the same options give the same bytes. The labels follow from what was meant to happen,
// never from the records. How often the noise comes, and how large what is usual is, was chosen before any detector was
// tried on it; kind.go and noise.go say why.
package labelled

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"bucketwatch/internal/traffic"
)

// Options say what traffic is made.
type Options struct {
	Seed    uint64
	Account string        // 12 digits
	From    time.Time     // the first day, UTC
	Learn   int           // days in which nothing is attacked or scored
	Scored  int           // days after them
	Kinds   []Kind        // of the buckets: one each
	Attacks bool          // false: only what is usual, and noise
	Every   time.Duration // between deliveries, which are whole parts of an hour; 0: 10 minutes
}

// Validate joins what is wrong with the options.
func (o *Options) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(len(o.Account) == 12 && strings.Trim(o.Account, "0123456789") == "", "account %q does not have 12 digits", o.Account)
	check(o.Learn >= 0 && o.Scored >= 0 && o.Learn+o.Scored > 0, "%d and %d days are none", o.Learn, o.Scored)
	check(!o.Attacks || o.Scored >= 14, "%d days are too few for a bucket's attacks, want 14", o.Scored)
	check(o.Every == 0 || o.Every >= time.Minute && time.Hour%o.Every == 0 && o.Every%time.Minute == 0, "%s is no part of an hour in whole minutes", o.Every)
	check(len(o.Kinds) > 0, "there are no buckets")
	return errors.Join(faults...)
}

const region = "eu-central-1"

// Until is the end of the last day.
func (o *Options) Until() time.Time { return o.From.AddDate(0, 0, o.Learn+o.Scored) }

// ScoredFrom is the end of the days to learn from.
func (o *Options) ScoredFrom() time.Time { return o.From.AddDate(0, 0, o.Learn) }

// Stream makes log files, a day at a time.
type Stream struct {
	Options
	Labels Labels // complete when Next has returned false

	recorder *traffic.Recorder
	r        *rand.Rand // of the delivery
	buckets  []*bucket
	day      int
	pending  map[int64][]traffic.Deed // by the slot in which they are delivered
}

// New returns a Stream.
func New(o Options) *Stream {
	o.From = o.From.UTC().Truncate(24 * time.Hour)
	if o.Every == 0 {
		o.Every = 10 * time.Minute
	}
	s := &Stream{
		Options:  o,
		recorder: traffic.NewRecorder(o.Seed, o.Account, region),
		r:        source(o.Seed, "delivery"),
		pending:  map[int64][]traffic.Deed{},
	}
	s.Labels = Labels{Seed: o.Seed, Account: o.Account, LogBucket: s.recorder.LogBucket(), From: o.From, ScoredFrom: o.ScoredFrom(), Until: o.Until()}
	for i, kind := range o.Kinds {
		b := newBucket(s, kind, fmt.Sprintf("%s-%03d", kind.slug(), i))
		s.buckets = append(s.buckets, b)
		s.Labels.Buckets = append(s.Labels.Buckets, b.label)
	}
	return s
}

// LogBucket is the name of the bucket that the files are in.
func (s *Stream) LogBucket() string { return s.recorder.LogBucket() }

// Next returns the log files of the next day in the order in which they are to be read; false, if there is none. After the
// last day comes one on which nothing happens, and what is late is delivered.
func (s *Stream) Next() ([]traffic.File, bool, error) {
	last := s.Learn + s.Scored
	if s.day > last {
		return nil, false, nil
	}
	date := s.From.AddDate(0, 0, s.day)
	for _, b := range s.buckets {
		if s.day < last {
			b.live(s.day, date)
		}
	}
	s.day++
	files, err := s.deliver(date, date.AddDate(0, 0, 1))
	return files, true, err
}
