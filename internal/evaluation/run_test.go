package evaluation

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic/labelled"
)

// small is an account with a bucket of each of a few kinds, attacked within four weeks.
func small(seed uint64, kinds ...labelled.Kind) labelled.Options {
	return labelled.Options{
		Seed: seed, Account: "111122223333", From: from, Learn: learn, Scored: 28, Kinds: kinds, Attacks: true, Every: 20 * time.Minute,
	}
}

// The messages that are scored are those that were published: the incidents are counted a second time, so that those can
// be counted that there would be without a detector.
func TestMessagesAreThosePublished(t *testing.T) {
	o, err := Run(t.Context(), small(3, labelled.Quiet, labelled.Bursty, labelled.AdHoc), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Published) < 10 {
		t.Errorf("%d messages published, want more to compare", len(o.Published))
	}
	var got, want []string
	for _, in := range incidents(o.Findings) {
		for _, m := range in.Messages {
			got = append(got, fmt.Sprintf("%s [%s] %s", m.At.Format(time.RFC3339), m.Severity, in.Bucket))
		}
	}
	for _, m := range o.Published {
		subject := m.Subject[:slices.Index([]byte(m.Subject), ':')]
		want = append(want, fmt.Sprintf("%s %s", m.At.Format(time.RFC3339), subject))
	}
	slices.SortFunc(got, cmp.Compare[string])
	slices.SortFunc(want, cmp.Compare[string])
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-published +scored):\n%s", diff)
	}
}
