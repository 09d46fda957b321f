package alert

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/s3event"
)

// expect says how to declare that such deletes are expected, or why that can't be.
func (p *paper) expect(i *Incident) {
	if why := neverExpected(i); why != "" {
		p.text("%s", why)
		return
	}
	const when = "Only when you know who did it and why, and not tonight if in doubt."
	objects := deleted(i.Anomalies)
	names := individuals(objects)
	if !pasteable(names) || !isBucketName().MatchString(i.Bucket) || strings.ContainsAny(strings.Join(names, ""), "*?") {
		p.text(when + " Declare it in expected-deletes.yaml, whose comments say how. Who or what it was about can't be shown here as it is spelt.")
		return
	}
	p.text(when + " Say so in expected-deletes.yaml, in the folder that you deploy from. Such deletes are then counted, and nobody is told:")
	p.command("cat >>expected-deletes.yaml <<'END'\n\n" + entries(i) + "END")
	p.text("Write the reason into the file, since the build refuses an entry without; have it reviewed; and deploy it as you deployed the " +
		"stack (with its --config-env, if any). It holds for what is read from then on.")
	p.command("sam build && sam deploy")
}

// neverExpected says why an entry would change nothing, if so.
func neverExpected(i *Incident) string {
	var always []string
	for _, name := range []string{anomaly.NameAttackSequence, anomaly.NameProtectionRemoved, anomaly.NameEncryptedOverwrite, anomaly.NameMissingLogFiles, anomaly.NameAlteredLogFiles} {
		if i.has(name) {
			always = append(always, name)
		}
	}
	objects := deleted(i.Anomalies)
	switch {
	case len(always) > 0:
		are, they := "are", "they lead"
		if len(always) == 1 {
			are, they = "is", "it leads"
		}
		return "It can't be declared: " + enumerate(always) + " " + are + " always told, since what " + they + " to may be lost for good."
	case len(objects) == 0 && i.has(anomaly.NameDeniedDelete):
		return "A refused delete can't be declared expected: find out why it was tried; grant the permission only to who should have it."
	case len(objects) == 0:
		return "It can't be declared: an entry is for deletes whose objects are recorded."
	case i.Principal == s3event.Unattributed:
		return "It can't be declared: an entry says who may delete, and these records don't name anybody."
	}
	return ""
}

// individuals returns who deleted, sorted.
func individuals(objects map[principalHour]int64) []string {
	names := map[string]bool{}
	for at := range objects {
		names[at.principal] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// validFor is how long a ready-made entry holds: long enough not to be a nuisance, short enough to be looked at again.
const validFor = 90 * 24 * time.Hour

// entries are ready to be appended to expected-deletes.yaml, but for the reason: one for each individual.
func entries(i *Incident) string {
	objects := deleted(i.Anomalies)
	most := map[string]int64{}
	for at, n := range objects {
		most[at.principal] = max(most[at.principal], n)
	}
	keys, all := deletedKeys(i)
	note := " # of the first keys; of all?"
	if all {
		note = ""
	}
	var b strings.Builder
	for _, principal := range individuals(objects) {
		fmt.Fprintf(&b, "- bucket: %s\n  principal: %s\n", quoted(i.Bucket), quoted(principal))
		if prefix := withoutGlob(commonFolder(keys)); prefix != "" {
			fmt.Fprintf(&b, "  prefix: %s%s\n", quoted(prefix), note)
		}
		fmt.Fprintf(&b, "  max_objects_per_hour: %d\n", roundUp(most[principal]))
		if i.has(anomaly.NamePermanentDelete) {
			b.WriteString("  permanent: true # also by version id, which is for good\n")
		}
		fmt.Fprintf(&b, "  until: %s\n  reason:\n", i.now().UTC().Add(validFor).Format(time.DateOnly))
	}
	return b.String()
}

// withoutGlob cuts a prefix at the folder before the first character that stands for others in an entry: whoever chose
// the keys must not choose what the entry covers.
func withoutGlob(prefix string) string {
	if i := strings.IndexAny(prefix, "*?"); i >= 0 {
		return prefix[:strings.LastIndexByte(prefix[:i], '/')+1]
	}
	return prefix
}

// roundUp returns the next of 1, 2, 5, 10, 20, 50, ...: what is expected isn't the same each time.
func roundUp(n int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, k := range []int64{1, 2, 5} {
			if k*unit >= n || unit >= 1e17 {
				return k * unit
			}
		}
	}
}
