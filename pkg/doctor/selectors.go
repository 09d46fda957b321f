package doctor

import (
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// event is what selectors look at of an event: their fields' names, and its values.
type event map[string]string

// records tells whether a trail with these selectors records an event: one whose fields all match is enough.
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
func records(selectors []types.AdvancedEventSelector, e event) bool {
	return slices.ContainsFunc(selectors, func(s types.AdvancedEventSelector) bool { return selects(s, e) })
}

func selects(s types.AdvancedEventSelector, e event) bool {
	for _, f := range s.FieldSelectors {
		value, ok := e[sdk.ToString(f.Field)]
		if !ok || !matches(f, value) {
			return false
		}
	}
	return true
}

// matches: of several values of a positive operator one is enough, and one of a negative operator excludes, whatever the
// positive ones say.
func matches(f types.AdvancedFieldSelector, value string) bool {
	is := func(values []string, test func(value, v string) bool) bool {
		return slices.ContainsFunc(values, func(v string) bool { return test(value, v) })
	}
	equal := func(value, v string) bool { return value == v }
	if is(f.NotEquals, equal) || is(f.NotStartsWith, strings.HasPrefix) || is(f.NotEndsWith, strings.HasSuffix) {
		return false
	}
	if len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) == 0 {
		return true
	}
	return is(f.Equals, equal) || is(f.StartsWith, strings.HasPrefix) || is(f.EndsWith, strings.HasSuffix)
}

// field makes a field's selector.
func field(name string, equals ...string) types.AdvancedFieldSelector {
	return types.AdvancedFieldSelector{Field: sdk.String(name), Equals: equals}
}

// advanced says with advanced selectors what basic ones say. A trail has either.
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
func advanced(basic []types.EventSelector) []types.AdvancedEventSelector {
	var out []types.AdvancedEventSelector
	for _, b := range basic {
		add := func(name string, fields ...types.AdvancedFieldSelector) {
			switch b.ReadWriteType {
			case types.ReadWriteTypeReadOnly:
				fields = append(fields, field("readOnly", "true"))
			case types.ReadWriteTypeWriteOnly:
				fields = append(fields, field("readOnly", "false"))
			}
			out = append(out, types.AdvancedEventSelector{Name: sdk.String(name), FieldSelectors: fields})
		}
		if b.IncludeManagementEvents == nil || *b.IncludeManagementEvents {
			fields := []types.AdvancedFieldSelector{field("eventCategory", "Management")}
			if len(b.ExcludeManagementEventSources) > 0 {
				fields = append(fields, types.AdvancedFieldSelector{Field: sdk.String("eventSource"), NotEquals: b.ExcludeManagementEventSources})
			}
			add("Management events", fields...)
		}
		for _, d := range b.DataResources {
			kind := sdk.ToString(d.Type)
			add("Data events of "+kind, field("eventCategory", "Data"), field("resources.type", kind),
				types.AdvancedFieldSelector{Field: sdk.String("resources.ARN"), StartsWith: d.Values})
		}
	}
	return out
}

// probe is a kind of request that a trail should record.
type probe struct {
	what   string
	fields event
	reads  bool
	delete bool
}

// probes: a request of each kind that the detectors or the metrics need.
var probes = []probe{
	{what: "reads", reads: true, fields: event{"eventName": "GetObject", "readOnly": "true"}},
	{what: "uploads", fields: event{"eventName": "PutObject"}},
	{what: "deletes", delete: true, fields: event{"eventName": "DeleteObject"}},
	{what: "bulk deletes (DeleteObjects)", delete: true, fields: event{"eventName": "DeleteObjects"}},
	{what: "each object of a bulk delete (eventType AwsServiceEvent)", delete: true, fields: event{"eventName": "DeleteObject", "eventType": "AwsServiceEvent"}},
	{what: "deletes made in the console", delete: true, fields: event{"eventName": "DeleteObjects", "sessionCredentialFromConsole": "true"}},
}

// objectEvent is a request to an object: a write by some caller or other, where fields say nothing else.
func objectEvent(s *Stack, bucket string, fields event) event {
	e := event{
		"eventCategory": "Data", "resources.type": "AWS::S3::Object", "resources.ARN": s.bucketARN(bucket) + "AWSLogs/x", "readOnly": "false",
		"eventSource": "s3.amazonaws.com", "eventType": "AwsApiCall", "sessionCredentialFromConsole": "false", "eventName": "PutObject",
		"userIdentity.arn": "arn:" + s.Partition + ":sts::" + s.Account + ":assumed-role/some-role/some-session",
	}
	for k, v := range fields {
		e[k] = v
	}
	return e
}

// logFileWritten is CloudTrail's own writing of a log file. CloudTrail has no ARN.
func logFileWritten(s *Stack, bucket string) event {
	return objectEvent(s, bucket, event{"userIdentity.arn": ""})
}

// bucketChanged is what ProtectionRemoved is about.
func bucketChanged(s *Stack) event {
	return event{
		"eventCategory": "Management", "eventSource": "s3.amazonaws.com", "eventName": "PutBucketVersioning", "readOnly": "false", "eventType": "AwsApiCall",
		"sessionCredentialFromConsole": "false", "userIdentity.arn": "arn:" + s.Partition + ":sts::" + s.Account + ":assumed-role/some-role/some-session",
	}
}

// requests selects requests to objects: of all buckets but one, or of some.
func requests(s *Stack, name, without string, only []string) types.AdvancedEventSelector {
	arn := types.AdvancedFieldSelector{Field: sdk.String("resources.ARN"), NotStartsWith: []string{s.bucketARN(without)}}
	for _, bucket := range only {
		arn.StartsWith = append(arn.StartsWith, s.bucketARN(bucket))
	}
	fields := []types.AdvancedFieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object")}
	switch s.Parameters["TrailEvents"] {
	case "writes":
		fields = append(fields, field("readOnly", "false"))
	case "deletes":
		fields = append(fields, field("eventName", "DeleteObject", "DeleteObjects"))
	}
	return types.AdvancedEventSelector{Name: sdk.String(name), FieldSelectors: append(fields, arn)}
}

// ownSelectors are those of template.yaml for the stack's own trail.
func ownSelectors(s *Stack) []types.AdvancedEventSelector {
	log := s.logBucket()
	out := []types.AdvancedEventSelector{
		requests(s, "Requests to objects, outside the log bucket", log, trailBuckets(s)),
		{Name: sdk.String("Deletes in the log bucket"), FieldSelectors: []types.AdvancedFieldSelector{
			field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object"), field("eventName", "DeleteObject", "DeleteObjects"),
			{Field: sdk.String("resources.ARN"), StartsWith: []string{s.bucketARN(log)}},
		}},
	}
	if s.Parameters["ManagementEvents"] != "none" {
		out = append(out, changes())
	}
	return out
}

// changes selects what changes resources.
func changes() types.AdvancedEventSelector {
	fields := []types.AdvancedFieldSelector{field("eventCategory", "Management"), field("readOnly", "false")}
	return types.AdvancedEventSelector{Name: sdk.String("Changes to buckets and trails"), FieldSelectors: fields}
}

// trailBuckets are those that the stack's own trail records; none: all.
func trailBuckets(s *Stack) []string {
	if p := s.Parameters["TrailBuckets"]; p != "*" && p != "" {
		return strings.Split(p, ",")
	}
	return nil
}

// without are the same selectors, but for the requests to a bucket.
func without(s *Stack, selectors []types.AdvancedEventSelector, bucket string) []types.AdvancedEventSelector {
	out := slices.Clone(selectors)
	for i := range out {
		if !selects(out[i], logFileWritten(s, bucket)) {
			continue
		}
		fields := slices.Clone(out[i].FieldSelectors)
		k := slices.IndexFunc(fields, func(f types.AdvancedFieldSelector) bool { return sdk.ToString(f.Field) == "resources.ARN" })
		if k < 0 {
			k, fields = len(fields), append(fields, types.AdvancedFieldSelector{Field: sdk.String("resources.ARN")})
		}
		fields[k].NotStartsWith = append(slices.Clone(fields[k].NotStartsWith), s.bucketARN(bucket))
		out[i].FieldSelectors = fields
	}
	return out
}

// putSelectors is the command that gives a trail these selectors, in the place of all that it has.
func putSelectors(t *trail, selectors []types.AdvancedEventSelector) string {
	type fieldJSON struct {
		Field                                 string
		Equals, StartsWith, EndsWith          []string `json:",omitempty"`
		NotEquals, NotStartsWith, NotEndsWith []string `json:",omitempty"`
	}
	type selectorJSON struct {
		Name           string `json:",omitempty"`
		FieldSelectors []fieldJSON
	}
	var all []selectorJSON
	for _, s := range selectors {
		one := selectorJSON{Name: sdk.ToString(s.Name)}
		for _, f := range s.FieldSelectors {
			one.FieldSelectors = append(one.FieldSelectors, fieldJSON{
				sdk.ToString(f.Field), f.Equals, f.StartsWith, f.EndsWith, f.NotEquals, f.NotStartsWith, f.NotEndsWith,
			})
		}
		all = append(all, one)
	}
	return aws(t.region, "cloudtrail", "put-event-selectors", "--trail-name", t.arn, "--advanced-event-selectors", compact(all))
}
