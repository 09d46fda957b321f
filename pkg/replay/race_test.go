//go:build race

package replay_test

// The race detector makes all of this ten times as slow.
const underRace = true
