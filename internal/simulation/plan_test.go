package simulation

import (
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	if p := small(); p.Validate() != nil {
		t.Fatalf("Validate() = %v, want nil", p.Validate())
	}
	for _, test := range []struct {
		spoil func(*Plan)
		want  string
	}{
		{func(p *Plan) { p.Files = 0 }, "0 files an hour are none"},
		{func(p *Plan) { p.Deliveries = 13 }, "13 deliveries are not from 1 to 12"},
		{func(p *Plan) { p.Burst = time.Hour }, "a burst of 1h0m0s is not from 0 to 5m0s"},
		{func(p *Plan) { p.BucketsInFile = 6 }, "6 buckets in a file are not from 1 to 5"},
		{func(p *Plan) { p.Records = 1 }, "1 records can't be of 2 buckets"},
		{func(p *Plan) { p.Hot = 1.5 }, "a share of 1.5 is not from 0 to 1"},
		{func(p *Plan) { p.Environments = 201 }, "201 environments are not from 1 to 200"},
		{func(p *Plan) { p.Scale = -1 }, "a scale of -1 is less than 1"},
	} {
		p := small()
		test.spoil(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Validate() = %v, want an error with %q", err, test.want)
		}
	}
}

// A delivery has a twelfth of an hour's files, and an hour all of them.
func TestTotal(t *testing.T) {
	for _, test := range []struct {
		files, deliveries, scale int
		want                     int
	}{
		{10, 12, 1, 10}, {10, 1, 1, 0}, {1000, 12, 1, 1000}, {1000, 1, 1, 83}, {100_000, 12, 10, 10_000}, {100_000, 1, 0, 595},
	} {
		p := Plan{Files: test.files, Deliveries: test.deliveries, Scale: test.scale, Burst: 10 * time.Second}
		if got := p.Total(); got != test.want {
			t.Errorf("%d files an hour, %d deliveries, scale %d: Total() = %d, want %d", test.files, test.deliveries, test.scale, got, test.want)
		}
	}
}
