package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseTimes reads --since and --until; what isn't given is zero.
func parseTimes(since, until string, now time.Time) (from, to time.Time, err error) {
	var faults []error
	for _, t := range []struct {
		flag, text string
		time       *time.Time
	}{{"--since", since, &from}, {"--until", until, &to}} {
		if t.text == "" {
			continue
		}
		at, err := parseTime(t.text, now)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", t.flag, err))
		}
		*t.time = at
	}
	if len(faults) == 0 && !to.IsZero() && !from.Before(to) {
		faults = append(faults, fmt.Errorf("--since (%s) is not before --until (%s)", from.Format(time.RFC3339), to.Format(time.RFC3339)))
	}
	return from, to, errors.Join(faults...)
}

// parseTime reads a span back from now (90m, 24h, 7d, 2w), a date, which is its UTC midnight, or a time.
func parseTime(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	span, err := parseSpan(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: give a span back from now (90m, 24h, 7d), a date (2026-11-20) or a time (2026-11-20T14:00:00Z)", text)
	}
	return now.Add(-span).UTC().Truncate(time.Second), nil
}

// parseSpan reads what time.ParseDuration does, and days and weeks.
func parseSpan(text string) (time.Duration, error) {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, ok := strings.CutSuffix(text, unit); ok {
			days, err := strconv.ParseFloat(n, 64)
			if err != nil || !(days >= 0 && days <= 36500) { // nor NaN
				return 0, fmt.Errorf("%q is no number of days", n)
			}
			return time.Duration(days * float64(length)), nil
		}
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		return 0, fmt.Errorf("%q lies ahead", text)
	}
	return d, err
}
