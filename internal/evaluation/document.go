package evaluation

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"text/template"
	"time"

	"bucketwatch/pkg/anomaly"
)

//go:embed document.md
var document string

// WriteDocument writes docs/EVALUATION.md. Times are how soon things are told, from a run of frequent deliveries; another,
// which may be nil, is the same for another seed.
func (r *Result) WriteDocument(w io.Writer, times, another *Result) error {
	t, err := template.New("document").Parse(document)
	if err != nil {
		return fmt.Errorf("cannot read the document's template: %w", err)
	}
	high, medium := r.Ours[anomaly.High], r.Ours[anomaly.Medium]
	data := map[string]any{
		"Every":        words(r.Plan.every()),
		"Seed":         r.Plan.Seed,
		"Buckets":      r.buckets(),
		"Weeks":        r.Plan.Weeks,
		"Named":        high.Attacks[namedClasses[0]].Of,
		"FleetBuckets": r.Plan.Fleet,
		"Main":         r.table(),
		"Targets":      r.verdict(),
		"Fleet":        r.fleet(),
		"KindsHigh":    r.kinds(anomaly.High),
		"KindsMedium":  r.kinds(anomaly.Medium),
		"Causes":       causes(high, medium),
		"FleetCauses":  causes(r.Fleet[anomaly.High], r.Fleet[anomaly.Medium]),
		"Times":        times.times(),
		"Scripted":     r.scripted(),
		"AblationHigh": r.ablation(anomaly.High), "AblationMedium": r.ablation(anomaly.Medium),
		"GridHigh": r.grid(anomaly.High), "GridMedium": r.grid(anomaly.Medium),
		"Another": "", "AnotherSeed": uint64(0), "AnotherBuckets": 0,
		"FleetVerdict": r.fleetVerdict(),
	}
	if another != nil {
		data["AnotherTargets"] = another.verdict()
		data["Another"], data["AnotherSeed"], data["AnotherBuckets"] = another.table(), another.Plan.Seed, another.buckets()
	}
	if err := t.Execute(w, data); err != nil {
		return fmt.Errorf("cannot write the document: %w", err)
	}
	return nil
}

// buckets is how many there are of all kinds.
func (r *Result) buckets() int {
	weeks := 0.0
	for _, n := range r.Ours[anomaly.High].Weeks {
		weeks += n
	}
	return int(weeks) / r.Plan.Weeks
}

// String is the table as Markdown.
func (t *table) String() string {
	var b strings.Builder
	_ = t.write(&b) // which takes all
	return b.String()
}

func words(d time.Duration) string {
	if d == time.Hour {
		return "hour"
	}
	return fmt.Sprintf("%d minutes", d/time.Minute)
}

// fleetVerdict says whether the fleet's target is met.
func (r *Result) fleetVerdict() string {
	if r.Plan.Fleet == 0 {
		return "There was none in this run."
	}
	if r.perFleet(anomaly.High) <= FleetTarget {
		return "The target is met."
	}
	return "The target is missed: see below what the messages are about."
}

// verdict says which targets are met, and which aren't.
func (r *Result) verdict() string {
	met, missed := r.against(Targets)
	if len(missed) == 0 {
		return fmt.Sprintf("All %d targets are met.\n", met)
	}
	return fmt.Sprintf("%d of %d targets are met. Missed: %s.\n", met, met+len(missed), strings.Join(missed, "; "))
}
