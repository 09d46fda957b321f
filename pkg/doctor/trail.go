package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// lookAtTrails answers what there is to ask of trails.
func lookAtTrails(ctx context.Context, client CloudTrail, buckets BucketLister, s *Stack, now time.Time) ([]Finding, error) {
	all, err := readTrails(ctx, client, s.Region)
	if err != nil {
		return nil, err
	}
	mine, bucketsErr := readBuckets(ctx, buckets)
	findings := judgeTrails(s, all, mine, now)
	if bucketsErr != nil {
		findings = append(findings, couldNotLook("buckets-recorded", bucketsErr))
	}
	if all.elsewhere != nil {
		findings = append(findings, couldNotLook("trails-of-other-regions", all.elsewhere))
	}
	return findings, nil
}

// judgeTrails judges the trails that fill the log bucket, and how all trails get along.
func judgeTrails(s *Stack, all *trails, buckets []bucket, now time.Time) []Finding {
	feeding := all.into(s)
	var findings []Finding
	if len(feeding) == 0 {
		findings = append(findings, judgeNoTrail(s, all))
	}
	for _, t := range feeding {
		findings = append(findings, judgeLogging(s, t, now), judgeDigests(t))
		if f, ok := judgeKey(s, t); ok {
			findings = append(findings, f)
		}
		if t.selectorsErr != nil {
			findings = append(findings, couldNotLook("trail-selectors", t.selectorsErr))
		}
	}
	if known := withSelectors(feeding); len(known) > 0 {
		findings = append(findings, judgeCoverage(s, known, buckets)...)
		for _, t := range known {
			findings = append(findings, judgeOwnLogBucket(s, t))
		}
		findings = append(findings, judgeRegions(s, known, buckets), judgeManagementEvents(s, known))
	}
	return append(findings, judgeDoubles(s, all, buckets), judgeLoops(s, all, buckets))
}

func withSelectors(trails []*trail) (known []*trail) {
	for _, t := range trails {
		if t.selectorsErr == nil {
			known = append(known, t)
		}
	}
	return known
}

// judgeNoTrail says why no trail fills the folder that is read.
func judgeNoTrail(s *Stack, all *trails) Finding {
	f := Finding{Check: "trail-logging", Verdict: Fault}
	if s.hasOwnTrail() {
		name := s.id("Trail")
		for _, t := range all.all {
			if t.name == name && t.region == s.Region {
				f.Fact = fmt.Sprintf("The stack's trail %s writes into %s/%s, not into %s/: none of its files is read.", name, t.bucket, t.prefix, s.logBucket())
				f.Fix, f.Command = "Have it write there again.", aws(s.Region, "cloudtrail", "update-trail", "--name", t.arn, "--s3-bucket-name", s.logBucket(), "--s3-key-prefix", "")
				return f
			}
		}
		f.Fact = fmt.Sprintf("The stack's trail %s is gone: nothing is recorded.", name)
		f.Fix = "Make it again as the stack had it (a deployment doesn't)."
		t := &trail{arn: name, region: s.Region}
		multi := []string{"--no-is-multi-region-trail", "--no-include-global-service-events"}
		if s.Parameters["MultiRegionTrail"] != "false" {
			multi = []string{"--is-multi-region-trail", "--include-global-service-events"}
		}
		create := append([]string{"--name", name, "--s3-bucket-name", s.logBucket(), "--enable-log-file-validation"}, multi...)
		f.Command = aws(s.Region, "cloudtrail", "create-trail", create...) + " && " + putSelectors(t, ownSelectors(s)) + " && " +
			aws(s.Region, "cloudtrail", "start-logging", "--name", name)
		return f
	}
	for _, t := range all.all {
		if t.bucket == s.logBucket() {
			f.Fact = fmt.Sprintf("The trail %s writes into %s under the prefix %q, and the stack reads %q: no file comes.", t.name, t.bucket, t.prefix, s.prefix())
			f.Fix = fmt.Sprintf("Deploy with LogFilePrefix=%s.", quote(trimSlash(t.prefix)))
			f.Command = "sam build && sam deploy --stack-name " + quote(s.Name) + " --parameter-overrides LogFilePrefix=" + quote(trimSlash(t.prefix))
			return f
		}
	}
	f.Verdict = Warning
	f.Fact = fmt.Sprintf("No trail of this account writes into %s/%s; whether one of another account does can't be told from here.", s.logBucket(), s.prefix())
	f.Fix = "If it is another account's (an organization's): look there whether it logs, and records S3 data events. If none is: deploy without ExistingLogBucketName, which makes one."
	return f
}

func judgeLogging(s *Stack, t *trail, now time.Time) Finding {
	if t.statusErr != nil {
		return couldNotLook("trail-logging", t.statusErr)
	}
	f := Finding{Check: "trail-logging", Verdict: Fault}
	switch {
	case !t.logging:
		f.Fact = fmt.Sprintf("The trail %s is stopped: nothing is recorded.", t.name)
		f.Fix, f.Command = "Start it, and see who stopped it (StopLogging in CloudTrail's event history).", aws(t.region, "cloudtrail", "start-logging", "--name", t.arn)
	case t.deliveryError != "":
		f.Fact = fmt.Sprintf("The trail %s cannot write its log files into %s: %s.", t.name, t.bucket, t.deliveryError)
		f.Fix = "Let CloudTrail write there: the bucket's policy must allow cloudtrail.amazonaws.com s3:GetBucketAcl and s3:PutObject, and a KMS key's policy kms:GenerateDataKey*. See the policy:"
		f.Command = aws(s.Region, "s3api", "get-bucket-policy", "--bucket", t.bucket, "--query", "Policy", "--output", "text")
	case t.digestError != "":
		f.Fact = fmt.Sprintf("The trail %s cannot write its digests into %s: %s.", t.name, t.bucket, t.digestError)
		f.Fix = "Let CloudTrail write there: the bucket's policy must allow it AWSLogs/ACCOUNT/*, not CloudTrail/ alone. See the policy:"
		f.Command = aws(s.Region, "s3api", "get-bucket-policy", "--bucket", t.bucket, "--query", "Policy", "--output", "text")
	case t.delivered.IsZero():
		f.Verdict, f.Fact = OK, fmt.Sprintf("The trail %s is logging; it has delivered nothing yet.", t.name)
	default:
		f.Verdict, f.Fact = OK, fmt.Sprintf("The trail %s is logging, and delivered last %s.", t.name, ago(now, t.delivered))
	}
	return f
}

// judgeDigests: without digests a quiet night looks like a fault.
func judgeDigests(t *trail) Finding {
	f := Finding{Check: "trail-digests", Verdict: OK, Fact: fmt.Sprintf("The trail %s writes a digest every hour, so that a quiet hour isn't taken for a fault.", t.name)}
	if !t.digests {
		f.Verdict = Warning
		f.Fact = fmt.Sprintf("The trail %s writes no digests: quiet hours set off the alarm Silence.", t.name)
		f.Fix, f.Command = "Switch log file validation on.", aws(t.region, "cloudtrail", "update-trail", "--name", t.arn, "--enable-log-file-validation")
	}
	return f
}

// judgeKey: the function must be able to decrypt what the trail encrypts.
func judgeKey(s *Stack, t *trail) (Finding, bool) {
	given := s.Parameters["ExistingLogBucketKmsKeyArn"]
	if t.kmsKey == "" || s.hasOwnTrail() {
		return Finding{}, false
	}
	f := Finding{Check: "trail-key", Verdict: OK, Fact: fmt.Sprintf("The function may use the key that the trail %s encrypts with.", t.name)}
	if t.kmsKey != given {
		f.Verdict = Fault
		f.Fact = fmt.Sprintf("The trail %s encrypts its log files with %s, which the function may not use: they can't be read.", t.name, t.kmsKey)
		f.Fix = "Deploy with that key."
		f.Command = "sam build && sam deploy --stack-name " + quote(s.Name) + " --parameter-overrides ExistingLogBucketKmsKeyArn=" + quote(t.kmsKey)
	}
	return f, true
}

func judgeManagementEvents(s *Stack, feeding []*trail) Finding {
	f := Finding{Check: "trail-management-events", Verdict: OK, Fact: "Changes to buckets and trails are recorded."}
	for _, t := range feeding {
		if records(t.selectors, bucketChanged(s)) {
			return f
		}
	}
	if s.hasOwnTrail() && s.Parameters["ManagementEvents"] == "none" {
		f.Fact = "Changes to buckets and trails are not recorded, as the parameter ManagementEvents (none) says: ProtectionRemoved is found of deletes in the log bucket alone."
		return f
	}
	t := feeding[0]
	f.Verdict, f.Fact = Warning, fmt.Sprintf("The trail %s records no changes to buckets and trails: the anomaly ProtectionRemoved can't be found.", t.name)
	f.Fix = "Record management events that write (where another trail records them too, this copy costs $2.00 per 100,000)."
	wanted := append(slices.Clone(t.selectors), changes())
	if s.hasOwnTrail() {
		wanted = ownSelectors(s)
	}
	f.Command = putSelectors(t, wanted)
	return f
}
