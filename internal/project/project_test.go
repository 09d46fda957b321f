// Package project holds the repository as a whole to its rules: who may import whom, what the templates deploy, that
// dashboards and alarms name metrics that exist, and what it costs. It has tests only.
package project

import "path/filepath"

// inRoot is the path from here of a file in the repository's root. (A change of folder for all tests would hide the
// files from Go's test cache.)
func inRoot(name string) string { return filepath.Join("../..", name) }
