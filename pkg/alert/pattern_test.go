package alert

import "testing"

// A pattern that doesn't compile would panic in the middle of an incident.
func TestPatternsCompile(t *testing.T) {
	for _, p := range []string{
		isRegion().String(), aboutTrail().String(), isEventID().String(), whenOfSentence().String(), plainWord().String(), isBucketName().String(),
	} {
		if p == "" {
			t.Error("a pattern is empty")
		}
	}
}
