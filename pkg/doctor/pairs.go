package doctor

import (
	"cmp"
	"fmt"
	"strings"
)

// judgeDoubles: what two trails write into one folder is counted twice.
func judgeDoubles(s *Stack, all *trails, buckets []bucket) Finding {
	f := Finding{Check: "one-trail", Verdict: OK, Fact: fmt.Sprintf("No two trails of this account write the same requests into %s/%s.", s.logBucket(), s.prefix())}
	var into []*trail
	for _, t := range all.all {
		// All of the stack's own bucket reaches the function, of an existing one the folder under the prefix.
		if t.bucket == s.logBucket() && (s.hasOwnTrail() || t.prefix == s.prefix()) && (t.logging || t.statusErr != nil) {
			into = append(into, t)
		}
	}
	wanted, regions := toRecord(s, buckets), regionsOf(buckets)
	for i, a := range into {
		for _, b := range into[i+1:] {
			twice := bothRecord(s, a, b, wanted, regions)
			if twice == nil {
				continue
			}
			if b.name == s.id("Trail") {
				a, b = b, a // the stack's own stays
			}
			f.Verdict = Fault
			f.Fact = fmt.Sprintf("The trails %s and %s both record requests to %s, and both write into %s/%s: every count is twice what it should be.",
				a.name, b.name, named(twice, wanted), s.logBucket(), s.prefix())
			f.Fix = fmt.Sprintf("Have %s write under another prefix (aws cloudtrail update-trail --s3-key-prefix) or into another bucket; or, if nobody needs it, stop it:", b.name)
			f.Command = aws(b.region, "cloudtrail", "stop-logging", "--name", b.arn)
			return f
		}
	}
	return unlessUnknown(f, into)
}

// unlessUnknown is the finding, unless something of the trails could not be looked at.
func unlessUnknown(f Finding, trails []*trail) Finding {
	for _, t := range trails {
		if err := cmp.Or(t.statusErr, t.selectorsErr); err != nil && f.Verdict == OK {
			return couldNotLook(f.Check, err)
		}
	}
	return f
}

// bothRecord returns the buckets of which both trails record a request of the same kind: those of a single Region do so
// where both are of the same.
func bothRecord(s *Stack, a, b *trail, wanted []string, regions map[string]string) (both []string) {
	if !a.multiRegion && !b.sees(a.region) {
		return nil
	}
	for _, name := range wanted {
		if !a.sees(regions[name]) || !b.sees(regions[name]) {
			continue
		}
		for i := range probes {
			if e := objectEvent(s, name, probes[i].fields); a.records(e) && b.records(e) {
				both = append(both, name)
				break
			}
		}
	}
	return both
}

// judgeLoops: two trails that record each other's log files never come to an end.
func judgeLoops(s *Stack, all *trails, buckets []bucket) Finding {
	f := Finding{Check: "trails-apart", Verdict: OK, Fact: "No two trails of this account record each other's log files."}
	regions := regionsOf(buckets)
	fed := func(t *trail, bucket string) bool {
		return t.sees(regions[bucket]) && t.records(logFileWritten(s, bucket))
	}
	for i, a := range all.all {
		if a.bucket != s.logBucket() && fed(a, a.bucket) {
			f.Verdict = Warning
			f.Fact = fmt.Sprintf("The trail %s, which isn't this stack's, records the writing of its own log files in %s: it feeds itself, and costs more with every file.", a.name, a.bucket)
			f.Fix, f.Command = "Leave its log bucket out.", putSelectors(a, without(s, a.selectors, a.bucket))
		}
		for _, b := range all.all[i+1:] {
			if a.bucket == b.bucket || !fed(a, b.bucket) || !fed(b, a.bucket) {
				continue
			}
			if b.name == s.id("Trail") {
				a, b = b, a
			}
			f.Verdict = Fault
			f.Fact = fmt.Sprintf("The trails %s and %s record each other's log files (%s and %s): each file makes another, and each costs more every minute.", a.name, b.name, a.bucket, b.bucket)
			f.Fix = fmt.Sprintf("Have %s leave out %s.", b.name, a.bucket)
			f.Command = putSelectors(b, without(s, b.selectors, a.bucket))
			return f
		}
	}
	return unlessUnknown(f, all.all)
}

func trimSlash(prefix string) string { return strings.TrimSuffix(prefix, "/") }
