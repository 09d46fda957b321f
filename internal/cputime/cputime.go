//go:build unix

// Package cputime compares what two pieces of work cost: as a ratio of CPU times, since a time by the clock says more
// about the machine, and what else runs on it, than about the work.
package cputime

import (
	"slices"
	"syscall"
	"time"
)

// Self returns the CPU time, user and system, that all threads of the process have used: garbage collection is part of
// what work costs.
func Self() time.Duration { return usage(syscall.RUSAGE_SELF) }

// Children returns the CPU time of the processes that were started and waited for.
func Children() time.Duration { return usage(syscall.RUSAGE_CHILDREN) }

func usage(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		panic("getrusage: " + err.Error()) // who is wrong
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Of returns the CPU time that f takes in this process.
func Of(f func()) time.Duration {
	before := Self()
	f()
	return Self() - before
}

// Ratio returns how many times the CPU time of floor work takes: the median of so many pairs, run in turns, so that a
// machine that gets slower or faster meanwhile changes both. Each runs once before, for the caches and the pools.
func Ratio(pairs int, floor, work func()) float64 {
	floor()
	work()
	ratios := make([]float64, pairs)
	for i := range ratios {
		denominator := Of(floor)
		ratios[i] = float64(Of(work)) / float64(denominator)
	}
	return Median(ratios)
}

// Median returns the value in the middle of values, which it sorts.
func Median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
