package doctor

import (
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	ct "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	s3t "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// everything selects the requests to all objects, log buckets included.
func everything() ct.AdvancedEventSelector {
	return ct.AdvancedEventSelector{FieldSelectors: []ct.AdvancedFieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object")}}
}

// managementOnly is an organization's usual trail.
func managementOnly() *cloudtrail.GetEventSelectorsOutput {
	return &cloudtrail.GetEventSelectorsOutput{EventSelectors: []ct.EventSelector{{ReadWriteType: ct.ReadWriteTypeAll}}}
}

// dataEvents are basic selectors of data events.
func dataEvents(kind ct.ReadWriteType, values ...string) *cloudtrail.GetEventSelectorsOutput {
	return &cloudtrail.GetEventSelectorsOutput{EventSelectors: []ct.EventSelector{{
		ReadWriteType: kind, IncludeManagementEvents: sdk.Bool(true), DataResources: []ct.DataResource{{Type: sdk.String("AWS::S3::Object"), Values: values}},
	}}}
}

// with adds a field to the first selector.
func (w *world) with(f ct.AdvancedFieldSelector) {
	s := &w.selectors[w.ours()].AdvancedEventSelectors[0]
	s.FieldSelectors = append(s.FieldSelectors, f)
}

var brokenTrails = []broken{
	{"stopped", true, func(w *world) { w.status[w.ours()].IsLogging = sdk.Bool(false) }, "trail-logging", Fault, "is stopped", "aws cloudtrail start-logging --region eu-central-1 --name " + arnOf(ownBucket), nil},
	{"cannot deliver", true, func(w *world) { w.status[w.ours()].LatestDeliveryError = sdk.String("AccessDenied") }, "trail-logging", Fault, "cannot write its log files into " + ownBucket + ": AccessDenied", "get-bucket-policy", nil},
	{"cannot deliver digests", true, func(w *world) { w.status[w.ours()].LatestDigestDeliveryError = sdk.String("AccessDenied") }, "trail-logging", Fault, "cannot write its digests", "get-bucket-policy", nil},
	{"own trail deleted", true, func(w *world) { w.trails = nil }, "trail-logging", Fault, "is gone", "aws cloudtrail create-trail --region eu-central-1 --name " + ownBucket, nil},
	{"own trail of one Region deleted", true, func(w *world) { w.trails = nil; w.set("MultiRegionTrail", "false") }, "trail-logging", Fault, "is gone", "--no-is-multi-region-trail", nil},
	{"own trail writes elsewhere", true, func(w *world) { w.trails[0].S3KeyPrefix = sdk.String("x") }, "trail-logging", Fault, "into " + ownBucket + "/x/, not into", "--s3-bucket-name " + ownBucket + " --s3-key-prefix ''", nil},
	{"no digests", true, func(w *world) { w.trails[0].LogFileValidationEnabled = sdk.Bool(false) }, "trail-digests", Warning, "no digests", "--enable-log-file-validation", nil},

	{"no data events", true, func(w *world) { w.selectors[w.ours()] = managementOnly() }, "trail-selectors", Fault, "records no S3 data events", "Requests to objects", nil},
	{"existing trail without data events", false, func(w *world) { w.selectors[arnOf("team-trail")] = managementOnly() }, "trail-selectors", Fault, "records no S3 data events", `"Name":"For BucketWatch"`, nil},
	{"reads only", true, func(w *world) { w.with(field("readOnly", "true")) }, "trail-selectors", Fault, "of all buckets (2 now, and later ones): uploads; deletes;", "put-event-selectors", nil},
	{"no reads", true, func(w *world) { w.with(field("readOnly", "false")) }, "trail-selectors", Fault, "does not record, of all buckets (2 now, and later ones): reads.", "put-event-selectors", nil},
	{"no deletes", true, func(w *world) {
		w.with(ct.AdvancedFieldSelector{Field: sdk.String("eventName"), NotStartsWith: []string{"Delete"}})
	}, "trail-selectors", Fault, "deletes; bulk deletes", "put-event-selectors", nil},
	{"no records of a bulk delete's objects", true, func(w *world) { w.with(field("eventType", "AwsApiCall")) }, "trail-selectors", Fault, "each object of a bulk delete", "put-event-selectors", nil},
	{"nothing of the console", false, func(w *world) { w.with(field("sessionCredentialFromConsole", "false")) }, "trail-selectors", Fault, "deletes made in the console", "put-event-selectors", nil},
	{"a bucket left out", true, func(w *world) {
		w.with(ct.AdvancedFieldSelector{Field: sdk.String("resources.ARN"), NotStartsWith: []string{"arn:aws:s3:::photos/"}})
	}, "trail-selectors", Fault, "does not record requests to photos.", "put-event-selectors", nil},
	{"existing trail of one bucket", false, func(w *world) {
		w.selectors[arnOf("team-trail")] = dataEvents(ct.ReadWriteTypeAll, "arn:aws:s3:::photos/")
	}, "trail-selectors", Warning, "does not record requests to backups, and of buckets made later.", "put-event-selectors", nil},
	{"existing trail of writes", false, func(w *world) {
		w.selectors[arnOf("team-trail")] = dataEvents(ct.ReadWriteTypeWriteOnly, "arn:aws:s3:::photos/", "arn:aws:s3:::backups/")
	}, "trail-selectors", Warning, "reads of", "put-event-selectors", nil},
	{"TrailBuckets lacks one of its own", true, func(w *world) { w.set("TrailBuckets", "photos,videos") }, "buckets-recorded", Warning, "TrailBuckets names videos", "TrailBuckets", nil},
	{"a bucket of TrailBuckets is not recorded", true, func(w *world) {
		w.set("TrailBuckets", "photos,backups")
		w.selectors[w.ours()].AdvancedEventSelectors[0].FieldSelectors[2].StartsWith = []string{"arn:aws:s3:::photos/"}
	}, "trail-selectors", Fault, "requests to backups", "arn:aws:s3:::backups/", nil},

	{"feeds itself", true, func(w *world) { w.selectors[w.ours()].AdvancedEventSelectors[0] = everything() }, "trail-leaves-out-log-bucket", Fault, "feeds itself", `"NotStartsWith":["arn:aws:s3:::` + ownBucket + `/"]`, nil},
	{"existing trail feeds itself", false, func(w *world) {
		w.selectors[arnOf("team-trail")] = dataEvents(ct.ReadWriteTypeAll, "arn:aws:s3")
	}, "trail-leaves-out-log-bucket", Fault, "feeds itself", `"StartsWith":["arn:aws:s3"],"NotStartsWith":["arn:aws:s3:::trail-logs/"]`, nil},

	{"no management events", true, func(w *world) {
		s := w.selectors[w.ours()]
		s.AdvancedEventSelectors = s.AdvancedEventSelectors[:2]
	}, "trail-management-events", Warning, "no changes to buckets", "Changes to buckets and trails", nil},
	{"own trail of one Region", true, func(w *world) { w.trails[0].IsMultiRegionTrail = sdk.Bool(false) }, "trail-regions", Fault, "requests to backups, in other Regions", "--is-multi-region-trail", nil},
	{"existing trail of one Region", false, func(w *world) { w.trails[0].IsMultiRegionTrail = sdk.Bool(false) }, "trail-regions", Warning, "eu-central-1 alone", "--is-multi-region-trail", nil},
	{"another prefix", false, func(w *world) { w.trails[0].S3KeyPrefix = sdk.String("o-abc") }, "trail-logging", Fault, `under the prefix "o-abc/", and the stack reads "logs/"`, "LogFilePrefix=o-abc", nil},
	{"no trail to be seen", false, func(w *world) { w.trails = nil }, "trail-logging", Warning, "can't be told from here", "organization", nil},
	{"a key that isn't given", false, func(w *world) { w.trails[0].KmsKeyId = sdk.String("arn:aws:kms:eu-central-1:1:key/2") }, "trail-key", Fault, "may not use", "ExistingLogBucketKmsKeyArn=arn:aws:kms:eu-central-1:1:key/2", nil},

	{"two trails into one prefix", false, func(w *world) { w.addTrail("second", existing, "logs/", everything()) }, "one-trail", Fault, "second and team-trail both record requests to all buckets (2 now, and later ones)", "stop-logging", []string{"trail-leaves-out-log-bucket"}},
	{"a second trail into the own bucket", true, func(w *world) {
		w.addTrail("a-second", ownBucket, "elsewhere", requests(w.stack(), "", ownBucket, []string{"photos"}))
	}, "one-trail", Fault, ownBucket + " and a-second both record requests to photos,", arnOf("a-second"), nil},
	{"a trail of another Region into one prefix", false, func(w *world) {
		second := w.addTrail("z-trail", existing, "logs/", requests(w.stack(), "", existing, nil))
		second.HomeRegion = sdk.String("us-east-1")
		w.elsewhere, w.trails = w.trails[1:], w.trails[:1]
	}, "one-trail", Fault, "team-trail and z-trail", "--region us-east-1", nil},
	{"a trail of the same Region alone into one prefix", false, func(w *world) {
		w.addTrail("z-trail", existing, "logs/", requests(w.stack(), "", existing, nil)).IsMultiRegionTrail = sdk.Bool(false)
	}, "one-trail", Fault, "both record requests to photos, and of buckets made later,", "stop-logging", nil},
	{"trails that record each other", true, func(w *world) {
		w.addTrail("team", "team-logs", "", requests(w.stack(), "", "team-logs", nil))
	}, "trails-apart", Fault, "record each other's log files (" + ownBucket + " and team-logs)", "--trail-name " + arnOf("team"), nil},
	{"another trail feeds itself", true, func(w *world) {
		w.addTrail("team", "team-logs", "", everything())
		w.selectors[w.ours()] = &cloudtrail.GetEventSelectorsOutput{AdvancedEventSelectors: ownSelectors(w.stack())}
		w.with(ct.AdvancedFieldSelector{Field: sdk.String("resources.ARN"), NotStartsWith: []string{"arn:aws:s3:::team-logs/"}})
		w.buckets = append(w.buckets, s3t.Bucket{Name: sdk.String("team-logs")})
	}, "trails-apart", Warning, "team, which isn't this stack's", "arn:aws:s3:::team-logs/", []string{"trail-selectors"}},
}

// What is as the parameters ask for is in order, although it isn't all.
func TestAsAskedFor(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"deletes":              func(w *world) { w.set("TrailEvents", "deletes") },
		"writes":               func(w *world) { w.set("TrailEvents", "writes") },
		"some buckets":         func(w *world) { w.set("TrailBuckets", "photos,"+ownBucket) },
		"no management events": func(w *world) { w.set("ManagementEvents", "none") },
		"one Region":           func(w *world) { w.set("MultiRegionTrail", "false"); w.trails[0].IsMultiRegionTrail = sdk.Bool(false) },
		"a trail beside": func(w *world) {
			w.addTrail("organization", "their-logs", "")
			w.selectors[arnOf("organization")] = managementOnly()
		},
		"a stopped trail there": func(w *world) {
			w.addTrail("old", ownBucket, "", everything())
			w.status[arnOf("old")].IsLogging = sdk.Bool(false)
			w.trails[1].S3KeyPrefix = sdk.String("old")
		},
	} {
		w := healthy(true)
		change(w)
		w.selectors[w.ours()] = &cloudtrail.GetEventSelectorsOutput{AdvancedEventSelectors: ownSelectors(w.stack())}
		for _, f := range w.run(t) {
			if f.Verdict != OK {
				t.Errorf("%s: %+v, want it in order", name, f)
			}
		}
	}
}

// Trails that can't be looked into may record the same requests, and each other's log files.
func TestTrailsUnseen(t *testing.T) {
	for _, operation := range []string{"GetTrailStatus", "GetEventSelectors"} {
		w := healthy(true)
		w.err[operation] = code("AccessDeniedException", "no")
		for _, f := range w.run(t) {
			if (f.Check == "one-trail" || f.Check == "trails-apart") && f.Verdict != Unknown {
				t.Errorf("without %s: %+v, want it unknown", operation, f)
			}
		}
	}
}

// A trail of a single Region records nothing of another's.
func TestTrailsOfOneRegionEach(t *testing.T) {
	for name, otherBucket := range map[string]string{"into one folder": existing, "beside each other": "american-logs"} {
		w := healthy(false)
		w.trails[0].IsMultiRegionTrail = sdk.Bool(false)
		prefix := "logs/"
		if otherBucket != existing {
			prefix = ""
			w.buckets = append(w.buckets, s3t.Bucket{Name: &otherBucket, BucketRegion: sdk.String("us-east-1")})
		}
		other := w.addTrail("american", otherBucket, prefix, requests(w.stack(), "", otherBucket, nil))
		other.IsMultiRegionTrail, other.HomeRegion = sdk.Bool(false), sdk.String("us-east-1")
		for _, f := range w.run(t) {
			if f.Verdict != OK && f.Check != "trail-regions" {
				t.Errorf("%s: %+v, want it in order", name, f)
			}
			if f.Check == "trail-regions" && otherBucket == existing && !strings.Contains(f.Fact, "american and team-trail record us-east-1 and eu-central-1 alone: requests to buckets of other Regions") {
				t.Errorf("%s: %q, want both trails' Regions", name, f.Fact)
			}
		}
	}
}

// Of two trails into one folder the one that is stopped is no fault.
func TestStoppedBesideAnother(t *testing.T) {
	w := healthy(false)
	w.addTrail("old", existing, "logs/", everything())
	w.status[arnOf("old")].IsLogging = sdk.Bool(false)
	if found := w.run(t); Worst(found) != OK {
		t.Errorf("%+v, want all in order", found)
	}
}

func TestMatches(t *testing.T) {
	f := ct.AdvancedFieldSelector{StartsWith: []string{"a/", "b/"}, NotEndsWith: []string{".tmp"}}
	for value, want := range map[string]bool{"a/x": true, "b/": true, "c/x": false, "a/x.tmp": false} {
		if got := matches(f, value); got != want {
			t.Errorf("matches(%q) = %v, want %v", value, got, want)
		}
	}
	unknown := ct.AdvancedEventSelector{FieldSelectors: []ct.AdvancedFieldSelector{field("vpcEndpointId", "x")}}
	if selects(unknown, event{"eventName": "GetObject"}) {
		t.Error("a field that the event hasn't is matched")
	}
}

// The selectors with a bucket left out record all else as before.
func TestWithout(t *testing.T) {
	s := healthy(false).stack()
	before := append(advanced(dataEvents(ct.ReadWriteTypeAll, "arn:aws:s3").EventSelectors), everything())
	after := without(s, before, existing)
	if !records(before, logFileWritten(s, existing)) {
		t.Error("without changes the selectors that it is given")
	}
	if records(after, logFileWritten(s, existing)) || !records(after, logFileWritten(s, "photos")) || !records(after, bucketChanged(s)) {
		t.Errorf("%+v: want all recorded but for %s", after, existing)
	}
}
