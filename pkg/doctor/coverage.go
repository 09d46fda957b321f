package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// BucketLister lists the account's buckets.
type BucketLister interface {
	ListBuckets(context.Context, *s3.ListBucketsInput, ...func(*s3.Options)) (*s3.ListBucketsOutput, error)
}

// bucket is one of the account.
type bucket struct{ name, region string }

// later stands for every bucket that nobody has named: no bucket's name has an underscore.
const later = "_later"

// readBuckets reads the account's buckets.
func readBuckets(ctx context.Context, client BucketLister) ([]bucket, error) {
	var buckets []bucket
	pages := s3.NewListBucketsPaginator(client, &s3.ListBucketsInput{MaxBuckets: sdk.Int32(1000)}) // which also has them name their Regions
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Buckets {
			buckets = append(buckets, bucket{sdk.ToString(b.Name), sdk.ToString(b.BucketRegion)})
		}
	}
	return buckets, nil
}

// regionsOf are the buckets' Regions, as far as they are known.
func regionsOf(buckets []bucket) map[string]string {
	regions := map[string]string{}
	for _, b := range buckets {
		regions[b.name] = b.region
	}
	return regions
}

// toRecord are the buckets whose requests should be recorded: those of TrailBuckets, else all but the log bucket, and the
// later ones.
func toRecord(s *Stack, buckets []bucket) []string {
	if s.hasOwnTrail() && trailBuckets(s) != nil {
		return slices.DeleteFunc(trailBuckets(s), func(b string) bool { return b == s.logBucket() })
	}
	var names []string
	for _, b := range buckets {
		if b.name != s.logBucket() {
			names = append(names, b.name)
		}
	}
	return append(names, later)
}

// missing are the buckets of which a kind of request isn't recorded.
type missing struct {
	probe   *probe
	buckets []string
}

// judgeCoverage judges whether the trails record the buckets' requests.
func judgeCoverage(s *Stack, feeding []*trail, buckets []bucket) []Finding {
	var selectors []types.AdvancedEventSelector
	for _, t := range feeding {
		selectors = append(selectors, t.selectors...)
	}
	wanted := toRecord(s, buckets)
	lacks := lacking(s, selectors, wanted)
	findings := []Finding{judgeLacks(s, feeding[0], wanted, lacks)}
	if f, ok := judgeNames(s, buckets); ok {
		findings = append(findings, f)
	}
	return findings
}

// lacking says what isn't recorded, and should be.
func lacking(s *Stack, selectors []types.AdvancedEventSelector, wanted []string) (lacks []missing) {
	kind := s.Parameters["TrailEvents"]
	for i := range probes {
		p := &probes[i]
		if s.hasOwnTrail() && (p.reads && kind == "writes" || !p.delete && kind == "deletes") {
			continue
		}
		m := missing{probe: p}
		for _, b := range wanted {
			if !records(selectors, objectEvent(s, b, p.fields)) {
				m.buckets = append(m.buckets, b)
			}
		}
		if len(m.buckets) > 0 {
			lacks = append(lacks, m)
		}
	}
	return lacks
}

func judgeLacks(s *Stack, t *trail, wanted []string, lacks []missing) Finding {
	f := Finding{Check: "trail-selectors", Verdict: OK}
	switch of := named(wanted, wanted); {
	case len(lacks) == 0 && s.hasOwnTrail() && s.Parameters["TrailEvents"] != "all" && s.Parameters["TrailEvents"] != "":
		f.Fact = fmt.Sprintf("The trail %s records the requests to %s that TrailEvents (%s) names.", t.name, of, s.Parameters["TrailEvents"])
		return f
	case len(lacks) == 0:
		f.Fact = fmt.Sprintf("The trail %s records all kinds of requests to %s.", t.name, of)
		return f
	}
	var parts []string
	deletes, nothing := false, len(lacks) == len(probes)
	for _, l := range lacks {
		deletes = deletes || l.probe.delete
		nothing = nothing && len(l.buckets) == len(wanted)
		parts = append(parts, l.probe.what+" of "+named(l.buckets, wanted))
	}
	switch same := sameBuckets(lacks); {
	case nothing:
		f.Fact = fmt.Sprintf("The trail %s records no S3 data events: no request to an object is seen.", t.name)
	case same && len(lacks) == len(probes):
		f.Fact = fmt.Sprintf("The trail %s does not record requests to %s.", t.name, named(lacks[0].buckets, wanted))
	case same:
		var what []string
		for _, l := range lacks {
			what = append(what, l.probe.what)
		}
		f.Fact = fmt.Sprintf("The trail %s does not record, of %s: %s.", t.name, named(lacks[0].buckets, wanted), strings.Join(what, "; "))
	default:
		f.Fact = fmt.Sprintf("The trail %s does not record: %s.", t.name, strings.Join(parts, "; "))
	}
	all := !slices.ContainsFunc(lacks, func(l missing) bool { return len(l.buckets) < len(wanted) })
	switch {
	case s.hasOwnTrail():
		f.Verdict, f.Fix = Fault, "Give the trail the selectors that the stack's parameters ask for (a deployment doesn't, while the parameters stay)."
		f.Command = putSelectors(t, ownSelectors(s))
		return f
	case all && deletes: // of no bucket
		f.Verdict, f.Fix = Fault, "Add a selector for the requests to objects outside the log bucket; each 100,000 cost $0.10."
	default: // perhaps by intention
		f.Verdict, f.Fix = Warning, "If they should be recorded: add a selector; each 100,000 requests cost $0.10."
	}
	only := lacks[0].buckets
	for _, l := range lacks {
		if slices.Contains(l.buckets, later) {
			only = nil // all, later ones too
		}
		for _, b := range l.buckets {
			if only != nil && !slices.Contains(only, b) {
				only = append(only, b)
			}
		}
	}
	f.Command = putSelectors(t, append(slices.Clone(t.selectors), requests(s, "For BucketWatch", s.logBucket(), only)))
	return f
}

func sameBuckets(lacks []missing) bool {
	for _, l := range lacks[1:] {
		if !slices.Equal(l.buckets, lacks[0].buckets) {
			return false
		}
	}
	return true
}

// named names buckets among those that should be recorded.
func named(some, wanted []string) string {
	switch {
	case len(some) == len(wanted) && slices.Contains(wanted, later) && len(wanted) > 1:
		return fmt.Sprintf("all buckets (%d now, and later ones)", len(wanted)-1)
	case len(some) == len(wanted) && slices.Contains(wanted, later):
		return "all buckets"
	case slices.Contains(some, later) && len(some) == 1:
		return "buckets made later"
	case slices.Contains(some, later):
		return listed(slices.DeleteFunc(slices.Clone(some), func(b string) bool { return b == later })) + ", and of buckets made later"
	}
	return listed(some)
}

// judgeNames looks for names in TrailBuckets that no bucket has.
func judgeNames(s *Stack, buckets []bucket) (Finding, bool) {
	if !s.hasOwnTrail() || buckets == nil {
		return Finding{}, false
	}
	var unknown []string
	for _, name := range trailBuckets(s) {
		if !slices.ContainsFunc(buckets, func(b bucket) bool { return b.name == name }) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return Finding{}, false
	}
	return Finding{
		Check: "buckets-recorded", Verdict: Warning, Fact: fmt.Sprintf("TrailBuckets names %s, and this account has no such bucket.", listed(unknown)),
		Fix: "Deploy with the right names in TrailBuckets.",
	}, true
}

// judgeOwnLogBucket: a trail that records the writing of its own log files feeds itself.
func judgeOwnLogBucket(s *Stack, t *trail) Finding {
	f := Finding{Check: "trail-leaves-out-log-bucket", Verdict: OK, Fact: fmt.Sprintf("The trail %s leaves out the writing of its own log files.", t.name)}
	deletes := objectEvent(s, t.bucket, event{"eventName": "DeleteObject"})
	switch {
	case t.sees(s.Region) && records(t.selectors, logFileWritten(s, t.bucket)): // the log bucket is where the stack is
		f.Verdict, f.Fact = Fault, fmt.Sprintf("The trail %s records the writing of its own log files in %s: it feeds itself, and costs more with every file.", t.name, t.bucket)
		f.Fix = "Leave the log bucket out."
		if s.hasOwnTrail() {
			f.Command = putSelectors(t, ownSelectors(s))
		} else {
			f.Command = putSelectors(t, without(s, t.selectors, t.bucket))
		}
	case t.sees(s.Region) && records(t.selectors, deletes):
		f.Fact += " Deletes there are recorded."
	default:
		f.Fact += " Deletes there are not recorded either, so that nobody is told of them."
	}
	return f
}

// judgeRegions: trails of one Region each see these Regions' buckets alone.
func judgeRegions(s *Stack, feeding []*trail, buckets []bucket) Finding {
	f := Finding{Check: "trail-regions", Verdict: OK}
	t := feeding[0]
	if slices.ContainsFunc(feeding, func(t *trail) bool { return t.multiRegion }) {
		f.Fact = fmt.Sprintf("The trail %s records all Regions.", t.name)
		return f
	}
	if s.hasOwnTrail() && s.Parameters["MultiRegionTrail"] == "false" {
		f.Fact = fmt.Sprintf("The trail %s records %s alone, as the parameter MultiRegionTrail says.", t.name, t.region)
		return f
	}
	var names, regions, elsewhere []string
	for _, t := range feeding {
		names = append(names, t.name)
		if !slices.Contains(regions, t.region) {
			regions = append(regions, t.region)
		}
	}
	for _, b := range buckets {
		if b.region != "" && !slices.Contains(regions, b.region) {
			elsewhere = append(elsewhere, b.name)
		}
	}
	f.Verdict, f.Fact = Warning, fmt.Sprintf("The trail %s records %s alone", t.name, t.region)
	if len(feeding) > 1 {
		f.Fact = fmt.Sprintf("The trails %s record %s alone", listed(names), listed(regions))
	}
	if len(elsewhere) > 0 {
		f.Fact += fmt.Sprintf(": requests to %s, in other Regions, are not seen.", listed(elsewhere))
	} else {
		f.Fact += ": requests to buckets of other Regions are not seen."
	}
	f.Fix = "If they should be: have it record all Regions."
	f.Command = aws(t.region, "cloudtrail", "update-trail", "--name", t.arn, "--is-multi-region-trail", "--include-global-service-events")
	if s.hasOwnTrail() {
		f.Verdict = Fault // it was turned off: the parameter says otherwise
		f.Fix = "Have it record all Regions again."
	}
	return f
}
