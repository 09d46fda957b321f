package labelled

import (
	"slices"
	"time"

	"bucketwatch/internal/traffic"
)

// perFile is how many deeds a log file has at most, about.
const perFile = 600

// add has a deed recorded. Most records are delivered within five minutes or so (CloudTrail says so of its average); a few
// come within the hour, and a few many hours later.
func (s *Stream) add(d traffic.Deed) {
	if d.At.Before(s.From) || !d.At.Before(s.Until()) {
		return
	}
	if d.Form == traffic.Absent && len(d.Keys) > 0 && d.Part == traffic.Whole {
		call, keys := d, d
		call.Part, keys.Part = traffic.OnlyCall, traffic.OnlyKeys
		s.schedule(call, s.delay()+s.Every) // in another file than its objects
		s.schedule(keys, within(s.r, s.Every))
		return
	}
	d.Twice = s.r.IntN(500) == 0
	s.schedule(d, s.delay())
}

func (s *Stream) schedule(d traffic.Deed, delay time.Duration) {
	at := d.At.Add(time.Minute + delay).Truncate(s.Every).Add(s.Every)
	s.pending[at.Unix()] = append(s.pending[at.Unix()], d)
}

func (s *Stream) delay() time.Duration {
	switch p := s.r.IntN(1000); {
	case p < 1:
		return time.Hour + within(s.r, 19*time.Hour)
	case p < 12:
		return 5*time.Minute + within(s.r, 35*time.Minute)
	}
	return within(s.r, 3*time.Minute)
}

// deliver returns the files of the slots after from, to and with to.
func (s *Stream) deliver(from, to time.Time) ([]traffic.File, error) {
	var files []traffic.File
	var again []traffic.File // that S3 tells of a second time
	for at := from.Add(s.Every); !at.After(to); at = at.Add(s.Every) {
		deeds := s.pending[at.Unix()]
		delete(s.pending, at.Unix())
		first := len(files)
		if len(again) > 0 && s.r.IntN(4) == 0 {
			files = append(files, again...)
			again = nil
		}
		for _, part := range s.split(deeds) {
			f, err := s.recorder.File(at, part)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
			if s.r.IntN(100) == 0 {
				again = append(again, f)
			}
		}
		// S3's notifications come in no order.
		s.r.Shuffle(len(files)-first, func(i, j int) { files[first+i], files[first+j] = files[first+j], files[first+i] })
	}
	return files, nil
}

// split deals the deeds of a slot over files, as many as a busy account gets.
func (s *Stream) split(deeds []traffic.Deed) [][]traffic.Deed {
	if len(deeds) == 0 {
		return nil
	}
	parts := make([][]traffic.Deed, 1+len(deeds)/perFile)
	for _, d := range deeds {
		i := s.r.IntN(len(parts))
		parts[i] = append(parts[i], d)
	}
	return slices.DeleteFunc(parts, func(p []traffic.Deed) bool { return len(p) == 0 })
}
