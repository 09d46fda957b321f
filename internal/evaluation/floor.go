package evaluation

import (
	"errors"
	"fmt"

	"bucketwatch/pkg/anomaly"
)

// Floors are what no change may fall below, on a plan so small that chance counts: what make evaluate-small gives with seed 1,
// and some room. It gave 0.062 and 0.139 false incidents a bucket-week when they were set.
var Floors = map[anomaly.Severity]Target{
	anomaly.High:   {0.09, 0.25, 0.95, 0.80, 0.90, 0.50},
	anomaly.Medium: {0.20, 0.50, 0.95, 0.80, 0.90, 0.65},
}

// floorOfCases is the part of the scripted cases that must be found, of each.
const floorOfCases = 0.8

// Check returns an error that says what is below the Floors.
func (r *Result) Check() error {
	_, missed := r.against(Floors)
	var faults []error
	for _, what := range missed {
		faults = append(faults, errors.New(what))
	}
	for _, name := range sortedKeys(r.Cases) {
		if rate := r.Cases[name].Rate(); rate < floorOfCases {
			faults = append(faults, fmt.Errorf("case %q: %.2f found, not %.2f", name, rate, floorOfCases))
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("the quality is below the floor: %w", errors.Join(faults...))
	}
	return nil
}

// against returns how many of the targets are met, and says which aren't.
func (r *Result) against(targets map[anomaly.Severity]Target) (met int, missed []string) {
	check := func(level anomaly.Severity, what string, got, want float64, atMost bool) {
		if atMost && got <= want || !atMost && got >= want {
			met++
			return
		}
		missed = append(missed, fmt.Sprintf("%s at %s: %.3f, not %.2f", what, level, got, want))
	}
	for _, level := range Levels {
		s, t := r.Ours[level], targets[level]
		all, worst := s.FalsePerWeek()
		check(level, "false incidents a bucket-week", all, t.False, true)
		check(level, "those of the worst kind", worst, t.Worst, true)
		for i, want := range []float64{t.New100, t.Human100, t.Human1000, t.Usual} {
			c := namedClasses[i]
			check(level, fmt.Sprintf("%s, %d", c.By, c.Objects), s.Attacks[c].Rate(), want, false)
		}
	}
	return met, missed
}
