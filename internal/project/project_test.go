// Package project holds the repository as a whole to its rules: who may import whom, what the templates deploy, that
// dashboards and alarms name metrics that exist, and what it costs. It has tests only.
package project

import (
	"fmt"
	"os"
	"testing"
)

// TestMain runs the tests in the repository's root, so that they name each file by its path there.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	m.Run()
}
