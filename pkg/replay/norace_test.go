//go:build !race

package replay_test

const underRace = false
