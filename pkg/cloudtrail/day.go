package cloudtrail

import "time"

// A day is the date of the time that was read last. Most times in a log file are of the same date, and only the rest of
// their text need be read.
type day struct {
	text  [len(`"2006-01-02T`)]byte
	start time.Time // zero: none yet
}

// clock is how CloudTrail writes the rest of a time.
const clock = `15:04:05Z"`

// time reads the time at i in b, if it is of the day and written as CloudTrail does, and returns the index after it.
func (d *day) time(b []byte, i int) (t time.Time, next int, ok bool) {
	from := i + len(d.text)
	next = from + len(clock)
	if d.start.IsZero() || next > len(b) || string(b[i:from]) != string(d.text[:]) {
		return time.Time{}, 0, false
	}
	c := b[from:next]
	h, m, s := twoDigits(c[0:]), twoDigits(c[3:]), twoDigits(c[6:])
	if c[2] != ':' || c[5] != ':' || c[8] != 'Z' || c[9] != '"' || h > 23 || m > 59 || s > 59 {
		return time.Time{}, 0, false
	}
	return d.start.Add(time.Duration(h*3600+m*60+s) * time.Second), next, true
}

// twoDigits returns the number that b begins with, more than any of a clock's if it isn't one.
func twoDigits(b []byte) int {
	if !isDigit(b[0]) || !isDigit(b[1]) {
		return 100
	}
	return int(b[0]-'0')*10 + int(b[1]-'0')
}

// remember notes the day of t, which text says.
func (d *day) remember(text []byte, t time.Time) {
	if len(text) == len("2006-01-02T15:04:05Z") && text[len(text)-1] == 'Z' {
		d.text[0] = '"'
		copy(d.text[1:], text)
		d.start = t.Truncate(24 * time.Hour)
	}
}
