//go:build race

package history

// The race detector makes all of this ten times as slow.
const underRace = true
